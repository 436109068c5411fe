"""The kinds of field a message has: a quantity on a grid, a choice, a set of flags.

A field quantises a value, names the values at which it is saturated, and writes and reads them. None never gets
here: whether a field is carried at all is the message's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from cameratrap.errors import DecodeError, EncodeError
from cameratrap.wire.coding import Coding, Reader, Writer, fold_sign, unfold_sign

# What was carried before a field in its group, as whole numbers on the air: what its value can be expected from.
Told = Mapping[str, int]
Expected = Callable[[Told], int]

UPDATE = "keep the raw bytes and update cameratrap; a newer trap may have written them"


class Field(Protocol):
    """One field of a group. ``name`` is its name in the summary and in JSON."""

    @property
    def name(self) -> str: ...

    def quantise(self, value: Any) -> Any:
        """The value as it will be received. Raises EncodeError for one that cannot be."""
        ...

    def is_saturated(self, value: Any) -> bool:
        """Whether a quantised value stands for everything beyond it, too."""
        ...

    def number(self, value: Any) -> int:
        """The whole number on the air that stands for a quantised value."""
        ...

    def value(self, number: int) -> Any:
        """The value that a number stands for. Raises DecodeError for one outside the published range."""
        ...

    def write(self, out: Writer, number: int, told: Told) -> None: ...

    def read(self, body: Reader, told: Told) -> int: ...

    def published(self) -> dict[str, str]:
        """Its row of the published table of units and ranges."""
        ...


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in ``unit``, rounded to the nearest of ``per_unit`` steps a unit, from ``minimum`` to ``maximum`` steps.

    Beyond an open end it saturates: the limit is sent, and stands for "that or beyond". Beyond a closed end there is
    nothing (a day has no 25th hour), and a value from there is refused. On the air is the number of steps above the
    minimum or, where there is something to expect, their difference from what is ``expected``, its sign folded.
    """

    name: str
    unit: str
    coding: Coding
    minimum: int
    maximum: int
    per_unit: int = 1
    open_below: bool = False
    open_above: bool = False
    expected: Expected | None = None

    def quantise(self, value: float) -> float:
        if not -inf < value < inf:
            raise EncodeError(f"{self.name} cannot be {value}", why="it is not a number")
        # Limited before it is rounded: the largest floats times a step are no longer finite.
        step = round(min(max(value * self.per_unit, self.minimum - 1), self.maximum + 1))
        if (step < self.minimum and not self.open_below) or (step > self.maximum and not self.open_above):
            raise EncodeError(
                f"{self.name} cannot be {value}",
                why=f"it goes from {self._text(self.minimum)} to {self._text(self.maximum)}",
            )
        return self._value(min(max(step, self.minimum), self.maximum))

    def is_saturated(self, value: float) -> bool:
        step = round(value * self.per_unit)
        return (self.open_below and step == self.minimum) or (self.open_above and step == self.maximum)

    def number(self, value: float) -> int:
        return round(value * self.per_unit)

    def value(self, number: int) -> float:
        if not self.minimum <= number <= self.maximum:
            raise DecodeError(
                f"{self.name} is out of range",
                why=f"{self._text(number)} is not within {self._text(self.minimum)} to {self._text(self.maximum)}",
            )
        return self._value(number)

    def write(self, out: Writer, number: int, told: Told) -> None:
        self.coding.write(
            out, number - self.minimum if self.expected is None else fold_sign(number - self.expected(told))
        )

    def read(self, body: Reader, told: Told) -> int:
        number = self.coding.read(body)
        return number + self.minimum if self.expected is None else unfold_sign(number) + self.expected(told)

    def published(self) -> dict[str, str]:
        ends = [name for name, is_open in (("below", self.open_below), ("above", self.open_above)) if is_open]
        return {
            "field": self.name,
            "unit": self.unit,
            "step": self._text(1),
            "minimum": self._text(self.minimum),
            "maximum": self._text(self.maximum),
            "saturates": " and ".join(ends) or "no",
            "coding": f"{self.coding}{'' if self.expected is None else ', from what is expected'}",
        }

    def _value(self, step: int) -> float:
        return step if self.per_unit == 1 else step / self.per_unit

    def _text(self, step: int) -> str:
        return str(self._value(step))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of ``choices``; its place among them is its number on the air."""

    name: str
    coding: Coding
    choices: tuple[str, ...]

    def quantise(self, value: str) -> str:
        if value not in self.choices:
            raise EncodeError(f"{self.name} cannot be {value!r}", why=f"it is one of {', '.join(self.choices)}")
        return self.choices[self.choices.index(value)]

    def is_saturated(self, value: str) -> bool:  # noqa: ARG002 - a choice has no limits
        return False

    def number(self, value: str) -> int:
        return self.choices.index(value)

    def value(self, number: int) -> str:
        if number >= len(self.choices):
            raise DecodeError(
                f"{self.name} is out of range", why=f"there is no choice {number} in this version", hint=UPDATE
            )
        return self.choices[number]

    def write(self, out: Writer, number: int, told: Told) -> None:  # noqa: ARG002 - nothing tells it
        self.coding.write(out, number)

    def read(self, body: Reader, told: Told) -> int:  # noqa: ARG002
        return self.coding.read(body)

    def published(self) -> dict[str, str]:
        choices = ", ".join(f"{number} {choice}" for number, choice in enumerate(self.choices))
        return _row(self.name, choices, str(self.coding))


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of names, each a bit of a number; ``names`` is append-only.

    A bit without a name here was named by a newer trap: it is kept, as "fault 9".
    """

    name: str
    names: tuple[str, ...]
    most: int = 16

    def quantise(self, value: Sequence[str]) -> tuple[str, ...]:
        return self.value(self.number(value))

    def is_saturated(self, value: Sequence[str]) -> bool:  # noqa: ARG002 - a set has no limits
        return False

    def number(self, value: Sequence[str]) -> int:
        names = self._all_names()
        unknown = [name for name in value if name not in names]
        if unknown:
            raise EncodeError(f"{self.name} cannot hold {unknown[0]!r}", why=f"they are {', '.join(self.names)}")
        return sum(1 << names.index(name) for name in set(value))

    def value(self, number: int) -> tuple[str, ...]:
        if number >> self.most:
            raise DecodeError(f"{self.name} is out of range", why=f"there are at most {self.most} of them")
        return tuple(name for bit, name in enumerate(self._all_names()) if number >> bit & 1)

    def write(self, out: Writer, number: int, told: Told) -> None:  # noqa: ARG002 - nothing tells it
        out.bit(number != 0, self.name)
        for bit in range(self.most) if number else ():
            out.bit(bool(number >> bit & 1), self.name + " each")

    def read(self, body: Reader, told: Told) -> int:  # noqa: ARG002
        if not body.bit(self.name):
            return 0
        return sum(body.bit(self.name + " each") << bit for bit in range(self.most))

    def published(self) -> dict[str, str]:
        flags = ", ".join(f"{1 << bit} {name}" for bit, name in enumerate(self.names))
        return _row(self.name, f"sum of {flags}", f"usually none, else a bit for each of {self.most}")

    def _all_names(self) -> tuple[str, ...]:
        return self.names + tuple(f"fault {bit}" for bit in range(len(self.names), self.most))


def _row(name: str, unit: str, coding: str) -> dict[str, str]:
    return {"field": name, "unit": unit, "step": "", "minimum": "", "maximum": "", "saturates": "no", "coding": coding}
