"""The start-up sweep: what a power cut left half done is finished or set aside, never lost and never doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import ImageError
from cameratrap.ports import Trigger
from cameratrap.store.bursts import add_picture, begin_burst, burst_of_trigger, pictures_of
from cameratrap.store.card import Card
from cameratrap.store.durable import PART, make_folder_durably, name_parts, remove_durably, sync
from cameratrap.store.exif import PictureTags, is_whole, read_tags
from cameratrap.store.media import SavedPicture, last_folder, partial_pictures, pictures, sha256_of

SET_ASIDE = "set-aside"


@dataclass(frozen=True, slots=True)
class SweepReport:
    """Paths of pictures indexed again, of files moved to ``set-aside``, and of half pictures that were removed."""

    indexed: tuple[str, ...]
    set_aside: tuple[str, ...]
    removed: tuple[str, ...] = ()


def sweep(card: Card, *, keep_partial: bool = True) -> SweepReport:
    """Index whole pictures that have no row, from their own EXIF; move everything else that has none aside.

    A picture that is whole and had not got its name yet gets it. One that is not cannot be searched for people, and may
    show some: without ``keep_partial`` it is removed instead. Names are given in order, so that what a power cut left
    is in the last folder.
    """
    since = last_folder(card.folder)
    rows = card.connection.execute("SELECT path FROM media WHERE path >= ?", (f"DCIM/{since}",))
    known = {str(row["path"]) for row in rows}
    partial = _name_whole(card.folder, partial_pictures(card.folder, since=since))
    indexed: list[str] = []
    aside = [_set_aside(card.folder, path) for path in partial] if keep_partial else []
    for path in [] if keep_partial else partial:
        remove_durably(card.folder / path)
    for path in _durable(card.folder, [path for path in pictures(card.folder, since=since) if path not in known]):
        if _index(card, path):
            indexed.append(path)
        else:
            aside.append(_set_aside(card.folder, path))
    return SweepReport(tuple(indexed), tuple(aside), () if keep_partial else tuple(partial))


def _name_whole(folder: Path, partial: Sequence[str]) -> list[str]:
    """Give the pictures that are whole their names; returns the others."""
    whole = [path for path in partial if _is_whole((folder / path).read_bytes())]
    for path in whole:
        sync(folder / path)
    name_parts([folder / path.removesuffix(PART) for path in whole])
    return [path for path in partial if path not in whole]


def _durable(folder: Path, unknown: Sequence[str]) -> Sequence[str]:
    """These pictures, which a process may have left that was killed, before it had made content and names durable."""
    for path in unknown:
        sync(folder / path)
    for parent in dict.fromkeys((folder / path).parent for path in unknown):
        sync(parent)
    return unknown


def _is_whole(jpeg: bytes) -> bool:
    try:
        return is_whole(jpeg)
    except ImageError:
        return False


def _index(card: Card, path: str) -> bool:
    jpeg = (card.folder / path).read_bytes()
    try:
        tags = read_tags(jpeg)
    except ImageError:
        return False
    if not is_whole(jpeg):
        return False
    trigger = Trigger(tags.trigger_key, tags.captured_at, tags.cause, tags.monotonic_s)
    clock = None if tags.clock is None else ClockQuality(tags.clock)
    begin_burst(card.connection, tags.burst, trigger, boot_id=tags.boot_id, clock=clock)
    burst = burst_of_trigger(card.connection, tags.trigger_key)
    if burst is None or _is_there(card, burst, tags):
        return False
    add_picture(
        card.connection,
        burst,
        SavedPicture(path, sha256_of(jpeg), len(jpeg)),
        position=tags.position,
        of=tags.of,
        captured_at=tags.captured_at,
        source_sha256=tags.source_sha256,
        source_name=tags.source_name,
    )
    return True


def _is_there(card: Card, burst: str, tags: PictureTags) -> bool:
    """Whether the burst already has this picture: somebody copied a file within DCIM."""
    return any(
        picture.position == tags.position and picture.captured_at == tags.captured_at
        for picture in pictures_of(card.connection, burst)
    )


def _set_aside(folder: Path, path: str) -> str:
    """Move a file out of DCIM; its old place stays in its new name, so that nothing there is overwritten."""
    target = folder / SET_ASIDE / path.replace("/", "_")
    make_folder_durably(target.parent)
    while target.exists():
        target = target.with_name(target.name + "_")
    (folder / path).rename(target)
    sync(target.parent)
    return path
