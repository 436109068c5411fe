"""`accumulation`: how many species so many camera-days, occasions or stations show, and how many there may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import click

from cameratrap.analysis.accumulation import LEVEL, Accumulated, accumulation, incidence
from cameratrap.analysis.accumulation_chao import Richness, chao1, chao2
from cameratrap.analysis.accumulation_units import occasions, stations
from cameratrap.analysis.effort import EffortDefinition
from cameratrap.cli.context import Context
from cameratrap.cli.definitions import independence_line, shown
from cameratrap.cli.filters import selection_options_but
from cameratrap.cli.output import Form, Output, plural, table_options
from cameratrap.cli.plotting import Plot, plot_options
from cameratrap.cli.study import OF_EVENTS_ALONE, Study, open_study
from cameratrap.cli.tables import rule_options
from cameratrap.domain.events import Event
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import PERSON, TaxaTable
from cameratrap.store.project_rows import UNKNOWN

CURVE_COLUMNS = ("units", "species", "standard_deviation", "ci_low", "ci_high")
ESTIMATE_COLUMNS = ("estimator", "of", "n", "observed", "estimate", "standard_error", "ci_low", "ci_high")


@click.command("accumulation")
@click.option(
    "--by",
    type=click.Choice(["day", "station"]),
    default="day",
    show_default=True,
    help="The sampling unit: a day at a station, or a station.",
)
@click.option(
    "--occasion-days",
    "days",
    type=click.IntRange(1, 3660),
    default=1,
    show_default=True,
    metavar="N",
    help="Take N days at a station as one unit.",
)
@click.option("--estimates", is_flag=True, help="Print Chao1 and Chao2 instead of the curve.")
@plot_options
@rule_options
@selection_options_but(*OF_EVENTS_ALONE)
@table_options
@click.pass_obj
def accumulation_command(
    ctx: Context,
    out: Output,
    by: str,
    days: int,
    plot: Plot | None,
    interval: float | None,
    rule: str | None,
    selection: Selection,
    *,
    estimates: bool,
) -> None:
    """Species accumulation: how many species are to be expected in so many sampling units.

    The analytic mean over every order of the units (Mao Tau), with the interval of Colwell, Mao and Chang (2004). Wild
    species count, and no people, livestock or taxa above the species; with --taxon exactly those that are named.
    Use as: cameratrap --data PROJECT accumulation --plot species.svg
    """
    from cameratrap.wiring import event_rules

    if by == "station" and days != 1:
        raise click.UsageError("--occasion-days is for --by day")
    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_study(ctx, selection, EffortDefinition.EXACT) as study:
        events = list(study.events(rules))
    found = _reckon(events, study, lambda name: bool(selection.taxa) or _is_species(name, ctx.taxa()), by, days)
    if estimates:
        out.table(ESTIMATE_COLUMNS, _estimate_rows(found, out.form))
    else:
        out.table(CURVE_COLUMNS, (_curve_row(point, out.form) for point in found.curve))
    for sentence in (*_sentences(found), independence_line(rules.interval, rules.rule)):
        ctx.say(sentence)
    if plot:
        _draw(ctx, plot, found)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was reckoned, over how many ``events``; ``left_out`` are taxa that are no wild species."""

    unit: str
    curve: list[Accumulated]
    by_events: Richness
    by_units: Richness
    events: int
    left_out: tuple[str, ...]

    @property
    def units(self) -> int:
        return len(self.curve)


def _reckon(events: Sequence[Event], study: Study, counts: Callable[[str], bool], by: str, days: int) -> _Found:
    counted = [event for event in events if counts(event.taxon)]
    selection = study.selection
    units = occasions(study.deployed, counted, days=days, since=selection.since, until=selection.until)
    frequencies, total = incidence(stations(units).values() if by == "station" else units.values())
    return _Found(
        "Stations" if by == "station" else "Camera-days" if days == 1 else f"Occasions of {days} camera-days",
        accumulation(frequencies, total),
        chao1(Counter(event.taxon for event in counted).values()),
        chao2(frequencies.values(), total),
        len(counted),
        tuple(sorted({event.taxon for event in events if not counts(event.taxon)})),
    )


def _is_species(name: str, taxa: TaxaTable) -> bool:
    """A wild species; of a name that the table does not have, it is taken to be one."""
    if name == UNKNOWN:
        return False
    return name not in taxa or (taxa.resolve(name).rank == "species" and name != PERSON)


def _curve_row(point: Accumulated, form: Form) -> dict[str, object]:
    numbers = (point.species, point.standard_deviation, point.low, point.high)
    return dict(zip(CURVE_COLUMNS, (point.units, *(shown(each, form) for each in numbers)), strict=True))


def _estimate_rows(found: _Found, form: Form) -> Iterator[dict[str, object]]:
    for name, of, n, all_there in (
        ("Chao1", "events", found.events, found.by_events),
        ("Chao2", found.unit.lower(), found.units, found.by_units),
    ):
        numbers = (all_there.estimate, all_there.standard_error, all_there.low, all_there.high)
        values = (name, of, n, all_there.observed, *(shown(each, form) for each in numbers))
        yield dict(zip(ESTIMATE_COLUMNS, values, strict=True))


def _sentences(found: _Found) -> Iterator[str]:
    yield (
        f"{plural(found.by_units.observed, 'species', 'species')} in {found.units} {found.unit.lower()}:"
        f" Mao Tau, with the unconditional {100 * LEVEL:g} % interval"
    )
    for name, of, all_there in (
        ("Chao1", plural(found.events, "event"), found.by_events),
        ("Chao2", f"{found.units} {found.unit.lower()}", found.by_units),
    ):
        yield f"{name} of {of}: {all_there.estimate:.2f} ({all_there.low:.2f} to {all_there.high:.2f}), as in iNEXT"
    if found.left_out:
        yield f"not counted as wild species: {', '.join(found.left_out)}"


def _draw(ctx: Context, plot: Plot, found: _Found) -> None:
    from cameratrap.analysis.plots_accumulation import accumulation_plot

    expected = ("Chao2", found.by_units)
    plot.write(ctx, accumulation_plot(found.curve, paper=plot.paper, unit=found.unit, level=LEVEL, expected=expected))
