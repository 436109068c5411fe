"""The resident service, one trigger at a time: photograph, make it safe, look, count, store; close each day.

The order is the promise. A picture is durable before its row, its row before anything is concluded from it, and a
burst whose pictures are safe is looked at again after a power cut. A picture that fails costs that picture only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.app.close_day import ClosedDay, Closing, close_due_days
from cameratrap.app.fold import fold
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.domain.detections import count_by_taxon, max_n
from cameratrap.errors import CameraTrapError, ImageError, StoreError
from cameratrap.ports import Camera, Clock, DetectedFrame, Detector, EndOfTriggers, Frame, Trigger, TriggerSource
from cameratrap.store.bursts import (
    Picture,
    add_picture,
    begin_burst,
    burst_of_trigger,
    has_source,
    is_waiting,
    picture_bytes,
    pictures_of,
    waiting_bursts,
)
from cameratrap.store.card import Card
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.exif import PictureTags, tagged
from cameratrap.store.media import PictureFolder, sha256_of
from cameratrap.store.observations import ModelIdentity, store_analysis


@dataclass(frozen=True, slots=True)
class BurstReport:
    """What came of one trigger. ``new_pictures`` is 0 for a trigger that the card already has."""

    burst: str
    at: datetime
    new_pictures: int
    counts: dict[str, int]
    error: str | None = None


@dataclass
class WatchReport:
    """What one run did."""

    bursts: list[BurstReport] = field(default_factory=list)
    closed: list[ClosedDay] = field(default_factory=list)

    @property
    def failures(self) -> list[BurstReport]:
        """The bursts of which something could not be done."""
        return [report for report in self.bursts if report.error]


Tell = Callable[[BurstReport | ClosedDay], None]


class Watch:
    """The trap's loop over its ports. Holds no state that the card does not have, so it may be stopped anywhere."""

    def __init__(
        self, card: Card, camera: Camera, detector: Detector, clock: Clock, *, boot_id: str, serial: str
    ) -> None:
        self._card = card
        self._camera = camera
        self._detector = detector
        self._clock = clock
        self._boot_id = boot_id
        self._serial = serial
        self._folder = PictureFolder(card.folder)

    def run(
        self, triggers: TriggerSource, closing: Closing, *, tell: Tell = lambda _: None, ended: bool = False
    ) -> WatchReport:
        """Take up triggers until there are no more. With ``ended`` the deployment is over: its last day is closed."""
        report = WatchReport()
        stretch = arm(self._card.connection, self._clock.now(), self._boot_id)
        for each in self.finish_waiting():
            report.bursts.append(each)
            tell(each)
        for trigger in _until_the_end(triggers):
            still_armed(self._card.connection, stretch, self._clock.now())
            report.closed += self._close(closing, tell)
            each = self.step(trigger)
            report.bursts.append(each)
            tell(each)
        still_armed(self._card.connection, stretch, self._clock.now())
        report.closed += self._close(closing, tell, everything=ended)
        write_plain_tables(self._card, fold(self._card, closing.rules))
        return report

    def step(self, trigger: Trigger) -> BurstReport:
        """One trigger from edge to counts. A trigger that the card already has adds only what is missing of it."""
        begin_burst(
            self._card.connection, burst_name(trigger), trigger, boot_id=self._boot_id, clock=self._clock.quality()
        )
        burst = burst_of_trigger(self._card.connection, trigger.key)
        assert burst is not None  # noqa: S101 - it was stored one line above
        error = None
        saved = 0
        try:
            for frame in self._camera.capture_burst(trigger):
                saved += self._keep(burst, trigger, frame)
        except CameraTrapError as failure:
            error = str(failure)
        if not saved and not error and not is_waiting(self._card.connection, burst):
            return BurstReport(burst, trigger.at, 0, {})
        return self._look(burst, trigger.at, saved, error)

    def finish_waiting(self) -> list[BurstReport]:
        """Look at the bursts that an earlier run made safe and could not look at any more."""
        return [self._look(burst, pictures[0].captured_at, 0, None) for burst, pictures in self._waiting() if pictures]

    def _waiting(self) -> Iterable[tuple[str, list[Picture]]]:
        connection = self._card.connection
        return [(burst, pictures_of(connection, burst)) for burst in waiting_bursts(connection)]

    def _keep(self, burst: str, trigger: Trigger, frame: Frame) -> int:
        """Make one frame safe and index it; 0 when it already is."""
        source = sha256_of(frame.jpeg)
        if has_source(self._card.connection, source):
            return 0
        serial = frame.serial or self._serial
        tags = PictureTags(
            frame.captured_at, serial, trigger.cause, burst, trigger.key, frame.position, frame.of, source, frame.name
        )
        picture = self._folder.save(tagged(frame.jpeg, tags))
        add_picture(
            self._card.connection,
            burst,
            picture,
            position=frame.position,
            of=frame.of,
            captured_at=frame.captured_at,
            source_sha256=source,
            source_name=frame.name,
        )
        return 1

    def _look(self, burst: str, at: datetime, saved: int, error: str | None) -> BurstReport:
        answers: list[tuple[Picture, DetectedFrame]] = []
        for picture in pictures_of(self._card.connection, burst):
            try:
                answers.append((picture, self._detector.detect(self._reread(picture))))
            except (ImageError, StoreError, OSError) as failure:
                error = error or f"{picture.path}: {failure}"
        model = ModelIdentity(self._detector.name, self._detector.version, self._detector.recorded)
        store_analysis(self._card.connection, burst, answers, model, made_at=self._clock.now(), error=error)
        counts = max_n(count_by_taxon(found.detections) for _, found in answers)
        return BurstReport(burst, at, saved, counts, error)

    def _reread(self, picture: Picture) -> Frame:
        """The picture as it now is on the card: what is counted is what an ecologist will open."""
        jpeg = picture_bytes(self._card.folder, picture)
        if sha256_of(jpeg) != picture.sha256:
            raise StoreError("the picture on the card is not what was written", hint="is the card failing?")
        return Frame(jpeg, picture.captured_at, picture.source_name)

    def _close(self, closing: Closing, tell: Tell, *, everything: bool = False) -> list[ClosedDay]:
        closed = close_due_days(self._card, closing, self._clock.now(), everything=everything)
        for day in closed:
            tell(day)
        return closed


def burst_name(trigger: Trigger) -> str:
    """A name that sorts by time and is the same again for the same trigger."""
    digest = hashlib.sha256(trigger.key.encode()).hexdigest()[:8]
    return f"{trigger.at:%Y%m%dT%H%M%S}-{digest}"


def _until_the_end(triggers: TriggerSource) -> Iterable[Trigger]:
    while True:
        try:
            trigger = triggers.wait(None)
        except EndOfTriggers:
            return
        if trigger is not None:
            yield trigger
