"""Calls into a library that may never return, made where they hang nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class DeviceThread:
    """A thread that makes calls one after the other. A call that hangs takes this thread with it, and nothing else.

    ``concurrent.futures`` waits for its threads when the program ends; one that hangs in a driver would keep the trap
    from ever being switched off.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have the call made; its result, or what it raised, is in the future."""
        future: Future[T] = Future()
        self._calls.put((future, call))
        return future

    def within(self, limit_s: float, call: Callable[[], T]) -> T:
        """What the call returns. Raises TimeoutError when it has not after ``limit_s``: it goes on all the same."""
        return self.submit(call).result(limit_s)

    def end(self) -> None:
        """No more calls: the thread ends when it has made those that wait."""
        self._calls.put(None)

    def _run(self) -> None:
        while (waiting := self._calls.get()) is not None:
            future, call = waiting
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
                future.set_exception(error)
            del waiting, future, call  # a picture that nobody wants any more is not held until the next call
