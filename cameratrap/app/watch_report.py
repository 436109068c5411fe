"""What one run of `watch` tells, thing by thing, and how much of each there was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.app.alerts import AlertFailed, AlertOutcome
from cameratrap.app.closing import ClosedDay, ClosingFailed
from cameratrap.app.closing import Outcome as ClosingOutcome
from cameratrap.app.plain_tables import TablesFailed
from cameratrap.app.seal_pictures import SealingFailed
from cameratrap.app.treat import TreatmentFailed
from cameratrap.domain.saving import Saving


@dataclass(frozen=True, slots=True)
class BurstReport:
    """What came of one trigger. ``new_pictures`` is 0 for a trigger that the card already has."""

    burst: str
    at: datetime
    new_pictures: int
    counts: dict[str, int]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SavingChanged:
    """The battery allows less than before, or more."""

    saving: Saving
    at: datetime
    battery_v: float | None


@dataclass(frozen=True, slots=True)
class CountedOnly:
    """The card is full: so many pictures of a burst were counted and then removed, whatever they showed."""

    burst: str
    at: datetime
    pictures: int


Outcome = (
    SavingChanged
    | BurstReport
    | CountedOnly
    | ClosingOutcome
    | TreatmentFailed
    | SealingFailed
    | AlertOutcome
    | TablesFailed
)
Tell = Callable[[Outcome], None]


@dataclass
class WatchReport:
    """How much one run did; ``tell`` was given each thing as it happened."""

    triggers: int = 0
    pictures: int = 0
    days_closed: int = 0
    failures: int = 0
    _tell: Tell = field(default=lambda _: None, repr=False)

    def note(self, what: Outcome, *, waited: bool = False) -> None:
        """Count one thing and pass it on; a burst that waited from an earlier run was triggered then."""
        if isinstance(what, BurstReport):
            self.triggers += not waited
            self.pictures += what.new_pictures
            self.failures += what.error is not None
        elif isinstance(what, ClosedDay):
            self.days_closed += 1
        elif isinstance(what, ClosingFailed | TreatmentFailed | SealingFailed | AlertFailed | TablesFailed):
            self.failures += 1
        self._tell(what)
