"""The systemd units: what they promise, whether systemd reads them, and how they come and go."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.service_install import install, installed, states, uninstall
from cameratrap.app.service_units import MARK, ServiceSettings, Unit, units, word
from cameratrap.errors import DeviceError, StoreError

CARD = Path("/media/my card/100% $HOME")
PLAIN = ServiceSettings(
    ("/usr/bin/python3", "-m", "cameratrap", "--data", str(CARD)),
    CARD,
    (CARD,),
    "root",
    ("video",),
    alerts=True,
)
GATED = replace(PLAIN, gated=True)
Directives = dict[str, list[str]]


def parsed(text: str) -> dict[str, Directives]:
    """Section -> name -> values, in order; a line that is neither of these nor a remark fails."""
    sections: dict[str, Directives] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals
            section.setdefault(name, []).append(value)
    return sections


def by_name(settings: ServiceSettings) -> dict[str, dict[str, Directives]]:
    return {unit.name: parsed(unit.text) for unit in units(settings)}


def test_an_always_on_trap_watches_sends_and_closes_days() -> None:
    assert set(by_name(PLAIN)) == {
        "cameratrap-watch.service", "cameratrap-rescue.timer", "cameratrap-rescue.service",
        "cameratrap-transmit.service", "cameratrap-transmit.timer", "cameratrap-alerts.service",
        "cameratrap-alerts.timer", "cameratrap-close-day.service", "cameratrap-close-day.timer",
    }  # fmt: skip
    assert "cameratrap-alerts.timer" not in by_name(replace(PLAIN, alerts=False))


def test_a_gated_trap_wakes_and_nothing_else() -> None:
    """It starts early, waits for no other service, and what hangs or fails is switched off."""
    found = by_name(GATED)
    assert set(found) == {"cameratrap-wake.service"}
    wake = found["cameratrap-wake.service"]
    assert wake["Unit"]["DefaultDependencies"] == ["no"]
    assert wake["Unit"]["FailureAction"] == ["poweroff"]
    assert wake["Unit"]["ConditionPathExists"] == ["!/boot/firmware/cameratrap-stay-on"]
    assert wake["Install"]["WantedBy"] == ["sysinit.target"]
    assert "TimeoutStartSec" in wake["Service"]


def test_the_watchdog_is_fed_by_the_service_and_bites() -> None:
    watch = by_name(PLAIN)["cameratrap-watch.service"]
    assert watch["Service"]["Type"] == ["notify"]
    assert watch["Service"]["WatchdogSec"] == ["120"]
    assert watch["Service"]["Restart"] == ["on-failure"]
    assert watch["Service"]["SuccessExitStatus"] == ["2"]


def test_reboots_are_bounded_without_a_clock() -> None:
    """The slowest failure, a watchdog's, reaches the limit; a timer that no boot enables then waits for its moment."""
    found = by_name(PLAIN)
    watch = found["cameratrap-watch.service"]
    limit, within = watch["Unit"]["StartLimitBurst"], watch["Unit"]["StartLimitIntervalSec"]
    assert (limit, within) == (["5"], ["30min"])
    seconds_each = int(watch["Service"]["WatchdogSec"][0]) + int(watch["Service"]["RestartSec"][0])
    assert 5 * (seconds_each + 60) < 30 * 60
    assert watch["Unit"]["OnFailure"] == ["cameratrap-rescue.timer"]
    assert found["cameratrap-rescue.timer"]["Timer"]["OnBootSec"] == ["30min"]
    assert [unit.name for unit in units(PLAIN) if "rescue" in unit.name and (unit.enable or unit.start)] == []
    spared = by_name(replace(PLAIN, reboot=False))
    assert not any("rescue" in name for name in spared)
    assert "OnFailure" not in spared["cameratrap-watch.service"]["Unit"]


def test_no_timer_goes_by_the_calendar() -> None:
    """A clock that stands at 1970, or jumps, neither stops a timer nor makes it run all at once."""
    for name, sections in by_name(PLAIN).items():
        if name.endswith(".timer"):
            assert not {"OnCalendar", "Persistent"} & sections["Timer"].keys()
            assert sections["Timer"]["OnBootSec"]


def test_only_the_card_is_written_to_and_only_what_sends_may_set_the_clock() -> None:
    for settings in (PLAIN, replace(PLAIN, sets_clock=True)):
        for name, sections in by_name(settings).items():
            if "User" not in sections.get("Service", {}):
                continue
            service = sections["Service"]
            assert service["ReadWritePaths"] == ['"/media/my card/100%% $HOME"']
            assert service["ProtectSystem"] == ["strict"]
            assert service["NoNewPrivileges"] == ["yes"]
            may = settings.sets_clock and "watch" not in name
            assert service["CapabilityBoundingSet"] == (["CAP_SYS_TIME"] if may else [""])


def test_lgpio_has_a_folder_of_its_own_to_write_its_pipe_to() -> None:
    for sections in by_name(PLAIN).values():
        if "User" in sections.get("Service", {}):
            assert sections["Service"]["WorkingDirectory"] == ["%t/%N"]
            assert sections["Service"]["RuntimeDirectory"] == ["%N"]


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_word_is_read_back_as_it_was(text: str) -> None:
    """By systemd's rules: quotes, backslash escapes and doubled percent signs."""
    written = word(text)
    inner = written[1:-1] if written.startswith('"') else written
    assert re.sub(r'\\([\\"])', r"\1", inner).replace("%%", "%") == text
    if any(letter.isspace() for letter in text):
        assert written.startswith('"')


