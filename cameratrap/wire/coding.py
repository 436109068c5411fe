"""What the message is made of, written and read: decisions with two outcomes, numbers, one of several choices.

A decision with two outcomes has a context: a pair of counts, of how often it was 0 and how often 1, in units of a
32nd. The pairs start as the priors say, and grow by one observation with each decision, so that a message learns from
itself. A context has a name, a place (the priors of a name are a row of pairs, the last of which serves all places
beyond it) and an owner: 0, or the taxon whose own habits it learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from cameratrap.errors import DecodeError
from cameratrap.wire.priors import Priors
from cameratrap.wire.range_coder import RangeDecoder, RangeEncoder

OBSERVATION = 32
FORGET = 4096  # a pair that has grown beyond it is halved, so that it stays a small number and follows changes
MOST_DIGITS = 40  # no number of the message needs more; a longer run of ones is noise and ends the reading
MOST_DECISIONS = 2**14  # a message has no more of them, so that reading one, whoever wrote it, ends soon

_Key = tuple[str, int, int]


class _Contexts:
    """The pairs of counts as they have become."""

    __slots__ = ("_pairs", "priors")

    def __init__(self, priors: Priors) -> None:
        self.priors = priors
        self._pairs: dict[_Key, tuple[int, int]] = {}

    def pair(self, name: str, place: int, owner: int) -> tuple[_Key, int, int]:
        """The key of a context and its two counts."""
        row = self.priors.contexts[name]
        place = min(place, len(row) - 1)
        key = (name, place, owner)
        zeros, ones = self._pairs.get(key, row[place])
        return key, zeros, ones

    def learn(self, key: _Key, zeros: int, ones: int, outcome: bool) -> None:
        """Count an outcome."""
        if outcome:
            ones += OBSERVATION
        else:
            zeros += OBSERVATION
        if zeros + ones > FORGET:
            zeros, ones = (zeros + 1) // 2, (ones + 1) // 2
        self._pairs[key] = zeros, ones


class Writer:
    """Writes a body, decision by decision."""

    __slots__ = ("_contexts", "_decisions", "_encoder")

    def __init__(self, priors: Priors) -> None:
        self._contexts = _Contexts(priors)
        self._encoder = RangeEncoder()
        self._decisions = 0

    @property
    def priors(self) -> Priors:
        """What it expects from the start."""
        return self._contexts.priors

    def bit(self, outcome: bool, name: str, place: int = 0, owner: int = 0) -> None:
        """Write a decision with two outcomes."""
        key, zeros, ones = self._contexts.pair(name, place, owner)
        self.keep(*((zeros, ones) if outcome else (0, zeros)), zeros + ones)
        self._contexts.learn(key, zeros, ones, outcome)

    def even(self, number: int, total: int) -> None:
        """Write one of ``total`` numbers from 0 that are equally likely."""
        self.keep(number, 1, total)

    def choice(self, number: int, shares: Sequence[int]) -> None:
        """Write one of several choices, each with so many shares."""
        self.keep(sum(shares[:number]), shares[number], sum(shares))

    def keep(self, start: int, shares: int, total: int) -> None:
        """Write a choice that has ``shares`` of ``total``, from ``start`` on."""
        self._encoder.keep(start, shares, total)
        self._decisions += 1

    def fits(self, most_bytes: int) -> bool:
        """Whether the body so far is a message of that length, and not too long to be read."""
        return self._decisions <= MOST_DECISIONS and len(self.to_bytes()) <= most_bytes

    def to_bytes(self) -> bytes:
        """The body so far, without zero bytes at its end."""
        return self._encoder.to_bytes()


class Reader:
    """Reads a body in the same order. Raises DecodeError where it does not end."""

    __slots__ = ("_contexts", "_decisions", "_decoder")

    def __init__(self, body: bytes, priors: Priors) -> None:
        self._contexts = _Contexts(priors)
        self._decoder = RangeDecoder(body)
        self._decisions = 0

    @property
    def priors(self) -> Priors:
        """What it expects from the start."""
        return self._contexts.priors

    def bit(self, name: str, place: int = 0, owner: int = 0) -> bool:
        """The next decision with two outcomes."""
        key, zeros, ones = self._contexts.pair(name, place, owner)
        outcome = self.share(zeros + ones) >= zeros
        self.keep(*((zeros, ones) if outcome else (0, zeros)), zeros + ones)
        self._contexts.learn(key, zeros, ones, outcome)
        return outcome

    def even(self, total: int) -> int:
        """The next of ``total`` numbers that are equally likely."""
        number = self.share(total)
        self.keep(number, 1, total)
        return number

    def choice(self, shares: Sequence[int]) -> int:
        """The next of several choices, each of them with one share or more."""
        total = sum(shares)
        share = self.share(total)
        number, end = next((number, end) for number, end in enumerate(accumulate(shares)) if share < end)
        self.keep(end - shares[number], shares[number], total)
        return number

    def share(self, total: int) -> int:
        """The number of a share of what was chosen, of ``total``; ``keep`` has to follow."""
        self._decisions += 1
        if self._decisions > MOST_DECISIONS:
            raise DecodeError("the message does not end", why="it was damaged, or it is not a message of ours")
        return self._decoder.share(total)

    def keep(self, start: int, shares: int, total: int) -> None:
        """Go on behind a choice that had ``shares`` of ``total``, from ``start`` on."""
        self._decoder.keep(start, shares, total)


class Coding(Protocol):
    """A way of writing whole numbers from 0."""

    def write(self, out: Writer, number: int) -> None: ...

    def read(self, body: Reader) -> int: ...


@dataclass(frozen=True, slots=True)
class Number:
    """A number from 0, small ones being likelier, in contexts of its name.

    Written is ``number + 2**order`` in binary. First how many digits it has beyond ``order + 1``: a 1 for each, then a
    0, the place being how many ones there were before. Then its digits after the leading 1, which is not written: the
    first of them under the name with " top", the place being the number of ones before; the others even.
    """

    name: str
    order: int = 0

    def __str__(self) -> str:
        return f"number, order {self.order}"

    def write(self, out: Writer, number: int) -> None:
        shifted = number + (1 << self.order)
        digits = shifted.bit_length() - 1
        for place in range(digits - self.order):
            out.bit(True, self.name, place)
        out.bit(False, self.name, digits - self.order)
        for digit in reversed(range(digits)):
            if digit == digits - 1:
                out.bit(bool(shifted >> digit & 1), self.name + " top", digits - self.order)
            else:
                out.even(shifted >> digit & 1, 2)

    def read(self, body: Reader) -> int:
        digits = self.order
        while body.bit(self.name, digits - self.order):
            digits += 1
            if digits > MOST_DIGITS:
                raise DecodeError(
                    "the message holds a number that no message can hold", why="it is not a message of ours"
                )
        shifted = 1
        for digit in range(digits):
            shifted = shifted << 1 | (body.bit(self.name + " top", digits - self.order) if digit == 0 else body.even(2))
        return shifted - (1 << self.order)


@dataclass(frozen=True, slots=True)
class Even:
    """One of ``total`` numbers from 0, none likelier than another."""

    total: int

    def __str__(self) -> str:
        return f"even among {self.total}"

    def write(self, out: Writer, number: int) -> None:
        out.even(number, self.total)

    def read(self, body: Reader) -> int:
        return body.even(self.total)


@dataclass(frozen=True, slots=True)
class Usually:
    """A 1 for the ``usual`` number, in the context of its name; else a 0 and one of ``total`` numbers, even."""

    name: str
    usual: int
    total: int

    def __str__(self) -> str:
        return f"usually {self.usual} steps, else even among {self.total}"

    def write(self, out: Writer, number: int) -> None:
        out.bit(number == self.usual, self.name)
        if number != self.usual:
            out.even(number, self.total)

    def read(self, body: Reader) -> int:
        return self.usual if body.bit(self.name) else body.even(self.total)


@dataclass(frozen=True, slots=True)
class Mostly:
    """A 1 for one of ``most`` numbers from ``first`` on, even; else a 0 and one of ``total`` numbers, even."""

    name: str
    first: int
    most: int
    total: int

    def __str__(self) -> str:
        return f"even among {self.most} from {self.first} on, else among {self.total}"

    def write(self, out: Writer, number: int) -> None:
        usual = self.first <= number < self.first + self.most
        out.bit(usual, self.name)
        if usual:
            out.even(number - self.first, self.most)
        else:
            out.even(number, self.total)

    def read(self, body: Reader) -> int:
        return self.first + body.even(self.most) if body.bit(self.name) else body.even(self.total)


def fold_sign(number: int) -> int:
    """0, -1, 1, -2, 2, … as 0, 1, 2, 3, 4, …: so that small differences of either sign stay small."""
    return 2 * number if number >= 0 else -2 * number - 1


def unfold_sign(folded: int) -> int:
    """The inverse of ``fold_sign``."""
    return -((folded + 1) // 2) if folded % 2 else folded // 2
