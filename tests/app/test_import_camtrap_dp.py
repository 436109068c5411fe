"""Reading Camtrap DP: the official example, packages that somebody changed, and those that mean harm."""

from __future__ import annotations

import csv
import errno
import gzip
import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.app.import_camtrap_dp import Imported, import_package, is_camtrap_dp
from cameratrap.errors import PackageError, StoreError
from cameratrap.export.camtrap_dp import Options, export_camtrap_dp
from cameratrap.export.camtrap_dp_descriptor import digests
from cameratrap.export.package import new_package
from cameratrap.resources import builtin_taxa
from cameratrap.store.project import Project, edit_project, read_project
from cameratrap.store.project_read import deployments, sightings
from cameratrap.store.project_record import ProjectRecord, read_record
from cameratrap.store.review_actions import Change, Scope, act, undo
from tests.project_maker import Plan, make_project

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its pictures, beside the package ``dp`` that we have made of it."""
    folder = tmp_path_factory.mktemp("made")
    with (
        read_project(make_project(folder / "project", Plan(pictures=True, sequences=4))) as project,
        new_package(folder / "dp") as written,
    ):
        record, options = ProjectRecord(title="A study"), Options(copies_media=True)
        export_camtrap_dp(project, written, record, builtin_taxa(), options, created=NOW, made_by="0")
    return folder / "project"


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """A copy of the package, to be changed."""
    return Path(shutil.copytree(made.with_name("dp"), tmp_path / "dp"))


@pytest.fixture
def foreign(package: Path) -> Path:
    """The same as another program would have written it: the standard's files alone."""
    (package / "sequences.jsonl").unlink()
    change(package, cameratrap=None)
    return package


def change(package: Path, **values: object) -> None:
    path = package / "datapackage.json"
    told = json.loads(path.read_text()) | values
    path.write_text(json.dumps({name: value for name, value in told.items() if value is not None}))


def edit(package: Path, name: str, old: str, new: str) -> None:
    path = package / f"{name}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def take(project: Path, package: Path) -> Imported:
    with edit_project(project, create=True) as opened:
        return import_package(opened, package, builtin_taxa(), imported_at=NOW)


def seen(project: Project) -> list[tuple[str, str, int, str]]:
    return [(each.deployment, each.taxon, each.count, each.source) for each in sightings(project.connection)]


def test_the_official_example(shared_data: Path, tmp_path: Path) -> None:
    """Its events with what stands of them, its deployments, its media, its study."""
    example = shared_data / "camtrap-dp" / "1.0.2" / "example"
    imported = take(tmp_path / "p", example)
    assert (len(imported.deployments), imported.media, imported.exact) == (4, 423, False)
    with (example / "observations.csv").open(newline="") as file:
        events = [row for row in csv.DictReader(file) if row["observationLevel"] == "event"]
    wanted = Counter(
        (row["deploymentID"], row["scientificName"], int(row["count"]))
        for row in events
        if row["observationType"] == "animal"
    )
    with read_project(tmp_path / "p") as project:
        query = "SELECT d.deployment, o.taxon, o.count FROM observations o JOIN sequences s ON s.standing = o.word"
        rows = project.connection.execute(f"{query} JOIN deployments d ON d.id = s.deployment").fetchall()
        assert wanted <= Counter(map(tuple, rows))
        pool = next(each.row for each in deployments(project.connection) if each.row.deployment == "29b7d356")
        assert (pool.station, pool.session) == ("B_DL_val 5_beek kleine vijver", "summer")
        assert pool.setup["cameraTilt"] == -15
        methods = project.connection.execute("SELECT method, COUNT(*) FROM words GROUP BY method").fetchall()
        assert dict(map(tuple, methods)) == {"human": 32, "machine": 2}
    record = read_record(tmp_path / "p")
    assert (record.sampling_design, record.acronym, len(record.contributors)) == ("targeted", "MICA", 6)


