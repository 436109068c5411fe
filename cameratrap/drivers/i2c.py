"""One chip on an I2C bus, through smbus2.

This file alone knows smbus2, how often a transfer is tried again, and which byte comes first. It does not know what a
register means.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cameratrap.errors import DeviceError

ATTEMPTS = 4
PAUSE_S = 0.02  # the longest clock stretch of the chips used here is a millisecond: what fails twice is not busy
LOOK_EVERY_S = 0.01
_T = TypeVar("_T")


class I2cDevice:
    """The chip called ``chip`` at ``address`` of /dev/i2c-``bus``.

    A transfer that fails is tried ``ATTEMPTS`` times: one edge of a cable that a lamp's current shook is no broken
    chip. Every register used here may be written twice. All methods raise DeviceError.
    """

    def __init__(
        self,
        bus: int,
        address: int,
        chip: str,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            from smbus2 import SMBus
        except ImportError as error:
            raise DeviceError(
                f"the {chip} cannot be reached",
                device=f"I2C bus {bus}",
                why="smbus2 is not installed",
                hint="pip install 'cameratrap[pi]'",
            ) from error
        self.name = f"I2C bus {bus} address 0x{address:02X}"
        self._address = address
        self._chip = chip
        self._monotonic_s = monotonic_s
        self._wait = wait
        try:
            self._bus = SMBus(bus)
        except OSError as error:
            raise DeviceError(
                f"the {chip} cannot be reached",
                device=f"I2C bus {bus}",
                why=error.strerror or str(error),
                hint="switch I2C on (`sudo raspi-config nonint do_i2c 0`), join the group i2c, or correct the bus",
            ) from error

    def read_byte(self, register: int) -> int:
        """One register of 8 bits."""
        return self._attempt(lambda: self._bus.read_byte_data(self._address, register))

    def write_byte(self, register: int, value: int) -> None:
        """One register of 8 bits."""
        self._attempt(lambda: self._bus.write_byte_data(self._address, register, value))

    def read_word(self, register: int) -> int:
        """One register of 16 bits, the more significant byte first, as measuring chips send it."""
        return _swapped(self._attempt(lambda: self._bus.read_word_data(self._address, register)))

    def write_word(self, register: int, value: int) -> None:
        """The same, written."""
        self._attempt(lambda: self._bus.write_word_data(self._address, register, _swapped(value)))

    def wait_until_ready(self, register: int, bit: int, within_s: float) -> None:
        """Return once ``bit`` of the 16-bit ``register`` tells that the chip has measured."""
        give_up_s = self._monotonic_s() + within_s
        while not self.read_word(register) & bit:
            if self._monotonic_s() >= give_up_s:
                raise self.failed(f"no measurement within {within_s:g} s", "switch its power off and on")
            self._wait(LOOK_EVERY_S)

    def refused(self, why: str, hint: str) -> DeviceError:
        """The error for a chip that answers, but not as the one it should be."""
        return DeviceError(f"what answers is no {self._chip}", device=self.name, why=why, hint=hint)

    def failed(self, why: str, hint: str) -> DeviceError:
        """The error for a chip that is the right one and does not do its work."""
        return DeviceError(f"the {self._chip} does not measure", device=self.name, why=why, hint=hint)

    def close(self) -> None:
        """Give the bus back."""
        self._bus.close()

    def _attempt(self, transfer: Callable[[], _T]) -> _T:
        for _ in range(ATTEMPTS - 1):
            try:
                return transfer()
            except OSError:
                self._wait(PAUSE_S)
        try:
            return transfer()
        except OSError as error:
            raise DeviceError(
                f"the {self._chip} does not answer",
                device=self.name,
                why=f"{error.strerror or error}, {ATTEMPTS} times",
                hint="check its wires and its address: `i2cdetect -y BUS` shows who answers",
            ) from error


def signed(word: int) -> int:
    """A register of 16 bits as the two's complement it is."""
    return word - 0x10000 if word & 0x8000 else word


def _swapped(word: int) -> int:
    """SMBus sends the less significant byte first, these chips the other."""
    return (word & 0xFF) << 8 | word >> 8
