"""`wake` as a process where something is wrong: its pictures are files, and the power is handed back."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.command_effects import SLEEP_UNTIL
from cameratrap.app.wake_plan import PLAN_FILE, NextWake, write_plan
from cameratrap.domain.capture import BurstProfile
from cameratrap.store.card import DATABASE, Deployment, make_card
from cameratrap.store.commands import override
from cameratrap.store.connection import transaction
from cameratrap.store.deployment import RECORD, write_end
from cameratrap.store.exif import is_whole, read_tags
from tests.clip_files import write_clip

CONFIGURATION = """
[station]
id = "ridge"
[camera]
type = "usb"
device = "clip.avi"
width = 640
height = 480
[burst]
count = 2
spacing_s = 0.1
[trigger]
settle_s = 0
[wake]
linger_s = 0
batch = 100
[power]
controller = "systemd"
rtc = ""
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_clip(tmp_path / "clip.avi", 50, size=(640, 480))
    (tmp_path / "cameratrap.toml").write_text(CONFIGURATION, encoding="utf-8")
    script = tmp_path / "bin" / "systemctl"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n', encoding="utf-8")
    script.chmod(0o755)
    with make_card(tmp_path / "card", Deployment("ridge_x", "ridge", 0, datetime(2026, 1, 1, tzinfo=UTC))):
        pass
    return tmp_path


