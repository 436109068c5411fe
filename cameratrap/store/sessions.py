"""Every session with the satellite, and every joule the modem took: written before it begins, mended when it ends.

What follows from it is not stored but read from it: what is left of the day's energy, which fault stands, when the
mailbox was looked into last, and what each credit was for. A power cut in a session leaves it there as one that took
all it was allowed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from cameratrap.domain.energy import Taken
from cameratrap.domain.patience import STANDING, StandingFault, standing_fault
from cameratrap.ports import SendResult, SendStatus
from cameratrap.sbd.outcome import UNCONFIRMED
from cameratrap.store.connection import transaction
from cameratrap.store.outbox_message import ALERT

MAILBOX = "mailbox"  # a session that sends nothing and fetches what waits
TEST = "test"  # a session that sends nothing of a day's: `doctor` tries the way
POWERED = "powered"  # no session: the modem was started, or was on between two
CLEARED = "cleared"  # no session: somebody says that the fault is mended
MODEM = "modem"  # no session: from here on it is another modem, which is named
NO_SESSION = (POWERED, CLEARED, MODEM)


class SessionState(StrEnum):
    """How a session ended; ``begun``: nobody knows."""

    BEGUN = "begun"
    SENT = "sent"
    RETRY = "retry"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Session:
    """One session, by the kind, number and part of its message, and ``credits``, what it costs if it gets through.

    ``day`` is the station's. ``uncertain`` ones may have got through although they failed.
    """

    id: int
    began_at: datetime
    day: date
    kind: str
    sequence: int
    part: int
    credits: int
    state: SessionState
    uncertain: bool
    fault: str
    detail: str
    seconds: float
    joules: float


def create_sessions(connection: sqlite3.Connection) -> None:
    """The table; a migration of the card's database."""
    connection.execute(
        """CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            began_at TEXT NOT NULL,
            day TEXT NOT NULL,
            kind TEXT NOT NULL,
            sequence INTEGER NOT NULL DEFAULT 0,
            part INTEGER NOT NULL DEFAULT 0,
            credits INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL DEFAULT 'begun' CHECK (state IN ('begun', 'sent', 'retry', 'permanent')),
            uncertain INTEGER NOT NULL DEFAULT 1,
            fault TEXT NOT NULL DEFAULT '',
            detail TEXT NOT NULL DEFAULT 'interrupted',
            seconds REAL NOT NULL DEFAULT 0,
            joules REAL NOT NULL DEFAULT 0
        ) STRICT"""
    )
    connection.execute("CREATE INDEX sessions_by_day ON sessions (day)")


def begin_session(
    connection: sqlite3.Connection,
    kind: str,
    now: datetime,
    *,
    sequence: int = 0,
    part: int = 0,
    credit: int = 1,
    joules: float = 0.0,
) -> int:
    """Write down a session that may take ``joules`` before it is made, within the caller's transaction if any."""
    cursor = connection.execute(
        "INSERT INTO sessions (began_at, day, kind, sequence, part, credits, joules) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (now.isoformat(), now.date().isoformat(), kind, sequence, part, credit, joules),
    )
    return int(cursor.lastrowid or 0)


def end_session(
    connection: sqlite3.Connection, session: int, result: SendResult, *, seconds: float = 0.0, joules: float = 0.0
) -> None:
    """Write down how a session ended, and what it really took, within the caller's transaction if any."""
    connection.execute(
        "UPDATE sessions SET state = ?, uncertain = ?, fault = ?, detail = ?, seconds = ?, joules = ? WHERE id = ?",
        (result.status.value, result.uncertain, result.fault, result.detail, seconds, joules, session),
    )


def note_power(connection: sqlite3.Connection, now: datetime, joules: float, why: str) -> None:
    """Write down what the modem takes outside of sessions, before it takes it."""
    with transaction(connection):
        _note(connection, POWERED, now, why, joules)


def clear_fault(connection: sqlite3.Connection, now: datetime) -> None:
    """Begin anew after a standing fault, within the caller's transaction: the next session may be at once."""
    _note(connection, CLEARED, now, "cleared", 0.0)


def use_modem(connection: sqlite3.Connection, name: str, now: datetime) -> None:
    """Write down which modem the sessions are made with: a fault is of one modem, and does not stand for another."""
    with transaction(connection):
        query = "SELECT detail FROM sessions WHERE kind = ? ORDER BY id DESC LIMIT 1"
        known = connection.execute(query, (MODEM,)).fetchone()
        if known is None or known["detail"] != name:
            _note(connection, MODEM, now, name, 0.0)


