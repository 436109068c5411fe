"""The keys of a receiver's stations: files named by fingerprint in a folder of the receiver's own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.keys import KeyFile, read_key, write_key
from cameratrap.wire.seal import SealKey

KEY_FOLDER = "keys"
_SUFFIX = ".key"


def receiver_keys(data: Path) -> list[KeyFile]:
    """Every key of the receiver at ``data``, by station, the oldest first.

    Raises StoreError for one that can't be read or names no station: without it, what its trap did not send would pass.
    """
    found = [read_key(path) for path in sorted((data / KEY_FOLDER).glob(f"*{_SUFFIX}"))]
    for each in found:
        if each.station is None:
            hint = "move it away, then `cameratrap key import FILE --station NAME`"
            raise StoreError(f"the key {each.path} names no station", hint=hint)
    return sorted(found, key=lambda each: (each.station or "", each.kept_at))


def keep_receiver_key(data: Path, key: SealKey, station: str, now: datetime) -> KeyFile:
    """Keep a station's key; one that is here already stays as it is. Raises StoreError as in ``find_receiver_key``."""
    known = find_receiver_key(data, key, station)
    return known or write_key(data / KEY_FOLDER / (key.fingerprint + _SUFFIX), key, now, station=station)


def find_receiver_key(data: Path, key: SealKey, station: str) -> KeyFile | None:
    """The station's key, if it is here.

    Raises StoreError when it is another station's: two traps with one key could seal under the same number.
    """
    known = next((each for each in receiver_keys(data) if each.key == key), None)
    if known is not None and known.station != station:
        raise StoreError(
            f"the key {key.fingerprint} is that of station {known.station!r} already",
            why="two traps with one key would seal different messages under one number",
            hint="make a key for each trap; if it is the same trap, name its modem in `ground.stations`",
        )
    return known
