"""The walk-test over its ports: what it says, and that a failure of one burst is not the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from cameratrap.app.aim import Aim, AimSummary, Happening, HeldBack, Noticed, Photographed, Seen, Signal
from cameratrap.app.annotate import annotated
from cameratrap.cli.aim_lines import summary_lines, summary_object
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.detections import BBox, Detection
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError, ImageError
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock
from tests.fakes import NamedDetector, jpeg

START = datetime(2027, 3, 20, 12, tzinfo=UTC)


class Walk:
    """A sensor that triggers at the given seconds, and the camera: 0.25 s to the first picture, half a second on.

    ``breaks_at`` is the position at which the camera of the second burst gives up.
    """

    def __init__(self, edges: Sequence[tuple[float, TriggerCause]], *, breaks_at: int = 0, ends: bool = True) -> None:
        self.clock = ReplayClock(START)
        self.edges = list(edges)
        self.breaks_at = breaks_at
        self.ends = ends
        self.bursts = 0
        self.held_back = {"settling": 2}

    def wait(self, timeout_s: float | None) -> Trigger | None:
        assert timeout_s is not None
        now_s = self.clock.monotonic_s()
        if not self.edges and self.ends:
            raise EndOfTriggers
        if not self.edges or self.edges[0][0] > now_s + timeout_s:
            self.clock.set(START + timedelta(seconds=now_s + timeout_s))
            return None
        edge_s, cause = self.edges.pop(0)
        self.clock.set(START + timedelta(seconds=max(edge_s, now_s)))
        return Trigger(f"{edge_s}", self.clock.now(), cause, edge_s)

    def suppressed(self) -> Mapping[str, int]:
        told, self.held_back = self.held_back, {}
        return told

    def incidents(self) -> Sequence[Incident]:
        return ()

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        self.bursts += 1
        for position in range(1, profile.count + 1):
            if self.bursts == 2 and position == self.breaks_at:
                raise DeviceError("the camera does not answer", device="camera")
            start_s = trigger.monotonic_s + 0.25 + 0.5 * (position - 1)
            name = f"{self.bursts}-{position}"
            yield Frame(jpeg(position), trigger.at, name, "", position, profile.count, "", start_s, False, 99.0)

    def close(self) -> None:
        raise AssertionError("whoever opened it closes it")


class Flashes(list[int]):
    def flash(self, times: int) -> None:
        self.append(times)


def walked(
    walk: Walk, detector: NamedDetector | None, seconds: float | None = None, signal: Signal | None = None
) -> tuple[list[Happening], AimSummary]:
    test = Aim(walk, walk, detector, walk.clock, profile=BurstProfile(3, 0.5), signal=signal)
    return [each for each in test.happenings(seconds) if each is not None], test.summary


def test_each_thing_is_told_as_it_happens() -> None:
    """Sensor, latency, pace and what is found, in their order; the LED says it to somebody at a distance."""
    walk = Walk([(2.5, TriggerCause.PIR), (9, TriggerCause.MOTION)])
    flashes = Flashes()
    detector = NamedDetector({"1-2": {"Homo sapiens": 1}, "2-1": None})
    told, summary = walked(walk, detector, signal=flashes)
    first = START + timedelta(seconds=2.5)
    assert told[:3] == [
        HeldBack(START + timedelta(seconds=1), "settling", 2),
        Noticed(first, TriggerCause.PIR),
        Photographed(first, 3, 0.25, 2.0, 99.0),
    ]
    seen = [each for each in told if isinstance(each, Seen)]
    assert [(each.position, len(each.detections), bool(each.error)) for each in seen] == [
        (1, 0, False), (2, 1, False), (3, 0, False), (1, 0, True), (2, 0, False), (3, 0, False),
    ]  # fmt: skip
    assert flashes == [1, 5, 2]
    assert (summary.bursts, summary.pictures, summary.detections, summary.failures) == (2, 6, 1, 1)
    assert (summary.latency_s, summary.best.taxon) == (0.25, "Homo sapiens")
    assert summary.triggers == {TriggerCause.PIR: 1, TriggerCause.MOTION: 1}
    assert summary.held_back == {"settling": 2}


def test_a_camera_that_gives_up_is_told_and_the_next_burst_taken() -> None:
    """The pictures that were taken are looked at all the same."""
    walk = Walk([(1, TriggerCause.PIR), (2, TriggerCause.PIR), (3, TriggerCause.PIR)], breaks_at=3)
    told, _ = walked(walk, NamedDetector({}))
    bursts = [each for each in told if isinstance(each, Photographed)]
    assert [(each.pictures, each.error) for each in bursts] == [(3, ""), (2, "the camera does not answer"), (3, "")]
    assert sum(isinstance(each, Seen) for each in told) == 8


def test_it_ends_by_itself() -> None:
    """After the minutes that were asked for, also where nothing ever triggers."""
    walk = Walk([], ends=False)
    told, _ = walked(walk, None, seconds=30.5)
    assert told == [HeldBack(START + timedelta(seconds=1), "settling", 2)]
    assert walk.clock.monotonic_s() == 30.5


def test_without_a_detector_the_pictures_are_taken_and_not_looked_at() -> None:
    """Sensor and camera alone."""
    told, _ = walked(Walk([(1, TriggerCause.PIR)]), None)
    assert [type(each) for each in told] == [HeldBack, Noticed, Photographed]


def test_a_picture_with_its_boxes_is_upright_small_and_says_nothing_else() -> None:
    """Turned as its EXIF says, without the EXIF; the box is drawn where it is."""
    image = Image.new("RGB", (3000, 2000))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N"}
    stream = BytesIO()
    image.save(stream, "JPEG", exif=exif)
    found = Detection("Vulpes vulpes", "fox", 0.87, BBox(0.25, 0.5, 0.5, 0.25))
    with Image.open(BytesIO(annotated(stream.getvalue(), [found]))) as drawn:
        assert drawn.height == 1280 > drawn.width
        assert not drawn.getexif()
        left, top = drawn.width // 4, drawn.height // 2
        assert max(drawn.getpixel((left + 1, top + 100))) > 150
        assert max(drawn.getpixel((left + 100, top + 100))) < 30
    with pytest.raises(ImageError):
        annotated(b"\xff\xd8 no picture", [])


class Watching(Walk):
    cpu_s_per_frame: float | None = 0.00131


def test_what_motion_costs_is_told_where_it_is_looked_for() -> None:
    """In milliseconds a small picture, for a person and for a program; a PIR alone has no such line."""
    _, summary = walked(Watching([(2.5, TriggerCause.MOTION)]), None)
    assert "motion: 1.3 ms of the processor for each small picture" in summary_lines(summary)
    assert summary_object(summary)["motion_cpu_ms"] == 1.31
    _, summary = walked(Walk([(2.5, TriggerCause.PIR)]), None)
    assert not any(line.startswith("motion") for line in summary_lines(summary))
