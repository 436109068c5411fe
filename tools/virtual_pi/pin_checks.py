"""The project's pins on the real gpiozero and gpiod, over the kernel's simulated lines."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC
from pathlib import Path
from statistics import median
from typing import Any

import gpiod
from machine import LAMP_PIN, PIR_PIN, is_pulled_up, level, pull

from cameratrap.drivers.clock import SystemClock
from cameratrap.drivers.gpio import claim
from cameratrap.drivers.gpiod_pins import GpiodFactory
from cameratrap.drivers.pir import PirTriggers
from cameratrap.errors import DeviceError

EDGES, QUICK_EDGES = 20, 10_000


def _take(kind: str, pin: int, **options: Any) -> Any:
    """One of gpiozero's devices."""

    def make(gpiozero: Any) -> Any:
        return getattr(gpiozero, kind)(pin, **options)

    return claim(pin, make, device="check", what="the check's", key="check.pin")


def pir_edges() -> str:
    """Every edge arrives once, and nothing runs between them."""
    pull(PIR_PIN, up=False)
    delays = []
    with closing(PirTriggers(PIR_PIN, SystemClock(UTC), boot_id="virtual", settle_s=0)) as triggers:
        for _ in range(EDGES):
            begin = time.monotonic()
            pull(PIR_PIN, up=True)
            trigger = triggers.wait(5)
            assert trigger is not None, "an edge did not arrive"
            delays.append(trigger.monotonic_s - begin)
            pull(PIR_PIN, up=False)
            assert triggers.wait(0.05) is None, "a falling edge triggered"
    return f"{EDGES} edges, median {1000 * median(delays):.0f} ms from the line to the trigger"


def pulls() -> str:
    """An input is pulled as it was asked for, read through the line's outer side."""
    for up in (True, False):
        pull(PIR_PIN, up=not up)
        with closing(_take("DigitalInputDevice", PIR_PIN, pull_up=up)) as device:
            assert isinstance(device.pin_factory, GpiodFactory), device.pin_factory
            assert is_pulled_up(PIR_PIN) is up
            assert device.pin.state == up
    return "up and down"


def outputs() -> str:
    """An output has its level at once, changes it, and floats when it is given back; all of it a second time."""
    for first in (True, False):
        pull(LAMP_PIN, up=not first)
        with closing(_take("OutputDevice", LAMP_PIN, initial_value=first)) as pin:
            assert level(LAMP_PIN) == first
            pin.toggle()
            assert level(LAMP_PIN) == (not first)
            pin.toggle()
            assert level(LAMP_PIN) == first == pin.value
        assert level(LAMP_PIN) == (not first), "a closed output still drives the line"
    return "high and low, claimed, toggled, given back and claimed again"


def busy_line() -> str:
    """A line that another program has is refused with that program's name, and can be had afterwards."""
    chip = next(path for path in sorted(Path("/dev").glob("gpiochip*")) if gpiod.is_gpiochip_device(str(path)))
    other = gpiod.request_lines(str(chip), {LAMP_PIN: None}, consumer="fan-control")
    try:
        _take("LED", LAMP_PIN)
        raise AssertionError("a line was had twice")
    except DeviceError as error:
        told = str(error)
        assert "fan-control" in told, told
    finally:
        other.release()
    _take("LED", LAMP_PIN).close()
    return told


def quick_edges() -> str:
    """Edges faster than anybody reads them: none comes out of order, and the last one tells where the line is."""
    pull(PIR_PIN, up=False)
    seen: list[tuple[float, int]] = []

    def hear(ticks: float, state: int) -> None:
        seen.append((ticks, state))

    with closing(_take("DigitalInputDevice", PIR_PIN, pull_up=False)) as device:
        device.pin.when_changed = None
        device.pin.when_changed = hear
        begin = time.monotonic()
        for _ in range(QUICK_EDGES // 2):
            pull(PIR_PIN, up=True)
            pull(PIR_PIN, up=False)
        took_s = time.monotonic() - begin
        time.sleep(2)
    ticks = [each for each, _ in seen]
    assert seen, "none came"
    assert ticks == sorted(ticks), "out of order"
    assert begin <= ticks[0] <= ticks[-1] <= begin + took_s, "not the time of the edge"
    assert seen[-1][1] == 0, "the last one is not the last one"
    return f"{QUICK_EDGES} in {took_s:.1f} s, in order; the simulated line itself made {len(seen)} of them"
