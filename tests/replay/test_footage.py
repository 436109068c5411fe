"""The demonstration's story and its pictures."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.detections import max_n
from cameratrap.domain.events import Event, Sighting, independent_events
from cameratrap.domain.tallies import fold_days
from cameratrap.errors import DeviceError
from cameratrap.ports import EndOfTriggers, Trigger
from cameratrap.replay import footage_plates, footage_scenery
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.footage import FootageCamera, FootageTriggers, draw, encoded
from cameratrap.replay.footage_script import STORY_END, STORY_START, ZONE, demo_story
from cameratrap.replay.footage_solids import Prism, see, view
from cameratrap.replay.footage_story import SceneAnimal, SceneBurst, SceneFrame
from cameratrap.resources import builtin_taxa

REPOSITORY = Path(__file__).parents[2]
FRAMES = {frame.name: frame for burst in demo_story() for frame in burst.frames}


def _truth(burst: SceneBurst) -> list[Sighting]:
    """What a detector without fault would make of a burst."""
    counts = max_n(frame.counts for frame in burst.frames)
    sightings = []
    for taxon, count in counts.items():
        seen = [burst.at + timedelta(seconds=frame.offset_s) for frame in burst.frames if taxon in frame.counts]
        sightings.append(Sighting("waterhole", taxon, seen[0], seen[-1], count, burst.key))
    return sightings


def _true_events() -> list[Event]:
    return independent_events(sighting for burst in demo_story() for sighting in _truth(burst))


def _array(frame: SceneFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(draw(frame).image)


def test_bursts_follow_each_other_through_three_whole_days() -> None:
    """Times are aware and ascending, lie within the story's days, and each of the three days has bursts."""
    times = [burst.at for burst in demo_story()]
    assert times == sorted(set(times))
    assert all(moment.utcoffset() == timedelta(hours=1) for moment in times)
    assert times[0] >= STORY_START
    assert times[-1] < STORY_END
    assert {moment.date() for moment in times} == {date(2026, 6, day) for day in (1, 2, 3)}


def test_names_are_unique_and_every_burst_has_three_frames() -> None:
    """A frame's name finds what it shows and what was found in it, so no two may share one."""
    frames = [frame for burst in demo_story() for frame in burst.frames]
    assert len({burst.key for burst in demo_story()}) == len(demo_story())
    assert len({frame.name for frame in frames}) == len({frame.seed for frame in frames}) == len(frames)
    assert all(len(burst.frames) == 3 for burst in demo_story())
    assert all(
        frame.offset_s < after.offset_s
        for b in demo_story()
        for frame, after in zip(b.frames, b.frames[1:], strict=False)
    )


def test_every_taxon_of_the_story_is_in_the_taxa_table() -> None:
    """The truth is told in names that a message can carry."""
    for frame in FRAMES.values():
        assert [builtin_taxa().resolve(taxon).name for taxon in frame.counts] == list(frame.counts)


def test_the_story_has_blanks_people_a_car_a_flock_and_three_taxa_in_one_frame() -> None:
    """What a camera trap meets besides single animals, by day and by night."""
    assert sum(not any(frame.animals for frame in burst.frames) for burst in demo_story()) >= 3
    assert {"Homo sapiens", "vehicle"} <= {taxon for frame in FRAMES.values() for taxon in frame.counts}
    assert any({"Homo sapiens", "vehicle", "Giraffa camelopardalis"} == set(frame.counts) for frame in FRAMES.values())
    assert max(sum(frame.counts.values()) for frame in FRAMES.values()) >= 7
    assert sum(frame.light == "night" for frame in FRAMES.values()) > len(FRAMES) / 5


def test_one_event_crosses_midnight_and_belongs_to_the_day_it_starts() -> None:
    """Elephants come at 23:52 and are still there at 00:09: one event of the first day, its MaxN from the second."""
    crossing = [event for event in _true_events() if event.start.date() != event.end.date()]
    assert [(e.taxon, e.start.date(), e.count, len(e.bursts)) for e in crossing] == [
        ("Loxodonta africana", date(2026, 6, 1), 2, 2)
    ]


