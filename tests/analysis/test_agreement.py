"""Precision, recall and counts of a model against people, by hand-reckoned examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.analysis.agreement import NOTHING, NOTHING_ELSE, Agreement, Agreements, Judged, Proportion, agreements

KINDS = {"fox": ("fox", "animal"), "badger": ("badger", "animal"), "animal": ("animal",), "person": ("person",)}


def of(*sequences: tuple[Mapping[str, int], Mapping[str, int] | None] | Judged) -> Agreements:
    judged = [each if isinstance(each, Judged) else Judged(*each, "day") for each in sequences]
    return agreements(judged, lambda name: KINDS.get(name, (name,)), unknown="unknown")


def rate(found: Agreements, name: str, light: str = "all") -> Agreement:
    (one,) = [each for each in found.rates if (each.name, each.light) == (name, light)]
    return one


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_ends_where_the_score_test_just_rejects(counts: tuple[int, int]) -> None:
    """By its definition: a true share at either end is 1.959964 standard errors, of its own, from what was seen."""
    share = Proportion(*counts)
    assert share.interval is not None
    assert share.value is not None
    for end in share.interval:
        distance = 1.959963984540054 * (end * (1 - end) / share.of) ** 0.5
        assert abs(share.value - end) == pytest.approx(distance, abs=1e-7)
    assert 0 <= share.interval[0] <= share.value + 1e-12
    assert share.value - 1e-12 <= share.interval[1] <= 1


def test_an_interval_that_is_often_printed() -> None:
    """Eight of ten: 49.0 to 94.3 %."""
    assert Proportion(8, 10).interval == pytest.approx((0.4901625, 0.9433178), abs=1e-7)


def test_nothing_has_no_share() -> None:
    assert (Proportion(0, 0).value, Proportion(0, 0).interval) == (None, None)


def test_precision_and_recall_of_a_taxon() -> None:
    """Foxes: two found, one that was a badger, one missed."""
    found = of(({"fox": 1}, {"fox": 1}), ({"fox": 2}, {"fox": 1}), ({"fox": 1}, {"badger": 1}), ({}, {"fox": 1}))
    fox = rate(found, "fox")
    assert (fox.precision, fox.recall) == (Proportion(2, 3), Proportion(2, 3))
    badger = rate(found, "badger")
    assert (badger.precision, badger.recall) == (Proportion(0, 0), Proportion(0, 1))


def test_a_blank_is_a_class_of_its_own() -> None:
    """What a model calls blank and is, and what it overlooks."""
    found = of(({}, {}), ({}, {"fox": 1}), ({"fox": 1}, {}))
    assert (rate(found, NOTHING).precision, rate(found, NOTHING).recall) == (Proportion(1, 2), Proportion(1, 2))


def test_a_coarser_name_is_right_about_what_it_says() -> None:
    """ "animal" of a fox: the animal is there, the fox was not named."""
    found = of(({"animal": 1}, {"fox": 1}))
    assert rate(found, "animal").precision == Proportion(1, 1)
    assert rate(found, "fox").recall == Proportion(0, 1)
    assert {each.name for each in found.rates} == {"animal", "fox"}


def test_counts_are_compared_where_both_name_it() -> None:
    """One exact, one too few by one, one too many by three: mean +2/3."""
    found = of(({"fox": 1}, {"fox": 1}), ({"fox": 1}, {"fox": 2}), ({"fox": 4}, {"fox": 1}), ({"fox": 9}, {}))
    fox = rate(found, "fox")
    assert (fox.exact, fox.within(1), fox.mean_error) == (Proportion(1, 3), Proportion(2, 3), pytest.approx(2 / 3))


def test_by_light() -> None:
    sequences = [
        Judged({"fox": 1}, {"fox": 1}, "day"),
        Judged({"fox": 1}, {}, "night"),
        Judged({"fox": 1}, {}, "unknown"),
    ]
    found = of(*sequences)
    shares = [rate(found, "fox", light).precision for light in ("all", "day", "night", "unknown")]
    assert shares == [Proportion(1, 3), Proportion(1, 1), Proportion(0, 1), Proportion(0, 1)]
    assert [each.light for each in found.rates if each.name == "fox"] == ["all", "day", "night", "unknown"]


def test_what_was_taken_for_what() -> None:
    """What both name stands for itself, the rest against each other, or against nothing else: a blank is a blank."""
    found = of(
        ({"fox": 1}, {"fox": 1}),
        ({"fox": 1}, {"badger": 1}),
        ({"fox": 1, "person": 1}, {"fox": 1}),
        ({}, {}),
        ({}, {"fox": 1, "badger": 1}),
    )
    assert found.confusion == {
        ("fox", "fox"): 2,
        ("fox", "badger"): 1,
        ("person", NOTHING_ELSE): 1,
        (NOTHING, NOTHING): 1,
        (NOTHING, "fox"): 1,
        (NOTHING, "badger"): 1,
    }


def test_what_share_is_verified_of_what_the_model_said() -> None:
    """Where people looked at animals alone, that shows: a bias that would hide what was overlooked."""
    found = of(({"fox": 1}, {"fox": 1}), ({"fox": 1}, None), ({}, None), ({}, None))
    assert found.all_verified == Proportion(1, 4)
    assert found.share == {NOTHING: Proportion(0, 2), "fox": Proportion(1, 2)}


def test_unknown_is_no_truth() -> None:
    """Neither right nor wrong; it is counted, and stands in what was taken for what."""
    found = of(({"fox": 1}, {"unknown": 1}), ({"fox": 1}, {"fox": 1}))
    assert (rate(found, "fox").precision, found.without_truth) == (Proportion(1, 1), 1)
    assert found.confusion["fox", "unknown"] == 1
    assert all(each.name != "unknown" for each in found.rates)


_SAID = st.dictionaries(st.sampled_from(sorted(KINDS)), st.integers(1, 5), max_size=3)


@given(st.lists(st.tuples(_SAID, _SAID), max_size=20))
def test_a_model_that_repeats_people_is_never_wrong(pairs: Sequence[tuple[dict[str, int], dict[str, int]]]) -> None:
    """And whatever it says, day, night and unknown add up to all."""
    assert all(each.precision.value == each.recall.value == 1 for each in of(*((p, p) for _, p in pairs)).rates)
    lights = ("day", "night", "unknown")
    found = of(*(Judged(m, p, lights[n % 3]) for n, (m, p) in enumerate(pairs)))
    for name in {each.name for each in found.rates}:
        parts = [each for each in found.rates if each.name == name and each.light != "all"]
        assert sum(each.both for each in parts) == rate(found, name).both
