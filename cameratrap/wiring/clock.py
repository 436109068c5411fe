"""What the clock rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cameratrap.app.clock_basis import ClockBasis


def clock_basis(folder: Path | None) -> ClockBasis:
    """What the clock rests on; with the card at ``folder``, also how it was found to drift. Raises StoreError."""
    from cameratrap.app.clock_basis import ClockBasis
    from cameratrap.app.clock_check import drift_s_per_day
    from cameratrap.drivers.clock import is_synchronised, rtc_state
    from cameratrap.store.card import RECORD, open_card
    from cameratrap.store.clock_readings import readings

    rtc, drift = rtc_state(), None
    if folder is not None and (folder / RECORD).is_file():
        with open_card(folder) as card:
            drift = drift_s_per_day(readings(card.connection))
    return ClockBasis(rtc.present, rtc.shows, is_synchronised(), drift)
