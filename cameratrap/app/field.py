"""What a trap that hangs on a tree has and a recording has not. Each part may be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Connection
from typing import Protocol

from cameratrap.app.closing import Closing
from cameratrap.app.look import LookSettings
from cameratrap.app.power_watch import PowerState
from cameratrap.app.stopping import Stop
from cameratrap.domain.capture import BurstProfile
from cameratrap.errors import DeviceError
from cameratrap.ports import Detector, Supervisor, Trigger
from cameratrap.store.card import Card
from cameratrap.store.device_faults import begin_anew


class Unsupervised:
    """The port Supervisor where nobody watches: a recording, a test, a shell."""

    interval_s: float | None = None

    def ready(self) -> None:
        """Nobody waits for it."""

    def alive(self) -> None:
        """Nobody counts it."""

    def status(self, line: str) -> None:
        """Nobody reads it."""

    def stopping(self) -> None:
        """Nobody minds."""

    def close(self) -> None:
        """Nothing is held open."""


class Admission(Protocol):
    """Which triggers are photographed (``domain.throttle.Throttle``)."""

    def admit(self, trigger: Trigger) -> str | None:
        """Why this one is only counted; None where it is photographed."""
        ...


class Hours(Protocol):
    """When the trap is armed (``app.sun.Schedule``)."""

    def is_on(self, now: datetime) -> bool: ...

    def next_change(self, now: datetime) -> datetime | None: ...


class Battery(Protocol):
    """What the battery allows (``app.power_watch.PowerWatch``)."""

    def look(self) -> PowerState:
        """What is given up now. It reads the gauge only as often as it wants to."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What the configuration and the commands say now."""

    profile: BurstProfile
    detector: Detector
    settings: LookSettings
    closing: Closing


@dataclass(frozen=True, slots=True)
class Field:
    """``looks``: whether bursts are looked at at all, or wait for another run. ``has_lamp``: without its light the
    nights are lost.

    ``missing`` is the sensor that could not be had: nothing triggers, and a new process may find it.

    ``begin`` says what becomes of the devices that an earlier process has found broken: they are found again, or work.
    ``reread`` gives what stands when commands have changed something, None where that changes nothing here.

    Both are given the card's index, ``open_battery`` the card.
    """

    begin: Callable[[Connection], None] = begin_anew
    supervisor: Supervisor = field(default_factory=Unsupervised)
    stop: Stop = field(default_factory=Stop)
    profile: BurstProfile = field(default_factory=BurstProfile)
    looks: bool = True
    has_lamp: bool = False
    missing: DeviceError | None = None
    admission: Admission | None = None
    hours: Hours | None = None
    open_battery: Callable[[Card], Battery | None] | None = None
    reread: Callable[[Connection], Standing | None] | None = None
