"""Cutting the power before the n-th step that makes something durable."""

from __future__ import annotations

import os
import sqlite3

import pytest

from cameratrap.store import card as card_module
from cameratrap.store import durable
from cameratrap.store.connection import open_store


class PowerCut(BaseException):
    """The battery is gone: nothing may catch this."""


def cut_at(n: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fail the n-th call that makes something durable, and every later one: the machine is off."""
    passed: list[str] = []

    def cutting(name: str, real: object) -> object:
        def call(*args: object, **kwargs: object) -> object:
            passed.append(name)
            if len(passed) >= n:
                raise PowerCut
            return real(*args, **kwargs)  # type: ignore[operator]

        return call

    for name in ("open", "write", "fsync", "replace", "unlink"):
        monkeypatch.setattr(durable.os, name, cutting(name, getattr(os, name)))
    monkeypatch.setattr(card_module, "open_store", lambda *a, **k: Cutting(open_store(*a, **k), passed, n))
    return passed


class Cutting:
    """A connection that is cut off like everything else: what was not committed is gone."""

    def __init__(self, real: sqlite3.Connection, passed: list[str], n: int) -> None:
        self._real, self._passed, self._n = real, passed, n

    def execute(self, statement: str, *args: object) -> sqlite3.Cursor:
        if statement in ("BEGIN IMMEDIATE", "COMMIT"):
            self._passed.append(statement)
            if len(self._passed) >= self._n:
                if self._real.in_transaction:
                    self._real.rollback()
                raise PowerCut
        if len(self._passed) >= self._n:
            raise PowerCut
        return self._real.execute(statement, *args)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)
