"""`history`: on which occasions each station saw a taxon, and with what effort, for occupancy models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import click

from cameratrap.analysis.history import Cell, Detection, History, by_season, history, scaled
from cameratrap.analysis.occasions import Occasions
from cameratrap.analysis.occupancy import naive_occupancy
from cameratrap.analysis.operation import Operation, between, operation
from cameratrap.cli.context import Context
from cameratrap.cli.definitions import definition_line, independence_line, shown
from cameratrap.cli.filters import named_taxa, selection_options_but
from cameratrap.cli.occasion_options import MatrixOptions, matrix_options, occasion_options
from cameratrap.cli.output import Output, plural, table_options
from cameratrap.cli.plotting import Plot, plot_options
from cameratrap.cli.study import OF_EVENTS_ALONE, Study, open_study
from cameratrap.cli.tables import rule_options
from cameratrap.domain.selection import Selection
from cameratrap.errors import AnalysisError

if TYPE_CHECKING:
    from cameratrap.app.fold import Rules

NAIVE_COLUMNS = ("taxon", "sites", "detected", "naive_occupancy")
View = Literal["detections", "effort", "scaled", "naive"]


@click.command("history")
@click.argument("taxon")
@occasion_options
@click.option("--count", "cell", flag_value=Cell.COUNT.value, help="The number of events instead of 0 and 1.")
@click.option("--individuals", "cell", flag_value=Cell.INDIVIDUALS.value, help="The sum of their individuals.")
@click.option("--effort-matrix", "view", flag_value="effort", help="Print the camera-days of each cell instead.")
@click.option(
    "--scaled-effort", "view", flag_value="scaled", help="The same, centred on 0 and scaled to a spread of 1."
)
@click.option("--naive", "view", flag_value="naive", help="Print the naive occupancy instead.")
@click.option("--by-season", "is_by_season", is_flag=True, help="A row a station, its sessions side by side.")
@click.option("--dates", is_flag=True, help="Name occasions by their first and last day.")
@matrix_options
@plot_options
@rule_options
@selection_options_but("taxa", *OF_EVENTS_ALONE)
@table_options
@click.pass_obj
def history_command(
    ctx: Context,
    out: Output,
    taxon: str,
    selection: Selection,
    occasions: Occasions,
    how: MatrixOptions,
    cell: str | None,
    view: View | None,
    interval: float | None,
    rule: str | None,
    plot: Plot | None,
    *,
    is_by_season: bool,
    dates: bool,
) -> None:
    """The detection history of TAXON: a row a station and session, a column an occasion, 1 where it was seen.

    A cell is empty where no camera could see, so that it is not taken for an absence. The rules are those of
    camtrapR's detectionHistory. Use as: cameratrap --data DIR history "Vulpes vulpes" --occasion-days 7, where DIR is
    a project of many cards or one card.
    """
    from cameratrap.wiring import event_rules

    (name,) = named_taxa([taxon])
    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_study(ctx, replace(selection, taxa=(name,)), how.definition) as study:
        detections = list(_detections(study, rules))
    matrix = _matrix(study, how, is_by_season=is_by_season)
    found = history(detections, matrix, occasions, cell=Cell(cell or Cell.BINARY), dates_as_names=dates)
    if view == "naive":
        _print_naive(out, name, found)
    else:
        _print(ctx, out, found, view, is_by_season=is_by_season)
    if not detections:
        ctx.say(f"{name} was not seen there")
    if found.outside:
        ctx.say(f"left out: {plural(len(found.outside), 'event')} of no occasion (before the first, or after the last)")
    ctx.say(f"{definition_line(how.definition)}; {independence_line(rules.interval, rules.rule)}")
    if plot:
        from cameratrap.analysis.plots_history import history_plot

        label = f"Occasion of {plural(occasions.days, 'day')}"
        plot.write(ctx, history_plot(found, paper=plot.paper, cell=Cell(cell or Cell.BINARY), occasion=label))


def _detections(study: Study, rules: Rules) -> Iterator[Detection]:
    places = {each.deployment: each for each in study.deployed}
    for event in study.events(rules):
        place = places[event.deployment]
        yield Detection(place.station, event.start.astimezone(place.zone), event.count)


def _matrix(study: Study, how: MatrixOptions, *, is_by_season: bool) -> Operation:
    if not study.deployed:
        raise AnalysisError("no deployment is meant", hint="`cameratrap effort` lists those that are there")
    if is_by_season and not all(each.session for each in study.deployed):
        raise AnalysisError(
            "not every deployment has a session",
            hint="give them one with `cameratrap project set`, or leave --by-season",
        )
    matrix = operation(
        study.deployed,
        definition=how.definition,
        pictures=study.pictures,
        cameras=how.cameras,
        start_hour=how.start_hour,
        as_camtrapr=how.as_camtrapr,
    )
    return between(matrix, study.selection.since, study.selection.until)


def _print_naive(out: Output, taxon: str, found: History) -> None:
    naive = naive_occupancy(found)
    row = (taxon, naive.sites, naive.detected, shown(naive.occupancy, out.form))
    out.table(NAIVE_COLUMNS, [dict(zip(NAIVE_COLUMNS, row, strict=True))])


def _print(ctx: Context, out: Output, found: History, view: View | None, *, is_by_season: bool) -> None:
    """The matrix that was asked for. Effort is scaled before seasons are laid side by side, as camtrapR does."""
    if view == "scaled":
        found, by = scaled(found)
        ctx.say(f"scaled: (days - {by.center:.6g}) / {by.scale:.6g}")
    found = by_season(found) if is_by_season else found
    cells: Sequence[Sequence[float | None]] = found.effort if view in ("effort", "scaled") else found.detections
    rows = [
        {"site": site.name, **{name: shown(cell, out.form) for name, cell in zip(found.occasions, row, strict=True)}}
        for site, row in zip(found.sites, cells, strict=True)
    ]
    out.table(("site", *found.occasions), rows)
