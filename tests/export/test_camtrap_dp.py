"""Camtrap DP: valid by the standard's own validator, one truth per event, and the same project when it comes back."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from PIL import Image

from cameratrap.app.import_camtrap_dp import import_package
from cameratrap.domain.camtrap_dp import TABLES
from cameratrap.domain.selection import Selection
from cameratrap.errors import StoreError, UsageError
from cameratrap.export import camtrap_dp_tables as tables
from cameratrap.export.camtrap_dp import Options, export_camtrap_dp
from cameratrap.export.camtrap_dp_cells import text_cell
from cameratrap.export.camtrap_dp_deployments import Published
from cameratrap.export.camtrap_dp_tables import Written
from cameratrap.export.package import new_package
from cameratrap.resources import builtin_taxa
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project, read_project
from cameratrap.store.project_events import regroup
from cameratrap.store.project_lines import DeploymentLine
from cameratrap.store.project_record import read_record
from cameratrap.store.project_rows import DeploymentRow
from tests.odd_projects import START, Study, odd_project, studies, told
from tests.project_maker import Plan, make_project
from tests.studied_project import HOSTILE, studied_project

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TABLE_FILES = ("deployments.csv", "media.csv", "observations.csv", "sequences.jsonl")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studied_project(tmp_path_factory.mktemp("study") / "project", lynx_at_second=True)


def export(project: Project, output: Path, **options: Any) -> Written:
    record, chosen = read_record(project.folder), Options(**options)
    with new_package(output) as package:
        return export_camtrap_dp(project, package, record, builtin_taxa(), chosen, created=NOW, made_by="0")


def table(package: Path, name: str) -> list[dict[str, str]]:
    with (package / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def exported(study: Path, output: Path, **options: Any) -> Written:
    """But for the deployment whose position nobody knows."""
    known = Selection(deployments=("wood 1", "wood 2", "moor"))
    with read_project(study) as project:
        return export(project, output, **{"selection": known, **options})


def assert_valid(package: Path, shared_data: Path) -> None:
    """By the official schemas and the validator that the standard recommends."""
    if find_spec("frictionless") is None:
        pytest.skip("needs frictionless, of the extra dev")
    script = shared_data / "camtrap-dp" / "validate_offline.py"
    run = subprocess.run(
        [sys.executable, script, package / "datapackage.json"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@given(studies())
@settings(max_examples=30)
def test_the_same_project_comes_back_and_exports_to_the_same_bytes(study: Study) -> None:
    """Names of any text, clocks of several offsets, deployments without pictures, pictures without a word."""
    with TemporaryDirectory() as folder:
        first, again = Path(folder, "first"), Path(folder, "again")
        with odd_project(Path(folder, "a"), study) as project:
            export(project, first, positions="exact")
            was = told(project)
        with edit_project(Path(folder, "b"), create=True) as copy:
            imported = import_package(copy, first, builtin_taxa(), imported_at=NOW)
            assert imported.exact
            assert told(copy) == was
            export(copy, again, positions="exact")
        for name in (*TABLE_FILES, "datapackage.json"):
            assert (again / name).read_bytes() == (first / name).read_bytes(), name


@pytest.mark.slow
@given(studies())
@settings(max_examples=25)
def test_odd_projects_are_valid(shared_data: Path, study: Study) -> None:
    """Whatever their names and times are."""
    with TemporaryDirectory() as folder, odd_project(Path(folder, "a"), study) as project:
        export(project, Path(folder, "dp"))
        assert_valid(Path(folder, "dp"), shared_data)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(sequences=0),
        Plan(deployments=1, sequences=1, media=1, blank=1),
        Plan(analysed=False),
        Plan(taxa=(HOSTILE, "Vulpes \t vulpes", "NA", 'a,"b";\n|c')),
    ],
    ids=["no pictures", "one blank picture", "nobody has looked", "hostile labels"],
)
def test_the_official_validator_finds_nothing(tmp_path: Path, shared_data: Path, plan: Plan) -> None:
    """Of projects with little or odd things in them."""
    with read_project(make_project(tmp_path / "p", plan)) as project:
        export(project, tmp_path / "dp")
    assert_valid(tmp_path / "dp", shared_data)


def test_older_versions_have_the_same_tables_under_other_addresses(study: Path, tmp_path: Path) -> None:
    """Of 1.0 the profile itself cannot be resolved by the validator: its twin of 1.0.2 stands for it."""
    for version in ("1.0.2", "1.0.1", "1.0"):
        exported(study, tmp_path / version, dp_version=version)
        text = (tmp_path / version / "datapackage.json").read_text().replace(f"camtrap-dp/{version}/", "camtrap-dp/V/")
        twin = (tmp_path / "1.0.2" / "datapackage.json").read_text().replace("camtrap-dp/1.0.2/", "camtrap-dp/V/")
        assert text == twin
        assert all((tmp_path / version / n).read_bytes() == (tmp_path / "1.0.2" / n).read_bytes() for n in TABLE_FILES)


def test_the_studied_project_is_valid(study: Path, shared_data: Path, tmp_path: Path) -> None:
    """It has one of everything."""
    exported(study, tmp_path / "dp", copies_media=True, positions="exact")
    assert_valid(tmp_path / "dp", shared_data)


def test_of_an_event_stands_one_word_and_boxes_are_of_media(study: Path, tmp_path: Path) -> None:
    """A program that counts the rows of events counts nothing twice, and the model's boxes are there still."""
    exported(study, tmp_path / "dp")
    rows = [row for row in table(tmp_path / "dp", "observations") if row["deploymentID"] == "wood 1"]
    events = [row for row in rows if row["observationLevel"] == "event"]
    seen = [(e["observationType"], e["scientificName"], e["count"], e["classificationMethod"]) for e in events]
    assert seen == [
        ("animal", "Vulpes vulpes", "3", "human"),
        ("blank", "", "", "machine"),
        ("human", "Homo sapiens", "1", "machine"),
        ("vehicle", "", "1", "machine"),
        ("unclassified", "", "", ""),
        ("unclassified", "", "", ""),
        ("animal", text_cell(HOSTILE), "1", "human"),
        ("animal", "Vulpes vulpes", "2", "human"),
        ("unclassified", "", "", ""),
        ("animal", "Animalia", "2", "machine"),
    ]
    media = [row for row in rows if row["observationLevel"] == "media"]
    assert media
    assert {row["classificationMethod"] for row in media} == {"machine"}
    assert all(row["mediaID"] and row["bboxWidth"] and row["classificationProbability"] for row in media)
    assert {row["eventID"] for row in media} <= {row["eventID"] for row in events}


