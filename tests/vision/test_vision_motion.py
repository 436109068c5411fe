"""What counts as motion and what does not, on scenes drawn here, where the truth is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from numpy.typing import NDArray

from cameratrap.vision.motion import MotionDetector, MotionReason, MotionSettings, MotionVerdict

Luma = NDArray[np.uint8]
WIDTH, HEIGHT, FPS = 640, 480, 5.0


def ground(seed: int = 1) -> np.ndarray:
    """Leaves and twigs of all sizes, between dark and bright."""
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    leaves = 120 * cv2.GaussianBlur(noise, (0, 0), 2.0) + 400 * cv2.GaussianBlur(noise, (0, 0), 15.0)
    return np.asarray(110 + leaves, np.float32)


PLACE, NIGHT = ground(), ground(2) * 0.8


class Watched:
    """A detector and a camera that gives it frames at ``fps``, each with noise of its own."""

    def __init__(self, fps: float = FPS, settings: MotionSettings | None = None) -> None:
        self.detector = MotionDetector(settings)
        self.now_s = 100.0
        self._step_s = 1 / fps
        self._noise = np.random.default_rng(7).normal(0, 2, (3 * HEIGHT, 3 * WIDTH)).astype(np.float32)
        self._random = np.random.default_rng(8)

    def see(self, picture: np.ndarray, *, light_switched: bool = False) -> MotionVerdict:
        self.now_s += self._step_s
        return self.detector.look(self.sensed(picture), self.now_s, light_switched=light_switched)

    def sensed(self, picture: np.ndarray) -> Luma:
        (rows, columns), (down, over) = picture.shape, self._random.integers(0, (2 * HEIGHT, 2 * WIDTH))
        noise = self._noise[down : down + rows, over : over + columns]
        return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)

    def watch(self, frames: int, picture: Callable[[int], np.ndarray] = lambda _: PLACE) -> list[MotionVerdict]:
        return [self.see(picture(number)) for number in range(frames)]


def with_animal(place: np.ndarray, x: float, *, size: float = 1.0, luma: float = 215) -> np.ndarray:
    """A body and a head, 40 pixels high; ``x`` is the middle's in pixels."""
    drawn = place.copy()
    middle = round(x), 330
    cv2.ellipse(drawn, middle, (round(30 * size), round(16 * size)), 0, 0, 360, luma, -1)
    cv2.circle(drawn, (middle[0] + round(30 * size), middle[1] - round(14 * size)), round(9 * size), luma, -1)
    return drawn


