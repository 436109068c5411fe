"""Questions to the events of a project: a page of those that are meant, how many they are, and who stands beside whom.

Events are in order of time. A page begins after a place in that order and not after so many events, so that the last
page costs no more than the first, and what is corrected meanwhile moves nothing.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError
from cameratrap.store.event_where import Where, where

MOST_ON_A_PAGE = 1000
_CURSOR = re.compile(r"(-?\d{1,15}(?:\.\d{1,12})?)_(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order of events."""

    start_s: float
    event: int

    def __str__(self) -> str:
        return f"{self.start_s!r}_{self.event}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read one again. Raises UsageError."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise UsageError(f"{text!r} is no place in the list of events", hint="begin again at its start")
        return cls(float(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Page:
    """The numbers of some events, in order, and where the pages beside it begin: None where there is none."""

    events: tuple[int, ...]
    before: Cursor | None
    after: Cursor | None


def page(
    connection: sqlite3.Connection,
    selection: Selection,
    *,
    size: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> Page:
    """The first ``size`` events of a selection, at most ``MOST_ON_A_PAGE``, or those after or before a place."""
    meant, size = where(connection, selection), max(1, min(size, MOST_ON_A_PAGE))
    found = list(_places(connection, meant, after=after, before=before, limit=size + 1))
    is_more = len(found) > size
    places = found[:size]
    if before is not None:
        places.reverse()
    first, last = (places[0], places[-1]) if places else (None, None)
    return Page(
        tuple(place.event for place in places),
        before=first if (is_more if before else after) else None,
        after=last if (before or is_more) else None,
    )


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    """How many events a selection means."""
    meant = where(connection, selection)
    what = f"COUNT(DISTINCT {meant.event})" if meant.repeats else "COUNT(*)"
    query = f"SELECT {what} FROM {meant.table} WHERE {meant.condition}"
    return int(connection.execute(query, meant.parameters).fetchone()[0])


def numbers(connection: sqlite3.Connection, selection: Selection) -> list[int]:
    """Every event of a selection, in order of time."""
    return [place.event for place in _places(connection, where(connection, selection))]


def neighbours(connection: sqlite3.Connection, selection: Selection, event: int) -> tuple[int | None, int | None]:
    """The events of a selection before and after this one, which itself need not be meant any more."""
    row = connection.execute("SELECT start_s FROM events WHERE id = ?", (event,)).fetchone()
    if row is None:
        return None, None
    meant, here = where(connection, selection), Cursor(row["start_s"], event)
    previous = next(_places(connection, meant, before=here, limit=1), None)
    following = next(_places(connection, meant, after=here, limit=1), None)
    return (previous.event if previous else None), (following.event if following else None)


def _places(
    connection: sqlite3.Connection,
    meant: Where,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    limit: int = -1,
) -> Iterator[Cursor]:
    """In order of time, backwards where they are those before a place."""
    condition, parameters = meant.condition, list(meant.parameters)
    place, sign, order = (before, "<", "DESC") if before else (after, ">", "ASC")
    if place:
        condition += f" AND (e.start_s, {meant.event}) {sign} (?, ?)"
        parameters += [place.start_s, place.event]
    once = f"GROUP BY e.start_s, {meant.event}" if meant.repeats else ""
    rows = connection.execute(
        f"SELECT e.start_s, {meant.event} AS event FROM {meant.table} WHERE {condition} {once}"
        f" ORDER BY e.start_s {order}, {meant.event} {order} LIMIT ?",
        (*parameters, limit),
    )
    return (Cursor(row["start_s"], row["event"]) for row in rows)
