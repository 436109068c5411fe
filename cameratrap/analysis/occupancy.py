"""Naive occupancy: the share of sites that saw the taxon, taken as if none had missed it."""

from __future__ import annotations

from dataclasses import dataclass

from cameratrap.analysis.history import History


@dataclass(frozen=True, slots=True)
class NaiveOccupancy:
    """``sites`` that could see on at least one occasion, and those of them that saw the taxon."""

    sites: int
    detected: int

    @property
    def occupancy(self) -> float | None:
        """The share of sites that saw it, 0 to 1; None where no site could see."""
        return self.detected / self.sites if self.sites else None


def naive_occupancy(history: History) -> NaiveOccupancy:
    """The naive occupancy that a detection history shows."""
    operated = [row for row in history.detections if any(cell is not None for cell in row)]
    return NaiveOccupancy(len(operated), sum(any(row) for row in operated))
