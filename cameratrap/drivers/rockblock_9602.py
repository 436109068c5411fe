"""A RockBLOCK with an Iridium 9602 or 9603, over any serial line.

This file alone knows how the sans-IO session and a serial line are brought together: when to read, for how long, and
what to do when the line breaks in the middle. It does not decide when to send, what to send or how often to try: that
is the outbox's, and every wait is bounded by the caller's ``deadline_s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol, TypeVar

from cameratrap.drivers.modem_power import PowerPin, PowerSwitch
from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult, SendStatus, SerialLink
from cameratrap.sbd import commands
from cameratrap.sbd.network_time import frames_to_time
from cameratrap.sbd.outcome import SendOutcome
from cameratrap.sbd.query import QuerySession
from cameratrap.sbd.session import SbdSession
from cameratrap.sbd.steps import Timing

QUERY_DEADLINE_S = 30.0
STARTUP_S = 240.0  # SparkFun's library polls so long: an empty supercapacitor charges first
FLUSH_S = 5.0
RECONNECT_S = 30.0  # a USB serial adapter that was reset is back within seconds
REOPEN_EVERY_S = 1.0
Value = TypeVar("Value")


class _Session(Protocol):
    """What SbdSession and QuerySession have in common."""

    @property
    def ends_s(self) -> float: ...
    @property
    def wake_at_s(self) -> float: ...
    def bytes_to_send(self) -> bytes: ...
    def receive_data(self, data: bytes, monotonic_s: float) -> None: ...
    def time_passes(self, monotonic_s: float) -> None: ...
    def line_lost(self, why: str) -> None: ...
    def line_back(self, monotonic_s: float) -> None: ...


class RockBlock9602:
    """The modem at the end of ``line``. ``device`` is what errors call it, usually the port's name.

    ``reopen`` gives the line anew after it broke, or raises DeviceError; without it a broken line is the end.
    ``power`` switches the modem, where that is wired: on before the first use, off by `close`. ``number_counts`` False:
    an earlier process found that its message number confirms nothing (the results' details say so, `UNCONFIRMED`).
    """

    def __init__(
        self,
        line: SerialLink,
        *,
        device: str = "RockBLOCK",
        timing: Timing | None = None,
        reopen: Callable[[], SerialLink] | None = None,
        power: PowerSwitch | None = None,
        number_counts: bool = True,
        monotonic_s: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._line = line
        self._device = device
        self._timing = timing
        self._reopen = reopen
        self._power = power
        self._monotonic_s = monotonic_s
        self._wait = wait
        self._number_counts = number_counts
        self._last_received: tuple[bytes, ...] = ()
        self._closed = False

    @classmethod
    def open(
        cls,
        port: str,
        *,
        baud: int = 19200,
        power_pin: int | None = None,
        startup_s: float = STARTUP_S,
        number_counts: bool = True,
    ) -> RockBlock9602:
        """The modem on a serial port, switched on where ``power_pin`` (BCM number) drives its ON/OFF line.

        Raises DeviceError when the port cannot be opened, or the modem does not answer ``startup_s`` after power-on.
        """
        from cameratrap.drivers.serial_port import SerialPort

        def line() -> SerialPort:
            return SerialPort(port, baud=baud)

        if power_pin is None:
            return cls(line(), device=port, reopen=line, number_counts=number_counts)
        power = PowerPin(power_pin)
        try:
            link = cls(line(), device=port, reopen=line, power=power, number_counts=number_counts)
        except DeviceError:
            power.close()
            raise
        try:
            link.start(startup_s=startup_s)
        except DeviceError:
            link.close()
            raise
        return link

    def start(self, *, startup_s: float = STARTUP_S) -> None:
        """Switch the modem on and wait until it says OK, at most ``startup_s``. Raises DeviceError.

        One that says nothing is switched off and on once more: "if no AT reply, OFF 2 s, ON" (Iridium 9602 guide).
        """
        if self._power is None:
            return
        ends_s = self._monotonic_s() + startup_s
        for share in (0.5, 1.0):
            self._power.on()
            if self._answers(share * (ends_s - self._monotonic_s())):
                return
            self._power.off()
        raise self._silent()

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        """One session with the satellite, of at most ``deadline_s`` seconds; a field session takes up to 150.

        Raises EncodeError for a payload that cannot be sent, and DeviceError when the line breaks or the modem says
        nothing before the message could have left. Afterwards the answer is always a result, if an uncertain one.
        """
        return self._session(payload, deadline_s)

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        """A session that sends nothing and fetches what waits; it costs a credit. Raises DeviceError."""
        return self._session(None, deadline_s)

    def imei(self, *, deadline_s: float = QUERY_DEADLINE_S) -> str:
        """The modem's 15 digits, by which the receiver knows the station. Raises DeviceError."""
        ends_s = self._monotonic_s() + deadline_s
        for command in commands.SERIAL_NUMBERS:
            if (value := self._ask(command, commands.imei, ends_s - self._monotonic_s())) is not None:
                return value
        raise DeviceError("the modem does not tell its IMEI", device=self._device, why="AT+CGSN gave no 15 digits")

    def signal(self, *, deadline_s: float = QUERY_DEADLINE_S) -> int | None:
        """The last signal quality, 0 to 5, or None where the modem does not tell. Raises DeviceError."""
        return self._ask(commands.LAST_SIGNAL, commands.signal_quality, deadline_s)

    def network_time(self, *, near: datetime, deadline_s: float = QUERY_DEADLINE_S) -> datetime | None:
        """The network's time in UTC, None where it has none; ``near`` tells its eras apart. Raises DeviceError."""
        frames = self._ask(commands.NETWORK_TIME, commands.network_frames, deadline_s)
        return None if frames is None else frames_to_time(frames, near)

    def close(self) -> None:
        """Switch the modem off where that is wired, and give the line back. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        if self._power is not None:
            # AT*F prepares the modem to lose its power, so it is said only then. Its OK is not to be relied on.
            with suppress(DeviceError):
                self._ask(commands.FLUSH, lambda _: None, FLUSH_S)
            self._power.off()
            self._power.close()
        self._line.close()

    def _session(self, payload: bytes | None, deadline_s: float) -> SendResult:
        session = SbdSession(
            payload,
            monotonic_s=self._monotonic_s(),
            deadline_s=deadline_s,
            timing=self._timing,
            number_counts=self._number_counts,
        )
        lost = self._run(session, lambda: session.outcome is not None)
        outcome = session.outcome
        if outcome is None or (lost is not None and not outcome.began and not outcome.received):
            raise lost or self._silent()
        if not outcome.answered:
            raise self._silent()
        # A success that its number does not confirm is doubted once. Doubted for ever, it would be paid for for ever.
        self._number_counts = self._number_counts if outcome.number_counts is None else outcome.number_counts
        return _result(outcome, self._new(outcome.received))

    def _new(self, received: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Without the copy of what was handed on last: the modem keeps a message until its next session."""
        new = received[1:] if received[:1] == self._last_received else received
        self._last_received = received[-1:] or self._last_received
        return new

    def _ask(self, command: bytes, parse: Callable[[str], Value | None], deadline_s: float) -> Value | None:
        query = QuerySession(command, parse, monotonic_s=self._monotonic_s(), deadline_s=deadline_s)
        lost = self._run(query, lambda: query.done)
        if lost is not None and query.value is None:
            raise lost
        if not query.answered:
            raise self._silent()
        return query.value

    def _answers(self, deadline_s: float) -> bool:
        query = QuerySession(commands.ATTENTION, str, monotonic_s=self._monotonic_s(), deadline_s=deadline_s)
        self._run(query, lambda: query.answered or query.done)
        return query.answered

    def _run(self, session: _Session, ended: Callable[[], bool]) -> DeviceError | None:
        """Carry bytes and time between line and session until it ends; the error, if the line broke for good."""
        while not ended():
            try:
                self._step(session)
            except DeviceError as error:
                if not self._reconnect(min(session.ends_s, self._monotonic_s() + RECONNECT_S)):
                    session.line_lost(str(error))
                    return error
                session.line_back(self._monotonic_s())
        return None

    def _step(self, session: _Session) -> None:
        if data := session.bytes_to_send():
            self._line.write(data)
        arrived = self._line.read(max(0.0, session.wake_at_s - self._monotonic_s()))
        now_s = self._monotonic_s()
        if arrived:
            session.receive_data(arrived, now_s)
        session.time_passes(now_s)

    def _reconnect(self, ends_s: float) -> bool:
        """Open the line again until it is back, or ``ends_s``. The pause comes first: a line may break at once."""
        if self._reopen is None:
            return False
        self._line.close()
        while (left_s := ends_s - self._monotonic_s()) > 0:
            self._wait(min(REOPEN_EVERY_S, left_s))
            with suppress(DeviceError):
                self._line = self._reopen()
                return True
        return False

    def _silent(self) -> DeviceError:
        return DeviceError(
            f"the modem on {self._device} does not answer",
            device=self._device,
            why="it never said OK to AT",
            hint="is it powered (a RockBLOCK charges for up to 30 s), is TXD wired to TXD, is modem.baud 19200 and"
            " modem.type right?",
        )


def _result(outcome: SendOutcome, received: tuple[bytes, ...]) -> SendResult:
    lost = "; a message to the trap lay in the modem and could not be read" if outcome.unread else ""
    return SendResult(
        status=SendStatus(outcome.verdict.value),
        mo_status=outcome.mo_status,
        momsn=outcome.momsn,
        retry_after_s=outcome.retry_after_s,
        uncertain=outcome.uncertain,
        detail=outcome.detail + lost,
        received=received,
        waiting=outcome.waiting,
        signal=outcome.signal,
        fault=outcome.fault or "",
    )