def test_every_picture_lies_within_its_event(tmp_path: Path) -> None:
    """By deployment and time, as camtrapdp gives events to media, each picture has one event."""
    with read_project(make_project(tmp_path / "p", Plan(sequences=30))) as project:
        export(project, tmp_path / "dp")
    events = {
        (row["deploymentID"], row["eventStart"], row["eventEnd"])
        for row in table(tmp_path / "dp", "observations")
        if row["observationLevel"] == "event"
    }
    for media in table(tmp_path / "dp", "media"):
        around = [e for e in events if e[0] == media["deploymentID"] and e[1] <= media["timestamp"] <= e[2]]
        assert len(around) == 1


def test_a_sensitive_taxon_coarsens_its_station(study: Path, tmp_path: Path) -> None:
    """A lynx at wood 2 hides wood 1 too, in every file of the package; the moor is where it is."""
    written = exported(study, tmp_path / "dp")
    rows = {row["deploymentID"]: row for row in table(tmp_path / "dp", "deployments")}
    assert written.coarse == ["wood 1", "wood 2"]
    for name in written.coarse:
        assert (rows[name]["latitude"], rows[name]["longitude"]) == ("52.1", "-1.7")
        assert int(rows[name]["coordinateUncertainty"]) > 5000
        assert "0.1 degree" in rows[name]["deploymentComments"]
    assert rows["moor"]["latitude"] == "53.987654"
    assert not any(b"52.123456" in path.read_bytes() for path in (tmp_path / "dp").iterdir())
    assert json.loads((tmp_path / "dp" / "datapackage.json").read_text())["coordinatePrecision"] == 0.1


def test_a_coarse_position_stays_as_it_is(study: Path, tmp_path: Path) -> None:
    """Read back and exported again it loses nothing more."""
    exported(study, tmp_path / "first")
    with edit_project(tmp_path / "copy", create=True) as copy:
        import_package(copy, tmp_path / "first", builtin_taxa(), imported_at=NOW)
        export(copy, tmp_path / "again")
    for name in TABLE_FILES:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def test_positions_may_be_exact_or_all_coarse(study: Path, tmp_path: Path) -> None:
    """As who exports says."""
    for positions, latitude in (("exact", "53.987654"), ("coarse", "54")):
        exported(study, tmp_path / positions, positions=positions)
        rows = {row["deploymentID"]: row["latitude"] for row in table(tmp_path / positions, "deployments")}
        assert rows["moor"] == latitude


def test_deployments_without_a_position_are_all_named(study: Path, tmp_path: Path) -> None:
    """The standard has no row without one, and nothing is made up; nothing is written either."""
    with read_project(study) as project, pytest.raises(UsageError, match="lost"):
        export(project, tmp_path / "dp")
    assert list(tmp_path.iterdir()) == []


def test_people_are_not_public(study: Path, tmp_path: Path) -> None:
    """Nor is what nobody has looked at. Left out, they leave no trace but the event."""
    written = exported(study, tmp_path / "dp")
    private = {row["mediaID"] for row in table(tmp_path / "dp", "media") if row["filePublic"] == "false"}
    assert written.private == len(private) > 0
    exported(study, tmp_path / "public", leaves_private=True)
    assert not any(row["filePublic"] == "false" for row in table(tmp_path / "public", "media"))
    left = (tmp_path / "public" / "sequences.jsonl").read_text() + (tmp_path / "public" / "media.csv").read_text()
    assert not any(f'"{name}"' in left for name in private)
    people = [row for row in table(tmp_path / "public", "observations") if row["observationType"] == "human"]
    assert {row["observationLevel"] for row in people} == {"event"}


