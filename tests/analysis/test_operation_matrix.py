"""The operation matrix: camtrapR's and camtraptor's to the digit, and what several cameras at a station make."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.analysis.cameras import Cameras
from cameratrap.analysis.effort import EffortDefinition, effort
from cameratrap.analysis.operation import Operation, Site, operation
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from tests.r_tables import camtraps, dated, moment, read_matrix, read_rows

START = datetime(2026, 6, 1, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stood(first_h: float, last_h: float, *down_h: tuple[float, float], name: str = "d", **more: str) -> Deployed:
    """A camera at the ridge, in hours from the evening of the first of June."""
    down = tuple(Span(START + HOUR * a, START + HOUR * b) for a, b in down_h)
    return Deployed(name, "ridge", START + HOUR * first_h, START + HOUR * last_h, UTC, down, **more)


def only_row(matrix: Operation) -> list[float | None]:
    (row,) = matrix.cells
    return list(row)


@pytest.mark.parametrize("problems", [False, True])
def test_camtraprs_sample_stations(shared_data: Path, *, problems: bool) -> None:
    """Both operation matrices that camtrapR makes of its sample stations, with names and dates."""
    folder = shared_data / "oracles" / "camtrapR"
    expected = read_matrix(folder / "expected" / f"camop_{'problems' if problems else 'noproblems'}.csv")
    found = operation(camtraps(folder / "camtraps.csv", problems=problems), definition=EffortDefinition.TRAP_NIGHTS)
    assert tuple(site.name for site in found.sites) == expected.rows
    assert tuple(day.isoformat() for day in found.days) == expected.columns
    assert found.cells == expected.cells


def test_camtraptors_fractions_of_the_first_and_the_last_day(shared_data: Path) -> None:
    """camtraptor's matrix of the MICA example to all its digits, stations by the name of their place."""
    folder = shared_data / "oracles" / "camtraptor"
    expected = read_matrix(folder / "get_cam_op.csv")
    found = operation(
        Deployed(row["deploymentID"], row["locationName"], moment(row["start"]), moment(row["end"]), UTC)
        for row in read_rows(folder / "mica_deployments.csv")
    )
    assert tuple(site.name for site in found.sites) == expected.rows
    assert tuple(day.isoformat() for day in found.days) == expected.columns
    for mine, theirs in zip(found.cells, expected.cells, strict=True):
        assert [cell is None for cell in mine] == [cell is None for cell in theirs]
        assert [cell or 0 for cell in mine] == pytest.approx([cell or 0 for cell in theirs], rel=0, abs=1e-14)


def test_a_season_by_hand() -> None:
    """Six hours of the first day, whole days but for down time, ten hours of the last; before and after is nothing."""
    away = Deployed("far", "ford", START - timedelta(days=1), START - HOUR, UTC)
    found = operation([stood(0, 64, (24, 36)), away])
    assert found.sites == (Site("ridge"), Site("ford"))
    assert found.days == tuple(date(2026, 5, 31) + timedelta(days=n) for n in range(5))
    assert found.cells[0] == pytest.approx([None, 6 / 24, 18 / 24, 18 / 24, 10 / 24])
    assert found.cells[1] == pytest.approx([6 / 24, 17 / 24, None, None, None])


def test_a_day_without_sight_is_zero_and_a_day_without_camera_is_nothing() -> None:
    """What a model must tell apart: 0 where a camera stood and failed, None where none stood."""
    first, second = stood(0, 6), stood(6 + 24, 12 + 24, (30, 36), name="e")
    assert only_row(operation([first, second])) == [0.25, None, 0.0]


@pytest.mark.parametrize(
    ("cameras", "expected"),
    [
        (Cameras.UNION, [0.75, 1.0, 1.0, None]),
        (Cameras.SUM, [1.0, 1.5, 1.0, None]),
        (Cameras.CAPPED, [1.0, 1.0, 1.0, None]),
        (Cameras.MEAN, [0.5, 0.75, 1.0, None]),
        (Cameras.ALL, [0.0, 0.0, None, None]),
        (Cameras.LEAST, [0.25, 0.5, None, None]),
    ],
)
def test_two_cameras_at_one_station(cameras: Cameras, expected: list[float | None]) -> None:
    """Each way of putting cameras together, on days with both in part, with one only, and with none."""
    midnight, day = START + 6 * HOUR, timedelta(days=1)
    north = Deployed("n", "ridge", midnight, midnight + 1.5 * day, UTC, (Span(midnight, midnight + day / 4),))
    south = Deployed("s", "ridge", midnight + 0.75 * day, midnight + 3 * day, UTC)
    assert only_row(operation([north, south], cameras=cameras)) == expected


