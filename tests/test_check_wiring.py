"""What `config check` finds before a device is opened: what would be refused at the tree is refused at the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.config import Config, resolve
from cameratrap.errors import ConfigError
from cameratrap.wiring import check_wiring


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "c.toml"
    file.write_text(text)
    try:
        check_wiring(resolve(file, {}).config)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_the_defaults_are_good() -> None:
    """And open nothing."""
    check_wiring(Config())


def test_a_burst_that_would_be_shortened_is_told(tmp_path: Path) -> None:
    """It ends within 80 s of its first picture, whatever the file says; that is no reason to say nothing."""
    assert problems(tmp_path, "[burst]\ncount = 5\nspacing_s = 60\n") == [
        "burst.spacing_s = 60: 5 pictures (burst.count) would take 240 s, more than 80"
    ]
    assert problems(tmp_path, "[burst]\ncount = 5\nspacing_s = 20\n") == []
    assert problems(tmp_path, "[burst]\ncount = 1\nspacing_s = 60\n") == []


@pytest.mark.parametrize("board", ['[power]\ncontroller = "witty-pi-4"', '[battery]\ngauge = "witty-pi-4"'])
def test_the_witty_pis_own_pins_are_nobody_elses(tmp_path: Path, board: str) -> None:
    """GPIO 4 and 17 are wired to it, whether it switches the trap or only measures its battery."""
    assert problems(tmp_path, f"{board}\n[modem]\npower_pin = 17\n") == [
        "trigger.pin = 4: is wired to the Witty Pi 4",
        "modem.power_pin = 17: is wired to the Witty Pi 4",
    ]
    assert problems(tmp_path, f"[trigger]\npin = 5\n{board}\n[wake]\npin = 4\n") == [
        "wake.pin = 4: is wired to the Witty Pi 4"
    ]


def test_the_pins_of_a_bus_are_taken_while_something_hangs_on_it(tmp_path: Path) -> None:
    """I2C bus 1 is GPIO 2 and 3, the modem's serial line 14 and 15; another bus, or a USB adapter, leaves them free."""
    gauge = '[battery]\ngauge = "ina219"\n'
    assert problems(tmp_path, f"[lamp]\npin = 2\n{gauge}") == ["lamp.pin = 2: is the I2C bus's (battery.bus = 1)"]
    assert problems(tmp_path, f"[lamp]\npin = 2\n{gauge}bus = 3\n") == []
    assert problems(tmp_path, "[lamp]\npin = 2\n") == []
    assert problems(tmp_path, "[led]\npin = 14\n") == [
        'led.pin = 14: is the serial line\'s (modem.port = "/dev/serial0")'
    ]
    assert problems(tmp_path, '[led]\npin = 14\n[modem]\nport = "/dev/ttyUSB0"\n') == []


def test_the_pin_that_wakes_it_is_its_pirs_or_its_own(tmp_path: Path) -> None:
    """One with the lamp on it would light up as a trigger."""
    assert problems(tmp_path, "[wake]\npin = 4\n") == []
    assert problems(tmp_path, "[lamp]\npin = 22\n[wake]\npin = 22\n") == ["wake.pin = 22: is lamp.pin's pin already"]


def test_a_halt_pin_needs_its_pin_and_a_timer_a_way_to_tell_the_pir(tmp_path: Path) -> None:
    """Else each start of the timer is a trigger, and the deployment's false ones are by design."""
    power = '[power]\ncontroller = "halt-pin"\npin_mode = "done"\n'
    assert problems(tmp_path, power) == ['power.pin = not set: must be set with power.pin_mode = "done"']
    found = problems(tmp_path, f"{power}pin = 26\ntimer_minutes = 60\n")
    assert [each.partition(":")[0] for each in found] == ["wake.pin = not set"]
    assert problems(tmp_path, f"{power}pin = 26\ntimer_minutes = 60\n[wake]\npin = 22\n") == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[lamp]\ndark_below = 90\nbright_above = 80\n", "lamp.bright_above"),
        ('[camera]\ndevice = "/dev/video0"\n', "camera.device"),
        ('[trigger]\nschedule = ["05:30-05:30"]\n', "trigger.schedule"),
        ("[modem]\nenergy_j_per_day = 150\n", "modem.energy_j_per_day"),
        ("[battery]\nlamp_v = 3.0\nburst_v = 3.5\n", "battery.burst_v"),
    ],
)
def test_what_a_device_would_refuse_later(tmp_path: Path, text: str, key: str) -> None:
    """Without opening it."""
    assert [each.partition(" ")[0] for each in problems(tmp_path, text)] == [key]


def test_volts_that_the_battery_never_shows(tmp_path: Path) -> None:
    """A step that is never reached saves nothing; one above a full battery is always taken."""
    cells = '[battery]\nchemistry = "li-ion"\ncells = 3\n'
    assert problems(tmp_path, f"{cells}pictures_v = 8.9\n") == [
        "battery.pictures_v = 8.9: is never reached: the battery is empty at 9 V (battery.chemistry, cells, empty_v)"
    ]
    assert problems(tmp_path, "[battery]\nlamp_v = 12.2\n") == [
        "battery.lamp_v = 12.2: is above a full battery, which has 4.35 V (battery.chemistry, cells)"
    ]
    assert problems(tmp_path, f"{cells}lamp_v = 11.4\npictures_v = 9.5\n") == []


def test_config_check_lists_every_problem_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is missing hides neither a pin nor a window: whoever edits it goes to the trap once."""
    monkeypatch.chdir(tmp_path)
    Path("cameratrap.toml").write_text(
        'taxa = "nowhere.csv"\n[led]\npin = 4\n[trigger]\nschedule = ["05:30-05:30"]\n'
        "[lamp]\nbright_above = 20\n[plan.figures]\nnothing_w = 1\n"
    )
    assert run(["config", "check"]) == 2
    said = capsys.readouterr().err
    assert "5 problems" in said
    for key in ("taxa", "led.pin", "trigger.schedule", "lamp.bright_above", "plan.figures"):
        assert f"\n  {key} = " in said


def test_config_check_reads_the_picture_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, or the private one: pictures would stay open."""
    monkeypatch.chdir(tmp_path)
    Path("cameratrap.toml").write_text('[card]\nseal_pictures_to = "pictures.pub"\n')
    assert run(["config", "check"]) == 1
    assert "pictures.pub" in capsys.readouterr().err
    assert run(["key", "picture-key", "new", "pictures"]) == 0
    assert run(["config", "check"]) == 0
    Path("pictures.key").replace("pictures.pub")
    assert run(["config", "check"]) == 1
