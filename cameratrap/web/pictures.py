"""The pictures and clips themselves: originals as they are, small ones, and what differs from the background."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from PIL import Image
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from cameratrap.app.regular_files import open_regular
from cameratrap.errors import CameraTrapError, ImageError
from cameratrap.store.event_pictures import Frame, frame, pictures_like
from cameratrap.store.project import Project
from cameratrap.web.background import FEWEST, MOST, difference
from cameratrap.web.facts import Fact, exif_facts
from cameratrap.web.missing import why_missing
from cameratrap.web.placeholders import placeholder
from cameratrap.web.review import Review
from cameratrap.web.thumbnails import as_jpeg, content_key, fitting_width, small_picture

# What a browser shows by itself; everything else is handed over as a file.
SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/webm", "video/quicktime", "video/ogg"}
)
_DIFFERENCE_WIDTH = 1280
# Asked for again each time: the next project on this port has other pictures under the same numbers.
_KEEP = {"Cache-Control": "private, no-cache"}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Found:
    frame: Frame
    path: Path


async def media(request: Request) -> Response:
    """GET /media/N: the original, with ranges, so that a clip plays and is wound."""
    review = Review.of(request)
    try:
        found = await _find(review, request)
        await _in_worker(review, lambda: _check(found.path))
    except CameraTrapError as error:
        return placeholder(str(error))
    kind = found.frame.mediatype if found.frame.mediatype in SHOWN else "application/octet-stream"
    return FileResponse(found.path, media_type=kind, headers=_KEEP)


async def thumb(request: Request) -> Response:
    """GET /thumb/N?w=320: the picture upright as a JPEG, at least that wide where it is."""
    review = Review.of(request)
    width = fitting_width(_number(request.query_params.get("w", "")))
    try:
        found = await _find(review, request)
        if found.frame.mediatype.startswith("video/"):
            return placeholder("a clip", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        tag = await _in_worker(review, lambda: f'"{content_key(found.path, width)}"')
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=_KEEP | {"ETag": tag})
        made = await _in_worker(review, lambda: review.thumbnails.of(found.path, width))
    except CameraTrapError as error:
        return placeholder(str(error))
    return Response(made, media_type="image/jpeg", headers=_KEEP | {"ETag": tag})


async def background_difference(request: Request) -> Response:
    """GET /difference/N: the picture, dimmed where it looks as that camera's others by the same light."""
    review = Review.of(request)
    try:
        found = await _find(review, request)
        others = await review.desk.ask(lambda project: _others(project, found.frame))
        made = await _in_worker(review, lambda: _difference(found.path, others))
    except CameraTrapError as error:
        return placeholder(str(error))
    return Response(made, media_type="image/jpeg", headers=_KEEP)


async def facts(request: Request) -> Response:
    """GET /api/facts/N: what the picture says of itself."""
    review = Review.of(request)
    found = await review.desk.ask(lambda project: frame(project.connection, request.path_params["media"]))
    if found is None:
        return JSONResponse({"error": "there is no such picture", "hint": ""}, HTTPStatus.NOT_FOUND)
    told = await facts_of(review, found)
    return JSONResponse({"facts": [{"name": fact.name, "value": fact.value} for fact in told]})


async def facts_of(review: Review, shown: Frame) -> list[Fact]:
    """What the index and the picture's EXIF say of it; why, where the latter says nothing."""
    told = list(_indexed(shown))
    if why_missing(shown.state) or shown.mediatype.startswith("video/"):
        return told
    try:
        path = await review.desk.ask(lambda project: project.media_path(shown.root, shown.path))
        return told + await _in_worker(review, lambda: exif_facts(path))
    except CameraTrapError as error:
        return [*told, Fact("EXIF", str(error))]


def _indexed(shown: Frame) -> list[Fact]:
    size = "" if shown.width is None or shown.height is None else f"{shown.width} \u00d7 {shown.height}"
    length = "" if shown.size is None else f"{shown.size / 1000:,.0f} kB"
    light = "" if shown.infrared is None else "infrared" if shown.infrared else "daylight"
    lines = {"File": shown.path, "Time": f"{shown.captured_at:%Y-%m-%d %H:%M:%S %z}", "Pixels": size, "Size": length}
    state = "" if shown.state == "present" else shown.state
    return [Fact(name, value) for name, value in (lines | {"Light": light, "State": state}).items() if value]


async def _find(review: Review, request: Request) -> _Found:
    number: int = request.path_params["media"]

    def look(project: Project) -> _Found:
        found = frame(project.connection, number)
        if found is None:
            raise ImageError("there is no such picture")
        if why_missing(found.state):
            raise ImageError(why_missing(found.state))
        return _Found(found, project.media_path(found.root, found.path))

    return await review.desk.ask(look)


def _others(project: Project, shown: Frame) -> list[Path]:
    return [
        project.media_path(each.root, each.path)
        for each in pictures_like(project.connection, shown.media, most=MOST + 3)  # some may not be readable
    ]


def _difference(path: Path, others: Sequence[Path]) -> bytes:
    picture = small_picture(path, _DIFFERENCE_WIDTH)
    readable: list[Image.Image] = []
    for each in others:
        if len(readable) < MOST:
            readable += _read_if_whole(each)
    made = difference(picture, readable)
    if made is None:
        why = f"it takes {FEWEST} of other events by the same light"
        raise ImageError("too few other pictures to tell the background", why=why)
    return as_jpeg(made)


def _read_if_whole(path: Path) -> list[Image.Image]:
    """A picture of the background that cannot be read is one fewer."""
    try:
        return [small_picture(path, _DIFFERENCE_WIDTH)]
    except ImageError:
        return []


def _check(path: Path) -> None:
    """Raises ImageError for what is not there, or is no file that ends."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise ImageError("the file is empty")


async def _in_worker(review: Review, work: Callable[[], _T]) -> _T:
    return await asyncio.wrap_future(review.thumbnails.workers.submit(work))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
