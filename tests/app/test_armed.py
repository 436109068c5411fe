"""Effort with partial failures: a dead lamp, a dead camera, a stuck sensor, and the time a burst takes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.app.armed import armed_days
from cameratrap.app.fold import Rules, fold
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.ports import Trigger
from cameratrap.store import timings
from cameratrap.store.bursts import add_picture, begin_burst
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.device_faults import begin_anew, note_incident, spans, still_down
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.media import SavedPicture
from cameratrap.store.timings import Timing

DAY = datetime(2027, 3, 20, tzinfo=UTC)  # at the equator the sun is down for half of it
EQUATOR = Rules(position=(0.0, 0.0))


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path / "card", Deployment("d", "s", 0, DAY)) as made:
        yield made


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def armed(card: Card, begin: float, end: float, boot: str = "boot") -> None:
    stretch = arm(card.connection, at(begin), begin * 3600, boot)
    still_armed(card.connection, stretch, at(end), end * 3600)


def down(card: Card, device: str, begin: float, end: float, *, recovers: bool = True, boot: str = "boot") -> None:
    note_incident(card.connection, Incident(device, "dead", begin * 3600, recovered=False), at(begin), boot)
    if recovers:
        note_incident(card.connection, Incident(device, "works", end * 3600, recovered=True), at(end), boot)
    else:
        still_down(card.connection, at(end), end * 3600, boot)


def burst(card: Card, hours: float, dead_s: float, first_frame_s: float = 0.4) -> None:
    name = f"b{hours}"
    begin_burst(
        card.connection, name, Trigger(name, at(hours), TriggerCause.PIR, hours * 3600), boot_id="boot", clock=None
    )
    picture = SavedPicture(f"DCIM/100CTRAP/CTRP{name}.JPG", name, 9)
    add_picture(
        card.connection, name, picture, position=1, of=1, captured_at=at(hours), source_sha256=name, source_name=""
    )
    with transaction(card.connection):
        timings.add(card.connection, name, Timing(first_frame_s, dead_s, 3, 1.0))


def effort(card: Card) -> tuple[float | None, float | None]:
    found = fold(card, EQUATOR).effort[DAY.date()]
    return (
        None if found.hours_armed is None else round(found.hours_armed, 3),
        None if found.hours_armed_night is None else round(found.hours_armed_night, 1),
    )


def test_a_whole_day_is_24_hours_and_half_a_night(card: Card) -> None:
    """What everything below is less than."""
    armed(card, 0, 24)
    assert effort(card) == (24.0, 11.9)


@pytest.mark.parametrize(
    ("device", "expected"),
    [("lamp", (24.0, 0.0)), ("camera", (0.0, 0.0)), ("pir", (0.0, 0.0)), ("modem", (24.0, 11.9))],
)
def test_what_fails_takes_its_own_part_of_the_effort(card: Card, device: str, expected: tuple[float, float]) -> None:
    """A dead lamp costs the night, a dead camera or sensor everything, a modem nothing: and the day names each."""
    armed(card, 0, 24)
    down(card, device, 0, 24)
    assert effort(card) == expected
    assert fold(card, EQUATOR).faults[DAY.date()] == (device,)


def test_only_the_hours_in_which_it_did_not_work_are_lost(card: Card) -> None:
    """The lamp is dead from noon to midnight: the morning's night stands."""
    armed(card, 0, 24)
    down(card, "lamp", 12, 24)
    down(card, "camera", 10, 11)
    assert effort(card) == (23.0, 6.1)


def test_what_is_never_noted_to_work_again_is_down_as_far_as_the_trap_ran(card: Card) -> None:
    """Until another process begins, which knows nothing of it."""
    armed(card, 0, 24)
    down(card, "camera", 20, 22, recovers=False)
    begin_anew(card.connection)
    still_down(card.connection, at(23), 23 * 3600, "boot")
    assert effort(card)[0] == 22.0


def test_a_clock_set_meanwhile_makes_two_stretches_of_it(card: Card) -> None:
    """Each by the clock that it was told by; a day that never was is not down."""
    down(card, "lamp", 1, 2, recovers=False)
    still_down(card.connection, at(2) + timedelta(days=30), 2 * 3600, "boot")
    still_down(card.connection, at(3) + timedelta(days=30), 3 * 3600, "boot")
    assert [each.length for each in spans(card.connection)["lamp"]] == [timedelta(hours=1)] * 2


def test_an_incident_that_is_over_at_once_costs_no_time_and_is_told(card: Card) -> None:
    """A camera that was restarted is a fault of the day, and no hour less."""
    armed(card, 0, 24)
    note_incident(card.connection, Incident("camera", "restarted", 3600.0, recovered=True), at(1), "boot")
    assert effort(card)[0] == 24.0
    assert fold(card, EQUATOR).faults[DAY.date()] == ("camera",)


def test_dead_time_is_no_effort_and_stands_beside_it(card: Card) -> None:
    """While a burst was taken nothing else was photographed; two that overlap are not subtracted twice."""
    armed(card, 0, 24)
    burst(card, 1, dead_s=1800)
    burst(card, 1.25, dead_s=1800, first_frame_s=3.5)
    assert effort(card)[0] == 23.25
    write_plain_tables(card, fold(card, EQUATOR))
    with (card.folder / "effort.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["hours_armed"], row["dead_s"], row["camera_down_h"], row["lamp_down_h"]) == (
        "23.25",
        "2700.00",
        "0.00",
        "0.00",
    )
    with (card.folder / "media.csv").open(encoding="utf-8") as file:
        assert [row["latency_s"] for row in csv.DictReader(file)] == ["0.40", "3.50"]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["camera", "lamp", "pir", "dead"]), st.floats(0, 23), st.floats(0, 20)), max_size=8
    ),
    st.tuples(st.floats(0, 12), st.floats(12, 30)),
)
def test_effort_is_never_more_than_the_day(
    tmp_path_factory: pytest.TempPathFactory, losses: list[tuple[str, float, float]], on: tuple[float, float]
) -> None:
    """0 <= night <= armed <= on <= 24, whatever failed when; what is subtracted is never more than there was."""
    with make_card(tmp_path_factory.mktemp("card"), Deployment("d", "s", 0, DAY)) as card:
        armed(card, *on)
        for number, (kind, begin, length) in enumerate(losses):
            if kind == "dead":
                burst(card, begin + number / 10, dead_s=length * 3600)
            else:
                down(card, kind, begin, begin + length, boot=f"boot{number}")
        folded = fold(card, EQUATOR)
        for day in folded.days:
            found, parts = folded.effort[day], armed_days(card, None).get(day)
            assert found.hours_armed is not None
            assert found.hours_armed_night is not None
            was_on = 0.0 if parts is None else parts.on_h
            assert 0 <= found.hours_armed_night <= found.hours_armed + 1e-9 <= was_on + 1e-6 <= 24 + 1e-3
            if parts is not None:
                lost = parts.dead_s / 3600 + sum(parts.down_h[each] for each in ("camera", "pir"))
                assert was_on - found.hours_armed <= lost + 1e-6
                assert max(parts.down_h.values(), default=0) <= was_on + 1e-9
