"""A station's key in a file, readable by its owner alone: at the trap, and a copy of it at the receiver.

The file is written once and never again. How far the key has been used stands elsewhere: see ``seal_counter``.
"""

from __future__ import annotations

import json
import secrets
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameratrap.errors import SealError, StoreError
from cameratrap.store.durable import PART, make_folder_durably, write_durably
from cameratrap.wire.seal import KEY_BYTES, SealKey

KEY_FILE = "station.key"  # in the card's folder
PRIVATE = 0o600
_FORMAT = "cameratrap station key, version 1"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key and what is known of it. ``station`` is there in a receiver's copy, ``kept_at`` when this file was made."""

    path: Path
    key: SealKey
    kept_at: datetime
    station: str | None = None

    @property
    def is_exposed(self) -> bool:
        """Whether others than its owner may read the file."""
        try:
            return bool(stat.S_IMODE(self.path.stat().st_mode) & ~PRIVATE)
        except OSError as error:
            raise _unreadable(self.path, error.strerror or str(error)) from error


def new_key() -> SealKey:
    """A key from the operating system's random numbers."""
    return SealKey(secrets.token_bytes(KEY_BYTES))


def write_key(path: Path, key: SealKey, now: datetime, *, station: str | None = None) -> KeyFile:
    """Keep ``key`` in a new file. Raises StoreError where it cannot be written or something is there already."""
    check_free(path)
    content = {"format": _FORMAT, "key": key.reveal().hex(), "kept_at": now.isoformat()}
    if station is not None:
        content["station"] = station
    try:
        make_folder_durably(path.absolute().parent)
        path.with_name(path.name + PART).unlink(missing_ok=True)  # what another try left may be readable by anyone
        write_durably(path, json.dumps(content).encode() + b"\n", replace=False, mode=PRIVATE)
    except OSError as error:
        raise StoreError(f"the key cannot be kept in {path}", why=error.strerror or str(error)) from error
    return KeyFile(path, key, now, station)


def check_free(path: Path) -> None:
    """Raises StoreError where a key would be written over."""
    if path.exists():
        raise StoreError(
            f"there is a file {path} already",
            why="a key that is lost cannot be made again, so that none is ever written over",
            hint="to use another key, move that file away first",
        )


def read_key(path: Path) -> KeyFile:
    """The key of a file. Raises StoreError, which says nothing of what the file holds."""
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _FORMAT:
            raise _unreadable(path, "it is no key file, or one of a newer cameratrap")
        station = content.get("station")
        kept_at = datetime.fromisoformat(content["kept_at"])
        return KeyFile(path, SealKey(bytes.fromhex(content["key"])), kept_at, None if station is None else str(station))
    except FileNotFoundError as error:
        raise StoreError(f"there is no key at {path}", hint="`cameratrap key new` makes one") from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, SealError):
        raise _unreadable(path, "it is damaged, or it is no key file") from None  # the cause would show what it holds


def _unreadable(path: Path, why: str) -> StoreError:
    hint = "nothing was changed; put a copy of the key in its place"
    return StoreError(f"the key {path} cannot be read", why=why, hint=hint)


def key_of_trap(key_file: str, data: Path) -> KeyFile | None:
    """The key that a trap seals with: ``seal.key_file`` of the configuration, else the card's own, else none.

    Raises StoreError where one is configured and not there: a trap that should seal never goes on without.
    """
    path = key_path(key_file, data)
    return read_key(path) if key_file or path.exists() else None


def key_path(key_file: str, data: Path) -> Path:
    """Where the trap's key is, or would be."""
    return Path(key_file).expanduser() if key_file else data / KEY_FILE
