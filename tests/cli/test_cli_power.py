"""`cameratrap power` as its users call it: the forecast, its ranges, its picture, and what is left."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from cameratrap.domain.activities import Activity
from cameratrap.domain.power_figures import FIGURES
from cameratrap.domain.power_plan import DESIGNS
from cameratrap.domain.saving import Saving
from cameratrap.ports import PowerReading
from cameratrap.store import energy
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.power_readings import KeptReading, keep

GATED = "[power]\ncontroller = 'halt-pin'\n[lamp]\npin = 13\n[plan]\nboot = 'tuned'\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(capsys: pytest.CaptureFixture[str], *arguments: str, config: str = "") -> list[dict[str, Any]]:
    Path("c.toml").write_text(config, encoding="utf-8")
    capsys.readouterr()
    assert run(["--config", "c.toml", "power", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_forecast_has_a_range_for_each_battery(capsys: pytest.CaptureFixture[str]) -> None:
    """The configuration's design on four common batteries, each with its fewest, likely and most days."""
    found = rows(capsys, "plan")
    assert len({row["battery"] for row in found}) == len(found) == 4
    for row in found:
        assert row["days_low"] < row["days"] < row["days_high"]
        assert row["wh_per_day_low"] < row["wh_per_day"] < row["wh_per_day_high"]


def test_the_gated_design_is_shown_with_either_boot_and_called_slow(capsys: pytest.CaptureFixture[str]) -> None:
    """What the configuration describes stands first; the other boot beside it, with its later first picture."""
    found = rows(capsys, "plan", "--battery", "30.6", config=GATED)
    assert [row["design"] for row in found] == ["configured", "configured, stock boot"]
    assert [round(row["days"]) for row in found] == [69, 45]
    assert all(row["slow_trigger"] for row in found)
    assert found[0]["first_frame_s"] < found[1]["first_frame_s"]
    told = capsys.readouterr().err
    assert told == ""
    assert run(["--config", "c.toml", "power", "plan"]) == 0
    assert "a slow trigger" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "design"),
    [
        ("", {"slow_trigger": False, "first_frame_s": 1.0}),
        ("[camera]\nstandby = 'open'", {"slow_trigger": False, "first_frame_s": 0.15}),
        ("[trigger]\nmode = 'motion'", {"slow_trigger": False, "first_frame_s": 0.15}),
        ("[power]\ncontroller = 'systemd'", {"slow_trigger": True, "first_frame_s": 13.5}),
        ("[power]\ncontroller = 'witty-pi-4'\n[plan]\nboot = 'tuned'", {"slow_trigger": True, "first_frame_s": 5.0}),
    ],
)
def test_the_design_is_the_configurations(
    capsys: pytest.CaptureFixture[str], config: str, design: dict[str, object]
) -> None:
    found = rows(capsys, "plan", config=config)[0]
    assert {name: found[name] for name in design} == design


def test_a_figure_that_was_measured_replaces_the_built_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    """It has no range any more, says where it comes from, and moves the forecast."""
    config = "[plan.figures]\nzero_2_w_idle_w = 0.3\n[plan.sources]\nzero_2_w_idle_w = 'INA219, 12 h'\n"
    (figure,) = [row for row in rows(capsys, "plan", "--figures", config=config) if row["figure"] == "zero_2_w_idle_w"]
    assert (figure["low"], figure["value"], figure["high"]) == (0.3, 0.3, 0.3)
    assert (figure["basis"], figure["source"], figure["used"]) == ("measured", "INA219, 12 h", True)
    frugal, usual = (rows(capsys, "plan", config=text)[0]["wh_per_day"] for text in (config, ""))
    assert frugal < usual


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("[plan.figures]\nzero_idle = 1", "zero_idle"),
        ("[plan.figures]\nconverter_loss = 1.5", "a share, below 1"),
        ("[plan.figures]\nsession_s = -1", "numbers from 0"),
        ("[plan.sources]\nsession_s = 'me'", "plan.figures does not have"),
        ("[plan]\nboard = 'pi-3'", '"pi-4"'),
    ],
)
@pytest.mark.parametrize("command", [["power", "plan"], ["config", "check"]])
def test_a_figure_that_cannot_be_is_wrong_configuration(
    capsys: pytest.CaptureFixture[str], config: str, named: str, command: list[str]
) -> None:
    Path("c.toml").write_text(config, encoding="utf-8")
    assert run(["--config", "c.toml", *command]) == 2
    assert named in capsys.readouterr().err


