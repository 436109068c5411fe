"""The numbers of a report: effort, events and rates, with the same definitions as the commands' tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.analysis.effort import EffortDefinition, effort, total
from cameratrap.analysis.rates import Count, Rate, count_events, rates
from cameratrap.app.studied import chosen_deployments, chosen_events, picture_spans, taxa_seen
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.domain.events import Event
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.project import Project
from cameratrap.store.project_rows import UNKNOWN
from cameratrap.web.report_asked import Asked, shows_people

_ALL = ""


@dataclass(frozen=True, slots=True)
class TaxonTally:
    """A taxon over everything the report is of. ``stations`` are those where it was seen, ``verified`` the events that
    a person has looked at."""

    rate: Rate
    stations: int
    verified: int
    is_animal: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was seen and for how long it could have been.

    ``efforts`` are camera-days by deployment, None where the definition knows none. ``by_station`` has a rate for each
    station and taxon, zeros among them. ``moments`` are when the events of a taxon began, with their deployments.
    ``pictures`` is each deployment's first to last picture, where the definition of effort asks for it.
    """

    deployed: Sequence[Deployed]
    efforts: Mapping[str, float | None]
    tallies: Sequence[TaxonTally]
    by_station: Sequence[Rate]
    events: Mapping[str, int]
    moments: Mapping[str, Sequence[tuple[str, datetime]]]
    pictures: Mapping[str, Span]

    @property
    def effort_days(self) -> float | None:
        """The camera-days of all of them."""
        return total(self.efforts.values())

    @property
    def animals(self) -> list[TaxonTally]:
        """Of the tallies those of animals that were seen, the commonest first."""
        return [each for each in self.tallies if each.is_animal and each.rate.events]


@dataclass
class _Seen:
    """What passes by while events are counted: none of them is held."""

    moments: defaultdict[str, list[tuple[str, datetime]]] = field(default_factory=lambda: defaultdict(list))
    verified: Counter[str] = field(default_factory=Counter)

    def noting(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self.moments[event.taxon].append((event.deployment, event.start))
            self.verified[event.taxon] += event.source == "human"
            yield event


def read_numbers(project: Project, taxa: TaxaTable, asked: Asked) -> Numbers:
    """Reckon them all, in one pass over the events."""
    connection, selection = project.connection, asked.selection
    deployed = chosen_deployments(connection, selection)
    pictures = picture_spans(connection) if asked.definition is EffortDefinition.CALENDAR else {}
    efforts = {each.deployment: _effort(each, pictures, asked) for each in deployed}
    seen, stations = _Seen(), {each.deployment: each.station for each in deployed}
    events = seen.noting(chosen_events(connection, deployed, asked.rules, selection))
    counts = count_events(events, {name: name for name in stations})
    names = selection.taxa or taxa_seen(connection)
    by_station = rates(_summed(counts, stations), _efforts_of(stations, efforts), names)
    whole = rates(_summed(counts, dict.fromkeys(stations, _ALL)), {_ALL: total(efforts.values())}, names)
    where = Counter(rate.taxon for rate in by_station if rate.events)
    tallies = [
        TaxonTally(rate, where[rate.taxon], seen.verified[rate.taxon], _is_animal(taxa, rate.taxon)) for rate in whole
    ]
    tallies.sort(key=lambda each: (not each.is_animal, -each.rate.events, each.rate.taxon))
    per_deployment = Counter[str]()
    for (name, _), count in counts.items():
        per_deployment[name] += count.events
    return Numbers(deployed, efforts, tallies, by_station, per_deployment, seen.moments, pictures)


def _is_animal(taxa: TaxaTable, label: str) -> bool:
    return label != UNKNOWN and not shows_people(taxa, label)


def _effort(each: Deployed, pictures: Mapping[str, Span], asked: Asked) -> float | None:
    since, until = asked.selection.since, asked.selection.until
    return effort(each, asked.definition, pictures=pictures.get(each.deployment), since=since, until=until)


def _summed(counts: Mapping[tuple[str, str], Count], places: Mapping[str, str]) -> dict[tuple[str, str], Count]:
    """Counts by deployment as counts by place: events are independent at a deployment, so they add up."""
    found: dict[tuple[str, str], Count] = {}
    for (deployment, taxon), count in counts.items():
        key = places[deployment], taxon
        before = found.get(key, Count())
        found[key] = Count(before.events + count.events, before.individuals + count.individuals)
    return found


def _efforts_of(places: Mapping[str, str], efforts: Mapping[str, float | None]) -> dict[str, float | None]:
    groups: defaultdict[str, list[float | None]] = defaultdict(list)
    for deployment, place in places.items():
        groups[place].append(efforts[deployment])
    return {place: total(group) for place, group in groups.items()}
