"""What is published of where a camera stood."""

from __future__ import annotations

from math import asin, cos, hypot, isclose, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.positions import Place, Position, coarsened, public_positions, sensitive_in, spatial_extent
from cameratrap.resources import builtin_taxa

_SENSITIVE = frozenset({"Lynx lynx"}).__contains__
_latitudes = st.floats(-90, 90)
_longitudes = st.floats(-180, 180)


@given(_latitudes, _longitudes, st.none() | st.integers(0, 10_000), st.sampled_from([0.001, 0.01, 0.1, 1.0]))
def test_the_circle_holds_the_true_place(
    latitude: float, longitude: float, uncertainty: int | None, step: float
) -> None:
    """On a sphere of the Earth's smallest radius of curvature and on one of its largest."""
    public = coarsened(Position(latitude, longitude, uncertainty), step)
    assert public.uncertainty_m is not None
    assert abs(public.latitude) <= 90
    assert abs(public.longitude) <= 180
    for radius_m in (6_335_439, 6_378_137):
        assert _distance(latitude, longitude, public, radius_m) + (uncertainty or 0) <= public.uncertainty_m


@given(_latitudes, _longitudes)
def test_coarsening_again_moves_nothing(latitude: float, longitude: float) -> None:
    """The place stays, so that an export of an export is no other place."""
    once = coarsened(Position(latitude, longitude))
    again = coarsened(once)
    assert (again.latitude, again.longitude) == (once.latitude, once.longitude)


@given(_latitudes, _longitudes)
def test_nothing_of_the_true_place_is_left(latitude: float, longitude: float) -> None:
    """Two cameras of one square cannot be told apart by anything but the uncertainty they came with."""
    public = coarsened(Position(latitude, longitude))
    for value in (public.latitude, public.longitude):
        assert isclose(value * 10, round(value * 10), abs_tol=1e-6)


def test_a_place_in_the_north_is_given_by_a_smaller_circle() -> None:
    """A degree of longitude is shorter there: 0.1 degrees at 60 north are 11.1 by 5.6 km."""
    equator, north = coarsened(Position(0, 0)), coarsened(Position(60, 0))
    assert equator.uncertainty_m == pytest.approx(hypot(111_694, 111_320) / 20, abs=1)
    assert north.uncertainty_m == pytest.approx(hypot(111_694, 111_320 * cos(radians(59.95))) / 20, abs=1)


def test_what_shares_a_station_or_a_place_is_coarsened_too() -> None:
    """One that kept its exact position would give the others away."""
    here, there = Position(52.123456, 1.5), Position(53.5, 2.5)
    places = [
        Place("lynx", "a", here, frozenset({"Lynx lynx", "Vulpes vulpes"})),
        Place("same station", "a", there, frozenset()),
        Place("same place", "b", Position(52.1234561, 1.5), frozenset({"Vulpes vulpes"})),
        Place("elsewhere", "c", Position(54.0, 3.0), frozenset({"Vulpes vulpes"})),
        Place("unknown", "a", None, frozenset({"Lynx lynx"})),
    ]
    public = public_positions(places, _SENSITIVE)
    assert {name for name, place in public.items() if place and place.step_deg} == {
        "lynx", "same station", "same place",
    }  # fmt: skip
    assert public["elsewhere"] == places[3].position
    assert public["unknown"] is None


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Lynx lynx", True), ("eurasian LYNX", True), ("Lynx lynx carpathicus", True), ("Loxodonta africana", True),
        ("Vulpes vulpes", False), ("animal", False), ("no such thing", False), ("", False),
    ],
)  # fmt: skip
def test_a_label_is_sensitive_by_any_of_its_names(label: str, expected: bool) -> None:
    """Also by a vernacular, and a subspecies by its species."""
    assert sensitive_in(builtin_taxa())(label) is expected


def test_the_extent_of_places() -> None:
    """West, south, east, north; of no place there is none."""
    assert spatial_extent([Position(1, 2), Position(-3, 4)]) == (2, -3, 4, 1)
    assert spatial_extent([]) is None


def _distance(latitude: float, longitude: float, other: Position, radius_m: float) -> float:
    a, b = radians(latitude), radians(other.latitude)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(other.longitude - longitude) / 2) ** 2
    return 2 * radius_m * asin(min(1, sqrt(half)))
