"""gpiozero's devices on our pins over a stand-in for gpiod's chip: edges, levels, and a process that sleeps between."""

from __future__ import annotations

import errno
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gpiozero", reason="pins need gpiozero")
pytest.importorskip("gpiod.line", reason="these pins need gpiod 2")
import gpiod
from gpiod.line import Bias, Edge
from gpiozero import LED, Device, DigitalInputDevice, OutputDevice, exc

from cameratrap.drivers import gpiod_pins
from cameratrap.drivers.gpio import claim
from cameratrap.errors import DeviceError
from tests.fake_gpiod import Board, Request

PIN = 4


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """A Raspberry Pi 4 with two chips; whatever was claimed on it is given back at the end."""
    board = Board()
    (tmp_path / "gpiochip0").write_text("pinctrl-bcm2711", encoding="ascii")
    (tmp_path / "gpiochip1").write_text("raspberrypi-exp-gpio", encoding="ascii")
    monkeypatch.setattr(gpiod_pins, "DEVICES", tmp_path)
    monkeypatch.setattr(gpiod, "Chip", board.chip)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0xC03115)
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    yield board
    for _ in range(2):  # gpiozero does so at the end of the program, whoever has done it before
        if Device.pin_factory is not None:
            Device.pin_factory.close()
    assert not [line for line in board.lines if line.request is not None]
    assert "gpio edges" not in {thread.name for thread in threading.enumerate()}


def take(make: Callable[[Any], Any], pin: int = PIN) -> Any:
    return claim(pin, make, device="PIR", what="the PIR's", key="trigger.pin")


def pir() -> DigitalInputDevice:
    return take(lambda gpiozero: gpiozero.DigitalInputDevice(PIN, pull_up=False))


def request(board: Board, pin: int = PIN) -> Request:
    claimed = board.lines[pin].request
    assert claimed is not None
    return claimed


def until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end_s, "it does not come"
        time.sleep(0.005)


