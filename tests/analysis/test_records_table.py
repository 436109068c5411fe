"""Record tables: camtrapR's to the digit, and the daily tallies of real studies."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.analysis.records import Record, record_table
from cameratrap.analysis.rounding import r_round
from cameratrap.domain.events import IndependenceRule, Sighting, TriggerCause
from tests.r_tables import moment, read_rows

LAST, INDEPENDENT = IndependenceRule.LAST_RECORD, IndependenceRule.LAST_INDEPENDENT_RECORD
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TABLES = {
    "min0": (0, LAST),
    "min10_lastRecord": (10, LAST),
    "min10_lastIndependentRecord": (10, INDEPENDENT),
    "min60_lastRecord": (60, LAST),
    "min60_lastIndependentRecord": (60, INDEPENDENT),
}
STUDIES = ["ain_fr", "camtrapr_my", "iredell_us", "jura_fr", "kpz_tas", "penessoulou_bj", "safari_za_a"]


def seen(second: float, *, at: str = "d", count: int = 1, lasts_s: float = 0, **more: object) -> Sighting:
    start = NOON + timedelta(seconds=second)
    end = start + timedelta(seconds=lasts_s)
    return Sighting(at, "Vulpes vulpes", start, end, count, f"{at}-{second}-{count}", **more)  # type: ignore[arg-type]


def in_minutes(records: list[Record]) -> list[tuple[float, int, int]]:
    return [((each.at - NOON) / timedelta(minutes=1), each.pictures, each.delta_s) for each in records]


def _pictures(shared_data: Path) -> list[Sighting]:
    """Every picture of camtrapR's sample, each of one animal."""
    rows = read_rows(shared_data / "oracles" / "camtrapR" / "expected" / "recordTable_min0.csv")
    times = ((row, moment(row["DateTimeOriginal"])) for row in rows)
    return [Sighting(row["Station"], row["Species"], at, at, 1, row["FileName"]) for row, at in times]


def _with_deltas(row: dict[str, str]) -> tuple[object, ...]:
    deltas = (float(row[f"delta.time.{unit}"]) for unit in ("secs", "mins", "hours", "days"))
    return (row["Station"], row["Species"], moment(row["DateTimeOriginal"]), *deltas)


@pytest.mark.parametrize("name", TABLES)
def test_camtraprs_record_tables(name: str, shared_data: Path) -> None:
    """From the pictures of camtrapR's sample, its table at each interval and by each rule, deltas to the digit."""
    minutes, rule = TABLES[name]
    found = [
        (each.station, each.taxon, each.at, each.delta_s, each.delta_min, each.delta_h, each.delta_days, each.pictures)
        for each in record_table(_pictures(shared_data), interval=timedelta(minutes=minutes), rule=rule)
    ]
    rows = read_rows(shared_data / "oracles" / "camtrapR" / "expected" / f"recordTable_{name}.csv")
    assert found == [(*_with_deltas(row), int(row["n_images"])) for row in rows]


def test_camtraprs_published_sample(shared_data: Path) -> None:
    """camtrapR's own record table: 60 minutes since the last record (an older R rounded hours)."""
    rows = read_rows(shared_data / "oracles" / "camtrapR" / "recordTableSample.csv")
    found = record_table(_pictures(shared_data), interval=timedelta(hours=1))
    assert {(each.station, each.taxon, each.at, each.delta_s, each.delta_min) for each in found} == {
        _with_deltas(row)[:5] for row in rows
    }


