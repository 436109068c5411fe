"""A detection history as a picture: sites by occasions, where it was seen, where not, and where nothing could see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cameratrap.analysis.history import Cell, History
from cameratrap.analysis.plots import FAINT, Paper, drawing, label_rows, printable, rows_mm
from cameratrap.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

# Whether it was seen at all is what occupancy is about: one record is far from none, and more only darker.
_NOT_SEEN, _ONCE, _SEEN = "#e1e4e8", "#8ab4d8", "#0b3c5d"
_MOST_SHADES = 256
_MANY_CELLS = 4000  # more are drawn as an image inside the SVG
_DATE = len("2026-11-23")
_SEAM_MM = 2.5  # cells that are narrower have no white line between them: it would hide them


def history_plot(history: History, *, paper: Paper, cell: Cell = Cell.BINARY, occasion: str = "Occasion") -> bytes:
    """The file's bytes. ``occasion`` names the columns, with how long they are; counts are shaded by their height.

    Raises AnalysisError for a history without sites or occasions.
    """
    if not history.sites or not history.occasions:
        raise AnalysisError("a plot of a detection history needs a site and an occasion")
    values = np.array([[np.nan if one is None else one for one in row] for row in history.detections], np.float64)
    most = max(1, int(np.nanmax(values, initial=0)))
    with drawing(paper, rows_mm(len(history.sites), 26)) as drawn:
        figure, axes = drawn.figure, drawn.axes
        image = _cells(axes, values, most, paper)
        label_rows(axes, [site.name for site in history.sites], paper)
        _columns(axes, history.occasions, occasion, paper)
        if cell is not Cell.BINARY:
            label = "Events" if cell is Cell.COUNT else "Individuals"
            figure.colorbar(image, ax=axes, label=label, pad=0.02, aspect=30, ticks=_whole(most))
        _legend(figure, cell)
    return drawn.content


def _cells(axes: Axes, values: NDArray[np.float64], most: int, paper: Paper) -> QuadMesh:
    from matplotlib.colors import LinearSegmentedColormap

    sites, occasions = values.shape
    shades = LinearSegmentedColormap.from_list("seen", [_ONCE, _SEEN], N=min(most, _MOST_SHADES))
    has_seams = occasions * _SEAM_MM < paper.width_mm
    axes.patch.set(facecolor="white", edgecolor=FAINT, hatch="////////", linewidth=0)  # seen where no cell is
    return axes.pcolormesh(
        np.arange(occasions + 1) + 0.5,
        np.arange(sites + 1) - 0.5,
        values,
        cmap=shades.with_extremes(under=_NOT_SEEN),
        vmin=0.5,
        vmax=most + 0.5,
        edgecolors="white" if has_seams else "none",
        linewidth=0.4 if has_seams else 0,
        rasterized=values.size > _MANY_CELLS,
    )


def _columns(axes: Axes, occasions: Sequence[str], label: str, paper: Paper) -> None:
    """Occasions by their numbers or, where they have dates, by the first."""
    from matplotlib.ticker import MaxNLocator

    most = 5 if paper.is_narrow else 10
    if all(name.startswith("o") for name in occasions):
        axes.xaxis.set_major_locator(MaxNLocator(nbins=most, integer=True))
    else:
        every = -(-len(occasions) // most)
        names = [printable(name.partition("_")[0], _DATE) for name in occasions[::every]]
        axes.set_xticks(range(1, len(occasions) + 1, every), names, rotation=30, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(printable(label))
    for spine in axes.spines.values():
        spine.set_visible(False)


def _legend(figure: Figure, cell: Cell) -> None:
    from matplotlib.patches import Patch

    kinds = [Patch(facecolor=_NOT_SEEN, label="Not recorded")]
    if cell is Cell.BINARY:
        kinds.insert(0, Patch(facecolor=_SEEN, label="Recorded"))
    kinds.append(Patch(facecolor="white", edgecolor=FAINT, hatch="////////", linewidth=0.5, label="Not operating"))
    figure.legend(handles=kinds, loc="outside upper left", ncols=3, handlelength=1.2, columnspacing=1.2)


def _whole(most: int) -> list[int]:
    """Ticks of a scale of counts that begins with one."""
    return sorted({1, *range(0, most + 1, -(-most // 5))} - {0})
