"""What a trap whose power is cut between its visits must ask its card, since no process lives to remember it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from sqlite3 import Connection

from cameratrap.app.wake_plan import AFTER_FAILURE, armed_since
from cameratrap.domain.capture import Incident
from cameratrap.domain.events import station_day
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import Clock
from cameratrap.store.card import Card
from cameratrap.store.device_faults import carry_over, is_down
from cameratrap.store.outbox import Outbox, OutboxState
from cameratrap.store.summaries import is_closed
from cameratrap.store.timings import lit_brightness
from cameratrap.store.wakes import camera_answered, last_wake, photographed_since

CAMERA, LAMP = "camera", "lamp"
# What one visit finds broken is broken until another finds that it works. A PIR is none of them: by switching the trap
# on it shows that it works, whatever its pin says.
HELD = frozenset({CAMERA, LAMP})
REMEMBERED = timedelta(days=1)


def carries_over(clock: Clock, boot_id: str, *, was_armed: bool) -> Callable[[Connection], None]:
    """What a power-on makes of what was broken when the power went off (``Field.begin``)."""
    return lambda connection: carry_over(
        connection, HELD, clock.now(), clock.monotonic_s(), boot_id, was_armed=was_armed
    )


def judged(connection: Connection, health: LampHealth, boot_id: str, now_s: float) -> list[Incident]:
    """How camera and lamp stand after this visit, where that is news: one burst tells nothing of a lamp, the card does.

    ``health`` is of no burst yet; ``now_s`` is monotonic.
    """
    found = []
    answered = camera_answered(connection, boot_id)
    if answered is not None:
        found.append(Incident(CAMERA, "it answers" if answered else "it gave no picture", now_s, recovered=answered))
    seen = lit_brightness(connection, health.dead_bursts)
    for brightness in seen:
        health = health.after(brightness)
    if health.dead:
        what = f"{health.dead_bursts} lit bursts in a row are dark"
        found.append(Incident(LAMP, what, now_s, recovered=False))
    elif seen and not health.dark_in_a_row:
        found.append(Incident(LAMP, "it gives light", now_s, recovered=True))
    return [each for each in found if not each.recovered or is_down(connection, each.device, boot_id)]


def taken_before(connection: Connection, clock: Clock, edge_s: float) -> list[float]:
    """When the last day's bursts of the sensor began, on this boot's monotonic clock: before it, and so below 0.

    Without any where the clock is not set: times of 1970 would all be of the last hour.
    """
    if clock.quality() is ClockQuality.UNSET:
        return []
    now, now_s = clock.now(), clock.monotonic_s()
    edge = now - timedelta(seconds=now_s - edge_s)
    return [now_s - (now - at) / timedelta(seconds=1) for at in photographed_since(connection, edge - REMEMBERED, edge)]


def armed_before(card: Card, clock: Clock, rearm_s: float) -> datetime | None:
    """From when on the gate was armed while the power was off; None where that cannot be known."""
    last = last_wake(card.connection)
    if last is None or clock.quality() is ClockQuality.UNSET:
        return None
    return armed_since(last.handed_back_at, last.alarm_at, clock.now(), rearm_s)


def yesterday_is_closed(card: Card, now: datetime) -> bool:
    """Or there was none."""
    yesterday = station_day(now, card.zone) - timedelta(days=1)
    began = station_day(card.deployment.start, card.zone)
    return began > yesterday or is_closed(card.connection, yesterday)


def next_attempt(card: Card, now: datetime) -> datetime | None:
    """When a message is to be tried again; one that was left over without a plan, in hours."""
    planned = [message.next_attempt_at for message in Outbox(card.connection).messages(OutboxState.QUEUED)]
    known = [each for each in planned if each is not None]
    if known:
        return min(known)
    return now + AFTER_FAILURE if planned else None
