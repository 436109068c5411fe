"""One pin, one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from cameratrap.config import Config


def wired_pins(config: Config) -> dict[str, int | None]:
    """The BCM pins of what the trap itself switches and reads, by key; a PIR that is not used has none."""
    from cameratrap.config.trigger import TriggerMode

    has_pir = config.trigger.mode is not TriggerMode.MOTION
    return {
        "trigger.pin": config.trigger.pin if has_pir else None,
        "led.pin": config.led.pin,
        "lamp.pin": config.lamp.pin,
        "lamp.ir_cut_pin": config.lamp.ir_cut_pin,
        "modem.power_pin": config.modem.power_pin,
    }


def check_pins(config: Config) -> None:
    """Raises ConfigError where two things are wired to one pin. The pin that wakes the trap may be its PIR's."""
    pins = wired_pins(config) | {"power.pin": config.power.pin}
    first: dict[int, str] = {}
    problems = []
    for key, pin in pins.items():
        if pin is not None and first.setdefault(pin, key) != key:
            problems.append(ConfigProblem(key, str(pin), f"is {first[pin]}'s pin already"))
    if problems:
        raise ConfigError(problems)
