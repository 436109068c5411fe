"""Sealing what lies open on the card and was looked at, and opening at home what came back sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cameratrap.errors import CameraTrapError, SealError, StoreError
from cameratrap.store.card import DATABASE, RECORD, Card, open_card
from cameratrap.store.durable import make_folder_durably, write_durably
from cameratrap.store.media import sha256_of
from cameratrap.store.picture_keys import PrivateKey
from cameratrap.store.sealed_pictures import SUFFIX, seal_picture, to_seal
from cameratrap.store.views import forget_stored

_PICTURES = "DCIM"


@dataclass(frozen=True, slots=True)
class SealingFailed:
    """A picture that still lies open; it is tried again."""

    path: str
    error: CameraTrapError


def seal_pictures(card: Card, public: bytes) -> Sequence[SealingFailed]:
    """Seal every picture that was looked at, also what an earlier run has left; returns what cannot be done now.

    What nobody could look at stays open, so that it still can be.
    """
    failed = []
    for each in to_seal(card.connection):
        try:
            seal_picture(card.connection, card.folder, each, public)
        except CameraTrapError as error:
            failed.append(SealingFailed(each.path, error))
    return failed


def remove_views(card: Card) -> Sequence[SealingFailed]:
    """Remove the small pictures of the background that the card has from before its pictures were to be sealed."""
    try:
        forget_stored(card.connection)
    except StoreError as error:
        return [SealingFailed(DATABASE, error)]
    return []


@dataclass(frozen=True, slots=True)
class Unsealed:
    """One sealed file: where its picture now is, and why it could not be opened where it could not."""

    path: str
    picture: Path | None
    error: CameraTrapError | None = None


def unseal(folder: Path, key: PrivateKey, output: Path, *, dry_run: bool = False) -> Iterator[Unsealed]:
    """Open every sealed picture of a card, and its position, into ``output``, byte for byte; the card is not touched.

    With the card's index each is compared with what it has, too. One that is there already is not written over.
    """
    known = _known(folder)
    for path in [*folder.glob(f"*.geojson{SUFFIX}"), *sorted((folder / _PICTURES).glob(f"*/*{SUFFIX}"))]:
        name = path.relative_to(folder).as_posix()
        try:
            yield Unsealed(
                name, _unseal(path, key, output / name.removesuffix(SUFFIX), known.get(name), dry_run=dry_run)
            )
        except CameraTrapError as error:
            yield Unsealed(name, None, error)


def _unseal(path: Path, key: PrivateKey, target: Path, sha256: str | None, *, dry_run: bool) -> Path:
    try:
        jpeg = key.open(path.read_bytes())
        if sha256 is not None and sha256_of(jpeg) != sha256:
            raise SealError("what is in it is not what the card's index says", hint="was it put there by somebody?")
        if target.exists():
            if sha256_of(target.read_bytes()) == sha256_of(jpeg):
                return target
            raise StoreError(f"there is another file {target} already", hint="name an empty folder with --output")
        if not dry_run:
            make_folder_durably(target.absolute().parent)
            write_durably(target, jpeg, replace=False)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be unsealed", why=error.strerror or str(error)) from error
    return target


def _known(folder: Path) -> dict[str, str]:
    """By the sealed file's path, what the index says is in it; nothing where the card has no index."""
    if not (folder / RECORD).is_file():
        return {}
    with open_card(folder) as card:
        rows = card.connection.execute("SELECT m.path, s.opened FROM sealed s JOIN media m ON m.id = s.media")
        return {f"{row['path']}{SUFFIX}": str(row["opened"]) for row in rows}
