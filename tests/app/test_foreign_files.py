"""Pictures of other makers: when they were taken, what one trigger took, and what says neither."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.find_files import find_images
from cameratrap.app.foreign_files import ForeignFile, Unplaced, read_files, sequences
from cameratrap.app.maker_notes import CameraNote, read_note
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import UsageError
from tests.fakes import jpeg

ZONE = timezone(timedelta(hours=1))
START = datetime(2026, 6, 1, 5, tzinfo=ZONE)


def picture(name: str, at_s: float, note: CameraNote | None = None) -> ForeignFile:
    return ForeignFile(name, START + timedelta(seconds=at_s), 9, "image/jpeg", note=note)


def names(groups: list[list[ForeignFile]]) -> list[list[str]]:
    return [[each.path for each in group] for group in groups]


def test_pictures_seconds_apart_are_of_one_trigger() -> None:
    """Up to three seconds, whatever the order they come in; never those of two folders, and a clip stands alone."""
    files = [picture("b", 3), picture("a", 0), picture("c", 6.5), picture("x/a", 1)]
    clip = ForeignFile("c.mp4", START + timedelta(seconds=7), 9, "video/mp4")
    assert names(list(sequences([*files, clip]))) == [["a", "b"], ["c"], ["c.mp4"], ["x/a"]]


def test_a_camera_that_counts_its_pictures_is_believed() -> None:
    """The next of three is the same trigger also after ten seconds, another first one is not after one."""

    def note(position: int, of: int = 3) -> CameraNote:
        return CameraNote(TriggerCause.PIR, position, of, infrared=False)

    files = [
        picture("a", 0, note(1)), picture("b", 10, note(2)), picture("c", 20, note(3)), picture("d", 21, note(1)),
        picture("e", 200, note(2)),
    ]  # fmt: skip
    assert names(list(sequences(files))) == [["a", "b", "c"], ["d"], ["e"]]


@given(st.lists(st.tuples(st.integers(0, 10), st.sampled_from(["", "x/", "y/"])), max_size=30))
def test_every_file_is_in_one_sequence(places: list[tuple[int, str]]) -> None:
    """None is lost, none is twice, and within a sequence no gap is longer than it may be."""
    files = [picture(f"{folder}{n}", 2 * at) for n, (at, folder) in enumerate(places)]
    groups = list(sequences(files))
    assert sorted(each.path for group in groups for each in group) == sorted(each.path for each in files)
    for group in groups:
        gaps = [after.taken - before.taken for before, after in pairwise(group)]
        assert all(timedelta(0) <= gap <= timedelta(seconds=3) for gap in gaps)


def test_a_time_without_offset_needs_one(tmp_path: Path) -> None:
    """Refused with the option that says it; with it, that clock's time."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(1, taken=START.replace(tzinfo=None)))
    with pytest.raises(UsageError, match="without an offset") as raised:
        list(read_files(tmp_path, [path], None))
    assert "--timezone" in raised.value.hint
    (read,) = read_files(tmp_path, [path], ZONE)
    assert isinstance(read, ForeignFile)
    assert (read.taken, read.width, read.height, read.mediatype) == (START, 48, 36, "image/jpeg")


def test_what_says_no_time_or_is_damaged_is_named(tmp_path: Path) -> None:
    """Each with why, and the others are read."""
    (tmp_path / "none.jpg").write_bytes(jpeg(1))
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(12))
    (tmp_path / "good.jpg").write_bytes(jpeg(2, taken=START.replace(tzinfo=None)))
    read = list(read_files(tmp_path, sorted(tmp_path.iterdir()), ZONE))
    assert [(each.path, isinstance(each, Unplaced)) for each in read] == [
        ("clip.mp4", True),
        ("good.jpg", False),
        ("none.jpg", True),
        ("text.jpg", True),
    ]
    assert "does not say when" in next(each.why for each in read if isinstance(each, Unplaced))


@given(st.binary(max_size=200))
def test_a_note_that_is_none_says_nothing(data: bytes) -> None:
    """Whatever a maker writes there."""
    assert read_note(data) is None or data[:2] == b"\x01\xf1"


def test_a_hyperfire_says_its_sequence_and_its_lamp() -> None:
    """By the places of ExifTool's table."""
    words = [0] * 0x40
    words[0], words[6], words[7], words[8], words[0x28] = 0xF101, ord("T"), 2, 5, 1
    note = struct.pack("<64H", *words)
    assert read_note(note) == CameraNote(TriggerCause.TIMELAPSE, 2, 5, infrared=True)
    assert read_note(note[:40]) is None


def test_real_cameras_notes_agree_with_their_light(shared_data: Path) -> None:
    """Of pictures that HyperFires took, those of one name by day and by night: the lamp is lit in the dark."""
    folder = shared_data / "images" / "conservationtechlab+animl-py"
    files = read_files(folder, find_images([folder]), timezone(timedelta(hours=-8)))
    read = [each for each in files if isinstance(each, ForeignFile) and each.note is not None]
    assert len(read) > 10
    for each in read:
        assert each.note is not None
        assert each.note.cause is TriggerCause.PIR
        assert 1 <= each.note.position <= each.note.of == 3
        if 9 <= each.taken.hour < 17:
            assert not each.note.infrared
        if each.taken.hour in (22, 23, 0, 1, 2, 3):
            assert each.note.infrared
