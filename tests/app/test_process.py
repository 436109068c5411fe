"""One result a file, in order, whatever the files are and however many are looked at at once; what makes an event."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.process import EventGrouping, process_files
from cameratrap.app.processed import ProcessedFile
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.events import IndependenceRule
from cameratrap.errors import ImageError, ModelError
from cameratrap.ports import Frame
from tests.model_folders import exif, picture

BIRD = Detection("Aves", "bird", 0.912345, BBox(0.1, 0.2, 0.3, 0.4))
OTHER_BIRD = Detection("Aves", "bird", 0.812345, BBox(0.6, 0.2, 0.3, 0.4))
HALF_HOUR = timedelta(minutes=30)
START = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)


class Scripted:
    """A detector that answers in turn; an exception in the script is raised."""

    name, version, score_threshold = "scripted", "1", None

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


class ByName:
    """A detector that finds as many birds as the file's number says, and takes longest for the first ones."""

    name, version, score_threshold = "by-name", "1", None

    def __init__(self) -> None:
        self.closed = False
        self.threads: set[int] = set()
        self.busy = threading.Lock()

    def detect(self, frame: Frame) -> DetectedFrame:
        assert self.busy.acquire(blocking=False), "a detector is for one thread at a time"
        number = int(Path(frame.name).stem)
        time.sleep(0.02 if number % 5 == 0 else 0.001)
        self.threads.add(threading.get_ident())
        self.busy.release()
        if number == 97:
            raise ModelError("the model failed on a picture")
        boxes = [BBox(0.1 * place, 0.1, 0.05, 0.05) for place in range(number % 4)]
        return DetectedFrame(40, 30, tuple(Detection("Aves", "bird", 0.9, box) for box in boxes))

    def close(self) -> None:
        self.closed = True


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def run(files: Sequence[Path], detector: Scripted, **options: object) -> list[ProcessedFile]:
    return list(process_files(files, detector, **options))  # type: ignore[arg-type]


def test_a_picture_gives_the_object_the_interface_promises(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jpg", picture(exif=exif(offset="+02:00")))
    (result,) = run([file], Scripted([BIRD, OTHER_BIRD]))
    assert result.as_json() == {
        "file": str(file), "width": 40, "height": 30, "timestamp": "2026-06-01T05:12:09+02:00", "event": str(file),
        "detections": [
            {"taxon": "Aves", "model_label": "bird", "score": 0.9123, "bbox": [0.1, 0.2, 0.3, 0.4]},
            {"taxon": "Aves", "model_label": "bird", "score": 0.8123, "bbox": [0.6, 0.2, 0.3, 0.4]},
        ],
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
    results = process_files(files, Watching())
    next(results)
    assert len(held) == 1
    assert len(list(results)) == 3
    assert held == [held[0]] * 4


def numbered(folder: Path, count: int) -> list[Path]:
    """Pictures twenty minutes apart; every ninth file is no picture."""
    return [
        write(folder, f"{n:03}.jpg", picture(exif=exif(f"2026:06:01 {n // 3:02}:{n % 3 * 20:02}:00")) if n % 9 else b"")
        for n in range(count)
    ]


@pytest.mark.parametrize("jobs", [2, 5])
def test_any_number_of_jobs_says_the_same_in_the_same_order(tmp_path: Path, jobs: int) -> None:
    """In several threads, never two at one detector, and all of them are closed at the end."""
    files = numbered(tmp_path, 40)
    opened: list[ByName] = []

    def another() -> ByName:
        opened.append(ByName())
        return opened[-1]

    first = ByName()
    alone = [result.as_json() for result in process_files(files, ByName())]
    several = [result.as_json() for result in process_files(files, first, jobs=jobs, another=another)]
    assert several == alone
    assert [each["file"] for each in several] == [str(file) for file in files]
    assert 1 <= len(opened) < jobs
    assert len(set.union(*(each.threads for each in (first, *opened)))) > 1
    assert all(each.closed for each in (first, *opened))


def test_what_lies_ahead_is_not_piled_up(tmp_path: Path) -> None:
    """However many files there are, a few are begun before their results are wanted."""
    files = numbered(tmp_path, 60)
    taken = 0

    def counted() -> Iterator[Path]:
        nonlocal taken
        for file in files:
            taken += 1
            yield file

    results = process_files(counted(), ByName(), jobs=2, another=ByName)
    next(results)
    assert taken <= 10
    results.close()
    assert taken <= 10


def test_a_model_that_fails_ends_it_all(tmp_path: Path) -> None:
    """Not a picture's fault: the error comes out, after the results before it, and nothing is left running."""
    files = [write(tmp_path, f"{n}.jpg", picture()) for n in (1, 2, 97, 4, 5)]
    first = ByName()
    results = process_files(files, first, jobs=2, another=ByName)
    assert [next(results).file, next(results).file] == [str(file) for file in files[:2]]
    with pytest.raises(ModelError):
        next(results)
    assert first.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("work")]


def test_several_jobs_need_a_way_to_open_detectors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another detector"):
        list(process_files(numbered(tmp_path, 9)[1:], ByName(), jobs=2))


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


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12).map(sorted), st.data(), st.sampled_from(IndependenceRule))
def test_a_grouping_that_is_told_what_was_named_goes_on_as_before(
    minutes: list[float], data: st.DataObject, rule: IndependenceRule
) -> None:
    """Wherever a run was interrupted, the next names are those of a run that was not."""
    split = data.draw(st.integers(0, len(minutes)))
    named = events(minutes, rule)
    grouping = EventGrouping(HALF_HOUR, rule)
    files = [(Path(f"card/{n}.jpg"), START + timedelta(minutes=minute)) for n, minute in enumerate(minutes)]
    for (file, taken), event in zip(files[:split], named, strict=False):
        grouping.remember(file, taken, f"card/{event}.jpg")
    assert [grouping.event_of(file, taken) for file, taken in files[split:]] == [
        f"card/{event}.jpg" for event in named[split:]
    ]


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
    assert ProcessedFile("a", timestamp=taken).as_json()["timestamp"] == f"2026-06-01T{text}+00:00"
