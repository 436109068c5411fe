"""A 9602 driver, the line under it and the emulated modem at its end, on virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.ports import SendResult, SendStatus
from cameratrap.replay.emulated_lines import MemoryLine, VirtualClock
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan

PAYLOAD = bytes(range(1, 48))
DEADLINE_S = 600.0


class Rig:
    """``line`` and ``modem`` are what MemoryLine and ModemEmulator are built with besides the usual."""

    def __init__(
        self, *plans: SessionPlan, line: dict[str, Any] | None = None, modem: dict[str, Any] | None = None
    ) -> None:
        self.clock = VirtualClock(1000.0)
        self.delivered: list[MoMessage] = []
        self.modem = ModemEmulator(self.delivered.append, plans=plans, **(modem or {}))
        self.line = MemoryLine(self.modem, self.clock, **(line or {}))
        self.link = RockBlock9602(self.line, device="/dev/modem", monotonic_s=self.clock)

    def send(self, payload: bytes = PAYLOAD, deadline_s: float = DEADLINE_S) -> SendResult:
        return self.link.send(payload, deadline_s=deadline_s)

    @property
    def payloads(self) -> list[bytes]:
        """What reached the gateway; a mailbox check brings an empty one."""
        return [message.payload for message in self.delivered]

    def rewrite_answers(self, change: Callable[[bytes], bytes]) -> None:
        """Let the modem answer otherwise than it does."""
        feed = self.modem.feed

        def changed(data: bytes, now_s: float = 0.0) -> bytes:
            answer = feed(data, now_s)
            return change(answer) if answer.endswith(b"\r\n") else answer

        self.modem.feed = changed  # type: ignore[method-assign]

    def watch_writes(self) -> list[bytes]:
        """Everything the driver writes from now on."""
        said: list[bytes] = []
        write = self.line.write

        def watched(data: bytes) -> None:
            said.append(data)
            write(data)

        self.line.write = watched  # type: ignore[method-assign]
        return said

    def check_claim(self, result: SendResult, payload: bytes = PAYLOAD) -> None:
        """SENT is said only of exactly the payload at the gateway, and a certain failure delivered nothing."""
        if result.status is SendStatus.SENT:
            assert self.payloads == [payload]
        elif not result.uncertain:
            assert self.payloads == []