def test_two_bursts_soon_after_each_other_are_one_event_and_a_later_visit_is_another() -> None:
    """Zebras at 07:41 and 07:58 are one event; those at 15:48 are a new one."""
    zebras = [e for e in _true_events() if e.taxon == "Equus quagga" and e.start.date() == date(2026, 6, 1)]
    assert [(event.bursts, event.count) for event in zebras] == [(("demo-02", "demo-03"), 3), (("demo-07",), 2)]


def test_in_some_burst_maxn_is_neither_the_sum_nor_the_mean() -> None:
    """Members of a herd come and go between frames, so that a wrong count cannot pass for the right one."""
    for burst in demo_story():
        counts = [frame.counts.get("Aves", 0) for frame in burst.frames]
        if max(counts) > 1 and sum(counts) != max(counts) and sum(counts) / 3 != max(counts):
            return
    pytest.fail("no burst tells MaxN from the sum and the mean")


def test_the_last_day_has_the_fewest_animals() -> None:
    """A day with little to say is part of the demonstration."""
    days = fold_days(_true_events(), ZONE)
    individuals = {day: sum(tally.individuals for tally in tallies) for day, tallies in days.items()}
    assert individuals[date(2026, 6, 3)] == 1
    assert min(individuals[date(2026, 6, 1)], individuals[date(2026, 6, 2)]) > 5


def test_a_frame_is_a_jpeg_of_the_stated_size_and_the_same_each_time() -> None:
    """Drawn twice on one machine, a frame is the same to the byte."""
    first, again = (encoded(draw(FRAMES["demo-06-2"])) for _ in range(2))
    assert first == again
    with Image.open(BytesIO(first)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (1024, 768), "RGB")
    assert 40_000 < len(first) < 400_000


def test_frames_of_a_blank_burst_differ() -> None:
    """Wind and noise move even where nothing passes: two equal files would be taken for copies of one picture."""
    pictures = [_array(FRAMES[f"demo-22-{index}"]) for index in (1, 2, 3)]
    assert not FRAMES["demo-22-1"].animals
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


def test_night_is_grey_and_day_is_not() -> None:
    """The infrared flash gives pictures without colour."""
    night, day = _array(FRAMES["demo-21-2"]), _array(FRAMES["demo-06-2"])
    assert np.array_equal(night[..., 0], night[..., 1])
    assert np.array_equal(night[..., 1], night[..., 2])
    assert np.abs(day[..., 0].astype(int) - day[..., 2]).mean() > 10


def test_what_moves_in_poor_light_smears_and_keeps_its_place() -> None:
    """A jackal that runs past at night leaves softer edges than one that stands, around the same middle."""
    runs = SceneAnimal("jackal", 0.0, 6.4, 0, speed_m_s=4.0)
    patches = []
    for animal in (replace(runs, speed_m_s=0.0), runs):
        drawn = draw(SceneFrame("f", 0.0, "night", (animal,), seed=1, wind=0.0))
        box = drawn.box(0)
        patches.append((np.asarray(drawn.image.convert("L"), float), box.x + box.width / 2))
    (sharp, middle), (soft, moved) = patches
    assert abs(middle - moved) < 0.01
    edges = [np.abs(np.diff(picture[440:560, 470:570], axis=1)).mean() for picture in (sharp, soft)]
    assert edges[1] < 0.9 * edges[0]


def test_a_box_is_seen_square_on_and_edge_on() -> None:
    """A prism 4 m long, 2 m high and 1 m deep covers what geometry says, whichever side is turned to the camera."""
    block = Prism(((-2.0, 0.0), (2.0, 0.0), (2.0, 2.0), (-2.0, 2.0)), 0.5)
    for heading, area_m2 in ((0, 8.0), (90, 2.0), (180, 8.0)):
        surface = see([block], view(heading, 0), 50)
        assert surface.mask.sum() / 50**2 == pytest.approx(area_m2, rel=0.05)
    half_turned = see([block], view(45, 0), 50)
    assert half_turned.mask.sum() / 50**2 == pytest.approx(2 * (4 + 1) / 2**0.5, rel=0.05)


