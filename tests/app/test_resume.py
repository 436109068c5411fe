"""A run that was interrupted anywhere goes on to the very file that an uninterrupted one writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from cameratrap.app.process import EventGrouping, process_files
from cameratrap.app.result_lines import UNFINISHED, ResultLines
from cameratrap.app.resume import resume
from cameratrap.domain.detections import BBox, DetectedFrame, Detection, View
from cameratrap.errors import UsageError
from cameratrap.ports import Frame
from tests.model_folders import exif, picture

FACTS = {"model": "of the test 1", "score": None}


class Watching:
    """A detector that finds the same log in every picture of a place, and now and then a deer beside it."""

    name, version, sha256, score_threshold = "watching", "1", "0" * 64, 0.3
    place = View(160, 120, np.random.default_rng(1).integers(0, 255, (120, 160), dtype=np.uint8).tobytes(), 0.3)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def detect(self, frame: Frame) -> DetectedFrame:
        self.asked.append(Path(frame.name).name)
        number = int(Path(frame.name).stem)
        log = Detection("animal", "animal", 0.5, BBox(0.1, 0.3, 0.2, 0.3))
        deer = Detection("Cervidae", "deer", 0.9, BBox(0.6, 0.3, 0.2, 0.3))
        return DetectedFrame(40, 30, (deer, log) if number % 4 == 0 else (log,), view=self.place)

    def close(self) -> None:
        pass


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Bursts of three every ten minutes, in two folders, with files between that are no picture or have no time."""
    made = []
    for number in range(48):
        path = tmp_path / "card" / ("100RECNX" if number < 36 else "101RECNX") / f"{number:03}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        burst, position = divmod(number, 3)
        taken = f"2026:06:01 {burst // 6:02}:{burst % 6 * 10:02}:{position:02}"
        data = b"" if number % 11 == 10 else picture(exif=exif(taken if number % 13 else ""))
        path.write_bytes(data)
        made.append(path)
    return made


def run(path: Path, files: Sequence[Path], *, resumes: bool = False, most: int | None = None) -> Watching:
    """What `process` does, interrupted after ``most`` lines; gives the detector that was asked."""
    detector, grouping = Watching(), EventGrouping()
    given: Iterator[Path] = iter(files)
    with ResultLines(path, FACTS, resume=resumes) as lines:
        before: tuple[tuple[Path, ...], ...] = ()
        if lines.resumed:
            known = resume(lines, given, grouping)
            given, before = chain(known.again, given), known.before
        for written, result in enumerate(process_files(given, detector, grouping=grouping, before=before)):
            if written == most:
                raise KeyboardInterrupt
            lines.write(result.as_json())
    return detector


