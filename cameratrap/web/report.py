"""The report: one HTML file of a deployment or a project, to mail to a colleague.

It needs nothing but itself: no script, no address outside, every picture within. It is read from a mail, on a telephone
and on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from urllib.parse import parse_qsl

import cameratrap
from cameratrap.domain.positions import Position
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.store.event_portraits import Candidates, labels_said
from cameratrap.store.event_query import numbers as events_of
from cameratrap.store.project import Project
from cameratrap.store.project_read import StoredDeployment, deployments
from cameratrap.store.project_record import ProjectRecord, read_record
from cameratrap.store.project_rows import UNKNOWN
from cameratrap.web import report_health, report_map
from cameratrap.web.rendering import make_environment
from cameratrap.web.report_asked import Asked, shows_people, told_positions
from cameratrap.web.report_looked import looked_at, models_of, reviewers_of, together
from cameratrap.web.report_numbers import Numbers, read_numbers
from cameratrap.web.report_pictures import Portraits, portraits
from cameratrap.web.report_plots import activities, effort_image, rates_image

_AROUND = 2000  # bytes that a picture's frame and caption take, at most


def report(project: Project, taxa: TaxaTable, asked: Asked, *, now: datetime) -> str:
    """The whole file. ``now`` is when it is made, aware. Raises UsageError where it cannot be as small as asked."""
    numbers = read_numbers(project, taxa, asked)
    template = make_environment(taxa).get_template("report.html")
    values = _values(project, taxa, asked, numbers) | {"now": now, "version": cameratrap.__version__}
    bare = template.render(values | {"portraits": Portraits((), (), ())})
    room = asked.limit_bytes - len(bare.encode()) - _AROUND * len(numbers.tallies)
    if room < 0:
        needed = ceil((asked.limit_bytes - room) / 1e5) / 10
        hint = f"allow {needed:.1f} MB, or choose fewer stations"
        raise UsageError("the report has no room for its tables", why=f"they need {needed:.1f} MB", hint=hint)
    found = portraits(project, _to_show(numbers, asked), _candidates(project, taxa, asked), room)
    return template.render(values | {"portraits": found})


def _to_show(numbers: Numbers, asked: Asked) -> list[str]:
    """The taxa of which a picture is wanted, the commonest first."""
    seen = [each for each in numbers.tallies if each.rate.events and each.rate.taxon != UNKNOWN]
    return [each.rate.taxon for each in seen if each.is_animal or asked.with_people]


def _candidates(project: Project, taxa: TaxaTable, asked: Asked) -> Candidates:
    connection, selection = project.connection, asked.selection
    said = [] if asked.with_people else labels_said(connection)
    hidden = [label for label in said if shows_people(taxa, label)]
    events = events_of(connection, selection) if selection else None
    return Candidates(connection, hidden=hidden, with_blurred=asked.with_people, events=events)


def _values(project: Project, taxa: TaxaTable, asked: Asked, numbers: Numbers) -> dict[str, object]:
    record, positions = read_record(project.folder), told_positions(project, taxa, asked)
    chosen = {each.deployment for each in numbers.deployed}
    stored = [each for each in deployments(project.connection) if each.row.deployment in chosen]
    places = [place for each in numbers.deployed if (place := positions.get(each.deployment))]
    looked = looked_at(project, numbers.deployed, asked.selection)
    return {
        "title": asked.title or record.title,
        "record": record,
        "people": _people(record, stored),
        "asked": asked,
        "numbers": numbers,
        "places": _told_alone(places),
        "unplaced": len(numbers.deployed) - len(places),
        "coarse": any(place.step_deg is not None for place in places),
        "map": report_map.draw_map(numbers.deployed, positions),
        "map_size": (report_map.WIDTH, report_map.HEIGHT),
        "effort_image": effort_image(numbers, asked),
        "rates_image": rates_image(numbers, asked),
        "activities": activities(numbers, positions),
        "looked": {each.deployment: each for each in looked},
        "all_looked": together(looked),
        "models": models_of(project, numbers.deployed, asked.selection),
        "reviewers": reviewers_of(project, numbers.deployed, asked.selection),
        "health": report_health.health_of(project, numbers.deployed, asked.selection),
        "health_size": (report_health.WIDTH, report_health.HEIGHT),
        "independence": f"{asked.rules.interval / timedelta(minutes=1):g} minutes",
        "first": min((each.start.astimezone(each.zone) for each in numbers.deployed), default=None),
        "last": max((each.end.astimezone(each.zone) for each in numbers.deployed), default=None),
        "zones": sorted({str(each.zone) for each in numbers.deployed}),
        "has_sessions": any(each.session for each in numbers.deployed),
        "chosen": parse_qsl(asked.selection.to_query()),
        "stations": len({each.station for each in numbers.deployed}),
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """The one place that all positions are, in words: a map of it would be a dot."""

    text: str
    is_coarse: bool


def _told_alone(places: Sequence[Position]) -> list[_Place]:
    """Degrees to five decimals, about a metre; to one where they were coarsened."""
    if not places:
        return []
    place = places[0]
    digits = 5 if place.step_deg is None else 1
    north, east = "NS"[place.latitude < 0], "EW"[place.longitude < 0]
    latitude, longitude = (f"{abs(each):.{digits}f}\N{DEGREE SIGN}" for each in (place.latitude, place.longitude))
    return [_Place(f"{latitude} {north}, {longitude} {east}", place.step_deg is not None)]


def _people(record: ProjectRecord, stored: Sequence[StoredDeployment]) -> list[str]:
    """Who made the study, else who set the cameras up."""
    if record.contributors:
        return [each.title for each in record.contributors]
    return list(dict.fromkeys(str(each.row.setup["setupBy"]) for each in stored if "setupBy" in each.row.setup))
