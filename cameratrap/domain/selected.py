"""Independent events that a selection means: asked of the event after it was reckoned.

To leave sightings out before they are grouped would tear events apart, and make more of them than there were.
"""

from __future__ import annotations

from datetime import timezone

from cameratrap.domain.events import Event, station_day
from cameratrap.domain.selection import Selection, State


def state_of(event: Event) -> State:
    """Who has said what it shows: a model, a person in part, or a person all of it."""
    people = sum(sighting.source == "human" for sighting in event.sightings)
    return "machine" if not people else "verified" if people == len(event.sightings) else "partly"


def selects(selection: Selection, event: Event, zone: timezone) -> bool:
    """Whether a selection means this event, by all that the event itself says.

    What it does not say, its deployment's station and session, whether it was by night and whether somebody flagged
    it, is for whoever knows that to ask. ``zone`` is the station's standard time.
    """
    day, hour = station_day(event.start, zone), event.start.astimezone(zone).hour
    return (
        not selection.is_blank
        and (not selection.deployments or event.deployment in selection.deployments)
        and (not selection.taxa or event.taxon in selection.taxa)
        and (selection.since is None or day >= selection.since)
        and (selection.until is None or day <= selection.until)
        and (not selection.causes or event.cause in selection.causes)
        and (not selection.states or state_of(event) in selection.states)
        and selection.has_hour(hour)
        and _by_score(selection, event.score)
    )


def _by_score(selection: Selection, score: float | None) -> bool:
    if selection.min_score is None and selection.max_score is None:
        return True
    return score is not None and (selection.min_score or 0) <= score <= (
        1 if selection.max_score is None else selection.max_score
    )
