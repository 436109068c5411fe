"""Effort by its three definitions and in camtraptor's units."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.analysis.effort import EffortDefinition, EffortUnit, as_counted, effort, total
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from tests.r_tables import camtraps, moment, read_rows

ZONE = timezone(timedelta(hours=1))
SETUP = datetime(2026, 6, 1, 15, tzinfo=ZONE)
FETCHED = datetime(2026, 6, 11, 9, tzinfo=ZONE)
FAILED = Span(datetime(2026, 6, 5, tzinfo=ZONE), datetime(2026, 6, 6, 12, tzinfo=ZONE))
RIDGE = Deployed("d", "ridge", SETUP, FETCHED, ZONE, (FAILED,))


def test_camtraptors_effort_of_the_mica_example(shared_data: Path) -> None:
    """`get_effort` in days, for each of its deployments, to all its digits."""
    folder = shared_data / "oracles" / "camtraptor"
    expected = {row["deploymentID"]: float(row["effort"]) for row in read_rows(folder / "get_effort_day.csv")}
    found = {
        row["deploymentID"]: effort(Deployed(row["deploymentID"], "", moment(row["start"]), moment(row["end"]), UTC))
        for row in read_rows(folder / "mica_deployments.csv")
    }
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("problems", "nights"), [(False, [42, 43, 43]), (True, [42, 43, 37.5])])
def test_trap_nights_of_camtraprs_stations(problems: bool, nights: list[float], shared_data: Path) -> None:
    """A station of 43 calendar days has 42 trap nights; days with a problem have none."""
    stations = camtraps(shared_data / "oracles" / "camtrapR" / "camtraps.csv", problems=problems)
    assert [effort(each, EffortDefinition.TRAP_NIGHTS) for each in stations] == nights


def test_one_deployment_by_three_definitions() -> None:
    """Nine days and eighteen hours less a day and a half; ten nights less a day and a half; nine days with pictures."""
    pictures = Span(datetime(2026, 6, 2, 0, 5, tzinfo=ZONE), datetime(2026, 6, 10, 23, tzinfo=ZONE))
    found = {each: effort(RIDGE, each, pictures=pictures) for each in EffortDefinition}
    assert found == {
        EffortDefinition.EXACT: 9.75 - 1.5,
        EffortDefinition.TRAP_NIGHTS: 10 - 1.5,
        EffortDefinition.CALENDAR: 9.0,
    }


def test_without_pictures_calendar_days_are_not_known() -> None:
    """What was not measured is None and not 0."""
    assert effort(RIDGE, EffortDefinition.CALENDAR) is None


def test_down_time_outside_the_deployment_and_told_twice() -> None:
    """Only time in which the camera stood can be missing, and only once."""
    week = timedelta(days=7)
    twice = (Span(SETUP - week, SETUP + week), Span(SETUP, SETUP + week), Span(FETCHED, FETCHED + week))
    deployed = Deployed("d", "ridge", SETUP, FETCHED, ZONE, twice)
    assert effort(deployed) == pytest.approx(2.75)


def test_a_calendar_day_is_the_stations() -> None:
    """A picture at half past midnight in the station's time is of the new day, whatever day it is in UTC."""
    late = datetime(2026, 6, 2, 0, 30, tzinfo=ZONE).astimezone(UTC)
    counted = as_counted(RIDGE, EffortDefinition.CALENDAR, Span(late, late))
    assert counted is not None
    assert counted.start.date() == date(2026, 6, 2)
    assert counted.span.length == timedelta(days=1)


def test_set_up_and_fetched_on_one_day() -> None:
    """There is no night between, and so no trap night."""
    short = Deployed("d", "ridge", SETUP, SETUP + timedelta(hours=3), ZONE)
    assert effort(short, EffortDefinition.TRAP_NIGHTS) == 0
    assert effort(short) == pytest.approx(3 / 24)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (EffortUnit.SECOND, 365.25 * 86400),
        (EffortUnit.MINUTE, 365.25 * 1440),
        (EffortUnit.HOUR, 365.25 * 24),
        (EffortUnit.DAY, 365.25),
        (EffortUnit.WEEK, 365.25 / 7),
        (EffortUnit.MONTH, 12),
        (EffortUnit.YEAR, 1),
    ],
)
def test_units_are_lubridates(unit: EffortUnit, expected: float) -> None:
    """A year is 365.25 days and a month a twelfth of it, as in camtraptor's `get_effort`."""
    year = Deployed("d", "ridge", SETUP, SETUP + timedelta(days=365.25), ZONE)
    assert effort(year, unit=unit) == pytest.approx(expected)


def test_a_total_is_of_what_is_known() -> None:
    """Nothing known is None; an unknown part does not make the rest unknown."""
    assert total([1.5, None, 2.0]) == 3.5
    assert total([None]) is None
    assert total([]) is None


def test_every_definition_is_said_in_words() -> None:
    """A table can name what it counted."""
    assert len({each.meaning for each in EffortDefinition}) == len(EffortDefinition)
