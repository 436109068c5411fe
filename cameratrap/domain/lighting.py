"""When it is night for a camera, and when its lamp is lit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LampMode(StrEnum):
    """When the lamp is lit for a burst; a battery that sinks takes precedence."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class NightLimits:
    """Limits for pictures without the lamp, mean luma 0 to 255: night falls below the one, and ends above the other.

    The camera's automatic exposure keeps pictures bright for as long as it can: they darken when it is at its end. The
    gap between the limits keeps the infrared filter, whose removal makes pictures brighter, from moving to and fro.
    """

    dark_below: float = 40
    bright_above: float = 80

    def is_night(self, brightness: float, before: bool) -> bool:
        """Whether it is night now; ``before`` is what the last picture said."""
        return brightness <= self.bright_above if before else brightness < self.dark_below


def wants_lamp(mode: LampMode, *, night: bool, allowed: bool) -> bool:
    """Whether the lamp is to be lit for a burst; ``allowed`` by the burst's profile."""
    return allowed and (mode is LampMode.ALWAYS or (mode is LampMode.AUTO and night))
