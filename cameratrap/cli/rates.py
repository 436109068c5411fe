"""`rates`: how often each taxon was met in 100 camera-days, by deployment, station or over the whole project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from cameratrap.analysis.effort import EffortDefinition, effort, total
from cameratrap.analysis.rates import PER_DAYS, Rate, count_events, rates
from cameratrap.cli.context import Context
from cameratrap.cli.definitions import definition_line, definition_option, independence_line, shown
from cameratrap.cli.filters import selection_options_but
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.plotting import Plot, plot_options
from cameratrap.cli.study import OF_EVENTS_ALONE, Study, open_study
from cameratrap.cli.tables import rule_options
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.selection import Selection

PLACES = {"deployment": ("deployment", "station"), "station": ("station",), "project": ()}
COUNTED = ("taxon", "events", "individuals", "effort_days")
WHOLE_PROJECT = "all"


@click.command("rates")
@click.option(
    "--by",
    type=click.Choice(list(PLACES)),
    default="deployment",
    show_default=True,
    help="A rate for each deployment, each station, or one for all of them.",
)
@click.option("--individuals", is_flag=True, help="The rate of individuals (the sum of MaxN) instead of events.")
@definition_option
@plot_options
@rule_options
@selection_options_but(*OF_EVENTS_ALONE)
@table_options
@click.pass_obj
def rates_command(
    ctx: Context,
    out: Output,
    selection: Selection,
    by: str,
    definition: EffortDefinition,
    interval: float | None,
    rule: str | None,
    plot: Plot | None,
    *,
    individuals: bool,
) -> None:
    """The relative abundance index (RAI): independent events in 100 camera-days.

    Every taxon that was seen anywhere in the project has a row at every place, also where it was not seen; with
    --taxon, those that it names. Events are independent at a deployment; of a place with several, events and effort
    add up. Time-lapse pictures count nothing. Use as: cameratrap --data DIR rates, where DIR is a project of many
    cards or one card.
    """
    from cameratrap.wiring import event_rules

    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_study(ctx, selection, definition) as study:
        places = {each.deployment: _place(each, by) for each in study.deployed}
        counts = count_events(study.events(rules), places)
        found = rates(counts, _effort_days(study, places, definition), study.taxa)
    stations = {places[each.deployment]: each.station for each in study.deployed}
    name = "rai_individuals" if individuals else "rai"
    columns = (*PLACES[by], *COUNTED, name)
    out.table(columns, [_row(rate, columns, stations, out) for rate in found])
    ctx.say(f"{definition_line(definition)}; {independence_line(rules.interval, rules.rule)}")
    ctx.say(f"{name}: {'individuals' if individuals else 'events'} in {PER_DAYS} camera-days")
    if plot:
        from cameratrap.analysis.plots_rates import rates_plot

        plot.write(
            ctx,
            rates_plot(found, paper=plot.paper, by_individuals=individuals, place=by.capitalize(), effort=definition),
        )


def _place(deployed: Deployed, by: str) -> str:
    return {"deployment": deployed.deployment, "station": deployed.station, "project": WHOLE_PROJECT}[by]


def _effort_days(study: Study, places: Mapping[str, str], definition: EffortDefinition) -> dict[str, float | None]:
    """The camera-days of each place."""
    groups: dict[str, list[float | None]] = {}
    since, until = study.selection.since, study.selection.until
    for each in study.deployed:
        days = effort(each, definition, pictures=study.pictures.get(each.deployment), since=since, until=until)
        groups.setdefault(places[each.deployment], []).append(days)
    return {place: total(group) for place, group in groups.items()}


def _row(rate: Rate, columns: Sequence[str], stations: Mapping[str, str], out: Output) -> dict[str, object]:
    values: dict[str, object] = {
        "deployment": rate.place,
        "taxon": rate.taxon,
        "events": rate.events,
        "individuals": rate.individuals,
        "effort_days": shown(rate.effort_days, out.form),
        "rai": shown(rate.rai, out.form),
        "rai_individuals": shown(rate.rai_individuals, out.form),
        "station": stations[rate.place],
    }
    return {column: values[column] for column in columns}
