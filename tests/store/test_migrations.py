"""A card of every schema there has been opens, with nothing lost and nothing invented."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from cameratrap.app.fold import Rules, fold
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.domain.events import independent_events
from cameratrap.domain.judged import Fate
from cameratrap.store.analyses import stored_boxes
from cameratrap.store.bursts import all_pictures
from cameratrap.store.card import DATABASE, RECORD, open_card
from cameratrap.store.connection import open_store, schema_version
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.observations import sightings

# What the first version wrote: a burst that a model looked at, and one that a person corrected.
FIRST_VERSION = 2
OLD_ROWS = """
    INSERT INTO bursts VALUES ('b1', 'k1', 'pir', '2026-06-01T05:00:00+01:00', 1.0, 'boot', 'ok', 'analysed', 1, 'm 1', NULL, NULL);
    INSERT INTO bursts VALUES ('b2', 'k2', 'pir', '2026-06-01T09:00:00+01:00', 2.0, 'boot', 'ok', 'analysed', 1, 'm 1', NULL, NULL);
    INSERT INTO media VALUES (1, 'b1', 1, 1, 'DCIM/100CTRAP/CTRP0001.JPG', 'aa', 'bb', '1.jpg', 9, '2026-06-01T05:00:00+01:00', 48, 36);
    INSERT INTO media VALUES (2, 'b2', 1, 1, 'DCIM/100CTRAP/CTRP0002.JPG', 'cc', 'dd', '2.jpg', 9, '2026-06-01T09:00:00+01:00', 48, 36);
    INSERT INTO classifications VALUES (1, 'b1', 'machine', 'm 1', '2026-06-01T05:00:09+01:00', 'ee', 0.5, 0, NULL);
    INSERT INTO classifications VALUES (2, 'b2', 'machine', 'm 1', '2026-06-01T09:00:09+01:00', 'ee', 0.5, 0, NULL);
    INSERT INTO classifications VALUES (3, 'b2', 'human', 'anna', '2026-07-01T09:00:00+02:00', NULL, NULL, 0, 2);
    INSERT INTO detections VALUES (1, 1, 1, 'Vulpes vulpes', 'fox', 0.9, 0.1, 0.1, 0.2, 0.2);
    INSERT INTO detections VALUES (2, 1, 1, 'Vulpes vulpes', 'fox', 0.8, 0.5, 0.1, 0.2, 0.2);
    INSERT INTO observations VALUES (1, 1, 'Vulpes vulpes', 2, 0.9, '2026-06-01T05:00:00+01:00', '2026-06-01T05:00:00+01:00');
    INSERT INTO observations VALUES (2, 3, 'Meles meles', 3, NULL, '2026-06-01T09:00:00+01:00', '2026-06-01T09:00:00+01:00');
    INSERT INTO armed VALUES (1, 'boot', '2026-06-01T04:00:00+01:00', '2026-06-01T10:00:00+01:00', 0.0, 21600.0);
"""  # noqa: E501 - one row a line


@pytest.fixture
def old_card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    with closing(open_store(folder / DATABASE, CARD_MIGRATIONS[:FIRST_VERSION], create=True)) as connection:
        connection.executescript(OLD_ROWS)
    (folder / RECORD).write_text(
        'deployment = "d"\nstation = "s"\nutc_offset_minutes = 60\nstart = 2026-06-01T04:00:00+01:00\n',
        encoding="utf-8",
    )
    return folder


def test_an_old_card_says_what_it_said(old_card: Path) -> None:
    """Counts, boxes and pictures as they were; a model's count has no bounds, since nobody reckoned any."""
    with open_card(old_card) as card:
        assert schema_version(card.connection) == len(CARD_MIGRATIONS)
        events = [
            (e.taxon, e.count, e.count_low, e.count_high, e.source)
            for e in independent_events(sightings(card.connection, card.deployment.deployment))
        ]
        assert events == [("Vulpes vulpes", 2, None, None, "machine"), ("Meles meles", 3, 3, 3, "human")]
        boxes = stored_boxes(card.connection, "b1")[1]
        assert [(box.fate, box.counted_as, box.hidden) for box in boxes] == [(Fate.STANDS, "Vulpes vulpes", False)] * 2
        assert [(each.is_treated, each.sha256_now) for each in all_pictures(card.connection)] == [
            (False, "aa"),
            (False, "cc"),
        ]


def test_an_old_card_can_be_written_on(old_card: Path) -> None:
    """Its tables come out with the new columns, empty where nothing is known."""
    with open_card(old_card) as card:
        folded = fold(card, Rules())
        card.folder = old_card
        write_plain_tables(card, folded)
    header, first, _ = (old_card / "media.csv").read_text(encoding="utf-8").splitlines()
    assert header.endswith(",sha256,suppressed_detections,people_policy,original_timestamp,latency_s")
    assert "Vulpes vulpes=2" in first
    assert first.endswith(",aa,,,,")
    assert set(folded.suppressed_detections.values()) == {0}


def test_what_was_released_stays_as_it_is(tmp_path: Path) -> None:
    """Steps are appended: a card stopped after any of them goes on from there to the same schema."""
    schemas = set()
    for stop in range(len(CARD_MIGRATIONS) + 1):
        path = tmp_path / f"{stop}.db"
        with closing(open_store(path, CARD_MIGRATIONS[:stop], create=True)):
            pass
        with closing(open_store(path, CARD_MIGRATIONS, create=False)) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_schema ORDER BY name")
            schemas.add("\n".join(str(row["sql"]) for row in rows))
    assert len(schemas) == 1
