"""What a camera's own background says of a detector's boxes, on scenes drawn here, where the truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.domain.detections import BBox, DetectedFrame, Detection, View
from cameratrap.vision.scene import Judged, Scene, SceneSettings

HEIGHT, WIDTH = 120, 160
DAY, INFRARED = 0.3, 0.0
LOG_BOX = BBox(0.55, 0.55, 0.25, 0.15)
DEER = (100, 60)
SETTINGS = SceneSettings()


def ground(seed: int = 1) -> np.ndarray:
    """A place: leaves and twigs of all sizes, between dark and bright."""
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, WIDTH))
    return np.asarray(110 + 120 * cv2.GaussianBlur(noise, (0, 0), 1.5) + 160 * cv2.GaussianBlur(noise, (0, 0), 4.0))


def with_log(place: np.ndarray) -> np.ndarray:
    drawn = place.copy()
    cv2.ellipse(drawn, (108, 75), (18, 8), 10, 0, 360, 40, -1)
    cv2.line(drawn, (92, 70), (124, 79), 90, 2)
    return drawn


def with_deer(place: np.ndarray, at: tuple[int, int] = DEER) -> np.ndarray:
    """A body, legs and a head, brighter than most of the ground."""
    drawn = place.copy()
    x, y = at
    cv2.ellipse(drawn, (x, y), (14, 7), 0, 0, 360, 190, -1)
    cv2.ellipse(drawn, (x - 16, y - 8), (5, 4), 0, 0, 360, 205, -1)
    for leg in (-10, -5, 6, 11):
        cv2.line(drawn, (x + leg, y), (x + leg, y + 16), 175, 2)
    return drawn


def deer_box(at: tuple[int, int] = DEER) -> BBox:
    x, y = at
    return BBox((x - 21) / WIDTH, (y - 12) / HEIGHT, 36 / WIDTH, 29 / HEIGHT)


def found(box: BBox, score: float = 0.6, taxon: str = "animal") -> Detection:
    return Detection(taxon, taxon, score, box)


class Lens:
    """Makes views of what is drawn, each with a little noise of its own."""

    def __init__(self, seed: int = 0) -> None:
        self._noise = np.random.default_rng(seed)

    def frame(
        self,
        picture: np.ndarray,
        detections: Sequence[Detection] = (),
        doubtful: Sequence[Detection] = (),
        *,
        gain: float = 1.0,
        offset: float = 0.0,
        colour: float = DAY,
    ) -> DetectedFrame:
        height, width = picture.shape
        noisy = gain * picture + offset + self._noise.normal(0, 2, picture.shape)
        grey = np.clip(np.rint(noisy), 0, 255).astype(np.uint8).tobytes()
        return DetectedFrame(1600, 1200, tuple(detections), tuple(doubtful), View(width, height, grey, colour))


def show(scene: Scene, *frames: DetectedFrame) -> list[Judged]:
    """One burst, judged and then learned."""
    judged = scene.judge(frames)
    scene.learn(frames, judged)
    return judged


def empty_bursts(scene: Scene, lens: Lens, count: int, *, colour: float = DAY) -> None:
    for _ in range(count):
        show(scene, lens.frame(ground(), colour=colour))


def test_a_log_found_in_every_burst_is_believed_at_first_and_a_fixture_from_then_on() -> None:
    scene, lens, log = Scene(), Lens(), found(LOG_BOX)
    verdicts = [show(scene, lens.frame(with_log(ground()), [log], gain=0.8 + 0.05 * burst))[0] for burst in range(10)]
    assert [len(verdict.detections) for verdict in verdicts] == [1] * 5 + [0] * 5
    assert {one.reason for verdict in verdicts for one in verdict.suppressed} == {"fixture"}
    assert all(one.detection == log for verdict in verdicts for one in verdict.suppressed)


def test_an_animal_in_front_of_the_log_and_one_that_comes_after_it_are_believed() -> None:
    """Suppression is of a look in a place; the place is not blind for what else comes there."""
    scene, lens = Scene(), Lens()
    for _ in range(8):
        show(scene, lens.frame(with_log(ground()), [found(LOG_BOX, 0.9)]))
    deer, at = found(LOG_BOX, 0.5), (108, 72)
    for picture in (with_deer(with_log(ground()), at), with_deer(ground(), at)):
        assert scene.judge([lens.frame(picture, [deer])]) == [Judged((deer,))]


def test_what_is_exactly_as_it_was_when_nothing_was_found_is_unchanged() -> None:
    scene, lens = Scene(), Lens()
    empty_bursts(scene, lens, 5)
    shadow = found(LOG_BOX)
    (verdict,) = scene.judge([lens.frame(ground(), [shadow], gain=1.1)])
    assert verdict.detections == ()
    assert [(one.detection, one.reason) for one in verdict.suppressed] == [(shadow, "unchanged")]


def test_a_sure_score_stands_against_an_unchanged_place_but_not_against_a_fixture() -> None:
    scene, lens, sure = Scene(), Lens(), found(LOG_BOX, SETTINGS.sure_score)
    empty_bursts(scene, lens, 8)
    assert scene.judge([lens.frame(ground(), [sure])])[0].detections == (sure,)
    for _ in range(6):
        show(scene, lens.frame(ground(), [sure]))
    assert [one.reason for one in scene.judge([lens.frame(ground(), [sure])])[0].suppressed] == ["fixture"]


def test_four_bursts_are_not_enough_to_suppress_anything() -> None:
    scene, lens = Scene(), Lens()
    empty_bursts(scene, lens, 4)
    assert scene.judge([lens.frame(ground(), [found(LOG_BOX)])])[0].suppressed == ()


def test_frames_of_one_burst_are_one_piece_of_evidence() -> None:
    """A resting animal in a burst of twelve frames is no fixture: the twelve were one visit."""
    scene, lens, deer = Scene(), Lens(), found(deer_box())
    for _ in range(3):
        verdicts = show(scene, *(lens.frame(with_deer(ground()), [deer]) for _ in range(12)))
        assert all(verdict.detections == (deer,) for verdict in verdicts)


def test_an_animal_that_walks_through_is_believed_by_the_other_frames_of_its_burst() -> None:
    """No memory is needed for it: the camera's very first burst will do."""
    lens, path = Lens(), [(40, 60), (75, 58), (110, 61)]
    doubtful = [found(deer_box(at), 0.15) for at in path]
    frames = [
        lens.frame(with_deer(ground(), at), doubtful=[one, found(BBox(0.02, 0.05, 0.15, 0.2), 0.14)])
        for at, one in zip(path, doubtful, strict=True)
    ]
    assert [verdict.detections for verdict in Scene().judge(frames)] == [(one,) for one in doubtful]


