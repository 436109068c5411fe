"""A species accumulation curve: what so many sampling units show, how sure that is, and what may be still to come."""

from __future__ import annotations

from collections.abc import Sequence

from cameratrap.analysis.accumulation import Accumulated
from cameratrap.analysis.accumulation_chao import Richness
from cameratrap.analysis.plots import COLOURS, DASHES, FILL, Paper, drawing, printable
from cameratrap.errors import AnalysisError


def accumulation_plot(
    curve: Sequence[Accumulated],
    *,
    paper: Paper,
    unit: str = "Camera-days",
    level: float = 0.95,
    expected: tuple[str, Richness] | None = None,
) -> bytes:
    """The file's bytes: the species expected in so many units, in a band of the ``level`` that was reckoned.

    ``expected`` is a named estimate of how many there are in all, drawn as a level with its interval in words.
    Raises AnalysisError for a curve without a point.
    """
    if not curve:
        raise AnalysisError("a plot of accumulation needs a sampling unit")
    from matplotlib.ticker import MaxNLocator

    units = [0, *(each.units for each in curve)]
    with drawing(paper, 66 if paper.is_narrow else 88) as drawn:
        figure, axes = drawn.figure, drawn.axes
        species = [0.0, *(each.species for each in curve)]
        axes.plot(units, species, color=COLOURS[0], label=f"Expected species ({curve[-1].species:.0f} found)", zorder=3)
        low, high = [0.0, *(each.low for each in curve)], [0.0, *(each.high for each in curve)]
        axes.fill_between(units, low, high, color=FILL, alpha=0.6, linewidth=0, label=f"{100 * level:g}% CI")
        if expected:
            name, all_there = expected
            label = (
                f"{name} = {all_there.estimate:.1f} ({100 * level:g}% CI {all_there.low:.1f} to {all_there.high:.1f})"
            )
            axes.axhline(all_there.estimate, color=COLOURS[1], linestyle=DASHES[1], linewidth=1, label=printable(label))
        axes.set_xlim(0, units[-1])
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(printable(unit))
        axes.set_ylabel("Species")
        figure.legend(loc="outside upper left", ncols=1 if paper.is_narrow else 3, handlelength=2.6)
    return drawn.content
