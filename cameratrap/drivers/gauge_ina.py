"""Battery voltage and load through a Texas Instruments INA219 or INA226 beside a shunt.

This file alone knows their registers (INA219: SBOS448G; INA226: SBOS547B). The current is the voltage over the shunt
divided by its resistance: that needs no calibration register, whose overflow would pass for a small current. The chip
averages over some 140 ms, so that one picture being written is no sagging battery, and sleeps between two readings:
awake it takes a milliwatt or more, day and night.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cameratrap.drivers.i2c import I2cDevice, signed
from cameratrap.ports import PowerReading

ADDRESS = 0x40
CONFIG, SHUNT, BUS = 0x00, 0x01, 0x02
MANUFACTURER, DIE = 0xFE, 0xFF  # an INA219 has neither
INA226_IDENTITY = (0x5449, 0x226)  # the die's last four bits are its revision
RESET = 0x8000
READY_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class InaChip:
    """What differs between the two.

    ``reset`` is the configuration after a reset; ``measure`` starts one averaged measurement of both voltages and
    ``sleep`` is the same in power-down; ``full_scale`` is the largest shunt reading, beyond which it stays.
    """

    name: str
    reset: int
    measure: int
    sleep: int
    ready_register: int
    ready_bit: int
    bus_shift: int
    bus_lsb_v: float
    shunt_lsb_v: float
    full_scale: int


# 32 V, +-320 mV, 128 samples of each.
INA219 = InaChip("INA219", 0x399F, 0x3FFB, 0x3FF8, BUS, 0x0002, 3, 0.004, 10e-6, 32000)
# 64 samples of 1.1 ms of each; the shunt's range is +-81.92 mV.
INA226 = InaChip("INA226", 0x4127, 0x4723, 0x4720, 0x06, 0x0008, 0, 0.00125, 2.5e-6, 32767)


class InaGauge:
    """The port PowerGauge over one of the two chips; ``shunt_ohm`` is the resistor on its board.

    Its IN+ is on the battery's side, so that a load reads positive. Raises DeviceError for another chip.
    """

    def __init__(
        self,
        chip: InaChip,
        *,
        bus: int = 1,
        address: int = ADDRESS,
        shunt_ohm: float = 0.1,
        monotonic_s: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._chip = chip
        self._shunt_ohm = shunt_ohm
        self._device = I2cDevice(bus, address, chip.name, monotonic_s=monotonic_s, wait=wait)
        try:
            self._check_identity()
        except BaseException:
            self._device.close()
            raise

    def read(self) -> PowerReading:
        """Volts at the battery and watts out of it, over 140 ms; the chip has no thermometer. Raises DeviceError.

        A current beyond the shunt's range costs the watts alone: it is a battery that is being filled, mostly.
        """
        self._device.write_word(CONFIG, self._chip.measure)
        self._device.wait_until_ready(self._chip.ready_register, self._chip.ready_bit, READY_WITHIN_S)
        volts = round((self._device.read_word(BUS) >> self._chip.bus_shift) * self._chip.bus_lsb_v, 3)
        shunt = signed(self._device.read_word(SHUNT))
        self._device.write_word(CONFIG, self._chip.sleep)
        if abs(shunt) >= self._chip.full_scale:
            largest_a = self._chip.full_scale * self._chip.shunt_lsb_v / self._shunt_ohm
            trouble = f"the current is beyond the {largest_a:.2g} A of the gauge's shunt"
            return PowerReading(volts, None, trouble=trouble)
        amperes = shunt * self._chip.shunt_lsb_v / self._shunt_ohm
        return PowerReading(volts, None, load_w=round(volts * amperes, 3))

    def close(self) -> None:
        """Give the bus back."""
        self._device.close()

    def _check_identity(self) -> None:
        """An INA226 has a number; of an INA219 only what it shows after a reset is known."""
        manufacturer, die = self._device.read_word(MANUFACTURER), self._device.read_word(DIE)
        is_ina226 = (manufacturer, die >> 4) == INA226_IDENTITY
        if is_ina226 is not (self._chip is INA226):
            found = "it is an INA226" if is_ina226 else f"its identity is {manufacturer:04x} {die:04x}"
            raise self._device.refused(found, "correct battery.gauge or battery.address")
        self._device.write_word(CONFIG, RESET)
        config = self._device.read_word(CONFIG)
        if config != self._chip.reset:
            why = f"after a reset its configuration is 0x{config:04x}, not 0x{self._chip.reset:04x}"
            raise self._device.refused(why, "correct battery.gauge or battery.address")
