"""Ending on request: what is being saved is saved, a wait ends at once, a look between two pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class StopRequest(SystemExit):
    """Whoever may stop the trap has asked for it; ``code`` is the exit status."""


class Stop:
    """Set from a signal handler, looked at where stopping costs nothing."""

    def __init__(self) -> None:
        self._status: int | None = None
        self._is_waiting = False

    def ask(self, status: int) -> None:
        """Stop as soon as nothing is lost by it. Raises StopRequest where that is now, and at the second time."""
        is_urgent = self._is_waiting or self._status is not None
        self._status = status
        if is_urgent:
            raise StopRequest(status)

    def check(self) -> None:
        """Nothing is lost by stopping here. Raises StopRequest if it was asked for."""
        if self._status is not None:
            raise StopRequest(self._status)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within this a request is not waited for. Raises StopRequest."""
        self._is_waiting = True
        try:
            self.check()
            yield
        finally:
            self._is_waiting = False
