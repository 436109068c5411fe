"""A RockBLOCK with an Iridium 9602 or 9603, over any serial line.

This file alone knows how the sans-IO session and a serial line are brought together: when to read, for how long, and
what it means when the line breaks in the middle. It does not decide when to send, what to send or how often to try:
that is the outbox's, and every wait is bounded by the caller's ``deadline_s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult, SendStatus, SerialLink
from cameratrap.sbd import commands
from cameratrap.sbd.outcome import SendOutcome
from cameratrap.sbd.query import QuerySession
from cameratrap.sbd.session import SendSession
from cameratrap.sbd.steps import Timing

QUERY_DEADLINE_S = 30.0
Value = TypeVar("Value")


class _Session(Protocol):
    """What SendSession and QuerySession have in common."""

    @property
    def wake_at_s(self) -> float: ...
    def bytes_to_send(self) -> bytes: ...
    def receive_data(self, data: bytes, monotonic_s: float) -> None: ...
    def time_passes(self, monotonic_s: float) -> None: ...
    def line_lost(self, why: str) -> None: ...


class RockBlock9602:
    """The modem at the end of ``line``. ``device`` is what errors call it, usually the port's name."""

    def __init__(
        self,
        line: SerialLink,
        *,
        device: str = "RockBLOCK",
        timing: Timing | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._device = device
        self._timing = timing
        self._monotonic_s = monotonic_s

    @classmethod
    def open(cls, port: str, *, baud: int = 19200) -> RockBlock9602:
        """The modem on a serial port. Raises DeviceError when the port cannot be opened."""
        from cameratrap.drivers.serial_port import SerialPort

        return cls(SerialPort(port, baud=baud), device=port)

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        """One session with the satellite, of at most ``deadline_s`` seconds; a field session takes up to 150.

        Raises EncodeError for a payload that cannot be sent, and DeviceError when the line breaks or the modem says
        nothing before the message could have left. Afterwards the answer is always a result, if an uncertain one.
        """
        session = SendSession(payload, monotonic_s=self._monotonic_s(), deadline_s=deadline_s, timing=self._timing)
        lost = self._run(session, lambda: session.outcome is not None)
        outcome = session.outcome
        if outcome is None or (lost is not None and not outcome.began):
            raise lost or self._silent()
        if not outcome.answered:
            raise self._silent()
        return _result(outcome)

    def imei(self, *, deadline_s: float = QUERY_DEADLINE_S) -> str:
        """The modem's 15 digits, by which the receiver knows the station. Raises DeviceError."""
        value = self._ask(commands.SERIAL_NUMBER, commands.imei, deadline_s)
        if value is None:
            raise DeviceError("the modem does not tell its IMEI", device=self._device, why="AT+CGSN gave no 15 digits")
        return value

    def signal(self, *, deadline_s: float = QUERY_DEADLINE_S) -> int | None:
        """The last signal quality, 0 to 5, or None where the modem does not tell. Raises DeviceError."""
        return self._ask(commands.LAST_SIGNAL, commands.signal_quality, deadline_s)

    def close(self) -> None:
        """Give the line back."""
        self._line.close()

    def _ask(self, command: bytes, parse: Callable[[str], Value | None], deadline_s: float) -> Value | None:
        query = QuerySession(command, parse, monotonic_s=self._monotonic_s(), deadline_s=deadline_s)
        lost = self._run(query, lambda: query.done)
        if lost is not None and query.value is None:
            raise lost
        if not query.answered:
            raise self._silent()
        return query.value

    def _run(self, session: _Session, ended: Callable[[], bool]) -> DeviceError | None:
        """Carry bytes and time between line and session until it ends; the error, if the line broke."""
        try:
            while not ended():
                if data := session.bytes_to_send():
                    self._line.write(data)
                arrived = self._line.read(max(0.0, session.wake_at_s - self._monotonic_s()))
                now_s = self._monotonic_s()
                if arrived:
                    session.receive_data(arrived, now_s)
                session.time_passes(now_s)
        except DeviceError as error:
            session.line_lost(str(error))
            return error
        return None

    def _silent(self) -> DeviceError:
        return DeviceError(
            f"the modem on {self._device} does not answer",
            device=self._device,
            why="it never said OK to AT",
            hint="is it powered (a RockBLOCK charges for up to 30 s), is TXD wired to TXD, is modem.baud 19200?",
        )


def _result(outcome: SendOutcome) -> SendResult:
    signal = "" if outcome.signal is None else f"; signal {outcome.signal} of 5"
    waiting = f"; a message of {outcome.mt_length} bytes came in" if outcome.mt_length else ""
    return SendResult(
        status=SendStatus(outcome.verdict.value),
        mo_status=outcome.mo_status,
        momsn=outcome.momsn,
        retry_after_s=outcome.retry_after_s,
        uncertain=outcome.uncertain,
        detail=outcome.detail + signal + waiting,
    )