def test_our_package_comes_back_with_its_media(made: Path, package: Path, tmp_path: Path) -> None:
    """Folder or .zip; a second time nothing is new."""
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", package.parent, package.name))
    for name, source in (("a", package), ("b", packed), ("c", package / "datapackage.json")):
        assert is_camtrap_dp(source)
        imported = take(tmp_path / name, source)
        assert (imported.exact, imported.copied, imported.media) == (True, 24, 24)
        copied = tmp_path / name / "cards" / "d001" / "DCIM" / "100CTRAP" / "CTRP0001.JPG"
        original = made / "cards" / "d001" / "DCIM" / "100CTRAP" / "CTRP0001.JPG"
        assert copied.read_bytes() == original.read_bytes()
        again = take(tmp_path / name, source)
        assert (again.known, again.deployments, again.media) == (["d001", "d002"], [], 0)


def test_a_flag_comes_back_and_can_be_undone(tmp_path: Path) -> None:
    """A flag asks for a second look: it must not be lost on the way to whoever takes it."""
    with edit_project(make_project(tmp_path / "made", Plan())) as project, new_package(tmp_path / "dp") as written:
        act(project.connection, Change("flag"), Scope(events=(2, 3)), key="k", author="Ada", made_at=NOW)
        was = flagged(project)
        export_camtrap_dp(
            project, written, ProjectRecord(title="A study"), builtin_taxa(), Options(), created=NOW, made_by="0"
        )
    take(tmp_path / "p", tmp_path / "dp")
    with edit_project(tmp_path / "p") as project:
        assert flagged(project) == was != []
        assert project.connection.execute("SELECT SUM(flagged) FROM events").fetchone()[0] == 2
        done = undo(project.connection, key="u", author="Bob", made_at=NOW)
        assert done is not None
        assert flagged(project) == []


def flagged(project: Project) -> list[tuple[str, str]]:
    rows = project.connection.execute(
        "SELECT d.deployment, s.sequence FROM sequences s JOIN deployments d ON d.id = s.deployment"
        " WHERE s.flagged ORDER BY d.deployment, s.sequence"
    )
    return [tuple(row) for row in rows]


def test_what_came_in_can_be_corrected(package: Path, tmp_path: Path) -> None:
    """A person's word stands over what the package says, like over any other."""
    take(tmp_path / "p", package)
    with edit_project(tmp_path / "p") as project:
        event = project.connection.execute("SELECT id FROM events WHERE NOT is_blank").fetchone()["id"]
        change_of = Change("relabel", taxon="Lynx lynx")
        act(project.connection, change_of, Scope(events=(event,)), key="k", author="me", made_at=NOW)
        assert "Lynx lynx" in {taxon for _, taxon, _, _ in seen(project)}


def test_by_the_tables_alone_the_events_are_the_same(made: Path, foreign: Path, tmp_path: Path) -> None:
    """What the standard holds is enough for the events, their taxa, counts and boxes."""
    assert not take(tmp_path / "p", foreign).exact
    query = "SELECT e.start_s, e.taxa, e.count, e.media, e.state, e.is_blank FROM events e ORDER BY e.start_s, e.taxa"
    boxes = "SELECT ROUND(x, 5) AS x, taxon, score FROM detections WHERE fate = 'stands' ORDER BY x, taxon, score"
    with read_project(made) as was, read_project(tmp_path / "p") as now:
        for each in (query, boxes):
            assert [tuple(r) for r in now.connection.execute(each)] == [tuple(r) for r in was.connection.execute(each)]


def test_a_table_that_somebody_changed_is_what_holds(package: Path, tmp_path: Path) -> None:
    """The lines beside it are as old as the package was."""
    edit(package, "observations", ",Meles meles,", ",Lutra lutra,")
    assert not take(tmp_path / "p", package).exact
    with read_project(tmp_path / "p") as project:
        assert "Lutra lutra" in {taxon for _, taxon, _, _ in seen(project)}


def test_a_table_may_be_compressed_or_marked(foreign: Path, tmp_path: Path) -> None:
    """As GBIF publishes it, and as a spreadsheet saves it."""
    text = (foreign / "media.csv").read_bytes()
    (foreign / "media.csv.gz").write_bytes(gzip.compress(text))
    (foreign / "media.csv").unlink()
    (foreign / "deployments.csv").write_bytes(b"\xef\xbb\xbf" + (foreign / "deployments.csv").read_bytes())
    told = json.loads((foreign / "datapackage.json").read_text())
    told["resources"][1]["path"] = "media.csv.gz"
    change(foreign, resources=told["resources"])
    assert take(tmp_path / "p", foreign).media == 24


