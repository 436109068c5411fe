"""The review page without a browser: its application, asked as the page itself asks."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs httpx: pip install httpx")
pytest.importorskip("jinja2", reason="needs what the extra `review` installs")
pytest.importorskip("starlette", reason="needs what the extra `review` installs")
pytest.importorskip("uvicorn", reason="needs what the extra `review` installs")

import httpx
from PIL import Image
from starlette.types import ASGIApp

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.resources import builtin_taxa
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import (
    DeploymentRow,
    DetectionRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_deployment,
    add_media,
    add_sequence,
    add_word,
)
from cameratrap.web.app import build_app
from cameratrap.web.serve import open_review
from tests.project_maker import START

PORT = 8731
ADDRESS = f"http://127.0.0.1:{PORT}"


@dataclass(frozen=True)
class Pages:
    """A server of one project; ``post`` asks as its own page does."""

    app: ASGIApp
    token: str

    def ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        """One request, without a network between."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
                return await client.request(method, address, **options)

        return asyncio.run(send())

    def get(self, address: str, **headers: str) -> httpx.Response:
        return self.ask("GET", address, headers=headers)

    def text(self, address: str) -> str:
        answer = self.get(address)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def post(self, address: str, body: object, **headers: str) -> httpx.Response:
        own = {"Origin": ADDRESS, "X-Cameratrap": self.token}
        return self.ask("POST", address, json=body, headers=own | headers)

    def event(self, number: int) -> Any:
        return self.get(f"/api/event/{number}").json()


@contextmanager
def pages_of(folder: Path, *, author: str = "Ada") -> Iterator[Pages]:
    """The pages of a project or a card, with a thumbnail cache beside it."""
    cache = folder.with_name(folder.name + " cache")
    with open_review(folder, author=author, taxa=builtin_taxa(), cache=cache) as review:
        yield Pages(build_app(review, port=PORT), review.token)


def picture(
    width: int = 64, height: int = 48, *, colour: tuple[int, int, int] = (90, 120, 60), **options: Any
) -> bytes:
    """A JPEG of one colour; ``options`` are Pillow's."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, options.pop("form", "JPEG"), **options)
    return stream.getvalue()


def one_event(folder: Path, media: MediaRow, data: bytes | None, *, taxon: str = "animal", author: str = "m 1") -> Path:
    """A project of one event with one picture whose file holds ``data``, or is not there; a model said ``taxon``."""
    with edit_project(folder, create=True) as project:
        add_event(project, "d1", media, data, taxon=taxon, author=author)
    return folder


def add_event(
    project: Project, name: str, media: MediaRow, data: bytes | None, *, taxon: str = "animal", author: str = "m 1"
) -> int:
    """Add a deployment of that one event; returns its number."""
    connection, at = project.connection, media.captured_at
    if data is not None:
        path = project.folder / "cards" / "d1" / media.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with transaction(connection):
        row = DeploymentRow(name, "s1", 60, START, START, "card", "cards/d1", START)
        deployment = add_deployment(connection, row)
        sequence = add_sequence(connection, deployment, SequenceRow("b1", TriggerCause.PIR, at, at))
        number = add_media(connection, deployment, sequence, media)
        box = DetectionRow(number, taxon, taxon, 0.5, BBox(0.25, 0.25, 0.5, 0.5))
        add_word(
            connection, sequence, WordRow("machine", author, at, (ObservationRow(taxon, 1, at, at, score=0.5),), (box,))
        )
        settle(connection, [sequence])
        regroup(connection, deployment)
    return int(connection.execute("SELECT MAX(id) FROM events").fetchone()[0])


def numbers(html: str) -> list[int]:
    """The events of a gallery's page, in order."""
    return [int(number) for number in re.findall(r'class="event" data-event="(\d+)"', html)]