def test_every_figure_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["power", "plan", "--figures", "--csv"]) == 0
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["figure"] for row in listed] == list(FIGURES)
    assert all(row["basis"] in ("sourced", "assumed") and row["source"] for row in listed)


def test_what_is_assumed_is_named_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the figures that the forecast rests on: a boot that never happens is not worth measuring."""
    assert run(["power", "plan"]) == 0
    line = next(line for line in capsys.readouterr().err.splitlines() if "worth measuring" in line)
    assert "converter_loss" in line
    assert "boot" not in line
    assert "zero_2_w_idle_w" not in line  # it is sourced


def test_the_cold_costs_days_and_the_coldest_leave_none(capsys: pytest.CaptureFixture[str]) -> None:
    warm, cold = (rows(capsys, "plan", "--battery", "30", "--temperature", text)[0]["days"] for text in ("20", "-10"))
    assert cold == pytest.approx(0.7 * warm, rel=0.01)
    assert run(["power", "plan", "--temperature", "-55"]) == 2
    assert "down to -40 degrees" in capsys.readouterr().err


def test_the_traps_own_battery_goes_first(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "plan", config="[battery]\nusable_wh = 100\n")
    assert (found[0]["usable_wh"], len(found)) == (100.0, 5)


def test_the_sensitivity_names_what_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "plan", "--design", "gated", "--lamp", "--sensitivity")
    days = {(row["change"], row["to"]): row["days"] for row in found}
    assert round(days["events a day / false ratio", "5 / 0"]) == 177
    assert days["boot", "stock"] < days["boot", "tuned"]
    assert days["lamp", "by night"] < days["lamp", "never"]
    assert days["modem", "left idle"] < 6


def test_the_chart_is_a_picture_with_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Well-formed SVG; each design's name and days stand in it, and nothing outside its canvas."""
    assert run(["power", "plan", "--design", "all", "--battery", "30.6", "--lamp", "--chart", "days.svg"]) == 0
    root = ET.parse("days.svg").getroot()  # noqa: S314 - we have just written it
    texts = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {text.partition(",")[0] for text in texts} >= set(DESIGNS)
    assert "69.1 d" in texts
    width = float(root.attrib["width"])
    for dot in root.iter("{http://www.w3.org/2000/svg}circle"):
        assert 300 <= float(dot.attrib["cx"]) <= width - 90


def test_more_triggers_than_a_day_holds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A trap that boots for each is busy for longer than 24 hours, where one that is always on still has time."""
    assert run(["power", "plan", "--design", "always-on", "--events", "10000", "--false-ratio", "1"]) == 0
    capsys.readouterr()
    assert run(["power", "plan", "--design", "gated", "--events", "10000", "--false-ratio", "1"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "20000 triggers" in captured.err
    assert "gated busy for 44.4 of 24 hours" in captured.err


def test_figures_that_leave_nothing_to_pay_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A gated trap whose every figure is 0 would run for ever."""
    names = ("controller_w", "zero_2_w_stock_boot_j", "zero_2_w_tuned_boot_j", "zero_2_w_active_w", "satellite_j")
    zeros = "".join(f"{name} = 0\n" for name in names)
    Path("c.toml").write_text(f'[power]\ncontroller = "halt-pin"\n[plan.figures]\n{zeros}', encoding="utf-8")
    assert run(["--config", "c.toml", "power", "plan"]) == 2
    assert "plan.figures" in capsys.readouterr().err


