"""Plots one would print: their size on paper, one look for all of them, SVG or PNG.

They hold in print and for every reader: lines differ by dash as well as by colour (Okabe and Ito's, which the
colour-blind tell apart), shades by lightness, and nothing is said by colour alone. Text in an SVG stays text, so that
a journal's own typeface can replace it. There are no titles: a caption belongs to the page the plot is put on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import takewhile
from typing import TYPE_CHECKING, Literal
from warnings import catch_warnings, filterwarnings

from cameratrap.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Form = Literal["svg", "png"]

COLUMN_MM = 85.0  # one column of most journals
PAGE_MM = 174.0  # both
DPI = 300
INK, QUIET, FAINT = "#1a1a1a", "#5f6368", "#d5d8dc"
NIGHT, FILL = "#e9ebf0", "#aeb4bd"
COLOURS = ("#0072b2", "#d55e00")
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = ("solid", (0, (4.5, 1.6)))
_MM_PER_INCH = 25.4
# When and with what it was drawn is left out: the same numbers give the same file.
_NO_METADATA: dict[Form, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}
_ROW_MM, _LONGEST_MM = 4.2, 225.0
_MOST_NAMES, _LONGEST_NAME, _LONGEST_TEXT = 48, 44, 72
_CUT = "\N{HORIZONTAL ELLIPSIS}"
_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.4,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "text.color": INK,
    "text.parse_math": False,  # a label's dollar sign is a dollar sign
    "date.converter": "concise",
    "svg.fonttype": "none",
    "svg.hashsalt": "cameratrap",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """What a plot is drawn for: the form of the file and its width in print, in millimetres."""

    form: Form = "svg"
    width_mm: float = COLUMN_MM

    @property
    def is_narrow(self) -> bool:
        """Whether labels have to be few."""
        return self.width_mm < (COLUMN_MM + PAGE_MM) / 2


class Drawing:
    """A figure with one pair of axes, and after the ``drawing`` block its file's bytes."""

    def __init__(self, figure: Figure, axes: Axes) -> None:
        self.figure = figure
        self.axes = axes
        self.content = b""


@contextmanager
def drawing(paper: Paper, height_mm: float) -> Iterator[Drawing]:
    """What is drawn within the block has the style of all plots; the caller's settings stay as they are."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):  # type: ignore[arg-type]
        size = (paper.width_mm / _MM_PER_INCH, height_mm / _MM_PER_INCH)
        figure = Figure(figsize=size, dpi=DPI, layout="constrained")
        drawn = Drawing(figure, figure.add_subplot())
        yield drawn
        drawn.content = _written(figure, paper.form)


def _written(figure: Figure, form: Form) -> bytes:
    content = BytesIO()
    with catch_warnings():
        # Whoever opens an SVG has the typeface for its text; in a PNG such a letter would be an empty box.
        filterwarnings("ignore" if form == "svg" else "error", "Glyph")
        try:
            figure.savefig(content, format=form, facecolor="white", metadata=_NO_METADATA[form])
        except UserWarning as missing:
            hint = "draw an .svg: its text stays text"
            raise AnalysisError("a name has letters that this typeface lacks", why=str(missing), hint=hint) from None
    # An SVG begins with its own element: a page can hold it as it is, and it refers to nothing outside.
    return content.getvalue()[content.getvalue().index(b"<svg") if form == "svg" else 0 :]


def rows_mm(rows: int, around_mm: float) -> float:
    """How high a plot with that many labelled rows is: what stands around them, and rows as far as a page is long."""
    return around_mm + min(max(_ROW_MM * rows, 3 * _ROW_MM), _LONGEST_MM - around_mm)


def label_rows(axes: Axes, names: Sequence[str], paper: Paper) -> None:
    """The rows' names from the top down; where there are too many for a page, every second or third of them."""
    longest = _LONGEST_NAME // 2 if paper.is_narrow else _LONGEST_NAME
    every = -(-len(names) // _MOST_NAMES)
    axes.set_yticks(range(0, len(names), every), told_apart(names, longest)[::every])
    axes.set_ylim(len(names) - 0.5, -0.5)


def told_apart(names: Sequence[str], longest: int) -> list[str]:
    """The same names in that many letters, so that those that differ still do: many begin or end alike.

    Both ends are kept, unless what tells names apart stands between them: then what all of them begin with goes.
    """
    whole = [printable(name, len(name) + 1) for name in names]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(min(whole), max(whole), strict=False))
    shared = sum(1 for _ in alike) if len(set(whole)) > 1 else 0
    own = [name if len(name) <= longest else _CUT + name[shared:] for name in whole]
    ways = ([_ends(name, longest) for name in whole], [_ends(name, longest) for name in own],
            [printable(name, longest) for name in own])  # fmt: skip
    return max(ways, key=lambda labels: len(set(labels)))


def _ends(name: str, longest: int) -> str:
    """Of a name that is too long, the beginning and, twice as long, the end, which is where numbers stand."""
    first = (longest - 1) // 3
    return name if len(name) <= longest else name[:first] + _CUT + name[first + 1 - longest :]


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """A label without what would break an SVG or move the rest of the line: names come from files and models."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    clean = f" {clean}" if clean.startswith("_") else clean  # such a label is in no legend of matplotlib's
    return clean if len(clean) <= longest else clean[: longest - 1] + _CUT
