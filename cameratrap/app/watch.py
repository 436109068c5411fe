"""The resident service: photograph and make safe at once, look when there is time, count and store; close each day.

The order is the promise. A picture is durable before its row, its row before anything is concluded from it, and what
was decided about a picture is stored before the picture is touched. A trigger that comes while a burst is looked at is
photographed between two of its pictures. What fails costs only itself: a picture, a burst or a day's closing, each
named, and the next trigger is taken up all the same.
"""

from __future__ import annotations

from cameratrap.app.aftermath import Aftermath
from cameratrap.app.alerts import AlertRules
from cameratrap.app.card_keeper import CardKeeper
from cameratrap.app.close_day import PATIENCE, Closing
from cameratrap.app.command_effects import sleeps
from cameratrap.app.field import Field, Standing
from cameratrap.app.ledger import CARD, Ledger
from cameratrap.app.look import LookSettings
from cameratrap.app.looking import Looker
from cameratrap.app.power_watch import PowerState
from cameratrap.app.stopping import StopRequest
from cameratrap.app.taking import Taker, burst_name
from cameratrap.app.vigil import Vigil
from cameratrap.app.watch_report import BurstReport, Outcome, SavingChanged, Tell, WatchReport
from cameratrap.domain.activities import Activity
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.saving import Saving
from cameratrap.errors import CameraTrapError, StoreError
from cameratrap.ports import Camera, Clock, Detector, EndOfTriggers, Trigger, TriggerSource
from cameratrap.store.card import Card

__all__ = ["BurstReport", "Outcome", "Tell", "Watch", "WatchReport", "burst_name"]

AT_ONCE = 100  # triggers that are taken up one after the other before anything else has its turn


