"""Night by the brightness of pictures, and a lamp that is judged by what it lit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.lighting import LampMode, NightLimits, wants_lamp

BRIGHTNESS = st.floats(0, 255)


@given(st.lists(BRIGHTNESS), st.booleans())
def test_night_falls_below_one_limit_and_ends_above_another(lumas: list[float], night: bool) -> None:
    """Between the limits nothing changes, so that the filter does not move to and fro at dusk."""
    limits = NightLimits(dark_below=40, bright_above=80)
    for luma in lumas:
        before, night = night, limits.is_night(luma, night)
        assert night is (luma < 40 or (before and luma <= 80))


def test_when_the_lamp_is_wanted() -> None:
    """In the dark, always, or never; and never where the burst's profile forbids it."""
    wanted = {
        (mode, night) for mode in LampMode for night in (True, False) if wants_lamp(mode, night=night, allowed=True)
    }
    assert wanted == {(LampMode.AUTO, True), (LampMode.ALWAYS, True), (LampMode.ALWAYS, False)}
    assert not any(wants_lamp(mode, night=True, allowed=False) for mode in LampMode)


@given(st.lists(BRIGHTNESS, min_size=1))
def test_a_lamp_is_dead_after_so_many_dark_bursts_in_a_row(lumas: list[float]) -> None:
    """Three in a row below 8, not three in all; the first bright one shows that it works."""
    health = LampHealth(dead_below=8, dead_bursts=3)
    for end, luma in enumerate(lumas, start=1):
        health = health.after(luma)
        row = lumas[:end]
        dark = next((n for n, each in enumerate(reversed(row)) if each >= 8), len(row))
        assert (health.dark_in_a_row, health.dead) == (dark, dark >= 3)


@pytest.mark.parametrize("lumas", [[3.0, 3.0, 200.0, 3.0, 3.0], [8.0] * 9])
def test_a_leaf_before_the_lens_or_an_open_field_is_no_dead_lamp(lumas: list[float]) -> None:
    states = [LampHealth(8, 3)]
    for luma in lumas:
        states.append(states[-1].after(luma))
    assert not any(after.dead for _, after in pairwise(states))
