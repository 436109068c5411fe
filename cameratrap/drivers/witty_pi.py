"""A Witty Pi 4, 4 Mini or 4 L3V7: the registers of its microcontroller.

This file alone knows their numbers, as UUGear's firmware (revision 5) defines them. The board is asked one register at
a time: it answers a block with 0xFF.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from cameratrap.drivers.i2c import I2cDevice
from cameratrap.errors import DeviceError

ADDRESS = 0x08
FIRMWARE = {0x26: "Witty Pi 4", 0x36: "Witty Pi 4 Mini", 0x37: "Witty Pi 4 L3V7"}
ID, POWER_MODE = 0, 7
INPUT_V, OUTPUT_V, OUTPUT_A = 1, 3, 5  # each with its hundredths in the register behind it
FROM_USB = 0
ALARM = (27, 28, 29, 30)  # second, minute, hour and day of the month of the next start, BCD; all 0 for none
TEMPERATURE = 50
CLOCK = (58, 59, 60, 61, 63, 64)  # second, minute, hour, day, month and year of the clock, BCD; 62 is the day of week
CLOCK_STOPPED = 0x80  # in the seconds: the clock has been without power since it was set (PCF85063A)


class WittyPi:
    """The board at ``address``. Raises DeviceError for anything else that answers there."""

    def __init__(self, *, bus: int = 1, address: int = ADDRESS, wait: Callable[[float], None] = time.sleep) -> None:
        self._device = I2cDevice(bus, address, "Witty Pi 4", wait=wait)
        try:
            self._check_identity()
        except BaseException:
            self._device.close()
            raise

    @property
    def name(self) -> str:
        """Where it is, for an error to name."""
        return self._device.name

    def close(self) -> None:
        """Give the bus back."""
        self._device.close()

    def input_v(self) -> float | None:
        """Volts at the battery's input; None while the board is fed through USB, and nothing is known of a battery."""
        if self._device.read_byte(POWER_MODE) == FROM_USB:
            return None
        return self._measured(INPUT_V)

    def output_w(self) -> float:
        """Watts that the Raspberry Pi takes, without the board's own converter."""
        return self._measured(OUTPUT_V) * self._measured(OUTPUT_A)

    def temperature_c(self) -> float:
        """Degrees Celsius at the board: its LM75B tells eighths of a degree in the upper eleven bits."""
        eighths = self._device.read_word(TEMPERATURE) >> 5
        return (eighths - 2048 if eighths & 0x400 else eighths) / 8

    def clock(self) -> datetime:
        """What the board's own clock shows, in whatever zone it was set. Raises DeviceError where it has stopped."""
        registers = [self._device.read_byte(register) for register in CLOCK]
        if registers[0] & CLOCK_STOPPED:
            raise self._no_clock("it has been without power since it was set")
        try:
            second, minute, hour, day, month, year = (_from_bcd(each) for each in registers)
            return datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 - it knows no zone
        except ValueError as error:
            raise self._no_clock(str(error)) from error

    def set_alarm(self, day: int, hour: int, minute: int, second: int) -> None:
        """Switch on when the board's clock shows this next; four zeros for never. Raises DeviceError."""
        values = [_to_bcd(each) for each in (second, minute, hour, day)]
        for register, value in zip(ALARM, values, strict=True):
            self._device.write_byte(register, value)
        found = [self._device.read_byte(register) for register in ALARM]
        if found != values:
            why = f"its registers read {bytes(found).hex()} after {bytes(values).hex()} was written"
            raise DeviceError("the alarm is not set", device=self.name, why=why, hint="does its own software run, too?")

    def _measured(self, register: int) -> float:
        """Whole units, then hundredths: reading the first makes the board measure both."""
        whole, hundredths = self._device.read_byte(register), self._device.read_byte(register + 1)
        if hundredths > 99:
            raise self._device.failed(f"hundredths of {hundredths}", "is the cable longer than a few centimetres?")
        return whole + hundredths / 100

    def _check_identity(self) -> None:
        firmware = self._device.read_byte(ID)
        if firmware not in FIRMWARE:
            known = ", ".join(f"0x{each:02x} ({name})" for each, name in FIRMWARE.items())
            raise self._device.refused(f"its firmware is 0x{firmware:02x}; known are {known}", "is it another board?")

    def _no_clock(self, why: str) -> DeviceError:
        hint = "set it with UUGear's wittyPi.sh, and give it a battery of its own"
        return DeviceError("the Witty Pi's clock is not set", device=self.name, why=why, hint=hint)


def _to_bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _from_bcd(value: int) -> int:
    if value & 0x0F > 9 or value >> 4 > 9:
        raise ValueError(f"0x{value:02x} is no number of two digits")
    return (value >> 4) * 10 + (value & 0x0F)
