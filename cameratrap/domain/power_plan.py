"""How long a trap runs on a battery, and how long after the trigger it takes its first picture.

A day's energy is what stands by all day, what each trigger adds, and the satellite's part, over the efficiency of the
converter::

    Wh/day = (standby_w * 86400 + triggers * (boot_j + session_s * active_w + night_share * lamp_j) + satellite_j)
             / 3600 / (1 - converter_loss)

Triggers are the events times one plus the false ratio: the triggers without an animal for each one with. The range is
that of every figure at its low and of every figure at its high end at once: nothing known lies outside it. What a
battery loses by itself is not counted; beyond a year that is no longer little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cameratrap.domain.energy import DAY_S
from cameratrap.domain.power_figures import FIGURES, Figure

BOARDS = ("zero-2-w", "pi-4", "pi-5")
SLOW_TRIGGER_S = 2.1  # passing animals are gone in 0.2 to 2.1 s (PLoS ONE, 10.1371/journal.pone.0067940)


class Gating(StrEnum):
    """What waits for the trigger."""

    ALWAYS_ON = "always-on"  # a running Pi, blocked on the PIR's edge
    MOTION = "motion"  # a running Pi that looks for motion in the camera's stream
    HALTED = "halted"  # a Pi that was shut down with its 5 V still on
    GATED = "gated"  # a controller that has cut the Pi's power


class Boot(StrEnum):
    """The system as it is installed, or made quick and frugal by hand."""

    STOCK = "stock"
    TUNED = "tuned"


@dataclass(frozen=True, slots=True)
class Load:
    """What a day brings: ``false_ratio`` is triggers without an animal for each event; ``lamp``: it lights by night."""

    events_per_day: float = 30.0
    false_ratio: float = 2.0
    lamp: bool = True

    @property
    def triggers(self) -> float:
        """Triggers a day."""
        return self.events_per_day * (1 + self.false_ratio)


@dataclass(frozen=True, slots=True)
class Design:
    """A way to build the trap. It is on, or armed, for ``on_hours`` a day in ``windows`` stretches.

    ``controller`` names the figure of what switches the Pi.
    """

    gating: Gating
    boot: Boot = Boot.STOCK
    board: str = "zero-2-w"
    on_hours: float = 24.0
    windows: int = 1
    camera_open: bool = False
    modem_switched: bool = True
    controller: str = "controller_w"

    @property
    def boots_per_trigger(self) -> bool:
        """Whether the trigger finds the Pi off."""
        return self.gating in (Gating.HALTED, Gating.GATED)

    def boots_a_day(self, load: Load) -> float:
        """At each trigger, or at the beginning of each stretch, or never."""
        if self.boots_per_trigger:
            return load.triggers
        return self.windows if self.on_hours < 24 else 0


@dataclass(frozen=True, slots=True)
class Range:
    """A result where every figure is likely, low, or high."""

    likely: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a design takes under a load: joules a day by activity, before the converter, and what follows.

    ``used`` names the figures it rests on.
    """

    joules: Mapping[str, float]
    wh_per_day: Range
    first_frame_s: Range
    used: tuple[str, ...]

    @property
    def is_slow_trigger(self) -> bool:
        """Whether animals that only pass are likely to be gone before the first picture."""
        return self.first_frame_s.likely > SLOW_TRIGGER_S

    def days(self, usable_wh: float) -> Range:
        """Days on a battery that gives ``usable_wh``; low is the fewest."""
        wh = self.wh_per_day
        return Range(usable_wh / wh.likely, usable_wh / wh.high, usable_wh / wh.low)


