"""How a burst is to be taken, and what a device told of itself meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class BurstProfile:
    """``count`` pictures, ``spacing_s`` from the start of one to the start of the next; ``lamp``: it may be lit."""

    count: int = 3
    spacing_s: float = 1.0
    lamp: bool = True


# From the first picture to the last: one that stops the trap, or reboots it, waits 90 s until what is taken is stored.
LONGEST_BURST_S = 80.0

# By what is studied. A bird is gone within two seconds; a herd walks past for minutes and is counted over the burst.
PROFILES: Mapping[str, BurstProfile] = {
    "default": BurstProfile(3, 1.0),
    "bird": BurstProfile(8, 0.25),
    "small-mammal": BurstProfile(5, 0.5),
    "mammal": BurstProfile(3, 1.0),
    "elephant": BurstProfile(6, 3.0),
}


class Focus(StrEnum):
    """Where a camera with a motor in its lens focuses: at a fixed distance, once when it starts, or all the time."""

    FIXED = "fixed"
    ONCE = "once"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a device went through: ``device`` is one of ``summaries.FAULTS``, ``what`` a phrase for the record.

    ``recovered``: it works again; else it did not when this was noted. ``monotonic_s`` is when, on this boot's clock.
    """

    device: str
    what: str
    monotonic_s: float
    recovered: bool
