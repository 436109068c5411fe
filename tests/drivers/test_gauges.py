"""The battery's gauges on an emulated I2C bus: the drivers, and smbus2 under them, are the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.drivers.gauge_ads1115 import Ads1115Gauge
from cameratrap.drivers.gauge_ina import INA219, INA226, InaChip, InaGauge
from cameratrap.drivers.gauge_witty_pi import WittyPiGauge
from cameratrap.drivers.i2c import ATTEMPTS, I2cDevice, signed
from cameratrap.drivers.processor_temperature import WithProcessorTemperature
from cameratrap.drivers.witty_pi import WittyPi
from cameratrap.errors import DeviceError
from cameratrap.ports import PowerGauge, PowerReading
from tests.i2c_bus import Ads1115, ByteChip, I2cBus, WordChip, i2c_bus, ina219, ina226, witty_pi

KINDS = {"ina219": (INA219, ina219), "ina226": (INA226, ina226)}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[I2cBus]:
    with i2c_bus(monkeypatch) as bus:
        yield bus


def no_wait(seconds: float) -> None:
    """Time costs nothing here."""


def ina(chip: InaChip, **more: float) -> InaGauge:
    return InaGauge(chip, wait=no_wait, **more)  # type: ignore[arg-type]


def read_once(gauge: PowerGauge) -> PowerReading:
    """One reading, and the bus given back."""
    try:
        return gauge.read()
    finally:
        gauge.close()


@pytest.mark.parametrize("kind", KINDS)
def test_volts_and_watts_of_an_ina(bus: I2cBus, kind: str) -> None:
    """12.4 V and 0.35 A through 0.1 ohm read as that, in the chip's steps; a charging current reads negative."""
    chip, emulated = KINDS[kind]
    for amperes in (0.35, -0.2, 0.0):
        bus.chips[0x40] = emulated(12.4, amperes)
        reading = read_once(ina(chip))
        assert reading.battery_v == pytest.approx(12.4, abs=0.002)
        assert reading.load_w == pytest.approx(12.4 * amperes, abs=0.003)
        assert reading.temperature_c is None


@pytest.mark.parametrize("kind", KINDS)
def test_an_ina_sleeps_between_two_readings(bus: I2cBus, kind: str) -> None:
    """The last thing written is power-down, and each reading waits for a measurement of its own."""
    chip, emulated = KINDS[kind]
    bus.chips[0x40] = emulated(12.4, 0.1, ready_after=4)
    gauge = ina(chip)
    assert gauge.read() == gauge.read()
    gauge.close()
    written = [value for register, value in bus.chips[0x40].writes if register == 0]
    assert written[-1] & 0x7 == 0
    assert [value & 0x7 for value in written[1:]] == [3, 0, 3, 0]


@pytest.mark.parametrize(("wanted", "there"), [(INA219, ina226), (INA226, ina219)])
def test_the_other_ina_is_refused(bus: I2cBus, wanted: InaChip, there: object) -> None:
    """Their steps differ by three: a battery read in the wrong ones would be believed."""
    bus.chips[0x40] = there(12.4, 0.1)  # type: ignore[operator]
    with pytest.raises(DeviceError, match=f"no {wanted.name}") as caught:
        ina(wanted)
    assert caught.value.device == "I2C bus 1 address 0x40"
    assert "battery.gauge" in caught.value.hint


def test_a_chip_without_identity_is_known_by_its_reset(bus: I2cBus) -> None:
    """An unknown chip at an INA219's address keeps what is written to it, and is refused."""
    bus.chips[0x40] = WordChip({0: 0x1234})
    with pytest.raises(DeviceError, match="0x8000, not 0x399f"):
        ina(INA219)


@pytest.mark.parametrize("amperes", [1.5, -1.2])
def test_a_current_beyond_the_shunt_costs_the_watts_alone(bus: I2cBus, amperes: float) -> None:
    """An INA226's largest value is 0.82 A through 0.1 ohm, and more would be told as that; its volts are right."""
    bus.chips[0x40] = ina226(12.4, amperes)
    reading = read_once(ina(INA226))
    assert reading.battery_v == pytest.approx(12.4, abs=0.002)
    assert reading.load_w is None
    assert reading.trouble == "the current is beyond the 0.82 A of the gauge's shunt"