def test_an_animal_that_stands_still_is_believed_by_the_past_once_there_is_enough_of_it() -> None:
    scene, lens, doubtful = Scene(), Lens(), found(deer_box(), 0.15)
    for earlier in range(4):
        frames = [lens.frame(with_deer(ground()), doubtful=[doubtful]) for _ in range(3)]
        believed = [verdict.detections for verdict in scene.judge(frames)]
        assert believed == [(doubtful,) if earlier >= SETTINGS.least_remembered else ()] * 3
        empty_bursts(scene, lens, 1)


def test_a_deer_that_lies_down_for_three_bursts_does_not_become_background() -> None:
    """While it scores well it is counted, and once it scores badly the frames before it came still tell of it."""
    scene, lens = Scene(), Lens()
    empty_bursts(scene, lens, 3)
    sure, doubtful = found(deer_box(), 0.7), found(deer_box(), 0.15)
    for _ in range(3):
        assert show(scene, lens.frame(with_deer(ground()), [sure]))[0].detections == (sure,)
    assert scene.judge([lens.frame(with_deer(ground()), doubtful=[doubtful])])[0].detections == (doubtful,)


def test_where_an_animal_was_seen_before_is_no_background_to_differ_from() -> None:
    """Only frames without it are evidence, and there are none: the empty ground it leaves is not believed."""
    scene, lens = Scene(), Lens()
    for _ in range(4):
        show(scene, lens.frame(with_deer(ground()), [found(deer_box(), 0.7)]))
    assert scene.judge([lens.frame(ground(), doubtful=[found(deer_box(), 0.15)])])[0].detections == ()


