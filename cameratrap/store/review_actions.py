"""What a person did, one action at a time: done once however often it is asked for, undone and done again.

Every action is a row with a key that whoever asks has made up; the same key again changes nothing, so that a request
whose answer was lost can be sent once more. Nothing is ever taken away: an action adds words and flags, to undo it adds
a row that says so. Each is one transaction: a power cut leaves all of it or nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from cameratrap.domain.review import ActionKind, Change
from cameratrap.errors import ConflictError, UsageError
from cameratrap.store.connection import transaction
from cameratrap.store.project_events import settle
from cameratrap.store.review_scope import Scope, sequences_of
from cameratrap.store.review_words import Speaker, speak

__all__ = ["Action", "Change", "Done", "Scope", "act", "history", "redo", "undo"]

_UNDONE = "COALESCE((SELECT u.undone FROM undos u WHERE u.action = a.id ORDER BY u.id DESC LIMIT 1), 0)"
_LONGEST = 200  # characters of a key, and of a person's name


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, or undone: to which events, by whose action. ``repeated``: it was before, by the same key."""

    action: int
    kind: ActionKind
    author: str
    events: tuple[int, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the history. ``detail`` is what was asked for; ``sequences`` is to how many it was done."""

    number: int
    made_at: datetime
    author: str
    kind: ActionKind
    detail: Mapping[str, object]
    sequences: int
    is_undone: bool


def act(
    connection: sqlite3.Connection, change: Change, scope: Scope, *, key: str, author: str, made_at: datetime
) -> Done:
    """Do it, all of it or nothing.

    Raises UsageError for what makes no sense, ConflictError where what is meant has changed since it was looked at, or
    the key stands for another action.
    """
    _check(key, author)
    detail = json.dumps({**_told(change), **scope.told()}, ensure_ascii=False, sort_keys=True)
    with transaction(connection):
        earlier = connection.execute("SELECT * FROM actions WHERE key = ?", (key,)).fetchone()
        if earlier is not None:
            if (earlier["kind"], earlier["detail"]) != (change.kind, detail):
                raise _other_key(key)
            return _done(connection, earlier["id"], repeated=True)
        events = sequences_of(connection, scope)
        cursor = connection.execute(
            "INSERT INTO actions (key, made_at, author, kind, detail) VALUES (?, ?, ?, ?, ?)",
            (key, made_at.isoformat(), author, change.kind, detail),
        )
        _do(connection, change, events, Speaker(int(cursor.lastrowid or 0), author, made_at))
        return _done(connection, int(cursor.lastrowid or 0))


def undo(
    connection: sqlite3.Connection, *, key: str, author: str, made_at: datetime, of: str | None = None
) -> Done | None:
    """Undo the newest action that is not undone, whoever made it; None where there is none left.

    With ``of`` the action of that key is undone, whatever was done since by others: what they said stands. Raises
    ConflictError where that one is undone already, or ``key`` stands for something else.
    """
    if of is not None:
        return _turn_own(connection, of, key=key, author=author, made_at=made_at, undone=True)
    newest = f"SELECT a.id FROM actions a WHERE NOT {_UNDONE} ORDER BY a.id DESC LIMIT 1"
    return _turn(connection, newest, key=key, author=author, made_at=made_at, undone=True)


def redo(
    connection: sqlite3.Connection, *, key: str, author: str, made_at: datetime, of: str | None = None
) -> Done | None:
    """Do again what was undone last; None where nothing was, or another action was made since.

    With ``of`` the action of that key, as for ``undo``.
    """
    if of is not None:
        return _turn_own(connection, of, key=key, author=author, made_at=made_at, undone=False)
    last = """SELECT u.action FROM undos u WHERE u.undone AND u.newest_action = (SELECT MAX(id) FROM actions)
        AND u.id = (SELECT MAX(v.id) FROM undos v WHERE v.action = u.action) ORDER BY u.action LIMIT 1"""
    return _turn(connection, last, key=key, author=author, made_at=made_at, undone=False)


def history(connection: sqlite3.Connection, *, most: int = -1) -> Iterator[Action]:
    """Every action, the newest first, one by one."""
    rows = connection.execute(
        f"""SELECT a.*, {_UNDONE} AS undone, (SELECT COUNT(*) FROM words w WHERE w.action = a.id)
            + (SELECT COUNT(*) FROM flags f WHERE f.action = a.id) AS sequences
        FROM actions a ORDER BY a.id DESC LIMIT ?""",
        (most,),
    )
    return (
        Action(
            row["id"],
            datetime.fromisoformat(row["made_at"]),
            row["author"],
            cast(ActionKind, row["kind"]),
            json.loads(row["detail"]),
            row["sequences"],
            bool(row["undone"]),
        )
        for row in rows
    )


def _do(connection: sqlite3.Connection, change: Change, events: list[list[int]], by: Speaker) -> None:
    for event in events:
        if change.is_flag:
            connection.executemany(
                "INSERT INTO flags (action, sequence, flagged) VALUES (?, ?, ?)",
                [(by.action, sequence, change.kind == "flag") for sequence in event],
            )
        else:
            speak(connection, event, change, by)
    touched = _touched(connection, by.action)
    if not touched:
        raise _nothing_to(change)
    settle(connection, touched)


def _turn_own(
    connection: sqlite3.Connection, of: str, *, key: str, author: str, made_at: datetime, undone: bool
) -> Done:
    own = f"SELECT a.id FROM actions a WHERE a.key = :of AND {_UNDONE} IS NOT :undone"
    done = _turn(connection, own, {"of": of, "undone": undone}, key=key, author=author, made_at=made_at, undone=undone)
    if done is None:
        why = "somebody has undone it already" if undone else "it stands: somebody has done it again already"
        raise ConflictError(f"that action cannot be {'undone' if undone else 'done again'}", why=why)
    return done


def _turn(
    connection: sqlite3.Connection,
    query: str,
    values: Mapping[str, object] | None = None,
    *,
    key: str,
    author: str,
    made_at: datetime,
    undone: bool,
) -> Done | None:
    _check(key, author)
    with transaction(connection):
        earlier = connection.execute("SELECT * FROM undos WHERE key = ?", (key,)).fetchone()
        if earlier is not None:
            if bool(earlier["undone"]) is not undone:
                raise _other_key(key)
            return _done(connection, earlier["action"], repeated=True)
        row = connection.execute(query, values or {}).fetchone()
        if row is None:
            return None
        connection.execute(
            "INSERT INTO undos (key, action, newest_action, made_at, author, undone)"
            " VALUES (?, ?, (SELECT MAX(id) FROM actions), ?, ?, ?)",
            (key, row[0], made_at.isoformat(), author, undone),
        )
        settle(connection, _touched(connection, row[0]))
        return _done(connection, row[0])


def _done(connection: sqlite3.Connection, action: int, *, repeated: bool = False) -> Done:
    told = connection.execute("SELECT kind, author FROM actions WHERE id = ?", (action,)).fetchone()
    rows = connection.execute(
        "SELECT DISTINCT s.event FROM sequences s WHERE s.event IS NOT NULL AND s.id IN"
        " (SELECT sequence FROM words WHERE action = :action UNION SELECT sequence FROM flags WHERE action = :action)"
        " ORDER BY s.event",
        {"action": action},
    )
    events = tuple(row["event"] for row in rows)
    return Done(action, cast(ActionKind, told["kind"]), told["author"], events, repeated)


def _touched(connection: sqlite3.Connection, action: int) -> list[int]:
    rows = connection.execute(
        "SELECT sequence FROM words WHERE action = :action UNION SELECT sequence FROM flags WHERE action = :action",
        {"action": action},
    )
    return [row["sequence"] for row in rows]


def _nothing_to(change: Change) -> UsageError:
    if change.from_taxon:
        return UsageError(f"there is nothing to {change.kind}", why=f"none of it shows {change.from_taxon}")
    why = "nobody has said yet what is to be seen there"
    return UsageError(f"there is nothing to {change.kind}", why=why, hint="label it blank, or with what it shows")


def _told(change: Change) -> dict[str, object]:
    told = {"taxon": change.taxon, "from_taxon": change.from_taxon, "count": change.count}
    return {name: value for name, value in told.items() if value}


def _check(key: str, author: str) -> None:
    for name, value in (("key", key), ("author", author)):
        if not value.strip() or len(value) > _LONGEST or not value.isprintable():
            raise UsageError(f"{value[:40]!r} cannot be the {name} of an action", why="it is empty, long or not text")


def _other_key(key: str) -> ConflictError:
    return ConflictError(f"the key {key!r} stands for another action", hint="every action has a key of its own")
