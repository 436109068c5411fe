"""What `reconcile` reckons: the comparison of each station, and how models agree with people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from cameratrap.analysis.agreement import Agreements, Judged, agreements
from cameratrap.app.fold import Rules
from cameratrap.app.received_days import ReceivedDay, received_days
from cameratrap.app.reconcile import reconcile
from cameratrap.app.reconcile_sides import card_side, chosen_stations
from cameratrap.app.reconcile_totals import totals
from cameratrap.app.reconciled import Compared
from cameratrap.cli.chosen import open_chosen
from cameratrap.cli.context import Context
from cameratrap.cli.inbox import inbox_entries, warn_of_days
from cameratrap.domain.review import UNKNOWN
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.looked_at import LookedAt, looked_at
from cameratrap.store.project import Project
from cameratrap.store.project_read import StoredDeployment
from cameratrap.store.word_history import models_named
from cameratrap.web.reconcile_facts import ReconcileFacts


def received_of(ctx: Context, folder: Path) -> Sequence[ReceivedDay]:
    """Every station-day of a receiver's folder; what of it cannot be shown is said. Raises StoreError."""
    entries = inbox_entries(ctx, folder)
    days = received_days(entries)
    warn_of_days(ctx, entries, days)
    return days


def reconciled(
    ctx: Context, selection: Selection, received: Sequence[ReceivedDay], rules_then: Rules, rules_now: Rules
) -> ReconcileFacts:
    """Compare the project or card of --data with what was received, and models with people. Raises StoreError."""
    with open_chosen(ctx, selection) as project:
        stations = chosen_stations(project, selection)
        _say_strangers(ctx, stations, received)
        rows = list(_compared(ctx, project, stations, selection, received, (rules_then, rules_now)))
        chosen = [each for group in stations.values() for each in group]
        numbers = [each.number for each in chosen]
        by_class, by_taxon = _agreements(ctx, project, numbers, selection)
        models = models_named(project.connection, numbers)
    return ReconcileFacts(rows, totals(rows), by_class, by_taxon, chosen, models, rules_then, rules_now)


def _say_strangers(
    ctx: Context, stations: Mapping[str, Sequence[StoredDeployment]], received: Iterable[ReceivedDay]
) -> None:
    told = {day.station for day in received}
    if strangers := sorted(told - stations.keys()):
        ctx.say(f"left out: what was received of {', '.join(strangers)}, of which there is no card here")
    if silent := sorted(stations.keys() - told):
        ctx.say(
            f"nothing was received of {', '.join(silent)} (the configuration's [ground] stations says which modem is"
            " whose)"
        )


def _compared(
    ctx: Context,
    project: Project,
    stations: Mapping[str, Sequence[StoredDeployment]],
    selection: Selection,
    received: Sequence[ReceivedDay],
    rules: tuple[Rules, Rules],
) -> Iterator[Compared]:
    """Station by station: no two are held at once."""
    for station, deployments in stations.items():
        sides = [card_side(project, each, ctx.taxa(), *rules) for each in deployments]
        for row in reconcile(station, sides, [day for day in received if day.station == station]):
            if _is_meant(selection, row.day) and (not selection.taxa or row.taxon in selection.taxa):
                yield row


def _is_meant(selection: Selection, day: date) -> bool:
    return (selection.since or day) <= day <= (selection.until or day)


def _agreements(
    ctx: Context, project: Project, deployments: Sequence[int], selection: Selection
) -> tuple[Agreements, Agreements]:
    """The models' words against people's, by class and by taxon."""
    taxa = ctx.taxa()

    def looked() -> Iterator[LookedAt]:
        return looked_at(project.connection, deployments, since=selection.since, until=selection.until)

    by_class = agreements((_classed(taxa, each) for each in looked()), lambda name: (name,), unknown=UNKNOWN)
    return by_class, agreements(map(_judged, looked()), lambda name: _kinds(taxa, name), unknown=UNKNOWN)


def _judged(looked: LookedAt) -> Judged:
    light = "unknown" if looked.is_night is None else "night" if looked.is_night else "day"
    return Judged(looked.machine, looked.person, light)


def _classed(taxa: TaxaTable, looked: LookedAt) -> Judged:
    """The same with animals, people and vehicles told apart and nothing more."""
    each = _judged(looked)
    person = None if each.person is None else _by_class(taxa, each.person)
    return Judged(_by_class(taxa, each.machine), person, each.light)


def _by_class(taxa: TaxaTable, said: Mapping[str, int]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for name, count in said.items():
        counts[_class_of(taxa, name)] += count
    return counts


def _class_of(taxa: TaxaTable, name: str) -> str:
    """What the table does not know is an animal; nobody lists all of them."""
    if name == UNKNOWN or name not in taxa or taxa.is_animal(name):
        return UNKNOWN if name == UNKNOWN else "animal"
    return "person" if taxa.is_person(name) else "vehicle"


def _kinds(taxa: TaxaTable, name: str) -> Sequence[str]:
    """What a name is a kind of, itself first."""
    return tuple(step.name for step in taxa.lineage(name)) if name in taxa else (name, _class_of(taxa, name))
