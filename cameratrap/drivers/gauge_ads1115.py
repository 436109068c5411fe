"""Battery voltage through a Texas Instruments ADS1115 behind a divider of two resistors.

This file alone knows its registers (SBAS444E). It measures one input against ground, once, and sleeps by itself until
the next reading.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cameratrap.drivers.i2c import I2cDevice, signed
from cameratrap.ports import PowerReading

ADDRESS = 0x48
CONVERSION, CONFIG, LOW_THRESHOLD, HIGH_THRESHOLD = 0, 1, 2, 3
START, IDLE = 0x8000, 0x8000  # the same bit: written it starts a conversion, read it says that none is going on
# +-4.096 V, single shot, 128 samples a second, no comparator. The input may not be above the chip's supply of 3.3 V.
SETTINGS = 0x0383
LSB_V = 4.096 / 32768
FULL_SCALE = 32767
# It has no number of its own; these two are as after power-on, since nothing here uses the comparator.
THRESHOLDS = (0x8000, 0x7FFF)
READY_WITHIN_S = 0.5


class Ads1115Gauge:
    """The port PowerGauge: ``divider`` is the battery's voltage over the one at input ``channel``, 0 to 3.

    Raises DeviceError for another chip.
    """

    def __init__(
        self,
        *,
        divider: float,
        bus: int = 1,
        address: int = ADDRESS,
        channel: int = 0,
        monotonic_s: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._divider = divider
        self._settings = SETTINGS | (0b100 | channel) << 12
        self._device = I2cDevice(bus, address, "ADS1115", monotonic_s=monotonic_s, wait=wait)
        try:
            self._check_identity()
        except BaseException:
            self._device.close()
            raise

    def read(self) -> PowerReading:
        """Volts at the battery; the chip knows neither load nor temperature. Raises DeviceError."""
        self._device.write_word(CONFIG, START | self._settings)
        self._device.wait_until_ready(CONFIG, IDLE, READY_WITHIN_S)
        counts = signed(self._device.read_word(CONVERSION))
        if counts >= FULL_SCALE:
            raise self._device.failed("its input is above 4.096 V", "divide the battery's voltage to 3.3 V at most")
        return PowerReading(round(max(counts, 0) * LSB_V * self._divider, 3), None)

    def close(self) -> None:
        """Give the bus back."""
        self._device.close()

    def _check_identity(self) -> None:
        found = (self._device.read_word(LOW_THRESHOLD), self._device.read_word(HIGH_THRESHOLD))
        if found != THRESHOLDS:
            why = f"its thresholds are 0x{found[0]:04x} and 0x{found[1]:04x}, not as after power-on"
            raise self._device.refused(why, "correct battery.gauge or battery.address")
