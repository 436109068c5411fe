"""What the satellite delivered, as it was: the delivery byte for byte, the raw payload, each message once.

Nothing decoded is stored. A message is decoded each time it is read, so that a newer version or another taxa table
reads the old ones too, and a wrong reading is never kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.store.connection import store_error, transaction

INBOX_FILE = "inbox.db"
# A gateway repeats a delivery some twenty times in twelve hours; what comes oftener is counted, not listed.
MAX_COPIES = 20


def create_inbox(connection: sqlite3.Connection) -> None:
    """The messages, the copies of them that came again, and the deliveries that brought them, each different one once.
    Times are ISO 8601 with offset."""
    for statement in (
        "CREATE TABLE bodies (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT",
        """CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            fingerprint TEXT NOT NULL UNIQUE,
            received_at TEXT NOT NULL,
            imei TEXT,
            momsn INTEGER,
            transmit_time TEXT,
            source TEXT NOT NULL CHECK (source IN ('webhook', 'directip', 'email', 'file')),
            verified INTEGER CHECK (verified = 1),
            session_status INTEGER,
            latitude REAL,
            longitude REAL,
            cep_km REAL,
            payload BLOB NOT NULL,
            payload_sha256 TEXT NOT NULL,
            body_sha256 TEXT NOT NULL REFERENCES bodies (sha256),
            station TEXT,
            copies INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        """CREATE TABLE copies (
            id INTEGER PRIMARY KEY,
            message INTEGER NOT NULL REFERENCES messages (id),
            received_at TEXT NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('webhook', 'directip', 'email', 'file')),
            verified INTEGER CHECK (verified = 1),
            body_sha256 TEXT NOT NULL REFERENCES bodies (sha256)
        ) STRICT""",
        "CREATE INDEX messages_by_payload ON messages (imei, payload_sha256)",
        "CREATE INDEX copies_by_message ON copies (message)",
    ):
        connection.execute(statement)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in the inbox.

    ``station`` is what a person said it is from, None where nobody did. ``copies`` is how often it came again.
    ``message`` is as the first delivery brought it, and verified if any delivery of it was.
    ``copy_of`` is the id of the message that this one is a copy of, None for the first.
    """

    id: int
    received_at: datetime
    message: ReceivedMessage
    station: str | None = None
    copies: int = 0
    copy_of: int | None = None


def fingerprint(message: ReceivedMessage, station: str | None = None) -> str:
    """Equal for two copies of one message: modem, message number, time and payload are the same.

    A message number alone is not enough: it wraps after 65,535 and starts again on a repaired modem. A payload
    without its modem is told apart by the ``station`` it was said to come from.
    """
    sender = message.imei or (f"station {station}" if station else "")
    time = message.transmit_time.astimezone(UTC).isoformat() if message.transmit_time else ""
    momsn = "" if message.momsn is None else str(message.momsn)
    return "|".join((sender, momsn, time, message.payload_sha256))


class Inbox:
    """The receiver's messages. Every method is one transaction, durable when it returns; each raises StoreError."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def find(self, message: ReceivedMessage, station: str | None = None) -> int | None:
        """The id of the same message, if it is here."""
        rows = self._rows("SELECT id FROM messages WHERE fingerprint = ?", fingerprint(message, station))
        return next((int(row["id"]) for row in rows), None)

    def id_of(self, message: ReceivedMessage, station: str | None = None) -> int:
        """The id of a message that is here. Raises KeyError where it is not."""
        number = self.find(message, station)
        if number is None:
            raise KeyError(fingerprint(message, station))
        return number

    def newest(self) -> int:
        """The id of the message that came last, 0 for none. Ids grow."""
        return next((int(row["id"]) for row in self._rows("SELECT id FROM messages ORDER BY id DESC LIMIT 1")), 0)

    def has_payload(self, message: ReceivedMessage) -> bool:
        """Whether the same modem sent the same payload before, under whichever message number."""
        sql = "SELECT 1 FROM messages WHERE imei IS ? AND payload_sha256 = ? LIMIT 1"
        return any(True for _ in self._rows(sql, message.imei, message.payload_sha256))

    def add(self, message: ReceivedMessage, *, received_at: datetime, station: str | None = None) -> bool:
        """Keep a message; True if it was not here, False if it is a copy, which is counted.

        ``station`` is what a person says it is from; said of a message that is here already, it is said of that.
        A copy that proves itself proves the message, which then says of session and place what was proved.
        """
        with transaction(self.connection):
            self._adopt(message, station)
            known = self.find(message, station)
            if known is None:
                self._insert(message, received_at, station)
            else:
                self._count_copy(known, message, received_at, station)
            return known is None

    def _adopt(self, message: ReceivedMessage, station: str | None) -> None:
        """A payload that came without modem or station gets the station it is now said to come from."""
        if station is None or message.imei is not None or self.find(message, station) is not None:
            return
        self.connection.execute(
            "UPDATE messages SET fingerprint = ?, station = ? WHERE fingerprint = ?",
            (fingerprint(message, station), station, fingerprint(message)),
        )

    def _insert(self, message: ReceivedMessage, received_at: datetime, station: str | None) -> None:
        time = message.transmit_time.astimezone(UTC).isoformat() if message.transmit_time else None
        values: dict[str, object] = {
            "fingerprint": fingerprint(message, station),
            "received_at": received_at.isoformat(),
            "imei": message.imei,
            "momsn": message.momsn,
            "transmit_time": time,
            "source": message.source.value,
            "verified": message.verified,
            "session_status": message.session_status,
            "latitude": message.latitude,
            "longitude": message.longitude,
            "cep_km": message.cep_km,
            "payload": message.payload,
            "payload_sha256": message.payload_sha256,
            "body_sha256": message.body_sha256,
            "station": station,
        }
        self._keep_body(message)
        marks = ", ".join(f":{name}" for name in values)
        self.connection.execute(f"INSERT INTO messages ({', '.join(values)}) VALUES ({marks})", values)

    def _count_copy(self, known: int, message: ReceivedMessage, received_at: datetime, station: str | None) -> None:
        self.connection.execute(
            "UPDATE messages SET copies = copies + 1, station = COALESCE(?, station) WHERE id = ?", (station, known)
        )
        is_proof = bool(message.verified) and self._prove(known, message)
        listed = self.connection.execute("SELECT COUNT(*) FROM copies WHERE message = ?", (known,)).fetchone()[0]
        if is_proof or listed < MAX_COPIES:  # a proof is kept, however late it comes
            self._list_copy(known, message, received_at)

    def _prove(self, known: int, message: ReceivedMessage) -> bool:
        """What the proof does not cover came from whoever delivered first; it is replaced by what is proved."""
        proved = self.connection.execute(
            """UPDATE messages SET verified = 1, session_status = ?, latitude = ?, longitude = ?, cep_km = ?
               WHERE id = ? AND verified IS NULL""",
            (message.session_status, message.latitude, message.longitude, message.cep_km, known),
        )
        return proved.rowcount == 1

    def _list_copy(self, known: int, message: ReceivedMessage, received_at: datetime) -> None:
        self._keep_body(message)
        self.connection.execute(
            "INSERT INTO copies (message, received_at, source, verified, body_sha256) VALUES (?, ?, ?, ?, ?)",
            (known, received_at.isoformat(), message.source.value, message.verified, message.body_sha256),
        )

    def _keep_body(self, message: ReceivedMessage) -> None:
        self.connection.execute(
            "INSERT OR IGNORE INTO bodies (sha256, body) VALUES (?, ?)", (message.body_sha256, message.body)
        )

    def _rows(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        try:
            yield from self.connection.execute(sql, values)
        except sqlite3.Error as error:
            raise store_error(error, INBOX_FILE) from error

    def messages(self, *, after: int = 0) -> Iterator[StoredMessage]:
        """Every message once, in the order of arrival; ``after`` leaves out those up to that id."""
        for row in self._rows(
            """SELECT messages.*, bodies.body FROM messages
               JOIN bodies ON bodies.sha256 = messages.body_sha256 WHERE messages.id > ? ORDER BY messages.id""",
            after,
        ):
            yield StoredMessage(
                id=row["id"],
                received_at=datetime.fromisoformat(row["received_at"]),
                message=_message(row, row),
                station=row["station"],
                copies=row["copies"],
            )

    def copies(self) -> Iterator[StoredMessage]:
        """The copies that came again, at most MAX_COPIES of each message and a late proof, in the order of arrival."""
        for row in self._rows(
            """SELECT messages.*, copies.received_at AS again_at, copies.source AS again_source,
                      copies.verified AS again_verified, bodies.body
               FROM copies JOIN messages ON messages.id = copies.message
               JOIN bodies ON bodies.sha256 = copies.body_sha256 ORDER BY copies.id"""
        ):
            copy = {"source": row["again_source"], "verified": row["again_verified"]}
            yield StoredMessage(
                id=row["id"],
                received_at=datetime.fromisoformat(row["again_at"]),
                message=_message(row, copy),
                station=row["station"],
                copy_of=row["id"],
            )


def _message(row: sqlite3.Row, delivery: sqlite3.Row | dict[str, object]) -> ReceivedMessage:
    """The message of a row, as ``delivery`` brought it."""
    return ReceivedMessage(
        payload=row["payload"],
        source=MessageSource(str(delivery["source"])),
        imei=row["imei"],
        momsn=row["momsn"],
        transmit_time=None if row["transmit_time"] is None else datetime.fromisoformat(row["transmit_time"]),
        verified=True if delivery["verified"] else None,
        session_status=row["session_status"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        cep_km=row["cep_km"],
        body=row["body"],
    )
