"""A picture of a forecast: how long each design lasts on each battery, on a scale from a day to two years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log

from cameratrap.domain.power_plan import Range

_ROW, _LEFT, _WIDTH, _TOP, _MARGIN = 26, 300, 560, 64, 60
_FIRST_DAYS, _LAST_DAYS = 0.25, 1000.0
_TICKS = ((1, "1 day"), (7, "a week"), (30, "a month"), (90, "3 months"), (365, "a year"))
_INK, _QUIET, _FAINT, _BAND, _POINT = "#1b1f23", "#57606a", "#d0d7de", "#9ecae1", "#08519c"
_LEGEND = "dot: likely days; band: every figure at its worst to every one at its best; the scale is logarithmic"


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One line of the picture."""

    label: str
    days: Range


def chart(title: str, rows: Sequence[ChartRow]) -> str:
    """An SVG picture: for each row the likely days as a dot, with their number, and the range as a band."""
    bottom = _TOP + _ROW * len(rows)
    size = f'width="{_LEFT + _WIDTH + 90}" height="{bottom + _MARGIN}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13" fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="16" y="26" font-size="16" font-weight="bold">{escape(title)}</text>',
        f'<text x="16" y="46" fill="{_QUIET}">{_LEGEND}</text>',
        *_scale(bottom),
        *(part for index, row in enumerate(rows) for part in _row(row, _TOP + _ROW * index + _ROW // 2)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _scale(bottom: int) -> list[str]:
    lines = []
    for days, name in _TICKS:
        x = _x(days)
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{_FAINT}"/>')
        lines.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{name}</text>')
    return lines


def _row(row: ChartRow, y: int) -> list[str]:
    low, likely, high = _x(row.days.low), _x(row.days.likely), _x(row.days.high)
    return [
        f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>',
        f'<rect x="{low:.1f}" y="{y - 6}" width="{max(high - low, 2):.1f}" height="12" rx="3" fill="{_BAND}"/>',
        f'<circle cx="{likely:.1f}" cy="{y}" r="5" fill="{_POINT}"/>',
        f'<text x="{high + 10:.1f}" y="{y + 4}">{row.days.likely:.3g} d</text>',
    ]


def _x(days: float) -> float:
    """Where so many days stand; what is beyond an end of the scale stands at that end."""
    inside = min(max(days, _FIRST_DAYS), _LAST_DAYS)
    return _LEFT + _WIDTH * log(inside / _FIRST_DAYS) / log(_LAST_DAYS / _FIRST_DAYS)
