"""The project, asked from one thread.

An SQLite connection belongs to the thread that opened it, and pages are answered in many. So that no two questions
meet in one transaction, one thread opens the project, answers everything that is asked of the index and closes it; a
page asks for milliseconds, and one person looks at it. Pictures are read elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import Self, TypeVar

from cameratrap.store.project import Project

T = TypeVar("T")


class Desk:
    """A context that keeps a project open. ``opener`` opens it, in the desk's own thread."""

    def __init__(self, opener: Callable[[], AbstractContextManager[Project]]) -> None:
        self._opener = opener
        self._stack = ExitStack()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="project")
        self._project: Project | None = None

    def __enter__(self) -> Self:
        """Raises StoreError where the project cannot be opened."""
        try:
            self._project = self._thread.submit(lambda: self._stack.enter_context(self._opener())).result()
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(self._stack.close).result()
        self._thread.shutdown()

    def ask_now(self, question: Callable[[Project], T]) -> T:
        """``ask`` where nothing else is to be done meanwhile."""
        return self._thread.submit(question, self._open).result()

    async def ask(self, question: Callable[[Project], T]) -> T:
        """What ``question`` says of the project. Raises what it raises."""
        return await asyncio.wrap_future(self._thread.submit(question, self._open))

    @property
    def _open(self) -> Project:
        if self._project is None:
            raise RuntimeError("the project is not open")
        return self._project
