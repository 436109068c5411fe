"""A folder of another maker's camera as a deployment: placed in time, looked at, gone on with."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cameratrap import wiring
from cameratrap.app import card_copy
from cameratrap.app.import_results import read_results
from cameratrap.cli import run
from cameratrap.errors import ModelError, UsageError
from cameratrap.store.project import read_project
from cameratrap.store.project_read import deployments, sightings
from tests.card_maker import fingerprint
from tests.fakes import NamedDetector, write_pictures

START = datetime(2026, 6, 1, 5)  # noqa: DTZ001 - cameras write local times
Shown = Mapping[str, Mapping[str, int] | None]
Rows = list[dict[str, object]]


class ByName(NamedDetector):
    """Knows a picture by its name alone, wherever its copy lies."""

    def detect(self, frame):  # type: ignore[no-untyped-def]
        return super().detect(type(frame)(frame.jpeg, frame.captured_at, Path(frame.name).name))


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """Two triggers, of three pictures and of one, in two folders of one camera."""
    times = {"DCIM/1.jpg": 0, "DCIM/2.jpg": 1, "DCIM/3.jpg": 2, "MORE/4.jpg": 7200}
    pictures = {name: (n, START + timedelta(seconds=at)) for n, (name, at) in enumerate(times.items())}
    write_pictures(tmp_path / "CAM7", pictures)
    return tmp_path / "CAM7"


def take(camera: Path, *options: str, shown: Shown = {}, monkeypatch: pytest.MonkeyPatch) -> int:  # noqa: B006 - read
    monkeypatch.setattr(wiring, "open_detector", lambda *_: ByName(shown))
    into = str(camera.with_name("study"))
    return run(["-q", "import", str(camera), "--into", into, "--timezone", "+01:00", *options])


def rows(camera: Path, query: str) -> Rows:
    with read_project(camera.with_name("study")) as project:
        return [dict(row) for row in project.connection.execute(query)]


def test_a_folder_becomes_a_deployment(camera: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequence a trigger, MaxN over its pictures; the originals as they were."""
    before = fingerprint(camera)
    shown: Shown = {"2.jpg": {"Vulpes vulpes": 2}, "3.jpg": {"Vulpes vulpes": 1}, "4.jpg": {"Meles meles": 1}}
    options = ("--station", "ridge-7", "--session", "2026", "--position", "46.5,7.4")
    assert take(camera, *options, shown=shown, monkeypatch=monkeypatch) == 0
    assert fingerprint(camera) == before
    with read_project(camera.with_name("study")) as project:
        (found,) = deployments(project.connection)
        seen = [
            (each.taxon, each.count, each.start.isoformat(), each.end.isoformat())
            for each in sightings(project.connection)
        ]
    row = found.row
    assert (row.deployment, row.station, row.session, row.source, row.latitude) == (
        "CAM7", "ridge-7", "2026", "folder", 46.5,
    )  # fmt: skip
    assert (row.start.isoformat(), row.end.isoformat()) == ("2026-06-01T05:00:00+01:00", "2026-06-01T07:00:00+01:00")
    assert seen == [
        ("Vulpes vulpes", 2, "2026-06-01T05:00:01+01:00", "2026-06-01T05:00:02+01:00"),
        ("Meles meles", 1, "2026-06-01T07:00:00+01:00", "2026-06-01T07:00:00+01:00"),
    ]
    assert rows(camera, "SELECT sequence, status, (SELECT COUNT(*) FROM media m WHERE m.sequence = s.id) AS n"
                " FROM sequences s ORDER BY start_s") == [
        {"sequence": "DCIM/1.jpg", "status": "analysed", "n": 3},
        {"sequence": "MORE/4.jpg", "status": "analysed", "n": 1},
    ]  # fmt: skip
    assert [row["is_night"] for row in rows(camera, "SELECT is_night FROM events ORDER BY start_s")] == [0, 0]
    copy = fingerprint(camera.with_name("study") / "cards/CAM7")
    assert copy == before
    hashes = {str(row["path"]): row["sha256"] for row in rows(camera, "SELECT path, sha256 FROM media")}
    assert hashes == {path: digest for path, (digest, _) in before.items()}


