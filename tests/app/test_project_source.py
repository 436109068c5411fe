"""A card read as a project: what it says is what the card says, and what a person says is kept beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.card_index import index_bursts
from cameratrap.app.fold import Rules, fold
from cameratrap.app.project_source import REVIEW, open_for_review, open_source
from cameratrap.cli import run
from cameratrap.errors import StoreError
from cameratrap.store import observations
from cameratrap.store.card import make_card, open_card
from cameratrap.store.connection import transaction
from cameratrap.store.observations import classify_by_hand
from cameratrap.store.project import Project
from cameratrap.store.project_read import deployed, sightings
from cameratrap.store.review_actions import Change, act
from cameratrap.store.review_scope import Scope
from tests.card_maker import FIRST, fingerprint, make_trap_card

NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_trap_card(tmp_path / "card", monkeypatch)


def relabel(project: Project, event: int, taxon: str, key: str) -> None:
    """What a person does on the page."""
    act(project.connection, Change("relabel", taxon), Scope((event,)), key=key, author="anna", made_at=NOW)


def test_a_card_as_a_project_says_what_the_card_says(card: Path) -> None:
    """The same sightings and effort, every picture where it lies, nothing written."""
    before = fingerprint(card)
    with open_card(card) as opened:
        told = list(observations.sightings(opened.connection, opened.deployment.deployment))
        folded = fold(opened, Rules())
    with open_source(card) as project:
        assert list(sightings(project.connection)) == told
        (found,) = deployed(project.connection)
        assert (found.station, found.start, found.down) == ("ridge", FIRST.replace(tzinfo=UTC), ())
        rows = project.connection.execute("SELECT * FROM effort_days ORDER BY day").fetchall()
        assert [row["hours_armed"] for row in rows] == [folded.effort[day].hours_armed for day in folded.days]
        assert [(row["triggers"], row["blank"]) for row in rows] == [(1, 0), (1, 1), (1, 0)]
        media = project.connection.execute("SELECT * FROM media ORDER BY captured_s").fetchall()
        assert [row["media"] for row in media] == [f"ridge_20270301/DCIM/100CTRAP/CTRP000{n}.JPG" for n in (1, 2, 3)]
        assert all(project.media_path(".", row["path"]).is_file() for row in media)
        events = project.connection.execute("SELECT taxa, is_blank, state FROM events ORDER BY start_s").fetchall()
        assert [tuple(row) for row in events] == [
            ("Vulpes vulpes", 0, "machine"),
            ("", 1, "machine"),
            ("Meles meles", 0, "machine"),
        ]
    assert fingerprint(card) == before


def test_words_are_kept_beside_the_card_and_stand_when_it_grows(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the trap has written stays; a card with more on it shows that too, read or opened for review."""
    trap_wrote = {path: told for path, told in fingerprint(card).items() if path != "watch.lock"}
    with open_for_review(card) as project:
        relabel(project, 1, "Martes martes", "k1")
    with open_for_review(card) as project:
        assert project.connection.execute("SELECT COUNT(*) FROM words WHERE method = 'human'").fetchone()[0] == 1
    assert {path: told for path, told in fingerprint(card).items() if path in trap_wrote} == trap_wrote
    make_trap_card(card, monkeypatch, pictures=5)
    with open_source(card) as project:
        assert [each.taxon for each in sightings(project.connection)] == ["Martes martes", "Meles meles"]
        assert project.connection.execute("SELECT COUNT(*) FROM media").fetchone()[0] == 5
    with open_for_review(card) as project:
        assert [each.taxon for each in sightings(project.connection)] == ["Martes martes", "Meles meles"]
        assert project.connection.execute("SELECT COUNT(*), COUNT(DISTINCT media) FROM media").fetchone()[:] == (5, 5)


def test_taking_a_card_again_adds_nothing(card: Path) -> None:
    """Read a second time, also with two words by one person at one moment, every row is known."""
    with open_card(card) as opened:
        burst = opened.connection.execute("SELECT id FROM bursts ORDER BY started_at LIMIT 1").fetchone()[0]
    with make_card(card, opened.deployment) as writable:
        for count in (1, 2):
            classify_by_hand(writable.connection, burst, {"Lepus europaeus": count}, author="anna", made_at=NOW)
    with open_for_review(card) as project, open_card(card) as opened:
        first = next(sightings(project.connection))
        assert (first.taxon, first.count, first.source) == ("Lepus europaeus", 2, "human")
        with transaction(project.connection):
            again = index_bursts(project.connection, 1, opened, "ridge_20270301")
        assert (again.new, again.media, again.words, again.touched) == ([], 0, 0, [])


def test_a_card_is_the_same_read_in_one_piece_or_in_many(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row, whatever fits into what is read at once, also where a part of it is known already."""

    def rows(project: Project) -> list[list[tuple[object, ...]]]:
        asked = ("sequences", "media", "words", "observations", "detections", "events", "event_taxa")
        return [[tuple(row) for row in project.connection.execute(f"SELECT * FROM {table}")] for table in asked]  # noqa: S608

    with open_source(card) as project:
        whole = rows(project)
    assert all(whole)
    monkeypatch.setattr("cameratrap.app.card_bursts._AT_ONCE", 2)
    with open_source(card) as project:
        assert rows(project) == whole


def test_times_that_the_card_has_corrected_since_are_followed(card: Path) -> None:
    """A clock that was corrected on the card moves sequences, pictures and every word, a person's as well."""
    with open_for_review(card) as project:
        relabel(project, 1, "Martes martes", "k1")
    assert run(["-q", "--data", str(card), "clock", "shift", "--all", "--by", "-1d"]) == 0
    with open_source(card) as project:
        first = next(iter(sightings(project.connection)))
        assert (first.taxon, first.start) == ("Martes martes", FIRST.replace(tzinfo=UTC) - timedelta(days=1))
        row = project.connection.execute("SELECT MIN(captured_at) AS at, MIN(captured_s) AS s FROM media").fetchone()
        assert datetime.fromisoformat(row["at"]).timestamp() == row["s"] == first.start.timestamp()


def test_what_is_neither_is_named(tmp_path: Path) -> None:
    """A folder without a record and without a project's index."""
    with pytest.raises(StoreError, match="is not a card, nor a project"), open_source(tmp_path):
        pass


def test_a_card_that_cannot_be_written_says_how_to_copy_it(card: Path) -> None:
    """Opening it for review is refused with the command that makes a project of it; reading it goes on."""
    (card / REVIEW).mkdir()
    with pytest.raises(StoreError) as raised, open_for_review(card):
        pass
    assert "cameratrap import" in raised.value.hint
    with open_source(card) as project:
        assert project.connection.execute("SELECT COUNT(*) FROM media").fetchone()[0] == 3
