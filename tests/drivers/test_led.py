"""The LED on gpiozero's own mock pins: a person can count what it says."""

from __future__ import annotations

import time

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the LED needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.drivers.led import Led  # noqa: E402
from cameratrap.errors import DeviceError  # noqa: E402


def test_it_flashes_as_often_as_it_is_told_and_is_dark_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keeping whoever tells it; closing it puts it out and gives the pin back."""
    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    led = Led(27)
    pin = gpiozero.Device.pin_factory.pin(27)
    began_s = time.monotonic()
    led.flash(2)
    assert time.monotonic() - began_s < 0.1
    while sum(state.state for state in pin.states) < 2 or pin.state:
        assert time.monotonic() - began_s < 5
        time.sleep(0.02)
    time.sleep(0.3)
    assert sum(state.state for state in pin.states) == 2
    led.flash(1000)
    with pytest.raises(DeviceError, match="the LED's pin 27") as caught:
        Led(27)
    assert "led.pin" in caught.value.hint
    led.close()
    assert not pin.state
    Led(27).close()
