"""The gallery: the events of a selection, a page at a time; and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError
from cameratrap.store.event_facets import Facets, facets
from cameratrap.store.event_pictures import Frame, covers
from cameratrap.store.event_query import Cursor, Page, page
from cameratrap.store.event_summaries import EventSummary, Shown, summaries
from cameratrap.store.event_words import with_machine
from cameratrap.store.project import Project
from cameratrap.web.choices import chosen, form_values, groups, hidden_fields
from cameratrap.web.rendering import event_url
from cameratrap.web.review import Review

DEFAULT_SIZE, MOST = 60, 200  # events on a page


@dataclass(frozen=True, slots=True)
class Cell:
    """An event in the gallery; ``machine_differs`` is whether a model said something else than what stands."""

    event: EventSummary
    url: str
    cover: Frame | None
    machine_differs: bool


async def gallery(request: Request) -> Response:
    """GET /: the events of a selection, a page at a time."""
    review = Review.of(request)
    selection = Selection.from_query(request.url.query)
    size = _size(request.query_params.get("size", ""))
    after, before = (_cursor(request.query_params.get(name, "")) for name in ("after", "before"))

    def look(project: Project) -> tuple[Page, list[Cell], Facets]:
        found = page(project.connection, selection, size=size, after=after, before=before)
        return found, _cells(project, found.events, selection.to_query()), facets(project.connection, selection)

    found, cells, counted = await review.desk.ask(look)
    query = selection.to_query()
    extra = {} if size == DEFAULT_SIZE else {"size": str(size)}
    return review.page(
        "gallery.html",
        "gallery",
        query=query,
        cells=cells,
        total=counted.events,
        progress={"verified": counted.states["verified"], "events": sum(counted.states.values())},
        groups=groups(selection, counted, review.taxa),
        chips=chosen(selection),
        kept=hidden_fields(selection) + list(extra.items()),
        values=form_values(selection),
        is_filtered=bool(selection),
        next_url=_page_url(query, extra, "after", found.after),
        previous_url=_page_url(query, extra, "before", found.before),
    )


async def keys(request: Request) -> Response:
    """GET /help."""
    return Review.of(request).page("help.html", "help")


def _cells(project: Project, numbers: Sequence[int], query: str) -> list[Cell]:
    pictures, by_machine = covers(project.connection, numbers), with_machine(project.connection, numbers)
    return [
        Cell(
            each,
            event_url(each.number, query),
            pictures.get(each.number),
            each.number in by_machine and _counts(each.shown) != _counts(each.machine),
        )
        for each in summaries(project.connection, numbers)
    ]


def _counts(shown: Sequence[Shown]) -> set[tuple[str, int]]:
    return {(each.taxon, each.count) for each in shown}


def _page_url(query: str, extra: dict[str, str], key: str, place: Cursor | None) -> str | None:
    if place is None:
        return None
    return "/?" + "&".join([*([query] if query else []), urlencode(extra | {key: str(place)})])


def _size(text: str) -> int:
    if not text:
        return DEFAULT_SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
        raise UsageError(f"size={text!r} is no number of events", hint=f"from 1 to {MOST}")
    return min(int(text), MOST)


def _cursor(text: str) -> Cursor | None:
    return Cursor.parse(text) if text else None
