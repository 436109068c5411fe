"""Seals: authenticated encryption of one message, AES-256 in CCM (RFC 3610) with a tag of 8 bytes.

    byte 0      wire version (high four bits), key id 1..15 (low four bits)      in the clear
    bytes 1-3   epoch: random, drawn anew whenever a counter can't be trusted    in the clear
    bytes 4-5   counter, big endian                                              in the clear
    ...         the body, encrypted
    last 8      the tag, over the clear bytes and the body

The nonce (13 bytes, so that CCM counts the body's length in two) is the direction, the key id, the epoch, the counter
and six zeros. A trap and its receiver share one key and can't meet in one nonce, since the direction differs.

A key has 32 bytes: the longer one costs no byte on the air, and what was sent today can be kept until somebody has the
machine to search 16. A tag of 8 bytes costs a forger 2**63 messages on average, each of them a satellite session.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from cameratrap.errors import SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM

KEY_BYTES = 32
EPOCH_BYTES = 3
TAG_BYTES = 8
CLEAR_BYTES = 1 + EPOCH_BYTES + 2
OVERHEAD = CLEAR_BYTES + TAG_BYTES
MAX_COUNTER = 0xFFFF
MAX_KEY_ID = 15
MAX_VERSION = 15


class Direction(IntEnum):
    """Who sealed a message. The number is the nonce's first byte."""

    FROM_TRAP = 1
    TO_TRAP = 2


class SealKey:
    """A station's secret. It never shows itself: what may be shown is its ``fingerprint``."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """Raises SealError unless it has 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise SealError("this is not a key", why=f"a key has {KEY_BYTES} bytes, this has {len(secret)}")
        self._secret = bytes(secret)

    def __repr__(self) -> str:
        return f"SealKey({self.fingerprint})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealKey) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")

    @property
    def fingerprint(self) -> str:
        """Eight hex digits to tell keys apart by; they say nothing of the key."""
        return hashlib.sha256(b"cameratrap key" + self._secret).hexdigest()[:8]

    def reveal(self) -> bytes:
        """The 32 bytes, for the key's file alone."""
        return self._secret

    def cipher(self) -> AESCCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESCCM  # it takes longer to import than all the rest

        return AESCCM(self._secret, tag_length=TAG_BYTES)


@dataclass(frozen=True, slots=True)
class SealNumber:
    """What makes a nonce unique: no two messages of one key and direction have the same."""

    key_id: int
    epoch: bytes
    counter: int

    def __post_init__(self) -> None:
        in_range = 1 <= self.key_id <= MAX_KEY_ID and 0 <= self.counter <= MAX_COUNTER
        if not in_range or len(self.epoch) != EPOCH_BYTES:
            raise SealError("a message cannot be sealed under this number", why=str(self))

    def __str__(self) -> str:
        return f"key {self.key_id}, epoch {self.epoch.hex()}, counter {self.counter}"

    def clear(self, version: int) -> bytes:
        """The message's first six bytes."""
        return bytes([version << 4 | self.key_id]) + self.epoch + self.counter.to_bytes(2, "big")

    def nonce(self, direction: Direction) -> bytes:
        """13 bytes."""
        return bytes([direction, self.key_id]) + self.epoch + self.counter.to_bytes(2, "big") + bytes(6)


def is_sealed(message: bytes) -> bool:
    """Whether byte 0 names a key."""
    return bool(message) and message[0] & 0x0F != 0


def seal_number(message: bytes) -> SealNumber:
    """What a sealed message says in the clear; nothing of it is proved. Raises SealError where it says nothing."""
    if not is_sealed(message):
        raise SealError("the message is not sealed")
    if len(message) < OVERHEAD:
        raise SealError("the sealed message is cut off", why=f"it has {len(message)} bytes, the least is {OVERHEAD}")
    return SealNumber(
        message[0] & 0x0F, message[1 : 1 + EPOCH_BYTES], int.from_bytes(message[1 + EPOCH_BYTES : CLEAR_BYTES], "big")
    )


def seal_message(key: SealKey, number: SealNumber, direction: Direction, body: bytes, *, version: int) -> bytes:
    """The whole message. The caller answers for never giving one number twice, whatever becomes of the message."""
    if not 0 <= version <= MAX_VERSION:
        raise SealError("a message cannot be sealed under this version", why=f"{version} is not in 0..{MAX_VERSION}")
    clear = number.clear(version)
    return clear + key.cipher().encrypt(number.nonce(direction), body, clear)


def open_message(key: SealKey, direction: Direction, message: bytes) -> bytes:
    """The body. Raises SealError unless this very message was sealed with this key in this direction."""
    from cryptography.exceptions import InvalidTag

    number = seal_number(message)
    try:
        return key.cipher().decrypt(number.nonce(direction), message[CLEAR_BYTES:], message[:CLEAR_BYTES])
    except InvalidTag:
        raise SealError(f"the seal is broken ({number})", why="its key is another one, or a byte was changed") from None


class CcmSealer:
    """Seals what a trap sends, each body under a number of its own."""

    overhead = OVERHEAD

    def __init__(self, key: SealKey, take_number: Callable[[], SealNumber]) -> None:
        """``take_number`` gives each number once, and has stored that it is taken before it returns."""
        self._key = key
        self._take_number = take_number

    def seal(self, body: bytes, *, version: int) -> bytes:
        """The whole message. Raises StoreError where no number can be taken: then nothing is sealed."""
        return seal_message(self._key, self._take_number(), Direction.FROM_TRAP, body, version=version)


class CcmOpener:
    """Opens what one station sealed, with any of the keys it has had.

    The key id on the air counts a key's epochs as well as keys; it names none for certain, and each key is tried.
    """

    def __init__(self, keys: Sequence[SealKey]) -> None:
        self._keys = tuple(keys)

    def open(self, message: bytes) -> bytes:
        """The body. Raises SealError."""
        key = self.key_of(message)
        if key is None:
            raise SealError(
                f"no key of the station opens it ({seal_number(message)})",
                why="its key is another one, or a byte was changed",
            )
        return open_message(key, Direction.FROM_TRAP, message)

    def key_of(self, message: bytes) -> SealKey | None:
        """The key that proves a message. Raises SealError where it is not sealed at all."""
        seal_number(message)
        for key in self._keys:
            try:
                open_message(key, Direction.FROM_TRAP, message)
            except SealError:
                continue
            return key
        return None
