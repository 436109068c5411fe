"""`inbox`: what was received, by message, by day, or what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.refusals import say_refused
from cameratrap.store.refused import REFUSED_FOLDER, RefusedLog

if TYPE_CHECKING:
    from pathlib import Path

    from cameratrap.app.receive import InboxEntry, Reading
    from cameratrap.app.received_days import ReceivedDay
    from cameratrap.app.seals import SealProof
    from cameratrap.domain.alerts import Alert
    from cameratrap.domain.summaries import DailySummary

MESSAGE_COLUMNS = (
    *("received_at", "station", "imei", "momsn", "transmit_time", "source", "verified"),
    *("status", "kind", "bytes", "day", "sequence", "summary"),
)
DAY_COLUMNS = ("station", "day", "taxon", "events", "individuals", "hours_armed", "sequence", "from", "complete")
GAP_COLUMNS = ("station", "day")


@click.command()
@click.option("--days", "view", flag_value="days", help="What is known of each day, a row a taxon.")
@click.option("--gaps", "view", flag_value="gaps", help="Days of which nothing was received.")
@click.option("--station", metavar="NAME", help="Only this station.")
@table_options
@click.pass_obj
def inbox(ctx: Context, out: Output, view: str | None, station: str | None) -> None:
    """Received messages: each with what it is and what it says.

    A message is a day's summary or an alert, which --days leaves out. A day of which several messages tell is shown by
    --days as the message composed last tells it, once, whatever arrived twice or late. Use with --data DIR, the
    receiver's folder.
    """
    from cameratrap.app.received_days import long_silences, missing_days, received_days

    entries = inbox_entries(ctx, ctx.data)
    say_refused(RefusedLog(ctx.data / REFUSED_FOLDER))
    if view is None:
        shown = [entry for entry in entries if station in (None, entry.reading.station)]
        objects = [message_object(entry) for entry in shown]
        out.table(MESSAGE_COLUMNS, [_message_row(entry) for entry in shown], json_objects=objects)
        for line in _new_epochs(shown):
            ctx.say(line)
        ctx.say(_count_line(shown))
        return
    days = [day for day in received_days(entries) if station in (None, day.station)]
    warn_of_days(ctx, entries, days)
    if view == "gaps":
        for name, before, after in long_silences(days):
            ctx.say(f"{name}: nothing between {before} and {after}, too long to list (two deployments, a wrong clock?)")
        gaps = missing_days(days)
        out.table(GAP_COLUMNS, [{"station": name, "day": day.isoformat()} for name in gaps for day in gaps[name]])
    else:
        out.table(DAY_COLUMNS, [row for day in days for row in _day_rows(day)])


def inbox_entries(ctx: Context, folder: Path) -> list[InboxEntry]:
    """Every message of a receiver's folder, read by the configuration. Raises StoreError."""
    from cameratrap.app.receive import read_inbox
    from cameratrap.store.inbox import INBOX_FILE, Inbox
    from cameratrap.store.migrations import INBOX_MIGRATIONS
    from cameratrap.store.reading import open_for_reading
    from cameratrap.store.receiver_keys import receiver_keys

    with open_for_reading(folder / INBOX_FILE, INBOX_MIGRATIONS) as connection:
        return read_inbox(Inbox(connection), ctx.taxa(), ctx.config.ground.stations, receiver_keys(folder))


def message_object(entry: InboxEntry) -> dict[str, object]:
    """The interface's JSON object of one message. A duplicate has no summary, so that sums over them are right."""
    from cameratrap.app.summary_json import alert_to_json, summary_to_json

    message, reading = entry.stored.message, entry.reading
    summary, alert = _content(reading)
    return {
        "imei": message.imei,
        "momsn": message.momsn,
        "transmit_time": message.transmit_time.isoformat() if message.transmit_time else None,
        "source": message.source.value,
        "verified": message.verified,
        "status": reading.status.value,
        "payload": message.payload.hex(),
        "station": reading.station,
        "summary": summary_to_json(summary) if summary else None,
        "alert": alert_to_json(alert)["alert"] if alert else None,
        "seal": _seal_object(reading.proof) if reading.proof else None,
        "received_at": entry.stored.received_at.isoformat(),
        "reason": reading.reason or None,
    }


def _content(reading: Reading) -> tuple[DailySummary | None, Alert | None]:
    """What a message says, if it is the one that says it."""
    return (reading.summary, reading.alert) if reading.status == "decoded" else (None, None)


