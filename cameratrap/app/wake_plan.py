"""Why a gated trap is on, and when it must be switched on again: values in, values out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cameratrap.domain.capture import BurstProfile
from cameratrap.errors import StoreError
from cameratrap.store.durable import write_durably

PLAN_FILE = "wake.json"
# An alarm rings to the second; the Pi then boots for up to half a minute, by a clock that has drifted by a few seconds.
EARLY, LATE = timedelta(seconds=30), timedelta(minutes=3)
AT_MOST = timedelta(days=1)  # whatever else is planned: a clock that is wrong must not make a sleep that never ends
AFTER_FAILURE = timedelta(hours=6)
LONGEST_GATE = timedelta(days=2)
GIVE_UP = timedelta(hours=8)  # into a day: what was not closed by then is not for want of patience


@dataclass(frozen=True, slots=True)
class NextWake:
    """What one power-on leaves for the next, which reads it before its card's index is opened.

    ``alarm_at`` is aware. ``is_timelapse``: the alarm is for a picture. ``profile`` is how bursts are taken, by the
    commands and the battery as they were. ``last_path`` is the greatest that the index has: where that is damaged by
    then, no name of it is given twice. ``rests`` are the times, from and until, in which the schedule, a command or the
    battery allow no picture: they are no effort, and a burst in them is not begun before the card is asked.
    """

    alarm_at: datetime | None
    is_timelapse: bool
    profile: BurstProfile
    last_path: str | None = None
    rests: tuple[tuple[datetime, datetime], ...] = ()

    def is_rest(self, at: datetime) -> bool:
        """Whether no picture is to be expected then."""
        return any(start <= at < end for start, end in self.rests)


def read_plan(card: Path) -> NextWake | None:
    """What the power-on before has left; None where it left nothing that can be read."""
    try:
        facts = json.loads((card / PLAN_FILE).read_text(encoding="utf-8"))
        alarm_at = None if facts["alarm_at"] is None else _aware(facts["alarm_at"])
        profile = BurstProfile(int(facts["count"]), float(facts["spacing_s"]), bool(facts["lamp"]))
        last_path = facts.get("last_path")
        rests = tuple((_aware(start), _aware(end)) for start, end in facts.get("rests", ()))
        return NextWake(
            alarm_at, bool(facts["timelapse"]), profile, None if last_path is None else str(last_path), rests
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _aware(text: str) -> datetime:
    """Raises ValueError."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} is of no zone")
    return time


def write_plan(card: Path, plan: NextWake) -> None:
    """Leave it for the next power-on. Raises StoreError."""
    facts: Mapping[str, object] = {
        "alarm_at": None if plan.alarm_at is None else plan.alarm_at.isoformat(),
        "timelapse": plan.is_timelapse,
        "count": plan.profile.count,
        "spacing_s": plan.profile.spacing_s,
        "lamp": plan.profile.lamp,
        "last_path": plan.last_path,
        "rests": [[start.isoformat(), end.isoformat()] for start, end in plan.rests],
    }
    try:
        write_durably(card / PLAN_FILE, json.dumps(facts).encode())
    except OSError as error:
        raise StoreError("the next wake cannot be noted", why=error.strerror or str(error)) from error


def is_alarm(plan: NextWake | None, woken_at: datetime) -> bool:
    """Whether the alarm switched it on, as far as the time tells: a PIR may have been first by seconds."""
    if plan is None or plan.alarm_at is None:
        return False
    return -EARLY <= woken_at - plan.alarm_at <= LATE


def next_alarm(
    now: datetime,
    *,
    day_is_closed: bool,
    interval: timedelta,
    timelapse_minutes: int,
    next_attempt: datetime | None,
    rests: Sequence[tuple[datetime, datetime]] = (),
) -> tuple[datetime, bool]:
    """When to be switched on at last, and whether for a picture.

    A day is closed when no event of it can grow any more, ``interval`` after its midnight. ``day_is_closed`` is whether
    yesterday is; ``next_attempt`` when a message is to be sent again, None where none waits. In ``rests``, by time, no
    picture is to be taken.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    close = midnight + timedelta(days=1) + interval + timedelta(minutes=1)
    if not day_is_closed and now - midnight < GIVE_UP:
        close = now + max(interval, timedelta(minutes=15))
    due = [close, now + AT_MOST]
    if next_attempt is not None:
        due.append(max(next_attempt, now + timedelta(minutes=2)))
    if timelapse_minutes:
        picture = _next_picture(now, timedelta(minutes=timelapse_minutes), rests)
        if picture <= min(due):
            return picture, True
    return min(due), False


def _next_picture(now: datetime, slot: timedelta, rests: Sequence[tuple[datetime, datetime]]) -> datetime:
    picture = _next_slot(now, slot)
    for start, end in rests:
        if start <= picture < end:
            picture = _next_slot(end.astimezone(now.tzinfo) - timedelta.resolution, slot)
    return picture


def _next_slot(after: datetime, slot: timedelta) -> datetime:
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((after - midnight) // slot + 1) * slot


def armed_since(handed_back_at: datetime, alarm_at: datetime | None, now: datetime, rearm_s: float) -> datetime | None:
    """From when on the gate would have switched it on; None where the clock or its silence speaks against it.

    Where the alarm should have rung before ``now`` and did not, the trap was without power. One that was switched on
    before its gate was armed again has ``now``.
    """
    start = handed_back_at + timedelta(seconds=rearm_s)
    late = alarm_at is not None and now > alarm_at + LATE
    return min(start, now) if handed_back_at <= now <= start + LONGEST_GATE and not late else None
