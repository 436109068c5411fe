"""The 9704 for real: the driver, the maker's library in its process, pseudo-terminals, and an emulated modem."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cameratrap.drivers.rockblock_9704 import RockBlock9704
from cameratrap.drivers.serial_port import SerialPort
from cameratrap.errors import DeviceError
from cameratrap.ports import SendStatus
from cameratrap.replay.emulated_lines import PseudoTerminal
from cameratrap.replay.jspr_emulator import JsprEmulator
from cameratrap.replay.jspr_messages import JsprPlan

PAYLOAD = b"\x00\r\nmo_ack_received\r299 \xff" * 8
DEADLINE_S = 10.0

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("rockblock9704") is None,
    reason="needs the maker's library: pip install 'cameratrap[rockblock9704]'",
)


class Rig:
    """A link to an emulated modem, and what reached the gateway."""

    def __init__(self, modem: JsprEmulator, delivered: list[bytes], port: str) -> None:
        self.modem = modem
        self.delivered = delivered
        self.port = port
        self.link = RockBlock9704(SerialPort(port, baud=230400), device=port, listen_s=1.0)


@contextmanager
def rig(*plans: JsprPlan, **options: object) -> Iterator[Rig]:
    delivered: list[bytes] = []
    modem = JsprEmulator(lambda message: delivered.append(message.payload), plans=plans, **options)  # type: ignore[arg-type]
    with PseudoTerminal(modem) as terminal:
        built = Rig(modem, delivered, terminal.port)
        try:
            yield built
        finally:
            built.link.close()


@needs_library
def test_any_bytes_in_segments_after_a_malformed_first_line() -> None:
    """What lies on the line after power-up costs one refused request, and a payload may be asked for in pieces."""
    with rig(segment_bytes=50, first_malformed=True) as site:
        result = site.link.send(PAYLOAD, deadline_s=DEADLINE_S)
    assert (result.status, result.uncertain, result.fault, result.signal) == (SendStatus.SENT, False, "", 4)
    assert site.delivered == [PAYLOAD]
    assert sum(request.target == "messageOriginateSegment" for request in site.modem.requests) > 1


@needs_library
def test_trap_19_an_acknowledgement_after_the_cancel_is_a_success() -> None:
    """The deadline cancels the message; the modem answers that it was sent, and it was."""
    with rig(JsprPlan(answers=False, on_cancel="mo_ack_received", cancel_takes_s=0.1)) as site:
        site.link.signal(deadline_s=DEADLINE_S)
        result = site.link.send(PAYLOAD, deadline_s=1.5)
    assert (result.status, result.uncertain) == (SendStatus.SENT, False)
    assert site.delivered == [PAYLOAD]


@needs_library
@pytest.mark.parametrize(
    ("word", "uncertain"), [("message_cancelled_pre_transit", False), ("message_cancelled_in_transit", True)]
)
def test_trap_19_a_confirmed_cancel_tells_whether_anything_was_transmitted(word: str, uncertain: bool) -> None:
    """Cancelled before it was transmitted is certain; cancelled while it was is not."""
    with rig(JsprPlan(answers=False, on_cancel=word)) as site:
        site.link.signal(deadline_s=DEADLINE_S)
        result = site.link.send(PAYLOAD, deadline_s=1.0)
    assert (result.status, result.uncertain) == (SendStatus.RETRY, uncertain)
    assert word in result.detail
    cancels = [request for request in site.modem.requests if request.target == "messageOriginateStatus"]
    assert [(request.number("topic_id"), request.number("message_id")) for request in cancels] == [(244, 0)]


@needs_library
def test_trap_19_a_message_nobody_told_the_end_of_does_not_stop_the_next() -> None:
    """A cancel without an answer is uncertain. The library would refuse all later messages, unsent; a new one sends."""
    with rig(JsprPlan(answers=False, delivers=True, on_cancel="")) as site:
        site.link.signal(deadline_s=DEADLINE_S)
        result = site.link.send(b"first", deadline_s=1.0)
        assert (result.status, result.uncertain) == (SendStatus.RETRY, True)
        assert site.link.send(b"second", deadline_s=DEADLINE_S).status is SendStatus.SENT
    assert site.delivered == [b"first", b"second"]


@needs_library
@pytest.mark.parametrize("word", ["network_errr", "a_word_of_a_later_firmware", ""])
def test_a_word_nobody_knows_is_no_success(word: str) -> None:
    """The library reports one, new or damaged on the line, as sent. Here only the modem's acknowledgement is one."""
    with rig(JsprPlan(), JsprPlan(word)) as site:
        assert site.link.send(b"first", deadline_s=DEADLINE_S).status is SendStatus.SENT
        result = site.link.send(b"second", deadline_s=DEADLINE_S)
    assert (result.status, result.uncertain) == (SendStatus.RETRY, True)
    assert site.delivered == [b"first"]


