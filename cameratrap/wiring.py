"""The one place that picks what stands behind each port: a driver for hardware, or a replay from files.

A device that is missing is an error that names it. Nothing here falls back to a replay by itself. What each function
needs it imports itself, so that a process that only sends loads neither the taxa nor the message's code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem, DeviceError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cameratrap.app.alerts import AlertRules
    from cameratrap.app.card_keeper import CardKeeper
    from cameratrap.app.clock_basis import ClockBasis
    from cameratrap.app.close_day import Closing
    from cameratrap.app.disk import RoomRules
    from cameratrap.app.fold import Rules
    from cameratrap.app.look import LookSettings
    from cameratrap.app.power_watch import PowerWatch
    from cameratrap.app.sun import Schedule
    from cameratrap.config import Config
    from cameratrap.config.power import BatterySection
    from cameratrap.domain.activities import Activity
    from cameratrap.domain.battery import BatteryPolicy
    from cameratrap.domain.capture import BurstProfile
    from cameratrap.domain.energy import PowerFigures
    from cameratrap.domain.lighting import NightLimits
    from cameratrap.domain.taxa import TaxaTable
    from cameratrap.domain.throttle import Throttle
    from cameratrap.drivers.camera_device import CameraDevice
    from cameratrap.drivers.lamp import LightSettings
    from cameratrap.drivers.motion_trigger import MotionTriggers
    from cameratrap.drivers.trap_camera import TrapCamera
    from cameratrap.ports import Camera, Clock, Detector, PowerController, PowerGauge, SatelliteLink, TriggerSource
    from cameratrap.store.card import Card
    from cameratrap.wire.envelope import Opener, Sealer


def event_rules(config: Config, *, interval_minutes: float | None = None, rule: str | None = None) -> Rules:
    """How sightings become events: what is given, else the configuration."""
    from cameratrap.app.fold import Rules
    from cameratrap.domain.events import IndependenceRule

    station = config.station
    position = None
    if station.latitude is not None and station.longitude is not None:
        position = (station.latitude, station.longitude)
    minutes = config.events.interval_minutes if interval_minutes is None else interval_minutes
    return Rules(timedelta(minutes=minutes), IndependenceRule(rule or config.events.rule), position)


def closing_rules(config: Config, taxa: TaxaTable, card: Card | None = None) -> Closing:
    """What closing a day needs to know; with a ``card``, also what seals its messages. Raises StoreError."""
    from cameratrap.app.close_day import Closing

    sealer, opener = open_seal(config, card) if card else (None, None)
    return Closing(
        event_rules(config),
        taxa,
        max_messages=config.summary.max_messages,
        every_days=config.summary.every_days,
        low_battery_v=config.summary.low_battery_v,
        sealer=sealer,
        opener=opener,
    )


def alert_rules(config: Config, taxa: TaxaTable, sealer: Sealer | None = None) -> AlertRules | None:
    """What is worth an alert; None where nothing is. Raises ConfigError that lists every name that is no taxon."""
    from cameratrap.app.alerts import AlertRules
    from cameratrap.domain.alerts import AlertLimits
    from cameratrap.errors import ConfigError, ConfigProblem

    section = config.alerts
    expected = "must be a taxon of the table: `cameratrap config show` names the one that is used"
    unknown = [ConfigProblem("alerts.taxa", f'"{name}"', expected) for name in section.taxa if name not in taxa]
    if unknown:
        raise ConfigError(unknown)
    if not section.taxa:
        return None
    limits = AlertLimits(timedelta(minutes=section.incident_minutes), section.per_day, section.credits_per_month)
    watched = tuple(taxa.resolve(name).name for name in section.taxa)
    return AlertRules(taxa, watched, limits, section.min_score, sealer)


def power_figures(config: Config) -> PowerFigures:
    """What the modem takes and may take. Raises ConfigError where that never pays for a session."""
    from cameratrap.domain.energy import PowerFigures

    modem = config.modem
    figures = PowerFigures(modem.session_w, modem.idle_w, modem.start_j, modem.energy_j_per_day, modem.reserve_j)
    if not figures.ever_pays:
        rest = f"less modem.reserve_j = {figures.reserve_j:g} this never pays for a session"
        needed = f"a start and a minute of one take {figures.least_j:.0f} J (modem.start_j, modem.session_w)"
        problem = ConfigProblem("modem.energy_j_per_day", f"{figures.day_j:g}", f"{rest}; {needed}")
        raise ConfigError([problem], hint="nothing could ever be sent: raise it, or lower modem.reserve_j")
    return figures


def open_seal(config: Config, card: Card) -> tuple[Sealer | None, Opener | None]:
    """What seals a card's messages and opens them again; None without a key. Raises StoreError."""
    from cameratrap.store.keys import key_of_trap
    from cameratrap.store.seal_counter import SealCounter
    from cameratrap.wire.seal import CcmOpener, CcmSealer

    key = key_of_trap(config.seal.key_file, card.folder)
    if key is None:
        return None, None
    return CcmSealer(key.key, SealCounter(key, card.connection).take), CcmOpener([key.key])


