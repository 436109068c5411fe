"""`events` and `tally`: what a card says, folded afresh each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.params import Number
from cameratrap.domain.events import Event, IndependenceRule

if TYPE_CHECKING:
    from cameratrap.app.fold import Rules

EVENT_COLUMNS = (
    "event", "deployment", "start", "end", "trigger", "taxon", "count", "score", "source", "media",
    "count_low", "count_high",
)  # fmt: skip
TALLY_COLUMNS = ("day", "taxon", "events", "individuals", "hours_armed", "hours_armed_night")
_F = TypeVar("_F", bound=Callable[..., Any])


def rule_options(command: _F) -> _F:
    """Add --interval and --rule, which say when two sightings are independent."""
    rule = click.Choice([rule.value for rule in IndependenceRule])
    command = click.option("--rule", type=rule, help="Where the interval starts (default: events.rule).")(command)
    return click.option(
        "--interval",
        type=Number(0, 1440),
        metavar="MINUTES",
        help="Minutes without the taxon that separate two events (default: events.interval_minutes).",
    )(command)


@click.command()
@rule_options
@table_options
@click.pass_obj
def events(ctx: Context, out: Output, interval: float | None, rule: str | None) -> None:
    """The card's independent events: one taxon, from the first picture that shows it to the last.

    The count is MaxN, the most seen at once in any one picture; count_low of them nobody doubts, and with what is
    doubtful they may be count_high. Time-lapse pictures (trigger: timelapse) are events apart, and are in no tally.
    Use as: cameratrap --data CARD events.
    """
    from cameratrap.app.fold import card_events
    from cameratrap.store.bursts import media_paths
    from cameratrap.store.card import open_card
    from cameratrap.wiring import event_rules

    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_card(ctx.data) as card:
        found = card_events(card, rules)
        paths = media_paths(card.connection)
        objects = [
            _event_object(event, [path for burst in event.bursts for path in paths.get(burst, ())], card.zone)
            for event in found
        ]
    out.table(EVENT_COLUMNS, [_event_row(each) for each in objects], json_objects=objects)
    ctx.say(_rule_line(rules))


@click.command()
@rule_options
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="First day to show.")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Last day to show.")
@table_options
@click.pass_obj
def tally(
    ctx: Context, out: Output, interval: float | None, rule: str | None, since: datetime | None, until: datetime | None
) -> None:
    """Events and individuals by day and taxon, with the hours the trap was armed.

    Use as: cameratrap --data CARD tally. A day is the station's standard-time date; an event counts on the day it
    starts. A day without animals is one row with an empty taxon; its hours armed tell it from a day without a camera.
    """
    from cameratrap.app.fold import fold
    from cameratrap.store.card import open_card
    from cameratrap.wiring import event_rules

    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    with open_card(ctx.data) as card:
        folded = fold(card, rules)
    rows: list[dict[str, object]] = []
    for day in folded.days:
        if (since and day < since.date()) or (until and day > until.date()):
            continue
        effort = folded.effort[day]
        shared: dict[str, object] = {
            "day": day.isoformat(),
            "hours_armed": _rounded(effort.hours_armed),
            "hours_armed_night": _rounded(effort.hours_armed_night),
        }
        each = [{"taxon": t.taxon, "events": t.events, "individuals": t.individuals} for t in folded.tallies[day]]
        rows += [{**shared, **one} for one in each or [{"taxon": "", "events": 0, "individuals": 0}]]
    out.table(TALLY_COLUMNS, [{column: row[column] for column in TALLY_COLUMNS} for row in rows])
    ctx.say(_rule_line(rules))
    if rules.position is None:
        ctx.say("hours at night: not known without station.latitude and station.longitude")


def _rule_line(rules: Rules) -> str:
    """Every table of events says how they were made: published numbers depend on it."""
    return f"independence: {rules.interval / timedelta(minutes=1):g} min since the {rules.rule.replace('-', ' ')}"


def _rounded(hours: float | None) -> float | None:
    return None if hours is None else round(hours, 2)


def event_name(event: Event) -> str:
    """The first burst's name and the taxon: unique, and the same each time the card is folded."""
    return f"{event.bursts[0]}-{event.taxon.lower().replace(' ', '-')}"


def _event_object(event: Event, media: Sequence[str], zone: timezone) -> dict[str, Any]:
    return {
        "event": event_name(event),
        "deployment": event.deployment,
        "start": event.start.astimezone(zone).isoformat(),
        "end": event.end.astimezone(zone).isoformat(),
        "trigger": event.cause.value,
        "media": list(media),
        "observations": [
            {
                "taxon": event.taxon,
                "count": event.count,
                "count_low": event.count_low,
                "count_high": event.count_high,
                "score": None if event.score is None else round(event.score, 4),
                "source": event.source,
            }
        ],
    }


def _event_row(each: dict[str, Any]) -> dict[str, object]:
    observation = each["observations"][0]
    media: Iterable[str] = each["media"]
    return {**{key: each.get(key, observation.get(key)) for key in EVENT_COLUMNS}, "media": "|".join(media)}
