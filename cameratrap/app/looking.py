"""Looking at bursts whose pictures are safe, one after the other, oldest first. What is seen costs one transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from cameratrap.app.analyse import Analyst, Failure
from cameratrap.app.ledger import Ledger
from cameratrap.app.look import LookSettings
from cameratrap.app.taking import Taken
from cameratrap.app.watch_report import BurstReport
from cameratrap.ports import Clock, Detector
from cameratrap.store.analyses import Analysis, ModelIdentity, store_analysis
from cameratrap.store.bursts import (
    LAST_CHANCE,
    MAX_ATTEMPTS,
    begin_look,
    capture_error,
    give_back_look,
    pictures_of,
    waiting_bursts,
)
from cameratrap.store.card import Card
from cameratrap.store.connection import transaction


class Looker:
    """The bursts of a card that wait to be looked at: in memory no more than their names."""

    def __init__(self, card: Card, detector: Detector, clock: Clock, ledger: Ledger, settings: LookSettings) -> None:
        self._card = card
        self._clock = clock
        self._ledger = ledger
        self._new: deque[Taken] = deque()
        self._left: deque[str] = deque()
        self.use(detector, settings)

    def use(self, detector: Detector, settings: LookSettings) -> None:
        """From now on look with this."""
        self._detector, self._settings = detector, settings
        self._analyst: Analyst | None = None

    @property
    def _model(self) -> ModelIdentity:
        model = self._detector
        return ModelIdentity(model.name, model.version, model.sha256, model.score_threshold)

    def find_left(self) -> None:
        """Find the bursts that were made safe and that nobody has looked at, of an earlier run or of this one."""
        new = {taken.burst for taken in self._new}
        waiting = waiting_bursts(self._card.connection, self._model.full_name, self._clock.now().date())
        self._left = deque(burst for burst in waiting if burst not in new)

    def add(self, taken: Taken) -> None:
        """Look at a burst that was just taken."""
        self._new.append(taken)

    @property
    def waits(self) -> bool:
        """Whether any burst is to be looked at."""
        return bool(self._left or self._new)

    def look_at_next(self, meanwhile: Callable[[], None]) -> tuple[BurstReport, bool] | None:
        """Look at the oldest burst, and say whether it was found waiting; None where nothing is in it to see.

        ``meanwhile`` is called between two pictures. Raises StoreError where what was seen cannot be stored.
        """
        if not self._left:
            taken = self._new.popleft()
            if not taken.is_counted:
                begin_look(self._card.connection, taken.burst)
            return self._look(taken.burst, taken.at, taken.new_pictures, None, meanwhile), False
        burst = self._left.popleft()
        pictures = pictures_of(self._card.connection, burst)
        if not pictures:
            return None
        failure = None
        if MAX_ATTEMPTS < begin_look(self._card.connection, burst) != LAST_CHANCE:
            failure = Failure(f"looking at it failed {MAX_ATTEMPTS} times", "detector")
        return self._look(burst, pictures[0].captured_at, 0, failure, meanwhile), True

    def give_back(self) -> None:
        """The run ends before these could be looked at: it says nothing of them."""
        with transaction(self._card.connection):
            for taken in self._new:
                if taken.is_counted:
                    give_back_look(self._card.connection, taken.burst)
        self._new.clear()

    def _look(
        self, burst: str, at: datetime, new_pictures: int, failure: Failure | None, meanwhile: Callable[[], None]
    ) -> BurstReport:
        """Look at a burst, unless it already has a ``failure``, and store what it shows."""
        analysis = Analysis()
        connection = self._card.connection
        before = capture_error(connection, burst)
        if failure is None:
            try:
                self._analyst = self._analyst or Analyst(self._card, self._detector, self._settings)
                analysis, failure = self._analyst.analyse(burst, meanwhile)
            except (KeyboardInterrupt, SystemExit):
                give_back_look(connection, burst)
                raise
        failure = Failure(*before) if before else failure
        error, fault = (None, None) if failure is None else (failure.error, failure.fault)
        with self._ledger.transaction(connection):
            store_analysis(
                connection, burst, analysis, self._model, made_at=self._clock.now(), error=error, fault=fault
            )
        return BurstReport(burst, at, new_pictures, {each.taxon: each.count for each in analysis.observations}, error)