def clock_basis(folder: Path | None) -> ClockBasis:
    """What the clock rests on; with the card at ``folder``, also how it was found to drift. Raises StoreError."""
    from cameratrap.app.clock_basis import ClockBasis
    from cameratrap.app.clock_check import drift_s_per_day
    from cameratrap.drivers.clock import is_synchronised, rtc_state
    from cameratrap.store.card import RECORD, open_card
    from cameratrap.store.clock_readings import readings

    rtc, drift = rtc_state(), None
    if folder is not None and (folder / RECORD).is_file():
        with open_card(folder) as card:
            drift = drift_s_per_day(readings(card.connection))
    return ClockBasis(rtc.present, rtc.shows, is_synchronised(), drift)


def room_rules(config: Config) -> RoomRules:
    """How much pictures leave free on the card, and what goes when it is full."""
    from cameratrap.app.disk import RoomRules
    from cameratrap.config.card import OnFull

    section = config.card
    drops = section.on_full is OnFull.DROP_BLANKS
    return RoomRules(section.min_free_mb * 1_000_000, section.warn_free_pct, drops_blanks=drops)


def picture_key(config: Config) -> bytes | None:
    """The public key that pictures are sealed to; None where they stay open. Raises StoreError.

    One that is configured and cannot be read is an error: a trap that should seal never goes on without.
    """
    from pathlib import Path

    from cameratrap.store.picture_keys import read_public_key

    named = config.card.seal_pictures_to
    return read_public_key(Path(named).expanduser()) if named else None


def card_keeper(config: Config, card: Card, clock: Clock, *, minds_room: bool = True) -> CardKeeper:
    """What treats, seals and makes room between two bursts. Raises StoreError for a key that cannot be read."""
    from cameratrap.app.card_keeper import CardKeeper
    from cameratrap.app.disk import RoomRules

    rules = room_rules(config) if minds_room else RoomRules(0, 0, drops_blanks=False)
    return CardKeeper(card, clock, rules, picture_key=picture_key(config))


def look_settings(config: Config, taxa: TaxaTable) -> LookSettings:
    """How the trap looks at its pictures. Raises ConfigError that lists every name no rule can apply to."""
    from cameratrap.app.look import LookSettings
    from cameratrap.domain.policy import PeoplePolicy
    from cameratrap.errors import ConfigError, ConfigProblem

    agree_frames = config.counting.agree_frames
    unknown = "must be a taxon of the table: `cameratrap config show` names the one that is used"
    root = "has no coarser name to be counted under until frames agree"
    wrong = {name: unknown for name in agree_frames if name not in taxa}
    wrong |= {name: root for name in agree_frames if name in taxa and len(taxa.lineage(name)) == 1}
    if wrong:
        raise ConfigError([ConfigProblem("counting.agree_frames", f'"{name}"', why) for name, why in wrong.items()])
    return LookSettings(
        taxa,
        {taxa.resolve(name).name: frames for name, frames in agree_frames.items()},
        PeoplePolicy(config.people.person, config.people.vehicle),
        background=config.detector.background,
    )


