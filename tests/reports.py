"""Reports made in tests, and what may be asked of one as a page."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2", reason="needs what the extra `review` installs")
pytest.importorskip("matplotlib", reason="needs what the extra `review` installs")

from PIL import Image

from cameratrap.app.fold import Rules
from cameratrap.app.project_source import open_source
from cameratrap.domain.selection import Selection
from cameratrap.resources import builtin_taxa
from cameratrap.store.project import Project
from cameratrap.web.report import report
from cameratrap.web.report_asked import Asked

EVERYTHING = Selection()
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_APART = frozenset({"td", "th", "dt", "dd", "p", "h1", "h2", "figcaption"})
# Elements without an end (HTML 5, 13.1.2).
_VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})
_FORBIDDEN = frozenset(
    {"script", "iframe", "object", "embed", "link", "base", "form", "video", "audio", "foreignobject"}
)
_ADDRESSES = frozenset({"src", "href", "xlink:href", "srcset", "action", "poster", "data", "background"})


def report_of(folder: Path, selection: Selection = EVERYTHING, **asked: Any) -> str:
    """The report of a project or a card."""
    with open_source(folder) as project:
        return report_on(project, selection, **asked)


def report_on(project: Project, selection: Selection = EVERYTHING, **asked: Any) -> str:
    """The report of an open project."""
    rules = asked.pop("rules", Rules())
    return report(project, builtin_taxa(), Asked(selection, rules, **asked), now=NOW)


class Page(HTMLParser):
    """A report taken apart: ``text`` is what is read, ``images`` what its pictures hold.

    Fails where an element is not closed, where anything could be run, and where an address leads out of the file.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[str] = []
        self._texts: list[str] = []
        self.images: list[tuple[str, bytes]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"
        assert "@import" not in html
        assert not re.search(r"url\(", html)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self._texts))

    @property
    def photographs(self) -> list[bytes]:
        return [data for kind, data in self.images if kind == "image/jpeg"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"closed and never opened: {tag}"
        assert self._open.pop() == tag
        self._texts.append(" " if tag in _APART else "")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self._texts.append(data)

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _FORBIDDEN
        for name, value in attrs:
            assert not name.startswith("on")
            if name in _ADDRESSES:
                kind, data = re.fullmatch(r"data:(image/[a-z+]+);base64,([A-Za-z0-9+/=]+)", value or "").groups()  # type: ignore[union-attr]
                self.images.append((kind, b64decode(data)))


def opened(photograph: bytes) -> Image.Image:
    """A picture of a report, decoded."""
    with Image.open(io.BytesIO(photograph)) as image:
        image.load()
        return image.copy()
