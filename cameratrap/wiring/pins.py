"""One pin, one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from cameratrap.config import Config

I2C_PINS, I2C_BUS = (2, 3), 1
SERIAL_PINS = (14, 15)
SERIAL_PORTS = ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0")  # names of the header's UART
ON_WITTY_PI = "is wired to the Witty Pi 4"


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
    if config.wake.pin != pins["trigger.pin"]:
        pins["wake.pin"] = config.wake.pin
    taken = _pins_of_devices(config)
    problems = []
    for key, pin in pins.items():
        if pin is not None and taken.setdefault(pin, f"is {key}'s pin already") != f"is {key}'s pin already":
            problems.append(ConfigProblem(key, str(pin), taken[pin]))
    if problems:
        raise ConfigError(problems)


def _pins_of_devices(config: Config) -> dict[int, str]:
    """The pins that a bus or a board has for itself, and what is said of whoever is wired to them as well."""
    from cameratrap.config.power import Controller, Gauge

    taken: dict[int, str] = {}
    gauge = config.battery.gauge
    has_witty_pi = config.power.controller is Controller.WITTY_PI_4 or gauge is Gauge.WITTY_PI_4
    if has_witty_pi:
        from cameratrap.drivers.power_witty_pi import OWN_PINS

        taken |= dict.fromkeys(OWN_PINS, ON_WITTY_PI)
    if (has_witty_pi or gauge is not Gauge.NONE) and config.battery.bus == I2C_BUS:
        taken |= dict.fromkeys(I2C_PINS, f"is the I2C bus's (battery.bus = {I2C_BUS})")
    if config.modem.port in SERIAL_PORTS:
        taken |= dict.fromkeys(SERIAL_PINS, f'is the serial line\'s (modem.port = "{config.modem.port}")')
    return taken
