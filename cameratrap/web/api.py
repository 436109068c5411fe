"""What the scripts of the page ask and say: values in JSON, and corrections that are done once."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.domain.taxon import Taxon, name_key
from cameratrap.store.event_pictures import frames
from cameratrap.store.event_query import neighbours
from cameratrap.store.event_summaries import summaries
from cameratrap.store.project import Project
from cameratrap.web.review import Review
from cameratrap.web.shapes import Shape, whole_event_shape

_MOST_TAXA = 12
_MOST_PICTURES = 500


async def event(request: Request) -> Response:
    """GET /api/event/N?selection: the event, its pictures with their boxes, and who stands beside it."""
    selection = Selection.from_query(request.url.query)
    number: int = request.path_params["event"]

    def look(project: Project) -> Shape | None:
        found = summaries(project.connection, [number])
        if not found:
            return None
        previous, following = neighbours(project.connection, selection, number)
        pictures = frames(project.connection, number, most=_MOST_PICTURES)
        return whole_event_shape(found[0], pictures, following, previous)

    shape = await Review.of(request).desk.ask(look)
    if shape is None:
        return JSONResponse({"error": "there is no such event", "hint": "load the page again"}, HTTPStatus.NOT_FOUND)
    return JSONResponse(shape)


async def taxa(request: Request) -> Response:
    """GET /api/taxa?q=: names that begin so, or have a word that does; first those the project has."""
    review = Review.of(request)
    typed = name_key(request.query_params.get("q", "")[:200])
    if not typed:
        return JSONResponse([])
    own = await review.desk.ask(_own_taxa)
    found = {taxon.name: taxon.vernacular_en for taxon in _matching(review.taxa, typed)}
    others = {name: "" for name in own if name not in review.taxa and _begins(name_key(name), typed)}
    ordered = sorted((others | found).items(), key=lambda item: _rank(item, typed, own))
    return JSONResponse([{"name": name, "vernacular": vernacular} for name, vernacular in ordered[:_MOST_TAXA]])


def _own_taxa(project: Project) -> set[str]:
    """Every taxon that stands anywhere, found by stepping through the index from one to the next."""
    rows = project.connection.execute(
        """WITH RECURSIVE own (taxon) AS (
            SELECT MIN(taxon) FROM event_taxa UNION ALL
            SELECT (SELECT MIN(taxon) FROM event_taxa e WHERE e.taxon > own.taxon) FROM own WHERE own.taxon IS NOT NULL)
        SELECT taxon FROM own WHERE taxon IS NOT NULL"""
    )
    return {row["taxon"] for row in rows}


def _matching(table: TaxaTable, typed: str) -> Iterator[Taxon]:
    return (taxon for taxon in table if any(_begins(name_key(name), typed) for name in taxon.names))


def _begins(key: str, typed: str) -> bool:
    return key.startswith(typed) or f" {typed}" in key


def _rank(item: tuple[str, str], typed: str, own: set[str]) -> tuple[bool, bool, bool, str]:
    """Exact names first, then what the project has, then what begins so as a whole."""
    keys = [name_key(name) for name in item if name]
    return typed not in keys, item[0] not in own, not any(key.startswith(typed) for key in keys), item[0]
