"""What an action says of each sequence of an event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.review import UNKNOWN, Change, Standing, check_name, say, taxon_name
from cameratrap.errors import UsageError
from cameratrap.resources import builtin_taxa

FOX, DEER, DOG = "Vulpes vulpes", "Capreolus capreolus", "Canis familiaris"
EVENTS = st.lists(
    st.none() | st.dictionaries(st.sampled_from((FOX, DEER, DOG)), st.integers(1, 5), max_size=3),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize(
    ("change", "event", "said"),
    [
        (Change("verify"), [{FOX: 2}, {}, None], [{FOX: 2}, {}, None]),
        (Change("blank"), [{FOX: 2}, {}, None], [{}, {}, {}]),
        (Change("unknown"), [{FOX: 2, DEER: 3}, {}, None], [{UNKNOWN: 3}, {UNKNOWN: 1}, {UNKNOWN: 1}]),
        (Change("relabel", DOG), [{FOX: 2, DEER: 3}, {}], [{DOG: 3}, {}]),
        (Change("relabel", DOG), [{FOX: 2}, None], [{DOG: 2}, {DOG: 1}]),
        (Change("relabel", DOG), [{}, {}], [{DOG: 1}, {DOG: 1}]),
        (Change("relabel", DOG), [None, None], [{DOG: 1}, {DOG: 1}]),
        (Change("relabel", DOG, FOX), [{FOX: 2, DEER: 3}, {}, {DEER: 1}], [{DEER: 3, DOG: 2}, {}, {DEER: 1}]),
        (Change("relabel", DOG, FOX), [{FOX: 2, DOG: 3}], [{DOG: 3}]),
        (Change("relabel", DOG, FOX), [{DEER: 2}, {}], [None, None]),
        (Change("relabel", DOG, count=4), [{FOX: 2}, {FOX: 1}], [{DOG: 4}, {DOG: 1}]),
        (Change("count", count=2), [{FOX: 3}, {FOX: 1}, {}], [{FOX: 2}, {FOX: 1}, {}]),
        (Change("count", count=4), [{FOX: 1}, {FOX: 3}, {FOX: 3}], [{FOX: 1}, {FOX: 4}, {FOX: 3}]),
        (Change("count", FOX, count=1), [{FOX: 3, DEER: 2}, None], [{FOX: 1, DEER: 2}, None]),
    ],
)
def test_what_is_said(change: Change, event: list[Standing], said: list[Standing]) -> None:
    """One line a rule."""
    assert say(change, event) == said


@pytest.mark.parametrize("event", [[{}], [None], [{FOX: 1, DEER: 1}], [{FOX: 1}, {DEER: 1}]])
def test_a_count_needs_one_taxon(event: list[Standing]) -> None:
    """What is blank is not counted, and of two taxa nobody guesses which."""
    with pytest.raises(UsageError):
        say(Change("count", count=2), event)


def test_a_taxon_that_is_not_there_is_not_counted() -> None:
    """It is no relabelling."""
    with pytest.raises(UsageError, match="no Capreolus"):
        say(Change("count", DEER, count=2), [{FOX: 1}])


@given(EVENTS, st.integers(1, 9))
def test_a_count_is_what_the_event_then_shows(event: list[Standing], count: int) -> None:
    """MaxN over its sequences is the number that was typed, and nothing else of it has changed."""
    if not any(FOX in (standing or {}) for standing in event):
        return
    said = say(Change("count", FOX, count=count), event)
    assert max((standing or {}).get(FOX, 0) for standing in said) == count
    others = [
        [None if each is None else {k: v for k, v in each.items() if k != FOX} for each in x] for x in (event, said)
    ]
    assert others[0] == others[1]


@given(EVENTS)
def test_a_relabelled_event_shows_that_taxon_alone(event: list[Standing]) -> None:
    """And as many at once as it did."""
    said = say(Change("relabel", "Meles meles"), event)
    assert {taxon for standing in said for taxon in standing or {}} == {"Meles meles"}
    most = max((count for standing in event for count in (standing or {}).values()), default=1)
    assert max(count for standing in said for count in (standing or {}).values()) == most


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "delete"},
        {"kind": "relabel"},
        {"kind": "relabel", "taxon": "  "},
        {"kind": "count"},
        {"kind": "count", "count": 0},
        {"kind": "count", "count": -3},
        {"kind": "count", "count": 10**9},
        {"kind": "verify", "count": 1},
        {"kind": "verify", "taxon": FOX},
        {"kind": "blank", "from_taxon": FOX},
    ],
)
def test_what_cannot_be_is_no_change(wrong: dict[str, object]) -> None:
    """It is refused before anything is asked of it."""
    with pytest.raises(UsageError):
        Change(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", " fox", "a\nb", "\x1b[31m", "x\udc80", "a" * 201, "others", "Others"])
def test_what_can_be_nobodys_name(name: str) -> None:
    """Control characters, half characters, and the name of a message's rest."""
    with pytest.raises(UsageError):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "'; DROP TABLE words; --", "=1+1", "a|b", "\u202efox", "狐"]
)
def test_odd_names_are_names(name: str) -> None:
    """They are harmless where they are shown, and a study's own."""
    assert taxon_name(name, builtin_taxa()) == (name, False)


@pytest.mark.parametrize(
    ("typed", "name"), [("red fox", FOX), (" RED_FOX ", FOX), ("vulpes vulpes", FOX), ("Unknown", UNKNOWN)]
)
def test_what_is_typed_finds_its_taxon(typed: str, name: str) -> None:
    """By vernacular, in any spelling."""
    assert taxon_name(typed, builtin_taxa()) == (name, True)
