"""media.csv and effort.csv: plain tables on the card, for someone who only pulls it and has no program of ours."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from cameratrap.app.armed import DEVICES
from cameratrap.app.fold import CardFold
from cameratrap.domain.policy import Treatment
from cameratrap.errors import StoreError
from cameratrap.store.bursts import Picture, each_picture
from cameratrap.store.card import Card
from cameratrap.store.clock_shifts import originals
from cameratrap.store.durable import PART, name_parts, write_part_of
from cameratrap.store.observations import picture_counts, suppressed_counts
from cameratrap.store.sealed_pictures import SUFFIX, sealed_hashes
from cameratrap.store.timings import timed_bursts

MEDIA, EFFORT = "media.csv", "effort.csv"
AT_A_TIME = 1000  # pictures: a season's table takes no more memory than a day's
MEDIA_COLUMNS = (
    "path",
    "original_name",
    "timestamp",
    "burst",
    "position",
    "of",
    "trigger",
    "status",
    "counts",
    "model",
    "sha256",
    "suppressed_detections",
    "people_policy",
    "original_timestamp",
    "latency_s",
)
EFFORT_COLUMNS = (
    "day",
    "hours_armed",
    "hours_armed_night",
    "triggers",
    "blank",
    "suppressed",
    "restarts",
    "suppressed_detections",
    "dead_s",
    "camera_down_h",
    "pir_down_h",
    "lamp_down_h",
)


@dataclass(frozen=True, slots=True)
class TablesFailed:
    """The tables are still those of another day; they are written again with the next."""

    error: StoreError


def tables_written_on(card: Card) -> date | None:
    """The station's day on which the tables were last written, by the file's own time; None where there are none."""
    try:
        return datetime.fromtimestamp((card.folder / EFFORT).stat().st_mtime, card.zone).date()
    except OSError:
        return None


def write_plain_tables(card: Card, folded: CardFold) -> None:
    """Write both tables whole, each at once, so that neither is ever half of an older state. Raises StoreError."""
    media, effort = card.folder / MEDIA, card.folder / EFFORT
    try:
        write_part_of(media, _csv(MEDIA_COLUMNS, _media_rows(card)))
        write_part_of(effort, _csv(EFFORT_COLUMNS, _effort_rows(folded)))
        name_parts([media, effort])
    except OSError as error:
        _abandon_parts(card)
        raise StoreError(
            f"the plain tables of {card.folder} cannot be written",
            why=error.strerror or str(error),
            hint="the index is whole; the tables are written again by the next run",
        ) from error


def _abandon_parts(card: Card) -> None:
    """On a card that is full, half a table takes the room of what can be counted no other way."""
    for name in (MEDIA, EFFORT):
        with contextlib.suppress(OSError):
            (card.folder / (name + PART)).unlink(missing_ok=True)


def _media_rows(card: Card) -> Iterable[Mapping[str, object]]:
    pictures = each_picture(card.connection)
    while some := list(islice(pictures, AT_A_TIME)):
        yield from _rows_of(card, some)


def _rows_of(card: Card, pictures: Sequence[Picture]) -> Iterable[Mapping[str, object]]:
    media = [picture.id for picture in pictures]
    bursts = timed_bursts(card.connection, {picture.burst for picture in pictures})
    counts, suppressed = picture_counts(card.connection, media), suppressed_counts(card.connection, media)
    sealed = sealed_hashes(card.connection, media)
    original = originals(card.connection, "media", "captured_at", media)
    for picture in pictures:
        if picture.treatment is Treatment.DISCARD:
            continue
        burst = bursts[picture.burst]
        yield {
            "path": picture.path + (SUFFIX if picture.id in sealed else ""),
            "original_name": picture.source_name,
            "timestamp": picture.captured_at.isoformat(),
            "burst": picture.burst,
            "position": picture.position,
            "of": picture.of,
            "trigger": burst["cause"],
            "status": burst["status"],
            "counts": _joined(counts.get(picture.id, {})),
            "model": burst["looked_by"] or "",
            "sha256": sealed.get(picture.id, picture.sha256_now) or "",
            "suppressed_detections": _joined(suppressed.get(picture.id, {})),
            "people_policy": _done_with(picture, burst["status"]),
            "original_timestamp": original.get(str(picture.id), ""),
            "latency_s": "" if burst["first_frame_s"] is None else _seconds(burst["first_frame_s"]),
        }


def _joined(counts: Mapping[str, int]) -> str:
    return "|".join(f"{what}={n}" for what, n in counts.items())


def _done_with(picture: Picture, status: str) -> str:
    """What became of a picture that shows people or vehicles, as the policy asked; empty where nothing did.

    One in which nobody could look for any says so: it may show what the policy would not have kept.
    """
    if picture.outcome is not None:
        return picture.outcome.value
    if picture.is_treated:
        return f"{picture.treatment.value} not done yet"
    return "not searched" if status == "failed" and picture.width is None else ""


def _effort_rows(folded: CardFold) -> Iterable[Mapping[str, object]]:
    for day in folded.days:
        effort = folded.effort[day]
        yield {
            "day": day.isoformat(),
            "hours_armed": _hours(effort.hours_armed),
            "hours_armed_night": _hours(effort.hours_armed_night),
            "triggers": effort.triggers,
            "blank": effort.blank,
            "suppressed": effort.suppressed,
            "restarts": folded.restarts[day],
            "suppressed_detections": folded.suppressed_detections[day],
            "dead_s": _seconds(folded.armed[day].dead_s),
            **{f"{device}_down_h": _hours(folded.armed[day].down_h.get(device, 0.0)) for device in DEVICES},
        }


def _hours(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _seconds(value: float) -> str:
    return f"{value:.2f}"


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """The table in pieces of ``AT_A_TIME`` rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    coming = iter(rows)
    while some := list(islice(coming, AT_A_TIME)):
        writer.writerows(some)
        yield text.getvalue().encode("utf-8")
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode("utf-8")
