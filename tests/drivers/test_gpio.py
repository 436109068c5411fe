"""Taking a pin: what lgpio, the library under gpiozero, does to the process and how its errors look."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("gpiozero", reason="pins need gpiozero")

from cameratrap.drivers.gpio import claim
from cameratrap.errors import DeviceError


def test_the_process_stays_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """lgpio moves into LG_WD when it is loaded; a card named by a relative path must stay the same card."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LG_WD", raising=False)
    seen: list[str] = []

    def load(_: object) -> str:
        os.chdir(os.environ["LG_WD"])
        seen.append(str(Path.cwd()))
        return "pin"

    assert claim(4, load, device="LED", what="the LED's", key="led.pin") == "pin"
    assert Path.cwd() == tmp_path
    assert seen != [str(tmp_path)]


def test_a_pin_that_another_program_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """lgpio says so with an exception of its own, which is no OSError."""
    lgpio = ModuleType("lgpio")
    lgpio.error = type("error", (Exception,), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lgpio", lgpio)

    def busy(_: object) -> None:
        raise lgpio.error("GPIO busy")

    with pytest.raises(DeviceError, match="GPIO busy") as caught:
        claim(4, busy, device="LED", what="the LED's", key="led.pin")
    assert "led.pin" in caught.value.hint
