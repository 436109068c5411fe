"""What every Camera keeps, whatever takes its pictures."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from cameratrap.domain.capture import BurstProfile
from cameratrap.drivers import steady_camera
from cameratrap.errors import DeviceError
from cameratrap.ports import Frame
from tests.camera_sites import CAMERAS, STALLING, CameraSite

PROFILE = BurstProfile(4, 0.03)


@pytest.fixture(params=CAMERAS)
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CameraSite]:
    """A camera of each kind; closed afterwards."""
    monkeypatch.setattr(steady_camera, "RESTART_PAUSE_S", 0.01)
    with ExitStack() as stack:
        site = CAMERAS[request.param](stack, tmp_path)
        stack.callback(site.camera.close)
        stack.callback(site.flow)
        yield site


def burst(site: CameraSite) -> list[Frame]:
    return list(site.camera.capture_burst(site.trigger, PROFILE))


def expected(site: CameraSite) -> int:
    return PROFILE.count if site.plays is None else site.plays


def test_frames_come_in_order_and_say_their_place(site: CameraSite) -> None:
    """As many as were asked for, or as a recording has; each knows how many there are."""
    count = expected(site)
    assert [(frame.position, frame.of) for frame in burst(site)] == [(n, count) for n in range(1, count + 1)]


def test_every_frame_is_a_whole_jpeg(site: CameraSite) -> None:
    """To its last byte."""
    for frame in burst(site):
        with Image.open(io.BytesIO(frame.jpeg), formats=["JPEG"]) as image:
            image.load()
            assert image.width > 0
        assert frame.jpeg.endswith(b"\xff\xd9")


def test_times_are_aware_and_ascend(site: CameraSite) -> None:
    """No two pictures of a burst are of one moment."""
    times = [frame.captured_at for frame in burst(site)]
    assert all(moment.utcoffset() is not None for moment in times)
    assert all(before < after for before, after in pairwise(times))


def test_a_live_camera_spaces_its_pictures_on_this_boots_clock(site: CameraSite) -> None:
    """From the start of one exposure to the start of the next; a recording has no such time."""
    began_s = time.monotonic()
    starts = [frame.monotonic_s for frame in burst(site)]
    if not site.live:
        assert starts == [None] * expected(site)
        return
    known = [start for start in starts if start is not None]
    assert len(known) == PROFILE.count
    assert all(after - before >= PROFILE.spacing_s - 0.001 for before, after in pairwise(known))
    assert began_s - 1.0 < known[0] <= known[-1] <= time.monotonic()


def test_what_only_a_live_camera_knows(site: CameraSite) -> None:
    """Brightness and lamp of each picture; None in a recording."""
    for frame in burst(site):
        if site.live:
            assert frame.lamp is False
            assert frame.brightness is not None
            assert 0 <= frame.brightness <= 255
        else:
            assert (frame.lamp, frame.brightness) == (None, None)


def test_a_frame_is_there_before_the_next_is_taken(site: CameraSite) -> None:
    """A power cut in the middle of a burst costs what was not taken yet, and nothing else."""
    frames = site.camera.capture_burst(site.trigger, BurstProfile(3, 0.5))
    began_s = time.monotonic()
    next(frames)
    assert time.monotonic() - began_s < 0.5
    frames.close()  # type: ignore[attr-defined]


def test_a_burst_that_is_left_early_does_not_hinder_the_next(site: CameraSite) -> None:
    """Whether its frames are let go of or still held."""
    for _ in range(2):
        held = site.camera.capture_burst(site.trigger, PROFILE)
        next(held)
        assert len(burst(site)) == expected(site)


def test_nothing_happened_to_a_camera_that_works(site: CameraSite) -> None:
    """Asked before, between and after."""
    assert site.camera.incidents() == ()
    burst(site)
    assert site.camera.incidents() == ()


def test_closing_twice_is_harmless(site: CameraSite) -> None:
    """Whoever opens a camera may close it in every case."""
    burst(site)
    site.camera.close()
    site.camera.close()


@pytest.mark.parametrize("site", STALLING, indirect=True)
def test_a_camera_that_stalls_is_given_up_and_tried_again(site: CameraSite) -> None:
    """DeviceError, not silence; what happened is told once, and so is that it works again."""
    site.stall()
    began_s = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        burst(site)
    assert caught.value.device == "camera"
    assert time.monotonic() - began_s < 5.0
    told = site.camera.incidents()
    assert {(incident.device, incident.recovered) for incident in told} == {("camera", False)}
    assert all(began_s <= incident.monotonic_s <= time.monotonic() for incident in told)
    assert site.camera.incidents() == ()
    site.flow()
    assert len(burst(site)) == PROFILE.count
    assert [incident.recovered for incident in site.camera.incidents()] == [True]
