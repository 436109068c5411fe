"""`events` and `tally`: what a card or a project says, reckoned afresh each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cameratrap.cli.chosen import open_chosen
from cameratrap.cli.context import Context
from cameratrap.cli.filters import selection_options
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.params import Number
from cameratrap.domain.events import IndependenceRule
from cameratrap.domain.selection import Selection

if TYPE_CHECKING:
    from cameratrap.app.fold import Rules
    from cameratrap.app.project_tables import TalliedDay

TALLY_COLUMNS = ("day", "taxon", "events", "individuals", "hours_armed", "hours_armed_night", "deployment")
_F = TypeVar("_F", bound=Callable[..., Any])


def rule_options(command: _F) -> _F:
    """Add --interval and --rule, which say when two sightings are independent."""
    rule = click.Choice([rule.value for rule in IndependenceRule])
    command = click.option("--rule", type=rule, help="Where the interval starts (default: events.rule).")(command)
    return click.option(
        "--interval",
        type=Number(0, 1440),
        metavar="MINUTES",
        help="Minutes without the taxon that separate two events, 0 to group none (default: events.interval_minutes).",
    )(command)


@click.command()
@rule_options
@selection_options
@table_options
@click.pass_obj
def events(ctx: Context, out: Output, interval: float | None, rule: str | None, selection: Selection) -> None:
    """The independent events of a card or a project: one taxon, from the first picture that shows it to the last.

    The count is MaxN, the most seen at once in any one picture; count_low of them nobody doubts, and with what is
    doubtful they may be count_high. Time-lapse pictures (trigger: timelapse) are events apart, and are in no tally.
    What a person has said stands over what a model said. Filters choose among the events after they are reckoned;
    --blank lists the events of the review page that show nothing. Of a project, or a card that was reviewed, `review`
    is the number there of the event in which this one begins, for `label`.
    Use as: cameratrap --data CARD events.
    """
    from cameratrap.app.project_source import is_reviewed
    from cameratrap.app.project_tables import found_events
    from cameratrap.cli import event_rows as shown
    from cameratrap.wiring import event_rules

    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_chosen(ctx, selection) as project:
        if selection.is_blank:
            objects = shown.blank_objects(project.connection, selection)
        else:
            objects = (shown.event_object(each) for each in found_events(project.connection, rules, selection))
        columns = shown.EVENT_COLUMNS + (shown.REVIEW_COLUMNS if is_reviewed(ctx.data) else ())
        if not is_reviewed(ctx.data):
            objects = (shown.without_review(each) for each in objects)
        out.table(columns, (shown.event_row(each) for each in objects), json_objects=objects)
    ctx.say(_rule_line(rules))


@click.command()
@rule_options
@selection_options
@table_options
@click.pass_obj
def tally(ctx: Context, out: Output, interval: float | None, rule: str | None, selection: Selection) -> None:
    """Events and individuals by day and taxon, with the hours the trap was armed, of a card or a project.

    Use as: cameratrap --data CARD tally. A day is the station's standard-time date; an event counts on the day it
    starts. A day without animals is one row with an empty taxon; its hours armed tell it from a day without a camera.
    Filters choose the events that are counted; every day of the deployments chosen is still there.
    """
    from cameratrap.app.project_source import is_reviewed
    from cameratrap.wiring import event_rules

    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with _days(ctx, rules, selection) as days:
        out.table(TALLY_COLUMNS, (row for day in days for row in _tally_rows(day)))
    ctx.say(_rule_line(rules))
    if rules.position is None and not is_reviewed(ctx.data):
        ctx.say("hours at night: not known without station.latitude and station.longitude")


@contextmanager
def _days(ctx: Context, rules: Rules, selection: Selection) -> Iterator[Iterable[TalliedDay]]:
    """Of a trap's card that nobody has reviewed as the trap itself tells them, without making an index of it first."""
    from cameratrap.app.project_source import is_reviewed
    from cameratrap.app.project_tables import card_days, tallied_days
    from cameratrap.store.card import open_card

    only_days = Selection(since=selection.since, until=selection.until)
    if selection == only_days and not is_reviewed(ctx.data):
        with open_card(ctx.data) as card:
            yield card_days(card, rules, selection)
        return
    with open_chosen(ctx, selection) as project:
        yield tallied_days(project.connection, rules, selection)


def _tally_rows(day: TalliedDay) -> Iterator[dict[str, object]]:
    shared: dict[str, object] = {
        "day": day.day.isoformat(),
        "hours_armed": _rounded(day.hours_armed),
        "hours_armed_night": _rounded(day.hours_armed_night),
        "deployment": day.deployment,
    }
    each = [{"taxon": t.taxon, "events": t.events, "individuals": t.individuals} for t in day.tallies]
    for one in each or [{"taxon": "", "events": 0, "individuals": 0}]:
        row = {**shared, **one}
        yield {column: row[column] for column in TALLY_COLUMNS}


def _rule_line(rules: Rules) -> str:
    """Every table of events says how they were made: published numbers depend on it."""
    return f"independence: {rules.interval / timedelta(minutes=1):g} min since the {rules.rule.replace('-', ' ')}"


def _rounded(hours: float | None) -> float | None:
    return None if hours is None else round(hours, 2)
