"""Camera, detector and battery in simulation: they go by the season's script and note what they really did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from random import Random

from bench_season_journal import Journal
from bench_season_power import Fuse
from bench_season_script import SINGLE_FAILURES, Script, Visit
from bench_season_sensor import SeasonClock, Sensor
from PIL import Image

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError, ImageError
from cameratrap.ports import Frame, PowerReading, Trigger

FIRST_FRAME_S, LOOK_S = 0.3, 0.4
NIGHT_UNTIL_H, NIGHT_FROM_H = 6, 20
ALWAYS_SEEN = "Vulpes vulpes"  # in each time-lapse picture: none of it may reach a tally
GAUGE_FAILURES = 0.01
_MARK = b"SEASON:"


class Camera:
    """The port Camera: tiny pictures that say what they show. It notes a picture as safe once the next is asked for."""

    def __init__(self, script: Script, sensor: Sensor, clock: SeasonClock, journal: Journal, fuse: Fuse) -> None:
        self._script = script
        self._sensor = sensor
        self._clock = clock
        self._journal = journal
        self._fuse = fuse
        self._is_down = False
        self._incidents: list[Incident] = []

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        """As Camera.capture_burst."""
        note = self._journal.note
        is_timelapse = trigger.cause is TriggerCause.TIMELAPSE
        now_s = round(self._clock.season_s, 6)  # as finely as the card tells times: of midnight, too
        visit = Visit(now_s, ALWAYS_SEEN, (1,)) if is_timelapse else self._sensor.visit
        note("asked", visit.at_s, trigger.key, is_timelapse, profile.count, profile.lamp)
        stalls_at = self._stalls_at(trigger, profile.count)
        for position in range(1, profile.count + 1):
            self._clock.wait(FIRST_FRAME_S if position == 1 else profile.spacing_s)
            self._fuse.step()
            self._check(trigger, is_stalled=position == stalls_at)
            taken_s, count = self._clock.season_s, visit.shows(position)
            yield self._frame(trigger, profile, position, visit.taxon if count else None, count)
            note("picture", taken_s, trigger.key, visit.taxon if count else None, count)
        note("done", self._clock.season_s, trigger.key)

    def incidents(self) -> Sequence[Incident]:
        """As Camera.incidents."""
        told, self._incidents = self._incidents, []
        return told

    def close(self) -> None:
        """As Camera.close."""

    def _stalls_at(self, trigger: Trigger, count: int) -> int:
        """The picture at which the driver restarts the camera once, in vain for this burst; 0 for none."""
        chance = Random(f"{self._script.season.seed} {trigger.key}")
        return chance.randint(1, count) if chance.random() < SINGLE_FAILURES else 0

    def _check(self, trigger: Trigger, *, is_stalled: bool) -> None:
        now_s, monotonic_s = self._clock.season_s, self._clock.monotonic_s()
        fails = self._script.camera_fails(now_s)
        if fails is not self._is_down:
            self._is_down = fails
            what = "it does not answer" if fails else "it answers again"
            self._incidents.append(Incident("camera", what, monotonic_s, recovered=not fails))
            self._journal.note("down" if fails else "up", now_s)
        elif is_stalled and not fails:
            self._incidents.append(Incident("camera", "restarted", monotonic_s, recovered=True))
        if fails or is_stalled:
            self._journal.note("failed", now_s, trigger.key)
            raise DeviceError("the camera does not answer", device="camera")

    def _frame(self, trigger: Trigger, profile: BurstProfile, position: int, taxon: str | None, count: int) -> Frame:
        now = self._clock.now()
        lit = profile.lamp and not NIGHT_UNTIL_H <= now.hour < NIGHT_FROM_H
        return Frame(
            picture(taxon, count, f"{trigger.key} {position}"),
            now,
            position=position,
            of=profile.count,
            monotonic_s=self._clock.monotonic_s(),
            lamp=lit,
            brightness=90.0,
        )


class Seer:
    """The port Detector: reads what a picture says that it shows."""

    name, version, sha256, score_threshold = "season", "1", "0" * 64, 0.5

    def __init__(self, clock: SeasonClock, fuse: Fuse) -> None:
        self._clock = clock
        self._fuse = fuse

    def detect(self, frame: Frame) -> DetectedFrame:
        """As Detector.detect."""
        self._fuse.step()
        self._clock.wait(LOOK_S)
        _, mark, said = frame.jpeg.partition(_MARK)
        if not mark:
            raise ImageError("the picture does not say what it shows")
        taxon, count, _ = json.loads(said.partition(b"\n")[0])
        places = [BBox(0.1 * number, 0.1, 0.1, 0.1) for number in range(count)]
        return DetectedFrame(16, 12, tuple(Detection(taxon, taxon, 0.9, place) for place in places))

    def close(self) -> None:
        """As Detector.close."""


class Gauge:
    """The port PowerGauge: what the script says, the same for each reading of one look."""

    def __init__(self, reading: PowerReading) -> None:
        self._reading = reading

    def read(self) -> PowerReading:
        """As PowerGauge.read."""
        return self._reading

    def close(self) -> None:
        """As PowerGauge.close."""


def open_gauge(script: Script, clock: SeasonClock, journal: Journal) -> Gauge:
    """The battery as it is now, noted; now and then the gauge does not answer. Raises DeviceError."""
    now_s = clock.season_s
    volts, celsius = script.battery(now_s)
    if Random(f"{script.season.seed} gauge {now_s}").random() < GAUGE_FAILURES:
        journal.note("look", now_s, None, celsius)
        raise DeviceError("the gauge does not answer", device="battery gauge")
    journal.note("look", now_s, volts, celsius)
    return Gauge(PowerReading(volts, celsius, 0.4))


def picture(taxon: str | None, count: int, name: str) -> bytes:
    """A JPEG of some hundred bytes that says what it shows, in a comment."""
    said = _MARK + json.dumps([taxon, count, name]).encode() + b"\n"
    return _BLACK[:2] + b"\xff\xfe" + (len(said) + 2).to_bytes(2, "big") + said + _BLACK[2:]


def _black() -> bytes:
    stream = BytesIO()
    Image.new("L", (16, 12)).save(stream, "JPEG")
    return stream.getvalue()


_BLACK = _black()
