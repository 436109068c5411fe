"""A day without a picture on which the trap was on all the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from cameratrap.app.close_day import ClosedDay, Closing, close_due_days
from cameratrap.app.fold import Rules
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.effort import arm, still_armed, suppress
from cameratrap.wire.codec import decode

ZONE = timezone(timedelta(hours=2))
START = datetime(2026, 6, 1, tzinfo=ZONE)
CLOSING = Closing(Rules(), builtin_taxa())


def test_a_day_on_which_triggers_were_only_counted_is_told(tmp_path: Path) -> None:
    """A battery that allows no pictures all day is no trap that is gone: its message says that it still counts."""
    with make_card(tmp_path / "card", Deployment("d", "s", 120, START)) as card:
        stretch = arm(card.connection, START, 0.0, "b")
        still_armed(card.connection, stretch, START + timedelta(hours=20), 72_000.0)
        suppress(card.connection, START + timedelta(days=1, hours=3), "b", "battery", 41)
        closed = close_due_days(card, CLOSING, START + timedelta(days=2, hours=7))
    assert [each.summary.day for each in closed if isinstance(each, ClosedDay)] == [date(2026, 6, 1), date(2026, 6, 2)]
    assert isinstance(closed[-1], ClosedDay)
    told = decode(closed[-1].messages[0], CLOSING.taxa)
    assert (told.effort.hours_armed, told.effort.triggers, told.effort.suppressed) == (0.0, 0, 41)
