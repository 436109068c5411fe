"""An I2C bus behind the real smbus2: what the kernel would answer to its ioctls, and chips that stand on it.

A chip has registers of 16 bits, the more significant byte first on the wire, or of 8 bits. The bus can be stuck, and a
chip may miss some transfers.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from smbus2 import smbus2

I2C_SLAVE, I2C_FUNCS, I2C_SMBUS = 0x0703, 0x0705, 0x0720
READ, BYTE_DATA, WORD_DATA = 1, 2, 3


class WordChip:
    """A chip of 16-bit registers; ``on_write`` is told of each write."""

    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers
        self.writes: list[tuple[int, int]] = []

    def read(self, register: int) -> int:
        return self.registers.get(register, 0)

    def write(self, register: int, value: int) -> None:
        self.writes.append((register, value))
        self.registers[register] = value

    def transfer(self, register: int, size: int, written: bytes | None) -> bytes:
        """The bytes of one transfer, as they pass over the wire: the chip's more significant byte first."""
        assert size == WORD_DATA, "this chip is only asked for words"
        if written is None:
            return self.read(register).to_bytes(2, "big")
        self.write(register, int.from_bytes(written, "big"))
        return b""


class ByteChip(WordChip):
    """A chip of 8-bit registers; those of ``words`` are two bytes."""

    def __init__(self, registers: dict[int, int], words: tuple[int, ...] = ()) -> None:
        super().__init__(registers)
        self.words = words

    def transfer(self, register: int, size: int, written: bytes | None) -> bytes:
        width = 2 if register in self.words else 1
        assert size == (WORD_DATA if width == 2 else BYTE_DATA), f"register {register} has {width} bytes"
        if written is None:
            return self.read(register).to_bytes(width, "big")
        self.write(register, int.from_bytes(written, "big"))
        return b""


class I2cBus:
    """What stands on /dev/i2c-1. ``missed`` transfers to come fail; one that is ``stuck`` fails for ever."""

    def __init__(self) -> None:
        self.chips: dict[int, WordChip] = {}
        self.missed = 0
        self.stuck = False
        self.transfers = 0
        self.open_files = 0

    def open(self, path: str, flags: int) -> int:
        if path != "/dev/i2c-1":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        self.open_files += 1
        return os.open(os.devnull, flags)

    def close(self, file: int) -> None:
        self.open_files -= 1
        os.close(file)

    def ioctl(self, file: int, request: int, argument: object = 0) -> int:
        if request == I2C_SLAVE:
            self._address = argument
        elif request == I2C_SMBUS:
            self._smbus(argument)
        else:
            assert request == I2C_FUNCS
        return 0

    def _smbus(self, message: smbus2.i2c_smbus_ioctl_data) -> None:  # type: ignore[no-any-unimported]
        self.transfers += 1
        if self.stuck:
            raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        chip = self.chips.get(self._address)  # type: ignore[call-overload]
        if chip is None or self.missed:
            self.missed = max(self.missed - 1, 0)
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        data = message.data.contents
        width = 2 if message.size == WORD_DATA else 1
        # SMBus: "the least significant byte is sent first". What the union holds is in the host's order, little-endian.
        if message.read_write == READ:
            ctypes.memmove(ctypes.addressof(data), chip.transfer(message.command, message.size, None), width)
        else:
            chip.transfer(message.command, message.size, ctypes.string_at(ctypes.addressof(data), width))


@contextmanager
def i2c_bus(patch: pytest.MonkeyPatch) -> Iterator[I2cBus]:
    """The bus under the real smbus2; at the end every file that was opened on it is closed."""
    bus = I2cBus()
    patch.setattr(smbus2, "os", SimpleNamespace(open=bus.open, close=bus.close, O_RDWR=os.O_RDWR))
    patch.setattr(smbus2, "ioctl", bus.ioctl)
    yield bus
    assert bus.open_files == 0, "a driver left the bus open"