def test_columns_may_be_fewer_and_in_another_order(foreign: Path, tmp_path: Path) -> None:
    """Those that the standard does not require are not missed."""
    with (foreign / "media.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = ("filePublic", "filePath", "fileMediatype", "timestamp", "deploymentID", "mediaID")
    with (foreign / "media.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, wanted, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    assert take(tmp_path / "p", foreign).media == 24


def test_media_only_observations_are_rolled_up(made: Path, foreign: Path, tmp_path: Path) -> None:
    """Timelapse and AddaxAI tell of pictures only: of each taxon the most in any one picture is the sequence's."""
    with (foreign / "observations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (foreign / "observations.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([{**r, "eventID": ""} for r in rows if r["observationLevel"] == "media"])
    take(tmp_path / "p", foreign)
    with read_project(made) as was, read_project(tmp_path / "p") as now:
        assert Counter(seen(now)) == Counter(seen(was))


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("media", "mediaID,", "id,", "media has no column mediaID"),
        ("media", "image/jpeg", "text/html", "fileMediatype"),
        ("media", "media/d001/DCIM/100CTRAP/CTRP0001.JPG", "../../etc/passwd", "filePath"),
        ("media", "media/d001/DCIM/100CTRAP/CTRP0001.JPG", "/etc/passwd", "filePath"),
        ("media", "2026-06-01T07:04:00+01:00", "yesterday", "timestamp is 'yesterday'"),
        ("media", "2026-06-01T07:04:00+01:00", "2026-06-01T07:04:00", "timestamp"),
        ("media", "d001/DCIM/100CTRAP/CTRP0002.JPG,", "d001/DCIM/100CTRAP/CTRP0001.JPG,", "twice in media"),
        ("media", "CTRP0001.JPG,image/jpeg", "CTRP0001.JPG,image/jpeg,,,,,", "cells where the heading has"),
        ("deployments", ",46.8,", ",946.8,", "latitude is 946.8"),
        ("deployments", ",46.8,", ",nan,", "latitude is missing"),
        ("deployments", "d001,", "d001\x00,", "d001"),
        ("deployments", "d002,", "d001,", "twice in deployments"),
        ("deployments", "d001,", "d9,", "d001"),
        ("deployments", "2026-06-01T06:00:00+01:00", "2027-06-01T06:00:00+01:00", "ends before it starts"),
        ("observations", ",event,", ",galaxy,", "observationLevel is 'galaxy'"),
        ("observations", ",event,", ',event,"' + "x" * 200_000 + '"', "observations after row"),
        ("observations", ",event,", ",event," + "x" * 2_000_000, "characters in a line"),
    ],
)
def test_what_is_not_sound_is_named_and_nothing_is_taken(
    foreign: Path, tmp_path: Path, name: str, old: str, new: str, named: str
) -> None:
    """By table and row. The project is as empty as it was."""
    edit(foreign, name, old, new)
    with pytest.raises(PackageError) as caught:
        take(tmp_path / "p", foreign)
    assert named in str(caught.value)
    assert_untouched(tmp_path / "p")


def assert_untouched(project: Path) -> None:
    with read_project(project) as opened:
        assert not deployments(opened.connection)
    assert not (project / "cards").exists()
    assert not (project / "project.toml").exists()


@pytest.mark.parametrize(
    "resources",
    [
        None,
        [],
        "deployments",
        [{"name": "deployments", "path": "https://example.org/deployments.csv"}],
        [{"name": "deployments", "path": "../outside.csv"}],
        [{"name": "deployments", "path": "/etc/passwd"}],
        [{"name": "deployments", "path": "link.csv"}],
        [{"name": "deployments", "path": ["deployments.csv", 7]}],
        [{"name": "deployments", "path": "deployments.csv", "encoding": "klingon"}],
        [{"name": "deployments", "path": "datapackage.json"}],
    ],
)
def test_a_descriptor_names_files_of_its_own(foreign: Path, tmp_path: Path, resources: object) -> None:
    """None on the web, none outside its folder, not even by a link."""
    (tmp_path / "outside.csv").write_text((foreign / "deployments.csv").read_text())
    (foreign / "link.csv").symlink_to(tmp_path / "outside.csv")
    change(foreign, resources=resources)
    with pytest.raises(PackageError):
        take(tmp_path / "p", foreign)
    assert_untouched(tmp_path / "p")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"profile": 1}'])
