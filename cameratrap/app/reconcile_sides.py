"""What there is to reconcile: the deployments of a project or a card, station by station."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from cameratrap.app.fold import Rules
from cameratrap.app.reconcile import CardSide
from cameratrap.app.sent_days import SentDays, sent_days
from cameratrap.app.told_then import ToldThen
from cameratrap.domain.events import station_day
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.project import Project
from cameratrap.store.project_read import StoredDeployment, deployments
from cameratrap.store.word_history import said_sequences


def chosen_stations(project: Project, selection: Selection) -> Mapping[str, Sequence[StoredDeployment]]:
    """By station, all deployments of those at which a selection names any by deployment, station or session.

    A message tells of a station: what two cameras saw there cannot be compared with one of them.
    """
    stations: dict[str, list[StoredDeployment]] = {}
    for each in deployments(project.connection):
        stations.setdefault(each.row.station, []).append(each)
    return {name: group for name, group in stations.items() if any(is_chosen(each, selection) for each in group)}


def is_chosen(deployment: StoredDeployment, selection: Selection) -> bool:
    """Whether a selection names it by deployment, station and session."""
    row = deployment.row
    return (
        (not selection.deployments or row.deployment in selection.deployments)
        and (not selection.stations or row.station in selection.stations)
        and (not selection.sessions or row.session in selection.sessions)
    )


def days_stood(deployment: StoredDeployment) -> tuple[date, date]:
    """The days of its setup and its retrieval."""
    zone, row = deployment.zone, deployment.row
    return station_day(row.start, zone), station_day(row.end, zone)


def has_trap(deployments: Iterable[StoredDeployment]) -> bool:
    """Whether any is of a card, not of pictures or of a package that somebody else made."""
    return any(each.row.source == "card" for each in deployments)


def card_side(
    project: Project, deployment: StoredDeployment, taxa: TaxaTable, rules_then: Rules, rules_now: Rules
) -> CardSide:
    """One deployment's side. Raises StoreError where its card is there and cannot be read."""
    row = deployment.row
    is_trap = has_trap([deployment])
    sent = sent_days(project.folder / row.root) if is_trap else SentDays(is_known=False)
    sequences = [
        replace(each, moved=(*sent.moved.get(each.name, ()), *each.moved))
        for each in said_sequences(project.connection, deployment.number)
    ]
    told = ToldThen(row.deployment, deployment.zone, sequences, rules_then, rules_now, lambda name: _name(taxa, name))
    on, off = _days(project, deployment)
    on |= sent.fates.keys()  # asleep all day it tells of it, and of one on which it had no power it does not
    return CardSide(told, sent, frozenset(on), frozenset(off - on), is_trap)


def _name(taxa: TaxaTable, name: str) -> str:
    """What a message calls a taxon."""
    return taxa.resolve(name).name if name in taxa else name


def _days(project: Project, deployment: StoredDeployment) -> tuple[set[date], set[date]]:
    """The days on which it could see or was triggered, and the others of its account; without one, all days."""
    rows = project.connection.execute(
        "SELECT day, hours_armed > 0 OR triggers > 0 OR suppressed > 0 AS was_on FROM effort_days WHERE deployment = ?",
        (deployment.number,),
    ).fetchall()
    if rows:
        on, off = ({date.fromisoformat(row["day"]) for row in rows if row["was_on"] == was} for was in (1, 0))
        return on, off
    first, last = days_stood(deployment)
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}, set()