# The designs that are compared, by name.
DESIGNS: Mapping[str, Design] = {
    "always-on-stock": Design(Gating.ALWAYS_ON),
    "always-on": Design(Gating.ALWAYS_ON, Boot.TUNED),
    "motion": Design(Gating.MOTION),
    "gated-stock": Design(Gating.GATED),
    "gated": Design(Gating.GATED, Boot.TUNED),
    "gated-timer": Design(Gating.GATED, Boot.TUNED, controller="timer_w"),
    "pi-4": Design(Gating.ALWAYS_ON, board="pi-4"),
    "pi-5-halted": Design(Gating.HALTED, board="pi-5"),
    "halted": Design(Gating.HALTED),
    "dawn-and-dusk": Design(Gating.ALWAYS_ON, Boot.TUNED, on_hours=6, windows=2),
}


def forecast(design: Design, load: Load, figures: Mapping[str, Figure] = FIGURES) -> Forecast:
    """What ``design`` takes a day under ``load``, and how soon it takes a picture."""
    used: set[str] = set()

    def at(end: Callable[[Figure], float]) -> Callable[[str], float]:
        def value(name: str) -> float:
            used.add(name)
            return end(figures[name])

        return value

    likely, low, high = at(lambda figure: figure.value), at(lambda figure: figure.low), at(lambda figure: figure.high)
    return Forecast(
        joules_by_activity(design, load, likely),
        Range(*(_wh_per_day(design, load, end) for end in (likely, low, high))),
        Range(*(_first_frame_s(design, end) for end in (likely, low, high))),
        tuple(name for name in figures if name in used),
    )


def busy_hours(design: Design, load: Load, figures: Mapping[str, Figure] = FIGURES) -> float:
    """Hours a day that the triggers take, one after the other: more than ``on_hours`` of them no day holds."""
    boot_s = _first_frame_s(design, lambda name: figures[name].value) if design.boots_per_trigger else 0.0
    return load.triggers * (boot_s + figures["session_s"].value) / 3600


def joules_by_activity(design: Design, load: Load, of: Callable[[str], float]) -> dict[str, float]:
    """Joules a day that each activity takes; ``of`` gives a figure by name."""
    boots = design.boots_a_day(load)
    lamp_j = of("night_share") * of("lamp_j") if load.lamp else 0.0
    return {
        "standby": _standby_j(design, of),
        "boot": boots * of(_of_board(design, f"{design.boot}_boot_j")) if boots else 0.0,
        "capture and detection": load.triggers * of("session_s") * of(_of_board(design, "active_w")),
        "lamp": load.triggers * lamp_j,
        "satellite": of("satellite_j") + (0.0 if design.modem_switched else of("modem_idle_w") * DAY_S),
    }


def _standby_j(design: Design, of: Callable[[str], float]) -> float:
    on_s = design.on_hours * 3600
    off_j = (DAY_S - on_s) * of(design.controller) if on_s < DAY_S else 0.0
    return on_s * _waiting_w(design, of) + off_j


def _waiting_w(design: Design, of: Callable[[str], float]) -> float:
    match design.gating:
        case Gating.GATED:
            return of(design.controller)
        case Gating.HALTED:
            return of(_of_board(design, "halted_w"))
        case Gating.MOTION:
            return of(_of_board(design, "motion_w"))
        case Gating.ALWAYS_ON:
            idle = "tuned_idle_w" if design.boot is Boot.TUNED else "idle_w"
            return of(_of_board(design, idle)) + (of("camera_open_w") if design.camera_open else 0.0)


def _of_board(design: Design, figure: str) -> str:
    return f"{design.board.replace('-', '_')}_{figure}"


def _wh_per_day(design: Design, load: Load, of: Callable[[str], float]) -> float:
    return sum(joules_by_activity(design, load, of).values()) / 3600 / (1 - of("converter_loss"))


def _first_frame_s(design: Design, of: Callable[[str], float]) -> float:
    if design.boots_per_trigger:
        return of(_of_board(design, f"{design.boot}_boot_s")) + of("wake_start_s")
    is_open = design.camera_open or design.gating is Gating.MOTION
    return of("open_frame_s") if is_open else of("camera_start_s")
