"""`export megadetector`, `timelapse`, `csv`, `geojson` and `keywords`: a project or a card for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cameratrap.cli.chosen import open_for_export
from cameratrap.cli.context import Context
from cameratrap.cli.export_writing import write_export
from cameratrap.cli.filters import selection_options, selection_options_but
from cameratrap.cli.output import plain, plural
from cameratrap.cli.tables import rule_options

if TYPE_CHECKING:
    from cameratrap.domain.selection import Selection
    from cameratrap.export.places import Positions

PARTLY = 3
_F = TypeVar("_F", bound=Callable[..., Any])
_SHOWN = 10


_output = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, allow_dash=True), help="The file; - for stdout."
)
_dry_run = click.option("--dry-run", is_flag=True, help="Reckon all of it and write nothing.")
# A map is of deployments: what of an event decides nothing there.
_of_deployments = selection_options_but(
    *("taxa", "since", "until", "min_score", "max_score", "light", "states", "is_blank", "is_flagged")
)


def _positions(command: _F) -> _F:
    return click.option(
        "--positions",
        type=click.Choice(["protected", "exact", "coarse"]),
        default="protected",
        show_default=True,
        help="To a tenth of a degree where a sensitive taxon was seen, as measured, or to a tenth everywhere.",
    )(command)


def _folder(command: _F) -> _F:
    return click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="The folder that the other program is given; pictures are named relative to it (default: --data).",
    )(command)


@click.command()
@_output
@selection_options
@_folder
@_dry_run
@click.pass_obj
def megadetector(ctx: Context, output: Path, selection: Selection, folder: Path | None, *, dry_run: bool) -> None:
    """MegaDetector's JSON (format 1.6), for Timelapse and AddaxAI.

    It holds the model's boxes. What a person said stands beside them for `cameratrap import`, which makes the same
    project of it again; other programs pass over it. No position is in it.
    Use as: cameratrap --data PROJECT export megadetector -o PROJECT/detections.json
    """
    from cameratrap import __version__
    from cameratrap.export.megadetector import megadetector_pieces

    with open_for_export(ctx, selection) as project:
        base = folder or project.folder
        pieces = megadetector_pieces(project, base, ctx.taxa(), version=__version__, selection=selection)
        write_export(ctx, output, pieces, dry_run=dry_run)


@click.command()
@_output
@selection_options
@_folder
@click.option(
    "--columns", metavar="NAMES", help="Only these, by commas: Timelapse refuses one that its template does not have."
)
@_dry_run
@click.pass_obj
def timelapse(
    ctx: Context, output: Path, selection: Selection, folder: Path | None, columns: str | None, *, dry_run: bool
) -> None:
    """Timelapse's table of pictures, for its File > Import data from a CSV file.

    \b
    The image set and its template are made in Timelapse, on --folder. Columns, with the type each has in the template:
      File, RelativePath  always
      DateTime, DeleteFlag, Flagged, Blank, Reviewed (flags), Count, Event (counters),
      Species, Counts, ClassifiedBy, Station, Deployment, Sequence (notes)
    """
    from cameratrap.export.timelapse import COLUMNS, timelapse_pieces

    chosen = tuple(name.strip() for name in columns.split(",") if name.strip()) if columns else tuple(COLUMNS)
    with open_for_export(ctx, selection) as project:
        write_export(
            ctx, output, timelapse_pieces(project, folder or project.folder, chosen, selection), dry_run=dry_run
        )


def _tell_columns(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    from cameratrap.export.flat_columns import Unit, columns

    told = columns(Unit.MEDIA)
    width = max(map(len, told))
    for name, meaning in told.items():
        units = [unit.value for unit in Unit if name in columns(unit)]
        click.echo(f"{name:{width}}  {meaning}" + ("" if len(units) == len(Unit) else f" ({', '.join(units)})"))
    ctx.exit()


@click.command("csv")
@_output
@selection_options
@_positions
@click.option(
    "--per",
    type=click.Choice(["media", "sequence", "event"]),
    default="sequence",
    show_default=True,
    help="What a row's observation is of: a picture, what one trigger took, or an event.",
)
@click.option(
    "--columns",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_columns,
    help="List the columns with what they hold.",
)
@_dry_run
@click.pass_obj
def flat_csv(
    ctx: Context, output: Path, selection: Selection, positions: Positions, per: str, *, dry_run: bool
) -> None:
    """One flat table of what was seen, for a spreadsheet, R or pandas: a row for each observation.

    Where nothing was seen, or nobody has looked, there is one row all the same; observation_type says which.
    """
    from cameratrap.export.flat_columns import Unit
    from cameratrap.export.flat_csv import FlatTable
    from cameratrap.export.places import published_positions

    taxa = ctx.taxa()
    with open_for_export(ctx, selection) as project:
        table = FlatTable(project.connection, published_positions(project.connection, taxa, positions), taxa)
        write_export(ctx, output, table.pieces(Unit(per), selection), dry_run=dry_run)


@click.command()
@_output
@_positions
@rule_options
@_of_deployments
@click.option("--events", is_flag=True, help="A feature for each independent event, too.")
@_dry_run
@click.pass_obj
def geojson(
    ctx: Context,
    output: Path,
    selection: Selection,
    positions: Positions,
    interval: float | None,
    rule: str | None,
    *,
    events: bool,
    dry_run: bool,
) -> None:
    """Where the cameras stood, for how long, and what each saw, as GeoJSON (RFC 7946) for QGIS, R's sf and web maps."""
    from cameratrap.export.chosen import chosen_deployments
    from cameratrap.export.geojson import EventRule, geojson_pieces
    from cameratrap.export.places import published_positions
    from cameratrap.wiring import event_rules

    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_for_export(ctx, selection) as project:
        places = published_positions(project.connection, ctx.taxa(), positions)
        independence = EventRule(rules.interval, rules.rule)
        pieces = geojson_pieces(project.connection, places, independence, with_events=events, selection=selection)
        write_export(ctx, output, pieces, dry_run=dry_run)
        shown = [each.row.deployment for each in chosen_deployments(project.connection, selection)]
        unknown = sum(places[name] is None for name in shown)
    if unknown:
        ctx.say(f"{plural(unknown, 'deployment')} without a known position: the geometry is null")