def test_cameras_apart_have_camtraprs_row_names() -> None:
    """Rows are named so that camtrapR and camtraptor read station, session and camera out of them again."""
    found = operation([stood(0, 30, name="n", session="2026"), stood(0, 30, name="s")], cameras=Cameras.SEPARATE)
    assert [site.name for site in found.sites] == ["ridge__SESS_2026__CAM_n", "ridge__CAM_s"]


def test_cards_swapped_at_noon_are_one_whole_day() -> None:
    """Two deployments one after the other at a station saw all day, whatever their days are by themselves."""
    assert only_row(operation([stood(-18, 12), stood(12, 54, name="e")])) == [1.0, 1.0, 1.0, None]


@pytest.mark.parametrize("zone_h", [-8, 0, 5.5])
def test_days_are_the_stations(zone_h: float) -> None:
    """The same hours of daylight are other days at another longitude: a day is one of the station's standard time."""
    zone = timezone(timedelta(hours=zone_h))
    start = datetime(2026, 6, 1, 12, tzinfo=zone)
    moved = Deployed("d", "ridge", start.astimezone(UTC), (start + 36 * HOUR).astimezone(UTC), zone)
    found = operation([moved])
    assert (found.days[0], only_row(found)) == (date(2026, 6, 1), [0.5, 1.0, None])


def test_days_that_begin_in_the_evening() -> None:
    """With days from 18:00, time before the first such hour of the setup's date is of no day, as in camtrapR."""
    found = operation([dated("a", date(2026, 6, 1), date(2026, 6, 4), None)], start_hour=18)
    assert only_row(found) == [1.0, 1.0, 0.75, None]


def test_days_that_begin_at_noon_keep_the_day_of_retrieval() -> None:
    """Where only dates were noted and days begin at noon, the last has no effort and is not missing (camtrapR)."""
    day = dated("a", date(2026, 6, 1), date(2026, 6, 3), None)
    assert only_row(operation([day], definition=EffortDefinition.TRAP_NIGHTS, start_hour=12)) == [1.0, 1.0, 0.0]
    assert only_row(operation([day], start_hour=12)) == [1.0, 1.0, None]


def test_what_camtrapr_rounds() -> None:
    """As camtrapR reckons: 23:59:59 is a day's end, and a cell has four decimals (0.35525 - 1 s is 0.3552)."""
    seen_s = round(0.35525 * 86400)
    deployed = [Deployed("d", "a", START - timedelta(hours=18), START - timedelta(seconds=64800 - seen_s), UTC)]
    assert only_row(operation(deployed, as_camtrapr=True)) == [0.3552]
    assert only_row(operation(deployed)) == pytest.approx([seen_s / 86400])


def test_no_such_hour() -> None:
    """A day starts at a whole hour of the day."""
    for hour in (-1, 24):
        with pytest.raises(ValueError, match="hour"):
            operation([], start_hour=hour)


def test_no_deployments() -> None:
    """Nothing deployed is a matrix without rows and days."""
    assert operation([]) == Operation((), (), ())


def test_a_deployment_without_pictures_has_no_calendar_days() -> None:
    """Counted by pictures, a camera that took none is not known to have stood a single day."""
    other = stood(0, 30, name="e", session="2")
    found = operation(
        [stood(0, 30), other],
        definition=EffortDefinition.CALENDAR,
        pictures={"e": Span(START + HOUR, START + 25 * HOUR)},
    )
    assert found.cells[0] == (None,) * len(found.days)
    assert found.cells[1][:2] == (1.0, 1.0)


spans = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(spans, min_size=1, max_size=4), st.lists(spans, max_size=3))
def test_days_add_up_to_the_effort(there: list[tuple[int, int]], down: list[tuple[int, int]]) -> None:
    """The cells of a row are the deployment's exact effort, whatever failed; two cameras never make more than a day."""
    deployed = [stood(a, b, *down, name=f"d{n}") for n, (a, b) in enumerate(there)]
    apart = operation(deployed, cameras=Cameras.SEPARATE)
    for each, row in zip(deployed, apart.cells, strict=True):
        assert sum(cell for cell in row if cell is not None) == pytest.approx(effort(each))
    together = only_row(operation(deployed))
    assert all(cell is None or 0 <= cell <= 1 for cell in together)
    total = only_row(operation(deployed, cameras=Cameras.SUM))
    for one, all_of_them in zip(together, total, strict=True):
        assert (one is None) is (all_of_them is None)
        assert one is None or all_of_them is None or one <= all_of_them + 1e-12
