"""The schemas, as steps. Append-only: a step that has been released is never edited, a change is a step more.

``PRAGMA user_version`` counts the steps a database has been through; each runs once, inside one transaction.
"""

from __future__ import annotations

import sqlite3

from cameratrap.store.inbox import create_inbox
from cameratrap.store.outbox import create_outbox


def create_card(connection: sqlite3.Connection) -> None:
    """The index of one deployment's card. Times are ISO 8601 with offset; a correction is a new
    observation that names the one it replaces; one of count 0 says that the taxon was not there."""
    for statement in (
        """CREATE TABLE bursts (
            id TEXT PRIMARY KEY,
            trigger_key TEXT NOT NULL UNIQUE,
            cause TEXT NOT NULL,
            started_at TEXT NOT NULL,
            monotonic_s REAL NOT NULL,
            boot_id TEXT NOT NULL,
            clock TEXT,
            status TEXT NOT NULL CHECK (status IN ('captured', 'analysed', 'failed')),
            model TEXT,
            model_version TEXT,
            recorded INTEGER NOT NULL DEFAULT 0,
            error TEXT
        ) STRICT""",
        """CREATE TABLE media (
            id INTEGER PRIMARY KEY,
            burst TEXT NOT NULL REFERENCES bursts (id),
            position INTEGER NOT NULL,
            of INTEGER NOT NULL,
            path TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL,
            source_sha256 TEXT NOT NULL UNIQUE,
            source_name TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            captured_at TEXT NOT NULL,
            width INTEGER,
            height INTEGER,
            UNIQUE (burst, position)
        ) STRICT""",
        """CREATE TABLE detections (
            id INTEGER PRIMARY KEY,
            media INTEGER NOT NULL REFERENCES media (id),
            taxon TEXT NOT NULL,
            model_label TEXT NOT NULL,
            score REAL NOT NULL,
            x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX detections_by_media ON detections (media)",
        """CREATE TABLE observations (
            id INTEGER PRIMARY KEY,
            burst TEXT NOT NULL REFERENCES bursts (id),
            taxon TEXT NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            score REAL,
            first_at TEXT NOT NULL,
            last_at TEXT NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('machine', 'human')),
            author TEXT NOT NULL,
            made_at TEXT NOT NULL,
            replaces INTEGER REFERENCES observations (id)
        ) STRICT""",
        "CREATE INDEX observations_by_burst ON observations (burst)",
        "CREATE INDEX observations_by_replaced ON observations (replaces)",
        """CREATE TABLE armed (
            id INTEGER PRIMARY KEY,
            boot_id TEXT NOT NULL,
            start TEXT NOT NULL,
            end TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE suppressed (
            day TEXT NOT NULL,
            reason TEXT NOT NULL,
            triggers INTEGER NOT NULL,
            PRIMARY KEY (day, reason)
        ) STRICT""",
        """CREATE TABLE summaries (
            day TEXT PRIMARY KEY,
            sequence INTEGER NOT NULL UNIQUE,
            closed_at TEXT NOT NULL
        ) STRICT""",
    ):
        connection.execute(statement)


CARD_MIGRATIONS = (create_card, create_outbox)
INBOX_MIGRATIONS = (create_inbox,)
