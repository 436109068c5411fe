"""Pictures of a folder: their own times where they have them, assumed ones where they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from cameratrap.replay.folder_pictures import assumed_times, midnight_after, read_pictures
from tests.fakes import jpeg, write_pictures

ZONE = timezone(timedelta(hours=2))


def local(*numbers: int) -> datetime:
    return datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001 - cameras write local times


def test_each_file_is_a_picture_or_refused_with_the_reason(tmp_path: Path) -> None:
    """Times in the station's zone; what has none, or one of a clock that was not set, says so."""
    write_pictures(tmp_path, {
        "a/timed.jpg": (1, local(2026, 6, 1, 5, 0, 0)), "b.jpg": (2, None), "c.jpg": (3, local(1970, 1, 1, 0, 0, 1)),
        "f.jpg": (5, local(2099, 1, 1, 0, 0, 1)),
    })  # fmt: skip
    (tmp_path / "d.jpg").write_bytes(b"no picture")
    (tmp_path / "e.png").write_bytes(jpeg(4))
    paths = [tmp_path / name for name in ("a/timed.jpg", "b.jpg", "c.jpg", "d.jpg", "e.png", "f.jpg", "gone.jpg")]
    found = read_pictures(tmp_path, paths, ZONE)
    timed, without, unset, ahead = found.pictures
    assert timed.timed is not None
    assert (timed.name, timed.timed.captured_at) == ("a/timed.jpg", datetime(2026, 6, 1, 5, tzinfo=ZONE))
    assert (without.timed, without.why) == (None, "its EXIF does not say when it was taken")
    assert unset.timed is ahead.timed is None
    assert "1970-01-01, is that of a clock that was not set" in unset.why
    assert "2099-01-01, is that of a clock that was not set" in ahead.why
    assert [path.name for path, _ in found.refused] == ["d.jpg", "e.png", "gone.jpg"]
    assert all(why for _, why in found.refused)


def test_assumed_times_are_an_hour_apart_in_order(tmp_path: Path) -> None:
    """An hour is longer than the usual interval: two pictures of which nothing is known are not one event."""
    write_pictures(tmp_path, {name: (seed, None) for seed, name in enumerate(("1.jpg", "2.jpg", "3.jpg"))})
    start = datetime(2026, 6, 1, tzinfo=UTC)
    found = read_pictures(tmp_path, sorted(tmp_path.iterdir()), UTC)
    pictures = assumed_times(found.pictures, start)
    assert [picture.captured_at - start for picture in pictures] == [timedelta(hours=hour) for hour in range(3)]
    assert [picture.name for picture in pictures] == ["1.jpg", "2.jpg", "3.jpg"]
    assert len({picture.sha256 for picture in pictures}) == 3


def test_the_next_day_starts_at_midnight_in_the_same_offset() -> None:
    assert midnight_after(datetime(2026, 12, 31, 23, 59, tzinfo=ZONE)) == datetime(2027, 1, 1, tzinfo=ZONE)
