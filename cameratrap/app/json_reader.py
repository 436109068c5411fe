"""Reading JSON that other people wrote: every key known, every type checked, every problem told with its path."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any, TypeVar

_T = TypeVar("_T")


def parse_object(text: str) -> dict[str, Any]:
    """The JSON object in ``text``. Raises ValueError, which says what is wrong, for anything else.

    Stricter than the standard library: NaN and a key that stands twice are refused.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise ValueError("not JSON that can be read: it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object was expected, not {_shown(value)}")  # noqa: TRY004 - of the text
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"not JSON: {name} is not a number in JSON")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return values


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(slots=True)
class ObjectReader:
    """Takes the values out of one JSON object by key; ``problems``, shared with the objects inside, collects faults.

    A value that is missing or wrong is noted and given back as None: check ``problems`` before using anything.
    """

    values: dict[str, Any]
    path: str = ""
    problems: list[str] = field(default_factory=list)

    def only(self, known: Sequence[str]) -> None:
        """Note every key that is not among ``known``, with the one that was probably meant."""
        for key in self.values.keys() - set(known):
            near = get_close_matches(key, known, n=1)
            self.problems.append(
                f"{self.path}{key}: no such key"
                + (f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}")
            )
        self.problems.sort()

    def whole(self, key: str, *, least: int | None = None, default: int | None = None) -> int | None:
        """A whole number, at least ``least``."""
        expected = "a whole number" if least is None else f"a whole number from {least} on"
        number = self.number(key, expected=expected)
        if number is None:
            return default
        if number != int(number) or (least is not None and number < least):
            self._wrong(key, expected)
            return default
        return int(number)

    def number(self, key: str, *, expected: str = "a number") -> float | None:
        """A finite number."""
        value = self.values.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (isinstance(value, float) and not math.isfinite(value)):
            self._wrong(key, expected)
            return None
        return float(value) if isinstance(value, float) else int(value)

    def text(self, key: str) -> str | None:
        """A text that is not empty."""
        value = self.values.get(key)
        if value is not None and not (isinstance(value, str) and value):
            self._wrong(key, "a text")
            return None
        return value

    def day(self, key: str) -> date | None:
        """A date as YYYY-MM-DD."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            day = None
        if day is None or day.isoformat() != value:  # Python also reads other ISO forms, such as 2026-W47-6
            self._wrong(key, "a date as YYYY-MM-DD")
            return None
        return day

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._wrong(key, "a list of texts")
            return None
        return tuple(value)

    def inner(self, key: str) -> ObjectReader:
        """The object under ``key``; an empty one where there is none."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            self._wrong(key, "an object")
        return ObjectReader(value if isinstance(value, dict) else {}, f"{self.path}{key}.", self.problems)

    def each(self, key: str, build: Callable[[ObjectReader], _T]) -> list[_T]:
        """What ``build`` makes of every object in the list under ``key``; nothing where there is none."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._wrong(key, "a list of objects")
            return []
        return [
            build(ObjectReader(each, f"{self.path}{key}[{number}].", self.problems))
            for number, each in enumerate(value)
        ]

    def require(self, *keys: str) -> None:
        """Note each of ``keys`` that is missing or null."""
        self.problems += [f"{self.path}{key}: is missing" for key in keys if self.values.get(key) is None]

    def _wrong(self, key: str, expected: str) -> None:
        self.problems.append(f"{self.path}{key} = {_shown(self.values.get(key))}: expected {expected}")
