"""What stands around a message's body: who may read it, and what proves it.

Byte 0 stays in the clear: the wire version (high four bits) and the key id (low four bits, 0: not sealed).
"""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Seals one body after the other; never two under one counter."""

    @property
    def overhead(self) -> int:
        """How many bytes a sealed message is longer than its body, byte 0 included."""
        ...

    def seal(self, body: bytes, *, version: int) -> bytes:
        """The whole message, byte 0 first. The counter it used is stored before it returns. Raises StoreError."""
        ...


class Opener(Protocol):
    """Opens what one station sealed."""

    def open(self, message: bytes) -> bytes:
        """The body of a sealed message. Raises SealError where no key of the station proves it."""
        ...
