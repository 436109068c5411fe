"""What keeps a trap in the field going while nothing triggers: devices, battery, commands, and whoever watches it."""

from __future__ import annotations

from datetime import datetime, timedelta

from cameratrap.app.armed import LAMP_SPARED
from cameratrap.app.field import Field, Standing
from cameratrap.app.ledger import WRITE_EVERY, Ledger
from cameratrap.app.power_watch import PowerState
from cameratrap.app.taking import Taken
from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.saving import Saving
from cameratrap.domain.throttle import Suppression
from cameratrap.errors import CameraTrapError, DeviceError
from cameratrap.ports import Camera, Clock, EndOfTriggers, FrameWatcher, TriggerSource
from cameratrap.store.card import Card
from cameratrap.store.device_faults import is_down
from cameratrap.store.effort import starts_by_day

# A camera whose driver has restarted it in vain so many bursts in a row is left to a new process, and in the end to a
# reboot: memory for its buffers that is used up comes back with nothing less. Where that did not help either, so many
# starts later on the same day, the trap stays and goes on counting triggers.
CAMERA_FAILURES = 3
STARTS_A_DAY = 8
# A sensor that could not be had is left to a new process after so long: seldom enough that no reboot comes of it.
WITHOUT_SENSOR_S = 600.0


class Vigil:
    """Looks after one card's trap. It wakes the process once in ``WRITE_EVERY``, or as often as the watchdog asks."""

    def __init__(self, card: Card, camera: Camera, clock: Clock, field: Field, ledger: Ledger) -> None:
        self._card = card
        self._camera = camera
        self._clock = clock
        self._field = field
        self._ledger = ledger
        self._battery = field.open_battery(card) if field.open_battery else None
        self._power = PowerState()
        self._spares_lamp = False
        self._data_version = -1
        self._camera_failures = 0
        self._triggers = 0
        self._status = ""
        self._begun_s = clock.monotonic_s()

    def begin(self) -> None:
        """Devices that an earlier process found broken."""
        self._field.begin(self._card.connection)
        self._spares_lamp = is_down(self._card.connection, LAMP_SPARED, self._ledger.boot_id)

    def note(self, taken: Taken) -> None:
        """A trigger was taken up, which is progress."""
        self._triggers += 1
        has_failed = taken.failure is not None and taken.failure.fault == "camera"
        self._camera_failures = self._camera_failures + 1 if has_failed else 0
        self._field.supervisor.alive()

    def turn(self, triggers: TriggerSource) -> None:
        """One turn of the loop: the sensor has answered.

        Raises DeviceError for a camera or a sensor that needs a new process, StoreError for a card that has gone.
        """
        self._card.check()
        now = self._clock.now()
        self._hear(triggers)
        broken = self._broken()
        if broken is not None and self._starts_today(now) < STARTS_A_DAY:
            raise broken
        self._field.supervisor.alive()
        self._tell(triggers)

    def _broken(self) -> DeviceError | None:
        """What a new process may cure, once it is time for one."""
        if self._camera_failures >= CAMERA_FAILURES:
            return DeviceError(
                f"the camera has failed {self._camera_failures} times in a row",
                device="camera",
                hint="systemd starts `watch` again, and then the Pi; is the camera's cable seated?",
            )
        return self._field.missing if self._clock.monotonic_s() - self._begun_s >= WITHOUT_SENSOR_S else None

    def leave(self, triggers: TriggerSource) -> None:
        """The run ends: what waits is photographed by nobody any more, and counted."""
        try:
            while (trigger := triggers.wait(0)) is not None:
                if trigger.cause is not TriggerCause.TIMELAPSE:
                    self._ledger.suppressed(trigger.at, Suppression.QUEUE)
        except (EndOfTriggers, CameraTrapError):
            pass
        self._hear(triggers)

    def power(self) -> PowerState:
        """What the battery does not allow now."""
        self._power = self._battery.look() if self._battery else PowerState()
        self._spare_lamp(self._power.saving)
        return self._power

    def _spare_lamp(self, saving: Saving) -> None:
        """Nights without the lamp's light are no effort, whether it is dead or the battery spares it."""
        spares = self._field.has_lamp and saving >= Saving.LAMP
        if spares is not self._spares_lamp:
            self._spares_lamp = spares
            what = "the battery allows it again" if not spares else "spared for the battery"
            self._ledger.incidents([Incident(LAMP_SPARED, what, self._clock.monotonic_s(), recovered=not spares)])

    def standing(self) -> Standing | None:
        """What holds from now on; None where no other process has changed the card, or nothing that concerns us."""
        version = int(self._card.connection.execute("PRAGMA data_version").fetchone()[0])
        if self._field.reread is None or version == self._data_version:
            return None
        self._data_version = version
        return self._field.reread(self._card.connection)

    def timeout_s(self) -> float:
        """How long to wait for a trigger before something else is due."""
        now = self._clock.now()
        due_s = [WRITE_EVERY.total_seconds(), _until_midnight(now).total_seconds()]
        change = self._field.hours.next_change(now) if self._field.hours else None
        if change is not None:
            due_s.append((change - now).total_seconds())
        if self._field.supervisor.interval_s is not None:
            due_s.append(self._field.supervisor.interval_s / 2)
        return max(0.001, min(due_s))

    def _hear(self, triggers: TriggerSource) -> None:
        now = self._clock.now()
        for reason, count in triggers.suppressed().items():
            self._ledger.suppressed(now, reason, count)
        self._ledger.incidents([*triggers.incidents(), *self._camera.incidents()])

    def _starts_today(self, now: datetime) -> int:
        return starts_by_day(self._card.connection, self._card.zone)[now.date()]

    def _tell(self, triggers: TriggerSource) -> None:
        state = "armed" if self._ledger.is_armed and self._field.missing is None else "not armed"
        volts, saving = self._power.reading.battery_v, self._power.saving
        battery = f", battery: {self._power.trouble}" if self._power.trouble else ""
        if volts is not None:
            battery = f", battery {volts:.1f} V{battery}"
        saved = f", saving: {saving.name.lower()}" if saving else ""
        cpu_s = triggers.cpu_s_per_frame if isinstance(triggers, FrameWatcher) else None
        motion = "" if cpu_s is None else f", motion: {1000 * cpu_s:.1f} ms of the processor a frame"
        status = f"{state}, {self._triggers} triggers{battery}{saved}{motion}"
        if status != self._status:
            self._status = status
            self._field.supervisor.status(status)


def _until_midnight(now: datetime) -> timedelta:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) - now
