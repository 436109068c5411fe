"""A card as a deployment of a project: its record, its index and its effort, taken over in one transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cameratrap.app.card_effort import take_effort
from cameratrap.app.card_index import Indexed, index_bursts
from cameratrap.app.clock_shift import Selection, correct, selected
from cameratrap.app.project_nights import night_of
from cameratrap.domain.effort import Span
from cameratrap.domain.positions import is_possible
from cameratrap.errors import StoreError
from cameratrap.store.card import Card
from cameratrap.store.deployment import RECORD, Setup, record_text
from cameratrap.store.project import set_setting, setting
from cameratrap.store.project_clock import bounds_of, offset_of
from cameratrap.store.project_corrections import corrections
from cameratrap.store.project_deployments import tell
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import DeploymentRow
from cameratrap.store.trials import copy_in_memory

_POSITION = ("latitude", "longitude", "coordinateUncertainty")
# What every change of a card changes: rows are only ever added to these tables, or the columns named change.
_STATE = (
    "SELECT COUNT(*), SUM(status = 'captured') FROM bursts",
    "SELECT COUNT(*) FROM media",
    "SELECT MAX(id) FROM classifications",
    "SELECT COUNT(*), COUNT(undone_at) FROM clock_shifts",
    "SELECT COUNT(*), COUNT(outcome) FROM treatments",
    "SELECT COUNT(*), SUM(removed) FROM sealed",
    "SELECT COUNT(*), MAX(julianday(end)) FROM armed",
    "SELECT COUNT(*), MAX(julianday(end)) FROM device_faults",
    "SELECT SUM(triggers) FROM suppressed",
    "SELECT MAX(id) FROM power_readings",
)


def deployment_row(card: Card, *, root: str, now: datetime, name: str = "", session: str = "") -> DeploymentRow:
    """What the card's record says. Where nobody wrote down its end, that is the card's last sign of life.

    Raises StoreError for a position that cannot be: the record is a text that anyone may have edited.
    """
    record = card.deployment
    _check_position(record.setup, card.folder / RECORD)
    setup = record.setup.by_camtrap_dp()
    return DeploymentRow(
        deployment=name or record.deployment,
        station=record.station,
        utc_offset_minutes=record.utc_offset_minutes,
        start=record.start,
        end=max(record.start, record.end or _last_sign(card) or record.start),
        source="card",
        root=root,
        imported_at=now,
        session=session,
        latitude=record.setup.latitude,
        longitude=record.setup.longitude,
        coordinate_uncertainty=record.setup.coordinate_uncertainty,
        setup={key: value for key, value in setup.items() if key not in _POSITION},
        made_with=asdict(record.made_with) if record.made_with else {},
    )


def take_card(project: sqlite3.Connection, card: Card, row: DeploymentRow) -> tuple[int, Indexed]:
    """Take a card over, or what is new on it, within the caller's transaction; returns the deployment's number."""
    number = tell(project, row, identity=identity(card))
    indexed = index_bursts(project, number, card, row.deployment)
    settle(project, indexed.touched)
    tell_effort(project, number, card)
    if indexed.regroups:
        regroup(project, number, is_night=night_of(project, number))
    set_setting(project, _key(number), card_state(card))
    return number, indexed


def identity(card: Card) -> str:
    """What a card is known by, whatever its deployment is called in a project."""
    record = card.deployment
    return json.dumps(["card", record.deployment, record.station, record.start.isoformat()], ensure_ascii=False)


def tell_effort(project: sqlite3.Connection, number: int, card: Card) -> None:
    """The card's effort between the deployment's start and end, and by the clock, as they stand now."""
    told = project.execute("SELECT * FROM deployments WHERE id = ?", (number,)).fetchone()
    whole = Span(datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"]))
    place = None if None in (told["latitude"], told["longitude"]) else (told["latitude"], told["longitude"])
    with _by_true_clock(project, number, card) as right:
        take_effort(project, number, right, whole, place)


@contextmanager
def _by_true_clock(project: sqlite3.Connection, number: int, card: Card) -> Iterator[Card]:
    """The card, or where the project corrects its clock a copy of its index that is corrected so."""
    moves = [each for each in corrections(project, number) if each.kind == "clock" and each.undone_at is None]
    if not moves:
        yield card
        return
    with copy_in_memory(card.connection) as copy:
        for each in moves:
            since, until = bounds_of(each)
            correct(copy, [selected(copy, Selection(since=since, until=until), offset_of(each))], each.made_at)
        yield Card(card.folder, card.deployment, copy)


def is_taken(project: sqlite3.Connection, number: int, card: Card) -> bool:
    """Whether the project has everything that is on the card."""
    return bool(setting(project, _key(number), "") == card_state(card))


def card_state(card: Card) -> str:
    """A digest that changes with the card."""
    told: list[Sequence[object]] = [tuple(card.connection.execute(query).fetchone()) for query in _STATE]
    return hashlib.sha256((record_text(card.deployment) + json.dumps(told)).encode()).hexdigest()


def _check_position(told: Setup, record: Path) -> None:
    north, east, within = told.latitude, told.longitude, told.coordinate_uncertainty
    if not is_possible(0.0 if north is None else north, 0.0 if east is None else east, within):
        raise StoreError(
            f"the position in {record} is nowhere on earth",
            why=f"latitude {north}, longitude {east}, coordinateUncertainty {within}",
            hint="correct these lines of it, or take them out",
        )


def _key(number: int) -> str:
    return f"card_state.{number}"


def _last_sign(card: Card) -> datetime | None:
    row = card.connection.execute(
        "SELECT at FROM (SELECT end AS at, clock FROM armed UNION ALL SELECT m.captured_at, b.clock FROM media m"
        " JOIN bursts b ON b.id = m.burst) WHERE clock IS NOT 'unset' ORDER BY julianday(at) DESC LIMIT 1"
    ).fetchone()
    return None if row is None else datetime.fromisoformat(row["at"])
