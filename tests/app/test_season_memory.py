"""What folding a card and writing its tables takes: as much at the end of a season as at its start."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.fold import Rules, fold
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.domain.events import TriggerCause, independent_events
from cameratrap.domain.tallies import fold_days
from cameratrap.ports import Trigger
from cameratrap.store import timings
from cameratrap.store.bursts import add_picture, begin_burst
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.media import SavedPicture
from cameratrap.store.observations import classify_by_hand, sightings
from cameratrap.store.timings import Timing

START = datetime(2026, 6, 1, tzinfo=UTC)
A_DAY = 60
RULES = Rules(position=(46.0, 6.0))


def live(card: Card, first: int, last: int) -> None:
    """So many days with a burst of one picture every 24 minutes, a fox in every third."""
    for day in range(first, last):
        begins = START + timedelta(days=day)
        with transaction(card.connection):
            stretch = arm(card.connection, begins, day * 86400.0, "boot", resumed=day > 0)
            still_armed(card.connection, stretch, begins + timedelta(hours=24), (day + 1) * 86400.0)
            for number in range(A_DAY):
                at = begins + timedelta(minutes=24 * number)
                name = f"{day:04}-{number:03}"
                trigger = Trigger(name, at, TriggerCause.PIR, day * 86400.0)
                begin_burst(card.connection, name, trigger, boot_id="boot", clock=None)
                saved = SavedPicture(f"DCIM/{name}.JPG", name.ljust(64, "0"), 9)
                add_picture(
                    card.connection, name, saved, position=1, of=1, captured_at=at, source_sha256=name, source_name=""
                )
                timings.add(card.connection, name, Timing(0.3, 5.0, 1, 1.0))
                counts = {"Vulpes vulpes": 1} if number % 3 == 0 else {}
                classify_by_hand(card.connection, name, counts, author="a", made_at=at)


@contextmanager
def card_of(folder: Path, days: int) -> Iterator[Card]:
    with make_card(folder, Deployment("d", "s", 0, START)) as card:
        live(card, 0, days)
        yield card


def peak_bytes(card: Card) -> int:
    """The most that Python's objects take while a day is closed and the tables are written."""
    write_plain_tables(card, fold(card, RULES))
    tracemalloc.start()
    try:
        write_plain_tables(card, fold(card, RULES))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_closing_takes_as_much_after_a_season_as_after_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the days: what is kept of a day is a few numbers, and of its bursts and pictures nothing."""
    monkeypatch.setattr("cameratrap.domain.events.AT_A_TIME", 50)
    monkeypatch.setattr("cameratrap.app.plain_tables.AT_A_TIME", 50)
    with card_of(tmp_path, 5) as card:
        short = peak_bytes(card)
        live(card, 5, 40)
        long = peak_bytes(card)
    assert long - short < 35 * 4000, "bytes for each day more"


def test_what_passes_by_is_what_a_card_held_whole_says(tmp_path: Path) -> None:
    """Tallies, number of events and the last sighting of each day, of a season that is longer than what is held."""
    with card_of(tmp_path, 40) as card, pytest.MonkeyPatch.context() as patch:
        patch.setattr("cameratrap.domain.events.AT_A_TIME", 7)
        folded, events = fold(card, RULES), independent_events(sightings(card.connection, card.deployment.deployment))
        write_plain_tables(card, folded)
    tallies = fold_days(events, card.zone)
    assert folded.events == len(events) > 0
    assert {day: folded.tallies[day] for day in folded.days} == {day: tallies.get(day, ()) for day in folded.days}
    for day, last in folded.last_seen.items():
        assert last == max(event.end for event in events if event.start.date() == day)
    assert independent_events([seen for event in events for seen in event.sightings]) == events
    assert len((card.folder / "media.csv").read_text().splitlines()) == 1 + 40 * A_DAY
