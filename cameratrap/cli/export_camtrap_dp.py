"""`export camtrap-dp`: a Camera Trap Data Package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import click

import cameratrap
from cameratrap.cli.chosen import open_for_export
from cameratrap.cli.context import Context
from cameratrap.cli.filters import selection_options
from cameratrap.cli.output import plural
from cameratrap.domain.camtrap_dp import VERSIONS
from cameratrap.domain.selection import Selection

if TYPE_CHECKING:
    from cameratrap.export.camtrap_dp_tables import Written
    from cameratrap.export.package import Package

_PARTLY = 3
_NAMED_AT_MOST = 10


@click.command("camtrap-dp")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR|FILE.zip",
    help="The package to make: a new folder, or a .zip.",
)
@click.option(
    "--dp-version",
    type=click.Choice(VERSIONS),
    default=VERSIONS[0],
    show_default=True,
    help="Of the standard; camtraptor reads 1.0.",
)
@click.option(
    "--positions",
    type=click.Choice(["protected", "exact", "coarse"]),
    default="protected",
    show_default=True,
    help="Round to a tenth of a degree where a sensitive taxon was seen, nowhere, or everywhere.",
)
@click.option("--media-prefix", metavar="URL", default="", help="Where the media are published on the web.")
@click.option("--copy-media", is_flag=True, help="Copy the media into the package.")
@click.option("--no-private", is_flag=True, help="Leave out media of people and vehicles, and those nobody has seen.")
@click.option("--dry-run", is_flag=True, help="Say what the package would hold; write nothing.")
@selection_options
@click.pass_obj
def camtrap_dp(
    ctx: Context,
    output: Path,
    *,
    dp_version: str,
    positions: Literal["protected", "exact", "coarse"],
    media_prefix: str,
    copy_media: bool,
    no_private: bool,
    dry_run: bool,
    selection: Selection,
) -> int:
    """Make a Camera Trap Data Package, the exchange format that R (camtrapdp, camtraptor), Agouti and GBIF read.

    Observations of events are what stands: a person's word, else the model's. Observations of media are the boxes.
    They tell the same twice: count one or the other. Media of people and vehicles are marked as not public. What the
    study is comes from project.toml. The package is checked against the standard before it gets its name.

    \b
    cameratrap --data PROJECT export camtrap-dp -o package.zip
    """
    from cameratrap.export.camtrap_dp import Options, export_camtrap_dp
    from cameratrap.store.project_record import RECORD, read_record

    _check_prefix(media_prefix, copies=copy_media)
    options = Options(dp_version, positions, media_prefix, copy_media and not dry_run, no_private, selection)
    with open_for_export(ctx, selection) as project, _package(output, dry_run=dry_run) as package:
        record = read_record(ctx.data)
        written = export_camtrap_dp(
            project,
            package,
            record,
            ctx.taxa(),
            options,
            created=datetime.now(UTC),
            made_by=cameratrap.__version__,
        )
    if not record.contributors:
        ctx.say(f"nobody is named as a contributor: add [[contributors]] with a title to {ctx.data / RECORD}")
    _report(ctx, written, f"would write {output}" if dry_run else f"wrote {output}", dp_version)
    return _PARTLY if written.absent or written.located else 0


def _check_prefix(media_prefix: str, *, copies: bool) -> None:
    if media_prefix and copies:
        raise click.UsageError("--media-prefix and --copy-media exclude each other")
    if media_prefix and (not media_prefix.startswith(("http://", "https://")) or ".." in media_prefix):
        raise click.UsageError(f"--media-prefix {media_prefix!r} is no address such as https://example.org/media")


@contextmanager
def _package(output: Path, *, dry_run: bool) -> Iterator[Package]:
    from cameratrap.export.package import Package, check_free, new_package

    if not dry_run:
        with new_package(output) as package:
            yield package
        return
    check_free(output)
    with TemporaryDirectory(prefix="cameratrap-") as folder:
        yield Package(Path(folder), None)


def _report(ctx: Context, written: Written, did: str, dp_version: str) -> None:
    parts = [plural(written.deployments, "deployment"), plural(written.media, "media", "media"),
             plural(written.observations, "observation")]  # fmt: skip
    ctx.say(f"{did}: {', '.join(parts)}; checked against Camtrap DP {dp_version}")
    if written.coarse:
        named = ", ".join(written.coarse[:_NAMED_AT_MOST]) + (" ..." if len(written.coarse) > _NAMED_AT_MOST else "")
        ctx.say(f"positions rounded to a tenth of a degree: {named}")
    if written.private:
        ctx.say(f"not public: {plural(written.private, 'media', 'media')}")
    if written.absent:
        ctx.say(f"not copied: {plural(written.absent, 'media', 'media')} that are not where the project has them")
    if written.located:
        ctx.say(f"not copied: {plural(written.located, 'media', 'media')} whose EXIF may tell the exact place")
