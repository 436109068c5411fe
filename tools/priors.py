"""Learn what a message expects of tallies from the station-days of real studies, as whole numbers.

Wire version 1 keeps the numbers it has for ever: this shows where they come from, and serves to leave a study out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import lgamma
from pathlib import Path

from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.resources import builtin_taxa
from cameratrap.wire.coding import OBSERVATION, Writer
from cameratrap.wire.priors import PRIORS, STATED, Pairs, Priors, taxon_shares
from cameratrap.wire.tally_rows import Past, to_rows, write_rows

SEED = 20261121
WEEKS = 400  # a study at most
DAYS = 7
STUDIED_SHARES = 24_000  # of all wire codes together, by how often studies named a taxon in a week

# The contexts of tallies, and how many places each has.
PLACES = {"any": 3, "again": 2, "new": 8}
PLACES |= {name: places for n in range(4) for name, places in ((f"events {n}", 4), (f"events {n} top", 1))}
PLACES |= {name: places for n in range(8) for name, places in ((f"extra {n}", 4), (f"extra {n} top", 1))}
# What a pair of counts may be: as strong an opinion as a quarter to 64 observations give, of every likelihood.
STRENGTHS = [OBSERVATION * 2**power // 4 for power in range(9)]
PER_CENT = (1, 2, *range(4, 97, 4), 98, 99)
GRID = sorted(
    {
        (max(1, round(strength * (100 - ones) / 100)), max(1, round(strength * ones / 100)))
        for strength, ones in product(STRENGTHS, PER_CENT)
    }
)
HEAD = '''"""What seven studies taught about tallies; written by `tools/priors`, frozen with wire version 1.

CONTEXTS: pairs of counts, of zeros and of ones, in 32nds of an observation, by context and place. STUDIED: by wire
code, the shares that it has beyond those that every code has (``priors.taxon_shares``).
"""

from __future__ import annotations

# fmt: off
'''

Week = Sequence[Sequence[Tally]]  # newest day first
Outcomes = dict[tuple[int, int], float]  # how often a context met so many zeros and so many ones in one message


@dataclass(frozen=True)
class Learned:
    """What wire/learned holds."""

    contexts: dict[str, Pairs]
    studied: dict[int, int]

    def priors(self) -> Priors:
        """The priors with this in place of what was learned from all studies."""
        return Priors({**self.contexts, **STATED}, taxon_shares(self.studied))

    def source(self) -> str:
        """The text of wire/learned."""
        lines = [HEAD, "CONTEXTS: dict[str, tuple[tuple[int, int], ...]] = {\n"]
        lines += [f'    "{name}": {pairs},\n' for name, pairs in self.contexts.items()]
        lines += ["}\n", "STUDIED: dict[int, int] = {\n"]
        lines += [f"    {code}: {shares},\n" for code, shares in self.studied.items()]
        return "".join([*lines, "}\n"])


class Recorder(Writer):
    """A writer that notes every decision instead of writing it."""

    def __init__(self) -> None:
        super().__init__(PRIORS)
        self.met: dict[tuple[str, int, int], list[int]] = defaultdict(lambda: [0, 0])

    def bit(self, outcome: bool, name: str, place: int = 0, owner: int = 0) -> None:
        if name in PLACES:
            self.met[name, min(place, PLACES[name] - 1), owner][outcome] += 1

    def keep(self, start: int, shares: int, total: int) -> None:
        pass


def main(arguments: Sequence[str]) -> int:
    """Print what the studies teach as the source of wire/learned."""
    parser = argparse.ArgumentParser(prog="tools/priors", description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("CAMERATRAP_TEST_DATA", beside))
    parser.add_argument("--data", type=Path, default=data / "tallies", help="folder of *.daily.jsonl")
    options = parser.parse_args(arguments)
    studies = weeks_by_study(options.data)
    if not studies:
        sys.stderr.write(
            f"error: there is no *.daily.jsonl in {options.data}\nhint: name the folder of tallies with --data\n"
        )
        return 1
    sys.stdout.write(learn(studies).source())
    return 0


def weeks_by_study(folder: Path) -> dict[str, list[Week]]:
    """Some weeks of every study in a folder, the same each time."""
    files = sorted(folder.glob("*.daily.jsonl"))
    return {file.name.removesuffix(".daily.jsonl"): _sampled(list(_weeks(file))) for file in files}


def _weeks(file: Path) -> Iterator[Week]:
    days: dict[str, list[tuple[str, list[Tally]]]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            tallies = [Tally(each["taxon"], each["events"], each["individuals"]) for each in entry["tallies"]]
            days[entry["station"]].append((entry["day"], tallies))
    for station in days.values():
        newest_first = [tallies for _, tallies in sorted(station, key=lambda day: day[0], reverse=True)]
        for start in range(len(newest_first) - DAYS + 1):
            yield newest_first[start : start + DAYS]


def _sampled(weeks: list[Week]) -> list[Week]:
    return weeks if len(weeks) <= WEEKS else random.Random(SEED).sample(weeks, WEEKS)


def learn(studies: Mapping[str, Sequence[Week]], *, leave_out: str | None = None) -> Learned:
    """What all studies but one teach, each of them with the same weight."""
    taxa = builtin_taxa()
    met: dict[tuple[str, int], Outcomes] = defaultdict(lambda: defaultdict(float))
    shares: Counter[int] = Counter()
    used = {name: weeks for name, weeks in studies.items() if name != leave_out and weeks}
    for weeks in used.values():
        named = Counter(code for week in weeks for code in {row.code for day in week for row in to_rows(day, taxa)})
        for code, times in named.items():
            shares[code] += round(STUDIED_SHARES * times / named.total() / len(used))
        for week in weeks:
            for (name, place, _owner), (zeros, ones) in _met(week, taxa).items():
                met[name, place][zeros, ones] += 1 / len(weeks)
    contexts = {name: tuple(fit(met[name, place]) for place in range(places)) for name, places in PLACES.items()}
    return Learned(contexts, dict(sorted(shares.items())))


def _met(week: Week, taxa: TaxaTable) -> dict[tuple[str, int, int], list[int]]:
    out, past = Recorder(), Past()
    for day in week:
        write_rows(out, to_rows(day, taxa), past)
    return out.met


def fit(outcomes: Outcomes) -> tuple[int, int]:
    """The pair of counts under which what was met was likeliest (a beta-binomial fit on a grid).

    A zero and a one more, with the weight of two weeks each, keep what was hardly met open.
    """
    weighed = dict(outcomes)
    for once in ((1, 0), (0, 1)):
        weighed[once] = weighed.get(once, 0) + 2 / WEEKS
    return max(GRID, key=lambda pair: _log_likelihood(weighed, pair))


@cache
def _log_beta(zeros: float, ones: float) -> float:
    return lgamma(zeros) + lgamma(ones) - lgamma(zeros + ones)


def _log_likelihood(outcomes: Mapping[tuple[int, int], float], pair: tuple[int, int]) -> float:
    a, b = (count / OBSERVATION for count in pair)
    return sum(
        weight * (_log_beta(a + zeros, b + ones) - _log_beta(a, b)) for (zeros, ones), weight in outcomes.items()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
