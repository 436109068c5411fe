"""What switches the trap off, and on again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem
from cameratrap.wiring.pins import ON_WITTY_PI, wired_pins

if TYPE_CHECKING:
    from cameratrap.config import Config
    from cameratrap.ports import PowerController


def open_power_controller(config: Config) -> PowerController | None:
    """What switches the trap off, and on again; None where nothing does. Raises DeviceError, ConfigError."""
    from cameratrap.config.power import Controller
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

    if problems := _halt_pin_problems(config):
        raise ConfigError(problems)
    mode = HaltMode[section.pin_mode.name]
    return HaltPin(mode, section.pin, alarm, wakes_itself=section.timer_minutes > 0)


def check_switching(config: Config) -> None:
    """Raises ConfigError for a halt pin that is not there, and for a timer whose starts nothing tells from the PIR's.

    A trap that is out there goes on without the latter: only this asks for it.
    """
    from cameratrap.config.power import Controller

    if config.power.controller is not Controller.HALT_PIN:
        return
    problems = _halt_pin_problems(config)
    if config.power.timer_minutes and config.wake.pin is None:
        needed = "must be set with power.timer_minutes: else each start by the timer is taken as a trigger of the PIR"
        problems.append(ConfigProblem("wake.pin", "not set", needed))
    if problems:
        raise ConfigError(problems)


def _halt_pin_problems(config: Config) -> list[ConfigProblem]:
    from cameratrap.config.power import PinMode

    section = config.power
    if section.pin is not None or section.pin_mode is PinMode.OVERLAY:
        return []
    return [ConfigProblem("power.pin", "not set", f'must be set with power.pin_mode = "{section.pin_mode}"')]


def _open_witty_pi(config: Config) -> PowerController:
    """Its own two pins must be nobody else's."""
    from cameratrap.config.power import Gauge
    from cameratrap.drivers.power_witty_pi import OWN_PINS, WittyPiPower
    from cameratrap.drivers.witty_pi import ADDRESS, WittyPi

    pins = wired_pins(config) | {"wake.pin": config.wake.pin}
    taken = [ConfigProblem(key, str(pin), ON_WITTY_PI) for key, pin in pins.items() if pin in OWN_PINS]
    if taken:
        raise ConfigError(taken, hint="choose a pin other than " + " and ".join(map(str, OWN_PINS)))
    section = config.battery
    own_address = section.address if section.gauge is Gauge.WITTY_PI_4 else None
    return WittyPiPower(WittyPi(bus=section.bus, address=own_address or ADDRESS))
