"""The infrared lamp and the camera's infrared-cut filter on GPIO pins, switched by how dark the pictures are.

This file alone knows how long lamp and filter take, and when to switch them. That the lamp may cost too much is decided
by whoever makes the burst's profile (``domain.saving``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from cameratrap.domain.capture import Incident
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.lighting import LampMode, NightLimits, wants_lamp
from cameratrap.drivers.gpio import claim

LAMP_S = 0.1
"""From switching the lamp to the first exposure that it, and the camera's reckoning of it, is right for."""
FILTER_S = 0.3
"""The same for the filter, which a coil moves."""
FRESH_S = 60.0
"""Dusk does not fall in a minute: within this, what the last picture without the lamp said still holds."""
HOLDS_S = 10.0
"""So long the standing stream must say the other: longer than lightning, a torch or an animal that covers the lens."""


@dataclass(frozen=True, slots=True)
class LightSettings:
    """BCM pins, None where there is none; the filter's is high by day, or low where ``filter_inverted``."""

    lamp_pin: int | None = None
    mode: LampMode = LampMode.AUTO
    filter_pin: int | None = None
    filter_inverted: bool = False
    night: NightLimits = field(default_factory=NightLimits)
    health: LampHealth = field(default_factory=LampHealth)


class Lighting:
    """Lamp and filter of one camera. The lamp is off but for bursts at night; the filter is out at night.

    Raises DeviceError where a pin cannot be had.
    """

    def __init__(self, settings: LightSettings, monotonic_s: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic_s = monotonic_s
        self._health = settings.health
        self._incidents: list[Incident] = []
        self._night = False
        self._measured_s: float | None = None
        self._doubted_s: float | None = None  # since when the pictures say the other
        self._switched_s: float | None = None
        self._ready_s = 0.0
        self._filter: Any = None
        self._lamp = _output(settings.lamp_pin, "the lamp's", "lamp.pin")
        try:
            self._filter = _output(settings.filter_pin, "the infrared-cut filter's", "lamp.ir_cut_pin")
            self._move_filter(out=False)
            self._switched_s, self._ready_s = None, 0.0  # it is there by day already, and without power
        except BaseException:
            self.close()
            raise

    @property
    def is_lit(self) -> bool:
        """Whether the lamp is on."""
        return self._lamp is not None and bool(self._lamp.value)

    @property
    def switched_s(self) -> float | None:
        """When lamp or filter was switched last (monotonic); None where neither was."""
        return self._switched_s

    @property
    def ready_s(self) -> float:
        """An exposure that began at this moment (monotonic) or later is in the light that was asked for."""
        return self._ready_s

    def must_look(self) -> bool:
        """Whether a picture without the lamp is needed before it can be said what to switch."""
        if self._filter is None and (self._lamp is None or self._settings.mode is not LampMode.AUTO):
            return False
        return self._measured_s is None or self._monotonic_s() - self._measured_s > FRESH_S

    def measure(self, brightness: float) -> None:
        """Take note of a picture of a standing stream without the lamp, mean luma 0 to 255.

        The filter follows what holds for ``HOLDS_S``; of what was not known at all the first picture is believed.
        """
        if self._measured_s is None or not self._contradicts(brightness):
            self.look(brightness)
            return
        now_s = self._monotonic_s()
        if self._doubted_s is None:
            self._doubted_s = now_s
        if now_s - self._doubted_s >= HOLDS_S:
            self.look(brightness)

    def may_be_a_flash(self, brightness: float) -> bool:
        """Whether a look before a burst is bright in what was night: a second one tells if the night is over."""
        return self._night and self._contradicts(brightness)

    def look(self, brightness: float) -> None:
        """Believe a picture without the lamp; the filter follows it. Darkness is no flash, and holds for a while."""
        may_be_a_flash = self.may_be_a_flash(brightness)
        if self._contradicts(brightness):
            self._night = not self._night
            self._move_filter(out=self._night)
        self._doubted_s = None
        self._measured_s = -inf if may_be_a_flash else self._monotonic_s()

    def light(self, *, allowed: bool) -> bool:
        """Switch the lamp on if it is wanted now, and say whether it is on."""
        if self._lamp is None or not wants_lamp(self._settings.mode, night=self._night, allowed=allowed):
            return False
        if not self._lamp.value:
            self._lamp.on()
            self._switched(LAMP_S)
        return True

    def off(self) -> None:
        """Switch the lamp off; it may be off."""
        if self._lamp is not None and not self._lamp.closed and self._lamp.value:
            self._lamp.off()
            self._switched(LAMP_S)

    def judge(self, brightness: float) -> None:
        """Take note of the brightest picture of a burst that was lit; that the lamp is dead, or not, is told once."""
        before, self._health = self._health, self._health.after(brightness)
        if self._health.dead is before.dead:
            return
        if self._health.dead:
            what = f"lit, yet {self._health.dark_in_a_row} bursts in a row were dark (luma {brightness:.0f} of 255)"
        else:
            what = f"its pictures are bright again (luma {brightness:.0f} of 255)"
        self._incidents.append(Incident("lamp", what, self._monotonic_s(), recovered=not self._health.dead))

    def recall(self, lit_bursts: Sequence[float]) -> None:
        """How bright earlier lit bursts were, oldest first: what a process that lives for one burst cannot know."""
        for brightness in lit_bursts:
            self.judge(brightness)

    def incidents(self) -> Sequence[Incident]:
        """What became of the lamp since this was last asked, each told once."""
        told, self._incidents = tuple(self._incidents), []
        return told

    def close(self) -> None:
        """Lamp off, and the pins given back. The filter stays where it is."""
        self.off()
        for pin in (self._lamp, self._filter):
            if pin is not None:
                pin.close()

    def _contradicts(self, brightness: float) -> bool:
        return self._settings.night.is_night(brightness, self._night) is not self._night

    def _move_filter(self, *, out: bool) -> None:
        if self._filter is not None:
            self._filter.value = out is self._settings.filter_inverted
            self._switched(FILTER_S)

    def _switched(self, takes_s: float) -> None:
        self._switched_s = self._monotonic_s()
        self._ready_s = max(self._ready_s, self._switched_s + takes_s)


def _output(pin: int | None, what: str, key: str) -> Any:
    if pin is None:
        return None
    return claim(
        pin, lambda gpiozero: gpiozero.OutputDevice(pin, initial_value=False), device="lamp", what=what, key=key
    )
