"""What follows once a burst was looked at: alerts, what a policy asks for, room on the card, and the day's end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from cameratrap.app.alerts import AlertRules, raise_alerts
from cameratrap.app.card_keeper import CardKeeper
from cameratrap.app.close_day import Closing, close_due_days
from cameratrap.app.disk import CardState
from cameratrap.app.fold import fold
from cameratrap.app.ledger import Ledger
from cameratrap.app.plain_tables import TablesFailed, tables_written_on, write_plain_tables
from cameratrap.app.treat import treat_pictures
from cameratrap.app.watch_report import BurstReport, CountedOnly, WatchReport
from cameratrap.errors import StoreError
from cameratrap.ports import Clock
from cameratrap.store.bursts import pictures_of
from cameratrap.store.card import Card
from cameratrap.store.treatments import drop


@dataclass
class Aftermath:
    """Everything is told to ``report``; doing any of it again changes nothing. Raises StoreError.

    ``alerts`` is None where nothing is told at once, ``keeper`` where nobody minds the card's room.
    """

    card: Card
    clock: Clock
    ledger: Ledger
    report: WatchReport
    closing: Closing
    alerts: AlertRules | None
    keeper: CardKeeper | None
    _tables_of: date | None = field(init=False)

    def __post_init__(self) -> None:
        self._tables_of = tables_written_on(self.card)

    def of(self, burst: BurstReport) -> None:
        """What one burst entails."""
        if self.alerts and self.alerts.concern(burst.counts):
            self.alert()
        self.keep()
        if self.keeper and self.keeper.state is CardState.FULL:
            self._count_only(burst)

    def alert(self) -> None:
        """Raise what is worth an alert, also of bursts that were stored just before the power went."""
        if self.alerts is not None:
            for outcome in raise_alerts(self.card, self.alerts, self.clock.now()):
                self.report.note(outcome)

    def keep(self) -> None:
        """Blur, remove or seal what is to be, and make room; what cannot be done now is named each time."""
        if self.keeper is None:
            for untreated in treat_pictures(self.card, self.clock.now()):
                self.report.note(untreated)
            return
        for failed in self.keeper.keep():
            self.report.note(failed)
        self.ledger.incidents(self.keeper.incidents())

    def has_room(self) -> bool:
        """Whether a picture may be stored that nobody is going to look at: where none is left, room is made first."""
        if self.keeper is None:
            return True
        if not self.keeper.look().takes_pictures:
            self.keep()
        self.ledger.incidents(self.keeper.incidents())
        return self.keeper.state.takes_pictures

    def close(self, *, everything: bool = False) -> None:
        """Close the days that are over."""
        for outcome in close_due_days(self.card, self.closing, self.clock.now(), everything=everything):
            self.report.note(outcome)

    def tabulate(self, *, anew: bool = False) -> None:
        """Write the plain tables; those of today are left, unless ``anew``: at the end of a season they are long."""
        today = self.clock.now().date()
        if self._tables_of == today and not anew:
            return
        self._tables_of = today
        folded = fold(self.card, self.closing.rules)
        try:
            write_plain_tables(self.card, folded)
        except StoreError as error:
            self.report.note(TablesFailed(error))

    def _count_only(self, burst: BurstReport) -> None:
        """No blank is left to make room: what was just counted goes, so that the next can be counted, too."""
        kept = [each.id for each in pictures_of(self.card.connection, burst.burst) if not each.is_treated]
        if kept and burst.error is None:
            drop(self.card.connection, kept, self.clock.now())
            self.report.note(CountedOnly(burst.burst, burst.at, len(kept)))
            self.keep()
