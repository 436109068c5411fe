"""The filters beside the gallery as links: each choice with what it would leave, and what is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

from cameratrap.domain.selection import LIGHTS, STATES, Selection, State
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.event_facets import Facets
from cameratrap.web.rendering import is_latin, vernacular

_FIRST = 12  # of a long list; the others are behind a line that opens
# The fields of the form; everything else that is chosen goes with it, hidden.
_IN_FORM = frozenset({"from", "to", "hours", "min_score", "max_score"})
_NAMES = {"min_score": "score from", "max_score": "score to"}
_STATES: dict[State, str] = {
    "unlooked": "nobody has looked",
    "machine": "unverified",
    "partly": "partly verified",
    "verified": "verified",
}
_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a filter: it leads to the selection with it, or without it where it is chosen."""

    name: str
    url: str
    is_chosen: bool
    count: int | None = None
    title: str = ""
    is_latin: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The choices of one filter; those of ``rest`` are out of sight at first."""

    title: str
    first: tuple[Choice, ...]
    rest: tuple[Choice, ...] = ()


def groups(selection: Selection, facets: Facets, taxa: TaxaTable) -> list[Group]:
    """Every filter that is a list."""
    deployments = _with_chosen(facets.deployments, selection.deployments)
    found = _with_chosen(facets.taxa, selection.taxa)
    return [
        _group("State", [_state(selection, facets, state) for state in STATES]),
        _group("Marks", _marks(selection, facets)),
        _group("Light", [_light(selection, light) for light in LIGHTS]),
        _group("Taxon", [_taxon(selection, name, n, taxa) for name, n in sorted(found.items(), key=_most_first)]),
        _group(
            "Deployment",
            [
                Choice(
                    name,
                    _url(replace(selection, deployments=_turned(selection.deployments, name))),
                    name in selection.deployments,
                    n,
                    name,
                )
                for name, n in sorted(deployments.items())
            ],
        ),
    ]


def chosen(selection: Selection) -> list[Choice]:
    """What is chosen, each leading to the selection without it."""
    pairs = parse_qsl(selection.to_query())
    return [
        Choice(_NAMES.get(name, name), _without(pairs, number), is_chosen=True, title=_spoken(name, value))
        for number, (name, value) in enumerate(pairs)
    ]


def _spoken(name: str, value: str) -> str:
    """A value as the list beside it calls it."""
    return next((words for state, words in _STATES.items() if name == "state" and value == state), value)


def hidden_fields(selection: Selection) -> list[tuple[str, str]]:
    """What a form of the other fields must carry along."""
    return [(name, value) for name, value in parse_qsl(selection.to_query()) if name not in _IN_FORM]


def form_values(selection: Selection) -> Mapping[str, str]:
    """What the form's own fields hold; empty where nothing is chosen."""
    found = dict.fromkeys(_IN_FORM, "")
    return found | {name: value for name, value in parse_qsl(selection.to_query()) if name in _IN_FORM}


def _group(title: str, choices: Iterable[Choice]) -> Group:
    """A chosen one is never out of sight."""
    listed = list(choices)
    first = [choice for number, choice in enumerate(listed) if number < _FIRST or choice.is_chosen]
    return Group(title, tuple(first), tuple(choice for choice in listed if choice not in first))


def _state(selection: Selection, facets: Facets, state: State) -> Choice:
    url = _url(replace(selection, states=_turned(selection.states, state)))
    return Choice(_STATES[state], url, state in selection.states, facets.states[state])


def _marks(selection: Selection, facets: Facets) -> Iterator[Choice]:
    yes, no, flagged = selection.is_blank is True, selection.is_blank is False, selection.is_flagged is True
    yield Choice("blank", _url(replace(selection, is_blank=None if yes else True)), yes, facets.blank)
    yield Choice("not blank", _url(replace(selection, is_blank=None if no else False)), no)
    yield Choice("flagged", _url(replace(selection, is_flagged=None if flagged else True)), flagged, facets.flagged)


def _taxon(selection: Selection, name: str, events: int, taxa: TaxaTable) -> Choice:
    url = _url(replace(selection, taxa=_turned(selection.taxa, name)))
    return Choice(name, url, name in selection.taxa, events, vernacular(taxa, name) or name, is_latin(taxa, name))


def _light(selection: Selection, light: Literal["day", "night"]) -> Choice:
    is_chosen = selection.light == light
    return Choice(light, _url(replace(selection, light=None if is_chosen else light)), is_chosen)


def _turned(values: tuple[_T, ...], value: _T) -> tuple[_T, ...]:
    return tuple(each for each in values if each != value) if value in values else (*values, value)


def _with_chosen(counts: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    """What is chosen stays on the list when there is none of it left."""
    return dict.fromkeys(names, 0) | dict(counts)


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _url(selection: Selection) -> str:
    query = selection.to_query()
    return f"/?{query}" if query else "/"


def _without(pairs: list[tuple[str, str]], number: int) -> str:
    query = urlencode(pairs[:number] + pairs[number + 1 :])
    return f"/?{query}" if query else "/"