@pytest.mark.parametrize("study", STUDIES)
def test_the_daily_tallies_of_real_studies(study: str, shared_data: Path) -> None:
    """The records of seven studies give their daily events and individuals: 30 minutes since the last record."""
    pictures: Counter[tuple[str, str, str, str]] = Counter()
    with (shared_data / "tallies" / f"{study}.records.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["count"]) and row["scientific_or_common_name"] != "blank":
                key = row["station"], row["timestamp"], row["scientific_or_common_name"], row["media_or_sequence_id"]
                pictures[key] += int(row["count"])
    sightings = [
        Sighting(station, taxon, moment(at), moment(at), count, media)
        for (station, at, taxon, media), count in pictures.items()
    ]
    found: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for record in record_table(sightings):
        day = found.setdefault((record.station, record.at.date().isoformat()), Counter())
        day[record.taxon, "events"] += 1
        day[record.taxon, "individuals"] += record.individuals
    lines = (shared_data / "tallies" / f"{study}.daily.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = []
    for told in map(json.loads, lines):
        expected = {(each["taxon"], what): each[what] for each in told["tallies"] for what in ("events", "individuals")}
        if found.get((told["station"], told["day"]), {}) != expected:
            wrong.append(told)
    assert not wrong, f"{len(wrong)} of {len(lines)} days differ, first {wrong[:2]}"


def test_what_an_interval_is_compared_to() -> None:
    """A fox every 20 minutes: since the last record it never left; since the last independent one, it came twice."""
    stay = [seen(60 * minute) for minute in (0, 20, 40, 60)]
    assert in_minutes(record_table(stay, rule=LAST)) == [(0, 4, 0)]
    assert in_minutes(record_table(stay, rule=INDEPENDENT)) == [(0, 2, 0), (40, 2, 2400)]


def test_deltas_are_since_what_was_compared() -> None:
    """Since the last picture by one rule, since the last row by the other."""
    visits = [seen(0), seen(600), seen(3600)]
    assert in_minutes(record_table(visits, rule=LAST)) == [(0, 2, 0), (60, 1, 3000)]
    assert in_minutes(record_table(visits, rule=INDEPENDENT)) == [(0, 2, 0), (60, 1, 3600)]


def test_a_burst_lasts() -> None:
    """Since the last record means since its last frame."""
    visits = [seen(0, lasts_s=600), seen(2100)]
    assert in_minutes(record_table(visits)) == [(0, 2, 0)]
    assert in_minutes(record_table(visits, interval=timedelta(minutes=25))) == [(0, 1, 0), (35, 1, 1500)]


def test_one_second_is_one_record() -> None:
    """Pictures of the same second are one at any interval, with the most that any of them shows."""
    at_once = [seen(0.9, count=1), seen(0.2, count=3), seen(0.5, count=2), seen(1)]
    (first, second) = record_table(at_once, interval=timedelta(0))
    assert (first.at, first.individuals, first.pictures) == (NOON + timedelta(seconds=0.2), 3, 1)
    assert (second.individuals, second.pictures) == (1, 1)


def test_two_cameras_of_a_station() -> None:
    """What passes both is one record of the station; without stations they are apart. Time-lapse is always apart."""
    both = [seen(0, at="north"), seen(60, at="south"), seen(120, at="north", cause=TriggerCause.TIMELAPSE)]
    assert in_minutes(record_table(both, stations={"north": "ridge", "south": "ridge"})) == [(0, 2, 0), (2, 1, 60)]
    assert [each.station for each in record_table(both)] == ["north", "north", "south"]


def test_each_delta_is_rounded_from_the_one_before() -> None:
    """camtrapR rounds seconds to minutes, these to hours and these to days: 2.95 days are 70.8 hours and 3 days."""
    record = Record("s", "t", NOON, 1, 1, 254_700)
    assert (record.delta_min, record.delta_h, record.delta_days) == (4245.0, 70.8, 2.9)
    assert Record("s", "t", NOON, 1, 1, 38279 * 60).delta_h == 638.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.05, 0.0), (0.15, 0.1), (0.25, 0.2), (0.35, 0.3), (0.45, 0.4), (0.55, 0.6), (0.65, 0.7), (0.75, 0.8),
     (0.85, 0.8), (0.95, 0.9), (1.05, 1.0), (2.15, 2.1), (2.25, 2.2), (2.35, 2.4), (1234.05, 1234.0)],
)  # fmt: skip
def test_rounding_is_rs(value: float, expected: float) -> None:
    """What R 4.2 prints of round(x, 1); Python's own differs on the first of them."""
    assert r_round(value, 1) == expected


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 5)), max_size=30), st.sampled_from([LAST, INDEPENDENT])
)
def test_no_picture_is_lost(times: list[tuple[int, int]], rule: IndependenceRule) -> None:
    """Every second with a picture is in exactly one record, and the most individuals are on one of them."""
    records = record_table([seen(second, count=count) for second, count in times], rule=rule)
    assert sum(each.pictures for each in records) == len({second for second, _ in times})
    assert max((each.individuals for each in records), default=0) == max((count for _, count in times), default=0)
    assert all(each.delta_s >= 1800 for each in records[1:])
