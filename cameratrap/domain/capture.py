"""How a burst is to be taken, and what a device told of itself meanwhile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BurstProfile:
    """``count`` pictures, ``spacing_s`` from the start of one to the start of the next; ``lamp``: it may be lit."""

    count: int = 3
    spacing_s: float = 1.0
    lamp: bool = True


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a device went through: ``device`` is one of ``summaries.FAULTS``, ``what`` a phrase for the record.

    ``recovered``: it works again; else it did not when this was noted. ``monotonic_s`` is when, on this boot's clock.
    """

    device: str
    what: str
    monotonic_s: float
    recovered: bool
