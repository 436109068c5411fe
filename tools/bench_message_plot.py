"""The sizes as bars, for the README: `tools/bench message --plot FILE`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from picture_sheet import ACCENT, HAIR, INK, SMALL, SOFT, TINT, WIDTH, Sheet

from cameratrap.domain.credits import CREDIT_BYTES

LEFT, RIGHT, TOP, BOTTOM = 560, 230, 110, 660
MEAN_AT, MOST_AT = WIDTH - 130, WIDTH - 50
TICKS = 25


@dataclass(frozen=True, slots=True)
class Bar:
    """One encoding: the mean is the bar, a thin line goes on to what 99 of 100 do not exceed; bytes."""

    name: str
    mean: float
    most: float
    ours: bool


def draw(bars: Sequence[Bar], file: Path) -> None:
    """Write them to ``file`` as PNG, in the style of the README's other picture."""
    sheet = Sheet()
    longest = max([CREDIT_BYTES, *(bar.most for bar in bars)])
    scale = (WIDTH - LEFT - RIGHT) / longest
    sheet.text(60, 62, "Bytes of a day's full record", strong=True)
    sheet.text(LEFT, 62, "bar: mean; line: 99 % of days; one credit pays for 50", size=SMALL, ink=SOFT)
    sheet.text(MEAN_AT, 62, "mean", size=SMALL, ink=SOFT, at="rs")
    sheet.text(MOST_AT, 62, "99 %", size=SMALL, ink=SOFT, at="rs")
    for tick in range(0, int(longest) + 1, TICKS):
        _tick(sheet, LEFT + tick * scale, tick)
    height = (BOTTOM - TOP) / max(1, len(bars))
    for number, bar in enumerate(bars):
        _bar(sheet, bar, TOP + number * height, height, scale)
    x = LEFT + CREDIT_BYTES * scale
    sheet.line([(x, TOP - 12), (x, BOTTOM)], INK, 4)
    sheet.finished().quantize(64).save(file, "PNG", optimize=True)


def _tick(sheet: Sheet, x: float, tick: int) -> None:
    sheet.line([(x, TOP - 12), (x, BOTTOM)], HAIR, 2)
    sheet.text(x, BOTTOM + 36, str(tick), size=SMALL, ink=SOFT, at="ms")


def _bar(sheet: Sheet, bar: Bar, y: float, height: float, scale: float) -> None:
    middle, thick = y + height / 2, height * 0.6
    sheet.text(LEFT - 20, middle + 9, bar.name, size=SMALL, at="rs", strong=bar.ours)
    sheet.box(LEFT, middle - thick / 2, bar.mean * scale, thick, fill=ACCENT if bar.ours else TINT)
    sheet.line([(LEFT + bar.mean * scale, middle), (LEFT + bar.most * scale, middle)], SOFT, 3)
    sheet.text(MEAN_AT, middle + 9, f"{bar.mean:.1f}", size=SMALL, at="rs", strong=bar.ours)
    sheet.text(MOST_AT, middle + 9, f"{bar.most:g}", size=SMALL, at="rs", ink=SOFT)
