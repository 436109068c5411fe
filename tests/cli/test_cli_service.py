"""`cameratrap service` as it is called, with a systemctl that writes down what it is asked."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cameratrap.cli import run

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "{log}"
if [ "$1" = show ]; then
    shift 3
    for unit in "$@"; do
        load=not-found
        [ -f "{units}/$unit" ] && load=loaded
        printf 'Id=%s\\nLoadState=%s\\nUnitFileState=enabled\\nActiveState=active\\nSubState=running\\n' "$unit" "$load"
        printf 'Result=success\\nNRestarts=0\\n\\n'
    done
fi
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for units, and a card; systemctl notes its arguments in ``asked``."""
    for name in ("bin", "units", "card"):
        (tmp_path / name).mkdir()
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(SYSTEMCTL.format(log=tmp_path / "asked", units=tmp_path / "units"), encoding="utf-8")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{systemctl.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("cameratrap.toml").write_text("[station]\nid = 'ridge-1'\n", encoding="utf-8")
    return tmp_path


def test_a_dry_run_prints_every_file_whole_and_writes_nothing(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--data", "card", "service", "install", "--unit-dir", "units", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert out.count("# units/cameratrap-") == out.count("[Unit]") == 7
    assert f"{sys.executable} -m cameratrap --config {machine}/cameratrap.toml --data {machine}/card watch" in out
    assert list(Path("units").iterdir()) == []
    assert not Path("asked").exists()


def test_install_status_and_uninstall(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Installed from the environment that the tests run in: what the unit runs is tried first, from elsewhere."""
    assert run(["--data", "card", "service", "install", "--unit-dir", "units", "--start"]) == 0
    assert "cameratrap-watch.service" in {path.name for path in Path("units").iterdir()}
    asked = Path("asked").read_text(encoding="utf-8").splitlines()
    assert asked[0] == "daemon-reload"
    assert "enable cameratrap-watch.service cameratrap-transmit.timer cameratrap-close-day.timer" in asked
    assert asked[-1].startswith("start --no-block cameratrap-watch.service")
    capsys.readouterr()
    assert run(["--data", "card", "service", "status", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(row["ok"] for row in found)
    assert run(["service", "uninstall", "--unit-dir", "units", "--dry-run"]) == 0
    assert len(list(Path("units").iterdir())) == 7
    assert run(["service", "uninstall", "--unit-dir", "units"]) == 0
    assert list(Path("units").iterdir()) == []
    assert run(["--data", "card", "service", "status"]) == 1
    assert "it is not installed" in capsys.readouterr().err


def test_the_configuration_decides_what_is_installed(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[trigger]\npin = 5\n[power]\ncontroller = 'witty-pi-4'\n"
    Path("cameratrap.toml").write_text(text, encoding="utf-8")
    assert run(["--data", "card", "service", "install", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert out.count("[Unit]") == 1
    assert " wake --existing\n" in out
    Path("cameratrap.toml").write_text("[alerts]\ntaxa = ['Homo sapiens']\n[clock]\ncorrect = true\n", encoding="utf-8")
    assert run(["--data", "card", "service", "install", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "transmit --alerts" in out
    assert "CAP_SYS_TIME" in out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--user", "nobody-of-that-name"], 2, "there is no user"),
        (["--unit-dir", "nowhere"], 2, "does not exist"),
    ],
)
def test_what_cannot_be_installed_is_refused(
    machine: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    assert run(["--data", "card", "service", "install", *arguments]) == status
    assert said in capsys.readouterr().err
    assert not Path("asked").exists()


def test_a_card_that_is_not_there_is_refused(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", "stick", "service", "install", "--unit-dir", "units"]) == 2
    assert "mount the card" in capsys.readouterr().err
    assert list(Path("units").iterdir()) == []


def test_a_folder_that_only_root_may_write_to_says_sudo(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    assert run(["--data", "card", "service", "install", "--unit-dir", "units"]) == 2
    assert "sudo" in capsys.readouterr().err


def test_what_works_only_in_this_shell_is_not_installed(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder named without a slash is found from here alone: that is told before anything is written."""
    Path("mine").mkdir()
    Path("cameratrap.toml").write_text("[detector]\nmodel = 'mine'\n", encoding="utf-8")
    assert run(["--data", "card", "service", "install", "--unit-dir", "units"]) == 1
    err = capsys.readouterr().err
    assert "does not work outside this shell" in err
    assert "there is no model mine" in err
    assert list(Path("units").iterdir()) == []


def test_what_would_not_start_is_not_installed(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two things on one pin: said before a unit is written, and not five times an hour by the journal."""
    Path("cameratrap.toml").write_text("[led]\npin = 4\n", encoding="utf-8")
    assert run(["--data", "card", "service", "install", "--unit-dir", "units"]) == 2
    assert "led.pin = 4" in capsys.readouterr().err
    assert list(Path("units").iterdir()) == []
