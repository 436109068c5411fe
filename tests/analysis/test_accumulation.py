"""Species accumulation against every order there is, and Chao's estimators against published numbers."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.analysis.accumulation import accumulation, incidence
from cameratrap.analysis.accumulation_chao import chao1, chao2
from cameratrap.errors import AnalysisError

units_of_species = st.lists(st.sets(st.sampled_from("abcdefg")), min_size=1, max_size=7)
# The spiders of the canopy that hemlocks were girdled in, which come with the R package iNEXT.
GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2] + [1] * 12


@given(units_of_species)
def test_the_curve_is_the_mean_over_every_choice_of_units(units: list[set[str]]) -> None:
    """Mao Tau is an expectation, not a simulation: reckoned here by going through all choices."""
    frequencies, total = incidence(units)
    for point in accumulation(frequencies, total):
        choices = [len(set().union(*choice)) for choice in combinations(units, point.units)]
        assert point.species == pytest.approx(sum(choices) / len(choices))


@given(units_of_species)
def test_the_interval_is_about_the_curve_and_the_curve_rises(units: list[set[str]]) -> None:
    """It ends at what was seen, each step no higher than the one before."""
    curve = accumulation(*incidence(units))
    species = [0.0, *(point.species for point in curve)]
    steps = [after - before for before, after in pairwise(species)]
    assert species[-1] == pytest.approx(len(set().union(*units)))
    assert all(before >= after - 1e-9 >= -2e-9 for before, after in pairwise(steps))
    for point in curve:
        assert 0 <= point.low <= point.species <= point.high
        assert point.standard_deviation >= 0


def test_the_deviation_is_that_of_colwell_mao_and_chang() -> None:
    """By hand, three units {a}, {a, b}, {}: of one unit (2/3)^2 + (1/3)^2 - 1 / 2.33, of all of them 2 - 4 / 2.33."""
    curve = accumulation({"a": 2, "b": 1}, 3)
    estimate = chao2([2, 1], 3).estimate
    assert estimate == pytest.approx(2 + 2 / 3 * 1 / 2)
    assert curve[0].standard_deviation ** 2 == pytest.approx(4 / 9 + 1 / 9 - 1 / estimate)
    assert curve[-1].standard_deviation ** 2 == pytest.approx(2 - 4 / estimate)
    assert curve[0].high - curve[0].species == pytest.approx(1.959964 * curve[0].standard_deviation)


def test_units_without_a_species_count() -> None:
    """A camera-day that saw nothing is effort, and flattens the curve."""
    assert incidence([["a", "a"], [], ["b"]]) == ({"a": 1, "b": 1}, 3)
    flat = accumulation({}, 3)
    assert [point.species for point in flat] == [0, 0, 0]


@pytest.mark.parametrize(("frequencies", "units"), [({}, 0), ({"a": 4}, 3), ({"a": -1}, 3)])
def test_what_cannot_be_is_refused(frequencies: dict[str, int], units: int) -> None:
    """No units; a species in more units than there are."""
    with pytest.raises(AnalysisError):
        accumulation(frequencies, units)


def test_chao1_is_that_of_inext() -> None:
    """ChaoRichness(spider$Girdled): 26 observed, 43.893, standard error 14.306, 30.511 to 96.971."""
    found = chao1(GIRDLED)
    assert found.observed == 26
    numbers = (found.estimate, found.standard_error, found.low, found.high)
    assert [round(each, 3) for each in numbers] == [43.893, 14.306, 30.511, 96.971]


def test_chao2_counts_units_instead_of_records() -> None:
    """The same frequencies over 40 units: the factor is 39 / 40, and nothing seen twice takes the corrected form."""
    assert chao2([1, 1, 1, 2, 2, 5], 40).estimate == pytest.approx(6 + 39 / 40 * 9 / 4)
    assert chao2([1, 1, 1, 5], 40).estimate == pytest.approx(4 + 39 / 40 * 3)


@pytest.mark.parametrize("records", [[], [1], [5, 6, 7], [1, 5], [2, 2], [1, 1]])
def test_without_a_hint_of_more_the_estimate_is_what_was_seen(records: list[int]) -> None:
    """And whatever is given, the interval holds the estimate and never falls below what was seen."""
    found = chao1(records)
    assert found.observed == len(records)
    assert found.observed <= found.low <= found.high
    assert found.estimate == found.observed or records == [1, 1]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=30))
def test_an_estimate_never_falls_below_what_was_seen(records: list[int]) -> None:
    """Chao's are lower bounds of the truth, not of the sample."""
    found = chao1(records)
    assert found.estimate >= found.observed == len(records)
    assert found.low <= found.estimate + 1e-9 <= found.high + 2e-9 or found.estimate == found.observed