@needs_library
@pytest.mark.parametrize("word", ["subscription_invalid", "message_discarded_on_overflow"])
def test_a_refused_message_is_certain_and_does_not_stop_the_next(word: str) -> None:
    """The modem answers with code 200 that it did not take it, for which the library would wait for ever."""
    with rig(JsprPlan(response=word)) as site:
        result = site.link.send(b"first", deadline_s=DEADLINE_S)
        assert (result.status, result.uncertain) == (SendStatus.RETRY, False)
        assert (result.retry_after_s or 0) >= 3600
        assert word in result.detail
        assert site.link.send(b"second", deadline_s=DEADLINE_S).status is SendStatus.SENT
    assert site.delivered == [b"second"]


@needs_library
def test_before_its_first_provisioning() -> None:
    """It says how long that takes and under what; once it is done, the same link sends."""
    with rig(topics={}) as site:
        result = site.link.send(b"x", deadline_s=DEADLINE_S)
        assert (result.status, result.fault, result.retry_after_s) == (SendStatus.RETRY, "account", 1800)
        assert "under open sky" in result.detail
        site.modem.topics[244] = "RAW"
        assert site.link.send(b"x", deadline_s=DEADLINE_S).status is SendStatus.SENT


@pytest.mark.slow
@needs_library
def test_messages_to_the_trap_that_come_while_the_library_begins() -> None:
    """The library forgets them; they come back all the same, byte for byte, without a credit."""
    with rig(mt_queue=[b"\x00first\r", b"second"]) as site:
        results = [site.link.check_mailbox(deadline_s=DEADLINE_S) for _ in range(3)]
    assert [message for result in results for message in result.received] == [b"\x00first\r", b"second"]
    assert [result.waiting for result in results] == [0, 0, 0]
    assert "nothing came in" in results[-1].detail
    assert site.delivered == []


@pytest.mark.slow
@needs_library
def test_a_modem_that_is_switched_off_is_silent_and_named_in_time() -> None:
    """Nothing at all within the deadline is a missing device."""
    with rig(silent=["apiVersion"]) as site:
        begun_s = time.monotonic()
        with pytest.raises(DeviceError, match="does not answer") as caught:
            site.link.send(b"x", deadline_s=1.0)
        assert time.monotonic() - begun_s < 5
    assert caught.value.device == site.port
    assert "powered" in caught.value.hint


@pytest.mark.slow
@needs_library
def test_a_modem_that_stops_on_the_way_is_named_with_its_last_words() -> None:
    """One that answers, but never becomes ready, is no silent one."""
    with rig(silent=["simConfig"]) as site, pytest.raises(DeviceError, match="apiVersion") as caught:
        site.link.imei(deadline_s=2.5)
    assert "ready" in caught.value.what


@pytest.mark.slow
@needs_library
def test_a_modem_that_tells_nothing_of_itself_still_sends() -> None:
    """Signal and hardware are read when offered and never needed."""
    with rig(silent=["hwInfo", "constellationState"]) as site:
        result = site.link.send(b"x", deadline_s=DEADLINE_S)
        with pytest.raises(DeviceError, match="IMEI"):
            site.link.imei(deadline_s=DEADLINE_S)
    assert (result.status, result.signal) == (SendStatus.SENT, None)


@needs_library
def test_a_line_that_breaks_in_the_middle_is_uncertain() -> None:
    """Once the modem asked for the message it may have it; before, the same break is a missing device."""
    with PseudoTerminal(JsprEmulator([].append)) as terminal:
        link = RockBlock9704(BreakingLine(SerialPort(terminal.port, baud=230400), b"messageOriginateSegment"))
        result = link.send(b"x", deadline_s=DEADLINE_S)
        assert (result.status, result.uncertain, result.fault) == (SendStatus.RETRY, True, "hardware")
        with pytest.raises(DeviceError, match="pulled out"):
            link.send(b"x", deadline_s=DEADLINE_S)
        link.close()


@needs_library
def test_every_message_that_came_is_handed_on_although_the_send_failed() -> None:
    """The network holds them no more, and nothing is known to wait: there may be no later session to bring them."""
    with rig(JsprPlan(answers=False, on_cancel=""), mt_queue=[b"first", b"second", b"third"]) as site:
        result = site.link.send(b"x", deadline_s=2.5)
    assert (result.status, result.received) == (SendStatus.RETRY, (b"first", b"second", b"third"))


