"""The camera with its lamp and its infrared-cut filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem, DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cameratrap.config import Config
    from cameratrap.domain.capture import BurstProfile
    from cameratrap.domain.lighting import NightLimits
    from cameratrap.drivers.camera_device import CameraDevice
    from cameratrap.drivers.lamp import Lighting, LightSettings
    from cameratrap.drivers.trap_camera import TrapCamera
    from cameratrap.ports import Clock


def burst_profile(config: Config) -> BurstProfile:
    """How many pictures, how far apart: the profile's, unless the configuration or a command says otherwise.

    Count and spacing may come from different hands, so it is here that a burst is kept to ``LONGEST_BURST_S``.
    """
    from dataclasses import replace

    from cameratrap.domain.capture import LONGEST_BURST_S

    asked = _burst_asked(config)
    return replace(asked, spacing_s=min(asked.spacing_s, LONGEST_BURST_S / max(asked.count - 1, 1)))


def _burst_asked(config: Config) -> BurstProfile:
    from cameratrap.domain.capture import PROFILES, BurstProfile

    profile, section = PROFILES[config.burst.profile], config.burst
    count = profile.count if section.count is None else section.count
    spacing_s = profile.spacing_s if section.spacing_s is None else section.spacing_s
    return BurstProfile(count, spacing_s, profile.lamp)


def check_burst(config: Config) -> None:
    """Raises ConfigError for a burst that would be shortened."""
    from cameratrap.domain.capture import LONGEST_BURST_S

    asked = _burst_asked(config)
    takes_s = (asked.count - 1) * asked.spacing_s
    if takes_s > LONGEST_BURST_S:
        why = f"{asked.count} pictures (burst.count) would take {takes_s:g} s, more than {LONGEST_BURST_S:g}"
        raise ConfigError([ConfigProblem("burst.spacing_s", f"{asked.spacing_s:g}", why)])


def open_camera(
    config: Config,
    *,
    at_once: bool = False,
    absent: Callable[[DeviceError], None] | None = None,
    unlit: Callable[[DeviceError], None] | None = None,
) -> TrapCamera:
    """The camera with its lamp and its infrared-cut filter. Raises DeviceError, ConfigError.

    ``at_once``: its first frame is asked for before anything else of it is set up. ``absent`` is told of a camera that
    is not there, where that is no error: it is down from then on, and each burst tries to open it. ``unlit`` is told
    of a pin of lamp or filter that cannot be had, likewise: neither is used then.
    """
    night = night_limits(config)
    device, missing = _camera_device(config), None
    try:
        _start_camera_device(device, config, at_once=at_once)
    except DeviceError as error:
        if absent is None:
            raise
        missing = error
        absent(error)
    try:
        from cameratrap.drivers.clock import SystemClock
        from cameratrap.drivers.trap_camera import CameraSettings, TrapCamera

        clock, section = SystemClock(config.station.zone), config.camera
        settings = CameraSettings(_is_kept_running(config), section.settle_s, section.stall_s, section.restarts)
        lighting, dark = _lighting(_light_settings(config, night), clock, unlit)
        return TrapCamera(device, lighting, clock, settings, missing=missing, dark=dark)
    except BaseException:
        device.close()
        raise


def _lighting(
    settings: LightSettings, clock: Clock, unlit: Callable[[DeviceError], None] | None
) -> tuple[Lighting, DeviceError | None]:
    """Lamp and filter, and why they cannot be had. A lamp behind a filter that stays in would light nothing."""
    from dataclasses import replace

    from cameratrap.drivers.lamp import Lighting

    try:
        return Lighting(settings, clock.monotonic_s), None
    except DeviceError as error:
        if unlit is None:
            raise
        unlit(error)
        return Lighting(replace(settings, lamp_pin=None, filter_pin=None), clock.monotonic_s), error


def _start_camera_device(device: CameraDevice, config: Config, *, at_once: bool) -> None:
    device.open()
    try:
        if at_once or _is_kept_running(config):
            device.start(at_once=at_once)
            device.pace(fast=at_once)
        else:
            device.stop()
    except BaseException:
        device.close()
        raise


def _camera_device(config: Config) -> CameraDevice:
    from cameratrap.config.camera import CameraType

    section = config.camera
    if section.type is CameraType.USB:
        from cameratrap.drivers.usb_camera import UsbCamera, UsbCameraSettings

        usb = UsbCameraSettings(
            section.device or "/dev/video0",
            section.width,
            section.height,
            section.quality,
            section.rotated,
            section.standby_fps,
        )
        return UsbCamera(usb)
    from cameratrap.drivers.picamera import PiCamera, PiCameraSettings

    settings = PiCameraSettings(
        _camera_number(config),
        section.width,
        section.height,
        section.quality,
        section.rotated,
        section.focus,
        section.focus_m,
        section.standby_fps,
    )
    return PiCamera(settings)


def check_camera(config: Config) -> None:
    """Raises ConfigError for a camera that is none of its kind."""
    from cameratrap.config.camera import CameraType

    if config.camera.type is CameraType.PICAMERA2:
        _camera_number(config)


def _camera_number(config: Config) -> int:
    number = config.camera.device or "0"
    if not (number.isascii() and number.isdigit()):
        expected = 'must be a camera\'s number with camera.type = "picamera2"'
        raise ConfigError([ConfigProblem("camera.device", f'"{number}"', expected)])
    return int(number)


def _is_kept_running(config: Config) -> bool:
    """Between bursts: where that is configured, or motion is watched for."""
    from cameratrap.config.camera import Standby
    from cameratrap.config.trigger import TriggerMode

    return config.camera.standby is Standby.OPEN or config.trigger.mode is not TriggerMode.PIR


def night_limits(config: Config) -> NightLimits:
    """Between which brightness it is night. Raises ConfigError for limits that leave nothing between them."""
    from cameratrap.domain.lighting import NightLimits

    section = config.lamp
    if section.bright_above <= section.dark_below:
        needed = f"must be more than lamp.dark_below = {section.dark_below:g}"
        raise ConfigError([ConfigProblem("lamp.bright_above", f"{section.bright_above:g}", needed)])
    return NightLimits(section.dark_below, section.bright_above)


def _light_settings(config: Config, night: NightLimits) -> LightSettings:
    from cameratrap.domain.lamp_health import LampHealth
    from cameratrap.drivers.lamp import LightSettings

    section = config.lamp
    health = LampHealth(section.dead_below, section.dead_bursts)
    return LightSettings(section.pin, section.mode, section.ir_cut_pin, section.ir_cut_inverted, night, health)
