"""The whole link for real: the driver, pyserial, a pseudo-terminal, and the emulated modem in another thread."""

from __future__ import annotations

import pytest

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.errors import DeviceError
from cameratrap.ports import SendStatus
from cameratrap.replay.emulated_lines import PseudoTerminal
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan


def test_messages_cross_a_real_serial_line() -> None:
    """Any bytes arrive as they are, session after session, through failures and unsolicited lines."""
    delivered: list[MoMessage] = []
    plans = [SessionPlan(unsolicited=b"\r\nSBDRING\r\n", takes_s=0.2), SessionPlan(status=18), SessionPlan()]
    modem = ModemEmulator(delivered.append, imei="300234010123450", plans=plans)
    payloads = [bytes(range(256)), b"\r\nOK\r\n"]
    with PseudoTerminal(modem) as terminal:
        link = RockBlock9602.open(terminal.port)
        assert link.imei() == "300234010123450"
        assert link.signal() == 4
        results = [link.send(payload, deadline_s=20) for payload in (payloads[0], payloads[1], payloads[1])]
        link.close()
    assert [result.status for result in results] == [SendStatus.SENT, SendStatus.RETRY, SendStatus.SENT]
    assert [message.payload for message in delivered] == payloads
    assert [message.momsn for message in delivered] == [0, 1]


def test_a_modem_that_is_switched_off_is_silent_and_named() -> None:
    """A port that opens and a modem that says nothing: DeviceError with the port's name, at the deadline."""

    class Nothing:
        wake_at_s = None

        def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
            return b""

        def time_passes(self, now_s: float) -> bytes:
            return b""

    with PseudoTerminal(Nothing()) as terminal:
        link = RockBlock9602.open(terminal.port)
        with pytest.raises(DeviceError, match="does not answer") as caught:
            link.send(b"x", deadline_s=0.3)
        assert caught.value.device == terminal.port
        link.close()
