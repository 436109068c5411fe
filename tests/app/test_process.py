"""One result an image, in order, whatever the files are; and which pictures make an event."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.process import EventGrouping, ProcessedImage, process_images
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.events import IndependenceRule
from cameratrap.errors import ImageError
from cameratrap.ports import Frame
from tests.model_folders import exif, picture

BIRD = Detection("Aves", "bird", 0.912345, BBox(0.1, 0.2, 0.3, 0.4))
HALF_HOUR = timedelta(minutes=30)
START = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)


class Scripted:
    """A detector that answers in turn; an exception in the script is raised."""

    name, version, recorded = "scripted", "1", False

    def __init__(self, *answers: Sequence[Detection] | Exception) -> None:
        self.answers = list(answers)
        self.seen: list[Frame] = []

    def detect(self, frame: Frame) -> DetectedFrame:
        self.seen.append(frame)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return DetectedFrame(40, 30, tuple(answer))

    def close(self) -> None:
        pass


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def run(files: Sequence[Path], detector: Scripted, **options: object) -> list[ProcessedImage]:
    return list(process_images(files, detector, **options))  # type: ignore[arg-type]


def test_a_picture_gives_the_object_the_interface_promises(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jpg", picture(exif=exif(offset="+02:00")))
    (result,) = run([file], Scripted([BIRD, BIRD]))
    assert result.as_json() == {
        "file": str(file), "width": 40, "height": 30, "timestamp": "2026-06-01T05:12:09+02:00", "event": str(file),
        "detections": [{"taxon": "Aves", "model_label": "bird", "score": 0.9123, "bbox": [0.1, 0.2, 0.3, 0.4]}] * 2,
        "counts": {"Aves": 2}, "error": None,
    }  # fmt: skip


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    """In order; a picture whose data turns out damaged still has the size its header states."""
    files = [
        write(tmp_path, "1.jpg", b""),
        write(tmp_path, "2.jpg", picture()),
        write(tmp_path, "3.jpg", picture()),
    ]
    results = run(files, Scripted(ImageError("the picture cannot be decoded"), []))
    assert [(result.error, result.detections, result.counts, result.width) for result in results] == [
        ("the file is empty", None, None, None),
        ("the picture cannot be decoded", None, None, 40),
        (None, (), {}, 40),
    ]


def test_the_zone_is_for_times_without_one(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "1.jpg", picture(exif=exif())),
        write(tmp_path, "2.jpg", picture(exif=exif(offset="-03:00"))),
    ]
    with_zone = run(files, Scripted([], []), zone=UTC)
    assert [result.as_json()["timestamp"] for result in with_zone] == [
        "2026-06-01T05:12:09+00:00",
        "2026-06-01T05:12:09-03:00",
    ]
    assert run(files, Scripted([], []))[0].as_json()["timestamp"] == "2026-06-01T05:12:09"


def test_one_picture_is_held_at_a_time(tmp_path: Path) -> None:
    """Each is read when its turn comes, and none outlives its turn: memory does not grow with the folder."""
    held: list[int] = []

    class Watching(Scripted):
        def detect(self, frame: Frame) -> DetectedFrame:
            held.append(sum(isinstance(each, Frame) for each in gc.get_objects()))
            return DetectedFrame(40, 30, (BIRD,))

    gc.collect()
    files = [write(tmp_path, f"{n}.jpg", picture()) for n in range(4)]
    results = process_images(files, Watching())
    next(results)
    assert len(held) == 1
    assert len(list(results)) == 3
    assert held == [held[0]] * 4


def test_blank_pictures_and_pictures_without_a_time_have_no_event(tmp_path: Path) -> None:
    files = [write(tmp_path, "1.jpg", picture(exif=exif())), write(tmp_path, "2.jpg", picture())]
    assert [result.event for result in run(files, Scripted([], [BIRD]))] == [None, None]


def events(minutes: Sequence[float], rule: IndependenceRule) -> list[str]:
    grouping = EventGrouping(HALF_HOUR, rule)
    return [
        grouping.event_of(Path(f"card/{n}.jpg"), START + timedelta(minutes=minute))
        .removeprefix("card/")
        .removesuffix(".jpg")
        for n, minute in enumerate(minutes)
    ]


def test_an_event_lasts_until_the_interval_has_passed() -> None:
    """Named by the first picture; exactly the interval apart is independent, as in the tables of a card."""
    assert events([0, 29.9, 59.8, 89.8], IndependenceRule.LAST_RECORD) == ["0", "0", "0", "3"]
    assert events([0, 29.9, 59.8, 89.8], IndependenceRule.LAST_INDEPENDENT_RECORD) == ["0", "0", "2", "3"]


@given(st.lists(st.floats(0, 600), max_size=12).map(sorted))
def test_neighbours_share_an_event_exactly_when_they_are_close(minutes: list[float]) -> None:
    named = events(minutes, IndependenceRule.LAST_RECORD)
    times = [START + timedelta(minutes=minute) for minute in minutes]
    for n in range(1, len(minutes)):
        assert (named[n] == named[n - 1]) is (times[n] - times[n - 1] < HALF_HOUR)


def test_folders_are_deployments_and_clocks_may_jump() -> None:
    grouping = EventGrouping(HALF_HOUR, IndependenceRule.LAST_RECORD)
    assert grouping.event_of(Path("a/1.jpg"), START) == "a/1.jpg"
    assert grouping.event_of(Path("b/1.jpg"), START) == "b/1.jpg"
    assert grouping.event_of(Path("a/2.jpg"), START) == "a/1.jpg"
    assert grouping.event_of(Path("a/3.jpg"), START - timedelta(days=400)) == "a/3.jpg"
    assert grouping.event_of(Path("a/4.jpg"), (START - timedelta(days=400)).replace(tzinfo=None)) == "a/4.jpg"


@pytest.mark.parametrize(("micros", "text"), [(0, "05:12:09"), (125_000, "05:12:09.125")])
def test_milliseconds_are_written_where_there_are_any(micros: int, text: str) -> None:
    taken = datetime(2026, 6, 1, 5, 12, 9, micros, UTC)
    assert ProcessedImage("a", timestamp=taken).as_json()["timestamp"] == f"2026-06-01T{text}+00:00"
