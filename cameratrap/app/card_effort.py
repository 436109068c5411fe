"""A card's effort as a project keeps it: the stretches in which it could not see, and the account of each day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime

from cameratrap.app.armed import BLIND
from cameratrap.app.fold import CardFold, Rules, fold
from cameratrap.domain.effort import Span, subtract
from cameratrap.store.card import Card
from cameratrap.store.device_faults import spans
from cameratrap.store.effort import armed_spans
from cameratrap.store.power_readings import day_power
from cameratrap.store.project_rows import add_down

NOT_ARMED = "not armed"
Down = tuple[datetime, datetime, str]


def take_effort(
    project: sqlite3.Connection, number: int, card: Card, whole: Span, position: tuple[float, float] | None
) -> None:
    """Put the card's effort in place of what the deployment of this number has, within the caller's transaction.

    ``whole`` is from setup to retrieval; ``position`` in degrees, north and east, without which no hours are by night.
    """
    project.execute("DELETE FROM down WHERE deployment = ?", (number,))
    project.execute("DELETE FROM effort_days WHERE deployment = ?", (number,))
    add_down(project, number, down_spans(card, whole))
    folded = fold(card, Rules(position=position))
    project.executemany(
        "INSERT INTO effort_days (deployment, day, hours_armed, hours_armed_night, triggers, blank, suppressed, health)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(number, *_day(card, folded, day)) for day in folded.days],
    )


def down_spans(card: Card, whole: Span) -> Iterator[Down]:
    """When it was not armed, or camera or sensor failed, each with why; nothing of a card that tells of no arming.

    The seconds after each trigger in which it takes up no other one are not among them: `effort_days` is less by them.
    """
    armed = armed_spans(card.connection)
    if not armed:
        return
    for hole in subtract([whole], armed):
        yield hole.start, hole.end, NOT_ARMED
    failed = spans(card.connection)
    for device in BLIND:
        for hole in subtract([whole], subtract([whole], failed.get(device, ()))):
            yield hole.start, hole.end, device


def _day(card: Card, folded: CardFold, day: date) -> tuple[object, ...]:
    effort, power = folded.effort[day], day_power(card.connection, day, card.zone)
    health: dict[str, object] = {"faults": folded.faults[day], "restarts": folded.restarts[day]}
    if power is not None:
        health |= {
            "battery_v": power.battery_v,
            "temperature_min_c": power.temperature_min_c,
            "temperature_max_c": power.temperature_max_c,
        }
    return (
        day.isoformat(), effort.hours_armed, effort.hours_armed_night, effort.triggers, effort.blank,
        effort.suppressed, json.dumps(health),
    )  # fmt: skip
