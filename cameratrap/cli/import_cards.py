"""`import`: cards, folders of other makers' cameras and other programs' packages into a project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.author import author_option
from cameratrap.cli.context import Context
from cameratrap.cli.deploy_options import degrees, moment
from cameratrap.cli.import_asked import Asked, Problems
from cameratrap.cli.output import Output, plain, plural, table_options
from cameratrap.cli.params import printable
from cameratrap.errors import CameraTrapError, UsageError

if TYPE_CHECKING:
    from cameratrap.store.project import Project

COLUMNS = ("deployment", "station", "from", "media", "new_media", "new_sequences", "new_words", "files", "bytes",
           "problems", "what")  # fmt: skip
_NAMED_PROBLEMS = 20
PARTLY_DONE = 3


def _offset(_ctx: click.Context, _option: click.Parameter, value: str | None) -> timezone | None:
    from cameratrap.app.picture_exif import parse_offset

    zone = None if value is None else parse_offset(value)
    if value is not None and zone is None:
        raise click.BadParameter(f"'{value}' is not an offset such as +02:00")
    return zone


@click.command(name="import", short_help="Take cards and other cameras' pictures into a project.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path, exists=True))
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), metavar="PROJECT",
              help="The project's folder (default: --data).")  # fmt: skip
@click.option(
    "--deployment", type=printable, metavar="NAME", help="What the deployment is to be called (one PATH only)."
)
@click.option("--station", type=printable, metavar="NAME", help="Where it stood.")
@click.option("--session", type=printable, metavar="NAME", help="The season or campaign it belongs to.")
@click.option("--timezone", "--utc-offset", "zone", callback=_offset, metavar="+HH:MM",
              help="Offset of a camera's clock, where its pictures do not say.")  # fmt: skip
@click.option("--start", type=moment, metavar="TIME", help="When it was set up, where no record says.")
@click.option("--end", type=moment, metavar="TIME", help="When it was taken down.")
@click.option("--position", type=degrees, metavar="LAT,LON", help="Degrees north and east, WGS 84 (one PATH only).")
@click.option("--position-file", "position_files", multiple=True, type=click.Path(path_type=Path, exists=True),
              metavar="FILE", help="GeoJSON as `deploy` wrote it; of several deployments, too.")  # fmt: skip
@click.option("--results", type=click.Path(path_type=Path, exists=True), metavar="FILE",
              help="What `process --json` has found in a folder, instead of looking now.")  # fmt: skip
@click.option("--images", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
              help="Where the pictures of a MegaDetector file lie (default: beside it).")  # fmt: skip
@click.option("--model", help="The detector for a folder, as in `process`.")
@click.option("--classifier", metavar="NAME", help="A second model that names what the first one found.")
@click.option("--no-detector", is_flag=True, help="Do not look at a folder's pictures yet.")
@click.option("--no-copy", is_flag=True, help="Leave the pictures where they are, and refer to them there.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported; write nothing.")
@author_option
@table_options
@click.pass_obj
def import_cards(
    ctx: Context,
    /,
    out: Output,
    paths: tuple[Path, ...],
    into: Path | None,
    position_files: tuple[Path, ...],
    **options: object,
) -> int:
    """Copy cards into a project, each file read back and compared; the cards themselves are only read.

    PATH is a trap's card, a folder of another maker's camera (one folder, one deployment; folders in it too), a Camtrap
    DP package or a MegaDetector file. After an interruption, a full disk or a pulled card the same command goes on
    where it stopped; a card that is imported again brings what is new on it, and what was corrected on it.

    \b
    cameratrap import /media/CARD --into study
    cameratrap import /media/CAM7 --into study --station ridge-7 --timezone +01:00
    """
    from cameratrap.app.positions_file import read_positions

    folder = into or ctx.data_flag
    if folder is None:
        raise UsageError("no project is given", hint="name its folder with --into PROJECT; it is made if it is new")
    _check_apart(folder, paths)
    positions = [each for file in position_files for each in read_positions(file)]
    asked = Asked(ctx=ctx, positions=positions, **options)  # type: ignore[arg-type]
    _check(asked, paths)
    rows: list[dict[str, object]] = []
    problems: Problems = []
    with _project(folder, asked) as project:
        for path in paths:
            try:
                row, found = _import(project, path, asked)
            except CameraTrapError as error:
                if len(paths) == 1:
                    raise
                row, found = [], [(str(path), f"{error}{f' ({error.hint})' if error.hint else ''}")]
            rows += row
            problems += found
    out.table(COLUMNS, rows)
    _say(ctx, problems, dry_run=asked.dry_run)
    return PARTLY_DONE if problems else 0


def _check(asked: Asked, paths: tuple[Path, ...]) -> None:
    if len(paths) > 1 and (asked.deployment or asked.position):
        raise click.UsageError("--deployment and --position are for one PATH; positions of several go into a file")
    if asked.results and (asked.model or asked.classifier or asked.no_detector):
        raise click.UsageError("--results goes without --model, --classifier and --no-detector")


def _check_apart(folder: Path, paths: tuple[Path, ...]) -> None:
    """Raises UsageError for a project on the card itself: nothing is written there."""
    for path in paths:
        if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
            raise UsageError(
                f"the project cannot be in {path}, which is to be imported", hint="name another folder with --into"
            )


@contextmanager
def _project(folder: Path, asked: Asked) -> Iterator[Project]:
    """The project, made where it is not there; for --dry-run a copy of its index that is thrown away."""
    from cameratrap.store.card import RECORD, make_card_folder, sole_writer
    from cameratrap.store.project import Project, edit_project, is_project, passing_project, read_project
    from cameratrap.store.trials import copy_in_memory

    if (folder / RECORD).is_file():
        raise UsageError(f"{folder} is a card", hint="a project is a folder of its own: name one with --into PROJECT")
    with ExitStack() as stack:
        if not asked.dry_run:
            make_card_folder(folder)
            stack.enter_context(sole_writer(folder, "import"))
            yield stack.enter_context(edit_project(folder, create=True))
        elif is_project(folder):
            read = stack.enter_context(read_project(folder))
            yield Project(folder, stack.enter_context(copy_in_memory(read.connection)))
        else:
            yield stack.enter_context(passing_project(folder))


def _import(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    from cameratrap.app.import_card import is_card
    from cameratrap.cli import import_card, import_folder, import_packages

    if import_packages.is_package(path):
        return import_packages.import_one(project, path, asked)
    if is_card(path):
        return import_card.import_one(project, path, asked)
    if not path.is_dir():
        raise UsageError(
            f"{path} is nothing that can be imported",
            why="it is no card, no folder, no Camtrap DP package and no MegaDetector file",
        )
    return import_folder.import_one(project, path, asked)


def _say(ctx: Context, problems: Problems, *, dry_run: bool) -> None:
    for path, why in problems[:_NAMED_PROBLEMS]:
        click.echo(f"  {plain(path)}: {plain(why)}", err=True)
    if len(problems) > _NAMED_PROBLEMS:
        click.echo(f"  and {len(problems) - _NAMED_PROBLEMS} more", err=True)
    if problems:
        ctx.say(f"{plural(len(problems), 'problem')}: the rest is done")
    if dry_run:
        ctx.say("nothing was written")
