"""Every size that `tools/bench message` tells of a station-day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from bench_message_days import StationDay
from bench_message_encodings import ENCODINGS, facts_of
from bench_message_wire import message_of

from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.wire.layout import MAX_BYTES
from cameratrap.wire.priors import PRIORS, Priors
from cameratrap.wire.quantise import quantise

WEEK = 6  # earlier days that make it, with the day itself
Given = TypeVar("Given")
Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of one station-day's messages.

    ``plain`` and ``sealed`` are the day's full record; ``bare`` is its day and tallies alone, ``empty`` the full record
    without its tallies. ``week`` is the full record and the six days before it, sealed, however long that gets, None
    where fewer are on record; ``week_as_shipped`` the same as a trap sends it, which knows the study.
    ``others`` are other encodings of the full record, ``others_bare`` of day and tallies.
    ``carried`` is how many days before it a sealed message of one credit tells as well.
    """

    plain: int
    sealed: int
    bare: int
    empty: int
    week: int | None
    week_as_shipped: int | None
    carried: int
    others: Mapping[str, int]
    others_bare: Mapping[str, int]
    rounded: DailySummary


def in_processes(do: Callable[[Given], Got], each: Sequence[Given], *, jobs: int, chunk: int = 1) -> Iterator[Got]:
    """What ``do`` makes of each, in order; in ``jobs`` processes where that is more than one."""
    if jobs == 1:
        yield from map(do, each)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(do, each, chunksize=chunk)


def measure(day: StationDay, taxa: TaxaTable, priors: Priors) -> Sizes:
    """Encode one station-day in every way; each of our own messages is decoded again and compared.

    ``priors`` are what ours expects of tallies: what the other studies teach, so that a study does not know itself.
    """
    full = quantise(day.full, taxa)
    facts, bare_facts = facts_of(full, taxa), facts_of(quantise(day.tallies_only, taxa), taxa)
    _, told = message_of(full, taxa, earlier=day.earlier, sealed=True, priors=priors)

    def size(summary: DailySummary, *, sealed: bool = False) -> int:
        message, _ = message_of(summary, taxa, sealed=sealed, max_bytes=MAX_BYTES, priors=priors)
        return len(message)

    return Sizes(
        plain=size(full),
        sealed=size(full, sealed=True),
        bare=size(day.tallies_only),
        empty=size(replace(full, tallies=(), saturated=())),
        week=_week(day, taxa, priors),
        week_as_shipped=_week(day, taxa, PRIORS),
        carried=len(told.earlier),
        others={name: len(encoding(facts)) for name, encoding in ENCODINGS.items()},
        others_bare={name: len(encoding(bare_facts)) for name, encoding in ENCODINGS.items()},
        rounded=full,
    )


def _week(day: StationDay, taxa: TaxaTable, priors: Priors) -> int | None:
    if len(day.earlier) < WEEK:
        return None
    week = day.earlier[:WEEK]
    message, told = message_of(day.full, taxa, earlier=week, sealed=True, max_bytes=MAX_BYTES, priors=priors)
    if len(told.earlier) != WEEK:
        raise AssertionError(f"a message of {MAX_BYTES} bytes does not hold the week to {day.full.day}")
    return len(message)
