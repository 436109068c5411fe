"""Independent events: the two rules, MaxN, days; against seven published studies where they are at hand."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.events import (
    IndependenceRule,
    Sighting,
    TriggerCause,
    independent_events,
    standard_zone,
    station_day,
)
from cameratrap.domain.tallies import Tally, fold_days

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULES = list(IndependenceRule)


def seen(
    minute: float, count: int = 1, *, taxon: str = "Vulpes vulpes", lasts_s: float = 0, **other: object
) -> Sighting:
    start = NOON + timedelta(minutes=minute)
    return Sighting("d", taxon, start, start + timedelta(seconds=lasts_s), count, f"burst-{minute}", **other)  # type: ignore[arg-type]


def starts(events: list) -> list[float]:
    return [(event.start - NOON) / timedelta(minutes=1) for event in events]


def test_the_two_rules_differ_on_an_animal_that_stays() -> None:
    """A fox seen every 20 minutes for two hours is one event by one rule and four by the other."""
    stay = [seen(minute) for minute in range(0, 121, 20)]
    assert starts(independent_events(stay, rule=IndependenceRule.LAST_RECORD)) == [0]
    assert starts(independent_events(stay, rule=IndependenceRule.LAST_INDEPENDENT_RECORD)) == [0, 40, 80, 120]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("gap", "events"), [(29.99, 1), (30, 2), (30.01, 2)])
def test_the_interval_itself_separates(rule: IndependenceRule, gap: float, events: int) -> None:
    """A sighting exactly one interval later is a new event: the comparison is >=, as in camtrapR."""
    assert len(independent_events([seen(0), seen(gap)], rule=rule)) == events


def test_the_interval_runs_from_the_last_frame_of_a_long_burst() -> None:
    """Since the last record means since its last frame; since the last independent record, from its first."""
    visits = [seen(0, lasts_s=600), seen(35)]
    assert len(independent_events(visits, rule=IndependenceRule.LAST_RECORD)) == 1
    assert len(independent_events(visits, rule=IndependenceRule.LAST_INDEPENDENT_RECORD)) == 2


def test_the_count_is_max_n_and_not_the_sum() -> None:
    """Two, three and one animals within one event are three."""
    (event,) = independent_events([seen(0, 2), seen(5, 3), seen(9, 1)])
    assert event.count == 3
    assert event.bursts == ("burst-0", "burst-5", "burst-9")


def test_taxa_deployments_and_time_lapse_are_apart() -> None:
    """Neither another taxon, nor another deployment, nor a time-lapse picture prolongs an event."""
    fox, later_fox = seen(0), seen(40)
    badger = seen(20, taxon="Meles meles")
    timelapse = seen(21, cause=TriggerCause.TIMELAPSE)
    events = independent_events([fox, badger, timelapse, later_fox])
    assert [(e.taxon, e.cause.value) for e in events] == [
        ("Vulpes vulpes", "pir"),
        ("Meles meles", "pir"),
        ("Vulpes vulpes", "timelapse"),
        ("Vulpes vulpes", "pir"),
    ]


def test_a_negative_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        independent_events([], interval=timedelta(seconds=-1))


sighting_lists = st.lists(
    st.builds(
        lambda minute, count, taxon, lasts: seen(minute, count, taxon=taxon, lasts_s=lasts),
        st.integers(0, 600),
        st.integers(1, 9),
        st.sampled_from(["a", "b"]),
        st.integers(0, 90),
    ),
    max_size=25,
)


def test_a_long_visit_is_not_cut_by_a_short_one_within_it() -> None:
    """The interval runs from the latest end of any record so far, not from that of the last to begin."""
    long, short, later = seen(0, lasts_s=40 * 60), seen(5), seen(60)
    assert len(independent_events([long, short, later], interval=timedelta(minutes=30))) == 1


def test_records_at_the_same_moment_are_ordered_by_what_they_say() -> None:
    """However they come in, three equal moments with an interval of zero give the same events."""
    same = [seen(0, count) for count in (1, 1, 2)]
    orders = [independent_events(order, interval=timedelta(0)) for order in (same, same[::-1])]
    assert orders[0] == orders[1]


@pytest.mark.parametrize("rule", RULES)
def test_an_interval_of_zero_groups_nothing(rule: IndependenceRule) -> None:
    """Sightings that overlap are as many events: camtraptor counts the sequences of a package as they are told."""
    overlapping = [seen(0, 2, lasts_s=120), seen(1, 3, lasts_s=120), seen(1, 1)]
    events = independent_events(overlapping, interval=timedelta(0), rule=rule)
    assert sorted(event.count for event in events) == [1, 2, 3]


def test_events_of_one_moment_are_ordered_by_their_end() -> None:
    """With an interval of zero the sighting that ends at once comes first, whatever it counts."""
    long, short = seen(0, 1, lasts_s=1), seen(0, 2)
    assert [event.count for event in independent_events([long, short], interval=timedelta(0))] == [2, 1]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([(1, 3), (0, 2)], (1, 3)),
        ([(1, 3), (None, None)], (1, None)),
        ([(None, None), (None, None)], (None, None)),
    ],
)
def test_an_events_bounds_are_those_of_its_sightings(
    bounds: list[tuple[int | None, int | None]], expected: tuple[int | None, int | None]
) -> None:
    """As many as any sighting is sure of, as many as any allows; where one does not say, nobody knows the most."""
    sightings = [seen(minute, 2, count_low=low, count_high=high) for minute, (low, high) in enumerate(bounds)]
    (event,) = independent_events(sightings)
    assert (event.count_low, event.count_high) == expected


@pytest.mark.parametrize(("low", "high"), [(3, 4), (1, 1)])
def test_a_count_lies_within_its_bounds(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="cannot lie outside"):
        seen(0, 2, count_low=low, count_high=high)


@given(sighting_lists, st.integers(0, 120), st.sampled_from(RULES), st.randoms())
def test_events_partition_the_sightings(
    sightings: list[Sighting], minutes: int, rule: IndependenceRule, random
) -> None:
    """Every sighting is in exactly one event, in whatever order they come; MaxN is the largest."""
    interval = timedelta(minutes=minutes)
    events = independent_events(sightings, interval=interval, rule=rule)
    assert Counter(s for e in events for s in e.sightings) == Counter(sightings)
    for event in events:
        assert event.count == max(s.count for s in event.sightings)
        assert event.start == min(s.start for s in event.sightings)
        assert event.end == max(s.end for s in event.sightings)
    for taxon in ("a", "b"):
        begun = [e for e in events if e.taxon == taxon]
        for before, after in itertools.pairwise(begun):
            mark = before.end if rule is IndependenceRule.LAST_RECORD else before.start
            assert not interval or after.start - mark >= interval
    shuffled = list(sightings)
    random.shuffle(shuffled)
    again = independent_events(shuffled, interval=interval, rule=rule)
    assert [(e.start, e.taxon, e.count) for e in again] == [(e.start, e.taxon, e.count) for e in events]


@given(sighting_lists, st.integers(0, 120))
def test_the_last_record_never_makes_more_events(sightings: list[Sighting], minutes: int) -> None:
    """Waiting since the last record separates no more than waiting since the last independent one."""
    interval = timedelta(minutes=minutes)
    last, independent = (len(independent_events(sightings, interval=interval, rule=rule)) for rule in RULES)
    assert last <= independent


def test_an_event_across_midnight_belongs_to_the_day_it_starts() -> None:
    """Seen at 23:50 and 00:10, it is one event of the first day, and nothing of the second."""
    zone = standard_zone(60)
    visits = [
        Sighting("d", "Meles meles", moment, moment, count, "b")
        for moment, count in [
            (datetime(2026, 6, 1, 23, 50, tzinfo=zone), 1),
            (datetime(2026, 6, 2, 0, 10, tzinfo=zone), 2),
        ]
    ]
    assert fold_days(independent_events(visits), zone) == {date(2026, 6, 1): (Tally("Meles meles", 1, 2),)}


def test_a_day_is_standard_time_also_in_summer() -> None:
    """A July picture stamped 00:30 summer time (+02:00) at a +01:00 station belongs to the day before."""
    summer = datetime(2026, 7, 2, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert station_day(summer, standard_zone(60)) == date(2026, 7, 1)


def test_a_moment_without_an_offset_has_no_day() -> None:
    with pytest.raises(ValueError, match="offset"):
        station_day(datetime(2026, 7, 2), standard_zone(0))  # noqa: DTZ001 - that is the point


@given(sighting_lists)
def test_a_days_individuals_are_the_sum_over_its_events(sightings: list[Sighting]) -> None:
    """Folding loses no event and no individual, except those of time-lapse pictures."""
    events = independent_events(sightings)
    tallies = [tally for day in fold_days(events, standard_zone(0)).values() for tally in day]
    assert sum(tally.events for tally in tallies) == len(events)
    assert sum(tally.individuals for tally in tallies) == sum(event.count for event in events)


STUDIES = ["ain_fr", "camtrapr_my", "iredell_us", "jura_fr", "kpz_tas", "penessoulou_bj", "safari_za_a"]


@pytest.mark.parametrize("study", STUDIES)
def test_the_fold_reproduces_published_studies(study: str, shared_data: Path) -> None:
    """From the single records of seven real studies the fold gives their daily tallies, each day and each taxon."""
    zone = standard_zone(0)
    records: Counter[tuple[str, datetime, str, str]] = Counter()
    with (shared_data / "tallies" / f"{study}.records.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            taxon, count = row["scientific_or_common_name"], int(row["count"])
            if count and taxon != "blank":
                moment = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=zone)
                records[row["station"], moment, taxon, row["media_or_sequence_id"]] += count
    sightings = [Sighting(s, taxon, at, at, n, media) for (s, at, taxon, media), n in records.items()]
    by_station: dict[str, list] = {}
    for event in independent_events(sightings):
        by_station.setdefault(event.deployment, []).append(event)
    folded = {station: fold_days(events, zone) for station, events in by_station.items()}
    wrong = []
    for line in (shared_data / "tallies" / f"{study}.daily.jsonl").read_text(encoding="utf-8").splitlines():
        day = json.loads(line)
        expected = {t["taxon"]: (t["events"], t["individuals"]) for t in day["tallies"]}
        found = folded.get(day["station"], {}).get(date.fromisoformat(day["day"]), ())
        if {t.taxon: (t.events, t.individuals) for t in found} != expected:
            wrong.append((day["station"], day["day"], expected, found))
    assert not wrong, f"{len(wrong)} days differ, first {wrong[:2]}"
