"""Activity curves: R's numbers to the last digit it prints, and what holds of every sample."""

from __future__ import annotations

import csv
from math import pi, tau
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import AnalysisError

np = pytest.importorskip("numpy")

from cameratrap.analysis.activity import POINTS, activity_curve, density  # noqa: E402
from cameratrap.analysis.activity_bandwidth import bandwidth, bessel  # noqa: E402

SAMPLES = ("tiger", "pig")
# Not all at one time of day: those determine no curve.
some_times = st.lists(st.floats(0, tau), min_size=3, max_size=40).filter(
    lambda times: abs(np.mean(np.exp(1j * np.array(times)))) < 0.99
)


def column(file: Path, name: str) -> list[float]:
    with file.open(newline="") as lines:
        return [float(row[name]) for row in csv.DictReader(lines)]


@pytest.fixture(scope="session")
def oracle(shared_data: Path) -> Path:
    """The samples of R's package overlap, and the densities that it fits to them."""
    return shared_data / "oracles" / "overlap"


@pytest.mark.parametrize(("sample", "published"), [("tiger", 29.9065), ("pig", 10.4208)])
def test_bandwidths_are_those_of_get_band_width(oracle: Path, sample: str, published: float) -> None:
    """To all the digits given: R's root finder stops short of the root, and so must ours."""
    times = np.array(column(oracle / f"{sample}Obs.csv", f"{sample}Obs"))
    assert round(bandwidth(times), 4) == published


@pytest.mark.parametrize("sample", SAMPLES)
def test_densities_are_those_of_density_fit(oracle: Path, sample: str) -> None:
    """At each of 129 times of day, to the fifteen digits of the file."""
    curve = activity_curve(column(oracle / f"{sample}Obs.csv", f"{sample}Obs"))
    file = oracle / "densityFit_129.csv"
    assert curve.radians == pytest.approx(column(file, "x"), rel=1e-13)
    assert curve.density == pytest.approx(column(file, sample), rel=1e-12)


@pytest.mark.parametrize(
    ("sample", "kappa", "published"),
    [
        ("tiger", 30, [0.02440435, 0.44522913, 0.02179983, 0.50513539, 0.02440435]),
        ("pig", 10, [7.877244e-06, 4.522317e-02, 4.622752e-01, 1.216268e-01, 7.877244e-06]),
    ],
)
def test_a_bandwidth_that_is_given_is_used(oracle: Path, sample: str, kappa: float, published: list[float]) -> None:
    """The values that overlap's own tests expect of densityFit with a kernel of that concentration."""
    curve = activity_curve(column(oracle / f"{sample}Obs.csv", f"{sample}Obs"), points=5, kappa=kappa)
    assert curve.density == pytest.approx(published, rel=1e-6)


def test_one_record_is_the_kernel_itself() -> None:
    """exp(kappa cos) / (2 pi I0(kappa)); I0(1) = 1.2660658778 is in every table of Bessel functions."""
    curve = activity_curve([pi], points=3, kappa=1.0)
    assert curve.density == pytest.approx([np.exp(cos) / (tau * 1.2660658777520082) for cos in (-1, 1, -1)])


@pytest.mark.parametrize(
    ("order", "x", "tabulated"),
    [(0, 1.0, 1.2660658777520082), (1, 1.0, 0.5651591039924851), (2, 10.0, 2281.518967726004), (0, 0.0, 1.0)],
)
def test_bessel_functions_are_those_of_the_tables(order: int, x: float, tabulated: float) -> None:
    """Abramowitz and Stegun, chapter 9; the scaled value never overflows."""
    assert bessel(order, x) * np.exp(x) == pytest.approx(tabulated, rel=1e-13)
    assert bessel(order, 1e6) == pytest.approx(1 / np.sqrt(tau * 1e6), rel=1e-5)


@given(some_times)
def test_the_area_is_one_and_midnight_is_one_time(times: list[float]) -> None:
    """Whatever the sample: a density, and the same at 0:00 as at 24:00."""
    curve = activity_curve(times, points=2049)
    assert curve.density[0] == pytest.approx(curve.density[-1])
    assert np.mean(curve.density[1:]) * tau == pytest.approx(1, abs=1e-6)
    assert np.mean(curve.density_per_hour[1:]) * 24 == pytest.approx(1, abs=1e-6)


@given(some_times, st.floats(0, tau))
def test_it_matters_to_nothing_where_the_day_begins(times: list[float], turn: float) -> None:
    """Records an hour later make the same curve an hour later."""
    at = np.linspace(0, tau, 24)
    turned = np.array(times) + turn
    assert bandwidth(turned) == pytest.approx(bandwidth(np.array(times)), rel=1e-3)
    assert density(turned, at + turn, 7.0) == pytest.approx(density(np.array(times), at, 7.0))


@given(some_times)
def test_a_larger_adjustment_smooths_more(times: list[float]) -> None:
    """Half the concentration never rises above twice of it."""
    assert max(activity_curve(times, adjust=2).density) <= max(activity_curve(times, adjust=0.5).density) + 1e-12


def test_many_records_at_few_times_are_counted_each() -> None:
    """The same second a thousand times weighs a thousand times as much, in either order."""
    times = [1.0] * 1000 + [4.0]
    assert density(np.array(times), np.array([1.0]), 50.0)[0] == pytest.approx(
        (1000 * density(np.array([1.0]), np.array([1.0]), 50.0)[0] + density(np.array([4.0]), np.array([1.0]), 50.0)[0])
        / 1001
    )


@pytest.mark.parametrize("times", [[], [2.0], [2.0, 2.0, 2.0], [2.0] * 5 + [2.0001]])
def test_too_few_or_too_equal_records_are_refused(times: list[float]) -> None:
    """Nothing is drawn through what determines no curve; a bandwidth of one's own helps where there are records."""
    with pytest.raises(AnalysisError) as raised:
        activity_curve(times)
    assert "bandwidth" in str(raised.value) + raised.value.hint
    if times:
        assert len(activity_curve(times, kappa=5).density) == POINTS


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_is_no_time_is_refused(wrong: float) -> None:
    """A missing solar time must not come out as a missing density."""
    with pytest.raises(AnalysisError):
        activity_curve([1.0, 2.0, wrong])


def test_points_are_plain_numbers_in_both_units() -> None:
    """What a table prints: hours of the day and radians, densities that differ by the same factor."""
    last = list(activity_curve([1.0, 2.0, 4.0]).points())[-1]
    hour, per_hour, radians, per_radian = last
    assert (hour, radians) == (24.0, pytest.approx(tau))
    assert per_hour * 24 == pytest.approx(per_radian * tau)
    assert {type(each) for each in last} == {float}
