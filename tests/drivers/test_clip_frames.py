"""Frames out of clips: the right ones, upright in time, and a reason for every clip that is not whole."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameratrap.app.clips import ClipFrame
from cameratrap.drivers import clip_frames
from cameratrap.drivers.clip_frames import sample_clip
from cameratrap.errors import ImageError
from tests.clip_files import write_clip


def grey(frame: ClipFrame) -> float:
    return float(cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).mean())


def sampled(path: Path, frame_rate: float = 1.0) -> tuple[list[ClipFrame], str]:
    """The frames, and the reason why there are no more of them."""
    frames: list[ClipFrame] = []
    try:
        for frame in sample_clip(path, frame_rate):
            frames.append(frame)  # noqa: PERF402 - what came before the error counts too
    except ImageError as error:
        return frames, str(error)
    return frames, ""


@pytest.mark.parametrize("extension", [".mp4", ".avi", ".mov", ".mkv", ".MP4"])
@pytest.mark.parametrize(("frame_rate", "expected"), [(1, [0, 10, 20]), (2, [0, 5, 10, 15, 20]), (0.1, [0])])
def test_so_many_frames_a_second(tmp_path: Path, extension: str, frame_rate: float, expected: list[int]) -> None:
    """Of 25 frames in 2.5 seconds; each says when it was and is the one it says."""
    frames, reason = sampled(write_clip(tmp_path / f"a{extension}", 25), frame_rate)
    assert reason == ""
    assert [frame.offset_s for frame in frames] == [number / 10 for number in expected]
    assert [grey(frame) for frame in frames] == pytest.approx(expected, abs=3)
    assert {(frame.width, frame.height) for frame in frames} == {(96, 64)}


def test_a_rate_above_the_clips_own_takes_every_frame(tmp_path: Path) -> None:
    assert len(sampled(write_clip(tmp_path / "a.avi", 12), 60)[0]) == 12


@pytest.mark.parametrize("name", [b"100%d.mp4", b"http:example.org.mp4", b"\xff\xfe.mp4", b"-i.mp4"])
def test_a_name_is_only_a_name(tmp_path: Path, name: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a pattern, an address, an option; nor need it be text."""
    write_clip(tmp_path / "clip.mp4", 3)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").rename(tmp_path / os.fsdecode(name))
    assert len(sampled(Path(os.fsdecode(name)))[0]) == 1


def test_a_clip_that_is_cut_off_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.avi", 100).read_bytes()
    (tmp_path / "a.avi").write_bytes(data[: len(data) // 2])
    frames, reason = sampled(tmp_path / "a.avi")
    assert 2 <= len(frames) <= 6
    assert "cut off or damaged" in reason
    assert "of its 100 frames" in reason


def test_an_mp4_without_its_index_cannot_be_opened(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And the decoder's own words about it stay away from the terminal."""
    data = write_clip(tmp_path / "a.mp4", 100).read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[: data.index(b"moov")])
    assert sampled(tmp_path / "a.mp4") == (
        [],
        "the clip cannot be opened: it is damaged, cut off, or of an unknown coding",
    )
    assert capfd.readouterr().err == ""


def test_a_claim_of_a_billion_frames_costs_nothing(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi", 30)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"avih") + 24, 10**9)
    struct.pack_into("<I", data, data.index(b"strh") + 40, 10**9)
    path.write_bytes(data)
    frames, reason = sampled(path)
    assert len(frames) == 3
    assert "30 of its 1000000000 frames" in reason


@pytest.mark.parametrize(("limit", "value"), [("MAX_CLIP_S", 1.5), ("MAX_FRAMES", 16), ("MAX_SAMPLES", 2)])
def test_a_clip_that_is_too_long_is_looked_at_as_far_as_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(clip_frames, limit, value)
    frames, reason = sampled(write_clip(tmp_path / "a.avi", 60))
    assert len(frames) == 2
    assert "too long: only its first 1 s" in reason or "too long: only its first 2 s" in reason


def test_frames_beyond_the_pixel_limit_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_frames, "MAX_PIXELS", 95 * 64)
    frames, reason = sampled(write_clip(tmp_path / "a.avi", 3))
    assert (frames, reason.startswith("the clip's frames are too large: 96 x 64")) == ([], True)


def test_no_damage_inside_is_worse_than_a_reason(tmp_path: Path) -> None:
    """Bytes changed all over: frames, or an ImageError."""
    data = write_clip(tmp_path / "a.mp4", 40).read_bytes()
    random = np.random.default_rng(1)
    for _ in range(40):
        damaged = bytearray(data)
        for place in random.integers(0, len(data), 20):
            damaged[place] = random.integers(0, 256)
        (tmp_path / "b.mp4").write_bytes(damaged)
        frames, reason = sampled(tmp_path / "b.mp4")
        assert frames or reason


def test_real_clips(shared_data: Path) -> None:
    """Eleven clips of camera traps: whole, one frame a second from the first to the last."""
    clips = sorted((shared_data / "video").iterdir())
    assert len(clips) == 11
    for path in clips:
        frames, reason = sampled(path)
        assert reason == ""
        assert [frame.offset_s for frame in frames] == pytest.approx(range(len(frames)), abs=0.1)
