"""Events as rows of a table and as the objects of `events --json`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from cameratrap.app.project_tables import FoundEvent, light
from cameratrap.domain.events import AT_A_TIME, Event
from cameratrap.domain.selection import Selection
from cameratrap.store.event_pictures import Frame, frames
from cameratrap.store.event_query import numbers
from cameratrap.store.event_summaries import summaries

EVENT_COLUMNS = (
    "event", "deployment", "start", "end", "trigger", "taxon", "count", "score", "source", "media",
    "count_low", "count_high",
)  # fmt: skip
# What is known of an event where there is a project, or a person has looked at the card.
REVIEW_COLUMNS = ("station", "state", "light", "flagged", "review")


def event_name(event: Event) -> str:
    """The first burst's name and the taxon: unique in its deployment, and the same each time it is reckoned."""
    return f"{event.bursts[0]}-{event.taxon.lower().replace(' ', '-')}"


def event_object(found: FoundEvent) -> dict[str, Any]:
    """An independent event with its one observation, and by ``REVIEW_COLUMNS`` how it was reviewed."""
    event = found.event
    return {
        "event": event_name(event),
        "deployment": event.deployment,
        "start": event.start.astimezone(found.at.zone).isoformat(),
        "end": event.end.astimezone(found.at.zone).isoformat(),
        "trigger": event.cause.value,
        "media": list(found.media),
        "observations": [
            {
                "taxon": event.taxon,
                "count": event.count,
                "count_low": event.count_low,
                "count_high": event.count_high,
                "score": None if event.score is None else round(event.score, 4),
                "source": event.source,
            }
        ],
        "station": found.at.row.station,
        "state": found.state,
        "light": found.light,
        "flagged": found.is_flagged,
        "review": found.review,
    }


def blank_objects(connection: sqlite3.Connection, selection: Selection) -> Iterator[dict[str, Any]]:
    """The events of the review page that show nothing: there is no taxon by which they could be independent."""
    coming = iter(numbers(connection, selection))
    while some := list(islice(coming, AT_A_TIME)):
        for event in summaries(connection, some):
            yield {
                "event": f"blank-{event.number}",
                "deployment": event.deployment,
                "start": event.start.isoformat(),
                "end": event.end.isoformat(),
                "trigger": event.cause.value,
                "media": [str(PurePosixPath(each.root, each.path)) for each in _pictures(connection, event.number)],
                "observations": [],
                "station": event.station,
                "state": event.state,
                "light": light(event.is_night),
                "flagged": event.is_flagged,
                "review": event.number,
            }


def _pictures(connection: sqlite3.Connection, event: int) -> Iterator[Frame]:
    first = 0
    while some := frames(connection, event, first=first, most=AT_A_TIME):
        yield from (each for each in some if each.state != "removed")
        first += len(some)


def without_review(each: dict[str, Any]) -> dict[str, Any]:
    """The same of a card as the trap left it."""
    return {key: value for key, value in each.items() if key not in REVIEW_COLUMNS}


def event_row(each: dict[str, Any]) -> dict[str, object]:
    """The same as one line."""
    observation = each["observations"][0] if each["observations"] else {"taxon": "", "count": 0}
    media: Iterable[str] = each["media"]
    told = {key: each.get(key, observation.get(key)) for key in (*EVENT_COLUMNS, *REVIEW_COLUMNS)}
    return {**told, "media": "|".join(media)}