def test_every_animal_of_a_herd_can_be_seen_and_its_box_is_around_it() -> None:
    """The truth counts only what is in the picture: of each of three elephants a good part shows."""
    frame = FRAMES["demo-18-2"]
    drawn = draw(frame)
    assert len(frame.animals) == 3
    for number in range(3):
        box, mask = drawn.box(number), drawn.owner == number
        rows, columns = slice(*_span(box.y, box.height, 768)), slice(*_span(box.x, box.width, 1024))
        assert mask[rows, columns].sum() == mask.sum() > 5_000
        assert mask[rows.start].any()
        assert mask[:, columns.start].any()
    with pytest.raises(ValueError, match="body 3 cannot be seen"):
        drawn.box(3)


def _span(start: float, length: float, of: int) -> tuple[int, int]:
    return round(start * of), round((start + length) * of)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, frame in FRAMES.items() if frame.animals])
def test_every_animal_of_the_story_can_be_seen(name: str) -> None:
    """No animal of the truth is hidden or out of the picture; the smallest is a guineafowl of some 25 x 25 pixels."""
    drawn = draw(FRAMES[name])
    assert min(int((drawn.owner == number).sum()) for number in range(len(FRAMES[name].animals))) > 500


@pytest.mark.slow
def test_a_scene_drawn_anew_is_the_same_scene() -> None:
    """Nothing depends on what was drawn before: with every cache emptied the picture is the same to the pixel."""
    before = _array(FRAMES["demo-18-2"])
    footage_scenery.waterhole.cache_clear()
    footage_plates.plate.cache_clear()
    assert np.array_equal(before, _array(FRAMES["demo-18-2"]))


def test_triggers_come_in_order_and_end() -> None:
    """The trigger source plays the story once, moves the clock along, and ends with the last day over."""
    clock = ReplayClock(STORY_START)
    triggers = FootageTriggers(clock)
    for burst in demo_story():
        assert triggers.wait(None) == Trigger(burst.key, burst.at, burst.cause)
        assert clock.now() == burst.at
    with pytest.raises(EndOfTriggers):
        triggers.wait(None)
    assert clock.now() == STORY_END


def test_the_camera_answers_a_trigger_with_its_burst_and_tells_what_it_shows() -> None:
    """Three named frames with ascending times, the first at the trigger's; what is in each, as far as it was drawn."""
    burst = demo_story()[5]
    camera = FootageCamera()
    frames = camera.capture_burst(Trigger(burst.key, burst.at, burst.cause), BurstProfile())
    first = next(frames)
    assert set(camera.shown) == {"demo-06-1"}
    rest = list(frames)
    assert [frame.name for frame in (first, *rest)] == ["demo-06-1", "demo-06-2", "demo-06-3"]
    assert [frame.captured_at - burst.at for frame in (first, *rest)] == [timedelta(seconds=s) for s in (0, 1.5, 3)]
    assert rest[0].jpeg == encoded(draw(burst.frames[1]))
    assert [[body.taxon for body in camera.shown[name]] for name in camera.shown] == [
        ["Aves"],
        ["Aves"] * 2,
        ["Aves"] * 2,
    ]


def test_a_trigger_that_is_not_of_the_story_is_refused() -> None:
    """The camera names what it was asked for."""
    burst = demo_story()[0]
    with pytest.raises(DeviceError, match="no burst demo-99"):
        next(FootageCamera().capture_burst(Trigger("demo-99", burst.at, burst.cause), BurstProfile()))


def test_without_numpy_and_opencv_the_story_stands_and_drawing_says_what_to_install() -> None:
    """They come with an extra: the base installation explains itself instead of failing to import."""
    code = (
        "import sys; sys.modules['numpy'] = sys.modules['cv2'] = None\n"
        "from cameratrap.errors import DeviceError\n"
        "from cameratrap.replay.footage import demo_story, draw\n"
        "try: draw(demo_story()[0].frames[0])\n"
        "except DeviceError as error: print(error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert (done.stdout.strip(), done.stderr) == ("pip install 'cameratrap[detect]'", "")