def open_detector(
    config: Config, taxa: TaxaTable, reference: str | None = None, classifier: str | None = None
) -> Detector:
    """The model named by ``reference``, else by the configuration, and the ``classifier`` behind it likewise.

    An empty ``classifier`` is none, whatever the configuration says. Raises UsageError, ModelError, DeviceError.
    """
    from cameratrap.app.models import find_model
    from cameratrap.drivers.detectors import load_detector, with_classifier

    chosen = reference or config.detector.model
    if not chosen:
        raise UsageError(
            "no detector model is chosen",
            hint="name one with --model, or set detector.model; `cameratrap models list` shows what is installed",
        )
    section = config.detector
    detector = load_detector(
        find_model(chosen, taxa),
        runtime=section.runtime,
        threads=section.threads,
        threshold=section.score_threshold,
    )
    second = section.classifier if classifier is None else classifier
    if not second:
        return detector
    return with_classifier(detector, find_model(second, taxa), taxa, runtime=section.runtime, threads=section.threads)


def open_link(config: Config, port: str | None = None, *, number_counts: bool = True) -> SatelliteLink:
    """The satellite modem at ``port``, else the configuration's. Raises DeviceError when it is missing or taken.

    ``number_counts`` is what the sessions before taught of a 9602's message number (`store.sessions.number_counts`).
    """
    if config.modem.type == "9704":
        from cameratrap.drivers.rockblock_9704 import RockBlock9704

        return RockBlock9704.open(
            port or config.modem.port,
            topic=config.modem.topic,
            power_pin=config.modem.power_pin,
            startup_s=config.modem.startup_s,
        )
    from cameratrap.drivers.rockblock_9602 import RockBlock9602

    return RockBlock9602.open(
        port or config.modem.port,
        baud=config.modem.baud,
        power_pin=config.modem.power_pin,
        startup_s=config.modem.startup_s,
        number_counts=number_counts,
    )


def open_gauge(config: Config) -> PowerGauge | None:
    """What measures the battery; None where nothing does. Raises DeviceError where it is not there."""
    from cameratrap.config.power import Gauge, Temperature

    section = config.battery
    if section.gauge is Gauge.NONE:
        return None
    gauge = _gauge(section)
    if section.temperature is Temperature.GAUGE:
        return gauge
    from cameratrap.drivers.processor_temperature import WithProcessorTemperature

    return WithProcessorTemperature(gauge)


def _gauge(section: BatterySection) -> PowerGauge:
    from cameratrap.config.power import Gauge

    if section.gauge is Gauge.WITTY_PI_4:
        from cameratrap.drivers import witty_pi
        from cameratrap.drivers.gauge_witty_pi import WittyPiGauge

        return WittyPiGauge(witty_pi.WittyPi(bus=section.bus, address=section.address or witty_pi.ADDRESS))
    if section.gauge is Gauge.ADS1115:
        from cameratrap.drivers import gauge_ads1115

        return gauge_ads1115.Ads1115Gauge(
            divider=section.divider,
            channel=section.channel,
            bus=section.bus,
            address=section.address or gauge_ads1115.ADDRESS,
        )
    from cameratrap.drivers import gauge_ina

    return gauge_ina.InaGauge(
        gauge_ina.INA219 if section.gauge is Gauge.INA219 else gauge_ina.INA226,
        shunt_ohm=section.shunt_ohm,
        bus=section.bus,
        address=section.address or gauge_ina.ADDRESS,
    )


