"""The battery's gauge, its policy and the power's controller, as the configuration describes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.power_watch import PowerWatch
from cameratrap.config import Config, resolve
from cameratrap.domain.activities import Activity
from cameratrap.domain.battery import BatteryPolicy
from cameratrap.domain.power_figures import FIGURES
from cameratrap.domain.saving import Saving
from cameratrap.drivers.power_systemd import SystemdPower
from cameratrap.drivers.power_witty_pi import WittyPiPower
from cameratrap.errors import ConfigError, DeviceError
from cameratrap.ports import PowerReading
from cameratrap.replay.clock import ReplayClock
from cameratrap.store.card import Deployment, make_card
from cameratrap.wiring import activity_watts, battery_policy, open_gauge, open_power_controller, open_power_watch
from tests.i2c_bus import Ads1115, I2cBus, i2c_bus, ina219, ina226, witty_pi


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[I2cBus]:
    with i2c_bus(monkeypatch) as bus:
        yield bus


def configured(folder: Path, text: str) -> Config:
    file = folder / "cameratrap.toml"
    file.write_text(text)
    return resolve(file, {}).config


def test_nothing_is_there_unless_it_is_configured() -> None:
    """No gauge, nobody to watch it, and nobody who switches the trap off: never a fake instead."""
    config = Config()
    assert open_gauge(config) is None
    assert open_power_controller(config) is None


@pytest.mark.parametrize(
    ("section", "address", "chip", "volts"),
    [
        ('gauge = "ina219"\nshunt_ohm = 0.1', 0x40, ina219(12.4, 0.1), 12.4),
        ('gauge = "ina226"\naddress = 0x44', 0x44, ina226(12.4, 0.1), 12.4),
        ('gauge = "ads1115"\ndivider = 4.0', 0x48, Ads1115(3.0), 12.0),
        ('gauge = "witty-pi-4"', 0x08, witty_pi(volts=12.4), 12.4),
    ],
)
def test_each_gauge_by_its_name(
    bus: I2cBus, tmp_path: Path, section: str, address: int, chip: object, volts: float
) -> None:
    """At its usual address, or at the one that is given."""
    bus.chips[address] = chip  # type: ignore[assignment]
    gauge = open_gauge(configured(tmp_path, f'[battery]\ntemperature = "gauge"\n{section}\n'))
    assert gauge is not None
    assert gauge.read().battery_v == pytest.approx(volts, abs=0.003)
    gauge.close()


def test_a_gauge_that_is_missing_is_named(bus: I2cBus, tmp_path: Path) -> None:
    """Which bus and which address, and exit status 4."""
    config = configured(tmp_path, '[battery]\ngauge = "ina219"\naddress = 0x41\n')
    with pytest.raises(DeviceError, match="INA219 does not answer") as caught:
        open_gauge(config)
    assert (caught.value.device, caught.value.exit_status) == ("I2C bus 1 address 0x41", 4)


def test_a_battery_by_its_chemistry_and_cells(tmp_path: Path) -> None:
    """Three Li-ion cells have three times the volts of one; what is set stands."""
    config = configured(tmp_path, '[battery]\nchemistry = "li-ion"\ncells = 3\nlamp_v = 11.4\nhysteresis_v = 0\n')
    policy = battery_policy(config)
    assert policy == BatteryPolicy((11.4, 10.5, 10.2, 9.9), 0.0, policy.cold_v_per_c, 9.0, 13.05)
    assert policy.saving(PowerReading(11.3, 20), Saving.NOTHING) is Saving.LAMP


def test_steps_that_rise_are_refused(tmp_path: Path) -> None:
    """All that are wrong are named, and what they were compared with."""
    text = '[battery]\nchemistry = "lead-acid"\nburst_v = 12.5\npictures_v = 11.9\n'
    with pytest.raises(ConfigError) as caught:
        battery_policy(configured(tmp_path, text))
    assert [problem.key for problem in caught.value.problems] == ["battery.burst_v", "battery.pictures_v"]
    assert "12.2, 12.5, 11.8, 11.9" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        'gauge = "ina3221"',
        "shunt_ohm = 0",
        "channel = 4",
        "divider = 0.5",
        "cells = 0",
        'chemistry = "plutonium"',
        "lamp_v = true",
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, wrong: str) -> None:
    """Before anything starts."""
    with pytest.raises(ConfigError, match=f"battery.{wrong.partition(' ')[0]}"):
        configured(tmp_path, f"[battery]\n{wrong}\n")


def test_the_watch_of_a_card(bus: I2cBus, tmp_path: Path) -> None:
    """It reads through the gauge that is configured, and goes on without it where it is unplugged."""
    clock = ReplayClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
    config = configured(tmp_path, '[battery]\ngauge = "ina219"\nchemistry = "lead-acid"\ntemperature = "gauge"\n')
    bus.chips[0x40] = ina219(11.9, 0.1)
    with make_card(tmp_path / "card", Deployment("d", "s", 0, clock.now())) as card:
        assert open_power_watch(Config(), card, clock, "b") is None
        watch = open_power_watch(config, card, clock, "b")
        assert isinstance(watch, PowerWatch)
        assert watch.look().saving is Saving.BURST
        del bus.chips[0x40]
        clock.set(clock.now() + timedelta(minutes=11))
        state = watch.look()
        assert (state.saving, state.reading.battery_v) == (Saving.BURST, None)
        assert "INA219 does not answer" in state.trouble


def test_what_each_activity_takes(tmp_path: Path) -> None:
    """The forecast's figures, with those that are known better; an open camera and a motion loop take more."""
    usual = activity_watts(Config())
    assert usual[Activity.IDLE] == FIGURES["zero_2_w_idle_w"].value
    assert usual[Activity.BOOT] * FIGURES["zero_2_w_stock_boot_s"].value == pytest.approx(9.5)
    assert Activity.SATELLITE not in usual
    measured = configured(tmp_path, "[plan.figures]\nzero_2_w_idle_w = 0.5\n[camera]\nstandby = 'open'\n")
    assert activity_watts(measured)[Activity.IDLE] == 0.5 + FIGURES["camera_open_w"].value
    motion = configured(tmp_path, "[plan]\nboard = 'pi-4'\nboot = 'tuned'\n[trigger]\nmode = 'motion'\n")
    assert activity_watts(motion)[Activity.IDLE] == FIGURES["pi_4_motion_w"].value