def ina219(volts: float, amperes: float, *, ready_after: int = 2) -> WordChip:
    """An INA219 beside 0.1 ohm: a battery and its load, as the next measurement will find them."""
    return _Ina(
        {0: 0x399F},
        reset=0x399F,
        ready=(2, 0x0002),
        ready_after=ready_after,
        measured=lambda: {
            1: round(amperes * 0.1 / 10e-6) & 0xFFFF,
            2: round(volts / 0.004) << 3,
        },
    )


def ina226(volts: float, amperes: float, *, ready_after: int = 2) -> WordChip:
    """An INA226 beside 0.1 ohm."""
    registers = {0: 0x4127, 0xFE: 0x5449, 0xFF: 0x2260}
    return _Ina(
        registers,
        reset=0x4127,
        ready=(6, 0x0008),
        ready_after=ready_after,
        measured=lambda: {
            1: max(min(round(amperes * 0.1 / 2.5e-6), 0x7FFF), -0x8000) & 0xFFFF,
            2: round(volts / 0.00125),
        },
    )


class _Ina(WordChip):
    """Measures when mode 3 is written, and says so after some looks; a reset brings its configuration back."""

    def __init__(
        self,
        registers: dict[int, int],
        *,
        reset: int,
        ready: tuple[int, int],
        ready_after: int,
        measured: Callable[[], dict[int, int]],
    ) -> None:
        super().__init__(registers)
        self._reset = reset
        self._ready, self._bit = ready
        self._ready_after = ready_after
        self._measured = measured
        self._looks: int | None = None

    def write(self, register: int, value: int) -> None:
        super().write(register, value)
        if register == 0 and value & 0x8000:
            self.registers[0] = self._reset
        elif register == 0 and value & 0x7 == 3:
            self._looks = 0
            self.registers[self._ready] = self.registers.get(self._ready, 0) & ~self._bit

    def read(self, register: int) -> int:
        if register == self._ready and self._looks is not None:
            self._looks += 1
            if self._looks >= self._ready_after:
                self.registers |= self._measured()
                self.registers[register] = self.registers.get(register, 0) | self._bit
        return super().read(register)


class Ads1115(WordChip):
    """Converts when OS is written; the input is at ``volts``."""

    def __init__(self, volts: float, *, busy_looks: int = 2) -> None:
        super().__init__({0: 0, 1: 0x8583, 2: 0x8000, 3: 0x7FFF})
        self.volts = volts
        self._busy_looks = busy_looks
        self._left = 0

    def write(self, register: int, value: int) -> None:
        super().write(register, value)
        if register == 1 and value & 0x8000:
            self._left = self._busy_looks

    def read(self, register: int) -> int:
        if register == 1 and self._left:
            self._left -= 1
            self._convert()
            return self.registers[1] & 0x7FFF
        return super().read(register)

    def _convert(self) -> None:
        """Until it is ready the register holds the conversion before."""
        if self._left == 0:
            full_scale_v = {0: 6.144, 1: 4.096, 2: 2.048, 3: 1.024, 4: 0.512}.get(self.registers[1] >> 9 & 7, 0.256)
            self.registers[0] = max(min(round(self.volts / full_scale_v * 32768), 0x7FFF), -0x8000) & 0xFFFF


def witty_pi(
    *,
    volts: float = 12.4,
    output_v: float = 5.05,
    output_a: float = 0.25,
    degrees_c: float = 21.0,
    power_mode: int = 1,
    firmware: int = 0x26,
) -> ByteChip:
    """A Witty Pi 4 by its registers; its clock shows 2026-11-23 23:59:30 in whatever zone."""
    registers = {0: firmware, 7: power_mode, 50: round(degrees_c * 8) << 5 & 0xFFFF}
    for register, value in ((1, volts), (3, output_v), (5, output_a)):
        registers[register], registers[register + 1] = divmod(round(value * 100), 100)
    clock = {58: 0x30, 59: 0x59, 60: 0x23, 61: 0x23, 63: 0x11, 64: 0x26}
    return ByteChip(registers | clock, words=(50,))
