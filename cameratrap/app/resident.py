"""A trap whose card comes and goes: while it is not there, triggers are counted and it is looked for again.

A card that is mounted read-only, or was pulled, or whose index is damaged, ends one watch; the next one begins as
after a power cut, so that nothing is done here that the start-up does not do anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from cameratrap.app.field import Field
from cameratrap.app.ledger import CARD, Ledger
from cameratrap.app.watch_report import WatchReport
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import StoreError
from cameratrap.ports import Clock, EndOfTriggers, Trigger, TriggerSource
from cameratrap.store.connection import store_error

RETRY_S = 30.0


def keep_watch(
    session: Callable[[], WatchReport],
    triggers: TriggerSource,
    ledger: Ledger,
    clock: Clock,
    field: Field,
    tell: Callable[[StoreError], None],
    rescue: Callable[[Trigger], bool] = lambda _: False,
) -> WatchReport:
    """Run ``session``, which opens the card and watches, again whenever the card has gone and may be back.

    ``tell`` hears of each card that is not there, once. ``rescue`` is given what triggers meanwhile and says whether it
    has stored pictures: a card may be there whose index is damaged. Raises StoreError where there never was one, and
    where no trigger will come any more.
    """
    while True:
        try:
            return session()
        except (StoreError, sqlite3.Error) as found:
            error = found if isinstance(found, StoreError) else store_error(found, "of the card")
            if not ledger.has_been_armed:
                raise error from found
            if not ledger.is_card_gone:
                tell(error)
                field.supervisor.status(f"no card: {error}; triggers are counted")
            ledger.card_is_gone(error.what)
            try:
                _count_triggers(triggers, ledger, clock, field, rescue)
            except EndOfTriggers:
                raise error from None


def _count_triggers(
    triggers: TriggerSource, ledger: Ledger, clock: Clock, field: Field, rescue: Callable[[Trigger], bool]
) -> None:
    """For a while, those of which no picture can be stored."""
    until_s = clock.monotonic_s() + RETRY_S
    wait_s = min(RETRY_S, (field.supervisor.interval_s or 2 * RETRY_S) / 2)
    while (left_s := until_s - clock.monotonic_s()) > 0:
        with field.stop.waiting():
            trigger = triggers.wait(min(left_s, wait_s))
        if trigger is not None and not rescue(trigger) and trigger.cause is not TriggerCause.TIMELAPSE:
            ledger.suppressed(trigger.at, CARD)
        field.supervisor.alive()
