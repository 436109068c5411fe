"""What every PowerGauge and every PowerController keeps, whatever chip or board is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="a halt pin needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.drivers.gauge_ads1115 import Ads1115Gauge  # noqa: E402
from cameratrap.drivers.gauge_ina import INA219, INA226, InaGauge  # noqa: E402
from cameratrap.drivers.gauge_witty_pi import WittyPiGauge  # noqa: E402
from cameratrap.drivers.power_halt_pin import HaltMode, HaltPin  # noqa: E402
from cameratrap.drivers.power_systemd import SystemdPower  # noqa: E402
from cameratrap.drivers.power_witty_pi import WittyPiPower  # noqa: E402
from cameratrap.drivers.processor_temperature import WithProcessorTemperature  # noqa: E402
from cameratrap.drivers.rtc_alarm import RtcAlarm  # noqa: E402
from cameratrap.drivers.witty_pi import WittyPi  # noqa: E402
from cameratrap.errors import DeviceError  # noqa: E402
from cameratrap.ports import PowerController, PowerGauge  # noqa: E402
from tests.i2c_bus import Ads1115, I2cBus, i2c_bus, ina219, ina226, witty_pi  # noqa: E402

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[I2cBus]:
    """One bus with one of each chip on it: two kinds of INA at addresses of their own."""
    with i2c_bus(monkeypatch) as bus:
        bus.chips = {0x40: ina219(12.4, 0.2), 0x41: ina226(12.4, 0.2), 0x48: Ads1115(2.48), 0x08: witty_pi(volts=12.4)}
        yield bus


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """Pins of no computer."""
    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


GAUGES: dict[str, Callable[[Path], PowerGauge]] = {
    "ina219": lambda _: InaGauge(INA219),
    "ina226": lambda _: InaGauge(INA226, address=0x41),
    "ads1115": lambda _: Ads1115Gauge(divider=5),
    "witty-pi-4": lambda _: WittyPiGauge(WittyPi()),
    "with the processor's temperature": lambda folder: WithProcessorTemperature(InaGauge(INA219), folder / "temp"),
}


@pytest.fixture(params=GAUGES)
def gauge(request: pytest.FixtureRequest, bus: I2cBus, tmp_path: Path) -> Iterator[PowerGauge]:
    (tmp_path / "temp").write_text("21500\n")
    gauge = GAUGES[request.param](tmp_path)
    yield gauge
    gauge.close()


def test_a_gauge_tells_the_battery_again_and_again(gauge: PowerGauge) -> None:
    """The same battery reads the same, and what is not measured is None, never 0."""
    first, second = gauge.read(), gauge.read()
    assert first == second
    assert first.battery_v == pytest.approx(12.4, abs=0.003)
    assert first.temperature_c in (None, 21.0, 21.5)
    assert first.load_w is None or first.load_w > 1


def test_a_gauge_that_is_unplugged_is_named(gauge: PowerGauge, bus: I2cBus) -> None:
    """While it is in use: an error that says which bus and address, and it is there again when it is plugged in."""
    bus.stuck = True
    with pytest.raises(DeviceError) as caught:
        gauge.read()
    assert caught.value.device.startswith("I2C bus 1 address 0x")
    assert caught.value.why
    assert caught.value.hint
    bus.stuck = False
    assert gauge.read().battery_v == pytest.approx(12.4, abs=0.003)


class ControllerSite:
    """One way to be switched off, with what it is wired to: whether the power is gone, and when the alarm rings."""

    def __init__(self, folder: Path, bus: I2cBus, pins: MockFactory) -> None:
        self.orders = folder / "orders"
        self.bus = bus
        self.pins = pins
        self.clock = folder / "rtc0"
        self.clock.mkdir()
        (self.clock / "since_epoch").write_text(str(int(NOW.timestamp())))
        (self.clock / "wakealarm").write_text("")
        self.alarm = RtcAlarm("rtc0", clocks=folder, now=lambda: NOW)
        self.pulsed = False

    @property
    def is_off(self) -> bool:
        return self.orders.exists() or self.pulsed

    def rings_at(self) -> str:
        """What the alarm's registers hold, "0" for none."""
        board = self.bus.chips[0x08].registers
        if any(board.get(each) for each in range(27, 31)):
            return "".join(f"{board[each]:02x}" for each in (30, 29, 28, 27))
        return (self.clock / "wakealarm").read_text() or "0"

    def break_alarm(self) -> None:
        (self.clock / "wakealarm").unlink()
        (self.clock / "wakealarm").symlink_to("/dev/full")
        self.bus.stuck = True

    def done(self) -> HaltPin:
        def pulse(seconds: float) -> None:
            self.pulsed = bool(self.pins.pin(26).state)

        return HaltPin(HaltMode.DONE, 26, self.alarm, wait=pulse, sync=lambda: None)


CONTROLLERS: dict[str, Callable[[ControllerSite], PowerController]] = {
    "systemd": lambda site: SystemdPower(site.alarm),
    "halt pin, signal": lambda site: HaltPin(HaltMode.SIGNAL, 26, site.alarm),
    "halt pin, done": lambda site: site.done(),
    "witty-pi-4": lambda _: WittyPiPower(WittyPi(wait=lambda _: None), now=lambda: NOW, wait=lambda _: None),
}


@pytest.fixture
def site(tmp_path: Path, bus: I2cBus, pins: MockFactory, monkeypatch: pytest.MonkeyPatch) -> ControllerSite:
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path / "orders"}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return ControllerSite(tmp_path, bus, pins)


@pytest.fixture(params=CONTROLLERS)
def controller(request: pytest.FixtureRequest, site: ControllerSite) -> Iterator[PowerController]:
    controller = CONTROLLERS[request.param](site)
    yield controller
    controller.close()


def test_the_alarm_is_set_and_the_power_goes(controller: PowerController, site: ControllerSite) -> None:
    """Both, and nothing happens before it is asked for."""
    assert controller.has_alarm
    assert not site.is_off
    controller.power_off(SOON)
    assert site.is_off
    assert site.rings_at() != "0"


def test_without_a_time_no_old_alarm_rings(controller: PowerController, site: ControllerSite) -> None:
    """An alarm of before is taken back."""
    controller.power_off(SOON)
    controller.power_off(None)
    assert site.rings_at() == "0"


@pytest.mark.parametrize("wake_at", [NOW - timedelta(days=400), NOW])
def test_an_alarm_in_the_past_leaves_the_trap_on(
    controller: PowerController, site: ControllerSite, wake_at: datetime
) -> None:
    """It would never ring: whoever called decides what becomes of the power."""
    with pytest.raises(DeviceError, match="is past"):
        controller.power_off(wake_at)
    assert not site.is_off


def test_a_broken_alarm_does_not_keep_the_trap_on(controller: PowerController, site: ControllerSite) -> None:
    """It is told, with the power still there; asked again without an alarm, the power goes."""
    site.break_alarm()
    with pytest.raises(DeviceError) as caught:
        controller.power_off(SOON)
    assert caught.value.device
    assert not site.is_off
    controller.power_off(None)
    assert site.is_off
