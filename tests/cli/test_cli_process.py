"""`cameratrap process`: what a user's script reads, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cameratrap.cli import process as command
from cameratrap.cli import run
from cameratrap.cli.process_report import COLUMNS
from tests.clip_files import with_quicktime_time, write_clip
from tests.model_folders import constant_folder, exif, picture

REPOSITORY = Path(__file__).parents[2]
COUNTS = {"Aves": 2, "Homo sapiens": 1}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Three pictures in two folders."""
    for name, taken in (("a/1.jpg", "2026:06:01 05:00:00"), ("a/2.jpg", "2026:06:01 05:10:00"), ("b/1.JPG", "")):
        path = tmp_path / "card" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(exif=exif(taken)))
    return tmp_path / "card"


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(constant_folder(tmp_path / "model"))


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_an_image_in_order(card: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exactly the interface's keys, nothing else on stdout, and exit 0."""
    assert run(["process", str(card), "--model", model, "--timezone", "-03:30", "--json"]) == 0
    captured = capsys.readouterr()
    found = objects(captured.out)
    assert [each["file"] for each in found] == [str(card / name) for name in ("a/1.jpg", "a/2.jpg", "b/1.JPG")]
    assert all(list(each) == list(COLUMNS) for each in found)
    assert all(each["counts"] == COUNTS for each in found)
    assert [each["timestamp"] for each in found] == ["2026-06-01T05:00:00-03:30", "2026-06-01T05:10:00-03:30", None]
    assert [each["event"] for each in found] == [str(card / "a/1.jpg")] * 2 + [None]
    assert captured.err == "3 images, 0 could not be read\n"


def test_csv_has_the_same_columns(card: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["process", str(card), "--model", model, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert tuple(rows[0]) == COLUMNS
    assert [json.loads(row["counts"]) for row in rows] == [COUNTS] * 3


def test_a_person_reads_a_line_an_image(card: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    (card / "b" / "2.jpg").write_bytes(b"")
    assert run(["process", str(card), "--model", model]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", "width", "height", "timestamp", "event", "counts"]
    assert "2026-06-01T05:00:00" in lines[1]
    assert lines[1].endswith("Aves 2, Homo sapiens 1")
    assert lines[4].endswith("error: the file is empty")


def test_a_path_that_is_not_there_is_named_and_the_rest_is_done(
    card: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["process", str(card / "nowhere"), str(card / "a"), "--model", model, "--json"]) == 3
    found = objects(capsys.readouterr().out)
    assert [each["error"] is None for each in found] == [False, True, True]
    assert "No such file" in str(found[0]["error"])


def test_hostile_files_are_named_with_a_reason_and_the_rest_is_done(
    card: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A truncated JPEG, an empty file, a PNG named .jpg, a 65500 x 65500 header, a text file: exit 3."""
    bomb = bytearray(picture())
    at = bomb.index(b"\xff\xc0")
    bomb[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
    hostile = {
        "c1.jpg": (picture(400, 300)[:2000], "cut off"),
        "c2.jpg": (b"", "empty"),
        "c3.jpg": (picture(form="PNG"), "is a PNG although named .jpg"),
        "c4.jpg": (bytes(bomb), "too large"),
        "c5.jpg": (b"just text", "not a picture"),
    }
    for name, (data, _) in hostile.items():
        (card / "a" / name).write_bytes(data)
    assert run(["process", str(card), "--model", model, "--json"]) == 3
    captured = capsys.readouterr()
    found = {Path(str(each["file"])).name: each for each in objects(captured.out)}
    assert len(objects(captured.out)) == 8
    for name, (_, reason) in hostile.items():
        assert reason in str(found[name]["error"])
        assert found[name]["detections"] is None
        assert found[name]["counts"] is None
        assert name in captured.err
    assert sum(each["error"] is None for each in objects(captured.out)) == 3
    assert "8 images, 5 could not be read" in captured.err


def test_a_file_given_by_name_is_tried_whatever_its_name(
    card: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (card / "picture").write_bytes(picture())
    (card / "notes.txt").write_text("no picture")
    assert run(["process", str(card / "picture"), str(card / "notes.txt"), "--model", model, "--json"]) == 3
    assert [each["error"] is None for each in objects(capsys.readouterr().out)] == [True, False]


def test_a_score_given_replaces_the_models(card: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["process", str(card), "--model", model, "--json", "--score", "0.88"]) == 0
    assert objects(capsys.readouterr().out)[0]["counts"] == {"Aves": 1}


def test_output_goes_to_the_file_named(
    card: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["process", str(card), "--model", model, "--json", "--output", str(tmp_path / "out.jsonl")]) == 0
    assert capsys.readouterr().out == ""
    assert len(objects((tmp_path / "out.jsonl").read_text())) == 3


def test_a_configuration_without_a_model_is_told_to_name_one(
    card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAMERATRAP_DETECTOR_MODEL", "")
    assert run(["process", str(card)]) == 2
    assert "no detector model is chosen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["--model", "{model}"], 2, "PATH"),
        (["{card}", "--model", "{model}", "--timezone", "Paris"], 2, "not an offset such as +02:00"),
        (["{card}", "--model", "{model}", "--score", "7"], 2, "score"),
        (["{card}", "--model", "no-such-model"], 1, "there is no model no-such-model"),
        (["{card}", "--model", "{card}"], 1, "is no model folder"),
    ],
)
def test_what_cannot_be_is_said_before_any_picture_is_touched(
    card: Path,
    model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    reason: str,
) -> None:
    """Wrong usage is 2, a wrong model 1; nothing on stdout, one block with a reason on stderr."""
    places = {"card": str(card), "model": model}
    assert run(["process", *(argument.format(**places) for argument in arguments)]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert reason in captured.err
    assert "Traceback" not in captured.err


def test_an_interruption_keeps_what_is_done_and_is_gone_on_with(
    card: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C after two pictures: exit 130, two whole lines in the file; --resume adds the third."""
    real = command.process_files

    def interrupted(*args: object, **options: object) -> object:
        for place, result in enumerate(real(*args, **options)):  # type: ignore[arg-type]
            if place == 2:
                raise KeyboardInterrupt
            yield result

    asked = ["process", str(card), "--model", model, "--json", "-o", str(tmp_path / "out.jsonl")]
    with monkeypatch.context() as patch:
        patch.setattr(command, "process_files", interrupted)
        assert run(asked) == 130
    assert len(objects((tmp_path / "out.jsonl").read_text())) == 2
    assert (tmp_path / "out.jsonl.unfinished").is_file()
    capsys.readouterr()
    assert run([*asked, "--resume"]) == 0
    assert [each["file"] for each in objects((tmp_path / "out.jsonl").read_text())] == [
        str(card / name) for name in ("a/1.jpg", "a/2.jpg", "b/1.JPG")
    ]
    assert capsys.readouterr().err == "2 images, 1 done earlier, 0 could not be read\n"
    assert not (tmp_path / "out.jsonl.unfinished").exists()


def test_a_run_that_is_killed_is_gone_on_with(card: Path, model: str, tmp_path: Path) -> None:
    """SIGKILL in the middle of 400 pictures, twice; then the file is the one of a run that nobody killed."""
    for number in range(400):
        taken = f"2026:06:02 {number // 60:02}:{number % 60:02}:00"
        (card / f"{number:03}.jpg").write_bytes(picture(exif=exif(taken)))
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    asked = ["process", str(card), "--model", model, "--json", "--jobs", "2", "-o"]
    assert run([*asked, str(whole)]) == 0
    for least in (50, 200):
        program = [sys.executable, "-m", "cameratrap", *asked, str(part), "--resume"]
        with subprocess.Popen(program, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as running:
            while running.poll() is None and not (part.exists() and part.read_bytes().count(b"\n") >= least):
                time.sleep(0.001)
            running.send_signal(signal.SIGKILL)
        assert least <= part.read_bytes().count(b"\n") < 400, "it was killed in the middle"
    assert run([*asked, str(part), "--resume"]) == 0
    assert part.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    "options",
    [["--resume"], ["--resume", "--json"], ["--resume", "--csv", "-o", "out.csv"], ["--resume", "-o", "out.txt"]],
)
def test_only_lines_in_a_file_can_be_gone_on_with(
    card: Path, model: str, capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(["process", str(card), "--model", model, *options]) == 2
    assert "--resume needs --json and --output FILE" in capsys.readouterr().err


def test_going_on_with_another_model_is_refused(
    card: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, with what differs; the file is left as it is."""
    out = tmp_path / "out.jsonl"
    assert run(["process", str(card), "--model", model, "--json", "-o", str(out)]) == 0
    (tmp_path / "out.jsonl.unfinished").write_text('{"model": "another 2"}')
    before = out.read_bytes()
    assert run(["process", str(card), "--model", model, "--json", "-o", str(out), "--resume"]) == 2
    assert "was begun otherwise" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_lines_for_a_pipe_are_written_as_ever(card: Path, model: str, tmp_path: Path) -> None:
    """No note is left beside what is no plain file."""
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE, text=True) as reader:
        assert run(["process", str(card), "--model", model, "--json", "-o", str(tmp_path / "pipe")]) == 0
        assert len(objects(reader.communicate()[0])) == 3
    assert not (tmp_path / "pipe.unfinished").exists()


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_any_number_of_jobs_writes_the_same(
    card: Path, model: str, capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    assert run(["process", str(card), "--model", model, "--json", "--jobs", "2"]) == 0
    expected = capsys.readouterr().out
    assert run(["process", str(card), "--model", model, "--json", "--jobs", jobs]) == 0
    assert capsys.readouterr().out == expected


def test_a_clip_is_one_object_with_its_frames(
    card: Path, model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The keys of a picture, then the clip's own; MaxN, not the sum; its event with the pictures around it."""
    seconds = 3_863_135_700  # 2026-06-01 05:15:00 in seconds since 1904
    with_quicktime_time(write_clip(card / "a" / "clip.MP4", 25), seconds)
    assert run(["process", str(card / "a"), "--model", model, "--json", "--video-fps", "2"]) == 0
    captured = capsys.readouterr()
    first, second, clip = objects(captured.out)
    assert list(clip) == [*COLUMNS, "offset_s", "frames"]
    assert list(first) == list(COLUMNS)
    assert (clip["width"], clip["height"], clip["counts"]) == (96, 64, COUNTS)
    assert (clip["timestamp"], clip["event"]) == ("2026-06-01T05:15:00", second["event"])
    frames = clip["frames"]
    assert isinstance(frames, list)
    assert [each["offset_s"] for each in frames] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert clip["detections"] == frames[0]["detections"]
    assert captured.err == "2 images and 1 clip, 0 could not be read\n"


def test_clips_can_be_passed_over(card: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(card / "a" / "clip.mp4", 3)
    assert run(["process", str(card), "--model", model, "--json", "--no-videos"]) == 0
    assert len(objects(capsys.readouterr().out)) == 3


def test_hostile_clips_are_named_and_the_rest_is_done(
    card: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_clip(card / "a" / "0.avi", 40).read_bytes()
    (card / "a" / "0.avi").write_bytes(data[: len(data) // 2])
    (card / "a" / "3.mp4").write_bytes(b"#EXTM3U\nhttp://example.org/\n")
    (card / "a" / "4.mov").write_bytes(b"")
    assert run(["process", str(card), "--model", model, "--json"]) == 3
    captured = capsys.readouterr()
    found = {Path(str(each["file"])).name: each for each in objects(captured.out) if each["error"]}
    assert list(found) == ["0.avi", "3.mp4", "4.mov"]
    assert found["0.avi"]["counts"] == COUNTS, "what could be read of it was"
    assert found["3.mp4"]["detections"] is None
    assert "it is not a clip" in str(found["3.mp4"]["error"])
    assert "3 could not be read" in captured.err


def test_files_of_other_kinds_are_mentioned(card: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither failures nor silently lost; sidecars and hidden files are no media."""
    for name in ("a/1.CR2", "a/2.cr2", "b/x.heic", "a/1.xmp", "a/._1.heic", "Thumbs.db"):
        (card / name).write_bytes(b"x")
    assert run(["process", str(card), "--model", model, "--json"]) == 0
    assert "passed over, because their kind is not read: 2 .cr2, 1 .heic" in capsys.readouterr().err


def test_many_failures_are_counted_and_the_first_named(
    card: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is in the output; stderr stays readable."""
    for number in range(30):
        (card / f"{number:02}.jpg").write_bytes(b"")
    assert run(["process", str(card), "--model", model, "--json"]) == 3
    err = capsys.readouterr().err
    assert err.count("the file is empty") == 20
    assert "and 10 more" in err


def test_progress_is_shown_on_a_terminal_and_the_data_stays_whole(card: Path, model: str) -> None:
    """A bar with the speed on stderr where that is a terminal; stdout, which is not, has the objects and no more."""
    code = f"from cameratrap.cli import main; main(['process', {str(card)!r}, '--model', {model!r}, '--json'])"
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=follower, check=True, cwd=REPOSITORY
    )
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "3/3" in shown
    assert "/s" in shown
    assert len(objects(done.stdout.decode())) == 3


def test_a_mistyped_path_alone_leaves_old_results(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.jsonl"
    old.write_text("{}\n", encoding="utf-8")
    assert run(["process", str(tmp_path / "nowhere"), "--model", model, "--json", "-o", str(old)]) == 2
    assert "there is no" in capsys.readouterr().err
    assert old.read_text(encoding="utf-8") == "{}\n"


def test_a_clip_given_by_name_is_passed_over_too(
    card: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.mp4").write_bytes(b"a clip")
    picture = str(card / "a" / "1.jpg")
    assert run(["process", picture, str(tmp_path / "c.mp4"), "--no-videos", "--model", model, "--json"]) == 0
    assert [line["file"] for line in objects(capsys.readouterr().out)] == [picture]


def test_results_of_any_name_are_gone_on_with(card: Path, model: str, tmp_path: Path) -> None:
    """A name that the first run took is not refused by the second."""
    out = tmp_path / "results"
    arguments = ["process", str(card), "--model", model, "--json", "-o", str(out)]
    assert run(arguments) == 0
    whole = out.read_bytes()
    out.write_bytes(whole[: len(whole) // 2])
    facts = tmp_path / "results.unfinished"
    assert run([*arguments[:-1], str(tmp_path / "other")]) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cameratrap.app.result_lines.ResultLines.write", _interrupt)
        assert run([*arguments[:-1], str(tmp_path / "third")]) == 130
    facts.write_bytes((tmp_path / "third.unfinished").read_bytes())
    assert run([*arguments, "--resume"]) == 0
    assert out.read_bytes() == whole


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