@pytest.mark.parametrize("settings", [PLAIN, GATED, replace(PLAIN, sets_clock=True, reboot=False, groups=())])
def test_systemd_reads_every_unit_without_a_complaint(tmp_path: Path, settings: ServiceSettings) -> None:
    verify = _verifier()
    for unit in units(settings):
        (tmp_path / unit.name).write_text(unit.text, encoding="utf-8")
    assert verify([tmp_path / unit.name for unit in units(settings)]) == ""


def test_systemd_would_complain_of_a_directive_that_it_does_not_know(tmp_path: Path) -> None:
    verify = _verifier()
    (watch, *_) = units(PLAIN)
    path = tmp_path / watch.name
    path.write_text(watch.text.replace("WatchdogSec", "WatchhoundSec").replace("OnFailure", "#"), encoding="utf-8")
    assert "WatchhoundSec" in verify([path])


def _verifier():  # type: ignore[no-untyped-def]
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("systemd-analyze is not on this machine")

    def verify(paths: Sequence[Path]) -> str:
        words = [command, "verify", "--man=no", *map(str, paths)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    return verify


class FakeManager:
    """systemd's part, as far as the files allow to tell."""

    def __init__(self, folder: Path, *, runs: bool = True) -> None:
        self.folder = folder
        self.runs = runs
        self.enabled: set[str] = set()
        self.active: set[str] = set()

    def reload(self) -> None:
        if not self.runs:
            raise DeviceError("systemd does not run here", device="systemd")

    def enable(self, names: Sequence[str]) -> None:
        assert all((self.folder / name).is_file() for name in names)
        self.enabled.update(names)

    def start(self, names: Sequence[str]) -> None:
        self.active.update(names)

    def disable(self, names: Sequence[str]) -> None:
        self.enabled.difference_update(names)
        self.active.difference_update(names)

    def show(self, names: Sequence[str]) -> list[dict[str, str]]:
        return [
            {
                "Id": name,
                "LoadState": "loaded" if (self.folder / name).is_file() else "not-found",
                "UnitFileState": "enabled" if name in self.enabled else "disabled",
                "ActiveState": "active" if name in self.active else "inactive",
                "SubState": "running" if name in self.active else "dead",
                "Result": "success",
                "NRestarts": "0",
            }
            for name in names
        ]


def test_install_writes_enables_and_is_well(tmp_path: Path) -> None:
    manager = FakeManager(tmp_path)
    assert install(units(PLAIN), tmp_path, manager, start=True) == []
    assert manager.enabled == {"cameratrap-watch.service"} | {
        f"cameratrap-{name}.timer" for name in ("transmit", "alerts", "close-day")
    }
    assert all(state.ok for state in states(units(PLAIN), manager))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    install(units(PLAIN), tmp_path, manager, start=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_trap_that_became_gated_keeps_no_unit_of_before(tmp_path: Path) -> None:
    manager = FakeManager(tmp_path)
    install(units(PLAIN), tmp_path, manager, start=True)
    stale = install(units(GATED), tmp_path, manager)
    assert "cameratrap-watch.service" in stale
    assert installed(tmp_path) == ["cameratrap-wake.service"]
    assert manager.enabled == {"cameratrap-wake.service"}
    assert manager.active == set()


def test_uninstall_takes_ours_and_nothing_else(tmp_path: Path) -> None:
    manager = FakeManager(tmp_path)
    strange = tmp_path / "cameratrap-own.service"
    strange.write_text("[Unit]\n", encoding="utf-8")
    (tmp_path / "ssh.service").write_text(MARK, encoding="utf-8")
    install(units(PLAIN), tmp_path, manager)
    assert len(uninstall(tmp_path, manager)) == len(units(PLAIN))
    assert {path.name for path in tmp_path.iterdir()} == {"cameratrap-own.service", "ssh.service"}
    assert uninstall(tmp_path, manager) == []


def test_what_somebody_else_wrote_is_not_written_over(tmp_path: Path) -> None:
    strange = tmp_path / "cameratrap-transmit.service"
    strange.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="was not made by"):
        install(units(PLAIN), tmp_path, FakeManager(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"cameratrap-transmit.service"}


def test_where_systemd_does_not_run_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        install(units(PLAIN), tmp_path, FakeManager(tmp_path, runs=False))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "ok"),
    [
        ({}, True),
        ({"ActiveState": "failed", "Result": "watchdog"}, False),
        ({"ActiveState": "inactive"}, False),
        ({"ActiveState": "activating"}, True),
        ({"UnitFileState": "disabled"}, False),
        ({"LoadState": "not-found"}, False),
        ({"Result": "exit-code"}, False),
    ],
)
def test_a_unit_is_as_it_should_be_or_not(tmp_path: Path, change: dict[str, str], ok: bool) -> None:
    unit = Unit("cameratrap-watch.service", "", enable=True, start=True)
    manager = FakeManager(tmp_path)
    install([Unit(unit.name, MARK, enable=True, start=True)], tmp_path, manager, start=True)
    shown = [{**manager.show([unit.name])[0], **change}]
    manager.show = lambda _: shown  # type: ignore[method-assign]
    (state,) = states([unit], manager)
    assert state.ok is ok
