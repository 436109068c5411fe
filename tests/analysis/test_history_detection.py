"""Detection histories and effort by occasion: camtrapR's sample, made-up studies it was given, each rule by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.analysis.cameras import Cameras
from cameratrap.analysis.effort import EffortDefinition
from cameratrap.analysis.history import Cell, Detection, History, by_season, history, scaled
from cameratrap.analysis.occasions import Occasions
from cameratrap.analysis.occupancy import naive_occupancy
from cameratrap.analysis.operation import Operation, Site, operation
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.errors import AnalysisError, UsageError
from tests.r_tables import camtraps, dated, moment, read_matrix, read_rows

GOLDEN = Path(__file__).parents[1] / "golden" / "camtrapr-histories.jsonl"
FIRST = date(2026, 6, 1)
NIGHTS = EffortDefinition.TRAP_NIGHTS


def on(day: int, hour: float = 13, *, station: str = "ridge", individuals: int = 1) -> Detection:
    """A record on the so many-eth day of June, in hours since its midnight."""
    at = datetime(2026, 6, day, tzinfo=UTC) + timedelta(hours=hour)
    return Detection(station, at, individuals)


def study(*days: tuple[str, int, int], session: str = "") -> Operation:
    """Stations set up and fetched on days of June, each at noon."""
    return operation(
        [dated(name, date(2026, 6, a), date(2026, 6, b), None, session) for name, a, b in days], definition=NIGHTS
    )


@pytest.mark.parametrize("problems", ["problems", "noproblems"])
@pytest.mark.parametrize("days", [1, 7])
def test_camtraprs_sample(days: int, problems: str, shared_data: Path) -> None:
    """Effort, and the history of each of the five species, once as detected or not and once as counts."""
    folder = shared_data / "oracles" / "camtrapR"
    matrix = operation(camtraps(folder / "camtraps.csv", problems=problems == "problems"), definition=NIGHTS)
    effort = read_matrix(folder / "expected" / f"effort_{problems}_occ{days}.csv")
    for taxon in ("EGY", "MNE", "PBE", "TRA", "VTA"):
        records = [
            Detection(row["Station"], moment(row["DateTimeOriginal"]))
            for row in read_rows(folder / "recordTableSample.csv")
            if row["Species"] == taxon
        ]
        for cell in (Cell.BINARY, Cell.COUNT):
            expected = read_matrix(folder / "expected" / f"dethist_{problems}_{taxon}_occ{days}_{cell}.csv")
            found = history(records, matrix, Occasions(days), cell=cell)
            assert tuple(site.name for site in found.sites) == expected.rows == effort.rows
            assert found.occasions == expected.columns == effort.columns
            assert found.detections == expected.cells
            assert found.effort == effort.cells
            assert not found.outside


def _golden_deployments(case: dict[str, Any]) -> list[Deployed]:
    return [_golden_deployment(n, *line) for n, line in enumerate(case["deployments"])]


def _golden_deployment(n: int, station: str, session: str, setup: str, fetched: str, problem: list[str]) -> Deployed:
    if "T" not in setup:
        days = [date.fromisoformat(day) for day in (setup, fetched, *(problem or ()))]
        return dated(station, days[0], days[1], (days[2], days[3]) if problem else None, session)
    down = (Span(moment(problem[0]), moment(problem[1])),) if problem else ()
    return Deployed(f"d{n}", station, moment(setup), moment(fetched), UTC, down, session)


def _golden_cells(lines: list[str]) -> list[list[float | None]]:
    return [[None if cell == "-" else float(cell) for cell in line.split()] for line in lines]


def _same(found: Sequence[Sequence[float | None]], expected: list[list[float | None]]) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        assert [cell is None for cell in mine] == [cell is None for cell in theirs]
        assert [cell or 0 for cell in mine] == pytest.approx([cell or 0 for cell in theirs], rel=1e-9)


@pytest.mark.parametrize("number", range(34))
def test_what_camtrapr_makes_of_made_up_studies(number: int) -> None:
    """Studies made at random and what camtrapR 3.0.3 (R 4.2.2) made of them, with every option that it has.

    Each line has the deployments, the options and the records, and camtrapR's operation matrix, detection history and
    effort, a text a row.
    """
    case = json.loads(GOLDEN.read_text(encoding="utf-8").splitlines()[number])
    matrix = operation(
        _golden_deployments(case),
        definition=EffortDefinition(case["definition"]),
        cameras=Cameras(case["cameras"]),
        start_hour=case["start_hour"],
        as_camtrapr=True,
    )
    rules = case["occasions"]
    if rules["day1"] not in ("station", "survey"):
        rules["day1"] = date.fromisoformat(rules["day1"])
    records = [Detection(station, moment(at)) for station, at in case["records"]]
    found = history(records, matrix, Occasions(**rules), cell=Cell(case["cell"]), dates_as_names=case["dates_as_names"])
    found = scaled(found)[0] if case["scaled"] else found
    found = by_season(found) if case["by_season"] else found
    rows = {site.name: row for site, row in zip(matrix.sites, matrix.cells, strict=True)}
    assert matrix.days[0].isoformat() == case["operation"]["days"]
    _same([rows[name] for name in case["operation"]["sites"]], _golden_cells(case["operation"]["cells"]))
    order = [[site.name for site in found.sites].index(name) for name in case["history"]["sites"]]
    assert case["by_season"] or list(found.occasions) == case["history"]["occasions"]
    _same([found.detections[row] for row in order], _golden_cells(case["history"]["cells"]))
    if case["effort"]:
        _same([found.effort[row] for row in order], _golden_cells(case["effort"]))


def test_all_of_the_golden_studies_are_run() -> None:
    """None of the file is left out."""
    assert len(GOLDEN.read_text(encoding="utf-8").splitlines()) == 34


TWO = study(("ridge", 1, 11), ("ford", 4, 12))


def test_occasions_from_each_stations_setup() -> None:
    """Each row begins with its own first day; the last occasion is what is left."""
    found = history([on(1), on(9), on(4, station="ford")], TWO, Occasions(4))
    assert found.detections == ((1, 0, 1), (1, 0, 0))
    assert found.effort == ((3.5, 4.0, 2.5), (3.5, 4.0, 0.5))


def test_occasions_from_the_surveys_first_day() -> None:
    """The same columns are the same dates; where no camera stood yet, there is nothing."""
    found = history([on(1), on(9), on(4, station="ford")], TWO, Occasions(3, "survey"), dates_as_names=True)
    assert found.occasions == (
        "2026-06-01_2026-06-03", "2026-06-04_2026-06-06", "2026-06-07_2026-06-09", "2026-06-10_2026-06-12",
    )  # fmt: skip
    assert found.detections == ((1, 0, 1, 0), (None, 1, 0, 0))
    assert found.effort == ((2.5, 3.0, 3.0, 1.5), (None, 2.5, 3.0, 2.5))


def test_occasions_from_a_date() -> None:
    """What was before it is not of the history."""
    found = history([on(1), on(9), on(4, station="ford")], TWO, Occasions(5, date(2026, 6, 3)))
    assert found.detections == ((0, 1), (1, 0))
    assert found.effort == ((5.0, 3.5), (3.5, 4.5))
    assert found.outside == (on(1),)


def test_a_buffer_after_setup() -> None:
    """Days in which people were about are left out, with what was seen on them."""
    found = history([on(1), on(9), on(4, station="ford")], TWO, Occasions(4, buffer_days=2))
    assert found.detections == ((0, 1, 0), (0, 0, None))
    assert found.effort == ((4.0, 4.0, 0.5), (4.0, 2.5, None))
    assert found.outside == (on(1), on(4, station="ford"))


def test_a_buffer_that_leaves_a_station_nothing() -> None:
    """It is a row without occasions; where it leaves nothing at all, that is said."""
    matrix = study(("ridge", 1, 11), ("ford", 4, 6))
    assert history([], matrix, Occasions(4, buffer_days=5)).detections == ((0, 0), (None, None))
    with pytest.raises(AnalysisError, match="no occasion"):
        history([], matrix, Occasions(4, buffer_days=12))


def test_no_more_than_so_many_days() -> None:
    """A station's history ends so many days after it began."""
    found = history([on(1), on(9)], TWO, Occasions(4, max_days=7))
    assert found.effort == ((3.5, 3.0), (3.5, 3.0))
    assert found.outside == (on(9),)


