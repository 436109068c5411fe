"""How far two activity curves overlap, as R's package overlap reckons it, and how sure that is."""

from __future__ import annotations

from math import tau
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import AnalysisError

np = pytest.importorskip("numpy")

from cameratrap.analysis.activity import density  # noqa: E402
from cameratrap.analysis.activity_bandwidth import bandwidth  # noqa: E402
from cameratrap.analysis.overlap import Estimator, choose, overlap  # noqa: E402
from cameratrap.analysis.overlap_interval import basic0, overlap_interval  # noqa: E402

# Not all at one time of day: those determine no curve.
some_times = st.lists(st.floats(0, tau), min_size=3, max_size=80).filter(
    lambda times: abs(np.mean(np.exp(1j * np.array(times)))) < 0.99
)


@pytest.fixture(scope="session")
def tiger_and_pig(shared_data: Path) -> tuple[list[float], list[float]]:
    """The simulated samples that come with the package: 100 and 80 records."""
    folder = shared_data / "oracles" / "overlap"
    tiger, pig = (
        [float(line) for line in (folder / f"{name}Obs.csv").read_text().split()[1:]] for name in ("tiger", "pig")
    )
    return tiger, pig


@pytest.mark.parametrize(
    ("estimator", "adjust", "published"),
    [
        (Estimator.DHAT1, None, 0.29086),
        (Estimator.DHAT4, None, 0.26920),
        (Estimator.DHAT1, 1.2, 0.31507),
        (Estimator.DHAT4, 1.5, 0.28849),
    ],
)
def test_both_estimators_are_those_of_overlap_est(
    tiger_and_pig: tuple[list[float], list[float]], estimator: Estimator, adjust: float | None, published: float
) -> None:
    """With the adjustments that overlapEst has of itself (0.8 and 1), and with those of its own tests."""
    assert round(overlap(*tiger_and_pig, estimator=estimator, adjust=adjust).value, 5) == published


@pytest.mark.parametrize(
    ("n_a", "n_b", "expected"),
    [(51, 51, Estimator.DHAT4), (51, 50, Estimator.DHAT1), (50, 900, Estimator.DHAT1), (3, 3, Estimator.DHAT1)],
)
def test_the_estimator_goes_by_the_smaller_sample(n_a: int, n_b: int, expected: Estimator) -> None:
    """Dhat4 where both have more than 50 records."""
    assert choose(n_a, n_b) is expected


def test_what_was_chosen_is_said(tiger_and_pig: tuple[list[float], list[float]]) -> None:
    """A number without its definition cannot be published."""
    found = overlap(*tiger_and_pig)
    assert (found.estimator, found.n_a, found.n_b, found.adjust) == (Estimator.DHAT4, 100, 80, 1.0)
    few = overlap(tiger_and_pig[0][:20], tiger_and_pig[1])
    assert (few.estimator, few.adjust) == (Estimator.DHAT1, 0.8)


@given(some_times)
def test_a_sample_overlaps_itself_wholly(times: list[float]) -> None:
    """By either estimator."""
    for estimator in Estimator:
        assert overlap(times, times, estimator=estimator).value == pytest.approx(1)


@given(some_times, some_times)
def test_overlap_is_a_share_and_the_same_both_ways(a: list[float], b: list[float]) -> None:
    """From 0 to 1, whichever taxon is named first."""
    for estimator in Estimator:
        value = overlap(a, b, estimator=estimator).value
        assert 0 <= value <= 1 + 1e-12
        assert overlap(b, a, estimator=estimator).value == pytest.approx(value)


def test_opposite_halves_of_the_day_hardly_overlap() -> None:
    """Neither estimator gives what is not there."""
    noon, midnight = np.linspace(2.6, 3.7, 60), np.linspace(-0.5, 0.5, 60)
    for estimator in Estimator:
        assert overlap(noon, midnight, estimator=estimator).value < 0.001


