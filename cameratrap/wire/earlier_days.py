"""Days carried again, each coded by how it differs from the day after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from cameratrap.domain.summaries import EarlierDay
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.coding import Reader, Writer, fold_sign, unfold_sign
from cameratrap.wire.layout import (
    ARMED,
    EARLIER_SEQUENCE,
    EPOCH,
    GAP,
    HOURS_ARMED,
    HOURS_ARMED_NIGHT,
    NIGHT,
    NIGHT_REFERENCE,
    SEQUENCE,
)
from cameratrap.wire.tally_rows import Past, read_rows, to_rows, to_tallies, write_rows


@dataclass(slots=True)
class Before:
    """What the next earlier day is compared with: the last day written or read, a day's night, the tallies so far."""

    day: date
    sequence: int
    reference: tuple[int, int] = NIGHT_REFERENCE
    past: Past = field(default_factory=Past)

    def note_hours(self, armed: float | None, night: float | None) -> None:
        """Remember a day's share of night, where the trap was armed for half a day or longer."""
        if armed is not None and night is not None and 2 * _tenths(armed) >= HOURS_ARMED.maximum:
            self.reference = _tenths(night), _tenths(armed)

    def expected_night(self, armed: int) -> int:
        """The tenths of night in so many tenths armed, if the night is as long as the last one told."""
        night, whole = self.reference
        return (2 * armed * night + whole) // (2 * whole)


def write_earlier(out: Writer, each: EarlierDay, before: Before, taxa: TaxaTable) -> None:
    """Append one quantised day, older than the one before."""
    out.bit(True, "earlier")
    GAP.write(out, (before.day - each.day).days - 1)
    EARLIER_SEQUENCE.write(out, fold_sign(before.sequence - 1 - each.sequence))
    _write_hours(out, each.hours_armed, each.hours_armed_night, before)
    write_rows(out, to_rows(each.tallies, taxa), before.past)
    before.day, before.sequence = each.day, each.sequence


def end_earlier(out: Writer) -> None:
    """Append that no further earlier day follows."""
    out.bit(False, "earlier")


def read_earlier(body: Reader, before: Before, taxa: TaxaTable) -> tuple[EarlierDay, ...]:
    """The days that ``write_earlier`` appended, up to the mark that ends them. Raises DecodeError."""
    days = []
    while body.bit("earlier"):
        gap = GAP.read(body) + 1
        if gap > (before.day - EPOCH).days:
            raise DecodeError(
                "an earlier day is out of range", why=f"it is {gap} days before {before.day}, and days start at {EPOCH}"
            )
        before.day -= timedelta(days=gap)
        before.sequence -= 1 + unfold_sign(EARLIER_SEQUENCE.read(body))
        SEQUENCE.value(before.sequence)
        armed, night = _read_hours(body, before)
        tallies = to_tallies(read_rows(body, before.past), taxa)
        days.append(EarlierDay(before.day, before.sequence, armed, night, tallies))
    return tuple(days)


def _tenths(hours: float) -> int:
    return HOURS_ARMED.number(hours)


def _write_hours(out: Writer, armed: float | None, night: float | None, before: Before) -> None:
    out.bit(armed is not None, "earlier hours", 0)
    out.bit(night is not None, "earlier hours", 1)
    if armed is not None:
        ARMED.write(out, _tenths(armed))
    if night is not None:
        expected = before.expected_night(HOURS_ARMED.maximum if armed is None else _tenths(armed))
        NIGHT.write(out, fold_sign(_tenths(night) - expected))
    before.note_hours(armed, night)


def _read_hours(body: Reader, before: Before) -> tuple[float | None, float | None]:
    has_armed, has_night = body.bit("earlier hours", 0), body.bit("earlier hours", 1)
    armed = ARMED.read(body) if has_armed else None
    night = None
    if has_night:
        expected = before.expected_night(HOURS_ARMED.maximum if armed is None else armed)
        night = unfold_sign(NIGHT.read(body)) + expected
    told = _hours(armed), None if night is None else HOURS_ARMED_NIGHT.value(night)
    before.note_hours(*told)
    return told


def _hours(tenths: int | None) -> float | None:
    return None if tenths is None else HOURS_ARMED.value(tenths)
