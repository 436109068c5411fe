"""`activity` and `accumulation` as a person and a script call them, on projects and on a trap's own card."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cameratrap.cli import run
from cameratrap.domain.events import TriggerCause
from cameratrap.store.connection import transaction
from cameratrap.store.project import edit_project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import (
    DeploymentRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_deployment,
    add_sequence,
    add_word,
)

pytest.importorskip("numpy")
pytest.importorskip("matplotlib")

ZONE = timezone(timedelta(hours=7))
START = datetime(2026, 6, 1, tzinfo=ZONE)
DAY = timedelta(days=1)
TIGER, PIG = "Panthera tigris", "Sus scrofa"
Seen = list[tuple[str, datetime, TriggerCause]]


def make(folder: Path, *places: tuple[str, float | None, float | None, Seen]) -> Path:
    """A project with a deployment, and a station of the same name, for each place; each sighting is a burst."""
    with edit_project(folder, create=True) as project, transaction(project.connection):
        for name, latitude, longitude, seen in places:
            end = max((at for _, at, _ in seen), default=START) + DAY
            row = DeploymentRow(name, name, 420, START, end, "card", name, end, latitude=latitude, longitude=longitude)
            number, made = add_deployment(project.connection, row), []
            for n, (taxon, at, cause) in enumerate(seen):
                made.append(add_sequence(project.connection, number, SequenceRow(f"{name}-{n}", cause, at, at)))
                add_word(project.connection, made[-1], WordRow("machine", "m", at, (ObservationRow(taxon, 1, at, at),)))
            settle(project.connection, made)
            regroup(project.connection, number)
    return folder


def at_times(taxon: str, radians: list[float], cause: TriggerCause = TriggerCause.PIR) -> Seen:
    """A day for each time of day."""
    return [(taxon, START + n * DAY + each / math.tau * DAY, cause) for n, each in enumerate(radians)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Twelve tigers of the morning, eleven pigs of the afternoon and a time-lapse picture, near the equator."""
    tigers = at_times(TIGER, [1.4 + 0.05 * n for n in range(12)])
    pigs = at_times(PIG, [3.8 + 0.08 * n for n in range(11)])
    return make(tmp_path / "project", ("a", 0.5, 102.0, tigers + at_times(TIGER, [6.0], TriggerCause.TIMELAPSE)),
                ("b", 0.6, 102.1, pigs), ("empty", 0.7, 102.0, []))  # fmt: skip


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_taxon_without_a_curve_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two, which one it is; --bandwidth is proposed only where it can be given, which is for one."""
    tigers, pigs = at_times(TIGER, [1.4 + 0.05 * n for n in range(12)]), at_times(PIG, [3.0] * 12)
    folder = make(tmp_path / "project", ("a", None, None, tigers + pigs))
    for taxa, has_hint in (((TIGER, PIG), False), ((PIG,), True)):
        assert run(["--data", str(folder), "activity", *taxa]) == 1
        told = capsys.readouterr().err
        assert f"no activity curve can be drawn through the records of {PIG}: 12 of them" in told
        assert ("--bandwidth" in told) is has_hint


def test_the_tiger_s_curve_is_that_of_r(tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From sightings in a project to the file: the same numbers as densityFit, to what a clock's microseconds leave."""
    folder = shared_data / "oracles" / "overlap"
    samples = {
        taxon: [float(line) for line in (folder / f"{name}Obs.csv").read_text().split()[1:]]
        for taxon, name in ((TIGER, "tiger"), (PIG, "pig"))
    }
    places = [(taxon, None, None, at_times(taxon, times)) for taxon, times in samples.items()]
    data = str(make(tmp_path / "kerinci", *places))
    assert run(["--data", data, "activity", TIGER, PIG, "--resamples", "0", "--json"]) == 0
    said = capsys.readouterr()
    with (folder / "densityFit_129.csv").open(newline="") as file:
        fitted = list(csv.DictReader(file))
    expected = [float(row[name]) for name in ("tiger", "pig") for row in fitted]
    found = rows(said.out)
    assert [each["density_per_radian"] for each in found] == pytest.approx(expected, rel=1e-5)
    assert "bandwidth 29.90" in said.err
    assert "bandwidth 10.42" in said.err
    assert "Dhat4 = 0.2692 (both samples exceed 50)" in said.err