def battery_policy(config: Config) -> BatteryPolicy:
    """What is given up at which voltage: the chemistry's, unless it is set. Raises ConfigError for steps that rise."""
    from dataclasses import replace

    from cameratrap.domain.battery import BatteryPolicy

    section = config.battery
    usual = BatteryPolicy.of(section.chemistry, section.cells)
    names = ("lamp_v", "burst_v", "inference_v", "pictures_v")
    chosen = [getattr(section, name) or volts for name, volts in zip(names, usual.steps_v, strict=True)]
    rising = [(name, volts) for name, volts, above in zip(names[1:], chosen[1:], chosen, strict=False) if volts > above]
    if rising:
        why = "must be at most the volts of the step before: " + ", ".join(f"{volts:g}" for volts in chosen)
        hint = "battery.chemistry and battery.cells decide the volts that are not set"
        raise ConfigError([ConfigProblem(f"battery.{name}", f"{volts:g}", why) for name, volts in rising], hint=hint)
    own = {name: getattr(section, name) for name in ("hysteresis_v", "cold_v_per_c", "empty_v")}
    known = {name: volts for name, volts in own.items() if volts is not None}
    return replace(usual, steps_v=(chosen[0], chosen[1], chosen[2], chosen[3]), **known)


def open_power_watch(config: Config, card: Card, clock: Clock, boot_id: str) -> PowerWatch | None:
    """What looks at the battery now and then; None where nothing measures it. Raises ConfigError."""
    from cameratrap.app.power_watch import PowerWatch
    from cameratrap.config.power import Gauge

    if config.battery.gauge is Gauge.NONE:
        return None

    def gauge() -> PowerGauge:
        opened = open_gauge(config)
        assert opened is not None  # noqa: S101 - one is configured
        return opened

    every_s = config.battery.every_minutes * 60
    return PowerWatch(card.connection, gauge, battery_policy(config), clock, boot_id=boot_id, every_s=every_s)


def activity_watts(config: Config) -> Mapping[Activity, float]:
    """What each activity is taken to need, by the figures of `power plan`, where nothing measures it."""
    from cameratrap.config.camera import Standby
    from cameratrap.config.trigger import TriggerMode
    from cameratrap.domain.activities import watts_of
    from cameratrap.domain.power_figures import FIGURES

    own = config.plan.figures
    figures = {name: own.get(name, figure.value) for name, figure in FIGURES.items()}
    looks = config.trigger.mode is not TriggerMode.PIR
    is_open = config.camera.standby is Standby.OPEN
    return watts_of(figures, config.plan.board, config.plan.boot, looks_for_motion=looks, camera_open=is_open)


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

    pins = {
        "trigger.pin": config.trigger.pin,
        "lamp.pin": config.lamp.pin,
        "lamp.ir_cut_pin": config.lamp.ir_cut_pin,
        "led.pin": config.led.pin,
        "modem.power_pin": config.modem.power_pin,
        "wake.pin": config.wake.pin,
    }
    taken = [ConfigProblem(key, str(pin), "is wired to the Witty Pi 4") for key, pin in pins.items() if pin in OWN_PINS]
    if taken:
        raise ConfigError(taken, hint="choose a pin other than " + " and ".join(map(str, OWN_PINS)))
    section = config.battery
    own_address = section.address if section.gauge is Gauge.WITTY_PI_4 else None
    return WittyPiPower(WittyPi(bus=section.bus, address=own_address or ADDRESS))


