"""`doctor` on a trap: camera, sensor, battery and power as the configuration wires them, emulated at their edges."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cameratrap import wiring
from cameratrap.app.service_install import UnitState
from cameratrap.cli import run
from cameratrap.cli import service as cli_service
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.drivers import board, clock
from cameratrap.drivers.rtc_alarm import RtcAlarm
from cameratrap.errors import DeviceError
from cameratrap.ports import Frame, PowerReading, Trigger
from cameratrap.store.connection import open_store
from cameratrap.store.inbox import INBOX_FILE
from cameratrap.store.migrations import INBOX_MIGRATIONS

gpiozero = pytest.importorskip("gpiozero", reason="the PIR needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

TRAP = """
[trigger]
pin = 4
[lamp]
pin = 18
[battery]
gauge = "ina219"
chemistry = "lead-acid"
[power]
controller = "systemd"
"""
FIELD = ["camera", "lamp", "PIR", "latency", "battery", "power", "RTC", "service", "speed"]


class NightCamera:
    """The port Camera in the dark: what it sees is what the lamp lights."""

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        mean = 90 if profile.lamp else 10
        noise = np.random.default_rng(7).normal(mean, 20, (480, 640)).clip(0, 255).astype(np.uint8)
        stream = BytesIO()
        Image.fromarray(noise).save(stream, "JPEG")
        yield Frame(stream.getvalue(), trigger.at, monotonic_s=trigger.monotonic_s + 0.5)

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        pass


class Battery:
    def read(self) -> PowerReading:
        return PowerReading(12.7, 11.0)

    def close(self) -> None:
        pass


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A trap that is well; the command that looks it over."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cameratrap.toml").write_text(TRAP)
    (tmp_path / "card").mkdir()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    monkeypatch.setattr(wiring, "open_camera", lambda *_: NightCamera())
    monkeypatch.setattr(wiring, "open_gauge", lambda config: Battery() if config.battery.gauge != "none" else None)
    monkeypatch.setattr(RtcAlarm, "is_there", True)
    shows = datetime.now(UTC)
    monkeypatch.setattr(clock, "rtc_state", lambda: clock.RtcState(present=True, shows=shows))
    unit = UnitState("cameratrap-wake.service", True, "enabled", "inactive (dead)", "success", 0, True)
    monkeypatch.setattr(cli_service, "unit_states", lambda _: [unit])
    yield ["--data", "card", "doctor", "--no-modem", "--json"]
    gpiozero.Device.pin_factory.reset()


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    rows = {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    return {name: rows[name] for name in FIELD}


def test_a_trap_that_is_well(trap: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that is wired is looked at; it ends with exit status 0 and its pin free again."""
    assert run(trap) == 0
    found = states(capsys)
    assert {name: row["state"] for name, row in found.items()} == dict.fromkeys(FIELD, "ok")
    assert "90 with it, 1" in found["lamp"]["what"]
    assert "0.50 s after it was asked for; slow-trigger design" in found["latency"]["what"]
    assert found["battery"]["what"].startswith("12.70 V, 11 °C")
    gpiozero.DigitalInputDevice(4).close()


def test_a_gated_trap_without_an_alarm_is_status_1(trap: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It would be silent on each day without an animal."""
    Path("cameratrap.toml").write_text(TRAP + 'rtc = ""\n')
    assert run(trap) == 1
    assert states(capsys)["power"]["state"] == "fail"


def test_each_missing_device_is_a_finding_of_its_own(
    trap: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 4; a camera that is missing hides neither the sensor nor the battery."""

    def nothing(*_: object) -> NightCamera:
        raise DeviceError("there is no camera", device="camera")

    monkeypatch.setattr(wiring, "open_camera", nothing)
    taken = gpiozero.OutputDevice(4)
    assert run(trap) == 4
    taken.close()
    found = states(capsys)
    assert [found[name]["state"] for name in ("camera", "lamp", "PIR", "latency", "battery")] == [
        "fail", "fail", "fail", "skip", "ok",
    ]  # fmt: skip


def test_what_is_not_wired_is_skipped_with_its_reason(
    trap: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trap that is always on, by motion alone, without lamp and gauge."""
    Path("cameratrap.toml").write_text('[trigger]\nmode = "motion"\n')
    monkeypatch.setattr(clock, "rtc_state", lambda: clock.RtcState(present=False))
    monkeypatch.setattr(cli_service, "unit_states", lambda _: [])
    assert run(trap) == 1  # no service, no real-time clock
    found = states(capsys)
    assert {name for name, row in found.items() if row["state"] == "skip"} == {"lamp", "PIR", "battery", "power"}
    assert "lamp.pin" in found["lamp"]["what"]
    assert "always on" in found["latency"]["what"]


def test_a_running_watch_keeps_its_devices(trap: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor takes neither camera nor pin from it, and says why they were not looked at."""
    with Path("card/watch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run(trap) == 0
    found = states(capsys)
    assert [found[name]["state"] for name in ("camera", "lamp", "PIR", "battery")] == ["skip"] * 3 + ["ok"]
    assert "a running `watch`" in found["PIR"]["what"]


def test_a_card_in_a_raspberry_pi_is_a_trap_at_its_defaults(
    trap: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wired as the defaults say and nothing set, `watch` would run: so it is looked at, its modem too.

    The same card on a laptop has no camera beside it, and a receiver's folder needs none.
    """
    Path("cameratrap.toml").unlink()
    command = [word for word in trap if word != "--no-modem"]
    monkeypatch.setattr(board, "board_serial", lambda: "00000000deadbeef")
    assert run(command) == 4
    rows = {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (rows["camera"]["state"], rows["modem"]["state"]) == ("ok", "fail")
    assert "/dev/serial0" in rows["modem"]["what"]
    open_store(Path("card", INBOX_FILE), INBOX_MIGRATIONS, create=True).close()
    assert run(command) == 0
    assert {row["state"] for row in states(capsys).values()} == {"skip"}
    Path("card", INBOX_FILE).unlink()
    monkeypatch.setattr(board, "board_serial", lambda: "")
    assert run(command) == 0
    assert {row["state"] for row in states(capsys).values()} == {"skip"}
