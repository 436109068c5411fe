"""How well a model agrees with people: precision and recall, errors of counts, and what is taken for what.

Of every sequence (what one trigger took) that a model has looked at and a person has verified. A name is there where
it, or anything that is a kind of it, was named: a model that says "animal" of a fox is right about the animal and
silent about the fox. A person's word is taken for the truth; where it is "unknown", there is no truth to compare with.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import sqrt
from statistics import NormalDist

LIGHTS = ("all", "day", "night", "unknown")
NOTHING = ""  # the name of a blank: no taxon is called so
NOTHING_ELSE = " "  # in a confusion, what stands against a name where the other side has none left; nor is any so
_Z95 = NormalDist().inv_cdf(0.975)
Kinds = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A sequence: individuals by name, none for a blank; ``person`` is None where nobody has verified it."""

    machine: Mapping[str, int]
    person: Mapping[str, int] | None
    light: str


@dataclass(frozen=True, slots=True)
class Proportion:
    """``of`` how many it held for ``count``, with Wilson's 95 % score interval."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """None where there was nothing to hold for."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson 1927, J. Am. Stat. Assoc. 22: 209-212."""
        if not self.of:
            return None
        share, z2 = self.count / self.of, _Z95 * _Z95 / self.of
        centre = (share + z2 / 2) / (1 + z2)
        reach = _Z95 * sqrt(share * (1 - share) / self.of + z2 / (4 * self.of)) / (1 + z2)
        return max(0.0, centre - reach), min(1.0, centre + reach)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the sequences in one light: in how many model and person both name it, only one of them does.

    ``counted``: the machine's count less the person's where both name it -> in how many sequences.
    """

    name: str
    light: str
    both: int
    machine_only: int
    person_only: int
    counted: Mapping[int, int]

    @property
    def precision(self) -> Proportion:
        """Of the sequences in which the model names it, those in which the person does."""
        return Proportion(self.both, self.both + self.machine_only)

    @property
    def recall(self) -> Proportion:
        """Of the sequences in which the person names it, those in which the model does."""
        return Proportion(self.both, self.both + self.person_only)

    @property
    def exact(self) -> Proportion:
        """Of those in which both name it, those in which both count as many."""
        return self.within(0)

    def within(self, most: int) -> Proportion:
        """The same where the counts are at most so far apart."""
        return Proportion(sum(n for error, n in self.counted.items() if abs(error) <= most), self.both)

    @property
    def mean_error(self) -> float | None:
        """By how many individuals the model counts too many; below 0, too few."""
        return sum(error * n for error, n in self.counted.items()) / self.both if self.both else None


@dataclass(frozen=True, slots=True)
class Agreements:
    """``rates`` by name and light; ``confusion``: (machine's name, person's name) -> in how many sequences;
    NOTHING is a blank, NOTHING_ELSE stands against a name that only one of them gave beside what both did.

    ``share`` is how many of the sequences are verified, of each name that the machine gave (NOTHING, what it called
    blank); ``all_verified`` of them all. ``without_truth`` are those of which a person says that it is unknown.
    """

    rates: tuple[Agreement, ...]
    confusion: Mapping[tuple[str, str], int]
    share: Mapping[str, Proportion]
    all_verified: Proportion
    without_truth: int


@dataclass
class _Met:
    both: int = 0
    machine_only: int = 0
    person_only: int = 0
    counted: Counter[int] = field(default_factory=Counter)

    def add(self, machine: int | None, person: int | None) -> None:
        if machine is not None and person is not None:
            self.both += 1
            self.counted[machine - person] += 1
        elif machine is not None:
            self.machine_only += 1
        elif person is not None:
            self.person_only += 1


def agreements(sequences: Iterable[Judged], kinds: Kinds, *, unknown: str) -> Agreements:
    """Compare the words on sequences; ``kinds`` gives what a name is a kind of, itself first.

    ``unknown`` is what a person says who cannot tell. Names are those that either has given, and NOTHING.
    """
    reckoning = _Reckoning(kinds, unknown)
    for each in sequences:
        reckoning.add(each)
    return reckoning.done()


class _Reckoning:
    """What is kept of sequences that pass by: no two are held."""

    def __init__(self, kinds: Kinds, unknown: str) -> None:
        self._kinds, self._unknown = kinds, unknown
        self._met: defaultdict[tuple[str, str], _Met] = defaultdict(_Met)
        self._confusion: Counter[tuple[str, str]] = Counter()
        self._looked, self._verified = Counter[str](), Counter[str]()
        self._total = self._done = self._without_truth = 0

    def add(self, each: Judged) -> None:
        """Take one in."""
        said = each.machine or (NOTHING,)
        self._looked.update(dict.fromkeys(said, 1))
        self._total += 1
        if each.person is None:
            return
        self._verified.update(dict.fromkeys(said, 1))
        self._done += 1
        self._confusion.update(_confused(each.machine, each.person))
        if self._unknown in each.person:
            self._without_truth += 1
            return
        machine, person = _by_kind(each.machine, self._kinds), _by_kind(each.person, self._kinds)
        for name, light in product({*machine, *person}, (LIGHTS[0], each.light)):
            self._met[name, light].add(machine.get(name), person.get(name))

    def done(self) -> Agreements:
        """What they come to."""
        named = {name for pair in self._confusion for name in pair} - {self._unknown}
        in_order = sorted(self._met.items(), key=lambda item: (item[0][0], LIGHTS.index(item[0][1])))
        return Agreements(
            rates=tuple(
                Agreement(name, light, met.both, met.machine_only, met.person_only, dict(met.counted))
                for (name, light), met in in_order
                if name in named
            ),
            confusion=dict(self._confusion),
            share={name: Proportion(self._verified[name], n) for name, n in sorted(self._looked.items())},
            all_verified=Proportion(self._done, self._total),
            without_truth=self._without_truth,
        )


def _by_kind(said: Mapping[str, int], kinds: Kinds) -> dict[str, int]:
    """Individuals of each name that is there; a blank has one, NOTHING."""
    counts: Counter[str] = Counter()
    for name, count in said.items():
        for kind in dict.fromkeys(kinds(name)):
            counts[kind] += count
    return dict(counts) or {NOTHING: 0}


def _confused(machine: Mapping[str, int], person: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    """What both name stands for itself; of the rest, each of the one stands against each of the other.

    Against NOTHING only where the other side is a blank, else against NOTHING_ELSE.
    """
    same = machine.keys() & person.keys()
    yield from ((name, name) for name in same)
    left, right = sorted(machine.keys() - same), sorted(person.keys() - same)
    if left or right or not same:
        none = NOTHING_ELSE if machine and person else NOTHING
        yield from product(left or [none], right or [none])