@pytest.mark.parametrize("light", [{"gain": 0.6}, {"gain": 1.3}, {"offset": 30.0}, {"gain": 0.7, "offset": 25.0}])
def test_a_passing_cloud_makes_nothing_believed(light: dict[str, float]) -> None:
    scene, lens = Scene(), Lens()
    empty_bursts(scene, lens, 3)
    doubtful = [found(deer_box(), 0.2), found(BBox(0.0, 0.0, 0.3, 0.4), 0.15)]
    frames = [lens.frame(ground(), doubtful=doubtful), lens.frame(ground(), doubtful=doubtful, **light)]
    assert [verdict.detections for verdict in scene.judge(frames)] == [(), ()]


def test_leaves_that_move_all_over_make_nothing_believed() -> None:
    """What changes in the box has to be much more than what changes around it."""
    scene, lens, wind = Scene(), Lens(), np.random.default_rng(5)
    doubtful = found(BBox(0.1, 0.1, 0.2, 0.2), 0.2)

    def windy() -> DetectedFrame:
        picture = ground()
        picture[:60] = ground(int(wind.integers(1000, 9999)))[:60]
        return lens.frame(picture, doubtful=[doubtful])

    for _ in range(6):
        assert [verdict.detections for verdict in show(scene, windy(), windy())] == [(), ()]


def test_after_the_camera_was_turned_there_is_no_evidence_until_it_has_been_gathered_again() -> None:
    scene, lens = Scene(), Lens()
    empty_bursts(scene, lens, 8)
    standing, doubtful = found(BBox(0.05, 0.6, 0.2, 0.2)), found(deer_box(), 0.2)
    turned = np.roll(ground(), 45, axis=1)
    for _ in range(3):
        verdict = show(scene, lens.frame(turned, [standing], [doubtful]))[0]
        assert verdict == Judged((standing,))
    assert show(scene, lens.frame(with_deer(turned), doubtful=[doubtful]))[0].detections == (doubtful,)


def test_a_folder_of_many_cameras_is_taken_as_the_detector_says() -> None:
    scene, lens, standing = Scene(), Lens(), found(LOG_BOX)
    for seed in range(20):
        frame = lens.frame(ground(seed), [standing], [found(deer_box(), 0.2)])
        assert show(scene, frame)[0] == Judged((standing,))


def test_day_knows_nothing_of_infrared_and_outlives_the_night() -> None:
    scene, lens = Scene(), Lens()
    empty_bursts(scene, lens, SETTINGS.remembered_bursts)
    by_night = found(deer_box(), 0.2)
    first = lens.frame(with_deer(ground()), doubtful=[by_night], colour=INFRARED)
    assert scene.judge([first])[0].detections == ()
    empty_bursts(scene, lens, SETTINGS.remembered_bursts, colour=INFRARED)
    assert scene.judge([first])[0].detections == (by_night,)
    assert scene.judge([lens.frame(with_deer(ground()), doubtful=[by_night])])[0].detections == (by_night,)


def test_what_lies_further_back_than_the_memory_is_forgotten() -> None:
    settings = replace(SETTINGS, remembered_bursts=6)
    scene, lens, shadow = Scene(settings), Lens(), found(LOG_BOX)
    empty_bursts(scene, lens, 6)
    assert scene.judge([lens.frame(ground(), [shadow])])[0].suppressed
    for _ in range(2):
        show(scene, lens.frame(ground(2)))
    assert scene.judge([lens.frame(ground(), [shadow])]) == [Judged((shadow,))]