def test_the_most_days_count_from_the_survey_where_occasions_begin_on_a_date() -> None:
    """A habit of camtrapR's: seven days from the first setup are four from the fourth of June."""
    assert history([], TWO, Occasions(1, date(2026, 6, 4), max_days=7)).effort == ((1, 1, 1, 1), (0.5, 1, 1, 1))


def test_occasions_that_were_not_whole() -> None:
    """Without effort as a covariate only whole occasions are told; with a least effort, those that reach it."""
    records = [on(1), on(10)]
    down = operation(
        [dated("ridge", FIRST, date(2026, 6, 11), (date(2026, 6, 6), date(2026, 6, 6)))], definition=NIGHTS
    )
    assert history(records, down, Occasions(4)).detections == ((1, 0, 1),)
    assert history(records, down, Occasions(4, only_whole=True)).detections == ((1, None, None),)
    assert history(records, down, Occasions(4, min_active_days=3)).detections == ((1, 0, None),)
    assert history(records, down, Occasions(4, min_active_days=3, only_whole=True)).effort == ((3.5, 3.0, None),)


def test_days_on_which_nothing_could_be_seen() -> None:
    """They are missing, not absences, and their records are not shown; occasions of one day still tell effort 0."""
    down = operation([dated("ridge", FIRST, date(2026, 6, 8), (date(2026, 6, 3), date(2026, 6, 6)))], definition=NIGHTS)
    single = history([on(4)], down)
    assert single.detections == ((0, 0, None, None, None, None, 0, 0),)
    assert single.effort == ((0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.5),)
    assert history([], down, Occasions(2)).effort == ((1.5, None, None, 1.5),)


