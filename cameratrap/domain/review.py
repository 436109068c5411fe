"""What a person does to events, and what that says of each of their sequences.

Pure rules: what stands on the sequences of one event in, what the person thereby says of each out. A person looks at
an event and acts on it as one; what is stored is a word on every sequence, since from sequences everything is reckoned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cameratrap.domain.tallies import OTHERS
from cameratrap.domain.taxa import TaxaTable
from cameratrap.domain.taxon import name_key
from cameratrap.errors import UsageError

ActionKind = Literal["verify", "blank", "unknown", "relabel", "count", "flag", "unflag"]
ACTION_KINDS: tuple[ActionKind, ...] = get_args(ActionKind)
# The label of what shows something that nobody can name; Camtrap DP's observation type of the same name.
UNKNOWN = "unknown"
# How many of each taxon a sequence shows, none where it is blank; None where nobody has said anything.
Standing = Mapping[str, int] | None
_COUNTING = ("relabel", "count")
_LONGEST_NAME = 200
_MOST = 100_000  # individuals in one picture


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a person does.

    ``taxon`` is what it is (relabel), or which one is counted (count; needed only where an event shows several).
    ``count`` is how many there are; relabel takes one, too, to name and count in one step. ``from_taxon`` leaves every
    other taxon as it is, and events that do not show it alone. Raises UsageError for what cannot be.
    """

    kind: ActionKind
    taxon: str = ""
    from_taxon: str = ""
    count: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in ACTION_KINDS:
            raise UsageError(f"there is no action {self.kind!r}", hint=f"there are {', '.join(ACTION_KINDS)}")
        if (self.count is None and self.kind == "count") or (self.count is not None and self.kind not in _COUNTING):
            raise UsageError(f"the action {self.kind} {'needs a' if self.count is None else 'takes no'} count")
        if self.count is not None and not 1 <= self.count <= _MOST:
            hint = f"from 1 to {_MOST:,}; to say that nothing is there, label it blank"
            raise UsageError(f"{self.count} is no count", hint=hint)
        if self.kind == "relabel":
            check_name(self.taxon)
        if (self.taxon and self.kind not in _COUNTING) or (self.from_taxon and self.kind != "relabel"):
            raise UsageError(f"the action {self.kind} takes no taxon")

    @property
    def is_flag(self) -> bool:
        """Whether it says nothing of what is to be seen."""
        return self.kind in ("flag", "unflag")


def check_name(name: str) -> None:
    """Raises UsageError for what can be nobody's name of a taxon. What any table knows or not is no matter here."""
    if not name.strip():
        raise UsageError("a taxon has no name", hint="to say that nothing is there, label it blank")
    if name != name.strip() or any(unicodedata.category(each) in ("Cc", "Cs") for each in name):
        raise UsageError(f"{name!r} cannot be a taxon", why="it has control characters, or spaces around it")
    if len(name) > _LONGEST_NAME:
        raise UsageError(f"{name[:40]!r}... cannot be a taxon", why=f"it is longer than {_LONGEST_NAME} characters")
    if name_key(name) == OTHERS:
        raise UsageError(f"{name!r} cannot be a taxon", why="in a summary it is the name of all that did not fit")


def taxon_name(text: str, taxa: TaxaTable) -> tuple[str, bool]:
    """What a person typed, by the name that it stands under, and whether the table knows it.

    Vernaculars and synonyms find their taxon; a name that the table does not have stands as it was typed. Raises
    UsageError as ``check_name``.
    """
    typed = " ".join(text.split())
    check_name(typed)
    if name_key(typed) == UNKNOWN:
        return UNKNOWN, True
    return (taxa.resolve(typed).name, True) if typed in taxa else (typed, False)


def say(change: Change, event: Sequence[Standing]) -> list[Standing]:
    """What a change says of each sequence of an event, in their order; None where it says nothing.

    A sequence of which nobody has said anything is verified or counted by no one: that would make it blank. Raises
    UsageError where the event does not say which taxon is counted.
    """
    if change.kind == "blank":
        return [{} for _ in event]
    if change.kind == "unknown":
        return [{UNKNOWN: max((standing or {}).values(), default=1)} for standing in event]
    said = _relabelled(change, event) if change.kind == "relabel" else list(event)
    is_left_alone = change.from_taxon and not any(said)
    return said if change.count is None or is_left_alone else _counted(change.taxon, change.count, said)


def _relabelled(change: Change, event: Sequence[Standing]) -> list[Standing]:
    old = change.from_taxon
    if old:
        shows_it = any(old in (standing or {}) for standing in event)
        return [_renamed(standing, old, change.taxon) if shows_it else None for standing in event]
    if not any(event):
        return [{change.taxon: 1} for _ in event]
    return [{} if standing == {} else {change.taxon: max((standing or {}).values(), default=1)} for standing in event]


def _renamed(standing: Standing, old: str, new: str) -> Standing:
    """Where both stand already they may be the same animals: the greater count is what was seen at once."""
    if not standing or old not in standing:
        return standing
    others = {taxon: count for taxon, count in standing.items() if taxon != old}
    return {**others, new: max(standing[old], others.get(new, 0))}


def _counted(taxon: str, count: int, event: Sequence[Standing]) -> list[Standing]:
    """No sequence shows more than were there; if none shows as many, the first that shows the most does."""
    taxon = taxon or _only_taxon(event)
    counts = [(standing or {}).get(taxon, 0) for standing in event]
    if not any(counts):
        raise UsageError(f"there is no {taxon} to be counted", hint="relabel it first")
    raised = counts.index(max(counts)) if max(counts) < count else -1
    return [
        {**standing, taxon: count if n == raised else min(counts[n], count)} if standing and counts[n] else standing
        for n, standing in enumerate(event)
    ]


def _only_taxon(event: Sequence[Standing]) -> str:
    found = sorted({taxon for standing in event for taxon in standing or {}})
    if len(found) == 1:
        return found[0]
    why = f"it shows {', '.join(found)}" if found else "it shows nothing"
    raise UsageError("which taxon is counted must be said", why=why, hint="name the taxon, or relabel it first")