def with_stripes(place: np.ndarray, x: int) -> np.ndarray:
    """The flank of a zebra right before the lens, 700 pixels long, its front at ``x + 700``."""
    drawn = place.copy()
    stripes = np.where(np.arange(700) // 35 % 2, 30.0, 220.0)
    left, right = max(0, x), min(WIDTH, x + 700)
    if left < right:
        drawn[40:, left:right] = stripes[left - x : right - x]
    return drawn


def crossing(step_px: float, **how: float) -> Callable[[int], np.ndarray]:
    return lambda number: with_animal(PLACE, -40 + step_px * number, **how)


def moved(verdicts: list[MotionVerdict]) -> int:
    return sum(verdict.moved for verdict in verdicts)


def reasons(verdicts: list[MotionVerdict]) -> set[MotionReason]:
    return {verdict.reason for verdict in verdicts}


@examples(max_examples=8)
@given(
    seed=st.integers(0, 2**31),
    brightness=st.floats(0.2, 1.5),
    drift=st.floats(-0.6, 0.6),
    fps=st.sampled_from([2.0, 5.0, 10.0]),
)
def test_a_place_where_nothing_happens_never_moves(seed: int, brightness: float, drift: float, fps: float) -> None:
    """Whatever the place, its brightness and the sensor's noise, also while the light slowly comes or goes."""
    place, camera = brightness * ground(seed), Watched(fps)
    verdicts = camera.watch(20, lambda number: place * (1 + drift * number / 20))
    assert not moved(verdicts)


@pytest.mark.parametrize(("step_px", "size"), [(60.0, 1.0), (20.0, 1.0), (3.0, 1.0), (10.0, 0.5), (40.0, 5.0)])
def test_an_animal_that_passes_is_found_where_it_is(step_px: float, size: float) -> None:
    """Fast, slow, small, and one that fills a third of the frame; the box holds its middle."""
    camera = Watched()
    camera.watch(10)
    passing = crossing(step_px, size=size)
    frames = min(60, round((WIDTH + 80) / step_px))
    found = [(n, verdict) for n in range(frames) if (verdict := camera.see(passing(n))).moved]
    assert len(found) >= 3
    inside = [(n, v) for n, v in found if 0 < -40 + step_px * n < WIDTH and v.box]
    meets = [v.box[0] - 0.1 <= (-40 + step_px * n) / WIDTH <= v.box[0] + v.box[2] + 0.1 for n, v in inside if v.box]
    assert sum(meets) >= 0.7 * len(meets) > 0


@pytest.mark.parametrize("passing_s", [0.6, 0.8, 1.0, 1.25])
@pytest.mark.parametrize("size", [0.6, 1.0, 3.0])
def test_an_animal_that_runs_past_is_found(passing_s: float, size: float) -> None:
    """Its places in two frames do not touch, but it is as large and as high above the ground in both."""
    camera = Watched()
    camera.watch(30)
    step_px = (WIDTH + 80 * size) / (passing_s * FPS)
    frames = round(passing_s * FPS) + 1
    passing = [with_animal(PLACE, -40 * size + step_px * (0.5 + number), size=size) for number in range(frames)]
    assert moved([camera.see(picture) for picture in passing]) >= 1


def test_what_leaps_up_and_down_is_brief() -> None:
    """A moth, or a drop: in two frames far from each other, and not at one height."""
    camera = Watched()
    camera.watch(30)
    for x, down in ((100, -150), (500, 60)):
        picture = np.roll(with_animal(PLACE, x), down, axis=0)
        picture[:] = np.where(np.abs(picture - np.roll(PLACE, down, axis=0)) > 1, picture, PLACE)
        assert camera.see(picture).reason is MotionReason.BRIEF


@pytest.mark.parametrize("luma", [40.0, 215.0])
def test_an_animal_right_before_the_lens_is_not_taken_for_the_light(luma: float) -> None:
    """It fills a third of the frame within two frames, and leaves the rest as it was."""
    camera = Watched()
    camera.watch(30)

    def passing(number: int) -> np.ndarray:
        drawn, right = PLACE.copy(), 240 * number
        body = drawn[100:430, max(0, right - 420) : right]
        body[:] = luma + 0.3 * (body - 110)
        return drawn

    verdicts = camera.watch(5, passing)
    assert moved(verdicts) >= 1
    assert MotionReason.LIGHT not in reasons(verdicts)


@pytest.mark.parametrize("fps", [1.0, 2.0, 10.0])
def test_an_animal_is_found_at_every_frame_rate(fps: float) -> None:
    """It crosses the frame in four seconds."""
    camera = Watched(fps)
    camera.watch(10)
    assert moved(camera.watch(round(4 * fps), crossing(180 / fps))) >= 1


def test_an_animal_in_the_dark_part_of_a_night_is_found() -> None:
    """A faint body, 12 greys above a dark ground, under infrared light that falls off."""
    place = 0.15 * NIGHT
    camera = Watched()
    camera.watch(10, lambda _: place)
    assert moved(camera.watch(20, lambda n: with_animal(place, 30 * n, luma=28 + 12))) >= 3


@pytest.mark.parametrize("gain", [0.4, 0.75, 1.6])
def test_light_that_changes_at_once_is_no_motion(gain: float) -> None:
    """An exposure step or the sun behind a cloud's edge: nothing of the place itself has changed."""
    camera = Watched()
    camera.watch(10)
    assert not moved(camera.watch(20, lambda _: np.clip(PLACE * gain, 0, 240)))


def test_the_soft_edge_of_a_cloud_is_no_motion() -> None:
    """It darkens a part of the frame by half while it comes over the scene, and is not taken for the light's switch."""
    camera, columns = Watched(), np.arange(WIDTH, dtype=np.float32)
    camera.watch(10)

    def shaded(number: int) -> np.ndarray:
        return PLACE * (1 - 0.5 / (1 + np.exp((columns - 25 * number) / 60)))

    verdicts = camera.watch(40, shaded)
    assert not moved(verdicts)
    assert MotionReason.LIGHT not in reasons(verdicts)


@pytest.mark.parametrize("told", [True, False])
def test_a_lamp_over_a_scene_without_relief_is_noticed(told: bool) -> None:
    """A smooth ground and a pale stone: little changes but the light itself, and the stone is no animal."""
    lit = np.full((HEIGHT, WIDTH), 90.0, np.float32)
    lit[200:280, 300:340] = 230
    camera = Watched()
    camera.watch(40, lambda _: lit)
    verdicts = [camera.see(0.06 * lit, light_switched=told), *camera.watch(15, lambda _: 0.06 * lit)]
    assert verdicts[0].reason is MotionReason.LIGHT
    verdicts += [camera.see(lit, light_switched=told), *camera.watch(15, lambda _: lit)]
    assert not moved(verdicts)


def test_an_animal_that_fills_the_frame_is_not_taken_for_the_light() -> None:
    """The first frame may be; a light switches once, and this goes on moving."""
    camera = Watched()
    camera.watch(10)
    assert moved(camera.watch(50, lambda n: with_stripes(PLACE, 25 * n - 700))) >= 15


def test_a_switch_that_is_told_is_blanked_and_then_a_new_background() -> None:
    """Another picture altogether, as when the infrared filter moves: the light, then settling, then still."""
    camera = Watched()
    camera.watch(10)
    assert camera.see(NIGHT, light_switched=True).reason is MotionReason.LIGHT
    after = camera.watch(20, lambda _: NIGHT)
    assert not moved(after)
    assert after[0].reason is MotionReason.SETTLING
    assert after[-1].reason is MotionReason.STILL


def test_a_switch_that_nobody_told_of_is_noticed() -> None:
    """It is called the light, and fires nothing."""
    camera = Watched()
    camera.watch(10)
    verdicts = camera.watch(20, lambda _: NIGHT)
    assert MotionReason.LIGHT in reasons(verdicts)
    assert not moved(verdicts)


@pytest.mark.parametrize("told", [True, False])
def test_an_animal_that_comes_with_the_light_is_not_lost(told: bool) -> None:
    """It walks on after the blanking, in a light that was never seen before."""
    camera = Watched()
    camera.watch(10)
    camera.see(with_animal(NIGHT, 100), light_switched=told)
    assert moved(camera.watch(25, lambda n: with_animal(NIGHT, 100 + 15 * n))) >= 3


def test_an_animal_that_comes_with_the_light_and_stands_is_not_lost() -> None:
    """By the time anything can be judged it stands still; but this light was known, and it was not there then."""
    camera = Watched()
    camera.watch(20, lambda _: NIGHT)
    for picture in (PLACE, NIGHT, PLACE):
        camera.see(picture, light_switched=True)
        assert not moved(camera.watch(15, lambda _, its=picture: its))
    camera.see(with_animal(NIGHT, 300), light_switched=True)
    assert moved(camera.watch(15, lambda _: with_animal(NIGHT, 300))) >= 1


def test_a_restart_does_not_swallow_an_animal_in_view() -> None:
    """What stands there when the camera comes back was not there before."""
    camera = Watched()
    camera.watch(20)
    camera.detector.reset()
    verdicts = camera.watch(15, lambda _: with_animal(PLACE, 300))
    assert moved(verdicts) >= 1
    assert verdicts[0].reason is MotionReason.SETTLING


def test_a_restart_of_a_camera_that_sees_nothing_is_silent() -> None:
    """Also when it is restarted before it saw anything."""
    camera = Watched()
    camera.detector.reset()
    camera.watch(10)
    camera.detector.reset()
    assert not moved(camera.watch(15))


def test_leaves_that_always_move_are_learned_and_an_animal_beside_them_is_found() -> None:
    """A corner of the frame swings for half a minute: at the end it is silent, and the animal is not."""
    camera = Watched()

    def swaying(number: int) -> np.ndarray:
        drawn = PLACE.copy()
        drawn[:160, :200] = np.roll(PLACE, round(14 * np.sin(1.9 * number)), axis=1)[:160, :200]
        return drawn

    camera.watch(150, swaying)
    assert moved(camera.watch(30, lambda n: swaying(150 + n))) == 0
    assert moved(camera.watch(12, lambda n: with_animal(swaying(180 + n), 60 * n))) >= 3


def test_what_is_there_for_one_frame_is_brief() -> None:
    """A drop or an insect: no second frame bears it out."""
    camera = Watched()
    camera.watch(10)
    flash = camera.see(with_animal(PLACE, 300))
    assert (flash.moved, flash.reason) == (False, MotionReason.BRIEF)
    assert flash.box is not None
    assert not moved(camera.watch(10))


def test_what_stays_rests_and_then_belongs_to_the_place() -> None:
    """A branch that fell moves once, then it rests, in some minutes it is still, and then it would be missed."""
    camera = Watched(fps=1.0)
    camera.watch(10)
    fallen = camera.watch(20, lambda _: with_animal(PLACE, 300))
    assert MotionReason.RESTING in reasons(fallen)
    assert not moved(fallen[4:])
    later = camera.watch(220, lambda _: with_animal(PLACE, 300))
    assert later[-1].reason is MotionReason.STILL
    assert MotionReason.STILL not in reasons(camera.watch(2))


def test_what_is_smaller_than_any_animal_is_noise() -> None:
    """Nine pixels of a fly on the lens do not fire."""
    camera = Watched(settings=MotionSettings(least_area=0.01))
    camera.watch(10)
    verdicts = camera.watch(15, crossing(50))
    assert not moved(verdicts)
    assert MotionReason.NOISE in reasons(verdicts)


def test_frames_of_another_size_are_another_camera() -> None:
    """It starts again, and goes on."""
    camera = Watched()
    camera.watch(10)
    small = cv2.resize(PLACE, (320, 180))
    verdicts = camera.watch(10, lambda _: small)
    assert verdicts[0].reason is MotionReason.SETTLING
    assert verdicts[-1].reason is MotionReason.STILL


@pytest.mark.parametrize(
    "frame",
    [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)],
)
def test_what_is_no_luma_is_refused(frame: Luma) -> None:
    """Colour, another type, nothing at all."""
    with pytest.raises(ValueError, match="luma"):
        MotionDetector().look(frame, 0.0)


