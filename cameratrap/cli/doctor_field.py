"""The checks of `doctor` that need a trap: what the configuration wires is opened, looked at and closed again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.store.inbox import INBOX_FILE

if TYPE_CHECKING:
    from cameratrap.app.doctor import Check, Finding
    from cameratrap.config import Config
    from cameratrap.drivers.clock import SystemClock

_SECTIONS = ("camera.", "trigger.", "power.", "lamp.", "burst.")


def is_trap(ctx: Context) -> bool:
    """Whether this is a trap: one is configured here, or this is a Raspberry Pi and the folder no receiver's.

    There everything may be wired as the defaults say, and the first look is taken before the card is deployed. A card
    that is looked at on a laptop has no camera beside it.
    """
    from cameratrap.drivers.board import board_serial

    if any(origin != "default" and key.startswith(_SECTIONS) for key, origin in ctx.resolved.origins.items()):
        return True
    folder = ctx.data if ctx.data_flag or ctx.config.data else None
    return folder is not None and not (folder / INBOX_FILE).is_file() and bool(board_serial())


class FieldChecks:
    """The checks of one trap, on the configuration that holds on its card.

    A machine that is no trap (``is_trap``) is a receiver or somebody's laptop, and is not looked at. What a running
    `watch` holds is left to it.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._latency_s: float | None = None

    def checks(self) -> dict[str, Check]:
        """In the order in which they build on each other; the camera's picture comes before what is said of it."""
        checks: dict[str, Check] = {
            "camera": self._unless_watching(self._camera),
            "lamp": self._unless_watching(self._lamp),
            "PIR": self._unless_watching(self._pir),
            "latency": self._latency,
            "battery": self._battery,
            "power": self._power,
            "RTC": self._rtc,
            "service": self._service,
            "speed": self._speed,
        }
        wired = {name: self._if_trap(check) for name, check in checks.items()}
        return {**wired, "position": self._position, "picture key": self._picture_key}

    @property
    def _folder(self) -> Path | None:
        return self._ctx.data if self._ctx.data_flag or self._ctx.config.data else None

    @property
    def _config(self) -> Config:
        return self._ctx.on_card.config if self._folder else self._ctx.config

    @property
    def _clock(self) -> SystemClock:
        from cameratrap.drivers.clock import SystemClock

        return SystemClock(self._config.station.zone)

    def _if_trap(self, check: Check) -> Check:
        def checked() -> Finding:
            if is_trap(self._ctx):
                return check()
            hint = "at a trap, set what is wired (camera.type, trigger.pin, ...), or name its card with --data"
            return _skip("no trap is configured here", hint)

        return checked

    def _unless_watching(self, check: Check) -> Check:
        def checked() -> Finding:
            from cameratrap.app.doctor_field import is_watched

            if self._folder is not None and is_watched(self._folder):
                return _skip("a running `watch` has it", "stop the service to look at it")
            return check()

        return checked

    def _camera(self) -> Finding:
        from cameratrap.app.doctor_camera import check_camera
        from cameratrap.wiring import burst_profile, open_camera

        with closing(open_camera(self._config)) as camera:
            finding, self._latency_s = check_camera(camera, self._clock, burst_profile(self._config))
        return finding

    def _lamp(self) -> Finding:
        from msgspec.structs import replace

        from cameratrap.app.doctor_camera import check_lamp, take_one
        from cameratrap.domain.lighting import LampMode
        from cameratrap.wiring import open_camera

        lamp = self._config.lamp
        if lamp.pin is None or lamp.mode is LampMode.NEVER:
            return _skip("no lamp is wired (lamp.pin), or it is never lit")
        lit = replace(self._config, lamp=replace(lamp, mode=LampMode.ALWAYS))
        with closing(open_camera(lit)) as camera:
            without, _ = take_one(camera, self._clock, lamp=False)
            with_lamp, _ = take_one(camera, self._clock, lamp=True)
            return check_lamp(with_lamp, without, camera.incidents())

    def _pir(self) -> Finding:
        from cameratrap.app.doctor_field import check_pir
        from cameratrap.config.trigger import TriggerMode
        from cameratrap.drivers.pir import PirTriggers

        section = self._config.trigger
        if section.mode is TriggerMode.MOTION:
            return _skip('trigger.mode = "motion" needs none')
        with closing(PirTriggers(section.pin, self._clock, boot_id="doctor", settle_s=0)) as pir:
            return check_pir(pir, section.pin)

    def _latency(self) -> Finding:
        from cameratrap.app.doctor_field import check_latency
        from cameratrap.config.power import Controller

        gated = self._config.power.controller is not Controller.NONE
        return check_latency(self._folder, gated=gated, measured_s=self._latency_s)

    def _battery(self) -> Finding:
        from cameratrap.app.doctor_field import check_battery, days_left_on
        from cameratrap.cli.power_inputs import losses_of
        from cameratrap.wiring import battery_policy, open_gauge

        gauge = open_gauge(self._config)
        if gauge is None:
            return _skip("nothing measures it", "battery.gauge names what does")
        with closing(gauge):
            reading = gauge.read()
        today = self._clock.now().date()
        left = days_left_on(self._folder, self._config.battery.usable_wh, today, losses_of(self._config))
        return check_battery(reading, battery_policy(self._config), left)

    def _power(self) -> Finding:
        from cameratrap.app.doctor_field import check_alarm
        from cameratrap.wiring import open_power_controller

        controller = open_power_controller(self._config)
        if controller is None:
            return _skip("the trap is always on: no power.controller")
        with closing(controller):
            return check_alarm(controller)

    def _rtc(self) -> Finding:
        from cameratrap.app.doctor_field import check_rtc
        from cameratrap.drivers.clock import rtc_state

        state = rtc_state()
        return check_rtc(present=state.present, shows=state.shows)

    def _service(self) -> Finding:
        from cameratrap.app.doctor_field import check_service
        from cameratrap.cli.service import unit_states

        return check_service(unit_states(self._ctx)) if self._folder else _no_folder()

    def _position(self) -> Finding:
        from cameratrap.app.doctor_field import check_position

        return check_position(self._config.station.place, is_told_finer=self._config.station.is_told_finer)

    def _picture_key(self) -> Finding:
        from cameratrap.app.doctor import Finding, State
        from cameratrap.store.picture_keys import fingerprint
        from cameratrap.wiring import picture_key

        public = picture_key(self._config)
        if public is None:
            return _skip("pictures lie open on the card", "card.seal_pictures_to names a key that seals them")
        return Finding(State.OK, f"pictures are sealed to the key {fingerprint(public)}")

    def _speed(self) -> Finding:
        from cameratrap.app.doctor_field import check_speed

        return check_speed(self._folder, self._clock.now()) if self._folder else _no_folder()


def _skip(what: str, hint: str = "") -> Finding:
    from cameratrap.app.doctor import Finding, State

    return Finding(State.SKIP, what, hint)


def _no_folder() -> Finding:
    from cameratrap.app.doctor_folder import NO_FOLDER

    return NO_FOLDER