def interrupted(path: Path, files: Sequence[Path], most: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(path, files, most=most)


def test_wherever_it_stopped_the_end_is_the_same(tmp_path: Path, files: list[Path]) -> None:
    """After any number of lines, and with the last one torn: byte for byte, none doubled, none lost.

    The events, the names that a burst agrees on and what the background suppresses are among the bytes.
    """
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    run(whole, files)
    expected = whole.read_bytes()
    said = [json.loads(line) for line in expected.splitlines()]
    assert len({each["event"] for each in said}) > 2
    counts = [each["counts"] for each in said if each["counts"] is not None and each["timestamp"]]
    assert {"animal": 1} in counts[:9]
    assert {"animal": 1} not in counts[24:30], "the log is left out once it is known"
    for most in range(2, len(files), 3):
        interrupted(part, files, most)
        torn = part.read_bytes()
        part.write_bytes(torn + expected[len(torn) : len(torn) + most % 40])
        run(part, files, resumes=True)
        assert part.read_bytes() == expected, most
        assert not part.with_name(part.name + UNFINISHED).exists()


def test_what_is_done_is_not_done_again(tmp_path: Path, files: list[Path]) -> None:
    """Only the burst that may be half written, and in this folder the bursts from which the background is learned."""
    path = tmp_path / "part.jsonl"
    interrupted(path, files, 44)
    asked = run(path, files, resumes=True).asked
    assert set(asked).isdisjoint({file.name for file in files[:36]})
    assert asked.count(files[47].name) == 1


def test_zeros_at_the_end_are_cut_off(tmp_path: Path, files: list[Path]) -> None:
    """As a power cut leaves them where the file had grown and its data was not yet written."""
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    run(whole, files)
    interrupted(part, files, 20)
    with part.open("ab") as file:
        file.write(bytes(5000))
    run(part, files, resumes=True)
    assert part.read_bytes() == whole.read_bytes()


def test_a_beginning_needs_nothing_to_go_on_with(tmp_path: Path, files: list[Path]) -> None:
    """The same command does for the first time and for the next: no file, or an empty one, is a beginning."""
    path = tmp_path / "new.jsonl"
    run(path, files, resumes=True)
    (tmp_path / "empty.jsonl").touch()
    run(tmp_path / "empty.jsonl", files, resumes=True)
    assert (tmp_path / "empty.jsonl").read_bytes() == path.read_bytes()


def refused(path: Path, files: Sequence[Path]) -> str:
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        run(path, files, resumes=True)
    assert path.read_bytes() == before, "what is refused is left as it is"
    return str(caught.value)


def test_a_finished_file_is_not_gone_on_with(tmp_path: Path, files: list[Path]) -> None:
    run(tmp_path / "a.jsonl", files)
    assert "is finished" in refused(tmp_path / "a.jsonl", files)


def test_other_facts_are_refused_by_name(tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(tmp_path / "a.jsonl", files, 5)
    monkeypatch.setitem(FACTS, "score", 0.5)  # type: ignore[arg-type]
    assert "score: null then, 0.5 now" in refused(tmp_path / "a.jsonl", files)


def test_other_files_are_refused_by_name(tmp_path: Path, files: list[Path]) -> None:
    """Files in another place or order, one that was removed, and fewer than there are lines."""
    path = tmp_path / "a.jsonl"
    interrupted(path, files, 12)
    assert f"line 3 is of {files[2]}" in refused(path, [*files[:2], *files[3:]])
    assert "line 1 is of" in refused(path, files[::-1])
    assert "is not among those given" in refused(path, files[:4])


@pytest.mark.parametrize("sidecar", ["", "[1]", "{}", "not JSON"])
def test_a_damaged_note_of_what_was_begun_is_refused(tmp_path: Path, files: list[Path], sidecar: str) -> None:
    interrupted(tmp_path / "a.jsonl", files, 5)
    (tmp_path / f"a.jsonl{UNFINISHED}").write_text(sidecar)
    assert refused(tmp_path / "a.jsonl", files)


def test_two_runs_at_once_are_kept_apart(tmp_path: Path, files: list[Path]) -> None:
    """The second is refused and touches nothing."""
    path = tmp_path / "a.jsonl"
    with ResultLines(path, FACTS) as lines:
        lines.write({"file": "x"})
        for resumes in (False, True):
            with pytest.raises(UsageError, match="another process"):
                ResultLines(path, FACTS, resume=resumes)
    assert path.read_text() == '{"file": "x"}\n'


def test_a_file_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write to"):
        ResultLines(tmp_path, FACTS)


def test_any_name_of_a_file_comes_back(tmp_path: Path) -> None:
    """Also one that is no text: it is written as an escape and read as the same name."""
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [b"\xff\xfe.jpg", "\N{BIRD}.jpg".encode(), b'quote".jpg', b"new\nline.jpg"]
    files = [Path(str(folder), name.decode("utf-8", "surrogateescape")) for name in sorted(names)]
    for file in files:
        file.write_bytes(b"")
    interrupted(tmp_path / "a.jsonl", files, 3)
    run(tmp_path / "a.jsonl", files, resumes=True)
    assert [json.loads(line)["file"] for line in (tmp_path / "a.jsonl").read_text().splitlines()] == [
        str(file) for file in files
    ]


def test_an_interrupted_run_is_not_begun_anew_by_oversight(tmp_path: Path, files: list[Path]) -> None:
    """Without --resume its lines stay and the way on is told; without its note it is begun anew."""
    path = tmp_path / "a.jsonl"
    interrupted(path, files, 7)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="an interrupted run lies in"):
        ResultLines(path, FACTS)
    assert path.read_bytes() == before
    path.with_name(path.name + UNFINISHED).unlink()
    with ResultLines(path, FACTS):
        assert path.read_bytes() == b""


def test_a_run_that_cannot_begin_leaves_the_old_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that is full, or a folder that may not be written to, is noticed before anything is emptied."""
    path = tmp_path / "a.jsonl"
    path.write_text("old\n", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("cameratrap.app.result_lines.write_durably", full)
    with pytest.raises(UsageError, match="cannot write to"):
        ResultLines(path, FACTS)
    assert path.read_text(encoding="utf-8") == "old\n"
