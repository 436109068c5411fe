"""The power pin on gpiozero's own mock pins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the power pin needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.drivers import modem_power, rockblock_9602  # noqa: E402
from cameratrap.drivers.modem_power import OFF_S, ON_S, PowerPin  # noqa: E402
from cameratrap.drivers.rockblock_9602 import RockBlock9602  # noqa: E402
from cameratrap.errors import DeviceError  # noqa: E402
from cameratrap.replay.emulated_lines import PseudoTerminal, VirtualClock  # noqa: E402


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """Pins of no computer."""
    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


def test_the_pauses_between_on_and_off(pins: MockFactory) -> None:
    """More than 2 s off before on, at least 2 s on before off; switching twice the same way is nothing."""
    clock = VirtualClock()
    power = PowerPin(17, monotonic_s=clock, wait=lambda seconds: clock.advance_to(clock() + seconds))
    pin = pins.pin(17)
    assert pin.state == 0
    power.on()
    power.on()
    assert (pin.state, clock()) == (1, OFF_S)
    power.off()
    power.off()
    assert (pin.state, clock()) == (0, OFF_S + ON_S)
    clock.advance_to(clock() + 100)
    power.on()
    assert (pin.state, clock()) == (1, OFF_S + ON_S + 100)
    power.close()


def test_a_pin_in_use_is_named(pins: MockFactory) -> None:
    """Two devices on one pin are a fault of the wiring or the configuration."""
    power = PowerPin(17)
    with pytest.raises(DeviceError, match="power pin 17") as caught:
        PowerPin(17)
    assert "modem.power_pin" in caught.value.hint
    power.close()


def test_a_modem_that_stays_silent_gives_pin_and_port_back(pins: MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens it next finds both free, and the modem off."""
    monkeypatch.setattr(rockblock_9602, "FLUSH_S", 0.1)
    monkeypatch.setattr(modem_power, "ON_S", 0.1)
    monkeypatch.setattr(modem_power, "OFF_S", 0.1)
    with PseudoTerminal(Silent()) as terminal:
        for _ in range(2):
            with pytest.raises(DeviceError, match="does not answer"):
                RockBlock9602.open(terminal.port, power_pin=17, startup_s=0.2)
            assert pins.pin(17).state == 0


class Silent:
    """A device that says nothing."""

    wake_at_s = None

    def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
        return b""

    def time_passes(self, now_s: float) -> bytes:
        return b""


def test_a_computer_without_pins_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop, or a Pi without a library for its pins: no traceback and no warnings, but what to install."""
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "no-such-library")
    with pytest.raises(DeviceError, match="power pin 17") as caught:
        PowerPin(17)
    assert "gpiod" in caught.value.hint