def test_a_later_revision_of_the_die_is_the_same_chip(bus: I2cBus) -> None:
    """The identity's last four bits are the revision (SBOS547); another die is refused by both its numbers."""
    bus.chips[0x40] = ina226(12.4, 0.1)
    bus.chips[0x40].registers[0xFF] = 0x2261
    assert read_once(ina(INA226)).battery_v == pytest.approx(12.4, abs=0.002)
    with pytest.raises(DeviceError, match="it is an INA226"):
        ina(INA219)
    bus.chips[0x40].registers[0xFF] = 0x2270
    with pytest.raises(DeviceError, match="its identity is 5449 2270"):
        ina(INA226)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chip_that_never_finishes_is_given_up(bus: I2cBus, kind: str) -> None:
    """A second of its clock, then an error that names it."""
    chip, emulated = KINDS[kind]
    bus.chips[0x40] = emulated(12.4, 0.1, ready_after=10**9)
    clock = iter(range(1000))
    gauge = InaGauge(chip, wait=no_wait, monotonic_s=lambda: next(clock) / 10)
    with pytest.raises(DeviceError, match="no measurement within 1 s"):
        gauge.read()
    gauge.close()


def test_volts_behind_a_divider(bus: I2cBus) -> None:
    """One input against ground, single-shot, waited for; 2.5 V behind a divider by 5 are a battery of 12.5 V."""
    bus.chips[0x48] = Ads1115(2.5, busy_looks=3)
    gauge = Ads1115Gauge(divider=5, channel=2, wait=no_wait)
    assert gauge.read() == PowerReading(pytest.approx(12.5, abs=0.001), None)
    gauge.close()
    (_, config), *_ = bus.chips[0x48].writes
    assert (config >> 12 & 7, config >> 8 & 1) == (0b110, 1)


def test_a_converter_that_never_finishes_is_given_up(bus: I2cBus) -> None:
    """Half a second of its clock, then an error that names it."""
    bus.chips[0x48] = Ads1115(2.5, busy_looks=10**9)
    clock = iter(range(1000))
    gauge = Ads1115Gauge(divider=5, wait=no_wait, monotonic_s=lambda: next(clock) / 10)
    with pytest.raises(DeviceError, match=r"no measurement within 0\.5 s"):
        gauge.read()
    gauge.close()


def test_an_input_that_is_too_high_or_below_ground(bus: I2cBus) -> None:
    """Beyond its range the chip shows the end of it, which is no voltage; noise below ground is none."""
    bus.chips[0x48] = Ads1115(4.2)
    with pytest.raises(DeviceError, match=r"above 4\.096 V"):
        read_once(Ads1115Gauge(divider=5, wait=no_wait))
    bus.chips[0x48] = Ads1115(-0.002)
    assert read_once(Ads1115Gauge(divider=5, wait=no_wait)).battery_v == 0


def test_what_is_no_ads1115_is_refused(bus: I2cBus) -> None:
    """A thermometer at the same address has other registers."""
    bus.chips[0x48] = WordChip({0: 0x1980, 2: 0x4B00, 3: 0x5000})
    with pytest.raises(DeviceError, match="no ADS1115"):
        Ads1115Gauge(divider=5)


def test_what_a_witty_pi_measures(bus: I2cBus) -> None:
    """Whole units and hundredths in two registers, and eighths of a degree in the upper eleven bits."""
    bus.chips[0x08] = witty_pi(volts=12.34, output_v=5.07, output_a=0.31, degrees_c=-7.375)
    reading = read_once(WittyPiGauge(WittyPi(wait=no_wait)))
    assert reading == PowerReading(12.34, -7.375, load_w=pytest.approx(5.07 * 0.31, abs=0.001))


def test_a_witty_pi_on_usb_knows_no_battery(bus: I2cBus) -> None:
    """What its input shows then is not the battery's."""
    bus.chips[0x08] = witty_pi(volts=0.61, power_mode=0)
    assert read_once(WittyPiGauge(WittyPi(wait=no_wait))).battery_v is None


@pytest.mark.parametrize("firmware", [0x22, 0xFF, 0x00])
def test_another_board_is_refused(bus: I2cBus, firmware: int) -> None:
    """A Witty Pi 3 has other registers, and a line that nobody drives reads 0xFF."""
    bus.chips[0x08] = witty_pi(firmware=firmware)
    with pytest.raises(DeviceError, match=f"firmware is 0x{firmware:02x}"):
        WittyPi(wait=no_wait)


