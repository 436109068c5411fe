"""A 9602 modem made of bytes and time: what a RockBLOCK answers, including what goes wrong in the field.

It keeps the manual's rules where they hurt: echo is on at first, the MO buffer survives a successful session, the
message number counts successes only, AT+SBDWB swallows whatever comes for 60 s and then answers 1 without OK, and a
session may fail for the modem although the gateway has the message. A message to the trap comes with a session that
succeeds, stays in its buffer until the next one begins, and is handed over as bytes between lines.

``python -m cameratrap.replay.emulator_process --pty-link PATH --gateway DIR`` runs one on a pseudo-terminal.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from cameratrap.replay.modem_session import LAST_SUCCESS, MoMessage, SessionPlan

__all__ = ["ModemEmulator", "MoMessage", "SessionPlan"]

MOMSN_MODULUS = 65536
MO_BYTES = 340
BINARY_TIMEOUT_S = 60.0
MAX_COMMAND = 512  # a real one takes 129 characters; what is longer is refused there as here
MAX_TYPED_AHEAD = 4096  # a UART's buffers end somewhere; what is written beyond is lost

_TRANSFERS = re.compile(rb"\+SBD(IXA|IX|I)(=.*)?")
RADIO_DISABLED = 34
MAILBOX_FAILED = 2

_HARMLESS = re.compile(rb"E[01]|(?:Q0|V1)+|&[DK][0-3]|&[WY]0|\+SBDST=\d+|\+SBDMTA=[01]|\+CIER=.*|\*R[01]|\*F|")


class ModemEmulator:
    """One modem. ``deliver`` is called with every payload that reaches the gateway.

    Sessions follow ``plans`` in turn and then succeed. ``spacing`` is what firmware versions put after a comma.
    ``unsupported`` are commands (without AT) this modem answers with ERROR, ``ignored`` those it never answers.
    ``damaged_reads``: how many times AT+SBDRB gives a wrong checksum. ``frames`` tells the network's time,
    None without network. ``rings`` is whether the network has announced a message.
    """

    def __init__(
        self,
        deliver: Callable[[MoMessage], None],
        *,
        imei: str = "300000000000000",
        plans: Iterable[SessionPlan] = (),
        mt_queue: Iterable[bytes] = (),
        momsn: int = 0,
        signal: int = 4,
        echo: bool = True,
        spacing: str = " ",
        session_s: float = 0.0,
        unsupported: Sequence[bytes] = (),
        ignored: Sequence[bytes] = (),
        damaged_reads: int = 0,
        frames: int | Callable[[], int] | None = None,
        rings: bool = False,
    ) -> None:
        self.imei = imei
        self.momsn = momsn % MOMSN_MODULUS
        self.signal = signal
        self.echo = echo
        self.mo_buffer = b""
        self.mt_buffer = b""
        self.mt_queue = deque(mt_queue)
        self.sessions = 0
        self.busy: Literal["", "binary", "session"] = ""
        self._deliver = deliver
        self._plans = deque(plans)
        self._mtmsn = -1
        self._spacing = spacing
        self._session_s = session_s
        self._unsupported = frozenset(unsupported)
        self._ignored = frozenset(ignored)
        self._damaged_reads = damaged_reads
        self._frames = frames
        self._rings = rings
        self._radio = True
        self._command = bytearray()
        self._binary = bytearray()
        self._binary_size = 0
        self._typed_ahead = bytearray()
        self._until_s = 0.0
        self._pending = b""
        self._now_s = 0.0

    @property
    def wake_at_s(self) -> float | None:
        """When ``time_passes`` has something to say, if nothing is written before; None for never."""
        return self._until_s if self.busy else None

    def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
        """Take what the computer wrote; return what the modem writes."""
        answer = bytearray(self.time_passes(now_s))
        waiting = bytearray(data)
        while waiting:
            if self.busy == "session":
                self._typed_ahead += waiting[: MAX_TYPED_AHEAD - len(self._typed_ahead)]
                break
            answer += self._binary_bytes(waiting) if self.busy == "binary" else self._command_byte(waiting.pop(0))
        return bytes(answer)

    def time_passes(self, now_s: float) -> bytes:
        """Return what the modem writes because of the time: the answer of a session, or SBDWB's 1."""
        self._now_s = max(self._now_s, now_s)
        if not self.busy or self._now_s < self._until_s:
            return b""
        ended, self.busy = self.busy, ""
        if ended == "binary":
            self._binary.clear()
            return b"\r\n1\r\n"
        answer, typed = self._pending, bytes(self._typed_ahead)
        self._pending = b""
        self._typed_ahead.clear()
        return answer + self.feed(typed, now_s)

    def _network_time(self) -> str:
        frames = self._frames() if callable(self._frames) else self._frames
        return "-MSSTM: no network service" if frames is None else f"-MSSTM: {frames:x}"

    def power_cycle(self) -> None:
        """Both buffers are empty after power-up, the echo is on; the message number survives."""
        self.mo_buffer = self.mt_buffer = self._pending = b""
        self.echo, self.busy, self._radio = True, "", True
        for buffer in (self._command, self._binary, self._typed_ahead):
            buffer.clear()

    def _command_byte(self, byte: int) -> bytes:
        echo = bytes([byte]) if self.echo else b""
        if byte == 0x0A:
            return echo
        if byte != 0x0D:
            self._command.append(byte)
            return echo
        line = bytes(self._command)
        self._command.clear()
        return echo + self._run(line)

    def _run(self, line: bytes) -> bytes:
        start = line.upper().find(b"AT")
        if start < 0:
            return b""
        body = line[start + 2 :]
        command = body.upper().strip()
        if command in self._ignored:
            return b""
        if command in self._unsupported or len(line) > MAX_COMMAND:
            return _line("ERROR")
        if command.startswith(b"+SBDWB="):
            return self._write_binary(command[7:])
        if _TRANSFERS.fullmatch(command):
            return self._transfer(command)
        return self._simple(command)

    def _simple(self, command: bytes) -> bytes:
        if command in {b"E0", b"E1"}:
            self.echo = command == b"E1"
        if command in {b"*R0", b"*R1"}:
            self._radio = command == b"*R1"
        values = self._values()
        if command in values:
            return _line(values[command]) + _line("OK")
        if command == b"+SBDRB":
            return self._read_binary() + _line("OK")
        if command in {b"+SBDD0", b"+SBDD1", b"+SBDD2"}:
            return self._clear(command[-1:])
        return _line("OK") if _HARMLESS.fullmatch(command) else _line("ERROR")

    def _values(self) -> dict[bytes, str]:
        return {
            b"+CGSN": self.imei,
            b"+GSN": self.imei,
            b"+CGMR": "Call Processor Version: TA19002",
            b"+CSQ": f"+CSQ:{self.signal}",
            b"+CSQF": f"+CSQF:{self.signal}",
            b"+SBDS": self._status_line(),
            b"+SBDSX": self._status_line("SBDSX", (int(self._rings), len(self.mt_queue))),
            b"+CRIS": f"+CRIS:000,00{int(self._rings)}",
            b"+GEMON": f"+GEMON:{1000 * self.sessions}",
            b"-MSSTM": self._network_time(),
        }

    def _clear(self, which: bytes) -> bytes:
        if which in b"02":
            self.mo_buffer = b""
        if which in b"12":
            self.mt_buffer = b""
        return _line("0") + _line("OK")

    def _write_binary(self, size: bytes) -> bytes:
        if not size.isdigit() or not 1 <= int(size) <= MO_BYTES:
            return _line("3") + _line("OK") if size.isdigit() else _line("ERROR")
        self._binary_size = int(size)
        self.busy, self._until_s = "binary", self._now_s + BINARY_TIMEOUT_S
        return _line("READY")

    def _binary_bytes(self, waiting: bytearray) -> bytes:
        missing = self._binary_size + 2 - len(self._binary)
        self._binary += waiting[:missing]
        del waiting[:missing]
        if len(self._binary) < self._binary_size + 2:
            return b""
        payload, proof = bytes(self._binary[:-2]), int.from_bytes(self._binary[-2:], "big")
        self._binary.clear()
        self.busy = ""
        if sum(payload) % 65536 != proof:
            return _line("2") + _line("OK")
        self.mo_buffer = payload
        return _line("0") + _line("OK")

    def _transfer(self, command: bytes) -> bytes:
        plan = self._next_plan()
        self.sessions += 1
        number, succeeded = self.momsn, plan.status <= LAST_SUCCESS
        self.mt_buffer = b""
        if plan.reaches_gateway:
            self._deliver(MoMessage(self.imei, number, self.mo_buffer))
        received = MAILBOX_FAILED
        if succeeded:
            self.momsn = (number + 1) % MOMSN_MODULUS
            received = self._receive()
        old = not command.startswith(b"+SBDIX")
        status = (1 if succeeded and self.mo_buffer else 0 if succeeded else 2) if old else plan.status
        name = "+SBDI" if old else "+SBDIX"
        fields = (status, number, received, self._mtmsn, len(self.mt_buffer), len(self.mt_queue))
        answer = plan.unsolicited + _line(f"{name}: {self._joined(fields)}") + _line("OK")
        return self._later(answer if plan.answers else b"", max(plan.takes_s, self._session_s))

    def _next_plan(self) -> SessionPlan:
        if not self._radio:
            return SessionPlan(status=RADIO_DISABLED)
        return self._plans.popleft() if self._plans else SessionPlan()

    def _receive(self) -> int:
        self._rings = False
        if not self.mt_queue:
            return 0
        self.mt_buffer = self.mt_queue.popleft()
        self._mtmsn = (self._mtmsn + 1) % MOMSN_MODULUS
        return 1

    def _later(self, answer: bytes, delay_s: float) -> bytes:
        if delay_s <= 0:
            return answer
        self.busy, self._until_s, self._pending = "session", self._now_s + delay_s, answer
        return b""

    def _read_binary(self) -> bytes:
        damaged, self._damaged_reads = self._damaged_reads > 0, max(0, self._damaged_reads - 1)
        total = (sum(self.mt_buffer) + damaged) % 65536
        return len(self.mt_buffer).to_bytes(2, "big") + self.mt_buffer + total.to_bytes(2, "big")

    def _status_line(self, name: str = "SBDS", more: tuple[int, ...] = ()) -> str:
        fields = (int(bool(self.mo_buffer)), self.momsn, int(bool(self.mt_buffer)), self._mtmsn, *more)
        return f"+{name}: {self._joined(fields)}"

    def _joined(self, fields: Sequence[int]) -> str:
        return f",{self._spacing}".join(map(str, fields))


def _line(text: str) -> bytes:
    return f"\r\n{text}\r\n".encode("ascii")
