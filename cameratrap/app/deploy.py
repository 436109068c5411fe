"""Setting a trap up at its tree, and taking it down: the deployment record, and where the position is kept.

A card belongs to one deployment. One that was never armed may be set up again, since a slip of the hand at the tree is
common; one that has seen anything may not, and what was recorded about it stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

from cameratrap.errors import StoreError, UsageError
from cameratrap.store.card import DATABASE, is_used, make_card, make_card_folder, open_card, sole_writer
from cameratrap.store.deployment import RECORD, Deployment, read_record, write_end, write_record
from cameratrap.store.durable import write_durably
from cameratrap.store.picture_keys import seal_to

SEALED_POSITION = "position.geojson.sealed"
EMPTY_CARD = "put an empty card in, or name another folder with --data"


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees north and east, WGS 84, and within how many metres that is true."""

    latitude: float
    longitude: float
    uncertainty_m: int | None = None


class Deployed(Enum):
    """What came of it: a new record, one that was there already, or one that was corrected before any use."""

    NEW = auto()
    SAME = auto()
    CORRECTED = auto()


def what_would_be(folder: Path, wanted: Deployment) -> Deployed:
    """What ``deploy`` would do. Raises StoreError where the card is another deployment's, or its own and in use."""
    if not (folder / RECORD).is_file():
        return Deployed.NEW
    found = read_record(folder / RECORD)
    if found.end is not None:
        raise StoreError(f"the deployment {found.deployment} of {folder} has ended", hint=EMPTY_CARD)
    if _is_same(found, wanted):
        return Deployed.SAME
    if (folder / DATABASE).is_file() and _is_used(folder):
        raise StoreError(
            f"{folder} is in use by the deployment {found.deployment} since {found.start:%Y-%m-%d %H:%M}",
            hint=f"end that one with `deploy --end`, then {EMPTY_CARD}",
        )
    return Deployed.CORRECTED


def deploy(folder: Path, wanted: Deployment) -> tuple[Deployed, Deployment]:
    """Make the card of a deployment, with its record, or correct one that nothing was recorded on. Twice is once.

    Returns the record as it is now on the card, too.

    Raises StoreError, InUseError where `watch` runs on it.
    """
    make_card_folder(folder)
    with sole_writer(folder, "watch"):
        outcome = what_would_be(folder, wanted)
        if outcome is Deployed.CORRECTED:
            write_record(folder / RECORD, wanted)
        if outcome is not Deployed.SAME:
            make_card(folder, wanted).close()
        return outcome, read_record(folder / RECORD)


def own_deployment(station: str, utc_offset_minutes: int, start: datetime) -> Deployment:
    """The one that a trap begins by itself where nobody has; ``start`` is aware."""
    name = station or "unnamed"
    return Deployment(f"{name}_{start:%Y%m%d}", name, utc_offset_minutes, start)


def check_lasts(folder: Path) -> None:
    """Raises UsageError where the deployment of the card has ended: what is recorded from now on is none of it.

    No failure, which a service would answer with another start.
    """
    if (folder / RECORD).is_file() and (found := read_record(folder / RECORD)).end is not None:
        raise UsageError(f"the deployment {found.deployment} of {folder} has ended", hint=EMPTY_CARD)


def check_made(folder: Path) -> None:
    """Raises StoreError where there is no card: what a service would make there lies below where the card belongs."""
    if not (folder / RECORD).is_file():
        raise StoreError(
            f"{folder} is not a card",
            why=f"it has no {RECORD}: the card is not mounted, or not set up yet",
            hint="mount it; `deploy` makes a new one",
        )


def end(folder: Path, at: datetime | None, now: datetime) -> tuple[Deployment, bool]:
    """Write down when a deployment ended, or correct that; returns it, and whether it had ended then already.

    ``at`` is None where nobody says when: now, or as it was said before. Raises StoreError where there is no record,
    ``at`` is before its beginning, before the day of its last burst, or to come; InUseError where `watch` runs.
    """
    path = folder / RECORD
    if not path.is_file():
        raise StoreError(
            f"{folder} is not a card", why=f"it has no {RECORD}", hint="name the card's folder with --data"
        )
    found = read_record(path)
    if found.end is not None and at in (None, found.end):
        return found, True
    ended = now if at is None else at
    if why := _cannot_end(folder, found, ended, now):
        raise StoreError(
            f"{found.deployment} cannot have ended at {ended:%Y-%m-%d %H:%M}",
            why=why,
            hint="is the clock right? name the time with --at",
        )
    with sole_writer(folder, "watch"):
        return write_end(path, ended), False


