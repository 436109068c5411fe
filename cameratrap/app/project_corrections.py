"""Correcting a project's deployments and their clocks, with all that follows; and what each would change.

Each function is one transaction. Tried on a copy of the index (``store.trials.copy_in_memory``) it is a preview.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cameratrap.app.card_project import tell_effort
from cameratrap.app.project_nights import night_of
from cameratrap.errors import StoreError, UsageError
from cameratrap.store import project_clock, project_deployments
from cameratrap.store.card import RECORD, Card, open_card
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project
from cameratrap.store.project_clock import chosen
from cameratrap.store.project_corrections import Correction, correction, corrections
from cameratrap.store.project_deployments import Facts, corrected, is_taken_name, named_deployment
from cameratrap.store.project_events import regroup
from cameratrap.store.project_read import StoredDeployment, deployed, deployments

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_EFFORT = ("start", "end", "latitude", "longitude")  # what a day's effort is reckoned with


@dataclass(frozen=True, slots=True)
class Who:
    """Who corrects, and when (aware)."""

    author: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a correction changes, as it was and as it is."""

    name: str
    was: object
    now: object


def correct_deployment(project: Project, name: str, detail: Facts, who: Who) -> tuple[int | None, list[Change]]:
    """Correct what the deployment of this name is; returns the correction's number, None where nothing changes.

    ``detail`` is by ``project_deployments.FIELDS``; of the setup only what is to be changed. Raises UsageError for a
    deployment that is not there or a name that is, StoreError where its card is needed and not there.
    """
    connection = project.connection
    with transaction(connection):
        found = named_deployment(connection, name)
        told = corrected(connection, found.number)
        wanted = _only_new(told, detail)
        if not wanted:
            return None, []
        new = str(wanted.get("deployment", name))
        if new != name and is_taken_name(connection, new):
            raise UsageError(f"the project has another deployment called {new!r}", hint="choose another name")
        before = _seen(connection, found.number)
        number = project_deployments.correct(connection, found.number, wanted, author=who.author, made_at=who.now)
        _follow(project, found, wanted)
        return number, _changes(before, _seen(connection, found.number))


def shift_clock(
    project: Project, name: str, offset: timedelta, who: Who, *, since: datetime | None, until: datetime | None
) -> tuple[int, list[Change]]:
    """Move the times of a deployment by ``offset``, of what begins in the time given, and all that follows.

    Raises UsageError where there is nothing to move or a time that cannot be would come of it, StoreError as above.
    """
    connection = project.connection
    with transaction(connection):
        found = named_deployment(connection, name)
        moved = chosen(connection, found.number, since, until)
        if not moved:
            raise UsageError(f"{name} has no picture in the time that was named", hint="see `cameratrap project show`")
        _check_possible(connection, moved, offset, who.now)
        before = _seen(connection, found.number)
        number = project_clock.shift(
            connection, found.number, offset, since=since, until=until, author=who.author, made_at=who.now
        )
        project_deployments.settle_deployment(connection, found.number)
        _remake(project, found)
        return number, _changes(before, _seen(connection, found.number))


def take_back(project: Project, number: int, who: Who) -> tuple[Correction, list[Change]]:
    """Take a correction back. Raises StoreError where there is none, or a later one of the same clock stands."""
    connection = project.connection
    with transaction(connection):
        found = correction(connection, number)
        stored = next(each for each in deployments(connection) if each.number == found.deployment)
        before = _seen(connection, found.deployment)
        if found.kind == "clock":
            _check_newest(connection, found)
            project_clock.take_back(connection, found, author=who.author, made_at=who.now)
            project_deployments.settle_deployment(connection, found.deployment)
            _remake(project, stored)
        else:
            project_deployments.take_back(connection, found, author=who.author, made_at=who.now)
            _follow(project, stored, found.detail)
        return found, _changes(before, _seen(connection, found.deployment))


def _follow(project: Project, found: StoredDeployment, detail: Facts) -> None:
    if set(_EFFORT) & detail.keys():
        _remake(project, found)


def _remake(project: Project, found: StoredDeployment) -> None:
    """Make effort and events anew: by the clock, the beginning, the end and the position as they stand now."""
    if found.row.source == "card":
        with _card_of(project, found) as card:
            tell_effort(project.connection, found.number, card)
    regroup(project.connection, found.number, is_night=night_of(project.connection, found.number))


def _card_of(project: Project, found: StoredDeployment) -> AbstractContextManager[Card]:
    folder: Path = project.folder / found.row.root
    if not (folder / RECORD).is_file():
        raise StoreError(
            f"the card of {found.row.deployment} is not at {folder}",
            why="its effort is reckoned from its index",
            hint="put it back there; or import it again",
        )
    return open_card(folder)


def _check_possible(connection: sqlite3.Connection, moved: Sequence[int], offset: timedelta, now: datetime) -> None:
    """Raises UsageError; ``moved`` is in order of time. Seconds are compared: the calendar may not reach so far."""
    times = "SELECT start, start_s + ? AS then_s FROM sequences WHERE id = ?"
    first, last = (connection.execute(times, (offset.total_seconds(), moved[at])).fetchone() for at in (0, -1))
    if first["then_s"] < _EARLIEST.timestamp() or last["then_s"] > (now + timedelta(days=366)).timestamp():
        raise UsageError(
            "the times cannot be moved so far",
            why=f"the first picture, of {first['start']}, would be moved by {offset}; it is {now:%Y-%m-%d}",
            hint="check the sign, the amount, and this machine's clock",
        )


def _check_newest(connection: sqlite3.Connection, found: Correction) -> None:
    later = [
        each.number
        for each in corrections(connection, found.deployment)
        if each.kind == "clock" and each.undone_at is None and each.number > found.number
    ]
    if later:
        why = f"correction {later[-1]} moved the same clock afterwards"
        raise StoreError(f"correction {found.number} cannot be undone yet", why=why, hint=f"undo {later[-1]} first")


def _only_new(told: Facts, detail: Facts) -> dict[str, object]:
    """What of ``detail`` is not so already."""
    wanted = {name: value for name, value in detail.items() if name != "setup" and told[name] != value}
    known = told["setup"]
    setup = detail.get("setup")
    if isinstance(setup, Mapping) and isinstance(known, Mapping):
        new = {name: value for name, value in setup.items() if known.get(name) != value}
        wanted |= {"setup": new} if new else {}
    return wanted


def _seen(connection: sqlite3.Connection, number: int) -> dict[str, object]:
    """What a person would want to see change."""
    row = next(each.row for each in deployments(connection) if each.number == number)
    told = project_deployments.facts(row)
    setup = told.pop("setup")
    (whole,) = deployed(connection, [row.deployment])
    down = sum((span.length for span in whole.down), timedelta(0))
    media = connection.execute(
        "SELECT MIN(captured_at) AS first, MAX(captured_s) AS last_s, MAX(captured_at) AS last FROM media"
        " WHERE deployment = ?",
        (number,),
    ).fetchone()
    events = connection.execute("SELECT COUNT(*) FROM events WHERE deployment = ?", (number,)).fetchone()[0]
    return {
        **told,
        **(dict(setup) if isinstance(setup, Mapping) else {}),
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "first picture": media["first"],
        "last picture": media["last"],
        "days deployed": round(whole.span.length / timedelta(days=1), 3),
        "days of effort": round((whole.span.length - down) / timedelta(days=1), 3),
        "events": events,
    }


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    names = dict.fromkeys([*before, *after])
    return [Change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]