def test_what_a_cell_holds() -> None:
    """Detected or not, the records, or the individuals on them."""
    records = [on(1), on(2, individuals=4), on(9, individuals=2)]
    found = {cell: history(records, TWO, Occasions(5), cell=cell).detections[0] for cell in Cell}
    assert found == {Cell.BINARY: (1, 1, 0), Cell.COUNT: (2, 1, 0), Cell.INDIVIDUALS: (5, 2, 0)}


def test_an_occasion_begins_with_its_first_second() -> None:
    """A record at midnight is of the day that begins; one a moment before is of the day that ends."""
    found = history([on(3, 0), on(5, 24 - 1e-6)], TWO)
    assert found.detections[0] == (0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)


def test_nights_are_not_cut() -> None:
    """With days from noon, what came before and after midnight is of one occasion, to the morning of retrieval."""
    matrix = operation([dated("ridge", FIRST, date(2026, 6, 4), None)], start_hour=12)
    assert history([on(1, 23), on(2, 3), on(4, 3)], matrix, cell=Cell.COUNT).detections == ((2, 0, 1),)
    assert history([], matrix, Occasions(2), dates_as_names=True).occasions == (
        "day1+12h_day3+12h",
        "day3+12h_day3+12h",
    )


def test_what_camtrapr_does_at_the_edges() -> None:
    """Asked to equal it: midnight belongs to the day before, and the last morning's records are left out."""
    night = operation([dated("ridge", FIRST, date(2026, 6, 4), None)], start_hour=12, as_camtrapr=True)
    found = history([on(1, 23), on(2, 3), on(4, 3)], night, cell=Cell.COUNT)
    assert (found.detections, found.outside) == (((2, 0, 0),), (on(4, 3),))
    days = operation([dated("ridge", FIRST, date(2026, 6, 4), None)], as_camtrapr=True)
    assert history([on(3, 0), on(4, 1)], days).detections == ((0, 1, 0, 1),)


def test_before_the_first_hour_of_the_setups_date_there_is_nothing() -> None:
    """With days from noon, the morning of the setup's date is of no occasion."""
    morning = Deployed("d", "ridge", moment("2026-06-01 06:00"), moment("2026-06-04 06:00"), UTC)
    found = history([on(1, 7), on(1, 13)], operation([morning], start_hour=12))
    assert (found.detections, found.outside) == (((1, 0, 0),), (on(1, 7),))


SEASONS = operation(
    [
        dated("ridge", FIRST, date(2026, 6, 4), None, "2026a"),
        dated("ridge", date(2026, 6, 10), date(2026, 6, 13), None, "2026b"),
        dated("ford", date(2026, 6, 10), date(2026, 6, 14), None, "2026b"),
    ],
    definition=NIGHTS,
)


def test_sessions_have_rows_of_their_own() -> None:
    """A record is of the session in which a camera stood on its date; between sessions it is of none."""
    found = history([on(2), on(7), on(11), on(10, station="ford")], SEASONS, Occasions(2))
    assert [site.name for site in found.sites] == ["ridge__SESS_2026a", "ridge__SESS_2026b", "ford__SESS_2026b"]
    assert found.detections == ((1, 0, None), (1, 0, None), (1, 0, 0))
    assert found.outside == (on(7),)


