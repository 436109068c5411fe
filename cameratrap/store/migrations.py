"""The schemas, as steps. Append-only: a step that has been released is never edited, a change is a step more.

``PRAGMA user_version`` counts the steps a database has been through; each runs once, inside one transaction.
"""

from __future__ import annotations

import sqlite3

from cameratrap.store.alerts import create_alerts
from cameratrap.store.clock_readings import create_clock_readings
from cameratrap.store.clock_shifts import create_clock_shifts
from cameratrap.store.commands import create_commands
from cameratrap.store.device_faults import create_device_faults
from cameratrap.store.effort import tell_resumed
from cameratrap.store.energy import create_energy
from cameratrap.store.inbox import create_inbox
from cameratrap.store.outbox import create_outbox, rank_outbox
from cameratrap.store.power_readings import create_power_readings
from cameratrap.store.seal_counter import create_seal_epochs, know_the_file
from cameratrap.store.sealed_pictures import create_sealed_pictures
from cameratrap.store.sent_commands import create_sent_commands
from cameratrap.store.sessions import create_sessions
from cameratrap.store.summaries import create_tellings
from cameratrap.store.timings import create_timings
from cameratrap.store.treatments import create_treatments, tell_reasons
from cameratrap.store.trust import create_trust
from cameratrap.store.views import create_views
from cameratrap.store.wakes import create_wakes


def create_card(connection: sqlite3.Connection) -> None:
    """The index of one deployment's card. Times are ISO 8601 with offset.

    A *classification* is one complete word on a burst, by a model or by a person: the observations (counts) that hang
    on it, none for a blank. Nothing is overwritten: the newest word of a person stands, else the newest of a model.
    """
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
            attempts INTEGER NOT NULL DEFAULT 0,
            looked_by TEXT,
            fault TEXT,
            error TEXT
        ) STRICT""",
        """CREATE TABLE media (
            id INTEGER PRIMARY KEY,
            burst TEXT NOT NULL REFERENCES bursts (id),
            position INTEGER NOT NULL,
            of INTEGER NOT NULL,
            path TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL,
            source_sha256 TEXT NOT NULL,
            source_name TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            captured_at TEXT NOT NULL,
            width INTEGER,
            height INTEGER
        ) STRICT""",
        "CREATE INDEX media_by_burst ON media (burst, captured_at)",
        "CREATE INDEX media_by_source ON media (source_sha256)",
        """CREATE TABLE classifications (
            id INTEGER PRIMARY KEY,
            burst TEXT NOT NULL REFERENCES bursts (id),
            method TEXT NOT NULL CHECK (method IN ('machine', 'human')),
            classified_by TEXT NOT NULL,
            classified_at TEXT NOT NULL,
            model_sha256 TEXT,
            score_threshold REAL,
            recorded INTEGER NOT NULL DEFAULT 0,
            replaces INTEGER REFERENCES classifications (id)
        ) STRICT""",
        "CREATE INDEX classifications_by_burst ON classifications (burst, method, id)",
        """CREATE TABLE detections (
            id INTEGER PRIMARY KEY,
            classification INTEGER NOT NULL REFERENCES classifications (id),
            media INTEGER NOT NULL REFERENCES media (id),
            taxon TEXT NOT NULL,
            model_label TEXT NOT NULL,
            score REAL NOT NULL,
            x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX detections_by_classification ON detections (classification)",
        """CREATE TABLE observations (
            id INTEGER PRIMARY KEY,
            classification INTEGER NOT NULL REFERENCES classifications (id),
            taxon TEXT NOT NULL,
            count INTEGER NOT NULL CHECK (count > 0),
            score REAL,
            first_at TEXT NOT NULL,
            last_at TEXT NOT NULL,
            UNIQUE (classification, taxon)
        ) STRICT""",
        """CREATE TABLE armed (
            id INTEGER PRIMARY KEY,
            boot_id TEXT NOT NULL,
            start TEXT NOT NULL,
            end TEXT NOT NULL,
            start_monotonic_s REAL NOT NULL,
            end_monotonic_s REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE suppressed (
            hour TEXT NOT NULL,
            boot_id TEXT NOT NULL,
            reason TEXT NOT NULL,
            triggers INTEGER NOT NULL,
            PRIMARY KEY (hour, boot_id, reason)
        ) STRICT""",
        """CREATE TABLE summaries (
            sequence INTEGER PRIMARY KEY,
            day TEXT NOT NULL,
            closed_at TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX summaries_by_day ON summaries (day)",
    ):
        connection.execute(statement)


def weigh_counts(connection: sqlite3.Connection) -> None:
    """How certain each count is, and what became of each box; a person's count is certain.

    What was stored before has no bounds, and all of its boxes count.
    """
    for statement in (
        "ALTER TABLE observations ADD COLUMN count_low INTEGER",
        "ALTER TABLE observations ADD COLUMN count_high INTEGER",
        """UPDATE observations SET count_low = count, count_high = count
           WHERE classification IN (SELECT id FROM classifications WHERE method = 'human')""",
        "ALTER TABLE detections ADD COLUMN fate TEXT NOT NULL DEFAULT 'stands'",
        "ALTER TABLE detections ADD COLUMN counted_as TEXT",
        "UPDATE detections SET counted_as = taxon",
    ):
        connection.execute(statement)


CARD_MIGRATIONS = (
    create_card,
    create_outbox,
    weigh_counts,
    create_views,
    create_treatments,
    create_seal_epochs,
    create_commands,
    create_clock_readings,
    rank_outbox,
    create_sessions,
    create_tellings,
    create_alerts,
    know_the_file,
    create_timings,
    tell_resumed,
    create_clock_shifts,
    create_device_faults,
    tell_reasons,
    create_sealed_pictures,
    create_energy,
    create_power_readings,
    create_wakes,
)
INBOX_MIGRATIONS = (create_inbox, create_trust, create_sent_commands)
