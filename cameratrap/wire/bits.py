"""Bits in and out, most significant first, and the codes for whole numbers that the message is made of.

Every code here is self-delimiting: no code word is the beginning of another, so a message that was cut off always
runs out of bits instead of decoding to something else.
"""

from __future__ import annotations

from typing import Protocol

from cameratrap.errors import DecodeError

# No number of the message needs more digits than this; a longer run of zeros is noise and ends the reading.
MAX_DIGITS = 40


class BitWriter:
    """Collects bits; ``to_bytes`` fills the last byte with zeros."""

    __slots__ = ("_length", "_value")

    def __init__(self) -> None:
        self._value = 0
        self._length = 0

    def write(self, number: int, width: int) -> None:
        """Append ``number`` as ``width`` binary digits."""
        if number < 0 or number >> width:
            raise ValueError(f"{number} does not fit into {width} bits")
        self._value = self._value << width | number
        self._length += width

    def flag(self, value: bool) -> None:
        """Append one bit."""
        self.write(int(value), 1)

    def __len__(self) -> int:
        return self._length

    def copy(self) -> BitWriter:
        """The same bits, to be continued in another way."""
        other = BitWriter()
        other._value, other._length = self._value, self._length
        return other

    def to_bytes(self) -> bytes:
        """What was written, whole bytes."""
        size = (self._length + 7) // 8
        return (self._value << (size * 8 - self._length)).to_bytes(size, "big")


class BitReader:
    """Reads the bits of ``data`` in order. Raises DecodeError when they run out."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def read(self, width: int) -> int:
        """The next ``width`` bits as a number."""
        if width > self._left:
            raise DecodeError("the message ends in the middle", why="it was cut off, or it is not a message of ours")
        self._left -= width
        return self._value >> self._left & (1 << width) - 1

    def flag(self) -> bool:
        """The next bit."""
        return bool(self.read(1))

    def rest(self) -> int:
        """The bits not yet read, as a number: 0 where only padding is left."""
        return self._value & (1 << self._left) - 1


class Coding(Protocol):
    """A way of writing whole numbers from 0."""

    def write(self, out: BitWriter, number: int) -> None: ...

    def read(self, bits: BitReader) -> int: ...


class Fixed:
    """Plain binary of ``width`` digits."""

    __slots__ = ("width",)

    def __init__(self, width: int) -> None:
        self.width = width

    def __str__(self) -> str:
        return f"{self.width} bits"

    def write(self, out: BitWriter, number: int) -> None:
        out.write(number, self.width)

    def read(self, bits: BitReader) -> int:
        return bits.read(self.width)


class ExpGolomb:
    """Exponential Golomb code of an ``order``: small numbers cost few bits, and large ones are still possible.

    ``number + 2**order`` in binary, preceded by as many zeros as it has digits beyond ``order + 1``. Numbers below
    ``2**order`` take ``order + 1`` bits, the next ``2**(order + 1)`` numbers two bits more, and so on.
    """

    __slots__ = ("order",)

    def __init__(self, order: int) -> None:
        self.order = order

    def __str__(self) -> str:
        return f"exponential Golomb, order {self.order}"

    def write(self, out: BitWriter, number: int) -> None:
        shifted = number + (1 << self.order)
        digits = shifted.bit_length()
        out.write(shifted, 2 * digits - self.order - 1)

    def read(self, bits: BitReader) -> int:
        digits = self.order + 1
        while not bits.flag():
            digits += 1
            if digits > MAX_DIGITS:
                raise DecodeError(
                    "the message holds a number that no message can hold", why="it is not a message of ours"
                )
        return (1 << (digits - 1) | bits.read(digits - 1)) - (1 << self.order)


class Usually:
    """One bit, 1, for the ``usual`` number; 0 and then plain binary of ``width`` digits for any other."""

    __slots__ = ("usual", "width")

    def __init__(self, usual: int, width: int) -> None:
        self.usual = usual
        self.width = width

    def __str__(self) -> str:
        return f"1 bit for {self.usual} steps, else 1 + {self.width} bits"

    def write(self, out: BitWriter, number: int) -> None:
        out.flag(number == self.usual)
        if number != self.usual:
            out.write(number, self.width)

    def read(self, bits: BitReader) -> int:
        return self.usual if bits.flag() else bits.read(self.width)


def fold_sign(number: int) -> int:
    """0, -1, 1, -2, 2, … as 0, 1, 2, 3, 4, …: so that small differences of either sign stay small."""
    return 2 * number if number >= 0 else -2 * number - 1


def unfold_sign(folded: int) -> int:
    """The inverse of ``fold_sign``."""
    return -((folded + 1) // 2) if folded % 2 else folded // 2
