"""The map of a report: to scale, within its frame, and silent on nothing that it leaves out."""

from __future__ import annotations

from datetime import UTC, datetime
from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.positions import Position, coarsened
from cameratrap.web.report_map import HEIGHT, WIDTH, Map, draw_map
from tests import reports as _reports  # skips where the extra is missing

assert _reports
AT = datetime(2026, 6, 1, tzinfo=UTC)
latitudes, longitudes = st.floats(-89.5, 89.5), st.floats(-180, 180)


def drawn(positions: list[Position | None], names: list[str] | None = None) -> Map | None:
    """A map of stations called ``names``, else s0 and so on."""
    called = names or [f"s{n}" for n in range(len(positions))]
    deployed = [Deployed(f"d{n}", name, AT, AT, UTC) for n, name in enumerate(called)]
    return draw_map(deployed, {f"d{n}": position for n, position in enumerate(positions)})


def test_distances_are_to_scale() -> None:
    """Two stations 1,113.2 m apart north and south, a third as far east: their dots are that far by the scale bar."""
    east = 0.01 / cos(radians(47.0))
    found = drawn([Position(47.0, 9.0), Position(47.01, 9.0), Position(47.0, 9.0 + east)])
    assert found is not None
    assert found.bar_label in {"200 m", "500 m"}
    metre = found.bar / float(found.bar_label.split()[0])
    places = {mark.name: (mark.x, mark.y) for mark in found.marks}
    for other in ("s1", "s2"):
        away = hypot(places["s0"][0] - places[other][0], places["s0"][1] - places[other][1])
        assert away / metre == pytest.approx(1113.2, rel=1e-3)
    assert places["s1"][1] < places["s0"][1]  # north is up
    assert places["s2"][0] > places["s0"][0]


@given(st.lists(st.builds(Position, latitudes, longitudes), min_size=2, max_size=12), st.booleans())
def test_everything_is_within_the_frame(positions: list[Position], is_coarse: bool) -> None:
    """Whatever the places, also around the poles and the date line; a square with all of its sides."""
    found = drawn([coarsened(each) if is_coarse else each for each in positions])
    if found is None:
        return
    for mark in found.marks:
        assert mark.side / 2 - 1 <= mark.x <= WIDTH - mark.side / 2 + 1
        assert mark.side / 2 - 1 <= mark.y <= HEIGHT - mark.side / 2 + 1
    assert 0 < found.bar < WIDTH / 2


def test_both_sides_of_the_date_line_are_near() -> None:
    """Fiji is a few hundred kilometres wide and not forty thousand."""
    found = drawn([Position(-17.0, 179.5), Position(-17.0, -179.5)])
    assert found is not None
    assert found.bar_label == "20 km"
    assert found.marks[0].x < found.marks[1].x


def test_one_place_is_no_map() -> None:
    """Deployments at one place, or with no position that may be told, need none."""
    assert drawn([Position(47.0, 9.0), Position(47.0, 9.0)]) is None
    assert drawn([Position(47.0, 9.0), None]) is None


def test_names_never_lie_on_each_other() -> None:
    """Of stations too close together some have no name, and how many is told."""
    crowd = [Position(47.0 + 0.0002 * n, 9.0) for n in range(30)] + [Position(47.3, 9.3)]
    found = drawn(crowd, [f"a rather long name {n}" for n in range(31)])
    assert found is not None
    named = [mark for mark in found.marks if mark.name]
    assert found.unnamed == 31 - len(named) > 0
    assert len(named) >= 3


def test_stations_at_one_place_share_a_name() -> None:
    """Coarsened to one square, they are one mark that says how many."""
    square = coarsened(Position(47.01, 9.01))
    found = drawn([square, square, square, Position(47.3, 9.3)], ["ridge", "ford", "den", "hill"])
    assert found is not None
    assert {mark.name for mark in found.marks} == {"ridge and 2 more", "hill"}