def test_hundredths_that_cannot_be(bus: I2cBus) -> None:
    """A byte that came over the wire wrong is no voltage."""
    bus.chips[0x08] = witty_pi()
    bus.chips[0x08].registers[2] = 0xFF
    with pytest.raises(DeviceError, match="hundredths of 255"):
        read_once(WittyPiGauge(WittyPi(wait=no_wait)))


def test_missed_transfers_are_made_again(bus: I2cBus) -> None:
    """Some are; more than that is a device that does not answer, which is named."""
    bus.chips[0x40] = WordChip({7: 0x1234})
    waits: list[float] = []
    device = I2cDevice(1, 0x40, "chip", wait=waits.append)
    bus.missed = ATTEMPTS - 1
    assert device.read_word(7) == 0x1234
    assert len(waits) == ATTEMPTS - 1
    bus.missed = ATTEMPTS
    with pytest.raises(DeviceError, match="chip does not answer: Remote I/O error") as caught:
        device.read_word(7)
    assert caught.value.device == "I2C bus 1 address 0x40"
    device.close()


def test_a_stuck_bus_is_given_up(bus: I2cBus) -> None:
    """A chip that holds the clock line down costs so many attempts, no more, and the bus is given back."""
    bus.chips[0x40] = ina219(12.4, 0.1)
    bus.stuck = True
    with pytest.raises(DeviceError, match="Connection timed out"):
        ina(INA219)
    assert bus.transfers == ATTEMPTS


def test_a_bus_that_is_not_there(bus: I2cBus) -> None:
    """I2C is switched off on a new Raspberry Pi: the hint says how to switch it on."""
    with pytest.raises(DeviceError, match="No such file") as caught:
        I2cDevice(7, 0x40, "INA219")
    assert (caught.value.device, caught.value.exit_status) == ("I2C bus 7", 4)
    assert "raspi-config" in caught.value.hint


@given(st.integers(-0x8000, 0x7FFF))
def test_words_cross_the_bus_as_they_are(value: int) -> None:
    """Written and read back: the byte order is the chip's, and a negative one stays so."""
    with pytest.MonkeyPatch.context() as patch, i2c_bus(patch) as bus:
        bus.chips[0x20] = WordChip({})
        device = I2cDevice(1, 0x20, "chip")
        device.write_word(3, value & 0xFFFF)
        assert bus.chips[0x20].writes == [(3, value & 0xFFFF)]
        assert signed(device.read_word(3)) == value
        device.close()


def test_the_processor_is_asked_where_the_gauge_has_no_thermometer(bus: I2cBus, tmp_path: Path) -> None:
    """Its temperature is told as its own; a gauge that has one is believed."""
    thermometer = tmp_path / "temp"
    thermometer.write_text("41338\n")
    bus.chips[0x40] = ina219(12.4, 0.1)
    reading = read_once(WithProcessorTemperature(ina(INA219), thermometer))
    assert (reading.temperature_c, reading.temperature_from) == (41.338, "processor")
    bus.chips[0x08] = witty_pi(degrees_c=3.5)
    reading = read_once(WithProcessorTemperature(WittyPiGauge(WittyPi(wait=no_wait)), thermometer))
    assert (reading.temperature_c, reading.temperature_from) == (3.5, "gauge")


@pytest.mark.parametrize("says", [None, "", "warm"])
def test_a_processor_without_thermometer(bus: I2cBus, tmp_path: Path, says: str | None) -> None:
    """What is not there, or says nothing, is no temperature; the voltage is told all the same."""
    if says is not None:
        (tmp_path / "temp").write_text(says)
    bus.chips[0x40] = ina219(12.4, 0.1)
    reading = read_once(WithProcessorTemperature(ina(INA219), tmp_path / "temp"))
    assert (reading.battery_v, reading.temperature_c) == (12.4, None)


def test_a_byte_chip_answers_bytes(bus: I2cBus) -> None:
    """The emulation holds the driver to the width of each register."""
    bus.chips[0x08] = ByteChip({5: 0xAB})
    device = I2cDevice(1, 0x08, "chip")
    assert device.read_byte(5) == 0xAB
    device.close()