def _cannot_end(folder: Path, found: Deployment, at: datetime, now: datetime) -> str:
    """Why not, if so. Whoever takes a trap down is in its last pictures: only the day of those must be right."""
    if at < found.start:
        return f"it began at {found.start:%Y-%m-%d %H:%M}"
    if at > now:
        return f"it is {now:%Y-%m-%d %H:%M} by this machine's clock"
    last = last_burst(folder) if (folder / DATABASE).is_file() else None
    if last is not None and at.astimezone(found.zone).date() < last.astimezone(found.zone).date():
        return f"its last burst was taken on {last.astimezone(found.zone):%Y-%m-%d %H:%M}"
    return ""


def check_sealed(folder: Path) -> None:
    """Raises StoreError on a card in use that has a sealed position: nobody here can tell whether it is the same."""
    path = folder / SEALED_POSITION
    if path.is_file() and (folder / DATABASE).is_file() and _is_used(folder):
        hint = "leave --position away; if the sealed one is wrong, move that file away first"
        raise StoreError(f"{path} is there already, and only the private key tells what is in it", hint=hint)


def check_position(path: Path, deployment: Deployment, position: Position) -> None:
    """Raises StoreError where the file of a position says something else."""
    try:
        differs = path.exists() and path.read_text(encoding="utf-8") != position_text(deployment, position)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the position cannot be kept in {path}", why=str(error), hint="name another file") from error
    if differs:
        raise StoreError(f"{path} is there already and says something else", hint="name another file")


def write_position(path: Path, deployment: Deployment, position: Position) -> bool:
    """Keep the position in a file of its own, for its owner only, as GeoJSON. False where it says so already.

    Raises StoreError where it cannot be written, or something else is in the file.
    """
    check_position(path, deployment, position)
    if path.exists():
        return False
    try:
        write_durably(path, position_text(deployment, position).encode(), replace=False, mode=0o600)
    except OSError as error:
        raise StoreError(f"the position cannot be kept in {path}", why=str(error), hint="name another file") from error
    return True


def seal_position(folder: Path, deployment: Deployment, position: Position, public: bytes) -> Path:
    """Keep the position on the card as only the holder of the private key can read it. Raises StoreError, SealError.

    Until the card is used it can be corrected; ``check_sealed`` comes first.
    """
    path = folder / SEALED_POSITION
    try:
        write_durably(path, seal_to(public, position_text(deployment, position).encode()), mode=0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written", why=error.strerror or str(error)) from error
    return path


def position_text(deployment: Deployment, position: Position) -> str:
    """A GeoJSON feature (RFC 7946: longitude first), by Camtrap DP's names."""
    properties = {"deploymentID": deployment.deployment, "locationID": deployment.station}
    if position.uncertainty_m is not None:
        properties |= {"coordinateUncertainty": position.uncertainty_m}  # type: ignore[dict-item]
    point = {"type": "Point", "coordinates": [position.longitude, position.latitude]}
    return json.dumps({"type": "Feature", "geometry": point, "properties": properties}) + "\n"


def _is_same(found: Deployment, wanted: Deployment) -> bool:
    """The same but for when it was said, and with what: the record tells how it was begun."""
    return replace(found, start=wanted.start, made_with=None) == replace(wanted, made_with=None)


def last_burst(folder: Path) -> datetime | None:
    """When the newest burst of a card began."""
    with open_card(folder) as card:
        found = card.connection.execute("SELECT MAX(started_at) FROM bursts").fetchone()[0]
        return None if found is None else datetime.fromisoformat(found)


def _is_used(folder: Path) -> bool:
    """Whether anything was recorded on the card."""
    with open_card(folder) as card:
        return is_used(card.connection)