class Watch:
    """The trap's loop over its ports. All that it must not lose is on the card, so it may be stopped anywhere.

    Without a ``field`` it plays a recording. ``ledger`` is given where it outlives this object,
    ``keeper`` where somebody minds the card's room.
    """

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
        field: Field | None = None,
        ledger: Ledger | None = None,
        keeper: CardKeeper | None = None,
    ) -> None:
        self._card = card
        self._clock = clock
        self._field = field or Field()
        self._ledger = ledger or Ledger(clock, boot_id)
        alive = self._field.supervisor.alive
        self._taker = Taker(card, camera, clock, self._ledger, boot_id=boot_id, serial=serial, alive=alive)
        self._looker = Looker(card, detector, clock, self._ledger, settings or LookSettings())
        self._vigil = Vigil(card, camera, clock, self._field, self._ledger) if field else None
        self._keeper = keeper
        self._profile = self._field.profile
        self._saving = Saving.NOTHING
        self._is_over = False

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

        ``alerts`` says what is told of at once, None where nothing is. Raises StopRequest, after all is stored, when
        it was asked to stop; StoreError where the card is gone; DeviceError where a restart may help; ModelError for a
        model that is loaded late and cannot be.
        """
        self._triggers, self._report = triggers, WatchReport(_tell=tell)
        self._after = Aftermath(self._card, self._clock, self._ledger, self._report, closing, alerts, self._keeper)
        try:
            self._begin()
            while not self._is_over:
                self._turn()
            self._look_while_any_waits()
        except StoreError:
            raise
        except (StopRequest, CameraTrapError) as end:  # without a camera or a model the days are closed all the same
            self._looker.give_back()
            if self._vigil:
                self._vigil.leave(self._triggers)
            self._finish(stopped=isinstance(end, StopRequest))
            raise
        self._finish(ended=ended)
        return self._report

    def _begin(self) -> None:
        if self._vigil:
            self._vigil.begin()
            self._save(self._vigil.power())
        self._arm()
        self._field.supervisor.ready()
        self._take_what_waits()
        self._after.keep()
        if self._looks:
            self._looker.find_left()
        self._after.alert()

    def _turn(self) -> None:
        """Triggers first, then one burst that waits, then whatever else is due; then wait for the next trigger."""
        self._take_what_waits()
        if self._looks and self._looker.waits:
            self._look()
        self._keep_house()
        if self._looks and self._looker.waits:
            return
        trigger = self._next(self._vigil.timeout_s() if self._vigil else None)
        if trigger is not None:
            self._stand(self._vigil.standing() if self._vigil else None)  # a command may have come while it waited
            self._take(trigger)

    def _finish(self, *, ended: bool = False, stopped: bool = False) -> None:
        """The tables are written anew where somebody may come for them, and not at the end of each power-on."""
        if self._ledger.waits:
            self._ledger.flush(self._card.connection)
        self._after.close(everything=ended)
        self._after.tabulate(anew=stopped or not self._vigil)

    @property
    def _looks(self) -> bool:
        return self._field.looks and self._saving < Saving.INFERENCE

    def _next(self, timeout_s: float | None) -> Trigger | None:
        if self._is_over:
            return None
        try:
            with self._field.stop.waiting():
                return self._triggers.wait(timeout_s)
        except EndOfTriggers:
            self._is_over = True
            return None

    def _take_what_waits(self) -> None:
        for _ in range(AT_ONCE):
            trigger = self._next(0)
            if trigger is None:
                return
            self._take(trigger)

    def _take(self, trigger: Trigger) -> None:
        """Photograph it, or count it where it is not to be photographed."""
        reason = self._reason_against(trigger)
        if reason is not None:
            if trigger.cause is not TriggerCause.TIMELAPSE:  # how many there are of those depends on the timer
                self._ledger.suppressed(trigger.at, reason)
            return
        with self._ledger.during(Activity.CAPTURE):
            taken = self._taker.take(trigger, self.spared_profile, is_looked_at=self._looks)
        if self._vigil:
            self._vigil.note(taken)
        if taken.waits and self._looks:
            self._looker.add(taken)
        else:
            self._report.note(BurstReport(taken.burst, taken.at, taken.new_pictures, {}, taken.error))

    def _reason_against(self, trigger: Trigger) -> str | None:
        self._arm()
        if sleeps(self._card.connection, trigger.at):
            return "asleep"
        if self._saving >= Saving.PICTURES:
            return "battery"
        if self._saving >= Saving.INFERENCE and not self._after.has_room():
            return CARD  # nothing is looked at, so nothing could go: what is free is for rows and messages
        return self._field.admission.admit(trigger) if self._field.admission else None

    @property
    def spared_profile(self) -> BurstProfile:
        """The burst that the battery allows."""
        profile = self._profile
        count = 1 if self._saving >= Saving.BURST else profile.count
        return BurstProfile(count, profile.spacing_s, lamp=profile.lamp and self._saving < Saving.LAMP)

    def _arm(self) -> None:
        """The hours in which it takes pictures are its effort, and no others."""
        now, hours, connection = self._clock.now(), self._field.hours, self._card.connection
        armed = self._saving < Saving.PICTURES and not sleeps(connection, now) and (not hours or hours.is_on(now))
        if self._vigil and self._ledger.is_armed and not armed:
            self._ledger.flush(connection)  # a recording does not know what was between its triggers
        self._ledger.arm(connection, armed=armed)

    def _look_while_any_waits(self) -> None:
        while self._looks and self._looker.waits:
            self._take_what_waits()
            self._look()

    def _look(self) -> None:
        with self._ledger.during(Activity.INFERENCE):
            looked = self._looker.look_at_next(self._meanwhile)
        if looked is None:
            return
        burst, waited = looked
        self._report.note(burst, waited=waited)
        self._after.of(burst)

    def _meanwhile(self) -> None:
        """Between two pictures: an animal does not wait until the one before it has been looked at."""
        self._field.stop.check()
        self._take_what_waits()
        self._field.supervisor.alive()

    def _keep_house(self) -> None:
        if self._vigil:
            self._vigil.turn(self._triggers)
            self._save(self._vigil.power())
            self._stand(self._vigil.standing())
        self._arm()
        if self._vigil and self._ledger.is_due():
            self._ledger.flush(self._card.connection)
        if not self._looker.waits or self._is_past_patience():
            self._after.close()
            if self._vigil:
                self._after.tabulate()

    def _save(self, power: PowerState) -> None:
        """Give up what the battery no longer allows, or take it up again: bursts that waited are looked at."""
        before, self._saving = self._saving, power.saving
        if self._saving is before:
            return
        self._report.note(SavingChanged(self._saving, self._clock.now(), power.reading.battery_v))
        if self._saving < Saving.INFERENCE <= before:
            self._looker.find_left()
        if power.last_gasp:  # told while there is energy to send it
            self._after.close(everything=True)

    def _stand(self, standing: Standing | None) -> None:
        """Go on as the commands have changed it."""
        if standing is not None:
            self._profile, self._after.closing = standing.profile, standing.closing
            self._looker.use(standing.detector, standing.settings)

    def _is_past_patience(self) -> bool:
        """Whether the day before is closed although bursts wait that may be of it: its message has waited enough."""
        now = self._clock.now()
        return now - now.replace(hour=0, minute=0, second=0, microsecond=0) > PATIENCE
