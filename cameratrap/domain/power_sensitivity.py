"""What a battery's days depend on most: the forecast with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cameratrap.domain.power_figures import FIGURES, Figure, fixed
from cameratrap.domain.power_plan import Boot, Design, Load, forecast


@dataclass(frozen=True, slots=True)
class Change:
    """One thing changed, everything else as it was."""

    what: str
    to: str
    design: Design
    load: Load
    figures: Mapping[str, Figure]


def changes(design: Design, load: Load, figures: Mapping[str, Figure] = FIGURES) -> Iterable[Change]:
    """What the days depend on most, one change at a time; events and false triggers in all combinations."""
    for events in (5.0, 30.0, 150.0):
        for ratio in (0.0, 2.0, 10.0):
            changed = replace(load, events_per_day=events, false_ratio=ratio)
            yield Change("events a day / false ratio", f"{events:g} / {ratio:g}", design, changed, figures)
    for boot in Boot:
        yield Change("boot", boot.value, replace(design, boot=boot), load, figures)
    for lamp in (False, True):
        yield Change("lamp", "by night" if lamp else "never", design, replace(load, lamp=lamp), figures)
    for switched in (False, True):
        to = "switched off" if switched else "left idle"
        yield Change("modem", to, replace(design, modem_switched=switched), load, figures)
    for name in _standby_figures(design, load, figures):
        for value in (figures[name].low, figures[name].high):
            yield Change(name, f"{value:g} W", design, load, fixed(figures, {name: value}))


def _standby_figures(design: Design, load: Load, figures: Mapping[str, Figure]) -> list[str]:
    """The figures of what waits: those in watts that this design uses, but for what runs at a trigger."""
    used = forecast(design, load, figures).used
    return [name for name in used if name.endswith("_w") and not name.endswith("active_w")]