def _seal_object(proof: SealProof) -> dict[str, object]:
    """What the seal proves; ``fingerprint`` is the key's."""
    number = proof.number
    return {
        "fingerprint": proof.fingerprint,
        "key_id": number.key_id,
        "epoch": number.epoch.hex(),
        "counter": number.counter,
        "is_new_epoch": proof.is_new_epoch,
    }


def _message_row(entry: InboxEntry) -> Mapping[str, object]:
    message, reading = entry.stored.message, entry.reading
    told = reading.alert or reading.summary
    day = day_of(reading)
    return {
        "received_at": entry.stored.received_at.isoformat(timespec="seconds"),
        "station": reading.station,
        "imei": message.imei,
        "momsn": message.momsn,
        "transmit_time": message.transmit_time.isoformat() if message.transmit_time else None,
        "source": message.source.value,
        "verified": message.verified,
        "status": reading.status.value,
        "kind": "alert" if reading.alert else "summary" if reading.summary else None,
        "bytes": len(message.payload),
        "day": day.isoformat() if day else None,
        "sequence": told.sequence if told else None,
        "summary": in_words(reading),
    }


def day_of(reading: Reading) -> date | None:
    """The day that a message tells of."""
    return reading.alert.at.date() if reading.alert else reading.summary.day if reading.summary else None


def in_words(reading: Reading) -> str:
    """What a message says, or why it says nothing, in a few words."""
    summary, alert = _content(reading)
    if alert:
        score = "" if alert.score is None else f", score {alert.score:.2f}"
        return f"{alert.taxon} x{alert.individuals} at {alert.at:%H:%M}{score}"
    return _short(summary) if summary else reading.reason


def _short(summary: DailySummary) -> str:
    """What a day holds, in a few words."""
    told = ", ".join(f"{tally.taxon} {tally.events}/{tally.individuals}" for tally in summary.tallies[:4])
    more = len(summary.tallies) - 4
    again = f"; and {len(summary.earlier)} earlier days" if summary.earlier else ""
    answers = "".join(f"; command {report.number or '?'}: {report.outcome.value}" for report in summary.commands)
    return (told or "no animals") + (f", {more} more" if more > 0 else "") + again + answers


def _new_epochs(entries: Iterable[InboxEntry]) -> Iterable[str]:
    """What to say of a trap that began to count anew: its card was swapped or restored, or somebody copied its key."""
    for entry in entries:
        proof = entry.reading.proof
        if proof is not None and proof.is_new_epoch:
            yield f"{entry.reading.station}: a new epoch began on {entry.stored.received_at:%Y-%m-%d} ({proof.number})"


def _day_rows(day: ReceivedDay) -> Iterable[Mapping[str, object]]:
    """A row a taxon; a day without animals is one row with an empty taxon."""
    shared: dict[str, object] = {
        "station": day.station,
        "day": day.day.isoformat(),
        "hours_armed": day.effort.hours_armed,
        "sequence": day.sequence,
        "from": day.origin,
        "complete": day.complete,
    }
    counts: list[dict[str, object]] = [
        {"taxon": tally.taxon, "events": tally.events, "individuals": tally.individuals} for tally in day.tallies
    ]
    return [{**shared, **each} for each in counts or [{"taxon": "", "events": 0, "individuals": 0}]]


def warn_of_days(ctx: Context, entries: Sequence[InboxEntry], days: Iterable[ReceivedDay]) -> None:
    """What the table cannot show."""
    nobody = sum(1 for entry in entries if entry.reading.summary and entry.reading.station is None)
    if nobody:
        ctx.say(f"left out: {nobody} summaries of no known station (`receive import --station NAME` says which)")
    quarantined = sum(1 for entry in entries if entry.reading.status == "quarantined")
    if quarantined:
        ctx.say(f"left out: {quarantined} quarantined messages (`inbox` says why of each)")
    for day in days:
        if not day.complete:
            ctx.say(f"{day.station} {day.day}: some of its messages are missing")
        if day.contradicted_by:
            others = ", ".join(str(number) for number in day.contradicted_by)
            ctx.say(f"{day.station} {day.day}: summary {day.sequence} is shown, {others} say otherwise (two cards?)")


def _count_line(entries: Iterable[InboxEntry]) -> str:
    statuses = Counter(entry.reading.status.value for entry in entries)
    return ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())) or "no messages"
