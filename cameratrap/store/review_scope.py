"""What an action is meant for: events, single sequences of them, or everything that a selection holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from cameratrap.domain.selection import Selection
from cameratrap.errors import ConflictError, UsageError
from cameratrap.store.event_query import numbers

_RELOAD = "look at it anew; nothing was changed"


class NothingSelectedError(UsageError):
    """A selection has no events: for a script, that there is nothing left to do."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Exactly one of the three. ``expected`` is how many events the selection had when it was looked at.

    Raises UsageError where that is not so.
    """

    events: tuple[int, ...] = ()
    sequences: tuple[int, ...] = ()
    selection: Selection | None = None
    expected: int | None = None

    def __post_init__(self) -> None:
        if bool(self.events) + bool(self.sequences) + (self.selection is not None) != 1:
            raise UsageError(
                "what is meant is not clear", hint="name events, or sequences, or select events: one of them"
            )
        if self.expected is not None and self.selection is None:
            raise UsageError("only of a selection it can be expected how many events there are")

    def told(self) -> Mapping[str, object]:
        """As it is kept with the action."""
        if self.selection is not None:
            return {"selection": self.selection.to_query(), "expected": self.expected}
        return {"events": list(self.events)} if self.events else {"sequences": list(self.sequences)}


def sequences_of(connection: sqlite3.Connection, scope: Scope) -> list[list[int]]:
    """The sequences that are meant, event by event and in order of time.

    Raises ConflictError where one of them is not there, or a selection has more or fewer events than were
    expected; NothingSelectedError where it has none.
    """
    if scope.selection is not None:
        return _by_event(connection, "s.event", _selected(connection, scope.selection, scope.expected))
    if scope.events:
        found = _by_event(connection, "s.event", scope.events)
        if len(found) != len(set(scope.events)):
            raise ConflictError(
                "an event that was meant is not there",
                why="events are numbered anew when a card is brought in or a clock corrected",
                hint=_RELOAD,
            )
        return found
    found = _by_event(connection, "s.id", scope.sequences)
    if sum(map(len, found)) != len(set(scope.sequences)):
        raise ConflictError("a sequence that was meant is not there", hint=_RELOAD)
    return found


def _selected(connection: sqlite3.Connection, selection: Selection, expected: int | None) -> list[int]:
    found = numbers(connection, selection)
    if expected is not None and len(found) != expected:
        why = f"it was looked at with {expected} events and has {len(found)} now"
        raise ConflictError("the selection is not what it was", why=why, hint=_RELOAD)
    if not found:
        raise NothingSelectedError("the selection has no events")
    return found


def _by_event(connection: sqlite3.Connection, column: str, wanted: tuple[int, ...] | list[int]) -> list[list[int]]:
    rows = connection.execute(
        f"SELECT s.event, s.id FROM sequences s WHERE {column} IN (SELECT value FROM json_each(?))"
        " ORDER BY s.event, s.start_s, s.id",
        (json.dumps(wanted),),
    )
    return [[row["id"] for row in group] for _, group in groupby(rows, key=lambda row: row["event"])]
