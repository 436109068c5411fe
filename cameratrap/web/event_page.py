"""The page of one event: its pictures, what is said of it, and the events beside it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from cameratrap.domain.selection import Selection
from cameratrap.store.event_pictures import Frame, frames, media_at, place_of
from cameratrap.store.event_query import neighbours
from cameratrap.store.event_summaries import EventSummary, summaries
from cameratrap.store.event_words import Told, history, machine_names
from cameratrap.store.project import Project
from cameratrap.web.missing import why_missing
from cameratrap.web.pictures import facts_of
from cameratrap.web.rendering import event_url, frame_url
from cameratrap.web.review import Review
from cameratrap.web.shapes import whole_event_shape

FRAMES = 200  # pictures of an event at once: a time-lapse may have a season of them


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is read of one event for its page, in one turn at the desk; ``first`` is the place of its first frame.

    ``earlier`` and ``later`` are pictures beside those, where there are any.
    """

    event: EventSummary
    frames: list[Frame]
    first: int
    earlier: int | None
    later: int | None
    previous: int | None
    following: int | None
    history: list[Told]
    models: list[str]


async def event(request: Request) -> Response:
    """GET /event/N, or /event/N/MEDIA for one of its pictures: everything about one event."""
    review = Review.of(request)
    selection = Selection.from_query(request.url.query)
    number: int = request.path_params["event"]
    media: int | None = request.path_params.get("media")
    seen = await review.desk.ask(lambda project: _see(project, selection, number, media))
    if seen is None:
        return _no_event(review)
    shown = max(seen.frames, key=lambda frame: _worth(frame, media), default=None)
    query = selection.to_query()
    return review.page(
        "event.html",
        "event",
        query=query,
        event=seen.event,
        frames=seen.frames,
        shown=shown,
        shown_number=seen.first + seen.frames.index(shown) + 1 if shown else 0,
        history=seen.history,
        models=seen.models,
        facts=await facts_of(review, shown) if shown else [],
        data=whole_event_shape(seen.event, seen.frames, seen.following, seen.previous),
        gallery_url=f"/?{query}" if query else "/",
        previous_url=None if seen.previous is None else event_url(seen.previous, query),
        next_url=None if seen.following is None else event_url(seen.following, query),
        further=_further(seen, query),
    )


async def event_history(request: Request) -> Response:
    """GET /event/N/history: the words alone, for a script that has just added one."""
    review = Review.of(request)
    number: int = request.path_params["event"]
    words = await review.desk.ask(lambda project: history(project.connection, number))
    return review.page("_history.html", "part", history=words)


def _no_event(review: Review) -> Response:
    """The page where an event is not there, or no longer: an import has grouped its pictures anew."""
    return review.page(
        "problem.html",
        "problem",
        status=HTTPStatus.NOT_FOUND,
        what="There is no such event",
        why="events are numbered anew when a card is brought in or a clock corrected",
        hint="",
    )


def _worth(frame: Frame, wanted: int | None) -> tuple[bool, bool, float]:
    """Which picture is large at first: the one asked for, else one that can be seen, with the most certain box."""
    best = max((box.score for box in frame.boxes if box.counts), default=0.0)
    return frame.media == wanted, not why_missing(frame.state), best


def _see(project: Project, selection: Selection, number: int, media: int | None) -> _Seen | None:
    connection = project.connection
    found = summaries(connection, [number])
    if not found:
        return None
    at = 0 if media is None else place_of(connection, number, media)
    first = at - at % FRAMES
    previous, following = neighbours(connection, selection, number)
    return _Seen(
        found[0],
        frames(connection, number, first=first, most=FRAMES),
        first,
        media_at(connection, number, first - 1),
        media_at(connection, number, first + FRAMES),
        previous,
        following,
        history(connection, number),
        machine_names(connection, number),
    )


def _further(seen: _Seen, query: str) -> dict[str, str | None]:
    """Where the pictures before and after those on the page are, of an event with very many."""
    number = seen.event.number
    return {
        "earlier": None if seen.earlier is None else frame_url(seen.earlier, number, query),
        "later": None if seen.later is None else frame_url(seen.later, number, query),
    }
