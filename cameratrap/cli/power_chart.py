"""A picture of a forecast: how long each design lasts on each battery, on a scale that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log

from cameratrap.domain.power_plan import Range

_ROW, _LEFT, _WIDTH, _TOP, _MARGIN = 26, 300, 560, 64, 60
_FIRST_DAYS, _LAST_DAYS = 0.25, 1000.0  # further where the days are
_TICKS = (
    (1, "1 day"),
    (7, "a week"),
    (30, "a month"),
    (90, "3 months"),
    (365, "a year"),
    (3650, "10 years"),
    (36500, "100 years"),
)
_INK, _QUIET, _FAINT, _BAND, _POINT = "#1b1f23", "#57606a", "#d0d7de", "#9ecae1", "#08519c"
_LEGEND = "dot: likely days; band: every figure at its worst to every one at its best; the scale is logarithmic"


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One line of the picture."""

    label: str
    days: Range


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days to the right, logarithmic."""

    first: float
    last: float

    @classmethod
    def of(cls, rows: Sequence[ChartRow]) -> _Scale:
        """One on which nothing of any row is cut off."""
        low = min((row.days.low for row in rows), default=_FIRST_DAYS)
        high = max((row.days.high for row in rows), default=_LAST_DAYS)
        return cls(min(low, _FIRST_DAYS), max(high, _LAST_DAYS))

    def x(self, days: float) -> float:
        """Where so many days stand."""
        return _LEFT + _WIDTH * log(days / self.first) / log(self.last / self.first)


def chart(title: str, rows: Sequence[ChartRow]) -> str:
    """An SVG picture: for each row the likely days as a dot, with their number, and the range as a band."""
    bottom, scale = _TOP + _ROW * len(rows), _Scale.of(rows)
    size = f'width="{_LEFT + _WIDTH + 90}" height="{bottom + _MARGIN}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13" fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="16" y="26" font-size="16" font-weight="bold">{escape(title)}</text>',
        f'<text x="16" y="46" fill="{_QUIET}">{_LEGEND}</text>',
        *_grid(scale, bottom),
        *(part for index, row in enumerate(rows) for part in _row(scale, row, _TOP + _ROW * index + _ROW // 2)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(scale: _Scale, bottom: int) -> list[str]:
    lines = []
    for days, name in _TICKS:
        if days > scale.last:
            break
        x = scale.x(days)
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{_FAINT}"/>')
        lines.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{name}</text>')
    return lines


def _row(scale: _Scale, row: ChartRow, y: int) -> list[str]:
    low, likely, high = scale.x(row.days.low), scale.x(row.days.likely), scale.x(row.days.high)
    return [
        f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>',
        f'<rect x="{low:.1f}" y="{y - 6}" width="{max(high - low, 2):.1f}" height="12" rx="3" fill="{_BAND}"/>',
        f'<circle cx="{likely:.1f}" cy="{y}" r="5" fill="{_POINT}"/>',
        f'<text x="{high + 10:.1f}" y="{y + 4}">{_short(row.days.likely)} d</text>',
    ]


def _short(days: float) -> str:
    """Three digits, and no exponent."""
    return f"{days:.3g}" if days < 1000 else f"{float(f'{days:.3g}'):.0f}"
