"""What is given up as a battery sinks: in order, never back and forth, and later in the cold."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.batteries import Chemistry
from cameratrap.domain.battery import CELLS, BatteryPolicy, is_last_gasp
from cameratrap.domain.saving import Saving
from cameratrap.ports import PowerReading

LEAD = BatteryPolicy.of(Chemistry.LEAD_ACID)
policies = st.sampled_from([BatteryPolicy.of(chemistry) for chemistry in Chemistry])
volts = st.floats(0.1, 30)
degrees = st.floats(-40, 40) | st.none()
levels = st.sampled_from(Saving)


def reading(battery_v: float | None, temperature_c: float | None = None) -> PowerReading:
    return PowerReading(battery_v, temperature_c)


def test_a_lead_acid_battery_by_its_steps() -> None:
    """12.2 V, 12.0 V, 11.8 V and 11.5 V at rest: half full, a quarter, nearly empty, and just before it is."""
    assert LEAD.steps_v == (12.2, 12.0, 11.8, 11.5)
    levels = [LEAD.saving(reading(each), Saving.NOTHING) for each in (12.2, 12.1, 11.9, 11.7, 11.4)]
    assert levels == list(Saving)


def test_taken_back_only_above_the_hysteresis() -> None:
    """The rebound of a battery whose lamp was switched off does not light it again."""
    assert LEAD.hysteresis_v == pytest.approx(0.3)
    assert LEAD.saving(reading(12.45), Saving.LAMP) is Saving.LAMP
    assert LEAD.saving(reading(12.5), Saving.LAMP) is Saving.NOTHING
    assert LEAD.saving(reading(12.2), Saving.PICTURES) is Saving.BURST


@given(policies, degrees, levels, volts, volts)
def test_less_volts_never_save_less(
    policy: BatteryPolicy, temperature_c: float | None, before: Saving, one_v: float, other_v: float
) -> None:
    """At one temperature, and after the same level, the lower voltage gives up at least as much."""
    low, high = sorted((one_v, other_v))
    assert policy.saving(reading(low, temperature_c), before) >= policy.saving(reading(high, temperature_c), before)


@given(policies, degrees, volts, levels, levels)
def test_more_saved_before_never_saves_less_now(
    policy: BatteryPolicy, temperature_c: float | None, battery_v: float, one: Saving, other: Saving
) -> None:
    """A step that was taken is only ever a reason to stay."""
    now = [policy.saving(reading(battery_v, temperature_c), before) for before in sorted((one, other))]
    assert now[0] <= now[1]


@given(policies, degrees, levels, volts, st.lists(st.floats(-0.49, 0.49), min_size=2, max_size=20))
def test_it_never_flaps_within_the_hysteresis(
    policy: BatteryPolicy, temperature_c: float | None, before: Saving, middle_v: float, noise: list[float]
) -> None:
    """Readings that differ by less than the hysteresis change the level in one direction only."""
    seen = [before]
    for share in noise:
        seen.append(policy.saving(reading(middle_v + share * policy.hysteresis_v, temperature_c), seen[-1]))
    changes = {later > earlier for earlier, later in pairwise(seen) if later != earlier}
    assert len(changes) <= 1


@given(policies, degrees, levels, volts)
def test_the_same_reading_again_changes_nothing(
    policy: BatteryPolicy, temperature_c: float | None, before: Saving, battery_v: float
) -> None:
    """One look is as good as two."""
    once = policy.saving(reading(battery_v, temperature_c), before)
    assert policy.saving(reading(battery_v, temperature_c), once) is once


@given(policies, levels, volts, st.floats(-40, 40), st.floats(-40, 40))
def test_the_cold_never_saves_more(
    policy: BatteryPolicy, before: Saving, battery_v: float, one_c: float, other_c: float
) -> None:
    """The same voltage means at least as much charge in the cold."""
    cold, warm = sorted((one_c, other_c))
    assert policy.saving(reading(battery_v, cold), before) <= policy.saving(reading(battery_v, warm), before)


@given(policies, st.floats(-60, 60))
def test_no_step_sinks_below_empty(policy: BatteryPolicy, temperature_c: float) -> None:
    """Where the power is about to be cut there is nothing to be waited for, however cold it is; the order stays."""
    steps = policy.at(temperature_c)
    assert min(steps) >= policy.empty_v
    assert list(steps) == sorted(steps, reverse=True)


def test_a_cold_night_alone_gives_nothing_up() -> None:
    """A half full lead-acid battery that shows 12.1 V at -15 degrees keeps its lamp; in the warm it would lose it."""
    assert LEAD.saving(reading(12.1, 20), Saving.NOTHING) is Saving.LAMP
    assert LEAD.saving(reading(12.1, -15), Saving.NOTHING) is Saving.NOTHING


@pytest.mark.parametrize("before", Saving)
def test_a_missing_reading_keeps_the_level(before: Saving) -> None:
    """A gauge that came loose neither saves nor spends."""
    assert LEAD.saving(reading(None, -40), before) is before


@pytest.mark.parametrize("chemistry", Chemistry)
def test_every_chemistry_has_steps_in_order(chemistry: Chemistry) -> None:
    """Each above the next by at least what the coarsest gauge tells apart, all above empty, and far below full."""
    cell = CELLS[chemistry]
    assert all(above - below >= 0.029 for above, below in pairwise((*cell.steps_v, cell.empty_v)))
    assert cell.full_v > cell.steps_v[0] + 2 * cell.hysteresis_v
    assert BatteryPolicy.of(chemistry, 3).steps_v[0] == pytest.approx(3 * cell.steps_v[0], abs=0.001)


@given(levels, levels)
def test_the_last_gasp_is_the_step_into_the_last_level(before: Saving, now: Saving) -> None:
    """Once, when it is reached."""
    assert is_last_gasp(before, now) == (now is Saving.PICTURES and before < Saving.PICTURES)