def test_an_animal_in_the_dark_is_not_taken_for_the_dark() -> None:
    """Where nothing can be told apart, the same picture again proves nothing."""
    scene, lens, dark = Scene(), Lens(), np.full((HEIGHT, WIDTH), 12.0)
    for _ in range(10):
        standing = found(LOG_BOX)
        assert show(scene, lens.frame(dark, [standing], colour=INFRARED))[0].detections == (standing,)


def test_people_are_never_suppressed_and_other_taxa_can_be_spared() -> None:
    scene, lens = Scene(replace(SETTINGS, never_suppressed=frozenset({"Homo sapiens", "vehicle"}))), Lens()
    taxa = ("Homo sapiens", "vehicle", "animal")
    for _ in range(8):
        verdict = show(scene, lens.frame(with_log(ground()), [found(LOG_BOX, 0.6, taxon) for taxon in taxa]))[0]
    assert [one.taxon for one in verdict.detections] == ["Homo sapiens", "vehicle"]
    scene = Scene()
    for _ in range(8):
        verdict = show(scene, lens.frame(with_log(ground()), [found(LOG_BOX, 0.6, "Homo sapiens")]))[0]
    assert verdict.suppressed == ()


def test_part_of_what_is_believed_is_not_believed_once_more() -> None:
    lens, whole = Lens(), found(deer_box(), 0.7)
    head = found(BBox(78 / WIDTH, 46 / HEIGHT, 14 / WIDTH, 14 / HEIGHT), 0.2)
    frames = [lens.frame(with_deer(ground()), [whole], [head]), lens.frame(ground())]
    assert Scene().judge(frames)[0].detections == (whole,)
    alone = [lens.frame(with_deer(ground()), doubtful=[head]), lens.frame(ground())]
    assert Scene().judge(alone)[0].detections == (head,)


def test_a_box_that_fills_the_frame_leaves_nothing_to_compare_the_change_with() -> None:
    lens, all_of_it = Lens(), found(BBox(0.05, 0.05, 0.9, 0.9), 0.2)
    frames = [lens.frame(ground(1), doubtful=[all_of_it]), lens.frame(ground(2), doubtful=[all_of_it])]
    assert [verdict.detections for verdict in Scene().judge(frames)] == [(), ()]


def test_frames_without_views_stand_as_they_are_and_teach_nothing() -> None:
    scene, lens = Scene(), Lens()
    blind = DetectedFrame(1600, 1200, (found(LOG_BOX),), (found(deer_box(), 0.2),))
    for _ in range(8):
        assert show(scene, blind, blind) == [Judged(blind.detections)] * 2
    assert scene.judge([lens.frame(ground(), [found(LOG_BOX)])])[0].suppressed == ()
    assert scene.judge([]) == []
    scene.learn([], [])


def test_judging_teaches_nothing() -> None:
    scene, lens = Scene(), Lens()
    frame = lens.frame(with_log(ground()), [found(LOG_BOX)])
    verdicts = [scene.judge([frame, frame]) for _ in range(10)]
    assert all(verdict == [Judged(frame.detections)] * 2 for verdict in verdicts)


def test_learning_wants_one_verdict_a_frame() -> None:
    with pytest.raises(ValueError, match="zip"):
        Scene().learn([Lens().frame(ground())], [])


def test_a_camera_whose_pictures_change_their_size_is_another_view_of_the_place() -> None:
    scene, lens, standing = Scene(), Lens(), found(LOG_BOX)
    empty_bursts(scene, lens, 8)
    smaller = cv2.resize(ground(), (160, 90), interpolation=cv2.INTER_AREA)
    assert scene.judge([lens.frame(smaller, [standing], [found(deer_box(), 0.2)])]) == [Judged((standing,))]


MOUSE = (40, 90)


def with_mouse(place: np.ndarray) -> np.ndarray:
    """Too small for any detector in the whole frame."""
    drawn = place.copy()
    cv2.ellipse(drawn, MOUSE, (4, 3), 0, 0, 360, 220, -1)
    cv2.line(drawn, (MOUSE[0] + 4, MOUSE[1]), (MOUSE[0] + 9, MOUSE[1] + 2), 30, 1)
    return drawn