def test_the_same_folder_again_brings_nothing_and_a_grown_one_the_rest(
    camera: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that joins a trigger has the whole trigger looked at again; what people said stays."""
    for _ in range(2):
        assert take(camera, "--station", "r", shown={"1.jpg": {"Lynx lynx": 1}}, monkeypatch=monkeypatch) == 0
    assert len(rows(camera, "SELECT * FROM words")) == 2
    write_pictures(camera, {"MORE/5.jpg": (5, START + timedelta(hours=2, seconds=2))})
    assert take(camera, shown={"5.jpg": {"Meles meles": 1}}, monkeypatch=monkeypatch) == 0
    assert len(rows(camera, "SELECT * FROM words")) == 3
    taxa = rows(camera, "SELECT taxa FROM events ORDER BY start_s")
    assert [row["taxa"] for row in taxa] == ["Lynx lynx", "Meles meles"]
    assert rows(camera, "SELECT station FROM deployments") == [{"station": "r"}]


def test_a_picture_that_changed_is_named_and_its_first_copy_kept(
    camera: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The project's sha256 stays true of the project's file; what is new in the folder is taken all the same."""
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 0
    picture, copy = camera / "DCIM/1.jpg", camera.with_name("study") / "cards/CAM7/DCIM/1.jpg"
    sound = copy.read_bytes()
    picture.write_bytes(sound[:-1] + b"\0")
    os.utime(picture, (0, 0))
    write_pictures(camera, {"DCIM/1b.jpg": (9, START + timedelta(seconds=1))})
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 3
    assert "DCIM/1.jpg: its sha256 is not the one that was written down" in capsys.readouterr().err
    assert copy.read_bytes() == sound
    assert len(rows(camera, "SELECT id FROM sequences")) == 2
    assert len(rows(camera, "SELECT id FROM media")) == 5


def test_a_folder_of_which_nothing_can_be_read_is_an_error(
    camera: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader that fails after the folder was listed: one error, and no deployment."""

    def failing(reading: card_copy._Reading) -> Iterator[bytes]:
        reading.error = OSError(errno.EIO, "Input/output error")
        raise reading.error
        yield b""

    monkeypatch.setattr(card_copy._Reading, "pieces", failing)
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 1
    told = capsys.readouterr().err
    assert "could be copied: Input/output error" in told
    assert rows(camera, "SELECT id FROM deployments") == []


def test_a_grown_folder_is_read_by_the_same_clock(
    camera: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another --timezone would put what is new hours from the rest: refused. A clock's correction is no other one."""
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 0
    before = rows(camera, "SELECT captured_at FROM media")
    write_pictures(camera, {"MORE/5.jpg": (5, START + timedelta(hours=3))})
    capsys.readouterr()
    assert take(camera, "--no-detector", "--timezone", "+03:00", monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert "2026-06-01T05:00:00+01:00" in told
    assert "2026-06-01T05:00:00+03:00" in told
    assert "--timezone that it was imported with" in told
    assert rows(camera, "SELECT captured_at FROM media") == before
    study = str(camera.with_name("study"))
    assert run(["-q", "--data", study, "clock", "shift", "--deployment", "CAM7", "--by", "-2h"]) == 0
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 0
    assert rows(camera, "SELECT MAX(captured_at) AS last FROM media") == [{"last": "2026-06-01T06:00:00+01:00"}]


def test_another_camera_of_the_same_name_is_refused(
    camera: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every maker's folders are called 100MEDIA: one that holds other pictures is another deployment."""
    assert take(camera, monkeypatch=monkeypatch) == 0
    write_pictures(camera, {"DCIM/1.jpg": (99, START + timedelta(days=9))})
    (camera / "DCIM/1.jpg").write_bytes((camera / "DCIM/1.jpg").read_bytes() + b"\0")
    assert take(camera, monkeypatch=monkeypatch) == 2
    assert "--deployment NAME" in capsys.readouterr().err
    assert take(camera, "--deployment", "CAM7b", monkeypatch=monkeypatch) == 0
    assert rows(camera, "SELECT COUNT(*) AS n FROM deployments") == [{"n": 2}]


def test_files_that_cannot_be_looked_at_are_named_and_the_rest_is_done(
    camera: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 3: one without a time is not taken, one that the detector cannot read is taken and named."""
    write_pictures(camera, {"DCIM/none.jpg": (9, None)})
    assert take(camera, shown={"2.jpg": None, "3.jpg": {"Lynx lynx": 1}}, monkeypatch=monkeypatch) == 3
    told = capsys.readouterr().err
    assert "DCIM/none.jpg" in told
    assert "DCIM/2.jpg: the picture is damaged" in told
    assert rows(camera, "SELECT COUNT(*) AS n FROM media") == [{"n": 4}]
    assert [row["status"] for row in rows(camera, "SELECT status FROM sequences ORDER BY start_s")] == [
        "failed",
        "analysed",
    ]


def test_without_a_detector_it_waits_and_is_looked_at_later(camera: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unlooked, then looked at by the next import of the same folder."""
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 0
    assert [row["state"] for row in rows(camera, "SELECT state FROM events")] == ["unlooked", "unlooked"]
    assert take(camera, shown={"4.jpg": {"Lynx lynx": 1}}, monkeypatch=monkeypatch) == 0
    assert [row["state"] for row in rows(camera, "SELECT state FROM events")] == ["machine", "machine"]


def test_an_interrupted_look_is_gone_on_with(camera: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model fails at the third trigger: the first has its word, and is not looked at again."""
    write_pictures(camera, {"MORE/6.jpg": (6, START + timedelta(hours=3))})

    class Failing(ByName):
        def detect(self, frame):  # type: ignore[no-untyped-def]
            if Path(frame.name).name == "6.jpg":
                raise ModelError("the model failed")
            return super().detect(frame)

    into = ["--into", str(camera.with_name("study")), "--timezone", "+01:00"]
    monkeypatch.setattr(wiring, "open_detector", lambda *_: Failing({"1.jpg": {"Lynx lynx": 1}}))
    assert run(["-q", "import", str(camera), *into]) == 1
    assert [row["state"] for row in rows(camera, "SELECT state FROM events ORDER BY start_s")] == [
        "machine",
        "unlooked",
        "unlooked",
    ]
    later = ByName({"4.jpg": {"Meles meles": 1}})
    monkeypatch.setattr(wiring, "open_detector", lambda *_: later)
    assert run(["-q", "import", str(camera), *into]) == 0
    assert later.asked == ["4.jpg", "6.jpg"]
    taxa = rows(camera, "SELECT taxa FROM events ORDER BY start_s")
    assert [row["taxa"] for row in taxa] == ["Lynx lynx", "Meles meles", ""]


def test_names_that_are_no_text_are_named_and_left_out(camera: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's name may be any bytes, a database's text may not; markup is a name like any other."""
    picture = (camera / "MORE/4.jpg").read_bytes()
    (camera / "MORE" / os.fsdecode(b"b\xff.jpg")).write_bytes(picture)
    (camera / "MORE" / "a\nb.jpg").write_bytes(picture)
    (camera / "MORE" / "<script>x.jpg").write_bytes(picture)
    assert take(camera, "--no-detector", monkeypatch=monkeypatch) == 3
    paths = rows(camera, "SELECT path FROM media WHERE path LIKE 'MORE%' ORDER BY path")
    assert [row["path"] for row in paths] == ["MORE/4.jpg", "MORE/<script>x.jpg"]


def test_results_of_process_say_what_the_detector_would(
    camera: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines that `process --json` wrote for the originals, found for the copies; what has no line waits."""
    shown: Shown = {"2.jpg": {"Vulpes vulpes": 2}}
    monkeypatch.setattr(wiring, "open_detector", lambda *_: ByName(shown))
    monkeypatch.setattr("cameratrap.cli.process.open_detector", lambda *_: ByName(shown))
    lines = tmp_path / "r.jsonl"
    command = ["-q", "process", str(camera / "DCIM"), "--timezone", "+01:00", "--json", "--output", str(lines)]
    assert run(command) == 0
    monkeypatch.setattr(wiring, "open_detector", lambda *_: pytest.fail("it was looked at anew"))
    assert run(["-q", "import", str(camera), "--into", str(camera.with_name("study")), "--timezone", "+01:00",
                "--results", str(lines)]) == 0  # fmt: skip
    told = rows(camera, "SELECT state, taxa, count FROM events ORDER BY start_s")
    assert [tuple(row.values()) for row in told] == [("machine", "Vulpes vulpes", 2), ("unlooked", "", 0)]
    assert {row["classified_by"] for row in rows(camera, "SELECT classified_by FROM words")} == {"process r.jsonl"}


def test_results_that_are_none_are_refused(tmp_path: Path) -> None:
    """The line is named, whatever is wrong with it."""
    good = {"file": "a.jpg", "detections": [], "counts": {}, "error": None}
    box = {"taxon": "x", "model_label": "x", "score": 0.5, "bbox": [0.9, 0.9, 0.5, 0.5]}
    wrong: list[object] = [
        {**good, "counts": {"x": 0}},
        {**good, "counts": {"x": "two"}},
        {**good, "detections": [{**box, "score": 7}]},
        {**good, "detections": [{**box, "bbox": [2, 2, 1, 1]}]},
        {"file": ""},
        [],
        "text",
    ]
    path = tmp_path / "r.jsonl"
    for line in wrong:
        path.write_text(json.dumps(good) + "\n" + json.dumps(line) + "\n")
        with pytest.raises(UsageError, match="line 2"):
            read_results(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        read_results(path)
    path.write_text(json.dumps({**good, "detections": [box]}) + "\n")
    found = read_results(path).of(tmp_path, "a.jpg")
    assert found is not None
    assert found.detections is not None
    assert found.detections[0].bbox.as_list() == pytest.approx([0.9, 0.9, 0.1, 0.1])


def test_a_file_is_found_by_the_end_of_its_path(tmp_path: Path) -> None:
    """Of two that end alike, the one under the folder's own name; where neither is, none: a guess is no result."""
    good = {"detections": [], "counts": {}, "error": None}
    path = tmp_path / "r.jsonl"
    files = ["/x/CAM7/D/1.jpg", "/x/CAM8/D/1.jpg", "/y/only.jpg"]
    path.write_text("".join(json.dumps({"file": file, **good}) + "\n" for file in files))
    results = read_results(path)

    def found(folder: str, name: str) -> str | None:
        result = results.of(tmp_path / folder, name)
        return None if result is None else result.file

    assert found("CAM8", "D/1.jpg") == "/x/CAM8/D/1.jpg"
    assert found("CAM9", "D/1.jpg") is None
    assert found("CAM9", "only.jpg") == "/y/only.jpg"
    assert found("CAM7", "D/2.jpg") is None


def test_in_place_the_pictures_stay_where_they_are(camera: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project refers to them; once they are copied, it is the copy that counts."""
    shown: Shown = {"1.jpg": {"Lynx lynx": 1}}
    assert take(camera, "--no-copy", shown=shown, monkeypatch=monkeypatch) == 0
    assert rows(camera, "SELECT root FROM deployments") == [{"root": str(camera)}]
    assert [row["taxa"] for row in rows(camera, "SELECT taxa FROM events ORDER BY start_s")] == ["Lynx lynx", ""]
    assert take(camera, monkeypatch=monkeypatch) == 0
    assert take(camera, "--no-copy", monkeypatch=monkeypatch) == 0
    assert rows(camera, "SELECT root FROM deployments") == [{"root": "cards/CAM7"}]
    assert rows(camera, "SELECT COUNT(*) AS n FROM media") == [{"n": 4}]


def test_a_dry_run_writes_nothing(
    camera: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same line as the import itself, and no folder."""
    assert take(camera, "--dry-run", "--json", monkeypatch=monkeypatch) == 0
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["deployment"], line["new_media"], line["new_sequences"], line["what"]) == ("CAM7", 4, 2, "new")
    assert not camera.with_name("study").exists()
