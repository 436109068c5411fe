"""The resident service, one trigger at a time: photograph, make it safe, look, count, store; close each day.

The order is the promise. A picture is durable before its row, its row before anything is concluded from it, and what
was decided about a picture is stored before the picture is touched. A burst whose pictures are safe is looked at again
after a power cut. What fails costs only itself: a picture, a burst or a day's closing, each named, and the next
trigger is taken up all the same.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import datetime

from cameratrap.app.alerts import AlertRules, raise_alerts
from cameratrap.app.analyse import Analyst, Failure
from cameratrap.app.close_day import Closing, close_due_days
from cameratrap.app.command_effects import sleeps
from cameratrap.app.fold import fold
from cameratrap.app.look import LookSettings
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.app.treat import treat_pictures
from cameratrap.app.watch_report import BurstReport, Outcome, Tell, WatchReport
from cameratrap.domain.capture import BurstProfile
from cameratrap.errors import CameraTrapError
from cameratrap.ports import Camera, Clock, Detector, EndOfTriggers, Frame, Trigger, TriggerSource
from cameratrap.store.analyses import Analysis, ModelIdentity, store_analysis
from cameratrap.store.bursts import (
    MAX_ATTEMPTS,
    add_picture,
    begin_burst,
    begin_look,
    burst_of_trigger,
    give_back_look,
    has_source,
    is_analysed,
    last_path,
    pictures_of,
    waiting_bursts,
)
from cameratrap.store.card import Card
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.exif import PictureTags, tagged
from cameratrap.store.media import PictureFolder, sha256_of

__all__ = ["BurstReport", "Outcome", "Tell", "Watch", "WatchReport", "burst_name"]


class Watch:
    """The trap's loop over its ports. Holds no state that the card does not have, so it may be stopped anywhere."""

    def __init__(
        self,
        card: Card,
        camera: Camera,
        detector: Detector,
        clock: Clock,
        *,
        boot_id: str,
        serial: str,
        settings: LookSettings | None = None,
    ) -> None:
        self._card = card
        self._camera = camera
        self._analyst = Analyst(card, detector, settings or LookSettings())
        self._clock = clock
        self._boot_id = boot_id
        self._serial = serial
        self._folder = PictureFolder(card.folder, last_path(card.connection))
        self._model = ModelIdentity(detector.name, detector.version, detector.sha256, detector.score_threshold)

    def run(
        self,
        triggers: TriggerSource,
        closing: Closing,
        *,
        alerts: AlertRules | None = None,
        tell: Tell = lambda _: None,
        ended: bool = False,
    ) -> WatchReport:
        """Take up triggers until there are no more. With ``ended`` the deployment is over: its last day is closed.

        ``alerts`` says what is told of at once, None where nothing is.
        """
        report = WatchReport(_tell=tell)
        stretch = self._still_armed(None)
        self._treat(report)
        for each in self.finish_waiting():
            report.note(each, waited=True)
            self._treat(report)
        self._alert(alerts, report)
        for trigger in _until_the_end(triggers):
            stretch = self._still_armed(stretch)
            if stretch is not None:
                burst = self.step(trigger)
                report.note(burst)
                if alerts and alerts.concern(burst.counts):
                    self._alert(alerts, report)
                self._treat(report)
            self._close(closing, report)
        self._still_armed(stretch)
        self._close(closing, report, everything=ended)
        write_plain_tables(self._card, fold(self._card, closing.rules))
        return report

    def step(self, trigger: Trigger) -> BurstReport:
        """One trigger from edge to counts. A trigger that the card already has adds only what is missing of it."""
        connection = self._card.connection
        begin_burst(connection, burst_name(trigger), trigger, boot_id=self._boot_id, clock=self._clock.quality())
        burst = burst_of_trigger(connection, trigger.key)
        assert burst is not None  # noqa: S101 - it was stored one line above
        failure = None
        saved = 0
        try:
            for frame in self._camera.capture_burst(trigger, BurstProfile()):
                saved += self._keep(burst, trigger, frame)
        except CameraTrapError as error:
            failure = Failure.of(error)
        if not saved and not failure and is_analysed(connection, burst):
            return BurstReport(burst, trigger.at, 0, {})
        return self._look(burst, trigger.at, saved, failure)

    def finish_waiting(self) -> Iterator[BurstReport]:
        """Look at the bursts that an earlier run made safe and could not look at any more."""
        for burst in waiting_bursts(self._card.connection, self._model.full_name):
            pictures = pictures_of(self._card.connection, burst)
            if pictures:
                yield self._look(burst, pictures[0].captured_at, 0, None, most=MAX_ATTEMPTS)

    def _still_armed(self, stretch: int | None) -> int | None:
        """The stretch to go on with; None while a command has it sleep: what triggers it then is not photographed, and
        the hours are none of its effort.
        """
        connection, now, monotonic_s = self._card.connection, self._clock.now(), self._clock.monotonic_s()
        if sleeps(connection, now):
            return None
        if stretch is None:
            return arm(connection, now, monotonic_s, self._boot_id)
        return still_armed(connection, stretch, now, monotonic_s)

    def _keep(self, burst: str, trigger: Trigger, frame: Frame) -> int:
        """Make one frame safe and index it; 0 when a recording's picture already is."""
        if frame.source_sha256 and has_source(self._card.connection, frame.source_sha256):
            return 0
        tags = self._tags(burst, trigger, frame)
        picture = self._folder.save(tagged(frame.jpeg, tags))
        add_picture(
            self._card.connection,
            burst,
            picture,
            position=frame.position,
            of=frame.of,
            captured_at=frame.captured_at,
            source_sha256=tags.source_sha256,
            source_name=frame.name,
        )
        return 1

    def _tags(self, burst: str, trigger: Trigger, frame: Frame) -> PictureTags:
        return PictureTags(
            captured_at=frame.captured_at,
            serial=frame.serial or self._serial,
            cause=trigger.cause,
            burst=burst,
            trigger_key=trigger.key,
            position=frame.position,
            of=frame.of,
            source_sha256=frame.source_sha256 or sha256_of(frame.jpeg),
            source_name=frame.name,
            deployment=self._card.deployment.deployment,
            boot_id=self._boot_id,
            monotonic_s=trigger.monotonic_s,
            clock=self._clock.quality(),
        )

    def _look(
        self, burst: str, at: datetime, saved: int, failure: Failure | None, *, most: int | None = None
    ) -> BurstReport:
        """Look at a burst's pictures and store what they show; give up after ``most`` unfinished looks."""
        analysis = Analysis()
        if begin_look(self._card.connection, burst) > (most or sys.maxsize):
            failure = failure or Failure(f"looking at it failed {most} times", "detector")
        else:
            try:
                analysis, trouble = self._analyst.analyse(burst)
            except (KeyboardInterrupt, SystemExit):
                give_back_look(self._card.connection, burst)
                raise
            failure = failure or trouble
        error = None if failure is None else failure.error
        store_analysis(
            self._card.connection,
            burst,
            analysis,
            self._model,
            made_at=self._clock.now(),
            error=error,
            fault=None if failure is None else failure.fault,
        )
        return BurstReport(burst, at, saved, {each.taxon: each.count for each in analysis.observations}, error)

    def _alert(self, alerts: AlertRules | None, report: WatchReport) -> None:
        """Raise what is worth an alert, also of bursts that were stored just before the power went."""
        if alerts is not None:
            for outcome in raise_alerts(self._card, alerts, self._clock.now()):
                report.note(outcome)

    def _treat(self, report: WatchReport) -> None:
        """Blur or remove what a policy asks for; what cannot be done now is named each time."""
        for failed in treat_pictures(self._card, self._clock.now()):
            report.note(failed)

    def _close(self, closing: Closing, report: WatchReport, *, everything: bool = False) -> None:
        for outcome in close_due_days(self._card, closing, self._clock.now(), everything=everything):
            report.note(outcome)


def burst_name(trigger: Trigger) -> str:
    """A name that sorts by time and is the same again for the same trigger."""
    digest = hashlib.sha256(trigger.key.encode()).hexdigest()[:8]
    return f"{trigger.at:%Y%m%dT%H%M%S}-{digest}"


def _until_the_end(triggers: TriggerSource) -> Iterator[Trigger]:
    while True:
        try:
            trigger = triggers.wait(None)
        except EndOfTriggers:
            return
        if trigger is not None:
            yield trigger
