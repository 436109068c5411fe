"""What `reconcile` reckons: the comparison of each station, and how models agree with people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from cameratrap.analysis.agreement import Agreements, Judged, agreements
from cameratrap.app.fold import Rules
from cameratrap.app.received_days import ReceivedDay, received_days
from cameratrap.app.reconcile import reconcile
from cameratrap.app.reconcile_sides import card_side, chosen_stations, days_stood, has_trap, is_chosen
from cameratrap.app.reconcile_totals import totals
from cameratrap.app.reconciled import Compared
from cameratrap.cli.chosen import check_taxa, open_chosen
from cameratrap.cli.context import Context
from cameratrap.cli.inbox import inbox_entries, warn_of_days
from cameratrap.domain.review import UNKNOWN
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import StoreError
from cameratrap.store.inbox import INBOX_FILE
from cameratrap.store.looked_at import LookedAt, looked_at
from cameratrap.store.project import Project
from cameratrap.store.project_read import StoredDeployment, deployments
from cameratrap.store.word_history import models_named
from cameratrap.web.reconcile_facts import ReconcileFacts


def received_of(ctx: Context, folder: Path) -> Sequence[ReceivedDay]:
    """Every station-day of a receiver's folder; what of it cannot be shown is said. Raises StoreError."""
    if not (folder / INBOX_FILE).exists():
        raise StoreError(f"there is no {folder / INBOX_FILE}", hint="is this the receiver's folder? --inbox names it")
    entries = inbox_entries(ctx, folder)
    days = received_days(entries)
    warn_of_days(ctx, entries, days)
    return days


def reconciled(
    ctx: Context, selection: Selection, received: Sequence[ReceivedDay], rules_then: Rules, rules_now: Rules
) -> ReconcileFacts:
    """Compare the project or card of --data with what was received, and models with people. Raises StoreError."""
    with open_chosen(ctx, selection) as project:
        _check_taxa(ctx, project, selection, received)
        stations = chosen_stations(project, selection)
        every = {each.row.station for each in deployments(project.connection)}
        notes = [*_not_on_both(stations, every, received)]
        rows = list(_compared(ctx, project, stations, selection, received, (rules_then, rules_now)))
        chosen = [each for group in stations.values() for each in group if is_chosen(each, selection)]
        numbers = [each.number for each in chosen]
        by_class, by_taxon = _agreements(ctx, project, numbers, selection)
        models = models_named(project.connection, numbers)
    return ReconcileFacts(
        rows, totals(rows), by_class, by_taxon, chosen, models, rules_then, rules_now, selection, notes
    )


def _check_taxa(ctx: Context, project: Project, selection: Selection, received: Iterable[ReceivedDay]) -> None:
    """Raises UsageError for a taxon that no table, no card and no message has."""
    told = {tally.taxon for day in received for tally in day.tallies}
    unsaid = tuple(name for name in selection.taxa if name not in told)
    check_taxa(ctx, project.connection, replace(selection, taxa=unsaid))


def _not_on_both(
    stations: Mapping[str, Sequence[StoredDeployment]], every: Collection[str], received: Iterable[ReceivedDay]
) -> Iterator[str]:
    """What cannot be compared; ``every`` names the stations of the study, ``stations`` those that are meant."""
    told = {day.station for day in received}
    if strangers := sorted(told.difference(every)):
        yield f"Left out: what was received of {', '.join(strangers)}, of which there is no card here."
    silent = sorted(stations.keys() - told)
    if traps := [name for name in silent if has_trap(stations[name])]:
        yield (
            f"Nothing was received of {', '.join(traps)} (the configuration's [ground] stations says which modem is"
            " whose)."
        )
    if others := [name for name in silent if name not in traps]:
        yield f"Left out: {', '.join(others)}, where no trap's card is from and of which nothing was received."


def _compared(
    ctx: Context,
    project: Project,
    stations: Mapping[str, Sequence[StoredDeployment]],
    selection: Selection,
    received: Sequence[ReceivedDay],
    rules: tuple[Rules, Rules],
) -> Iterator[Compared]:
    """Station by station: no two are held at once."""
    for station, group in stations.items():
        sides = [card_side(project, each, ctx.taxa(), *rules) for each in group]
        told = [day for day in received if day.station == station]
        rows = reconcile(station, sides, told, selection.taxa)
        yield from (row for row in rows if _is_meant(selection, group, row.day))


def _is_meant(selection: Selection, group: Sequence[StoredDeployment], day: date) -> bool:
    """Whether it is of the days asked for, and one on which a chosen deployment stood where not all are chosen."""
    if not (selection.since or day) <= day <= (selection.until or day):
        return False
    stood = [days_stood(each) for each in group if is_chosen(each, selection)]
    return len(stood) == len(group) or any(first <= day <= last for first, last in stood)


def _agreements(
    ctx: Context, project: Project, deployments: Sequence[int], selection: Selection
) -> tuple[Agreements, Agreements]:
    """The models' words against people's, by class and by taxon."""
    taxa = ctx.taxa()

    def looked() -> Iterator[LookedAt]:
        return looked_at(project.connection, deployments, since=selection.since, until=selection.until)

    by_class = agreements((_classed(taxa, each) for each in looked()), lambda name: (name,), unknown=UNKNOWN)
    by_taxon = agreements(map(_judged, looked()), lambda name: _kinds(taxa, name), unknown=UNKNOWN)
    return by_class, _only(by_taxon, selection.taxa) if selection.taxa else by_taxon


def _only(found: Agreements, taxa: Collection[str]) -> Agreements:
    """What concerns these taxa; shares stay those of all sequences."""
    return replace(
        found,
        rates=tuple(each for each in found.rates if each.name in taxa),
        confusion={pair: number for pair, number in found.confusion.items() if not set(pair).isdisjoint(taxa)},
    )


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
