"""Which events a person means: the filters of the review page and of the commands, as one value.

Everything that is named must hold; of several values of one filter, any. A selection is written as the query of a web
address (``deployment=d1&taxon=Vulpes+vulpes&from=2026-06-01``), so that a page can be kept as a bookmark and sent to a
colleague, and so that a change of all that a page shows names exactly what the page showed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar, get_args
from urllib.parse import parse_qsl, urlencode

from cameratrap.domain.events import TriggerCause
from cameratrap.errors import UsageError

Light = Literal["day", "night"]
State = Literal["unlooked", "machine", "partly", "verified"]
STATES: tuple[State, ...] = get_args(State)
LIGHTS: tuple[Light, ...] = get_args(Light)
# These say where on the list a page begins, not what is on the list.
PAGE_KEYS = frozenset({"after", "before", "size"})
_MANY = ("deployment", "station", "session", "taxon", "state", "cause")
_ONE = ("from", "to", "min_score", "max_score", "light", "hours", "blank", "flagged")
_MOST_FIELDS = 1000
_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, slots=True)
class Selection:
    """Events by what they are; one that names nothing means all.

    ``since`` and ``until`` are days of the station's standard time, both included. Scores are the best score that a
    model gave in the event, so an event without any is in no selection by score. ``hours`` are hours of the day in
    the station's standard time, from the first up to, not including, the second; (22, 4) is around midnight.
    ``states``: unlooked (nobody has said anything), machine, partly (a person has seen some of it), verified.
    """

    deployments: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    taxa: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    min_score: float | None = None
    max_score: float | None = None
    light: Light | None = None
    hours: tuple[int, int] | None = None
    states: tuple[State, ...] = ()
    is_blank: bool | None = None
    is_flagged: bool | None = None
    causes: tuple[TriggerCause, ...] = ()

    def __post_init__(self) -> None:
        if "" in (*self.deployments, *self.stations, *self.sessions, *self.taxa):
            raise UsageError("a filter has an empty name", hint="leave the filter out to mean all")
        for name in ("min_score", "max_score"):
            score = getattr(self, name)
            if score is not None and not 0 <= score <= 1:
                raise UsageError(f"{name} is {score}", why="a score is from 0 to 1")
        if self.hours is not None:
            _check_hours(*self.hours)

    def __bool__(self) -> bool:
        """Whether anything is named at all."""
        return self != Selection()

    def has_hour(self, hour: int) -> bool:
        """Whether an hour of the day, 0 to 23, is within ``hours``."""
        if self.hours is None:
            return True
        first, end = self.hours
        return first <= hour < end if first < end else hour >= first or hour < end

    def to_query(self) -> str:
        """The query of a web address that means this selection; empty where it means all."""
        return urlencode(list(_fields(self)))

    @classmethod
    def from_query(cls, query: str) -> Selection:
        """Read such a query. A filter left empty, as forms send it, is none; ``PAGE_KEYS`` are passed over.

        Raises UsageError for a filter that is not known, since to leave it out would mean more events than were
        asked for, and for a value that cannot be.
        """
        values = _values(query)
        return cls(
            deployments=tuple(values["deployment"]),
            stations=tuple(values["station"]),
            sessions=tuple(values["session"]),
            taxa=tuple(values["taxon"]),
            since=_day("from", values),
            until=_day("to", values),
            min_score=_score("min_score", values),
            max_score=_score("max_score", values),
            light=_choice("light", values["light"], LIGHTS),
            hours=_hours(values),
            states=tuple(_one_of("state", each, STATES) for each in values["state"]),
            is_blank=_yes_or_no("blank", values),
            is_flagged=_yes_or_no("flagged", values),
            causes=tuple(TriggerCause(_one_of("cause", each, tuple(TriggerCause))) for each in values["cause"]),
        )


def _fields(selection: Selection) -> Iterator[tuple[str, str]]:
    many: tuple[Iterable[str], ...] = (
        selection.deployments, selection.stations, selection.sessions, selection.taxa, selection.states,
        [cause.value for cause in selection.causes],
    )  # fmt: skip
    for name, each in zip(_MANY, many, strict=True):
        yield from ((name, value) for value in each)
    hours, blank, flagged = selection.hours, selection.is_blank, selection.is_flagged
    one: tuple[object, ...] = (
        selection.since, selection.until, selection.min_score, selection.max_score, selection.light,
        None if hours is None else f"{hours[0]}-{hours[1]}",
        None if blank is None else "yes" if blank else "no",
        None if flagged is None else "yes" if flagged else "no",
    )  # fmt: skip
    yield from ((name, str(value)) for name, value in zip(_ONE, one, strict=True) if value is not None)


def _values(query: str) -> defaultdict[str, list[str]]:
    """What each filter is given, each value once and in order."""
    try:
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise UsageError("the filters cannot be read", why=str(error)) from error
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        if name not in {*_MANY, *_ONE, *PAGE_KEYS}:
            raise UsageError(f"there is no filter {name!r}", hint=f"there are {', '.join((*_MANY, *_ONE))}")
        if value and value not in values[name]:
            values[name].append(value)
    for name in _ONE:
        if len(values[name]) > 1:
            raise UsageError(f"the filter {name} is given {len(values[name])} values", why="it takes one")
    return values


def _day(name: str, values: dict[str, list[str]]) -> date | None:
    for text in values[name]:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise UsageError(f"{name}={text!r} is no day", hint="write it as 2026-11-22") from None
    return None


def _score(name: str, values: dict[str, list[str]]) -> float | None:
    for text in values[name]:
        try:
            return float(text)
        except ValueError:
            raise UsageError(f"{name}={text!r} is no score", hint="write it as 0.5") from None
    return None


def _hours(values: dict[str, list[str]]) -> tuple[int, int] | None:
    for text in values["hours"]:
        first, dash, end = text.partition("-")
        if not (dash and all(each.isascii() and each.isdecimal() and len(each) <= 2 for each in (first, end))):
            raise UsageError(f"hours={text!r} is no part of a day", hint="write 22-4 for 22:00 to 4:00")
        return int(first), int(end)
    return None


def _check_hours(first: int, end: int) -> None:
    if not (0 <= first <= 23 and 0 <= end <= 24) or first == end:
        raise UsageError(f"hours from {first} to {end} are no part of a day", hint="write 22-4 for 22:00 to 4:00")


def _yes_or_no(name: str, values: dict[str, list[str]]) -> bool | None:
    found = _choice(name, values[name], ("yes", "no"))
    return None if found is None else found == "yes"


def _choice(name: str, found: list[str], choices: tuple[_T, ...]) -> _T | None:
    return _one_of(name, found[0], choices) if found else None


def _one_of(name: str, text: str, choices: tuple[_T, ...]) -> _T:
    for each in choices:
        if text == each:
            return each
    raise UsageError(f"{name}={text!r} is none of {', '.join(choices)}")
