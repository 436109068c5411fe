"""What sets the trap off, and how often it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem, DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cameratrap.app.sun import Schedule
    from cameratrap.config import Config
    from cameratrap.domain.throttle import Throttle
    from cameratrap.drivers.motion_trigger import MotionTriggers
    from cameratrap.ports import Camera, Clock, TriggerSource


def open_schedule(config: Config) -> Schedule:
    """When the trap is armed. Raises ConfigError that lists every window that cannot be."""
    from cameratrap.app.sun import Schedule, Sun, no_sun
    from cameratrap.domain.schedule import parse_window

    station = config.station
    windows, problems = [], []
    for text in config.trigger.schedule:
        try:
            window = parse_window(text)
        except ValueError as error:
            problems.append(ConfigProblem("trigger.schedule", f'"{text}"', str(error)))
            continue
        windows.append(window)
        if window.needs_sun and station.latitude is None:
            needed = "needs station.latitude and station.longitude: whole degrees are enough"
            problems.append(ConfigProblem("trigger.schedule", f'"{text}"', needed))
    if problems:
        raise ConfigError(problems)
    if station.place is None:
        return Schedule(windows, station.zone, no_sun)
    return Schedule(windows, station.zone, Sun(*station.place, station.zone))


def open_throttle(config: Config, *, is_asleep: Callable[[datetime], bool] = lambda _: False) -> Throttle:
    """What holds triggers back: the schedule, a trap that sleeps, the cool-down, the flood. Raises ConfigError."""
    from cameratrap.domain.throttle import Limits, Throttle

    section = config.trigger
    limits = Limits(section.cooldown_s, section.flood_at_once, section.flood_per_hour)
    return Throttle(limits, is_on=open_schedule(config).is_on, is_asleep=is_asleep)


def open_triggers(
    config: Config, clock: Clock, boot_id: str, camera: Camera, *, absent: Callable[[DeviceError], None] | None = None
) -> TriggerSource:
    """The sensor of trigger.mode, with time-lapse beside it where that is configured. Raises DeviceError.

    ``camera`` is where motion is seen. It is not closed with the triggers. ``absent`` is told of a sensor that cannot
    be had, where that is no error: nothing but time-lapse triggers then.
    """
    from cameratrap.drivers.timelapse import Timelapse
    from cameratrap.drivers.trigger_mix import TriggerMix

    try:
        sensor = _sensor(config, clock, boot_id, camera)
    except DeviceError as error:
        if absent is None:
            raise
        from cameratrap.app.no_sensor import NoSensor

        absent(error)
        sensor = NoSensor(error, clock)
    minutes = config.trigger.timelapse_minutes
    return TriggerMix(sensor, Timelapse(clock, minutes, boot_id=boot_id), clock) if minutes else sensor


def _sensor(config: Config, clock: Clock, boot_id: str, camera: Camera) -> TriggerSource:
    from cameratrap.config.trigger import TriggerMode
    from cameratrap.drivers.pir import PirTriggers
    from cameratrap.drivers.trigger_mix import ConfirmedTriggers

    section = config.trigger
    if section.mode is TriggerMode.MOTION:
        return _motion(config, clock, boot_id, camera)
    if section.mode is TriggerMode.PIR:
        return PirTriggers(section.pin, clock, boot_id=boot_id, settle_s=section.settle_s)
    motion = _motion(config, clock, boot_id, camera)
    pir = PirTriggers(section.pin, clock, boot_id=boot_id, settle_s=section.settle_s)
    return ConfirmedTriggers(pir, motion, clock, confirm_s=section.confirm_s)


def _motion(config: Config, clock: Clock, boot_id: str, camera: Camera) -> MotionTriggers:
    from msgspec.structs import asdict

    from cameratrap.drivers.motion_trigger import LumaStream, MotionTriggers

    try:
        from cameratrap.vision.motion import MotionSettings
    except ImportError as error:
        hint = "pip install 'cameratrap[detect]'"
        raise DeviceError("motion cannot be seen", device="camera", why=str(error), hint=hint) from error
    if not isinstance(camera, LumaStream):
        raise DeviceError(
            "this camera has no small pictures in which motion could be seen",
            device="camera",
            hint='trigger.mode = "pir" needs none',
        )
    chosen = {name: value for name, value in asdict(config.motion).items() if value is not None}
    # The camera restarts itself first, and raises what that does not cure.
    stall_s = (config.camera.restarts + 2) * (config.camera.stall_s + 2)
    return MotionTriggers(camera, clock, MotionSettings(**chosen), boot_id=boot_id, stall_s=stall_s)
