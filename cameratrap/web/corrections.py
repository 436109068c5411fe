"""What a person says on the page: each action done once, however often its request arrives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cameratrap.domain.review import ActionKind, Change, taxon_name
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.store import review_actions
from cameratrap.store.event_summaries import summaries
from cameratrap.store.project import Project
from cameratrap.store.review_actions import Done, Scope
from cameratrap.web.review import Review
from cameratrap.web.shapes import Shape, event_shape

# Of a change to more events than a page shows, these are told; the page is loaded again for the others.
_MOST_TOLD = 500
_T = TypeVar("_T", bound=msgspec.Struct)


class _Act(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of POST /api/act."""

    key: str
    kind: ActionKind
    taxon: str | None = None
    from_taxon: str | None = None
    count: int | None = None
    events: list[int] | None = None
    sequences: list[int] | None = None
    selection: str | None = None
    expected: int | None = None

    def change(self, taxa: TaxaTable) -> Change:
        """Raises UsageError for one that makes no sense."""
        taxon = taxon_name(self.taxon, taxa)[0] if self.taxon else ""
        return Change(self.kind, taxon, self.from_taxon or "", self.count)

    def scope(self) -> Scope:
        """Raises UsageError for one that is none, or several."""
        selection = None if self.selection is None else Selection.from_query(self.selection)
        return Scope(tuple(self.events or ()), tuple(self.sequences or ()), selection, self.expected)


class _Turn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of POST /api/undo and /api/redo; ``of`` is the key of the action that is meant."""

    key: str
    of: str | None = None


async def act(request: Request) -> Response:
    """POST /api/act: one action on events, on single sequences, or on all that a selection has."""
    review, body = Review.of(request), await _body(request, _Act)
    change, scope = body.change(review.taxa), body.scope()
    return await _answer(
        review,
        lambda project: review_actions.act(
            project.connection, change, scope, key=body.key, author=review.author, made_at=datetime.now().astimezone()
        ),
    )


async def undo(request: Request) -> Response:
    """POST /api/undo: the action that is meant, else the newest that stands; `action` is null where there is none."""
    review, body = Review.of(request), await _body(request, _Turn)
    return await _answer(
        review,
        lambda project: review_actions.undo(
            project.connection, key=body.key, author=review.author, made_at=datetime.now().astimezone(), of=body.of
        ),
    )


async def redo(request: Request) -> Response:
    """POST /api/redo: the action that is meant, else what was undone last."""
    review, body = Review.of(request), await _body(request, _Turn)
    return await _answer(
        review,
        lambda project: review_actions.redo(
            project.connection, key=body.key, author=review.author, made_at=datetime.now().astimezone(), of=body.of
        ),
    )


async def _answer(review: Review, do: Callable[[Project], Done | None]) -> Response:
    """What was done and how its events stand now, told from the same turn at the desk."""

    def work(project: Project) -> Shape:
        done = do(project)
        if done is None:
            return {"action": None, "kind": None, "author": None, "repeated": False, "total": 0, "events": []}
        told = summaries(project.connection, done.events[:_MOST_TOLD])
        return {
            "action": done.action,
            "kind": done.kind,
            "author": done.author,
            "repeated": done.repeated,
            "total": len(done.events),
            "events": [event_shape(event) for event in told],
        }

    return JSONResponse(await review.desk.ask(work))


async def _body(request: Request, kind: type[_T]) -> _T:
    """Raises UsageError for a body that is not what it should be."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError("the request cannot be read", why=str(error)) from error
