"""The battery forecast: the published table from its inputs, and what every forecast must hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.batteries import BATTERIES, COLD, Battery, Chemistry, share_in_the_cold
from cameratrap.domain.power_figures import FIGURES, Basis, fixed
from cameratrap.domain.power_plan import BOARDS, DESIGNS, Boot, Design, Gating, Load, forecast
from cameratrap.domain.power_sensitivity import changes

EIGHT_AA, TWELVE_AA, FOUR_18650, LIFEPO4 = (battery.usable_wh() for battery in BATTERIES)
TABLE_LOAD = Load(events_per_day=30, false_ratio=2)
# The table's rows: design, Wh a day, days on each of the batteries, each as it is printed.
TABLE = {
    "A": ("always-on-stock", 16.8, (2, 3, 2, 14)),
    "B": ("always-on", 10.6, (3, 4, 4, 22)),
    "C": ("motion", 36, (1, 1, 1, 6)),
    "G": ("pi-4", 75, (0.4, 0.6, 0.5, 3)),
    "I": ("halted", 4.2, (7, 11, 9, 55)),
    "J": ("dawn-and-dusk", 3.0, (10, 15, 13, 77)),
    "H": ("pi-5-halted", 2.75, (11, 17, 14, 84)),
    "D": ("gated-stock", 0.77, (40, 60, 51, 301)),
    "E": ("gated", 0.44, (69, 103, 88, 519)),
    "F": ("gated-timer", 0.33, (92, 138, 117, 690)),
}


@pytest.mark.parametrize("row", sorted(TABLE))
def test_the_table_follows_from_its_inputs_within_15_percent(row: str) -> None:
    """30 animals a day, 2 false triggers for each. Days are compared to 15 % or to the digit that the table prints."""
    name, wh_per_day, printed = TABLE[row]
    found = forecast(DESIGNS[name], TABLE_LOAD)
    assert found.wh_per_day.likely == pytest.approx(wh_per_day, rel=0.15)
    for usable_wh, days in zip((EIGHT_AA, TWELVE_AA, FOUR_18650, LIFEPO4), printed, strict=True):
        digit = 0.05 if days < 1 else 0.5
        assert found.days(usable_wh).likely == pytest.approx(days, rel=0.15, abs=digit)


@pytest.mark.parametrize(
    ("events", "ratio", "days"), [(5, 0, 177), (30, 0, 121), (30, 2, 69), (30, 10, 25), (150, 2, 19), (150, 10, 6)]
)
def test_the_gated_design_depends_on_its_triggers_as_published(events: float, ratio: float, days: float) -> None:
    found = forecast(DESIGNS["gated"], Load(events, ratio)).days(EIGHT_AA)
    assert found.likely == pytest.approx(days, rel=0.02, abs=0.5)


def test_the_gated_designs_energy_goes_where_it_was_published_to_go() -> None:
    """Triggers 64 %, standby 31 %, satellite 4 %."""
    joules = forecast(DESIGNS["gated"], TABLE_LOAD).joules
    total = sum(joules.values())
    triggers = joules["boot"] + joules["capture and detection"] + joules["lamp"]
    assert [round(100 * part / total) for part in (triggers, joules["standby"], joules["satellite"])] == [65, 31, 4]


def test_a_modem_left_idle_alone_empties_eight_cells_in_days() -> None:
    """225 mW are 5.4 Wh a day before the converter: the design that lasted 69 days lasts some five."""
    idle = forecast(replace(DESIGNS["gated"], modem_switched=False), TABLE_LOAD)
    assert idle.joules["satellite"] / 3600 == pytest.approx(5.4, rel=0.02)
    assert idle.days(EIGHT_AA).likely == pytest.approx(5, abs=0.6)


designs = st.builds(
    Design,
    st.sampled_from(Gating),
    st.sampled_from(Boot),
    st.sampled_from(BOARDS),
    on_hours=st.sampled_from([0.5, 6.0, 24.0]),
    camera_open=st.booleans(),
    modem_switched=st.booleans(),
    controller=st.sampled_from(["controller_w", "timer_w"]),
)
loads = st.builds(Load, st.floats(0, 10000), st.floats(0, 1000), lamp=st.booleans())


@given(designs, loads)
def test_the_likely_result_lies_in_its_range_and_more_triggers_never_cost_less(design: Design, load: Load) -> None:
    found = forecast(design, load)
    for result in (found.wh_per_day, found.first_frame_s, found.days(10.0)):
        assert 0 < result.low <= result.likely <= result.high
    more = forecast(design, replace(load, events_per_day=load.events_per_day + 1))
    assert more.wh_per_day.likely >= found.wh_per_day.likely


@given(designs)
def test_every_figure_a_forecast_names_it_uses(design: Design) -> None:
    """A figure that is named as used, and no other, changes the result when it grows."""
    found = forecast(design, TABLE_LOAD)
    for name, figure in FIGURES.items():
        again = forecast(design, TABLE_LOAD, fixed(FIGURES, {name: figure.value * 1.5}))
        changed = (again.wh_per_day.likely, again.first_frame_s.likely) != (
            found.wh_per_day.likely,
            found.first_frame_s.likely,
        )
        assert changed is (name in found.used), name


def test_every_figure_lies_in_its_range_and_says_where_it_comes_from() -> None:
    for figure in FIGURES.values():
        assert figure.low <= figure.value <= figure.high
        assert figure.source
        assert figure.meaning


def test_what_was_measured_has_no_range_any_more() -> None:
    known = fixed(FIGURES, {"session_s": 2.5, "lamp_j": 3.0, "controller_w": 0.01}, {"session_s": "log of May",
                  "lamp_j": "assumed: like the old lamp"})  # fmt: skip
    session, lamp, controller = known["session_s"], known["lamp_j"], known["controller_w"]
    assert (session.low, session.value, session.high, session.basis) == (2.5, 2.5, 2.5, Basis.MEASURED)
    assert (lamp.basis, controller.basis) == (Basis.ASSUMED, Basis.ASSUMED)
    assert FIGURES["session_s"].value == 3


@pytest.mark.parametrize(
    ("name", "slow"),
    [("always-on", False), ("motion", False), ("gated", True), ("gated-stock", True), ("halted", True)],
)
def test_what_boots_at_the_trigger_is_a_slow_trigger(name: str, slow: bool) -> None:
    assert forecast(DESIGNS[name], TABLE_LOAD).is_slow_trigger is slow


def test_a_tuned_boot_is_quicker_and_cheaper_than_a_stock_one() -> None:
    for board in BOARDS:
        stock, tuned = (forecast(Design(Gating.GATED, boot, board), TABLE_LOAD) for boot in Boot)
        assert tuned.wh_per_day.likely < stock.wh_per_day.likely
        assert tuned.first_frame_s.likely < stock.first_frame_s.likely


def test_the_sensitivity_changes_one_thing_at_a_time() -> None:
    """Each change differs from the design in what it names; standby watts run from their low to their high end."""
    found = list(changes(DESIGNS["gated"], TABLE_LOAD))
    assert {change.what for change in found} >= {"boot", "lamp", "modem", "controller_w", "events a day / false ratio"}
    watts = [change.figures["controller_w"].value for change in found if change.what == "controller_w"]
    assert watts == [FIGURES["controller_w"].low, FIGURES["controller_w"].high]
    for change in found:
        same = (change.design == DESIGNS["gated"]) + (change.load == TABLE_LOAD) + (dict(change.figures) == FIGURES)
        assert same >= 2


@given(st.sampled_from(Chemistry), st.floats(-60, 60), st.floats(0, 20))
def test_the_cold_never_gives_anything_back(chemistry: Chemistry, temperature_c: float, warmer: float) -> None:
    colder, milder = (share_in_the_cold(chemistry, t) for t in (temperature_c, temperature_c + warmer))
    assert 0 <= colder <= milder <= 1


def test_at_each_point_of_the_table_of_cold_its_share_is_left() -> None:
    for chemistry, points in COLD.items():
        for temperature_c, share in points:
            assert Battery("b", chemistry, 10.0).usable_wh(temperature_c) == pytest.approx(10 * share)
