"""The relative abundance of each taxon at each place, those at which it was never recorded among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cameratrap.analysis.plots import COLOURS, FAINT, INK, Paper, drawing, label_rows, printable, rows_mm
from cameratrap.analysis.rates import PER_DAYS, Rate
from cameratrap.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SPREAD = 0.26  # of a row, up and down


def rates_plot(
    rates: Sequence[Rate], *, paper: Paper, by_individuals: bool = False, place: str = "Station", effort: str = ""
) -> bytes:
    """The file's bytes: a row a taxon, the most abundant first; a dot a place, hollow where the taxon was not recorded.

    A bar marks all places taken as one, their events over their effort. ``place`` names what a dot is, ``effort`` the
    definition of a camera-day. Places without effort have no rate and no dot. Raises AnalysisError without any rate.
    """
    pooled = {taxon: _pooled(rates, taxon, by_individuals) for taxon in sorted({each.taxon for each in rates})}
    known = {taxon: rate for taxon, rate in pooled.items() if rate is not None}
    if not known:
        raise AnalysisError("a plot of rates needs a taxon and effort")
    taxa = sorted(known, key=lambda taxon: -known[taxon])
    with drawing(paper, rows_mm(len(taxa), 26)) as drawn:
        figure, axes = drawn.figure, drawn.axes
        for row, taxon in enumerate(taxa):
            _dots(axes, row, [_rate(each, by_individuals) for each in rates if each.taxon == taxon], printable(place))
            label = "All together" if row == 0 else "_"
            axes.plot([known[taxon]] * 2, [row - 0.36, row + 0.36], color=INK, linewidth=1.6, label=label)
        what = "Individuals" if by_individuals else "Events"
        _frame(axes, paper, taxa, f"{what} per {PER_DAYS} camera-days" + (f" ({effort})" if effort else ""))
        figure.legend(loc="outside upper left", ncols=1 if paper.is_narrow else 3, handlelength=1.2)
    return drawn.content


def _rate(rate: Rate, by_individuals: bool) -> float | None:
    return rate.rai_individuals if by_individuals else rate.rai


def _pooled(rates: Sequence[Rate], taxon: str, by_individuals: bool) -> float | None:
    """All places taken as one."""
    there = [each for each in rates if each.taxon == taxon and each.effort_days]
    days = sum(each.effort_days or 0 for each in there)
    count = sum(each.individuals if by_individuals else each.events for each in there)
    return PER_DAYS * count / days if days else None


def _dots(axes: Axes, row: int, rates: Sequence[float | None], place: str) -> None:
    """The places of one taxon, always in the same order from the top of the row down so that none hides another."""
    heights = row + (np.linspace(-_SPREAD, _SPREAD, len(rates)) if len(rates) > 1 else np.zeros(1))
    known = [(rate, y) for rate, y in zip(rates, heights, strict=True) if rate is not None]
    for is_zero, face, label in ((False, COLOURS[0], place), (True, "white", f"{place} without a record")):
        points = [(rate, y) for rate, y in known if (rate == 0) is is_zero]
        axes.scatter(
            [x for x, _ in points],
            [y for _, y in points],
            s=9,
            facecolor=face,
            edgecolor=COLOURS[0],
            linewidth=0.6,
            label=label if row == 0 else "_",
            zorder=3,
            clip_on=False,
        )


def _frame(axes: Axes, paper: Paper, taxa: Sequence[str], label: str) -> None:
    label_rows(axes, taxa, paper)
    axes.set_xlim(left=0)
    axes.margins(x=0.03)
    axes.set_xlabel(printable(label))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, linewidth=0.4)
