"""Every picture of a card compared with its row: flash memory forgets, and a decoder does not see it.

One flipped bit in a JPEG is decoded without a word; only a hash that was taken when the picture was written tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cameratrap.store.bursts import Picture, all_pictures
from cameratrap.store.card import Card
from cameratrap.store.media import pictures
from cameratrap.store.sealed_pictures import SUFFIX, sealed_hashes

_BLOCK = 1 << 20


class Condition(StrEnum):
    """How a picture is."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verified:
    """One file of the card, by its path on it."""

    path: str
    condition: Condition
    why: str = ""


def verify(card: Card) -> Iterator[Verified]:
    """Every picture that the index says is there, then every one in DCIM that it does not know."""
    sealed = sealed_hashes(card.connection)
    known = set()
    for picture in all_pictures(card.connection):
        known.add(picture.path)
        if picture.is_removed:
            continue
        yield _verified(card.folder, picture, sealed.get(picture.id))
    for path in pictures(card.folder):
        if path not in known:
            yield Verified(path, Condition.UNKNOWN, "the index does not have it")


def how_many(card: Card) -> int:
    """How many pictures ``verify`` will read."""
    return sum(not picture.is_removed for picture in all_pictures(card.connection))


def _verified(folder: Path, picture: Picture, sealed_sha256: str | None) -> Verified:
    """Until a sealed picture's original is removed, either is the picture."""
    if sealed_sha256 is not None and not (folder / picture.path).exists():
        return _compared(folder, picture.path + SUFFIX, sealed_sha256)
    return _compared(folder, picture.path, picture.sha256_now)


def _compared(folder: Path, path: str, sha256: str | None) -> Verified:
    digest = hashlib.sha256()
    try:
        with (folder / path).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return Verified(path, Condition.MISSING)
    except OSError as error:
        return Verified(path, Condition.UNREADABLE, error.strerror or str(error))
    if digest.hexdigest() == sha256:
        return Verified(path, Condition.WHOLE)
    return Verified(path, Condition.DAMAGED, "it is not what was written")
