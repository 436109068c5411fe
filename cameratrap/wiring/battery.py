"""The battery: what measures it, and what is given up as it sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cameratrap.app.power_watch import PowerWatch
    from cameratrap.config import Config
    from cameratrap.config.power import BatterySection
    from cameratrap.domain.activities import Activity
    from cameratrap.domain.battery import BatteryPolicy
    from cameratrap.ports import Clock, PowerGauge
    from cameratrap.store.card import Card

STEP_KEYS = ("lamp_v", "burst_v", "inference_v", "pictures_v")


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
    chosen = [getattr(section, name) or volts for name, volts in zip(STEP_KEYS, usual.steps_v, strict=True)]
    rising = [
        (name, volts) for name, volts, above in zip(STEP_KEYS[1:], chosen[1:], chosen, strict=False) if volts > above
    ]
    if rising:
        why = "must be at most the volts of the step before: " + ", ".join(f"{volts:g}" for volts in chosen)
        hint = "battery.chemistry and battery.cells decide the volts that are not set"
        raise ConfigError([ConfigProblem(f"battery.{name}", f"{volts:g}", why) for name, volts in rising], hint=hint)
    own = {name: getattr(section, name) for name in ("hysteresis_v", "cold_v_per_c", "empty_v")}
    known = {name: volts for name, volts in own.items() if volts is not None}
    return replace(usual, steps_v=(chosen[0], chosen[1], chosen[2], chosen[3]), **known)


def check_volts(config: Config) -> None:
    """Raises ConfigError for steps that rise, and for volts that are set and that the battery never shows."""
    policy, problems = battery_policy(config), []
    for name, volts in zip(STEP_KEYS, policy.steps_v, strict=True):
        if getattr(config.battery, name) is None:
            continue
        if volts <= policy.empty_v:
            why = f"is never reached: the battery is empty at {policy.empty_v:g} V (battery.chemistry, cells, empty_v)"
            problems.append(ConfigProblem(f"battery.{name}", f"{volts:g}", why))
        if volts >= policy.full_v:
            why = f"is above a full battery, which has {policy.full_v:g} V (battery.chemistry, cells)"
            problems.append(ConfigProblem(f"battery.{name}", f"{volts:g}", why))
    if problems:
        raise ConfigError(problems)


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
