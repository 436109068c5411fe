"""What switches the trap off, and on again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem
from cameratrap.wiring.pins import wired_pins

if TYPE_CHECKING:
    from cameratrap.config import Config
    from cameratrap.ports import PowerController


def open_power_controller(config: Config) -> PowerController | None:
    """What switches the trap off, and on again; None where nothing does. Raises DeviceError, ConfigError."""
    from cameratrap.config.power import Controller, PinMode
    from cameratrap.drivers.rtc_alarm import RtcAlarm

    section = config.power
    if section.controller is Controller.NONE:
        return None
    if section.controller is Controller.WITTY_PI_4:
        return _open_witty_pi(config)
    alarm = RtcAlarm(section.rtc) if section.rtc else None
    if section.controller is Controller.SYSTEMD:
        from cameratrap.drivers.power_systemd import SystemdPower

        return SystemdPower(alarm)
    from cameratrap.drivers.power_halt_pin import HaltMode, HaltPin

    if section.pin is None and section.pin_mode is not PinMode.OVERLAY:
        needed = f'must be set with power.pin_mode = "{section.pin_mode}"'
        raise ConfigError([ConfigProblem("power.pin", "not set", needed)])
    mode = HaltMode[section.pin_mode.name]
    return HaltPin(mode, section.pin, alarm, wakes_itself=section.timer_minutes > 0)


def _open_witty_pi(config: Config) -> PowerController:
    """Its own two pins must be nobody else's."""
    from cameratrap.config.power import Gauge
    from cameratrap.drivers.power_witty_pi import OWN_PINS, WittyPiPower
    from cameratrap.drivers.witty_pi import ADDRESS, WittyPi

    pins = wired_pins(config) | {"wake.pin": config.wake.pin}
    taken = [ConfigProblem(key, str(pin), "is wired to the Witty Pi 4") for key, pin in pins.items() if pin in OWN_PINS]
    if taken:
        raise ConfigError(taken, hint="choose a pin other than " + " and ".join(map(str, OWN_PINS)))
    section = config.battery
    own_address = section.address if section.gauge is Gauge.WITTY_PI_4 else None
    return WittyPiPower(WittyPi(bus=section.bus, address=own_address or ADDRESS))
