"""Asking the modem for one value, such as its IMEI or its signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from cameratrap.sbd import commands
from cameratrap.sbd.lines import ReceiveBuffer

Value = TypeVar("Value")

ATTENTION_S = 2.0
ANSWER_S = 10.0  # AT+CSQ takes "up to 10 seconds in acquisition and handoff"
STRAGGLER_S = 1.0  # the OK that came without a value may have answered an earlier AT


class QuerySession(Generic[Value]):
    """One question. ``parse`` turns the answer's line into its value, and every other line into None.

    Done when ``done``; then ``value`` is what the modem said, or None where it did not say it, and ``answered`` whether
    it said OK at all. Times are one monotonic clock's seconds.
    """

    def __init__(
        self, command: bytes, parse: Callable[[str], Value | None], *, monotonic_s: float, deadline_s: float
    ) -> None:
        self._parse = parse
        self.ends_s = monotonic_s + deadline_s
        self._waiting = [commands.ECHO_OFF, command]
        self._buffer = ReceiveBuffer()
        self._outgoing = b""
        self._asked = False
        self._tries = 1
        self.value: Value | None = None
        self.answered = False
        self.done = False
        self._say(commands.ATTENTION, monotonic_s + ATTENTION_S)

    @property
    def wake_at_s(self) -> float:
        """When ``time_passes`` must be called at the latest."""
        return min(self._step_ends_s, self.ends_s)

    def bytes_to_send(self) -> bytes:
        """What is to be written now; it is handed out once."""
        data = self._outgoing
        self._outgoing = b""
        return data

    def receive_data(self, data: bytes, monotonic_s: float) -> None:
        """Take in what arrived."""
        self._buffer.feed(data)
        while not self.done and (line := self._buffer.next_line()) is not None:
            self._take(line, monotonic_s)

    def time_passes(self, monotonic_s: float) -> None:
        """Ask AT again where it was not answered; give up at the deadline."""
        if monotonic_s >= self.ends_s or (self.answered and monotonic_s >= self._step_ends_s):
            self.done = True
        elif monotonic_s >= self._step_ends_s:
            self._tries += 1
            command = commands.ATTENTION if self._tries % commands.WORDS_ON_EVERY else commands.WORDS_ON
            self._say(command, monotonic_s + ATTENTION_S)

    def line_lost(self, why: str) -> None:  # noqa: ARG002 - the same call as SbdSession's
        """The serial line is gone for good."""
        self.done = True

    def line_back(self, monotonic_s: float) -> None:
        """The serial line was gone and is back: say again what was said last."""
        self._buffer.clear()
        if not self.done:
            self._say(self._said, monotonic_s + ANSWER_S)

    def _take(self, line: str, now_s: float) -> None:
        if self._asked and self.value is None:
            self.value = self._parse(line)
        answer = line.upper()
        if answer not in {"OK", "ERROR"}:
            return
        self.answered = True
        if self._waiting:
            command = self._waiting.pop(0)
            self._asked = not self._waiting
            self._say(command, now_s + ANSWER_S)
        elif self.value is not None or answer == "ERROR":
            self.done = True
        else:
            self._step_ends_s = now_s + STRAGGLER_S

    def _say(self, command: bytes, ends_s: float) -> None:
        self._said = self._outgoing = command
        self._step_ends_s = ends_s
