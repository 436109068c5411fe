"""What the scripts of the page ask and say: values in JSON, and corrections that are done once."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cameratrap.domain.completion import completable
from cameratrap.domain.selection import Selection
from cameratrap.store.event_pictures import frames
from cameratrap.store.event_query import neighbours
from cameratrap.store.event_summaries import summaries
from cameratrap.store.project import Project
from cameratrap.store.project_taxa import standing_taxa
from cameratrap.web.review import Review
from cameratrap.web.shapes import Shape, whole_event_shape

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
    """GET /api/taxa: every name that can be completed. The page has them all, so that typing waits for no answer."""
    review = Review.of(request)
    own = await review.desk.ask(lambda project: standing_taxa(project.connection))
    return JSONResponse([asdict(each) for each in completable(review.taxa, own)])