def test_a_change_that_leaves_nothing_to_pay_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The forecast holds where only the lamp takes energy; what the days depend on would divide by its absence."""
    zeros = "".join(f"{name} = 0\n" for name in FIGURES if name.endswith(("_w", "_j")) and name != "lamp_j")
    text = f'[power]\ncontroller = "halt-pin"\n[lamp]\npin = 13\n[plan.figures]\n{zeros}'
    Path("c.toml").write_text(text, encoding="utf-8")
    assert run(["--config", "c.toml", "power", "plan"]) == 0
    assert run(["--config", "c.toml", "power", "plan", "--sensitivity"]) == 2
    assert "takes no energy by these figures" in capsys.readouterr().err


def test_the_charts_scale_holds_the_longest_days(capsys: pytest.CaptureFixture[str]) -> None:
    """No band ends before its row's days do, and their number is written out: two that differ end apart."""
    days = rows(capsys, "plan", "--design", "gated-timer", "--battery", "900", "--chart", "days.svg")[0]
    root = ET.parse("days.svg").getroot()  # noqa: S314 - we have just written it
    band = next(each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("fill") == "#9ecae1")
    (dot,) = root.iter("{http://www.w3.org/2000/svg}circle")
    end = float(band.attrib["x"]) + float(band.attrib["width"])
    assert days["days_high"] > days["days"] > 1000
    assert float(dot.attrib["cx"]) + 20 < end <= float(root.attrib["width"]) - 90
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"{days['days']:.0f} d" in texts
    assert "10 years" in texts


@pytest.mark.parametrize("file", ["days.png", "missing/days.svg"])
def test_a_chart_that_cannot_be_drawn_is_refused_before_anything_is_printed(
    capsys: pytest.CaptureFixture[str], file: str
) -> None:
    assert run(["power", "plan", "--chart", file]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ["--events", "nan"],
        ["--battery", "0"],
        ["--design", "solar"],
        ["--sensitivity", "--figures"],
        ["--chemistry", "nimh"],
    ],
)
def test_wrong_usage_is_refused(wrong: list[str]) -> None:
    assert run(["power", "plan", *wrong]) == 2


def test_days_left_follow_from_what_was_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two whole days at 3600 J each, before a converter that loses nothing: 1 Wh a day of 10 Wh leaves 8 days."""
    today = datetime.now(UTC).date()
    with (
        closing(make_card(tmp_path / "card", Deployment("d", "s", 0, datetime.now(UTC)))) as card,
        transaction(card.connection),
    ):
        for ago in (1, 2):
            energy.add(card.connection, today - timedelta(days=ago), Activity.IDLE, 86400.0, 3600.0)
    config = "[battery]\nusable_wh = 10\n[plan.figures]\nconverter_loss = 0\n"
    Path("c.toml").write_text(config, encoding="utf-8")
    capsys.readouterr()
    command = ["--config", "c.toml", "--data", "card", "power", "status", "--json"]
    assert run(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"days_left": 8.0, "wh_per_day": 1.0, "from_days": 2, "used_wh": 2.0, "usable_wh": 10.0}
    assert run([*command, "--activities"]) == 0
    assert [json.loads(line)["joules"] for line in capsys.readouterr().out.splitlines()] == [3600.0, 3600.0]


def test_days_left_are_not_guessed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without the battery's size, or before a whole day is over, there is no number, and the reason is said."""
    make_card(tmp_path / "card", Deployment("d", "s", 0, datetime.now(UTC))).close()
    for config, why in (("", "battery.usable_wh"), ("[battery]\nusable_wh = 10", "a whole day")):
        Path("c.toml").write_text(config, encoding="utf-8")
        capsys.readouterr()
        assert run(["--config", "c.toml", "--data", "card", "power", "status", "--json"]) == 0
        answer = capsys.readouterr()
        assert json.loads(answer.out)["days_left"] is None
        assert why in answer.err


def test_a_gauge_that_tells_nothing_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The state of the battery is not passed over: what was wrong at the last look stands below the table."""
    at = datetime(2026, 6, 1, 5, 30, tzinfo=UTC)
    gone = KeptReading(at, "boot", 1.0, PowerReading(None, None), Saving.NOTHING, trouble="the INA219 does not answer")
    with (
        closing(make_card(tmp_path / "card", Deployment("d", "s", 60, at))) as card,
        transaction(card.connection),
    ):
        keep(card.connection, gone)
    assert run(["--data", "card", "power", "status"]) == 0
    told = capsys.readouterr().err
    assert "read last at 2026-06-01T06:30:00+01:00: the INA219 does not answer" in told