def _note(connection: sqlite3.Connection, kind: str, now: datetime, why: str, joules: float) -> None:
    number = begin_session(connection, kind, now, credit=0)
    end_session(connection, number, SendResult(SendStatus.SENT, detail=why), joules=joules)


def sessions(connection: sqlite3.Connection) -> list[Session]:
    """All of them, in the order they were made; what is no session too, each at 0 credits."""
    return [_session(row) for row in connection.execute("SELECT * FROM sessions ORDER BY id")]


def joules_by_message(connection: sqlite3.Connection) -> Mapping[tuple[str, int, int], float]:
    """What the sessions of each message have taken, by its kind, number and part."""
    rows = connection.execute("SELECT kind, sequence, part, SUM(joules) AS joules FROM sessions GROUP BY 1, 2, 3")
    return {(row["kind"], row["sequence"], row["part"]): float(row["joules"]) for row in rows}


def taken_on(connection: sqlite3.Connection, day: date) -> list[Taken]:
    """What was taken on a station's day, in the order it was written down.

    Starting the modem and waiting are for the session that follows.
    """
    query = "SELECT kind, began_at, seconds, joules FROM sessions WHERE day = ? ORDER BY id DESC"
    taken, for_alert = [], False
    for row in connection.execute(query, (day.isoformat(),)):
        if row["kind"] not in NO_SESSION:
            for_alert = row["kind"] == ALERT
        taken.append(Taken(_end(row), float(row["joules"]), for_alert))
    return taken[::-1]


def _end(row: sqlite3.Row) -> datetime:
    """A clock that begins at the same moment at each boot goes back behind the end of a session, if not its begin."""
    return datetime.fromisoformat(row["began_at"]) + timedelta(seconds=row["seconds"])


def number_counts(connection: sqlite3.Connection) -> bool:
    """Whether a success may be held against the modem's message number: not where the last success lacked its word.

    Doubted in every process anew, each message of such a modem would be paid for without end.
    Another modem is believed.
    """
    row = connection.execute(
        "SELECT detail FROM sessions WHERE (state = 'sent' AND kind NOT IN (?, ?, ?)) OR instr(detail, ?)"
        " ORDER BY id DESC LIMIT 1",
        (MAILBOX, POWERED, CLEARED, UNCONFIRMED),
    ).fetchone()
    return row is None or UNCONFIRMED not in row["detail"]


def current_fault(connection: sqlite3.Connection) -> StandingFault | None:
    """The fault that stands until a session succeeds or somebody clears it."""
    rows = connection.execute(
        "SELECT began_at, seconds, fault, detail FROM sessions WHERE kind <> ? AND id > (SELECT COALESCE(MAX(id), 0)"
        " FROM sessions WHERE state = 'sent' AND kind <> ?) ORDER BY id",
        (POWERED, POWERED),
    )
    return standing_fault([(_end(row), row["fault"], row["detail"]) for row in rows])


def had_modem_fault(connection: sqlite3.Connection, day: date) -> bool:
    """Whether a day's summary names the modem: a session failed on it through the modem or the account, or that
    stands since then.
    """
    fault = current_fault(connection)
    if fault is not None and fault.since.date() <= day:
        return True
    marks = ", ".join("?" for _ in STANDING)
    query = f"SELECT 1 FROM sessions WHERE day = ? AND fault IN ({marks})"
    return connection.execute(query, (day.isoformat(), *STANDING)).fetchone() is not None


def last_contact(connection: sqlite3.Connection) -> datetime | None:
    """When a session got through last, of any kind: with it came what waited for the trap."""
    return _last(connection, "state = 'sent' AND kind NOT IN (?, ?, ?)", *NO_SESSION)


def last_of_kind(connection: sqlite3.Connection, kind: str) -> datetime | None:
    """When a session of a kind was begun last, however it ended."""
    return _last(connection, "kind = ?", kind)


def _last(connection: sqlite3.Connection, where: str, *values: str) -> datetime | None:
    row = connection.execute(f"SELECT began_at FROM sessions WHERE {where} ORDER BY id DESC LIMIT 1", values).fetchone()
    return None if row is None else datetime.fromisoformat(row["began_at"])


def _session(row: sqlite3.Row) -> Session:
    values = dict(row)
    values["began_at"] = datetime.fromisoformat(row["began_at"])
    values["day"] = date.fromisoformat(row["day"])
    values["state"] = SessionState(row["state"])
    values["uncertain"] = bool(row["uncertain"])
    return Session(**values)
