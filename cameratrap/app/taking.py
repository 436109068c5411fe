"""One trigger, from its edge until its pictures are safe: n pictures cost n + 2 synchronisations.

Each picture's content is durable as soon as the camera has given it, all get their names together, and one transaction
holds the burst, its pictures and everything else that waits to be written down. A power cut before that leaves whole
pictures that the sweep takes in; after it, a burst that waits to be looked at.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.app.analyse import Failure
from cameratrap.app.ledger import CARD, Ledger
from cameratrap.domain.activities import Activity
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import CameraTrapError, StoreError
from cameratrap.ports import Camera, Clock, Frame, Trigger
from cameratrap.store import timings
from cameratrap.store.bursts import (
    add_picture,
    begin_burst,
    burst_of_trigger,
    end_capture,
    has_source,
    is_to_look_at,
    last_path,
)
from cameratrap.store.card import Card
from cameratrap.store.exif import PictureTags, tagged
from cameratrap.store.media import PictureFolder, SavedPicture, sha256_of
from cameratrap.store.timings import Timing


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one trigger before anybody looked. ``failure`` is what went wrong, if anything did.

    ``waits``: there is something to look at; ``is_counted``: that look is counted already.
    """

    burst: str
    at: datetime
    new_pictures: int
    failure: Failure | None
    waits: bool
    is_counted: bool

    @property
    def error(self) -> str | None:
        """What went wrong, in words."""
        return None if self.failure is None else self.failure.error


@dataclass(frozen=True, slots=True)
class _Written:
    """A picture whose content is durable. ``source_sha256`` is of the JPEG as the camera gave it."""

    picture: SavedPicture
    frame: Frame
    source_sha256: str