@needs_library
def test_what_came_before_the_line_broke_is_handed_on() -> None:
    """A missing modem is then a result; with nothing to hand on it is an error as ever."""
    with PseudoTerminal(JsprEmulator(lambda _: None, mt_queue=[b"sleep"])) as terminal:
        link = RockBlock9704(BreakingLine(SerialPort(terminal.port, baud=230400), b"200 constellationState"))
        result = link.send(b"x", deadline_s=DEADLINE_S)
        assert (result.status, result.uncertain, result.fault) == (SendStatus.RETRY, False, "hardware")
        assert (result.received, "pulled out" in result.detail) == ((b"sleep",), True)
        with pytest.raises(DeviceError, match="pulled out"):
            link.send(b"x", deadline_s=DEADLINE_S)
        link.close()


class BreakingLine:
    """A serial line that is gone once the modem has said ``last_words``."""

    def __init__(self, line: SerialPort, last_words: bytes) -> None:
        self._line = line
        self._last_words = last_words
        self._said = b""

    def write(self, data: bytes) -> None:
        self._line.write(data)

    def read(self, timeout_s: float) -> bytes:
        if self._last_words in self._said:
            raise DeviceError("the cable was pulled out", device="line")
        arrived = self._line.read(timeout_s)
        self._said += arrived
        return arrived

    def close(self) -> None:
        self._line.close()


class LossyLine:
    """A serial line that loses a byte now and then, in both directions."""

    def __init__(self, line: SerialPort, seed: int, rate: float) -> None:
        self._line = line
        self._random = random.Random(seed)
        self._rate = rate

    def write(self, data: bytes) -> None:
        self._line.write(self._lossy(data))

    def read(self, timeout_s: float) -> bytes:
        return self._lossy(self._line.read(timeout_s))

    def close(self) -> None:
        self._line.close()

    def _lossy(self, data: bytes) -> bytes:
        return bytes(byte for byte in data if self._random.random() >= self._rate)


@needs_library
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_loss_makes_a_false_claim(seed: int) -> None:
    """Whatever bytes are lost: every call ends in time, "sent" is said only of what is at the gateway, and a failure
    that is said to be certain delivered nothing.
    """
    plans = [JsprPlan(), JsprPlan("network_error", delivers=True), JsprPlan(), JsprPlan("message_expired")]
    delivered: list[bytes] = []
    modem = JsprEmulator(lambda message: delivered.append(message.payload), plans=plans)
    with PseudoTerminal(modem) as terminal:
        link = RockBlock9704(LossyLine(SerialPort(terminal.port, baud=230400), seed, rate=0.0005 * (1 + seed % 4)))
        for number in range(6):
            payload = bytes([number]) * 20
            begun_s = time.monotonic()
            try:
                result = link.send(payload, deadline_s=3)
            except DeviceError:
                assert payload not in delivered
            else:
                if result.status is SendStatus.SENT:
                    assert delivered.count(payload) == 1
                elif not result.uncertain:
                    assert payload not in delivered
            assert time.monotonic() - begun_s < 5
        link.close()


@needs_library
def test_a_library_that_hangs_is_ended_at_the_deadline() -> None:
    """It never returns from a call whose port is gone; whatever it does, the call here ends, and the next one works."""
    with rig() as site:
        assert site.link.signal(deadline_s=DEADLINE_S) == 4
        process = site.link._library._process  # type: ignore[union-attr]
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(DeviceError, match="did not return"):
            site.link.signal(deadline_s=0.5)
        assert process.returncode == -signal.SIGKILL
        assert site.link.send(b"x", deadline_s=DEADLINE_S).status is SendStatus.SENT


@needs_library
def test_a_library_that_crashes_is_started_again() -> None:
    """Its end is told; the next call begins anew."""
    with rig() as site:
        site.link.signal(deadline_s=DEADLINE_S)
        os.kill(site.link._library._process.pid, signal.SIGSEGV)  # type: ignore[union-attr]
        with pytest.raises(DeviceError, match="ended by itself"):
            site.link.signal(deadline_s=DEADLINE_S)
        assert site.link.signal(deadline_s=DEADLINE_S) == 4


@needs_library
def test_the_power_line_is_switched_around_the_use() -> None:
    """On before the first word, off at the end, once."""
    said: list[str] = []

    class Switch:
        def on(self) -> None:
            said.append("on")

        def off(self) -> None:
            said.append("off")

        def close(self) -> None:
            said.append("close")

    with PseudoTerminal(JsprEmulator([].append)) as terminal:
        link = RockBlock9704(SerialPort(terminal.port, baud=230400), power=Switch())
        link.signal(deadline_s=DEADLINE_S)
        link.close()
        link.close()
    assert said == ["on", "off", "close"]


def test_a_missing_library_is_a_missing_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to install it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with PseudoTerminal(JsprEmulator([].append)) as terminal:
        link = RockBlock9704.open(terminal.port)
        with pytest.raises(DeviceError, match="not installed") as caught:
            link.send(b"x", deadline_s=DEADLINE_S)
        link.close()
    assert "cameratrap[rockblock9704]" in caught.value.hint
    assert caught.value.device == terminal.port
