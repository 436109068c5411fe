"""A day that takes several messages: each part decodes alone, and together they are the day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypeVar

from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.errors import DecodeError

_Group = TypeVar("_Group")


@dataclass(frozen=True, slots=True)
class PartialSummary(DailySummary):
    """What one message of several holds of a day: part ``part`` of ``parts``, counted from 1.

    The first part carries effort, health and answers to commands, each part some of the tallies, and the last part the
    earlier days.
    """

    part: int = 1
    parts: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.part <= self.parts or self.parts < 2:
            raise ValueError(f"there is no part {self.part} of {self.parts}")


def join_parts(parts: Sequence[PartialSummary]) -> DailySummary:
    """The whole day of all its parts, in any order; a part received twice counts once.

    Raises DecodeError when they are not parts of one day or one is missing.
    """
    by_number = {part.part: part for part in parts}
    if not by_number:
        raise DecodeError("there are no parts to join")
    first = parts[0]
    if any((part.day, part.sequence, part.parts) != (first.day, first.sequence, first.parts) for part in parts):
        raise DecodeError("these are not parts of one summary", why="their day, sequence or number of parts differs")
    if any(by_number[part.part] != part for part in parts):
        raise DecodeError(f"two different messages say they are the same part of {first.day}")
    missing = [number for number in range(1, first.parts + 1) if number not in by_number]
    if missing:
        raise DecodeError(
            f"the summary of {first.day} is not complete", why=f"part {missing[0]} of {first.parts} is missing"
        )
    ordered = [by_number[number] for number in sorted(by_number)]
    return DailySummary(
        day=first.day,
        sequence=first.sequence,
        tallies=tuple(tally for part in ordered for tally in part.tallies),
        effort=_first_told([part.effort for part in ordered]),
        health=_first_told([part.health for part in ordered]),
        saturated=tuple(dict.fromkeys(name for part in ordered for name in part.saturated)),
        earlier=newest_first(day for part in ordered for day in part.earlier),
        commands=tuple(each for part in ordered for each in part.commands),
    )


def join_neighbours(days: Iterable[DailySummary]) -> Iterator[DailySummary]:
    """Parts that follow each other and are complete as one day; incomplete ones, and whole days, as they are."""
    parts: list[PartialSummary] = []
    for day in days:
        if parts and not (isinstance(day, PartialSummary) and _belongs(day, parts)):
            yield from parts
            parts = []
        if not isinstance(day, PartialSummary):
            yield day
            continue
        parts.append(day)
        if len(parts) == day.parts:
            yield join_parts(parts)
            parts = []
    yield from parts


def _belongs(day: PartialSummary, parts: Sequence[PartialSummary]) -> bool:
    same = (day.day, day.sequence, day.parts) == (parts[0].day, parts[0].sequence, parts[0].parts)
    return same and day.part not in {part.part for part in parts}


def _first_told(groups: Sequence[_Group]) -> _Group:
    """Each field from the first part that carries it."""
    told = {
        each.name: next((value for group in groups if (value := getattr(group, each.name)) is not None), None)
        for each in fields(groups[0])  # type: ignore[arg-type]
    }
    return replace(groups[0], **told)  # type: ignore[type-var]


def newest_first(earlier: Iterable[EarlierDay]) -> tuple[EarlierDay, ...]:
    """Earlier days by descending date; of two records of one day the first."""
    by_day: dict[date, EarlierDay] = {}
    for each in earlier:
        by_day.setdefault(each.day, each)
    return tuple(by_day[day] for day in sorted(by_day, reverse=True))