class Taker:
    """Photographs what triggers and makes it safe. ``alive`` is told of each picture: a burst may take minutes."""

    def __init__(
        self,
        card: Card,
        camera: Camera,
        clock: Clock,
        ledger: Ledger,
        *,
        boot_id: str,
        serial: str,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._card = card
        self._camera = camera
        self._clock = clock
        self._ledger = ledger
        self._boot_id = boot_id
        self._serial = serial
        self._alive = alive
        self._folder = PictureFolder(card.folder, last_path(card.connection))

    def take(self, trigger: Trigger, profile: BurstProfile, *, is_looked_at: bool) -> Taken:
        """Photograph and store; ``is_looked_at`` says that a look follows, which is counted before it is taken.

        A trigger that the card has already adds only what is missing of it. What goes wrong with camera or pictures is
        told and stored; a StoreError is raised where nothing can be stored any more.
        """
        written: list[_Written] = []
        try:
            return self._take(trigger, profile, written, is_looked_at=is_looked_at)
        except (StoreError, sqlite3.Error):
            if not written and trigger.cause is not TriggerCause.TIMELAPSE:  # what is written the sweep takes in
                self._ledger.suppressed(trigger.at, CARD)
            raise

    def _take(self, trigger: Trigger, profile: BurstProfile, written: list[_Written], *, is_looked_at: bool) -> Taken:
        self._card.check()
        began_s = self._clock.monotonic_s()
        known = burst_of_trigger(self._card.connection, trigger.key)
        burst = known or burst_name(trigger)
        failure = None
        try:
            self._photograph(burst, trigger, profile, written)
        except CameraTrapError as error:
            failure = Failure.of(error)
        written, failure = self._name(written, failure)
        self._ledger.incidents(self._camera.incidents())
        if any(each.frame.lamp for each in written):
            self._ledger.took(Activity.LAMP, self._clock.monotonic_s() - began_s)
        is_new = bool(written or known is None or failure)
        if is_new:
            failure = failure or (None if written else Failure("the camera gave no picture", "camera"))
            self._store(burst, trigger, profile, written, failure, is_looked_at=is_looked_at)
        waits = is_to_look_at(self._card.connection, burst)
        return Taken(burst, trigger.at, len(written), failure, waits, is_new and is_looked_at)

    def _photograph(self, burst: str, trigger: Trigger, profile: BurstProfile, written: list[_Written]) -> None:
        """Write each frame that is new; those of a recording may be on the card already."""
        for frame in self._camera.capture_burst(trigger, profile):
            source = frame.source_sha256 or sha256_of(frame.jpeg)
            if not frame.source_sha256 or not has_source(self._card.connection, source):
                tags = picture_tags(
                    frame,
                    trigger,
                    self._clock.quality(),
                    burst=burst,
                    deployment=self._card.deployment.deployment,
                    boot_id=self._boot_id,
                    serial=self._serial,
                )
                jpeg = tagged(frame.jpeg, tags)
                written.append(_Written(self._folder.write(jpeg), frame, source))
            self._alive()

    def _name(self, written: list[_Written], failure: Failure | None) -> tuple[list[_Written], Failure | None]:
        """Give the pictures their names; those that cannot get one are not in the index, and the sweep's to find."""
        if not written:
            return written, failure
        try:
            self._folder.name([each.picture for each in written])
        except CameraTrapError as error:
            return [], failure or Failure.of(error)
        return written, failure

    def _store(
        self,
        burst: str,
        trigger: Trigger,
        profile: BurstProfile,
        written: Sequence[_Written],
        failure: Failure | None,
        *,
        is_looked_at: bool,
    ) -> None:
        connection = self._card.connection
        error, fault = (None, None) if failure is None else (failure.error, failure.fault)
        self._card.check()  # a row for pictures that went below where the card was would promise what is not there
        with self._ledger.transaction(connection):
            begin_burst(connection, burst, trigger, boot_id=self._boot_id, clock=self._clock.quality())
            for each in written:
                self._add(burst, each)
            end_capture(connection, burst, error=error, fault=fault, is_looked_at=is_looked_at)
            exposed_s = [each.frame.monotonic_s for each in written if each.frame.monotonic_s is not None]
            if exposed_s:
                timings.add(connection, burst, self._timing(trigger, profile, written, min(exposed_s)))

    def _add(self, burst: str, written: _Written) -> None:
        frame = written.frame
        add_picture(
            self._card.connection,
            burst,
            written.picture,
            position=frame.position,
            of=frame.of,
            captured_at=frame.captured_at,
            source_sha256=written.source_sha256,
            source_name=frame.name,
        )

    def _timing(self, trigger: Trigger, profile: BurstProfile, written: Sequence[_Written], first_s: float) -> Timing:
        lamps = [each.frame.lamp for each in written if each.frame.lamp is not None]
        lumas = [each.frame.brightness for each in written if each.frame.brightness is not None]
        return Timing(
            first_frame_s=first_s - trigger.monotonic_s,
            dead_s=self._clock.monotonic_s() - trigger.monotonic_s,
            requested=profile.count,
            spacing_s=profile.spacing_s,
            lamp=any(lamps) if lamps else None,
            brightness=max(lumas, default=None),
        )


def picture_tags(
    frame: Frame,
    trigger: Trigger,
    clock: ClockQuality | None,
    *,
    burst: str,
    deployment: str,
    boot_id: str,
    serial: str,
) -> PictureTags:
    """What a picture says of itself; ``serial`` is the trap's, for a frame that does not know of another."""
    return PictureTags(
        captured_at=frame.captured_at,
        serial=frame.serial or serial,
        cause=trigger.cause,
        burst=burst,
        trigger_key=trigger.key,
        position=frame.position,
        of=frame.of,
        source_sha256=frame.source_sha256 or sha256_of(frame.jpeg),
        source_name=frame.name,
        deployment=deployment,
        boot_id=boot_id,
        monotonic_s=trigger.monotonic_s,
        clock=clock,
    )


def burst_name(trigger: Trigger) -> str:
    """A name that sorts by time and is the same again for the same trigger."""
    digest = hashlib.sha256(trigger.key.encode()).hexdigest()[:8]
    return f"{trigger.at:%Y%m%dT%H%M%S}-{digest}"
