"""What a trap has promised, by what it said, and whether a card keeps it."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cameratrap.app.wake_plan import PLAN_FILE, read_plan
from cameratrap.errors import StoreError
from cameratrap.store.card import RECORD
from cameratrap.store.keys import KEY_FILE, read_key
from cameratrap.store.seal_counter import counter_path, read_counter_file, stored_state
from cameratrap.wire.seal import seal_number

# What a line promises, and the part of it that says of what.
_PROMISES: Mapping[str, tuple[re.Pattern[str], Callable[[re.Match[str]], object]]] = {
    "keys": (re.compile(r"^card/station\.key  ([0-9a-f]{8})$"), lambda found: found[1]),
    "bursts": (
        re.compile(r"^([-\d]{10}) ([:\d]{8})  (\d+) pictures?  (?!.*  failed: )"),
        lambda found: (f"{found[1]}T{found[2]}", int(found[3])),
    ),
    "looked": (re.compile(r"^looking (\d\.jpg)$"), lambda found: found[1]),
    "closed": (re.compile(r"^(\d{4}-\d\d-\d\d)  day closed: "), lambda found: found[1]),
    "alerts": (re.compile(r"^.* alert (\d+) to be sent: "), lambda found: int(found[1])),
    "sending": (re.compile(r"^sending ((?:[0-9a-f]{2})+)$"), lambda found: bytes.fromhex(found[1])),
    "alarms": (re.compile(r"^off, alarm (\S+)$"), lambda found: found[1]),
    "superseded": (re.compile(r"^(\d+) superseded and not sent: "), lambda found: int(found[1])),
    "ended": (re.compile(r"^\d+ triggers?, .* closed on "), lambda _: True),
}
_SENT = re.compile(r"^(?:\d{4}-\d\d-\d\d|alert \d+), part \d+: sent ")
TABLES = ("media.csv", "effort.csv")


@dataclass(frozen=True)
class Promises:
    """What was said before the fault.

    ``bursts``: their starts and how many pictures are safe; ``looked``: pictures that the model has been shown;
    ``sending``: messages that the modem was given, ``sent`` those that are through; ``keys``: fingerprints.
    ``alarms``: when it is switched on again, as it said when it handed the power back.
    ``sealing``: it may have been about to take a number for a seal.
    """

    keys: list[str] = field(default_factory=list)
    bursts: list[tuple[str, int]] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    alerts: list[int] = field(default_factory=list)
    sending: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)
    sealing: bool = False

    @classmethod
    def of(cls, lines: Sequence[str]) -> Promises:
        """What these lines promise."""
        made: dict[str, list[Any]] = defaultdict(list)
        for line in lines:
            for name, (pattern, value) in _PROMISES.items():
                if found := pattern.match(line):
                    made[name].append(value(found))
            if _SENT.match(line):
                made["sent"] += made["sending"][-1:]
        return cls(**made, sealing=bool(lines) and lines[-1].startswith("site seal_counter."))

    def __bool__(self) -> bool:
        """Whether there is anything of a card to be kept."""
        kept = self.bursts, self.looked, self.closed, self.alerts, self.sending, self.ended, self.alarms
        return any(kept)


def broken_promises(card: Path, promises: Promises, tables: Iterable[bytes] = ()) -> list[str]:
    """What the card at ``card`` does not keep; ``tables`` are what its tables may say, in order of their writing.

    Leave the card alone afterwards: to look into a database is to tidy it up.
    """
    database = card / "cameratrap.db"
    if broken := list(_files(card, promises)):
        return broken
    if not database.is_file() or not database.stat().st_size:
        return ["there is no database"] if promises else []
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        broken = list(_damage(connection))
        if broken or not connection.execute("PRAGMA user_version").fetchone()[0]:
            return broken or (["the database is empty"] if promises else [])
        broken += _pictures(connection, card)
        broken += _bursts(connection, promises)
        broken += _messages(connection, promises)
        broken += _gate(connection, card, promises)
        if not promises.sealing:
            broken += _seals(connection, card)
    return [*broken, *_tables(card, promises, list(tables))]


def doubled_seals(card: Path, promises: Promises) -> Iterator[str]:
    """Two messages under one number give both away."""
    with closing(sqlite3.connect(card / "cameratrap.db")) as connection:
        payloads = {bytes(row[0]) for row in connection.execute("SELECT payload FROM outbox")} | set(promises.sending)
    numbers = [seal_number(payload) for payload in payloads]
    if len(set(numbers)) < len(numbers):
        yield "two messages have one number"


def _files(card: Path, promises: Promises) -> Iterator[str]:
    """The deployment's record and the key are there as they were written, or not yet; a key that was shown is."""
    if (card / RECORD).exists() and "start" not in tomllib.loads((card / RECORD).read_text(encoding="utf-8")):
        yield f"{RECORD} is not whole"
    try:
        if (card / KEY_FILE).exists() or promises.keys:
            fingerprint = read_key(card / KEY_FILE).key.fingerprint
            if any(shown != fingerprint for shown in promises.keys):
                yield f"the key is {fingerprint} and was {promises.keys}"
    except StoreError as error:
        yield str(error)


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    try:
        answers = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if answers != ["ok"]:
            yield f"the database is damaged: {answers[:3]}"
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            yield "a row refers to one that is not there"
    except sqlite3.DatabaseError as error:
        yield f"the database is damaged: {error}"


