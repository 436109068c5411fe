"""The relative abundance index: camtraptor's to the digit, zero rows, and what has no rate."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.analysis.effort import effort
from cameratrap.analysis.rates import Count, Rate, count_events, rates
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.events import Event, Sighting, TriggerCause, independent_events
from tests.r_tables import moment, read_rows

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def _mica(folder: Path) -> list[Rate]:
    """Rates of the MICA example, counted as camtraptor does: sequences, and the sum of what is on their rows."""
    efforts = {
        row["deploymentID"]: effort(Deployed(row["deploymentID"], "", moment(row["start"]), moment(row["end"]), UTC))
        for row in read_rows(folder / "mica_deployments.csv")
    }
    sequences, individuals = defaultdict(set), defaultdict(int)
    for row in read_rows(folder / "mica_observations.csv"):
        if row["scientificName"]:
            key = row["deploymentID"], row["scientificName"]
            sequences[key].add(row["sequenceID"])
            individuals[key] += int(row["count"] or 0)
    counts = {key: Count(len(found), individuals[key]) for key, found in sequences.items()}
    return rates(counts, efforts)


def test_camtraptors_counts_of_the_mica_example(shared_data: Path) -> None:
    """`get_n_obs`: every species at every deployment, also where there was none."""
    folder = shared_data / "oracles" / "camtraptor"
    expected = {
        (row["deploymentID"], row["scientificName"]): int(row["n"]) for row in read_rows(folder / "get_n_obs.csv")
    }
    assert {(rate.place, rate.taxon): rate.events for rate in _mica(folder)} == expected


def test_camtraptors_rates_of_the_mica_example(shared_data: Path) -> None:
    """`get_rai` to all its digits, in its order, with its zero rows."""
    folder = shared_data / "oracles" / "camtraptor"
    expected = [
        (row["deploymentID"], row["scientificName"], float(row["rai"])) for row in read_rows(folder / "get_rai.csv")
    ]
    found = _mica(folder)
    assert [(rate.place, rate.taxon) for rate in found] == [(place, taxon) for place, taxon, _ in expected]
    assert [rate.rai for rate in found] == pytest.approx([rai for *_, rai in expected], rel=1e-14)


def test_camtraptors_rates_by_individuals(shared_data: Path) -> None:
    """Thirteen mallards were on four sequences of 9.952 days: `get_rai_individuals` divides their sum by the days."""
    found = _mica(shared_data / "oracles" / "camtraptor")
    (mallards,) = [rate for rate in found if rate.taxon == "Anas platyrhynchos" and rate.events]
    assert (mallards.events, mallards.individuals) == (4, 13)
    assert mallards.rai_individuals == pytest.approx(1300 / 9.95207175925926, rel=1e-14)


def events() -> list[Event]:
    """Two foxes at north and, hours later, one; a badger at south; a time-lapse picture of a fox at south."""
    seen = [
        ("north", "Vulpes vulpes", 0, 2, TriggerCause.PIR),
        ("north", "Vulpes vulpes", 5, 1, TriggerCause.PIR),
        ("south", "Meles meles", 1, 1, TriggerCause.PIR),
        ("south", "Vulpes vulpes", 1, 4, TriggerCause.TIMELAPSE),
    ]
    at = {hour: NOON + timedelta(hours=hour) for *_, hour, _, _ in seen}
    return independent_events(
        Sighting(place, taxon, at[hour], at[hour], count, f"b{n}", cause)
        for n, (place, taxon, hour, count, cause) in enumerate(seen)
    )


def test_by_deployment_with_zero_rows() -> None:
    """A taxon seen anywhere, and one that was only looked for, has a row at each place; time-lapse counts nothing."""
    counts = count_events(events(), {"north": "north", "south": "south"})
    found = rates(counts, {"north": 20.0, "south": 8.0}, ["Lutra lutra"])
    assert [(r.place, r.taxon, r.events, r.individuals, r.rai, r.rai_individuals) for r in found] == [
        ("north", "Lutra lutra", 0, 0, 0.0, 0.0),
        ("north", "Meles meles", 0, 0, 0.0, 0.0),
        ("north", "Vulpes vulpes", 2, 3, 10.0, 15.0),
        ("south", "Lutra lutra", 0, 0, 0.0, 0.0),
        ("south", "Meles meles", 1, 1, 12.5, 12.5),
        ("south", "Vulpes vulpes", 0, 0, 0.0, 0.0),
    ]  # fmt: skip


def test_of_the_whole_project() -> None:
    """A project's rate is its events over all its days, not the mean of its deployments' rates."""
    counts = count_events(events(), {"north": "all", "south": "all"})
    assert [(each.taxon, each.rai) for each in rates(counts, {"all": 40.0})] == [
        ("Meles meles", 2.5),
        ("Vulpes vulpes", 5.0),
    ]


@pytest.mark.parametrize("days", [None, 0.0])
def test_without_effort_there_is_no_rate(days: float | None) -> None:
    """Not infinite and not zero: nobody knows."""
    (found,) = rates({}, {"north": days}, ["Vulpes vulpes"])
    assert (found.rai, found.rai_individuals, found.events) == (None, None, 0)


def test_events_where_nobody_looked() -> None:
    """A place that was counted at and has no effort is a mistake, and is named."""
    with pytest.raises(ValueError, match="north"):
        rates({("north", "Vulpes vulpes"): Count(1, 1)}, {"south": 1.0})