def test_what_is_no_descriptor_is_no_package(tmp_path: Path, text: bytes) -> None:
    """It is said so, whatever it is."""
    (tmp_path / "datapackage.json").write_bytes(text)
    assert not is_camtrap_dp(tmp_path)
    with pytest.raises(PackageError):
        take(tmp_path / "p", tmp_path)


def test_what_is_no_archive_is_no_package(tmp_path: Path) -> None:
    """Nor is one without a descriptor."""
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and no more")
    with ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("media.csv", "mediaID")
    for name in ("a.zip", "b.zip", "none.zip"):
        assert not is_camtrap_dp(tmp_path / name)
        with pytest.raises(PackageError):
            take(tmp_path / "p", tmp_path / name)


def test_a_damaged_archive_is_named(package: Path, tmp_path: Path) -> None:
    """A picture whose checksum is wrong: nothing is taken over, and no half of it is left."""
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", package))
    with ZipFile(packed) as archive:
        info = archive.getinfo("media/d001/DCIM/100CTRAP/CTRP0002.JPG")
    data = bytearray(packed.read_bytes())
    data[info.header_offset + 200] ^= 0xFF
    packed.write_bytes(data)
    with pytest.raises((PackageError, StoreError), match="CTRP0002"):
        take(tmp_path / "p", packed)
    with read_project(tmp_path / "p") as project:
        assert not deployments(project.connection)
    assert not list((tmp_path / "p").rglob("*.part"))


def test_a_full_disk_is_told(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken over; done again it goes on."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("cameratrap.app.package_files.name_parts", full)
        with pytest.raises(StoreError, match="No space left"):
            take(tmp_path / "p", package)
    with read_project(tmp_path / "p") as project:
        assert not deployments(project.connection)
    assert take(tmp_path / "p", package).copied == 24


def test_lines_that_lead_outside_are_refused(package: Path, tmp_path: Path) -> None:
    """A package may have been made to look like ours."""
    for evil in ("../../../evil.jpg", "/evil.jpg", "a/../../evil.jpg"):
        lines = package / "sequences.jsonl"
        was = lines.read_bytes()
        lines.write_bytes(was.replace(b'"path":"DCIM/100CTRAP/CTRP0001.JPG"', f'"path":"{evil}"'.encode(), 1))
        sign(package)
        with pytest.raises(PackageError, match="outside"):
            take(tmp_path / "p", package)
        lines.write_bytes(was)
    assert not list(tmp_path.rglob("evil.jpg"))


def sign(package: Path) -> None:
    change(package, cameratrap={"eventGap": 120, "sha256": digests(package)})


@settings(max_examples=40)
@given(data=st.data())
def test_broken_lines_are_named_or_harmless(made: Path, data: st.DataObject) -> None:
    """Whatever stands in them: an error of ours, or a project that can be read."""
    with TemporaryDirectory() as name:
        broken = Path(shutil.copytree(made.with_name("dp"), Path(name, "dp"), ignore=shutil.ignore_patterns("media")))
        text = (broken / "sequences.jsonl").read_bytes()
        at, length = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(0, 30))
        new = data.draw(st.binary(max_size=12) | st.sampled_from([b"-1", b"1e400"]))
        (broken / "sequences.jsonl").write_bytes(text[:at] + new + text[at + length :])
        sign(broken)
        try:
            take(Path(name, "p"), broken)
        except (PackageError, StoreError):
            return
        with read_project(Path(name, "p")) as project:
            list(sightings(project.connection))


def test_ids_of_two_packages_may_be_the_same(foreign: Path, tmp_path: Path) -> None:
    """Many programs number their media from one."""
    take(tmp_path / "p", foreign)
    for name in ("deployments", "media", "observations"):
        rewrite(foreign / f"{name}.csv")
    imported = take(tmp_path / "p", foreign)
    assert imported.deployments == ["x001", "x002"]
    with read_project(tmp_path / "p") as project:
        assert project.connection.execute("SELECT COUNT(DISTINCT media) FROM media").fetchone()[0] == 48


def rewrite(path: Path) -> None:
    """The same table of other deployments."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([{**row, "deploymentID": row["deploymentID"].replace("d", "x")} for row in rows])