def check_pins(config: Config) -> None:
    """Raises ConfigError where two things are wired to one pin. The pin that wakes the trap may be its PIR's."""
    from cameratrap.config.trigger import TriggerMode

    has_pir = config.trigger.mode is not TriggerMode.MOTION
    pins = {
        "trigger.pin": config.trigger.pin if has_pir else None,
        "led.pin": config.led.pin,
        "lamp.pin": config.lamp.pin,
        "lamp.ir_cut_pin": config.lamp.ir_cut_pin,
        "modem.power_pin": config.modem.power_pin,
        "power.pin": config.power.pin,
    }
    first: dict[int, str] = {}
    problems = []
    for key, pin in pins.items():
        if pin is not None and first.setdefault(pin, key) != key:
            problems.append(ConfigProblem(key, str(pin), f"is {first[pin]}'s pin already"))
    if problems:
        raise ConfigError(problems)


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
    if station.latitude is None or station.longitude is None:
        return Schedule(windows, station.zone, no_sun)
    return Schedule(windows, station.zone, Sun(station.latitude, station.longitude, station.zone))


def open_throttle(config: Config, *, is_asleep: Callable[[datetime], bool] = lambda _: False) -> Throttle:
    """What holds triggers back: the schedule, a trap that sleeps, the cool-down, the flood. Raises ConfigError."""
    from cameratrap.domain.throttle import Limits, Throttle

    section = config.trigger
    limits = Limits(section.cooldown_s, section.flood_at_once, section.flood_per_hour)
    return Throttle(limits, is_on=open_schedule(config).is_on, is_asleep=is_asleep)


def burst_profile(config: Config) -> BurstProfile:
    """How many pictures, how far apart: the profile's, unless the configuration or a command says otherwise."""
    from cameratrap.domain.capture import PROFILES, BurstProfile

    profile, section = PROFILES[config.burst.profile], config.burst
    return BurstProfile(
        profile.count if section.count is None else section.count,
        profile.spacing_s if section.spacing_s is None else section.spacing_s,
        profile.lamp,
    )


def open_camera(config: Config, *, at_once: bool = False) -> TrapCamera:
    """The camera with its lamp and its infrared-cut filter. Raises DeviceError, ConfigError.

    ``at_once``: its first frame is asked for before anything else of it is set up.
    """
    night = _night_limits(config)
    device = _open_camera_device(config, at_once=at_once)
    try:
        from cameratrap.drivers.clock import SystemClock
        from cameratrap.drivers.lamp import Lighting
        from cameratrap.drivers.trap_camera import CameraSettings, TrapCamera

        clock, section = SystemClock(config.station.zone), config.camera
        settings = CameraSettings(_is_kept_running(config), section.settle_s, section.stall_s, section.restarts)
        return TrapCamera(device, Lighting(_light_settings(config, night), clock.monotonic_s), clock, settings)
    except BaseException:
        device.close()
        raise


def _open_camera_device(config: Config, *, at_once: bool) -> CameraDevice:
    device = _camera_device(config)
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
    return device


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

    number = section.device or "0"
    if not (number.isascii() and number.isdigit()):
        expected = 'must be a camera\'s number with camera.type = "picamera2"'
        raise ConfigError([ConfigProblem("camera.device", f'"{number}"', expected)])
    settings = PiCameraSettings(
        int(number),
        section.width,
        section.height,
        section.quality,
        section.rotated,
        section.focus,
        section.focus_m,
        section.standby_fps,
    )
    return PiCamera(settings)


def _is_kept_running(config: Config) -> bool:
    """Between bursts: where that is configured, or motion is watched for."""
    from cameratrap.config.camera import Standby
    from cameratrap.config.trigger import TriggerMode

    return config.camera.standby is Standby.OPEN or config.trigger.mode is not TriggerMode.PIR


def _night_limits(config: Config) -> NightLimits:
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


def open_triggers(config: Config, clock: Clock, boot_id: str, camera: Camera) -> TriggerSource:
    """The sensor of trigger.mode, with time-lapse beside it where that is configured. Raises DeviceError.

    ``camera`` is where motion is seen. It is not closed with the triggers.
    """
    from cameratrap.drivers.timelapse import Timelapse
    from cameratrap.drivers.trigger_mix import TriggerMix

    sensor = _sensor(config, clock, boot_id, camera)
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
