"""Power that is cut: at a byte to the modem, at the beginning of a transaction, and on either side of a commit."""

from __future__ import annotations

import sqlite3


class PowerCut(BaseException):
    """The battery is gone: nothing may catch this but the world outside."""


class Fuse:
    """Cuts the power at a step. A step is whatever can be half done."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.blown = 0

    def set(self, steps: int) -> None:
        """Cut at the ``steps``-th step from now."""
        self._left = steps

    def step(self) -> None:
        """Take one. Raises PowerCut."""
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            self._left = None
            self.blown += 1
            raise PowerCut


class FusedConnection:
    """A connection to a database on a machine whose power may be cut: what was not committed is gone then."""

    def __init__(self, real: sqlite3.Connection, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        """As sqlite3's; before and after a COMMIT, and before a BEGIN, the power may be cut."""
        try:
            if statement in {"BEGIN IMMEDIATE", "COMMIT"}:
                self._fuse.step()
            cursor = self._real.execute(statement, *values)  # type: ignore[arg-type]
            if statement == "COMMIT":
                self._fuse.step()
        except PowerCut:
            if self._real.in_transaction:
                self._real.rollback()
            raise
        return cursor

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)
