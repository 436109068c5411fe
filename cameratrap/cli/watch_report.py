"""What `watch` says while it runs, a line each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain, plural

if TYPE_CHECKING:
    from cameratrap.app.close_day import ClosedDay, ClosingFailed, DayTold
    from cameratrap.app.look import LookSettings
    from cameratrap.app.plain_tables import TablesFailed
    from cameratrap.app.watch import Outcome
    from cameratrap.app.watch_report import CountedOnly
    from cameratrap.store.card import Card


def say_asleep(card: Card, now: datetime) -> None:
    """A trap that a command has sent to sleep looks like one that is broken."""
    from cameratrap.app.command_effects import WAKE_HINT, asleep

    told = asleep(card.connection, now)
    if told is not None:
        click.echo(f"{told}\nhint: {WAKE_HINT}", err=True)


def say_swept(ctx: Context, card: Card, settings: LookSettings) -> None:
    """Finish what a power cut left half done, and say what that was."""
    from cameratrap.app.sweep import sweep

    report = sweep(card, keep_partial=not settings.policy.changes_pictures)
    for path in report.indexed:
        ctx.say(f"{path} had no entry in the index and has one now")
    for path in report.set_aside:
        ctx.say(f"{path} was left half written and was set aside")
    for path in report.removed:
        ctx.say(f"{path} was left half written, could not be searched for people and was removed")


def teller(ctx: Context) -> Callable[[Outcome], None]:
    """A line for each new trigger and each day; failures always."""
    from cameratrap.app.watch import BurstReport

    def tell(what: Outcome) -> None:
        failed = getattr(what, "error", None) is not None
        if failed:
            click.echo(progress_line(what), err=True)
        elif not isinstance(what, BurstReport) or what.new_pictures:
            ctx.say(progress_line(what))

    return tell


_SAVING = (
    "nothing is given up any more",
    "no lamp",
    "no lamp, one picture a trigger",
    "pictures are stored and not looked at",
    "triggers are only counted",
)


def progress_line(what: Outcome) -> str:
    """One trigger, one closed day or one alert in a line."""
    from cameratrap.app.alerts import AlertFailed, AlertRaised, AlertSuppressed
    from cameratrap.app.close_day import ClockCorrected, DayOutgrown
    from cameratrap.app.seal_pictures import SealingFailed
    from cameratrap.app.treat import TreatmentFailed
    from cameratrap.app.watch import BurstReport
    from cameratrap.app.watch_report import SavingChanged

    match what:
        case BurstReport():
            counts = ", ".join(f"{count} {taxon}" for taxon, count in what.counts.items()) or "nothing"
            failed = f"  failed: {what.error}" if what.error else ""
            return f"{what.at:%Y-%m-%d %H:%M:%S}  {plural(what.new_pictures, 'picture')}  {plain(counts + failed)}"
        case TreatmentFailed():
            return plain(
                f"{what.path}  shows what the policy for people does not keep, and is still as it was: {what.error}"
            )
        case SealingFailed():
            return plain(f"{what.path}  is not sealed yet and still lies open: {what.error}")
        case AlertRaised(alert):
            return plain(f"{alert.at:%Y-%m-%d %H:%M}  alert {alert.sequence} to be sent: {alert.taxon}")
        case AlertSuppressed(incident, reason):
            return plain(f"{incident.start:%Y-%m-%d %H:%M}  no alert for {incident.taxon}: {reason}")
        case AlertFailed(incident, error):
            return plain(f"{incident.start:%Y-%m-%d %H:%M}  no alert for {incident.taxon} yet: {error}")
        case ClockCorrected(bursts, offset):
            by = f"{offset.total_seconds():+.0f} s"
            return f"the clock was wrong: {plural(bursts, 'burst')} and what belongs to them moved by {by}"
        case SavingChanged(saving, at, battery_v):
            volts = "" if battery_v is None else f" at {battery_v:.2f} V"
            return f"{at:%Y-%m-%d %H:%M:%S}  the battery{volts}: {_SAVING[saving]}"
        case DayOutgrown():
            return f"{what.day}  has grown since its message; the next day's message will tell it anew"
        case _:
            return _day_line(what)


def _day_line(what: ClosedDay | ClosingFailed | DayTold | TablesFailed | CountedOnly) -> str:
    from cameratrap.app.close_day import ClosedDay, ClosingFailed
    from cameratrap.app.plain_tables import TablesFailed
    from cameratrap.app.watch_report import CountedOnly

    if isinstance(what, CountedOnly):
        pictures = plural(what.pictures, "picture")
        return f"{what.at:%Y-%m-%d %H:%M:%S}  the card is full: {pictures} counted, not kept"
    if isinstance(what, TablesFailed):
        return plain(str(what.error))
    if isinstance(what, ClosingFailed):
        return f"{what.day}  the day could not be closed: {what.error}"
    sizes = " + ".join(str(len(message)) for message in what.messages)
    if not isinstance(what, ClosedDay):
        return f"{what.day}  the day has a message of its own after all: {sizes} bytes"
    taxa = plural(len(what.summary.tallies), "taxon", "taxa")
    told = f"{taxa} in {sizes} bytes" if what.messages else f"{taxa}; a later day's message will carry it"
    return f"{what.summary.day}  day closed: {told}"