@pytest.mark.parametrize("label", ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"])
def test_the_chip_is_found_by_its_label(board: Board, tmp_path: Path, label: str) -> None:
    """The header's chip has another number on each model, and with each kernel."""
    (tmp_path / "gpiochip0").write_text("raspberrypi-exp-gpio", encoding="ascii")
    assert gpiod_pins.find_chip() is None
    (tmp_path / "gpiochip4").write_text(label, encoding="ascii")
    assert gpiod_pins.find_chip() == tmp_path / "gpiochip4"


def test_pins_that_were_chosen_stand(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever set a factory, and by the environment; else ours are taken, once."""
    take(lambda gpiozero: gpiozero.OutputDevice(18)).close()
    ours = Device.pin_factory
    assert isinstance(ours, gpiod_pins.GpiodFactory)
    take(lambda gpiozero: gpiozero.OutputDevice(18)).close()
    assert Device.pin_factory is ours
    ours.close()
    Device.pin_factory = None
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    take(lambda gpiozero: gpiozero.OutputDevice(18)).close()
    assert type(Device.pin_factory).__name__ == "MockFactory"


def test_edges_come_in_order_with_the_kernels_time(board: Board) -> None:
    """A thousand quick ones, each once; ticks are those of gpiozero's clock, in seconds."""
    device = pir()
    seen: list[tuple[float, int]] = []

    def hear(ticks: float, state: int) -> None:
        seen.append((ticks, state))

    device.pin.when_changed = None
    device.pin.when_changed = hear
    for number in range(1000):
        request(board).edge(number % 2, at_ns=1_000_000_000 + number)
    until(lambda: len(seen) == 1000)
    assert [state for _, state in seen] == [0, 1] * 500
    assert [round(ticks * 1e9) for ticks, _ in seen] == [1_000_000_000 + number for number in range(1000)]
    assert board.buffer_sizes == [1024], "the kernel keeps few edges where it is not told to keep more"
    device.close()


def test_a_device_is_told_of_both_edges(board: Board) -> None:
    """What the PIR's driver builds on."""
    board.lines[PIN].driven = 0
    device, told = pir(), []
    device.when_activated = lambda: told.append(True)
    device.when_deactivated = lambda: told.append(False)
    for level in (1, 0, 1):
        request(board).edge(level)
    until(lambda: len(told) == 3)
    assert told == [True, False, True]
    assert device.is_active
    device.close()


def test_the_thread_sleeps_between_edges(board: Board) -> None:
    """It is blocked in the kernel: not woken once while nothing happens."""
    device = pir()
    request(board).edge(1)
    until(lambda: device.active_time is not None)
    (thread,) = (each for each in threading.enumerate() if each.name == "gpio edges")

    def woken() -> str:
        status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii")
        return re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[0]

    time.sleep(0.1)
    before = woken()
    time.sleep(0.5)
    assert woken() == before
    device.close()


@pytest.mark.parametrize(
    ("pull_up", "bias", "level"),
    [(False, Bias.PULL_DOWN, 0), (True, Bias.PULL_UP, 1), (None, Bias.DISABLED, 0)],
)
def test_an_input_is_pulled_as_asked(board: Board, pull_up: bool | None, bias: Bias, level: int) -> None:
    """A wire that fell off reads as the pull says."""
    active = True if pull_up is None else None
    device = take(lambda gpiozero: gpiozero.DigitalInputDevice(PIN, pull_up=pull_up, active_state=active))
    assert board.lines[PIN].settings.bias is bias
    assert device.pin.state == level
    assert device.pull_up is pull_up
    device.close()


@pytest.mark.parametrize("level", [False, True])
def test_an_output_is_at_its_level_from_the_first_moment(board: Board, level: bool) -> None:
    """A pin that cuts the power must not twitch when it is claimed."""
    board.lines[PIN].level = int(not level)
    device = take(lambda gpiozero: gpiozero.OutputDevice(PIN, initial_value=level))
    assert board.lines[PIN].outputs == [level]
    device.toggle()
    assert board.lines[PIN].outputs == [level, not level]
    assert device.value == (not level)
    device.close()


def test_an_output_without_an_initial_value_stays_where_it_is(board: Board) -> None:
    """As gpiozero has it; the kernel would make it low."""
    board.lines[PIN].is_output, board.lines[PIN].level = True, 1
    device = take(lambda gpiozero: gpiozero.OutputDevice(PIN, initial_value=None))
    assert set(board.lines[PIN].outputs) == {1}
    assert device.value == 1
    device.close()


def test_a_closed_output_floats_and_is_free(board: Board) -> None:
    """Some kernels leave a freed output at its level: the modem would stay on. Opened again it works again."""
    for _ in range(2):
        device = take(lambda gpiozero: gpiozero.OutputDevice(PIN, initial_value=True))
        assert board.lines[PIN].value() == 1
        device.close()
        assert not board.lines[PIN].is_output
        assert board.lines[PIN].settings.bias is Bias.DISABLED
        assert board.lines[PIN].request is None


def test_an_led_flashes(board: Board) -> None:
    """gpiozero's own thread for it, and no PWM."""
    led: LED = take(lambda gpiozero: gpiozero.LED(PIN))
    led.blink(on_time=0.01, off_time=0.01, n=2, background=False)
    assert board.lines[PIN].outputs == [0, 1, 0, 1, 0]
    led.close()


def test_a_line_that_another_program_has_is_named_with_it(board: Board) -> None:
    """And it can be had once the other has let go."""
    board.lines[PIN].user = "fan-control"
    with pytest.raises(DeviceError, match="pin 4 cannot be used") as caught:
        pir()
    assert "fan-control" in caught.value.why
    assert caught.value.exit_status == 4
    board.lines[PIN].user = ""
    pir().close()


def test_a_chip_that_the_user_may_not_open(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group is named."""

    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(gpiod, "Chip", refuse)
    with pytest.raises(DeviceError, match="pin 4 cannot be used") as caught:
        pir()
    assert "gpiochip0" in caught.value.why
    assert "gpio" in caught.value.hint


def test_a_short_bounce_is_filtered_by_the_kernel(board: Board) -> None:
    device = take(lambda gpiozero: gpiozero.DigitalInputDevice(PIN, bounce_time=0.025))
    assert board.lines[PIN].settings.debounce_period == timedelta(milliseconds=25)
    assert device.pin.bounce == 0.025
    device.close()
    assert pir().pin.bounce is None


@pytest.mark.parametrize("edges", ["rising", "falling", "none"])
def test_only_the_edges_that_are_wanted_come(board: Board, edges: str) -> None:
    device, seen = pir(), []

    def hear(_: float, state: int) -> None:
        seen.append(state)

    device.pin.when_changed = None
    device.pin.edges = edges
    device.pin.when_changed = hear
    for level in (1, 0, 1, 0):
        request(board).edge(level)
    device.pin.edges = "both"
    request(board).edge(1)
    wanted = {"rising": [1, 1, 1], "falling": [0, 0, 1], "none": [1]}[edges]
    until(lambda: len(seen) == len(wanted))
    assert seen == wanted
    device.close()


def test_what_nobody_heard_is_not_told_to_the_next(board: Board) -> None:
    """An edge from before somebody listens is no edge for him."""
    device, seen = pir(), []

    def hear(ticks: float, _: int) -> None:
        seen.append(ticks)

    with Device.pin_factory.lock:  # nothing is read meanwhile
        request(board).edge(1, at_ns=1_000_000_000)
        device.pin.when_changed = None
        device.pin.when_changed = hear
    request(board).edge(0, at_ns=2_000_000_000)
    until(lambda: seen)
    assert seen == [2.0]
    device.close()


def test_a_listener_that_fails_deafens_nobody(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of as of a thread that fails, and the next edge comes all the same."""
    failed: list[type[BaseException] | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda found: failed.append(found.exc_type))
    device = pir()
    device.when_activated = lambda: 1 / 0
    for level in (1, 0, 1):
        request(board).edge(level)
    until(lambda: len(failed) == 2)
    assert failed == [ZeroDivisionError] * 2
    device.close()


def test_a_line_that_cannot_be_read_any_more_is_left_alone(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its descriptor would be reported for ever; the other pins go on."""
    failed: list[type[BaseException] | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda found: failed.append(found.exc_type))
    broken, told = pir(), threading.Event()
    works = take(lambda gpiozero: gpiozero.DigitalInputDevice(17), 17)
    works.when_activated = told.set
    request(board).refusal = OSError(errno.ENODEV, "No such device")
    request(board).edge(1)
    until(lambda: failed)
    request(board, 17).edge(1)
    assert told.wait(5)
    time.sleep(0.05)
    assert failed == [OSError]
    request(board).refusal = None
    broken.close()
    works.close()


def test_a_listener_that_is_gone_is_waited_for_no_longer(board: Board) -> None:
    """gpiozero holds listeners weakly."""
    device = pir()

    class Listener:
        def hear(self, ticks: float, state: int) -> None: ...

    listener = Listener()
    device.pin.when_changed = None
    device.pin.when_changed = listener.hear
    del listener
    request(board).edge(1)
    until(lambda: board.lines[PIN].settings.edge_detection is Edge.NONE)
    device.close()


def test_what_makes_no_sense_is_refused(board: Board) -> None:
    """With gpiozero's own exceptions, before the line is touched."""
    into = pir()
    out: OutputDevice = take(lambda gpiozero: gpiozero.OutputDevice(18), 18)
    with pytest.raises(exc.PinFixedPull, match="non-input"):
        out.pin.pull = "up"
    with pytest.raises(exc.PinSetInput):
        into.pin.state = 1
    with pytest.raises(exc.PinInvalidPull):
        into.pin.pull = "sideways"
    with pytest.raises(exc.PinInvalidFunction):
        into.pin.function = "alt5"
    with pytest.raises(exc.PinInvalidEdges):
        into.pin.edges = "sharp"
    with pytest.raises(exc.PinInvalidBounce):
        into.pin.bounce = -1
    with pytest.raises(exc.PinPWMUnsupported):
        out.pin.frequency = 50
    with pytest.raises(DeviceError, match="pin 2 cannot be used") as caught:
        take(lambda gpiozero: gpiozero.DigitalInputDevice(2, pull_up=False), 2)
    assert "physical pull-up" in caught.value.why
    out.close()
    into.close()
