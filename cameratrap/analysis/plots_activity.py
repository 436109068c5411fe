"""Activity curves on paper: one taxon or two, their records, the night, and what two curves share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cameratrap.analysis.activity import HOURS_PER_RADIAN, ActivityCurve, Floats, density
from cameratrap.analysis.overlap import Overlap
from cameratrap.analysis.overlap_interval import Interval
from cameratrap.analysis.plots import COLOURS, DASHES, FILL, INK, NIGHT, Paper, drawing, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Centre = Literal["noon", "midnight"]
NOON = 12.0
_NAME = 40  # letters of a taxon's name that fit beside its number of records
_FINE = 577  # points of a line that looks smooth in print: every 2.5 minutes
_MANY = 1000  # records whose ticks are painted as one picture: thousands of lines make a file of megabytes
_RUG = 0.045  # the height of a row of records, as a share of the highest density


@dataclass(frozen=True, slots=True)
class DayAxis:
    """What the time axis says. ``sunrise`` and ``sunset``, radians, bound the night; None where they are not known.

    ``unit`` names one record, in the singular; ``night`` is what the shading is called.
    """

    label: str = "Clock time"
    sunrise: float | None = None
    sunset: float | None = None
    centre: Centre = "noon"
    unit: str = "event"
    night: str = "Night"


def activity_plot(
    curves: Sequence[tuple[str, ActivityCurve]],
    *,
    axis: DayAxis,
    paper: Paper,
    overlap: tuple[Overlap, Interval | None] | None = None,
) -> bytes:
    """The file's bytes: density against time of day, for one or two named curves.

    Below the curves each record is a tick. With ``overlap``, the area under the lower curve is filled and named with
    its estimator and its interval.
    """
    if not 1 <= len(curves) <= len(COLOURS):
        raise ValueError(f"one curve or two, not {len(curves)}")
    hours = np.linspace(*_ends(axis), _FINE)
    lines = [_density_per_hour(curve, hours) for _, curve in curves]
    top = float(np.max(lines))
    with drawing(paper, 66 if paper.is_narrow else 88) as drawn:
        figure, axes = drawn.figure, drawn.axes
        for number, (name, curve) in enumerate(curves):
            label = f"{printable(name, _NAME)} (n = {curve.n} {axis.unit}{'' if curve.n == 1 else 's'})"
            axes.plot(hours, lines[number], color=COLOURS[number], linestyle=DASHES[number], label=label, zorder=3)
            _rug(axes, axis, number, curve, top)
        if overlap:
            _shared(axes, hours, np.min(lines, axis=0), *overlap)
        _night(axes, axis)
        _frame(axes, axis, top, len(curves))
        figure.legend(loc="outside upper left", ncols=1 if paper.is_narrow else 2, handlelength=2.6)
    return drawn.content


def _density_per_hour(curve: ActivityCurve, hours: Floats) -> Floats:
    radians = hours / HOURS_PER_RADIAN
    return density(curve.times, radians, curve.bandwidth / curve.adjust) / HOURS_PER_RADIAN


def _rug(axes: Axes, axis: DayAxis, number: int, curve: ActivityCurve, top: float) -> None:
    """Fainter the more there are, so that many at one hour show as darker than a few."""
    hours = curve.times * HOURS_PER_RADIAN
    if axis.centre == "midnight":
        hours = np.where(hours > NOON, hours - 24, hours)
    foot = -top * _RUG * (1.3 * number + 0.3)
    faintness = float(np.clip(40 / curve.n, 0.15, 0.9))
    painted = curve.n > _MANY
    height = top * _RUG
    axes.vlines(hours, foot - height, foot, COLOURS[number], linewidth=0.6, alpha=faintness, rasterized=painted)


def _shared(axes: Axes, hours: Floats, lower: Floats, estimate: Overlap, interval: Interval | None) -> None:
    label = f"Overlap {estimate.estimator.value} = {estimate.value:.2f}"
    if interval:
        label += f" ({100 * interval.level:g}% CI {interval.low:.2f} to {interval.high:.2f})"
    axes.fill_between(hours, 0, lower, facecolor=FILL, edgecolor="white", hatch="////", linewidth=0, label=label)


def _night(axes: Axes, axis: DayAxis) -> None:
    if axis.sunrise is None or axis.sunset is None:
        return
    sunset = axis.sunset * HOURS_PER_RADIAN
    sunrise = sunset + (axis.sunrise * HOURS_PER_RADIAN - sunset) % 24
    first, last = _ends(axis)
    label = axis.night
    for days in (-48, -24, 0):
        start, end = max(sunset + days, first), min(sunrise + days, last)
        if start < end:
            axes.axvspan(start, end, color=NIGHT, linewidth=0, label=label, zorder=0)
            label = "_"  # the legend names it once


def _frame(axes: Axes, axis: DayAxis, top: float, rows: int) -> None:
    first, last = _ends(axis)
    axes.set_xlim(first, last)
    axes.set_ylim(-top * _RUG * (1.3 * rows + 0.6), top * 1.06)
    axes.axhline(0, color=INK, linewidth=0.6, zorder=2)
    ticks = np.linspace(first, last, 5)
    axes.set_xticks(ticks, [f"{hour if hour in (0, 24) else hour % 24:g}:00" for hour in ticks])
    axes.set_xticks(np.arange(first, last + 1, 2), minor=True)
    axes.tick_params(which="minor", length=1.5, width=0.5)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= top * 1.06])
    axes.set_xlabel(printable(axis.label))
    axes.set_ylabel("Density per hour")


def _ends(axis: DayAxis) -> tuple[float, float]:
    return (0.0, 24.0) if axis.centre == "noon" else (-NOON, NOON)
