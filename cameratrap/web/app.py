"""The review page as an application: which address is answered by what, and what becomes of errors."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cameratrap.errors import CameraTrapError, ConflictError, StoreError, UsageError
from cameratrap.web import api, corrections, event_page, pages, pictures
from cameratrap.web.guard import Guard
from cameratrap.web.review import Review

# A request that makes no sense, one that comes too late, and an index that cannot be used just now.
_STATUSES: dict[type[CameraTrapError], HTTPStatus] = {
    UsageError: HTTPStatus.BAD_REQUEST,
    ConflictError: HTTPStatus.CONFLICT,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
STATIC = Path(__file__).with_name("static")


def build_app(review: Review, *, port: int) -> Starlette:
    """The application that answers on ``port`` of this machine."""
    app = Starlette(
        routes=[
            Route("/", pages.gallery),
            Route("/event/{event:number}", event_page.event),
            Route("/event/{event:number}/history", event_page.event_history),
            Route("/event/{event:number}/{media:number}", event_page.event),
            Route("/help", pages.keys),
            Route("/media/{media:number}", pictures.media),
            Route("/thumb/{media:number}", pictures.thumb),
            Route("/difference/{media:number}", pictures.background_difference),
            Route("/api/facts/{media:number}", pictures.facts),
            Route("/api/event/{event:number}", api.event),
            Route("/api/taxa", api.taxa),
            Route("/api/act", corrections.act, methods=["POST"]),
            Route("/api/undo", corrections.undo, methods=["POST"]),
            Route("/api/redo", corrections.redo, methods=["POST"]),
            Mount("/static", _Static(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, port=port, token=review.token)],
        exception_handlers={CameraTrapError: _on_error, HTTPException: _on_http},
    )
    app.state.review = review
    return app


class _Number(Convertor[int]):
    """A number of the index, which has no greater ones."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", _Number())


class _Static(StaticFiles):
    """Our own files: asked for again each time, and sent again only when they have changed."""

    def file_response(self, *args: object, **options: object) -> Response:
        response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _on_error(request: Request, error: Exception) -> Response:
    """What cannot be."""
    assert isinstance(error, CameraTrapError)  # noqa: S101 - it is registered for no other
    found = (status for kind, status in _STATUSES.items() if isinstance(error, kind))
    return _told(request, next(found, HTTPStatus.INTERNAL_SERVER_ERROR), error.what, error.why, error.hint)


async def _on_http(request: Request, error: Exception) -> Response:
    """An address that nothing answers."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for no other
    return _told(request, HTTPStatus(error.status_code), "There is nothing here", error.detail, "")


def _told(request: Request, status: HTTPStatus, what: str, why: str, hint: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": f"{what}: {why}" if why else what, "hint": hint}, status)
    return Review.of(request).page("problem.html", "problem", status=status, what=what, why=why, hint=hint)
