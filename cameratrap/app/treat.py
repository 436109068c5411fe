"""Carrying out what was decided about pictures: blurred or removed, and then noted.

Each step is durable before the next, and each may be done again: a picture is replaced whole or not at all, and which
one takes its place is written down before it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameratrap.app.redact import redacted
from cameratrap.domain.policy import Treatment
from cameratrap.errors import CameraTrapError, ImageError, StoreError
from cameratrap.store.card import Card
from cameratrap.store.durable import remove_durably, write_durably
from cameratrap.store.media import sha256_of
from cameratrap.store.sealed_pictures import sealed_path
from cameratrap.store.treatments import Outcome, Reason, Undone, announce, finish, undone


@dataclass(frozen=True, slots=True)
class TreatmentFailed:
    """A picture that is still on the card as the camera took it, and should not be; it is tried again."""

    path: str
    error: CameraTrapError


def treat_pictures(card: Card, now: datetime) -> list[TreatmentFailed]:
    """Carry out all that is decided and not done, also by an earlier run; returns what cannot be done now.

    What was done is noted at the end and at once: what a power cut leaves without a note is done again. Raises
    StoreError where the index cannot be written.
    """
    done, failed = {}, []
    for each in undone(card.connection):
        try:
            done[each.id] = _treat(card, each)
        except CameraTrapError as error:
            failed.append(TreatmentFailed(each.path, error))
    if done:
        finish(card.connection, done, now)
    return failed


def _treat(card: Card, decided: Undone) -> Outcome:
    path = card.folder / decided.path
    try:
        if decided.treatment is Treatment.BLUR:
            return _blur(card, decided, path)
        remove_durably(path)
        if sealed_path(path).exists():
            remove_durably(sealed_path(path))
    except OSError as error:
        raise StoreError("the picture cannot be changed", why=error.strerror or str(error)) from error
    return Outcome.DROPPED if decided.reason is Reason.ROOM else Outcome.REMOVED


def _blur(card: Card, decided: Undone, path: Path) -> Outcome:
    """A picture that cannot be decoded well enough to be blurred is removed: what it shows may still be seen in it."""
    try:
        jpeg = path.read_bytes()
    except FileNotFoundError:
        return Outcome.REMOVED
    if sha256_of(jpeg) == decided.announced_sha256:  # the power was cut after it had been replaced
        return Outcome.BLURRED
    try:
        blurred = redacted(jpeg, decided.boxes)
    except ImageError:
        remove_durably(path)
        return Outcome.REMOVED
    announce(card.connection, decided.id, sha256_of(blurred))
    write_durably(path, blurred)
    return Outcome.BLURRED
