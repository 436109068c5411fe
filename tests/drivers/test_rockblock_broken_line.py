"""The serial line breaks and comes back, or does not; the modem is switched on and off."""

from __future__ import annotations

import pytest

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.errors import DeviceError
from cameratrap.ports import SendStatus
from cameratrap.replay.emulated_lines import MemoryLine, VirtualClock
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan
from tests.rockblock_rig import PAYLOAD, Rig

MISSING = DeviceError("not there", device="memory line")


def _pulled(rig: Rig, after: int, *, gone_for: int, power_lost: bool = False) -> RockBlock9602:
    """A link whose line breaks after so many bytes, and is back when it was opened ``gone_for`` times in vain."""
    first = MemoryLine(rig.modem, rig.clock, breaks_after=after)
    tries = iter(range(1000))

    def reopen() -> MemoryLine:
        if next(tries) < gone_for:
            raise MISSING
        if power_lost:
            rig.modem.power_cycle()
        return MemoryLine(rig.modem, rig.clock)

    def wait(seconds: float) -> None:
        rig.clock.advance_to(rig.clock() + seconds)

    return RockBlock9602(first, reopen=reopen, monotonic_s=rig.clock, wait=wait)


@pytest.mark.parametrize("power_lost", [False, True])
@pytest.mark.parametrize("after", range(0, 420, 7))
def test_a_cable_that_comes_back_at_any_byte(after: int, power_lost: bool) -> None:
    """The session goes on over the new line within its deadline, and claims nothing that is not so."""
    rig = Rig()
    result = _pulled(rig, after, gone_for=3, power_lost=power_lost).send(PAYLOAD, deadline_s=300)
    rig.check_claim(result)
    assert rig.clock() <= 1300


def test_a_cable_pulled_before_the_session_costs_nothing() -> None:
    """The message still goes out, once."""
    rig = Rig()
    result = _pulled(rig, 60, gone_for=5).send(PAYLOAD, deadline_s=300)
    assert (result.status, rig.payloads) == (SendStatus.SENT, [PAYLOAD])


def test_a_cable_pulled_during_a_transfer_does_not_repeat_it() -> None:
    """After AT+SBDIX the answer is waited for over the new line; no second session is begun."""
    rig = Rig(SessionPlan(takes_s=20.0))
    link = _pulled(rig, 10_000, gone_for=2)
    line = link._line
    read = line.read

    def pulled_out(timeout_s: float) -> bytes:
        if rig.modem.busy == "session":
            raise MISSING
        return read(timeout_s)

    line.read = pulled_out  # type: ignore[method-assign]
    result = link.send(PAYLOAD, deadline_s=300)
    assert (result.status, rig.payloads, rig.modem.sessions) == (SendStatus.SENT, [PAYLOAD], 1)


@pytest.mark.parametrize("after", [0, 60, 200])
def test_a_cable_that_stays_away(after: int) -> None:
    """The error of the line within half a minute, not the whole deadline."""
    rig = Rig()
    with pytest.raises(DeviceError, match="line is gone"):
        _pulled(rig, after, gone_for=1000).send(PAYLOAD, deadline_s=900)
    assert rig.clock() <= 1040


def test_a_line_that_breaks_again_and_again_ends_in_time() -> None:
    """A port that opens and is gone at the first byte is not tried for ever."""
    rig = Rig()

    def wait(seconds: float) -> None:
        rig.clock.advance_to(rig.clock() + seconds)

    def reopen() -> MemoryLine:
        return MemoryLine(rig.modem, rig.clock, breaks_after=0)

    link = RockBlock9602(reopen(), reopen=reopen, monotonic_s=rig.clock, wait=wait)
    with pytest.raises(DeviceError):
        link.send(PAYLOAD, deadline_s=120)
    assert rig.clock() <= 1121


class Switch:
    """A power switch that keeps a diary, and a modem behind it that answers so many seconds after power-on."""

    def __init__(self, clock: VirtualClock, *, boots_in_s: float, needs_cycles: int = 1) -> None:
        self.delivered: list[MoMessage] = []
        self.modem = ModemEmulator(self.delivered.append)
        self.diary: list[str] = []
        self.said = b""
        self.wake_at_s = None
        self._clock = clock
        self._boots_in_s = boots_in_s
        self._needs_cycles = needs_cycles
        self._ready_at_s = float("inf")

    def on(self) -> None:
        self.diary.append("on")
        cycles = self.diary.count("on")
        self._ready_at_s = self._clock() + self._boots_in_s if cycles >= self._needs_cycles else float("inf")

    def off(self) -> None:
        self.diary.append("off")
        self._ready_at_s = float("inf")

    def close(self) -> None:
        self.diary.append("close")

    def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
        if now_s < self._ready_at_s:
            return b""
        self.said += data
        return self.modem.feed(data, now_s)

    def time_passes(self, now_s: float) -> bytes:
        return self.modem.time_passes(now_s)


def _powered(boots_in_s: float, needs_cycles: int = 1) -> tuple[Switch, RockBlock9602]:
    clock = VirtualClock()
    switch = Switch(clock, boots_in_s=boots_in_s, needs_cycles=needs_cycles)
    return switch, RockBlock9602(MemoryLine(switch, clock), power=switch, monotonic_s=clock)


def test_power_is_switched_around_the_use() -> None:
    """On and waited for before the first session; AT*F, then off, at the end, once."""
    switch, link = _powered(boots_in_s=60.0)
    link.start(startup_s=240)
    assert link.send(PAYLOAD, deadline_s=180).status is SendStatus.SENT
    link.close()
    link.close()
    assert switch.diary == ["on", "off", "close"]
    assert switch.said.endswith(b"AT*F\r")


def test_a_modem_that_does_not_wake_is_switched_off_and_on_once() -> None:
    """ "If no AT reply, OFF 2 s, ON." """
    switch, link = _powered(boots_in_s=10.0, needs_cycles=2)
    link.start(startup_s=240)
    assert switch.diary == ["on", "off", "on"]


def test_a_modem_that_never_wakes_is_left_off() -> None:
    """DeviceError after the start-up time, and the battery is spared."""
    switch, link = _powered(boots_in_s=1e9)
    with pytest.raises(DeviceError, match="does not answer"):
        link.start(startup_s=240)
    assert switch.diary == ["on", "off", "on", "off"]


def test_a_flush_that_is_not_answered_does_not_keep_the_modem_on() -> None:
    """The OK to AT*F is not relied on."""
    switch, link = _powered(boots_in_s=1.0)
    link.start(startup_s=240)
    switch.modem = ModemEmulator(switch.delivered.append, ignored=[b"*F"])
    link.close()
    assert switch.diary == ["on", "off", "close"]


def test_without_a_power_pin_nothing_is_flushed() -> None:
    """AT*F prepares for power-off; a modem that stays on is not told to."""
    rig = Rig()
    said = rig.watch_writes()
    rig.link.close()
    assert said == []
    assert rig.line.closed