def _pictures(connection: sqlite3.Connection, card: Path) -> Iterator[str]:
    """Every picture of the index is there as it was written, or as the people's policy has it by now."""
    rows = connection.execute(
        "SELECT m.path, m.sha256, t.treatment, t.outcome, t.sha256 AS blurred FROM media m"
        " LEFT JOIN treatments t ON t.media = m.id"
    )
    for row in rows:
        path = card / row["path"]
        there = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        if there not in _allowed(row):
            yield f"{row['path']} is {'missing' if there is None else 'another one'} ({row['outcome']})"


def _allowed(row: sqlite3.Row) -> set[str | None]:
    match row["treatment"], row["outcome"]:
        case None, _:
            return {row["sha256"]}
        case _, "blurred":
            return {row["blurred"]}
        case _, "removed":
            return {None}
        case "blur", None:
            return {row["sha256"], row["blurred"] or row["sha256"]}
        case _:
            return {row["sha256"], None}


def _bursts(connection: sqlite3.Connection, promises: Promises) -> Iterator[str]:
    rows = connection.execute(
        "SELECT b.started_at, b.status, b.attempts, COUNT(m.id) AS pictures, GROUP_CONCAT(m.source_name) AS names"
        " FROM bursts b LEFT JOIN media m ON m.burst = b.id GROUP BY b.id"
    ).fetchall()
    for start, pictures in promises.bursts:
        if not any(
            row["started_at"].startswith(start) and row["status"] == "analysed" and row["pictures"] >= pictures
            for row in rows
        ):
            yield f"the burst of {start} is lost"
    for name in promises.looked:
        if not any(name in (row["names"] or "").split(",") and row["attempts"] for row in rows):
            yield f"nothing tells that {name} was looked at"


def _messages(connection: sqlite3.Connection, promises: Promises) -> Iterator[str]:
    rows = connection.execute("SELECT * FROM outbox").fetchall()
    days = {row["day"] for row in connection.execute("SELECT day FROM summaries")}
    told = {row["day"] for row in rows if row["kind"] == "summary"}
    yield from (f"the closing of {day} is lost" for day in promises.closed if day not in days & told)
    alerts = {row["sequence"] for row in rows if row["kind"] == "alert"}
    yield from (f"alert {number} is lost" for number in promises.alerts if number not in alerts)
    by_payload = {bytes(row["payload"]): row for row in rows}
    for payload in promises.sending:
        row = by_payload.get(payload)
        if row is None or not row["attempts"]:
            yield f"nothing tells that {payload.hex()} was being sent"
    if sum(row["state"] == "superseded" for row in rows) < sum(promises.superseded):
        yield "a superseded message is to be sent again"
    yield from (
        f"{payload.hex()} was sent and is {by_payload[payload]['state']}"
        for payload in promises.sent
        if payload in by_payload and by_payload[payload]["state"] != "sent"
    )


def _seals(connection: sqlite3.Connection, card: Path) -> Iterator[str]:
    """While no number is being taken, both places say the same, so that the next one goes on from there."""
    if not (card / KEY_FILE).is_file():
        return
    key = read_key(card / KEY_FILE)
    filed = read_counter_file(counter_path(key.path), key.key.fingerprint)
    stored = stored_state(connection, key.key.fingerprint)
    if [_without_time(filed)] != [_without_time(stored)]:
        yield "the database and the file beside the key do not agree"


def _gate(connection: sqlite3.Connection, card: Path, promises: Promises) -> Iterator[str]:
    """The next power-on finds the plan whole, and neither it nor the row of the last one is older than was said."""
    row = connection.execute("SELECT alarm_at FROM wakes ORDER BY id DESC LIMIT 1").fetchone()
    plan = read_plan(card)
    if plan is None and (card / PLAN_FILE).exists():
        yield f"{PLAN_FILE} is not whole"
    noted = "" if row is None else row["alarm_at"]
    planned = "" if plan is None or plan.alarm_at is None else plan.alarm_at.isoformat()
    if min(noted, planned) < max(promises.alarms, default=""):
        yield f"the alarm at {promises.alarms[-1]} is forgotten: {planned or None}, and {noted or None} in the index"
    if noted > planned:
        yield f"the index knows of an alarm at {noted}, and {PLAN_FILE} of {planned or None}"


def _without_time(state: object) -> object:
    """A card that was laid out anew has other times of change."""
    return None if state is None else (state.key_id, state.epoch, state.next_counter)  # type: ignore[attr-defined]


def _tables(card: Path, promises: Promises, tables: list[bytes]) -> Iterator[str]:
    """Each is one that was written, whole; once a run has ended, the newest."""
    for name in TABLES if tables else ():
        content = (card / name).read_bytes() if (card / name).is_file() else None
        if content is not None and content not in tables:
            yield f"{name} is not whole"
        if promises.ended and content not in tables[-len(TABLES) :]:
            yield f"{name} is lost"
