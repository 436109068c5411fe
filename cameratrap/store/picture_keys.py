"""The pair of keys that pictures, and a position, are sealed with: the private one stays at home.

The trap has the public one, with which it can seal and nobody can open.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cameratrap.errors import SealError, StoreError
from cameratrap.store.durable import PART, make_folder_durably, remove_durably, write_durably
from cameratrap.store.keys import PRIVATE, check_free
from cameratrap.wire.sealed_box import KEY_BYTES, open_box, public_key_of, seal_box

_FORMATS = {
    "public": "cameratrap picture key, public, version 1",
    "private": "cameratrap picture key, private, version 1",
}


class PrivateKey:
    """Opens what was sealed to its ``public`` one. It never shows itself."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes) -> None:
        """Raises SealError unless it has 32 bytes."""
        self._secret = bytes(secret)
        self.public = public_key_of(secret)

    def __repr__(self) -> str:
        return f"PrivateKey({fingerprint(self.public)})"

    def open(self, box: bytes) -> bytes:
        """What was sealed. Raises SealError."""
        return open_box(self._secret, box)

    def reveal(self) -> bytes:
        """The 32 bytes, for the key's file alone."""
        return self._secret


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Where the two files of a new pair are."""

    private: Path
    public: Path
    fingerprint: str


def seal_to(public: bytes, data: bytes) -> bytes:
    """``data`` as only the holder of the private key can read it, made with the 32 bytes of the public one.

    Raises SealError for what is no key.
    """
    return seal_box(public, data, ephemeral=secrets.token_bytes(KEY_BYTES))


def fingerprint(public: bytes) -> str:
    """Eight hex digits to tell keys apart by."""
    return hashlib.sha256(b"cameratrap picture key" + public).hexdigest()[:8]


def new_pair(private: Path, public: Path) -> KeyPair:
    """Make a pair in two new files; the private one only its owner can read. Raises StoreError."""
    key = PrivateKey(secrets.token_bytes(KEY_BYTES))
    for path in (private, public):
        check_free(path)
    _write(private, "private", key.reveal(), PRIVATE)
    _write(public, "public", key.public, 0o644)
    return KeyPair(private, public, fingerprint(key.public))


def read_private_key(path: Path) -> PrivateKey:
    """The private key of a file. Raises StoreError, which says nothing of what the file holds."""
    try:
        return PrivateKey(_read(path, "private"))
    except SealError:
        raise _unreadable(path, "private", "it is damaged") from None


def read_public_key(path: Path) -> bytes:
    """The 32 bytes of a public key's file. Raises StoreError, also for a private key: it must not be at the trap."""
    key = _read(path, "public")
    if len(key) != KEY_BYTES:
        raise _unreadable(path, "public", "it is damaged")
    return key


def _write(path: Path, kind: str, key: bytes, mode: int) -> None:
    content = {"format": _FORMATS[kind], "key": key.hex()}
    try:
        make_folder_durably(path.absolute().parent)
        remove_durably(path.with_name(path.name + PART))
        write_durably(path, json.dumps(content).encode() + b"\n", replace=False, mode=mode)
    except OSError as error:
        raise StoreError(f"the key cannot be kept in {path}", why=error.strerror or str(error)) from error


def _read(path: Path, kind: str) -> bytes:
    try:
        content = json.loads(path.read_bytes())
        found, key = content["format"], bytes.fromhex(content["key"])
    except FileNotFoundError as error:
        raise StoreError(f"there is no key at {path}", hint="`cameratrap key picture-key new` makes a pair") from error
    except OSError as error:
        raise _unreadable(path, kind, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError):
        raise _unreadable(path, kind, "it is damaged, or it is no key file") from None
    if found != _FORMATS[kind]:
        other = "it is the other one of the pair" if found in _FORMATS.values() else "it is another kind of file"
        raise _unreadable(path, kind, other)
    return key


def _unreadable(path: Path, kind: str, why: str) -> StoreError:
    hint = "the trap has the public key; the private one stays at home"
    return StoreError(f"{path} is no {kind} picture key", why=why, hint=hint)
