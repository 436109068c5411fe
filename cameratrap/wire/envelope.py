"""What stands around a message's body: who may read it, and what proves it.

Byte 0 stays in the clear: the wire version (high four bits) and the key id (low four bits, 0: not sealed). In a message
that is not sealed a check of two bytes follows, then the body.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Protocol

from cameratrap.errors import DecodeError, SealError
from cameratrap.wire.fields import UPDATE
from cameratrap.wire.layout import MAX_BYTES, PLAIN_OVERHEAD, VERSION


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


def wrap(body: bytes, sealer: Sealer | None) -> bytes:
    """The message of a body, which does not end in a zero byte; in the clear, neither does the message."""
    if sealer is not None:
        return sealer.seal(body, version=VERSION)
    return (bytes([16 * VERSION]) + _check(body) + body).rstrip(b"\0")


def overhead(sealer: Sealer | None) -> int:
    """How many bytes a message is longer than its body."""
    return PLAIN_OVERHEAD if sealer is None else sealer.overhead


def unwrap(message: bytes, opener: Opener | None) -> bytes:
    """The body of a message, without zero bytes at its end. Raises DecodeError, SealError where it is sealed."""
    if not any(message):
        raise DecodeError("the message is empty", why="it has no byte that is not zero")
    version, key_id = divmod(message[0], 16)
    if version != VERSION:
        raise DecodeError(
            f"wire version {version} is not known", why=f"this program reads version {VERSION}", hint=UPDATE
        )
    if key_id == 0:
        return _unwrap_plain(message.rstrip(b"\0"))
    if opener is None:
        raise SealError(
            f"the message is sealed with key {key_id}",
            why=f"no key is at hand, and all its {len(message)} bytes belong to it",
            hint="keep the raw bytes, the last ones too where they are zero, and open it with the station's key",
        )
    return opener.open(message)


def _unwrap_plain(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise DecodeError(
            "the message is too long", why=f"it has {len(content)} bytes, and a satellite message at most {MAX_BYTES}"
        )
    body = content[PLAIN_OVERHEAD:]
    if content[1:PLAIN_OVERHEAD].ljust(PLAIN_OVERHEAD - 1, b"\0") != _check(body):
        raise DecodeError(
            "the message does not pass its check", why="it was cut off or damaged, or it is not a message of ours"
        )
    return body


def _check(body: bytes) -> bytes:
    """CRC-16 (polynomial 0x1021, from 0xffff, high byte first) of byte 0 and the body, zeros filling it to 337 bytes.

    So zero bytes cut off or added on the way change nothing, and every burst of up to 16 bits is found.
    """
    return crc_hqx(bytes([16 * VERSION]) + body.ljust(MAX_BYTES - PLAIN_OVERHEAD, b"\0"), 0xFFFF).to_bytes(2, "big")