def test_seasons_side_by_side() -> None:
    """For a multi-season model: a row a station, each season's occasions in turn, nothing where it was not run."""
    found = by_season(history([on(2), on(11), on(10, station="ford")], SEASONS, Occasions(2)))
    assert found.sites == (Site("ridge"), Site("ford"))
    assert found.occasions == tuple(f"o{n}__SESS_2026{season}" for season in "ab" for n in (1, 2, 3))
    assert found.detections == ((1, 0, None, 1, 0, None), (None, None, None, 1, 0, 0))
    assert found.effort[0] == (1.5, 1.5, None, 1.5, 1.5, None)


def test_scaled_effort() -> None:
    """Mean 0 and standard deviation 1 over all that is known; what it was scaled by is told."""
    found, by = scaled(history([], study(("ridge", 1, 5), ("ford", 1, 3)), Occasions(2)))
    assert (by.center, by.scale) == (pytest.approx(1.2), pytest.approx(0.67082039))
    assert found.effort[0] == pytest.approx([(days - 1.2) / by.scale for days in (1.5, 2.0, 0.5)])
    assert found.effort[1][2] is None


def test_effort_that_is_all_the_same_cannot_be_scaled() -> None:
    """It has no spread."""
    with pytest.raises(AnalysisError, match="scaled"):
        scaled(history([], operation([dated("ridge", FIRST, date(2026, 6, 3), None)]), Occasions(3)))


def test_naive_occupancy() -> None:
    """One of the two stations that could see has seen it; one that never could is none of them."""
    blind = dated("blind", FIRST, date(2026, 6, 5), (FIRST, date(2026, 6, 5)))
    stations = [dated(name, FIRST, date(2026, 6, 5), None) for name in ("ridge", "ford")]
    found = naive_occupancy(history([on(2)], operation([blind, *stations], definition=NIGHTS), Occasions(2)))
    assert (found.sites, found.detected, found.occupancy) == (2, 1, 0.5)
    assert naive_occupancy(History((), (), (), ())).occupancy is None


def test_a_record_of_a_station_that_is_not_there() -> None:
    """It would be lost without a word."""
    with pytest.raises(ValueError, match="nowhere"):
        history([on(2, station="nowhere")], TWO)


def test_rows_of_single_cameras_have_no_history() -> None:
    """A record says at which station it was, not by which camera."""
    apart = operation([dated("ridge", FIRST, date(2026, 6, 5), None)], cameras=Cameras.SEPARATE)
    with pytest.raises(ValueError, match="__CAM_"):
        history([on(2)], apart)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 0},
        {"buffer_days": -1},
        {"buffer_days": 2, "day1": FIRST},
        {"days": 7, "max_days": 6},
        {"days": 7, "min_active_days": 8},
        {"days": 7, "min_active_days": 0},
    ],
)
def test_occasions_that_cannot_be(wrong: dict[str, Any]) -> None:
    """Options that contradict each other are refused, as camtrapR does."""
    with pytest.raises(UsageError):
        Occasions(**wrong)


@pytest.mark.parametrize("day", [date(2026, 5, 31), date(2026, 6, 13)])
def test_a_date_outside_the_survey(day: date) -> None:
    """Occasions cannot begin before any camera stood, or after the last was fetched."""
    with pytest.raises(UsageError, match=str(day)):
        history([], TWO, Occasions(1, day))


@given(
    st.lists(st.tuples(st.integers(1, 20), st.floats(0, 23.9)), max_size=20),
    st.integers(1, 9),
    st.sampled_from(["station", "survey"]),
    st.integers(0, 3),
)
def test_every_record_is_in_one_cell_or_told(
    times: list[tuple[int, float]], days: int, day1: Any, buffer_days: int
) -> None:
    """Counts over a row and the records outside add up to the records; effort adds up to what is after the buffer."""
    whole = operation(
        [Deployed("d", "ridge", moment("2026-06-01 00:00"), moment("2026-06-20 23:59"), UTC)],
    )
    records = [on(day, hour) for day, hour in times]
    found = history(records, whole, Occasions(days, day1, buffer_days=buffer_days), cell=Cell.COUNT)
    assert sum(cell or 0 for cell in found.detections[0]) + len(found.outside) == len(records)
    assert sum(cell or 0 for cell in found.effort[0]) == pytest.approx(20 - buffer_days, abs=1e-3)
    assert len(found.occasions) == -(-(20 - buffer_days) // days)
