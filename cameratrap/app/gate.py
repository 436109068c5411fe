"""What a trap whose power is cut between its visits must ask its card, since no process lives to remember it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from sqlite3 import Connection

from cameratrap.app.armed import LAMP_SPARED
from cameratrap.app.command_effects import asleep_until
from cameratrap.app.ledger import PowerOff
from cameratrap.app.sun import Schedule
from cameratrap.app.wake_plan import AFTER_FAILURE, LONGEST_GATE, NextWake, armed_since
from cameratrap.domain.capture import Incident
from cameratrap.domain.effort import Span, day_span, overlap, subtract, union
from cameratrap.domain.events import station_day
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.saving import Saving
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import Clock
from cameratrap.store.card import Card
from cameratrap.store.device_faults import carry_over, is_down
from cameratrap.store.effort import armed_spans
from cameratrap.store.outbox import Outbox, OutboxState
from cameratrap.store.power_readings import newest
from cameratrap.store.summaries import is_closed
from cameratrap.store.timings import lit_brightness, was_lit
from cameratrap.store.wakes import camera_answered, last_wake, photographed_since

CAMERA, LAMP = "camera", "lamp"
# What one visit finds broken is broken until another finds that it works. A PIR is none of them: by switching the trap
# on it shows that it works, whatever its pin says.
HELD = frozenset({CAMERA, LAMP, LAMP_SPARED})
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
    elif seen and not health.dark_in_a_row and was_lit(connection, boot_id):
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


def power_off_before(card: Card, clock: Clock, plan: NextWake | None, rearm_s: float) -> PowerOff | None:
    """What the power-on before has left: its gate was armed, but for its rests. None where that cannot be known."""
    last = last_wake(card.connection)
    if last is None or plan is None or clock.quality() is ClockQuality.UNSET:
        return None
    now = clock.now()
    since = armed_since(last.handed_back_at, last.alarm_at, now, rearm_s)
    if since is None:
        return None
    armed = subtract([Span(since, now)], [Span(start, end) for start, end in plan.rests])
    return PowerOff(tuple(armed), is_armed_still=bool(armed) and armed[-1].end == now)


def rests_ahead(
    card: Card, clock: Clock, schedule: Schedule, *, has_gauge: bool
) -> tuple[tuple[datetime, datetime], ...]:
    """When the schedule, a command or the battery allow no picture, for as long as a gate is believed to be armed.

    A clock that is not set says nothing of a schedule. With ``has_gauge`` the battery stays as it was last seen.
    """
    now = clock.now()
    ahead = Span(now, now + LONGEST_GATE)
    rests = []
    if schedule.next_change(now) is not None or not schedule.is_on(now):
        days = [station_day(each, card.zone) for each in (ahead.start, ahead.end)]
        rests += subtract([ahead], schedule.spans(days[0], days[1]))
    awake_on = asleep_until(card.connection, now)
    if awake_on is not None:
        rests.append(Span(now, max(now, day_span(awake_on, card.zone).start)))
    seen = newest(card.connection) if has_gauge else None
    if seen is not None and seen.saving >= Saving.PICTURES:
        rests.append(ahead)
    return tuple((rest.start, rest.end) for rest in union(rests))


def yesterday_is_closed(card: Card, now: datetime) -> bool:
    """Or there was none, or the trap was not armed on it: nothing of it can still grow."""
    yesterday = station_day(now, card.zone) - timedelta(days=1)
    if is_closed(card.connection, yesterday):
        return True
    return not overlap(armed_spans(card.connection), [day_span(yesterday, card.zone)])


def next_attempt(card: Card, now: datetime) -> datetime | None:
    """When a message is to be tried again; one that was left over without a plan, in hours."""
    planned = [message.next_attempt_at for message in Outbox(card.connection).messages(OutboxState.QUEUED)]
    known = [each for each in planned if each is not None]
    if known:
        return min(known)
    return now + AFTER_FAILURE if planned else None