def test_media_are_where_the_package_says(study: Path, tmp_path: Path) -> None:
    """Copied byte for byte, or below an address; paths are safe either way."""
    exported(study, tmp_path / "dp", copies_media=True, positions="exact")
    for row in table(tmp_path / "dp", "media"):
        copied = tmp_path / "dp" / row["filePath"]
        original = study / "cards" / row["deploymentID"] / "DCIM" / row["fileName"]
        assert copied.read_bytes() == original.read_bytes()
    exported(study, tmp_path / "web", media_prefix="https://example.org/study/")
    assert table(tmp_path / "web", "media")[0]["filePath"].startswith("https://example.org/study/moor/DCIM/")


def test_a_picture_that_tells_its_place_is_not_copied_where_that_is_hidden(tmp_path: Path) -> None:
    """Its EXIF would say what the table does not."""
    study = studied_project(tmp_path / "project", lynx_at_second=True)
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 7.0, 24.4)}
    for path in (study / "cards" / "wood 2").rglob("*.jpg"):
        Image.new("RGB", (8, 8)).save(path, exif=exif)
    written = exported(study, tmp_path / "dp", copies_media=True)
    assert written.located > 0
    assert not list((tmp_path / "dp" / "media" / "wood 2").rglob("*.jpg"))
    assert list((tmp_path / "dp" / "media" / "moor").rglob("*.jpg"))


def test_a_filter_keeps_the_effort(study: Path, tmp_path: Path) -> None:
    """Of chosen deployments all are there, whatever was seen; of events only those that were meant."""
    with read_project(study) as project:
        export(project, tmp_path / "dp", selection=Selection(stations=("wood",), taxa=("Lynx lynx",)))
    assert [row["deploymentID"] for row in table(tmp_path / "dp", "deployments")] == ["wood 1", "wood 2"]
    events = [r for r in table(tmp_path / "dp", "observations") if r["observationLevel"] == "event"]
    assert [(row["deploymentID"], row["scientificName"]) for row in events] == [("wood 2", "Lynx lynx")]


def test_every_column_is_there_in_the_schemas_order(study: Path, shared_data: Path, tmp_path: Path) -> None:
    """Readers take a missing or moved column for an error; our schema is the official one."""
    exported(study, tmp_path / "dp")
    for name, fields in TABLES.items():
        official = json.loads((shared_data / "camtrap-dp" / "1.0.2" / f"{name}-table-schema.json").read_text())[
            "fields"
        ]
        for ours, theirs in zip(fields, official, strict=True):
            limits = theirs["constraints"]
            assert (ours.name, ours.kind, ours.required) == (theirs["name"], theirs["type"], limits["required"])
            assert list(ours.choices) == limits.get("enum", [])
            assert (ours.least, ours.most) == (limits.get("minimum"), limits.get("maximum"))
        assert list(table(tmp_path / "dp", name)[0]) == [field.name for field in fields]


def test_what_is_not_as_the_standard_wants_it_is_not_written(tmp_path: Path) -> None:
    """A setup that somebody mistyped is named with its row, its deployment and its column."""
    setup = {"cameraTilt": "steep", "featureType": "pond"}
    end = START + timedelta(days=1)
    row = DeploymentRow("d", "s", 60, START, end, "card", "c", START, latitude=1, longitude=2, setup=setup)
    line = DeploymentLine(row)
    with odd_project(tmp_path / "p", [(line, [])]) as project, pytest.raises(StoreError) as caught:
        export(project, tmp_path / "dp")
    assert "deployments row 2 (d): cameraTilt is 'steep'" in caught.value.why
    assert "featureType is 'pond'" in caught.value.why
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_package_is_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a colleague corrects on the same project while it is exported is in the next package."""
    with edit_project(make_project(tmp_path / "p")) as project, edit_project(tmp_path / "p") as colleague:
        export(project, tmp_path / "before")
        write = tables.Tables.add_deployment

        def meanwhile(self: tables.Tables, of: Published) -> None:
            write(self, of)
            with transaction(colleague.connection):
                regroup(colleague.connection, of.number)  # events get other numbers
                colleague.connection.execute("UPDATE sequences SET standing = NULL")

        monkeypatch.setattr(tables.Tables, "add_deployment", meanwhile)
        export(project, tmp_path / "while")
    for name in TABLE_FILES:
        assert (tmp_path / "while" / name).read_bytes() == (tmp_path / "before" / name).read_bytes()


def test_nothing_is_written_over(study: Path, tmp_path: Path) -> None:
    """What lies at the package's place is somebody's."""
    (tmp_path / "dp").mkdir()
    (tmp_path / "dp" / "notes.txt").write_text("mine")
    (tmp_path / "dp.zip").write_bytes(b"mine")
    for output in (tmp_path / "dp", tmp_path / "dp.zip", tmp_path / "no" / "dp"):
        with pytest.raises(UsageError):
            exported(study, output)
    assert (tmp_path / "dp.zip").read_bytes() == b"mine"