def test_each_controller_by_its_name(bus: I2cBus, tmp_path: Path) -> None:
    """A board that is not there is named; its own pins may be nobody else's, and a PIR's usual pin is one of them."""
    systemd = open_power_controller(configured(tmp_path, '[power]\ncontroller = "systemd"\nrtc = ""\n'))
    assert isinstance(systemd, SystemdPower)
    assert not systemd.has_alarm
    witty = '[trigger]\npin = 22\n[power]\ncontroller = "witty-pi-4"\n'
    with pytest.raises(DeviceError, match="Witty Pi 4 does not answer"):
        open_power_controller(configured(tmp_path, witty))
    bus.chips[0x08] = witty_pi()
    controller = open_power_controller(configured(tmp_path, witty))
    assert isinstance(controller, WittyPiPower)
    assert controller.has_alarm
    controller.close()
    with pytest.raises(ConfigError, match=r"trigger\.pin = 4"):
        open_power_controller(configured(tmp_path, '[power]\ncontroller = "witty-pi-4"\n'))


def test_a_pir_that_is_not_used_takes_no_pin_of_the_board(bus: I2cBus, tmp_path: Path) -> None:
    """Where motion alone triggers, the PIR's usual pin is the Witty Pi's; what wakes the trap still is another's."""
    bus.chips[0x08] = witty_pi()
    motion = '[trigger]\nmode = "motion"\n[power]\ncontroller = "witty-pi-4"\n'
    controller = open_power_controller(configured(tmp_path, motion))
    assert isinstance(controller, WittyPiPower)
    controller.close()
    with pytest.raises(ConfigError, match=r"wake\.pin = 17"):
        open_power_controller(configured(tmp_path, motion + "[wake]\npin = 17\n"))


def test_a_halt_pin_needs_its_number(tmp_path: Path) -> None:
    """Where this program drives it; where the kernel does, the overlay must be there."""
    with pytest.raises(ConfigError, match=r"power\.pin = not set"):
        open_power_controller(configured(tmp_path, '[power]\ncontroller = "halt-pin"\npin_mode = "done"\n'))
    with pytest.raises(DeviceError, match="gpio-poweroff is not loaded"):
        open_power_controller(configured(tmp_path, '[power]\ncontroller = "halt-pin"\n'))