def wake(folder: Path, *, cause: str = "pir", program: tuple[str, ...] = ("-m", "cameratrap")) -> tuple[int, str]:
    """Its exit status, and what it says."""
    paths = {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GPIOZERO_PIN_FACTORY": "mock",
    }
    ended = subprocess.run(
        [sys.executable, *program, "--data", "card", "wake", "--cause", cause],
        cwd=folder, env={**os.environ, **paths}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stderr


def files(folder: Path) -> list[Path]:
    return sorted((folder / "card" / "DCIM").rglob("*"))[1:]


def was_switched_off(folder: Path) -> bool:
    asked = folder / "asked"
    return asked.is_file() and "poweroff" in asked.read_text(encoding="utf-8")


def test_a_damaged_index_costs_no_picture(folder: Path) -> None:
    """Both pictures are files with everything in them; with a sound index the next power-on takes them in."""
    index = folder / "card" / DATABASE
    sound = index.read_bytes()
    index.write_bytes(b"no database")
    status, err = wake(folder)
    assert (status, was_switched_off(folder)) == (3, True), err
    assert "2 pictures stored as files" in err
    assert "is damaged" in err
    tags = [read_tags(path.read_bytes()) for path in files(folder)]
    assert all(is_whole(path.read_bytes()) for path in files(folder))
    assert [(each.position, each.of, each.deployment, each.cause) for each in tags] == [
        (1, 2, "ridge_x", "pir"),
        (2, 2, "ridge_x", "pir"),
    ]
    index.write_bytes(sound)
    status, err = wake(folder, cause="alarm")
    assert status == 0, err
    with closing(sqlite3.connect(index)) as connection:
        assert connection.execute("SELECT COUNT(*), COUNT(DISTINCT burst) FROM media").fetchone() == (2, 1)


FAULTY = """
from cameratrap import wiring

def look_settings(*_):
    raise ZeroDivisionError("a fault of ours")

wiring.look_settings = look_settings
from cameratrap.cli import main
main()
"""


def test_a_fault_of_the_program_costs_no_picture(folder: Path) -> None:
    """Whatever ends the work on the card: what is in memory is made safe first, and the power is handed back."""
    (folder / "faulty.py").write_text(FAULTY, encoding="utf-8")
    status, err = wake(folder, program=("faulty.py",))
    assert (was_switched_off(folder), len(files(folder))) == (True, 2), err
    assert status != 0
    assert "ZeroDivisionError" in err


@pytest.mark.slow
def test_an_index_of_a_newer_version_costs_no_picture(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "card" / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    status, err = wake(folder)
    assert (status, was_switched_off(folder), len(files(folder))) == (3, True, 2), err


@pytest.mark.slow
def test_an_index_that_is_lost_costs_no_picture(folder: Path) -> None:
    (folder / "card" / DATABASE).unlink()
    status, err = wake(folder)
    assert (status, was_switched_off(folder), len(files(folder))) == (3, True, 2), err
    assert not (folder / "card" / DATABASE).exists()


def test_a_trap_that_is_carried_home_adds_nothing(folder: Path) -> None:
    """The deployment has ended: no picture, no row, no failure; the power is handed back."""
    write_end(folder / "card" / RECORD, datetime(2026, 2, 1, tzinfo=UTC))
    status, err = wake(folder)
    assert (status, was_switched_off(folder)) == (0, True), err
    assert "has ended" in err
    assert not (folder / "card" / "DCIM").exists()
    with closing(sqlite3.connect(folder / "card" / DATABASE)) as connection:
        for table in ("bursts", "armed", "wakes"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)  # noqa: S608


@pytest.mark.parametrize(
    ("wrong", "off"),
    [
        ('[burst]\ncount = "many"', True),
        pytest.param('[power]\ncontroller = "magic"', False, marks=pytest.mark.slow),
        pytest.param("[power", False, marks=pytest.mark.slow),
    ],
)
def test_a_wrong_configuration_does_not_empty_the_battery(folder: Path, wrong: str, *, off: bool) -> None:
    """What is wrong elsewhere does not keep the power on; where [power] is wrong its unit's FailureAction is left."""
    power = CONFIGURATION[CONFIGURATION.index("[power]") :] if off else ""
    (folder / "cameratrap.toml").write_text(f"{wrong}\n{power}", encoding="utf-8")
    status, err = wake(folder)
    assert (status, was_switched_off(folder)) == (2, off), err
    assert ("FailureAction" in err) is not off


@pytest.mark.slow
def test_the_next_power_on_knows_the_last_name(folder: Path) -> None:
    """The pictures of the first are gone from the card when the index breaks: theirs are not given again."""
    status, err = wake(folder)
    assert status == 0, err
    for path in files(folder):
        path.unlink()
    (folder / "card" / DATABASE).write_bytes(b"no database")
    wake(folder)
    assert [path.name for path in files(folder)] == ["CTRP0003.JPG", "CTRP0004.JPG"]


def left_alarms(folder: Path) -> tuple[object, object]:
    """What the plan for the next power-on and the card say of the alarm."""
    plan = json.loads((folder / "card" / PLAN_FILE).read_text(encoding="utf-8"))
    with closing(sqlite3.connect(folder / "card" / DATABASE)) as connection:
        return plan["alarm_at"], connection.execute("SELECT alarm_at FROM wakes ORDER BY id DESC").fetchone()[0]


def test_an_alarm_that_was_not_set_is_expected_by_nobody(folder: Path) -> None:
    """Without a clock that rings, whatever switches the trap on is an animal, at any time."""
    status, err = wake(folder)
    assert (status, was_switched_off(folder)) == (0, True), err
    assert "with no alarm" in err
    assert left_alarms(folder) == (None, None)


def test_no_camera_is_run_for_a_burst_that_is_not_allowed(folder: Path) -> None:
    """The power-on before knew that the trap sleeps: what triggers is counted, the camera not even looked for."""
    asleep = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(days=1)
    plan = NextWake(None, is_timelapse=False, profile=BurstProfile(), rests=(asleep,))
    write_plan(folder / "card", plan)
    with make_card(folder / "card", Deployment("ridge_x", "ridge", 0, asleep[0])) as card, transaction(card.connection):
        override(card.connection, SLEEP_UNTIL, asleep[1].date() + timedelta(days=1), 1, asleep[0])
    (folder / "clip.avi").unlink()
    status, err = wake(folder)
    assert (status, was_switched_off(folder)) == (0, True), err
    with closing(sqlite3.connect(folder / "card" / DATABASE)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM bursts").fetchone() == (0,)
        assert connection.execute("SELECT reason, triggers FROM suppressed").fetchall() == [("asleep", 1)]


def test_a_picture_that_is_allowed_after_all_is_taken(folder: Path) -> None:
    """The plan was wrong, since somebody has woken it by hand: the card decides, and the picture is only later."""
    now = datetime.now(UTC)
    rests = ((now - timedelta(hours=1), now + timedelta(days=1)),)
    write_plan(folder / "card", NextWake(None, is_timelapse=False, profile=BurstProfile(2, 0.1), rests=rests))
    status, err = wake(folder)
    assert (status, was_switched_off(folder)) == (0, True), err
    assert len(files(folder)) == 2
