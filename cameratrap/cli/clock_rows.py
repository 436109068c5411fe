"""The lines of `clock`'s tables."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cameratrap.app.clock_eras import EraOfCard
    from cameratrap.app.clock_shift import Correction
    from cameratrap.store.clock_shifts import ClockShift

ERA_COLUMNS = ("era", "boot", "bursts", "first", "last", "error_s", "is_wrong", "corrected_s", "corrections")
SHIFT_COLUMNS = ("correction", "why", "offset_s", "bursts", "pictures", "from", "to", "corrected_from", "corrected_to",
                 "days")  # fmt: skip
CORRECTION_COLUMNS = ("correction", "made_at", "offset_s", "rows", "why", "undone_at")


def era_row(each: EraOfCard) -> dict[str, object]:
    """One era."""
    return {
        "era": each.name,
        "boot": each.boot_id,
        "bursts": sum(row.kind == "bursts" for row in each.rows),
        "first": each.era.first.shown.isoformat(),
        "last": each.era.last.shown.isoformat(),
        "error_s": None if each.error is None else round(each.error.total_seconds(), 1),
        "is_wrong": each.verdict,
        "corrected_s": round(sum(one.offset.total_seconds() for one in each.corrections), 3)
        if each.corrections
        else None,
        "corrections": ", ".join(str(one.number) for one in each.corrections),
    }


def shift_row(number: int | None, each: Correction, zone: timezone) -> dict[str, object]:
    """One correction that is made, or would be."""
    first, last = (None, None) if each.span is None else each.span
    left, gained = each.days(zone)
    return {
        "correction": number,
        "why": each.why,
        "offset_s": round(each.offset.total_seconds(), 3),
        "bursts": each.count("bursts"),
        "pictures": each.count("media"),
        "from": first and first.isoformat(),
        "to": last and last.isoformat(),
        "corrected_from": first and (first + each.offset).isoformat(),
        "corrected_to": last and (last + each.offset).isoformat(),
        "days": len(left | gained),
    }


def correction_row(each: ClockShift) -> dict[str, object]:
    """One correction that was made."""
    return {
        "correction": each.number,
        "made_at": each.made_at.isoformat(),
        "offset_s": each.offset.total_seconds(),
        "rows": each.rows,
        "why": each.why,
        "undone_at": each.undone_at and each.undone_at.isoformat(),
    }
