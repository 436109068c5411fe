"""Days carried again, each coded by how it differs from the day after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from cameratrap.domain.summaries import EarlierDay
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.bits import BitReader, BitWriter, fold_sign, unfold_sign
from cameratrap.wire.layout import (
    ARMED,
    EPOCH,
    GAP,
    HOURS_ARMED,
    HOURS_ARMED_NIGHT,
    NIGHT,
    NIGHT_REFERENCE,
    SEQUENCE,
)
from cameratrap.wire.tally_rows import read_rows, to_rows, to_tallies, write_rows


@dataclass(slots=True)
class Before:
    """What the next earlier day is compared with: the last day written or read, and the wire codes used so far."""

    day: date
    sequence: int
    night: int = NIGHT_REFERENCE
    used: list[int] = field(default_factory=list)

    def copy(self) -> Before:
        """The same state, to be continued in another way."""
        return Before(self.day, self.sequence, self.night, list(self.used))

    def note_night(self, hours: float | None) -> None:
        """Remember a day's night hours, where it has any."""
        if hours is not None:
            self.night = _tenths(hours)


def write_earlier(out: BitWriter, each: EarlierDay, before: Before, taxa: TaxaTable) -> None:
    """Append one quantised day, older than the one before."""
    out.flag(False)
    GAP.write(out, (before.day - each.day).days - 1)
    GAP.write(out, fold_sign(before.sequence - 1 - each.sequence))
    _write_hours(out, each.hours_armed, each.hours_armed_night, before)
    write_rows(out, to_rows(each.tallies, taxa), before.used)
    before.day, before.sequence = each.day, each.sequence


def read_earlier(bits: BitReader, before: Before, taxa: TaxaTable) -> tuple[EarlierDay, ...]:
    """The days that ``write_earlier`` appended, up to the mark that ends them. Raises DecodeError."""
    days = []
    while not bits.flag():
        gap = GAP.read(bits) + 1
        if gap > (before.day - EPOCH).days:
            raise DecodeError(
                "an earlier day is out of range", why=f"it is {gap} days before {before.day}, and days start at {EPOCH}"
            )
        before.day -= timedelta(days=gap)
        before.sequence -= 1 + unfold_sign(GAP.read(bits))
        if not SEQUENCE.minimum <= before.sequence <= SEQUENCE.maximum:
            raise DecodeError("the sequence of an earlier day is out of range", why=f"it would be {before.sequence}")
        armed, night = _read_hours(bits, before)
        tallies = to_tallies(read_rows(bits, before.used), taxa)
        days.append(EarlierDay(before.day, before.sequence, armed, night, tallies))
    return tuple(days)


def _tenths(hours: float) -> int:
    return round(hours * HOURS_ARMED.per_unit)


def _write_hours(out: BitWriter, armed: float | None, night: float | None, before: Before) -> None:
    if armed is None or night is None:
        out.write(0, 2)
        out.flag(armed is not None)
        out.flag(night is not None)
    elif _tenths(armed) == HOURS_ARMED.maximum:
        out.flag(True)
    else:
        out.write(1, 2)
    if armed is not None and (night is None or _tenths(armed) != HOURS_ARMED.maximum):
        ARMED.write(out, _tenths(armed))
    if night is not None:
        NIGHT.write(out, fold_sign(_tenths(night) - before.night))
        before.note_night(night)


def _read_hours(bits: BitReader, before: Before) -> tuple[float | None, float | None]:
    always = bits.flag()
    both = always or bits.flag()
    has_armed = both or bits.flag()
    has_night = both or bits.flag()
    armed = (HOURS_ARMED.maximum if always else ARMED.read(bits)) if has_armed else None
    night = before.night + unfold_sign(NIGHT.read(bits)) if has_night else None
    for tenths in (armed, night):
        if tenths is not None and not 0 <= tenths <= HOURS_ARMED.maximum:
            raise DecodeError("the hours armed of an earlier day are out of range", why=f"{tenths / 10} hours")
    if night is not None:
        before.night = night
    return _hours(armed), _hours(night)


def _hours(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / HOURS_ARMED_NIGHT.per_unit
