"""What the trap has to write down and need not at once: it goes with the next transaction, so that it costs none.

A storm of five thousand triggers that are only counted must not be five thousand synchronisations. What has gathered
here is lost when the power goes: at most ``WRITE_EVERY`` of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection

from cameratrap.app.energy_count import EnergyCount
from cameratrap.domain.activities import Activity
from cameratrap.domain.capture import Incident
from cameratrap.domain.effort import Span
from cameratrap.ports import Clock
from cameratrap.store import device_faults
from cameratrap.store.connection import transaction
from cameratrap.store.effort import arm, arm_since, still_armed, suppress

WRITE_EVERY = timedelta(minutes=10)
CARD = "card"


@dataclass(frozen=True, slots=True)
class PowerOff:
    """``armed``: when its gate would have switched it on, by time; ``is_armed_still``: the last reaches up to now."""

    armed: tuple[Span, ...] = ()
    is_armed_still: bool = False


class Ledger:
    """Counts in memory, and the armed stretch, of one process. It outlives a card that is gone for a while."""

    def __init__(
        self, clock: Clock, boot_id: str, *, energy: EnergyCount | None = None, power_off: PowerOff | None = None
    ) -> None:
        """``energy`` is None where it is not counted; ``power_off`` where nothing is known of one before this start."""
        self._clock = clock
        self._boot_id = boot_id
        self._energy = energy
        self._suppressed: Counter[tuple[datetime, str]] = Counter()
        self._incidents: list[tuple[Incident, datetime]] = []
        self._is_armed = self._was_armed = False
        self._power_off = power_off
        self._stretch: int | None = None
        self._stretch_before: int | None = None  # the last of the power-off, where it goes on
        self._began: tuple[datetime, float] | None = None  # a stretch that is not written yet
        self._gone: tuple[Incident, datetime] | None = None
        self._has_written = False
        self._written_s = clock.monotonic_s()
        self._written_on = clock.now().date()

    @property
    def boot_id(self) -> str:
        """Of which boot it is."""
        return self._boot_id

    @property
    def is_armed(self) -> bool:
        """Whether the trap takes pictures: the hours are its effort."""
        return self._is_armed

    def suppressed(self, at: datetime, reason: str, triggers: int = 1) -> None:
        """Count triggers that are not photographed."""
        self._suppressed[at.replace(minute=0, second=0, microsecond=0), reason] += triggers

    def incidents(self, incidents: Iterable[Incident]) -> None:
        """Take down what devices went through, by the wall clock's time."""
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        self._incidents += [(each, now - timedelta(seconds=now_s - each.monotonic_s)) for each in incidents]

    def during(self, activity: Activity) -> AbstractContextManager[None]:
        """The energy of the block is that activity's."""
        return self._energy.during(activity) if self._energy else nullcontext()

    def took(self, activity: Activity, seconds: float) -> None:
        """So many seconds of an activity beside the others."""
        if self._energy:
            self._energy.took(activity, seconds)

    def arm(self, connection: Connection, *, armed: bool) -> None:
        """From now on the trap is armed, which the next transaction writes, or it no longer is. Raises StoreError."""
        if not armed:
            self._stretch_before = None
        if armed is self._is_armed:
            return
        if self._began is not None:
            self._begin(connection)
            self._was_armed = True
        self._is_armed, self._stretch = armed, None
        self._began = (self._clock.now(), self._clock.monotonic_s()) if armed else None

    def begin(self, connection: Connection, carry_over: Callable[[Connection], None]) -> None:
        """What the time before has left, at once: a day that is closed next needs it. Raises StoreError."""
        with self.transaction(connection):
            carry_over(connection)

    def flush(self, connection: Connection) -> None:
        """Write down what has gathered. Raises StoreError."""
        with self.transaction(connection):
            pass

    @property
    def has_been_armed(self) -> bool:
        """Whether anything was ever written: the card was there."""
        return self._was_armed

    @property
    def is_card_gone(self) -> bool:
        """Whether nothing was written since ``card_is_gone``."""
        return self._gone is not None

    def card_is_gone(self, why: str) -> None:
        """What follows is for a card that is opened anew; until then nothing is photographed."""
        self._is_armed, self._stretch, self._began = False, None, None
        if self._gone is None:
            self._gone = Incident(CARD, why, self._clock.monotonic_s(), recovered=False), self._clock.now()

    @property
    def waits(self) -> bool:
        """Whether anything has gathered, or does by itself: hours armed, and energy in any state."""
        return bool(self._is_armed or self._suppressed or self._incidents or self._energy)

    def is_due(self) -> bool:
        """Whether what has gathered should wait no longer: also at midnight, when the day is closed.

        A beginning is due at once: that the trap was started is to be known even if it is cut off soon.
        """
        if self._began is not None:
            return True
        late = self._clock.monotonic_s() - self._written_s >= WRITE_EVERY.total_seconds()
        return self.waits and (late or self._clock.now().date() != self._written_on)

    @contextmanager
    def transaction(self, connection: Connection) -> Iterator[None]:
        """One transaction with what has gathered in it, which is forgotten only once it is durable.

        Raises StoreError.
        """
        with transaction(connection):
            yield
            stretch = self._write(connection)
        self._stretch, self._was_armed = stretch, self._was_armed or stretch is not None
        self._began = None
        self._has_written = True
        self._suppressed.clear()
        self._incidents.clear()
        self._gone = None
        if self._energy:
            self._energy.written()
        self._written_s, self._written_on = self._clock.monotonic_s(), self._clock.now().date()

    def _write(self, connection: Connection) -> int | None:
        now, now_s, quality = self._clock.now(), self._clock.monotonic_s(), self._clock.quality()
        for (hour, reason), triggers in self._suppressed.items():
            suppress(connection, hour, self._boot_id, reason, triggers, clock=quality)
        back = Incident(CARD, "it is there again", now_s, recovered=True), now
        for incident, at in [*self._incidents, *([self._gone, back] if self._gone else [])]:
            device_faults.note_incident(connection, incident, at, self._boot_id)
        if self._energy:
            self._energy.write(connection)
        device_faults.still_down(connection, now, now_s, self._boot_id)
        self._write_power_off(connection, now, now_s)
        if not self._is_armed:
            return None
        stretch = self._stretch
        if stretch is None:
            before = None if self._was_armed else self._stretch_before
            stretch = self._begin(connection) if before is None else before
        return still_armed(connection, stretch, now, now_s, clock=quality)

    def _write_power_off(self, connection: Connection, now: datetime, now_s: float) -> None:
        """Once, and whether or not the trap is armed now: a window of the schedule may lie in it as a whole."""
        if self._power_off is None or self._has_written:
            return
        for span in self._power_off.armed:
            end_s = now_s - (now - span.end) / timedelta(seconds=1)
            quality = self._clock.quality()
            stretch = arm_since(connection, span.start, span.end, end_s, self._boot_id, clock=quality)
            self._stretch_before = stretch if self._power_off.is_armed_still else None

    def _begin(self, connection: Connection) -> int:
        """The stretch that has begun, and nothing more is known of it."""
        assert self._began is not None  # noqa: S101 - it is armed, and that was not written yet
        start, start_s = self._began
        resumed = self._was_armed or self._power_off is not None
        return arm(connection, start, start_s, self._boot_id, resumed=resumed, clock=self._clock.quality())