@pytest.mark.parametrize("n", [70, 71, 400])
def test_reading_between_points_changes_little(n: int) -> None:
    """With more than 140 records together Dhat4 reads between 128 points, as overlapEst does."""
    a, b = np.linspace(1, 3, n), np.linspace(1.5, 4, n)
    here, there = ([density(times, at, bandwidth(times)) for times in (a, b)] for at in (a, b))
    exact = (np.mean(np.minimum(1, here[1] / here[0])) + np.mean(np.minimum(1, there[0] / there[1]))) / 2
    found = overlap(a, b, estimator=Estimator.DHAT4).value
    assert found == pytest.approx(exact, rel=1e-3)
    assert (abs(found / exact - 1) < 1e-12) == (2 * n <= 140)


def test_an_interval_holds_the_estimate_and_is_the_same_again(tiger_and_pig: tuple[list[float], list[float]]) -> None:
    """Seeded: two people who publish the same data publish the same interval. Narrower with a lower level."""
    estimate = overlap(*tiger_and_pig)
    wide = overlap_interval(*tiger_and_pig, estimate, seed=7, resamples=60)
    assert wide == overlap_interval(*tiger_and_pig, estimate, seed=7, resamples=60)
    assert wide.low < estimate.value < wide.high
    assert 0.1 < wide.high - wide.low < 0.3
    narrow = overlap_interval(*tiger_and_pig, estimate, seed=7, resamples=60, level=0.5)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of samples out of two known densities, at least 34 of 40 intervals of 95 % hold their true overlap."""
    random = np.random.default_rng(11)
    grid = np.linspace(-np.pi, np.pi, 4001)[1:]
    first, second = (np.exp(2 * np.cos(grid - middle)) for middle in (0.0, 1.0))
    truth = float(np.sum(np.minimum(first / first.sum(), second / second.sum())))
    held = 0
    for _ in range(40):
        a, b = random.vonmises(0.0, 2, 60), random.vonmises(1.0, 2, 60)
        interval = overlap_interval(a, b, overlap(a, b), seed=1, resamples=100)
        held += interval.low <= truth <= interval.high
    assert held >= 34


def test_basic0_moves_the_percentiles_by_the_bias() -> None:
    """39 replicates of 0.01 to 0.39, estimate 0.1: the 2.5 and 97.5 % ranks are the ends, moved by -0.1."""
    with pytest.raises(AnalysisError):
        basic0(0.1, [n / 100 for n in range(1, 40)])
    replicates = [n / 100 for n in range(1, 80)]
    interval = basic0(0.1, replicates)
    assert (interval.low, interval.high) == (pytest.approx(0.02 - 0.3), pytest.approx(0.78 - 0.3))


def test_a_rank_between_two_replicates_is_interpolated_on_the_normal_scale() -> None:
    """For replicates that are themselves normal quantiles the result is the quantile: R's boot.ci does the same."""
    from statistics import NormalDist

    ranks = [NormalDist().inv_cdf(k / 101) for k in range(1, 101)]
    interval = basic0(sum(ranks) / 100, ranks)
    assert interval.high == pytest.approx(NormalDist().inv_cdf(0.975))
    assert interval.low == pytest.approx(-interval.high)


@pytest.mark.parametrize("replicates", [[], [0.5], [0.5] * 39])
def test_too_few_resamples_are_refused(replicates: list[float]) -> None:
    """40 are the least for 95 %."""
    with pytest.raises(AnalysisError, match="too few"):
        basic0(0.5, replicates)


def test_resamples_without_a_bandwidth_are_left_out() -> None:
    """Two records: some resamples fall on one time, and the interval still comes of the others."""
    a, b = [1.0, 1.3], [1.1, 1.5]
    estimate = overlap(a, b)
    assert overlap_interval(a, b, estimate, seed=3, resamples=100).level == 0.95


def test_a_sample_without_a_bandwidth_is_refused() -> None:
    """And named as what it is."""
    with pytest.raises(AnalysisError):
        overlap([1.0], [1.0, 2.0, 3.0])