def holds_the_mouse(region: BBox) -> bool:
    x, y = MOUSE[0] / WIDTH, MOUSE[1] / HEIGHT
    return region.x < x < region.x + region.width and region.y < y < region.y + region.height


def regions(scene: Scene, *frames: DetectedFrame) -> list[tuple[BBox, ...]]:
    return scene.regions(frames, scene.judge(frames))


def test_what_came_into_the_picture_and_was_not_found_is_looked_at_again() -> None:
    """The other frames of the burst tell, and where it sat still in all of them, the past does."""
    scene, lens = Scene(), Lens()
    with_it, without = regions(scene, lens.frame(with_mouse(ground())), lens.frame(ground()))
    assert [holds_the_mouse(region) for region in with_it] == [True]
    assert [holds_the_mouse(region) for region in without] == [True], "from here it has gone; nobody knows which"
    still = [lens.frame(with_mouse(ground())) for _ in range(3)]
    assert regions(scene, *still) == [(), (), ()]
    empty_bursts(scene, lens, SETTINGS.least_remembered)
    assert [[holds_the_mouse(region) for region in its] for its in regions(scene, *still)] == [[True]] * 3


def test_where_an_animal_is_believed_or_nothing_can_be_compared_there_is_no_second_look() -> None:
    scene, lens = Scene(), Lens()
    believed = lens.frame(with_mouse(ground()), [found(deer_box())])
    assert regions(scene, believed, lens.frame(ground()))[0] == ()
    assert regions(scene, lens.frame(with_mouse(ground()))) == [()]
    assert regions(scene, replace(believed, detections=(), view=None)) == [()]


def test_a_cloud_the_wind_or_a_turned_camera_is_not_looked_at_again() -> None:
    lens = Lens()
    windy = ground()
    windy[:60] = ground(9)[:60]
    for other in (0.6 * ground() + 20, windy, np.roll(ground(), 45, axis=1)):
        assert regions(Scene(), lens.frame(ground()), lens.frame(other)) == [(), ()]


fraction, length, score = st.floats(0, 0.95), st.floats(0.01, 1), st.floats(0, 1)
any_box = st.tuples(fraction, fraction, length, length).map(
    lambda b: BBox(b[0], b[1], min(b[2], 1 - b[0]), min(b[3], 1 - b[1]))
)
any_found = st.builds(found, any_box, score, st.sampled_from(["animal", "Aves", "Homo sapiens", "vehicle"]))


@st.composite
def any_frame(draw: st.DrawFn) -> DetectedFrame:
    by_score = st.lists(any_found, max_size=4).map(lambda many: sorted(many, key=lambda one: -one.score))
    detections, doubtful = draw(by_score), draw(by_score)
    shape = draw(st.sampled_from([(HEIGHT, WIDTH), (HEIGHT, WIDTH), (90, 160), (7, 160), (1, 1)]))
    picture = cv2.resize(ground(draw(st.integers(1, 3))), shape[::-1])
    frame = Lens(draw(st.integers(0, 3))).frame(picture, detections, doubtful, colour=draw(st.sampled_from([0.0, 0.3])))
    return draw(st.sampled_from([frame, frame, replace(frame, view=None)]))


@settings(max_examples=40)
@given(st.lists(st.lists(any_frame(), max_size=3), max_size=9))
def test_no_box_is_invented_and_none_is_lost(bursts: list[list[DetectedFrame]]) -> None:
    """What is believed, suppressed or still doubtful is what came in, each box once and as the detector gave it."""
    scene = Scene()
    for burst in bursts:
        for frame, verdict in zip(burst, show(scene, *burst), strict=True):
            promoted = Counter(verdict.detections) - Counter(frame.detections)
            suppressed = Counter(one.detection for one in verdict.suppressed)
            stood = Counter(verdict.detections) - promoted
            assert promoted <= Counter(frame.doubtful)
            assert stood + suppressed == Counter(frame.detections)
            assert [one.score for one in verdict.detections] == sorted(
                (one.score for one in verdict.detections), reverse=True
            )
