"""The PIR on gpiozero's own mock pins: the edges are real ones, in a thread that is not ours."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the PIR needs gpiozero")
from gpiozero.exc import BadPinFactory  # noqa: E402
from gpiozero.pins.mock import MockFactory, MockPin  # noqa: E402

from cameratrap.domain.capture import Incident  # noqa: E402
from cameratrap.domain.events import TriggerCause  # noqa: E402
from cameratrap.drivers.clock import SystemClock  # noqa: E402
from cameratrap.drivers.pir import QUEUE, STUCK_S, PirTriggers  # noqa: E402
from cameratrap.errors import DeviceError  # noqa: E402
from cameratrap.replay.clock import ReplayClock  # noqa: E402

START = datetime(2027, 3, 20, 12, tzinfo=UTC)
PIN = 4


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """Pins of no computer."""
    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


class DrivenPin(MockPin):  # type: ignore[misc]
    """A pin that a sensor drives: the pull resistor does not change its level, which the mock's does."""

    def _set_pull(self, value: str) -> None:
        self._pull = value


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(START)


def pass_s(clock: ReplayClock, seconds: float) -> None:
    clock.set(clock.now() + timedelta(seconds=seconds))


def test_a_rising_edge_is_a_trigger_with_the_time_of_the_edge(pins: MockFactory, clock: ReplayClock) -> None:
    """Not the time at which somebody came to look; each edge has a key of its own."""
    pir = PirTriggers(PIN, clock, boot_id="boot", settle_s=0)
    pass_s(clock, 1.5)
    pins.pin(PIN).drive_high()
    pass_s(clock, 4)
    pins.pin(PIN).drive_low()
    pass_s(clock, 4)
    pins.pin(PIN).drive_high()
    first, second = pir.wait(0), pir.wait(0)
    assert first is not None
    assert second is not None
    assert (first.at, first.monotonic_s, first.cause) == (START + timedelta(seconds=1.5), 1.5, TriggerCause.PIR)
    assert second.monotonic_s == 9.5
    assert first.key == "boot:1500000000:pir" != second.key
    assert pir.wait(0) is None
    pir.close()


def test_however_long_it_is_high_it_is_one_trigger(pins: MockFactory, clock: ReplayClock) -> None:
    """A module holds its output for seconds; for how long is known while it does and afterwards."""
    pir = PirTriggers(PIN, clock, boot_id="boot", settle_s=0)
    assert pir.held_s is None
    pins.pin(PIN).drive_high()
    pass_s(clock, 8)
    assert (pir.is_high, pir.held_s) == (True, 8)
    pins.pin(PIN).drive_low()
    pass_s(clock, 100)
    assert (pir.is_high, pir.held_s) == (False, 8)
    assert pir.wait(0) is not None
    assert pir.wait(0) is None
    pir.close()


def test_while_the_sensor_settles_its_edges_are_counted_and_no_triggers(pins: MockFactory, clock: ReplayClock) -> None:
    """The minute is that of the boot, not of this program: a service that is restarted later misses nothing."""
    pir = PirTriggers(PIN, clock, boot_id="boot", settle_s=60)
    for _ in range(3):
        pins.pin(PIN).drive_high()
        pass_s(clock, 15)
        pins.pin(PIN).drive_low()
    assert pir.wait(0) is None
    assert pir.suppressed() == {"settling": 3}
    assert pir.suppressed() == {}
    pir.close()
    pass_s(clock, 20)
    pir = PirTriggers(PIN, clock, boot_id="boot", settle_s=60)
    pins.pin(PIN).drive_high()
    assert pir.wait(0) is not None
    pir.close()


@pytest.mark.parametrize("from_the_start", [False, True])
def test_an_output_that_sticks_is_an_incident(pins: MockFactory, clock: ReplayClock, from_the_start: bool) -> None:
    """It triggers nothing any more, which looks like a quiet night: told once, and once more when it works again."""
    pin = pins.pin(PIN, pin_class=DrivenPin)
    if from_the_start:
        pin.drive_high()
    pir = PirTriggers(PIN, clock, boot_id="boot", settle_s=0)
    if not from_the_start:
        pin.drive_high()
        assert pir.wait(0) is not None
    assert pir.wait(0) is None
    pass_s(clock, STUCK_S - 1)
    assert pir.incidents() == ()
    pass_s(clock, 1)
    (told,) = pir.incidents()
    assert (told.device, told.recovered, told.monotonic_s) == ("pir", False, STUCK_S)
    assert pir.incidents() == ()
    pass_s(clock, 50)
    pin.drive_low()
    assert pir.incidents() == (Incident("pir", "low again", STUCK_S + 50, recovered=True),)
    pir.close()


def test_a_burst_of_ten_thousand_edges_is_bounded_and_counted(pins: MockFactory) -> None:
    """A loose contact fills no memory; the first edges stand, and the sum is right."""
    pir = PirTriggers(PIN, SystemClock(), boot_id="boot", settle_s=0)

    def shake() -> None:
        for _ in range(10_000):
            pins.pin(PIN).drive_high()
            pins.pin(PIN).drive_low()

    thread = threading.Thread(target=shake)
    thread.start()
    thread.join()
    taken = []
    while (trigger := pir.wait(0)) is not None:
        taken.append(trigger)
    assert len(taken) == QUEUE
    assert len({trigger.key for trigger in taken}) == QUEUE
    assert pir.suppressed() == {"queue": 10_000 - QUEUE}
    pir.close()


def test_whoever_waits_is_woken_by_the_edge_alone(pins: MockFactory) -> None:
    """An edge from another thread ends the wait at once; without one the wait takes its time and no processor."""
    pir = PirTriggers(PIN, SystemClock(), boot_id="boot", settle_s=0)
    timer = threading.Timer(0.2, pins.pin(PIN).drive_high)
    timer.start()
    trigger = pir.wait(10)
    now_s = time.monotonic()
    timer.join()
    assert trigger is not None
    assert now_s - trigger.monotonic_s < 0.5
    cpu_s = time.process_time()
    assert pir.wait(0.5) is None
    assert time.process_time() - cpu_s < 0.05
    pir.close()


def test_a_closed_one_gives_its_pin_back_and_hears_nothing(pins: MockFactory, clock: ReplayClock) -> None:
    """Closing twice is no mistake."""
    pir = PirTriggers(PIN, clock, boot_id="boot", settle_s=0)
    pir.close()
    pir.close()
    pins.pin(PIN).drive_high()
    assert pir.wait(0) is None
    PirTriggers(PIN, clock, boot_id="boot").close()


def test_a_pin_that_cannot_be_had_is_named(pins: MockFactory, clock: ReplayClock) -> None:
    """Taken by something else, or no pin at all: the hint names the key."""
    pir = PirTriggers(PIN, clock, boot_id="boot")
    for pin in (PIN, 60):
        with pytest.raises(DeviceError, match=f"pin {pin}") as caught:
            PirTriggers(pin, clock, boot_id="boot")
        assert caught.value.device == "PIR"
        assert "trigger.pin" in caught.value.hint
    pir.close()


def test_a_computer_without_pins_is_said(clock: ReplayClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop, or a Pi without gpiod: what to install, not a mock."""

    def no_factory(*_: object, **__: object) -> None:
        raise BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(gpiozero, "DigitalInputDevice", no_factory)
    with pytest.raises(DeviceError, match="default pin factory") as caught:
        PirTriggers(PIN, clock, boot_id="boot")
    assert "gpiod" in caught.value.hint
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(DeviceError) as caught:
        PirTriggers(PIN, clock, boot_id="boot")
    assert "gpiozero" in caught.value.hint
