"""The index of a project: many deployments, what they photographed, and everything that was ever said of it.

The words: a *sequence* is what one trigger took (a burst; of another maker's camera, pictures seconds apart). An
*event* is Camtrap DP's: the sequences of one deployment that follow each other within the project's event gap, whatever
they show; it is what a person looks at as one. Independent events of a taxon, which published numbers count, are
reckoned from the observations each time (``domain.events``).

A *word* is one complete statement on a sequence, by a model or by a person: the observations that hang on it, none for
a blank. Words are only ever added. Which one stands: what a person said last, unless its action is undone, else the
newest of a model. ``sequences.standing``, ``events`` and ``event_taxa`` are what follows from that, kept beside it in
the same transaction so that a page of a hundred thousand events is a question to an index; they can be made anew at any
time.
"""

from __future__ import annotations

import sqlite3

from cameratrap.store.project_corrections import create_corrections

# What filters ask of an event, beside its deployment and its time.
_FILTERED = "state, is_blank, flagged, is_night, cause, hour, score"
_TABLES = (
    """CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # Times are ISO 8601 with offset; columns in _s are the same in seconds of Unix time, to order and to compare.
    """CREATE TABLE deployments (
        id INTEGER PRIMARY KEY,
        deployment TEXT NOT NULL UNIQUE,
        station TEXT NOT NULL,
        session TEXT NOT NULL DEFAULT '',
        utc_offset_minutes INTEGER NOT NULL,
        start TEXT NOT NULL,
        end TEXT NOT NULL,
        latitude REAL,
        longitude REAL,
        coordinate_uncertainty INTEGER,
        setup TEXT NOT NULL DEFAULT '{}',
        made_with TEXT NOT NULL DEFAULT '{}',
        source TEXT NOT NULL CHECK (source IN ('card', 'folder', 'camtrap-dp', 'megadetector')),
        root TEXT NOT NULL,
        imported_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE down (
        id INTEGER PRIMARY KEY,
        deployment INTEGER NOT NULL REFERENCES deployments (id),
        start TEXT NOT NULL,
        end TEXT NOT NULL,
        why TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX down_by_deployment ON down (deployment)",
    """CREATE TABLE effort_days (
        deployment INTEGER NOT NULL REFERENCES deployments (id),
        day TEXT NOT NULL,
        hours_armed REAL,
        hours_armed_night REAL,
        triggers INTEGER,
        blank INTEGER,
        suppressed INTEGER,
        health TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (deployment, day)
    ) STRICT, WITHOUT ROWID""",
    # Events are made anew when a deployment grows. A number never comes back: a page that is open may still name it.
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        deployment INTEGER NOT NULL REFERENCES deployments (id),
        cause TEXT NOT NULL,
        start TEXT NOT NULL,
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        hour INTEGER NOT NULL,
        is_night INTEGER,
        sequences INTEGER NOT NULL,
        media INTEGER NOT NULL,
        cover INTEGER,
        taxa TEXT NOT NULL DEFAULT '',
        machine_taxa TEXT NOT NULL DEFAULT '',
        count INTEGER NOT NULL DEFAULT 0,
        score REAL,
        state TEXT NOT NULL CHECK (state IN ('unlooked', 'machine', 'partly', 'verified')),
        is_blank INTEGER NOT NULL DEFAULT 0,
        flagged INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    # Everything that a filter asks is in the index itself: a page of few among many events is found without the table.
    f"CREATE INDEX events_by_time ON events (start_s, id, deployment, {_FILTERED})",
    f"CREATE INDEX events_by_deployment ON events (deployment, start_s, id, {_FILTERED})",
    # In the order in which facets are counted, so that nothing is to be sorted.
    f"CREATE INDEX events_by_kind ON events (deployment, {_FILTERED}, start_s)",
    # The taxa that stand, each with what filters ask of its event, so that a taxon's events are found here alone.
    """CREATE TABLE event_taxa (
        taxon TEXT NOT NULL,
        start_s REAL NOT NULL,
        event INTEGER NOT NULL REFERENCES events (id),
        deployment INTEGER NOT NULL,
        count INTEGER NOT NULL,
        state TEXT NOT NULL,
        flagged INTEGER NOT NULL,
        is_night INTEGER,
        cause TEXT NOT NULL,
        hour INTEGER NOT NULL,
        score REAL,
        PRIMARY KEY (taxon, start_s, event)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX event_taxa_by_event ON event_taxa (event)",
    """CREATE TABLE sequences (
        id INTEGER PRIMARY KEY,
        deployment INTEGER NOT NULL REFERENCES deployments (id),
        sequence TEXT NOT NULL,
        cause TEXT NOT NULL,
        start TEXT NOT NULL,
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('captured', 'analysed', 'failed')),
        clock TEXT,
        first_frame_s REAL,
        event INTEGER REFERENCES events (id),
        standing INTEGER,
        machine INTEGER,
        flagged INTEGER NOT NULL DEFAULT 0,
        UNIQUE (deployment, sequence)
    ) STRICT""",
    "CREATE INDEX sequences_by_event ON sequences (event)",
    "CREATE INDEX sequences_by_time ON sequences (deployment, start_s)",
    """CREATE TABLE media (
        id INTEGER PRIMARY KEY,
        media TEXT NOT NULL UNIQUE,
        deployment INTEGER NOT NULL REFERENCES deployments (id),
        sequence INTEGER NOT NULL REFERENCES sequences (id),
        path TEXT NOT NULL,
        captured_at TEXT NOT NULL,
        captured_s REAL NOT NULL,
        width INTEGER,
        height INTEGER,
        bytes INTEGER,
        sha256 TEXT,
        mediatype TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('present', 'blurred', 'sealed', 'removed')),
        infrared INTEGER,
        attributes TEXT NOT NULL DEFAULT '{}',
        UNIQUE (deployment, path)
    ) STRICT""",
    "CREATE INDEX media_by_sequence ON media (sequence, captured_s, id)",
    """CREATE TABLE actions (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        made_at TEXT NOT NULL,
        author TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL DEFAULT '{}'
    ) STRICT""",
    # Undone and done again: the newest row of an action decides. Nothing is taken away. ``newest_action`` is the newest
    # there was: what was undone before another action was made is not done again.
    """CREATE TABLE undos (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        action INTEGER NOT NULL REFERENCES actions (id),
        newest_action INTEGER NOT NULL REFERENCES actions (id),
        made_at TEXT NOT NULL,
        author TEXT NOT NULL,
        undone INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX undos_by_action ON undos (action, id)",
    """CREATE TABLE words (
        id INTEGER PRIMARY KEY,
        sequence INTEGER NOT NULL REFERENCES sequences (id),
        method TEXT NOT NULL CHECK (method IN ('machine', 'human')),
        classified_by TEXT NOT NULL,
        classified_at TEXT NOT NULL,
        model_sha256 TEXT,
        score_threshold REAL,
        action INTEGER REFERENCES actions (id),
        replaces INTEGER REFERENCES words (id)
    ) STRICT""",
    "CREATE INDEX words_by_sequence ON words (sequence, method, id)",
    "CREATE INDEX words_by_action ON words (action)",
    """CREATE TABLE observations (
        id INTEGER PRIMARY KEY,
        word INTEGER NOT NULL REFERENCES words (id),
        taxon TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        count_low INTEGER,
        count_high INTEGER,
        score REAL,
        first_at TEXT NOT NULL,
        last_at TEXT NOT NULL,
        attributes TEXT NOT NULL DEFAULT '{}'
    ) STRICT""",
    "CREATE INDEX observations_by_word ON observations (word)",
    """CREATE TABLE detections (
        id INTEGER PRIMARY KEY,
        word INTEGER NOT NULL REFERENCES words (id),
        media INTEGER NOT NULL REFERENCES media (id),
        taxon TEXT NOT NULL,
        model_label TEXT NOT NULL,
        score REAL NOT NULL,
        x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
        fate TEXT NOT NULL DEFAULT 'stands',
        counted_as TEXT
    ) STRICT""",
    "CREATE INDEX detections_by_word ON detections (word)",
    "CREATE INDEX detections_by_media ON detections (media)",
    """CREATE TABLE flags (
        id INTEGER PRIMARY KEY,
        action INTEGER NOT NULL REFERENCES actions (id),
        sequence INTEGER NOT NULL REFERENCES sequences (id),
        flagged INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX flags_by_sequence ON flags (sequence, id)",
    "CREATE INDEX flags_by_action ON flags (action)",
    # A taxon that the built-in table does not have, or more than it says: what another program's package told of it.
    """CREATE TABLE taxa (
        taxon TEXT PRIMARY KEY,
        attributes TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

# What was said is never changed and never removed, whoever holds the connection. Only the times of an observation may
# move, with the clock that told them.
_ONLY_ADDED = ("actions", "undos", "words", "observations", "flags")
_FIXED = {"observations": " OF id, word, taxon, count, count_low, count_high, score, attributes"}
_KEYED = ("actions", "undos")


def create_project(connection: sqlite3.Connection) -> None:
    """A migration step: the tables of a project."""
    for statement in _TABLES:
        connection.execute(statement)
    for table in _ONLY_ADDED:
        same = "id = NEW.id OR key = NEW.key" if table in _KEYED else "id = NEW.id"
        _forbid(connection, table, "update", f"UPDATE{_FIXED.get(table, '')} ON {table}")
        _forbid(connection, table, "delete", f"DELETE ON {table}")
        # INSERT OR REPLACE takes a row away without asking the trigger before.
        _forbid(connection, table, "replace", f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})")


def _forbid(connection: sqlite3.Connection, table: str, name: str, what: str) -> None:
    connection.execute(
        f"CREATE TRIGGER {table}_no_{name} BEFORE {what} BEGIN SELECT RAISE(ABORT, '{table} are only ever added'); END"
    )


PROJECT_MIGRATIONS = (create_project, create_corrections)
