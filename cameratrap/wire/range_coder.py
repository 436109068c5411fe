"""Arithmetic coding in whole numbers: each decision costs as many bits as it was unexpected, fractions of bits too.

The interval of what is still possible starts as all of 32 bits. A decision among ``total`` shares keeps the piece that
belongs to its own: ``range // total`` for each share, the last share taking what the division leaves over. As soon as
the interval is narrower than 24 bits, both its ends are shifted left by a byte. The message is the number within the
last interval that ends in the most zeros, without its zero bytes at the end; a reader takes zeros for what is not
there, as many as it asks for. (A range coder after Martin, 1979; the carry is Python's.)
"""

from __future__ import annotations

WHOLE = 1 << 32
NARROW = 1 << 24
MOST_SHARES = 1 << 16  # so that every share has at least 256 numbers of the interval


class RangeEncoder:
    """Narrows the interval decision by decision."""

    __slots__ = ("_low", "_range", "_shifts")

    def __init__(self) -> None:
        self._low = 0
        self._range = WHOLE
        self._shifts = 0

    def keep(self, start: int, shares: int, total: int) -> None:
        """Keep ``shares`` of ``total``, those from ``start`` on. Raises ValueError where there are no such shares."""
        if not (0 <= start < start + shares <= total <= MOST_SHARES):
            raise ValueError(f"there are no shares {start} to {start + shares} of {total}")
        share = self._range // total
        self._low += share * start
        self._range = self._range - share * start if start + shares == total else share * shares
        while self._range < NARROW:
            self._low <<= 8
            self._range <<= 8
            self._shifts += 1

    def to_bytes(self) -> bytes:
        """The shortest bytes that say all decisions so far; they never end in a zero byte."""
        if self._low == 0:
            return b""
        last = self._low + self._range - 1
        zeros = (last ^ self._low - 1).bit_length() - 1
        return (last >> zeros << zeros).to_bytes(4 + self._shifts, "big").rstrip(b"\0")


class RangeDecoder:
    """Takes the same decisions again. It never fails: what was decided may only make no sense."""

    __slots__ = ("_data", "_next", "_offset", "_range")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = int.from_bytes(data[:4].ljust(4, b"\0"), "big")
        self._next = 4
        self._range = WHOLE

    def share(self, total: int) -> int:
        """The number of one of the shares that were kept, of ``total``; ``keep`` has to follow."""
        return min(self._offset // (self._range // total), total - 1)

    def keep(self, start: int, shares: int, total: int) -> None:
        """Go on as the encoder did."""
        share = self._range // total
        self._offset -= share * start
        self._range = self._range - share * start if start + shares == total else share * shares
        while self._range < NARROW:
            following = self._data[self._next] if self._next < len(self._data) else 0
            self._offset = self._offset << 8 | following
            self._range <<= 8
            self._next += 1
