"""`effort`: for how long cameras could see, by deployment, station or day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from cameratrap.analysis.cameras import Cameras
from cameratrap.analysis.effort import DAY, EffortDefinition, EffortUnit, effort, total
from cameratrap.analysis.operation import between, operation
from cameratrap.cli.context import Context
from cameratrap.cli.definitions import definition_line, definition_option, shown
from cameratrap.cli.filters import selection_options_but
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.plotting import Plot, plot_options
from cameratrap.cli.study import OF_EVENTS_ALONE, Study, open_study
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.selection import Selection

_MEASURED = ("effort", "unit", "definition")
COLUMNS = {
    "deployment": ("deployment", "station", "session", "start", "end", *_MEASURED),
    "station": ("station", "session", "deployments", *_MEASURED),
    "day": ("station", "session", "day", *_MEASURED),
}


@click.command("effort")
@click.option(
    "--by",
    type=click.Choice(list(COLUMNS)),
    default="deployment",
    show_default=True,
    help="A row for each deployment, each station and session, or each day of these.",
)
@definition_option
@click.option(
    "--unit",
    type=click.Choice([unit.value for unit in EffortUnit]),
    default=EffortUnit.DAY.value,
    show_default=True,
    help="What it is told in; a month is a twelfth of 365.25 days.",
)
@plot_options
@selection_options_but("taxa", "min_score", "max_score", "states", *OF_EVENTS_ALONE)
@table_options
@click.pass_obj
def effort_command(
    ctx: Context,
    out: Output,
    selection: Selection,
    by: str,
    definition: EffortDefinition,
    unit: str,
    plot: Plot | None,
) -> None:
    """For how long cameras stood and could see: what rates are divided by.

    Several cameras at a station add up. A day on which a camera stood and saw nothing has 0; one on which none stood
    has no row. Without a figure is what the definition does not know: days from the first to the last picture where
    none was taken. Use as: cameratrap --data DIR effort, where DIR is a project of many cards or one card.
    """
    with open_study(ctx, selection, definition) as study:
        asked = _Asked(study, definition, EffortUnit(unit))
        rows = {"deployment": _by_deployment, "station": _by_station, "day": _by_day}[by](asked)
    measured = {"unit": unit, "definition": definition.value}
    table = [{**row, "effort": shown(value, out.form), **measured} for row, value in rows]
    out.table(COLUMNS[by], table)
    ctx.say(definition_line(definition))
    if plot:
        _draw(ctx, plot, asked)


def _draw(ctx: Context, plot: Plot, asked: _Asked) -> None:
    from cameratrap.analysis.plots_effort import effort_plot

    picture = effort_plot(
        asked.study.deployed,
        paper=plot.paper,
        definition=asked.definition,
        pictures=asked.study.pictures,
        since=asked.study.selection.since,
        until=asked.study.selection.until,
    )
    plot.write(ctx, picture)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of what effort is to be reckoned, and how."""

    study: Study
    definition: EffortDefinition
    unit: EffortUnit

    def effort(self, deployed: Deployed) -> float | None:
        pictures, asked = self.study.pictures.get(deployed.deployment), self.study.selection
        return effort(
            deployed, self.definition, unit=self.unit, pictures=pictures, since=asked.since, until=asked.until
        )


_Told = Iterator[tuple[dict[str, object], float | None]]


def _by_deployment(asked: _Asked) -> _Told:
    for each in asked.study.deployed:
        row: dict[str, object] = {"deployment": each.deployment, "station": each.station, "session": each.session}
        start, end = (moment.astimezone(each.zone).isoformat() for moment in (each.start, each.end))
        yield {**row, "start": start, "end": end}, asked.effort(each)


def _by_station(asked: _Asked) -> _Told:
    groups: dict[tuple[str, str], list[Deployed]] = {}
    for each in asked.study.deployed:
        groups.setdefault((each.station, each.session), []).append(each)
    for (station, session), group in groups.items():
        row: dict[str, object] = {"station": station, "session": session, "deployments": len(group)}
        yield row, total(map(asked.effort, group))


def _by_day(asked: _Asked) -> _Told:
    matrix = operation(
        asked.study.deployed, definition=asked.definition, pictures=asked.study.pictures, cameras=Cameras.SUM
    )
    matrix = between(matrix, asked.study.selection.since, asked.study.selection.until)
    for site, cells in zip(matrix.sites, matrix.cells, strict=True):
        for day, cell in zip(matrix.days, cells, strict=True):
            if cell is not None:
                row: dict[str, object] = {"station": site.station, "session": site.session, "day": day.isoformat()}
                yield row, cell * (DAY / asked.unit.length)