def test_columns_are_the_same_in_every_form(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row a point; what a person reads is rounded, what a script reads is not."""
    call = ["-q", "--data", str(project), "activity", "tiger", "--points", "25"]
    assert run([*call, "--json"]) == run([*call, "--csv"]) == run(call) == 0
    lines = capsys.readouterr().out.splitlines()
    as_json, as_csv, table = rows("\n".join(lines[:25])), lines[25:51], lines[51:]
    assert list(as_json[0]) == as_csv[0].split(",") == table[0].split()
    assert as_json[0]["taxon"] == TIGER
    assert [each["hour"] for each in as_json] == [float(n) for n in range(25)]
    assert next(csv.DictReader(io.StringIO("\n".join(as_csv))))["density_per_hour"] == str(
        as_json[0]["density_per_hour"]
    )
    area = sum(float(str(each["density_per_hour"])) for each in as_json[1:])
    assert area == pytest.approx(1, abs=0.01)


def test_definitions_are_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many, smoothed how, in which time, independent by which rule; on stderr, and silent with -q."""
    call = ["--data", str(project), "activity", TIGER, PIG, "--resamples", "200", "--output", str(project / "o.csv")]
    assert run(call) == 0
    said = capsys.readouterr()
    assert said.out == ""
    for sentence in (
        "Panthera tigris: n = 12 events, von Mises kernel, bandwidth ",
        "(overlap::getBandWidth, kmax = 3)",
        "Sus scrofa: n = 11 events",
        "overlap: Dhat1 = ",
        "(a sample has 50 records or fewer; bandwidths divided by 0.8)",
        "95 % interval ",
        "(basic0 of 200 smoothed resamples, seed 1)",
        "times: clock time (UTC+07:00)",
        "independence: 30 min since the last record",
    ):
        assert sentence in said.err
    assert run(["-q", *call]) == 0
    assert capsys.readouterr().err == ""


def test_the_overlap_is_a_row_of_its_own(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With all that defines it; the same again with the same seed; without an interval where none is asked for."""
    call = ["-q", "--data", str(project), "activity", TIGER, PIG, "--overlap", "--json"]
    assert run([*call, "--resamples", "100"]) == run([*call, "--resamples", "100"]) == 0
    first, second = rows(capsys.readouterr().out)
    assert first == second
    assert (first["n_a"], first["n_b"], first["estimator"], first["adjust"]) == (12, 11, "Dhat1", 0.8)
    assert float(str(first["ci_low"])) < float(str(first["overlap"])) < float(str(first["ci_high"]))
    assert run([*call, "--resamples", "0", "--adjust", "1.2"]) == 0
    (plain,) = rows(capsys.readouterr().out)
    assert (plain["adjust"], plain["ci_low"], plain["resamples"], plain["seed"]) == (1.2, None, None, None)


def test_solar_time_squeezes_the_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At 56 degrees in June the sun rises about 3:30 UTC: records then are at 6:00 of the sun."""
    sunrise = datetime(2026, 6, 21, 3, 27, tzinfo=UTC)
    seen = [(TIGER, sunrise + n * DAY + timedelta(minutes=10 * (n % 5 - 2)), TriggerCause.PIR) for n in range(-10, 12)]
    data = str(make(tmp_path / "p", ("north", 56.0, -3.0, seen)))
    assert run(["--data", data, "activity", TIGER, "--time", "solar", "--json"]) == 0
    said = capsys.readouterr()
    peak = max(rows(said.out), key=lambda row: float(str(row["density_per_hour"])))
    assert peak["hour"] == pytest.approx(6, abs=0.2)
    assert "times: solar time (sun rises at 6:00, sets at 18:00)" in said.err
    assert run(["--data", data, "activity", TIGER, "--time", "solar-average", "--json"]) == 0
    peak = max(rows(capsys.readouterr().out), key=lambda row: float(str(row["density_per_hour"])))
    assert peak["hour"] == pytest.approx(10.45, abs=0.2)  # by the station's clock, seven hours before UTC


def test_records_without_a_solar_time_are_counted_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each by its reason; where none is left it is an error that says what to do."""
    some = [(TIGER, START + n * DAY, TriggerCause.PIR) for n in (0.3, 1.4, 2.9)]
    data = str(make(tmp_path / "p", ("here", 0.5, 102.0, some), ("pole", 80.0, 20.0, some), ("lost", None, None, some)))
    assert run(["--data", data, "activity", TIGER, "--time", "solar", "--csv"]) == 0
    said = capsys.readouterr().err
    assert "n = 3 events" in said
    assert "3 events without a solar time (the sun did not rise or did not set)" in said
    assert "3 events without a solar time (no position)" in said
    assert "fewer than 10 records" in said
    assert run(["--data", data, "activity", TIGER, "--time", "solar", "--station", "lost"]) == 1
    assert "station.latitude" in capsys.readouterr().err
    assert run(["--data", data, "activity", TIGER, "--time", "solar", "--station", "pole"]) == 1
    assert "3 on days without a sunrise or a sunset" in capsys.readouterr().err


def test_a_position_that_only_the_owner_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trap's card does not tell where it stood: the configuration at home does."""
    data = str(make(tmp_path / "p", ("lost", None, None, at_times(TIGER, [1.0, 1.5, 1.7]))))
    monkeypatch.setenv("CAMERATRAP_STATION_LATITUDE", "0.5")
    monkeypatch.setenv("CAMERATRAP_STATION_LONGITUDE", "102")
    assert run(["--data", data, "activity", TIGER, "--time", "solar", "--csv"]) == 0
    assert "without a solar time" not in capsys.readouterr().err


def test_every_sighting_or_independent_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten bursts within ten minutes are one event, ten records; filters choose among what was reckoned."""
    burst = [(TIGER, START + timedelta(hours=5, minutes=n), TriggerCause.PIR) for n in range(10)]
    later = at_times(TIGER, [0.5, 1.0, 3.0, 5.0])[1:]
    data = str(make(tmp_path / "p", ("a", 0.5, 102.0, burst + later)))
    for options, sentences in (
        ([], ["n = 4 events", "independence: 30 min since the last record"]),
        (["--records"], ["n = 13 records", "every sighting is a record"]),
        (
            ["--interval", "5", "--rule", "last-independent-record"],
            ["n = 5 events", "5 min since the last independent"],
        ),
        (["--from", "2026-06-03"], ["n = 2 events"]),
    ):
        assert run(["--data", data, "activity", TIGER, "--csv", *options]) == 0
        said = capsys.readouterr().err
        assert all(sentence in said for sentence in sentences)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["Lynx lynx"], 1, "hint: there are Panthera tigris, Sus scrofa"),
        (["tigre"], 2, "nothing that was seen is called 'tigre'"),
        ([TIGER, "--from", "2030-01-01"], 1, "not where and when the filters ask"),
        ([TIGER, "tiger"], 2, "are the same taxon"),
        ([TIGER, "--overlap"], 2, "--overlap needs two taxa"),
        ([TIGER, PIG, "--bandwidth", "5"], 2, "--bandwidth is for one taxon"),
        ([TIGER, "--records", "--interval", "5"], 2, "exclude each other"),
        ([TIGER, "--points", "1"], 2, "--points"),
        ([TIGER, "--adjust", "nan"], 2, "not a number"),
        ([TIGER, "--plot", "fox.pdf"], 2, ".svg or .png"),
        ([TIGER, "--plot", "nowhere/fox.svg"], 2, "there is no folder"),
        ([TIGER, PIG, "--resamples", "10"], 1, "40 are the least"),
        ([TIGER, "--station", "b"], 1, "hint: it was seen, but not where"),
    ],
)
def test_what_cannot_be_is_refused(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    told: str,
) -> None:
    """One block on stderr, nothing on stdout, and no file."""
    monkeypatch.chdir(project)
    assert run(["--data", str(project), "activity", *arguments]) == status
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_one_record_has_no_curve_but_with_a_bandwidth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says how many there are and what would help."""
    data = str(make(tmp_path / "p", ("a", 0.5, 102.0, at_times(TIGER, [1.0]))))
    assert run(["--data", data, "activity", TIGER]) == 1
    assert "1 of them" in capsys.readouterr().err
    assert run(["--data", data, "activity", TIGER, "--bandwidth", "5", "--csv"]) == 0
    assert "n = 1 event, von Mises kernel, bandwidth 5.0000 (as given)" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tiger.svg", "tiger.PNG"])
def test_a_plot_beside_the_table(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The form goes by the file's name; the table is printed all the same."""
    picture = tmp_path / name
    call = ["--data", str(project), "activity", TIGER, PIG, "--resamples", "50", "--plot", str(picture), "--centre"]
    assert run([*call, "midnight", "--plot-width", "174"]) == 0
    said = capsys.readouterr()
    assert f"drew {picture}" in said.err
    assert said.out.splitlines()[0].split()[0] == "taxon"
    content = picture.read_bytes()
    if name.endswith("svg"):
        words = {"".join(each.itertext()) for each in ET.fromstring(content).iter()}  # noqa: S314 - our own file
        assert {
            "Panthera tigris (n = 12 events)",
            "Clock time (UTC+07:00)",
            "Night (mean sunset to mean sunrise)",
        } <= words
    else:
        assert content.startswith(b"\x89PNG")


def test_without_the_extra_it_says_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 before anything is read."""
    monkeypatch.setattr("cameratrap.cli.extras.find_spec", lambda _: None)
    assert run(["--data", str(project), "activity", TIGER]) == 2
    assert "pip install 'cameratrap[review]'" in capsys.readouterr().err


def test_accumulation_of_camera_days(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row a unit up to all of them: the days at three stations, and two species at the end."""
    assert run(["--data", str(project), "accumulation", "--json"]) == 0
    said = capsys.readouterr()
    found = rows(said.out)
    assert [each["units"] for each in found] == list(range(1, len(found) + 1))
    assert len(found) == 13 + 12 + 1
    assert found[-1]["species"] == pytest.approx(2)
    assert found[0]["species"] == pytest.approx((12 + 11) / 26)
    for sentence in (
        "2 species in 26 camera-days: Mao Tau",
        "Chao1 of 23 events: 2.00",
        "Chao2 of 26 camera-days: 2.00",
    ):
        assert sentence in said.err


def test_accumulation_by_longer_occasions_and_by_stations(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two weeks of two stations and one day of the third; and three stations, one of which saw nothing."""
    assert run(["-q", "--data", str(project), "accumulation", "--occasion-days", "7", "--json"]) == 0
    assert len(rows(capsys.readouterr().out)) == 2 + 2 + 1
    assert run(["-q", "--data", str(project), "accumulation", "--by", "station", "--json"]) == 0
    found = rows(capsys.readouterr().out)
    assert [each["species"] for each in found] == pytest.approx([2 / 3, 4 / 3, 2])
    assert run(["--data", str(project), "accumulation", "--by", "station", "--occasion-days", "7"]) == 2


def test_only_wild_species_accumulate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People, livestock, what nobody could name and families are said, not counted; a filter counts what it names."""
    names = (TIGER, "Homo sapiens", "animal", "Bos taurus", "Felidae", "unknown", "Neofelis nebulosa sp. nov.")
    seen = [(name, START + n * DAY, TriggerCause.PIR) for n, name in enumerate(names)]
    data = str(make(tmp_path / "p", ("a", None, None, seen)))
    assert run(["--data", data, "accumulation", "--estimates", "--json"]) == 0
    said = capsys.readouterr()
    assert [(each["estimator"], each["n"], each["observed"]) for each in rows(said.out)] == [
        ("Chao1", 2, 2), ("Chao2", 7, 2),
    ]  # fmt: skip
    assert "not counted as wild species: Bos taurus, Felidae, Homo sapiens, animal, unknown" in said.err
    assert run(["--data", data, "accumulation", "--taxon", "Felidae", "--taxon", TIGER, "--estimates", "--json"]) == 0
    assert [each["observed"] for each in rows(capsys.readouterr().out)] == [2, 2]


def test_accumulation_needs_nothing_but_the_base(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its table is plain arithmetic: only the plot needs the extra."""
    import subprocess

    script = (
        "import sys; sys.modules['numpy'] = sys.modules['matplotlib'] = None; from cameratrap.cli import run;"
        f"sys.exit(run(['-q', '--data', {str(project)!r}, 'accumulation']))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60, capture_output=True).returncode == 0


def test_accumulation_draws(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a selection without a single camera-day is an error, not an empty picture."""
    picture = tmp_path / "species.svg"
    assert run(["--data", str(project), "accumulation", "--plot", str(picture)]) == 0
    assert b"Chao2 = 2.0" in picture.read_bytes()
    capsys.readouterr()
    assert run(["--data", str(project), "accumulation", "--from", "2030-01-01", "--plot", str(picture)]) == 1
    assert "no sampling units" in capsys.readouterr().err