@click.command()
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new or empty folder."
)
@selection_options
@click.option("--sidecars", is_flag=True, help="Only sidecar files, IMG_0001.JPG.xmp, and no copies.")
@click.option("--unreviewed", is_flag=True, help="Also what no person has seen, by the model's word.")
@_dry_run
@click.pass_obj
def keywords(
    ctx: Context, output: Path, selection: Selection, *, sidecars: bool, unreviewed: bool, dry_run: bool
) -> int:
    """Taxa as keywords in copies of the pictures, as digiKam, Lightroom, camtrapR and exiftool read them.

    \b
    Species|Vulpes vulpes, Count|2 and IdentifiedBy|human in XMP, byte for byte the same picture otherwise.
    Originals are never changed. What else a picture's EXIF tells, its position too, is in the copy as well.
    """
    from cameratrap.export.keywords import check_output, write_keywords

    written, problems = 0, []
    with open_for_export(ctx, selection) as project:
        check_output(project, output)
        for each in write_keywords(
            project, output, sidecars=sidecars, unreviewed=unreviewed, selection=selection, dry_run=dry_run
        ):
            written += not each.problem
            if each.problem:
                problems.append(f"{each.deployment}/{each.path}: {each.problem}")
    for problem in problems[:_SHOWN]:
        click.echo(f"not written: {plain(problem)}", err=True)
    if len(problems) > _SHOWN:
        click.echo(f"not written: {plural(len(problems) - _SHOWN, 'other')}", err=True)
    ctx.say(f"{plural(written, 'picture')} {'would be ' if dry_run else ''}written to {output}")
    if not written and not problems and not unreviewed:
        ctx.say("no person has seen any of it yet; --unreviewed takes the model's word")
    return PARTLY if problems else 0
