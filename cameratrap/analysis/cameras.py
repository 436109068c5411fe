"""What several cameras at one station make of a day."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Cameras(StrEnum):
    """What several deployments at one station make together.

    ``SEPARATE``: a row each. ``UNION``: the time during which at least one saw. ``SUM``: camera-days add up
    (camtraptor; camtrapR where cameras are independent). The others are camtrapR's for cameras that are not:
    ``CAPPED`` adds up to one a day and ``MEAN`` is their mean (it takes the first where it is told dates, the second
    where times); ``ALL`` is one where each saw the whole day and ``LEAST`` the least of them (allCamsOn, likewise).
    """

    SEPARATE = "separate"
    UNION = "union"
    SUM = "sum"
    CAPPED = "capped"
    MEAN = "mean"
    ALL = "all"
    LEAST = "least"


def _of_known(combine: Callable[[list[float]], float]) -> Callable[[list[float | None]], float | None]:
    """A camera that is not there has no say; None where none is there."""

    def combined(cells: list[float | None]) -> float | None:
        known = [cell for cell in cells if cell is not None]
        return combine(known) if known else None

    return combined


def _all(cells: list[float | None]) -> float | None:
    if any(cell not in (1, None) for cell in cells):
        return 0.0
    return None if None in cells else 1.0


def _least(cells: list[float | None]) -> float | None:
    known = [cell for cell in cells if cell is not None]
    return min(known) if len(known) == len(cells) else None


# How the cells of one day make one; UNION needs the times themselves.
COMBINED: dict[Cameras, Callable[[list[float | None]], float | None]] = {
    Cameras.SUM: _of_known(sum),
    Cameras.CAPPED: _of_known(lambda known: min(1.0, sum(known))),
    Cameras.MEAN: _of_known(lambda known: sum(known) / len(known)),
    Cameras.ALL: _all,
    Cameras.LEAST: _least,
}