@examples(max_examples=30)
@given(data=st.data())
def test_any_frames_at_any_times_get_a_verdict(data: st.DataObject) -> None:
    """Sizes, contents, gaps and switches as they come: areas and boxes stay within the frame."""
    detector, at_s = MotionDetector(), 0.0
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    height, width = data.draw(st.tuples(st.integers(1, 50), st.integers(1, 50)))
    for _ in range(data.draw(st.integers(1, 12))):
        at_s += data.draw(st.floats(-1, 100))
        frame = np.asarray(random.integers(0, data.draw(st.integers(1, 255)), (height, width)), np.uint8)
        verdict = detector.look(frame, at_s, light_switched=data.draw(st.booleans()))
        assert 0 <= verdict.area <= 1
        assert verdict.moved == (verdict.reason is MotionReason.MOVED)
        if verdict.box:
            x, y, wide, high = verdict.box
            assert min(x, y) >= 0
            assert max(x + wide, y + high) <= 1 + 1e-9


def test_a_frame_costs_two_milliseconds_at_most() -> None:
    """The best of ten batches, since others use the machine too: 640 x 480, one thread, an animal in view."""
    camera, threads = Watched(), cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        frames = [camera.sensed(crossing(20)(number)) for number in range(20)]
        assert min(_paces_s(camera.detector, frames)) <= 0.002
    finally:
        cv2.setNumThreads(threads)


def _paces_s(detector: MotionDetector, frames: list[Luma]) -> Iterator[float]:
    for batch in range(10):
        began_s = time.process_time()
        for number, frame in enumerate(frames):
            detector.look(frame, (batch * len(frames) + number) / FPS)
        yield (time.process_time() - began_s) / len(frames)
