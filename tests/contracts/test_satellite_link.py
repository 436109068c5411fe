"""What every SatelliteLink keeps: the 9602 driver over memory, and over a real pseudo-terminal with pyserial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.errors import EncodeError
from cameratrap.ports import SatelliteLink, SendStatus
from cameratrap.replay.emulated_lines import MemoryLine, PseudoTerminal, VirtualClock
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan

DEADLINE_S = 20.0


@dataclass
class Site:
    """A link and what reached the gateway behind it."""

    link: SatelliteLink
    delivered: list[MoMessage]


Make = Callable[..., Site]


@pytest.fixture(params=["memory", "one byte at a time", "pseudo-terminal"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Builds a site whose sessions follow the given plans."""
    open_terminals: list[PseudoTerminal] = []

    def build(*plans: SessionPlan) -> Site:
        delivered: list[MoMessage] = []
        modem = ModemEmulator(delivered.append, plans=plans)
        if request.param == "pseudo-terminal":
            terminal = PseudoTerminal(modem)
            terminal.__enter__()
            open_terminals.append(terminal)
            return Site(RockBlock9602.open(terminal.port), delivered)
        clock = VirtualClock()
        line = MemoryLine(modem, clock, chunk=1 if request.param == "one byte at a time" else 4096)
        return Site(RockBlock9602(line, monotonic_s=clock), delivered)

    yield build
    for terminal in open_terminals:
        terminal.__exit__(None, None, None)


@pytest.mark.parametrize("payload", [b"\x00", b"\r\n0\r\nOK\r\n", b"\xff" * 340])
def test_a_sent_payload_is_at_the_gateway_byte_for_byte(make: Make, payload: bytes) -> None:
    """SENT means exactly these bytes arrived."""
    site = make()
    result = site.link.send(payload, deadline_s=DEADLINE_S)
    site.link.close()
    assert (result.status, result.uncertain) == (SendStatus.SENT, False)
    assert result.momsn is not None
    assert [message.payload for message in site.delivered] == [payload]


def test_each_message_is_sent_once(make: Make) -> None:
    """A second message is the second message, not the first again."""
    site = make()
    for payload in (b"monday", b"tuesday"):
        assert site.link.send(payload, deadline_s=DEADLINE_S).status is SendStatus.SENT
    site.link.close()
    assert [message.payload for message in site.delivered] == [b"monday", b"tuesday"]


def test_a_failed_session_may_be_tried_again(make: Make) -> None:
    """RETRY leaves the link fit for the next session."""
    site = make(SessionPlan(status=32))
    assert site.link.send(b"x", deadline_s=DEADLINE_S).status is SendStatus.RETRY
    assert site.link.send(b"x", deadline_s=DEADLINE_S).status is SendStatus.SENT
    site.link.close()
    assert len(site.delivered) == 1


def test_a_failure_that_may_have_delivered_says_so(make: Make) -> None:
    """The gateway has it and the modem does not know: uncertain, never a plain failure."""
    site = make(SessionPlan(status=18, delivers=True))
    result = site.link.send(b"x", deadline_s=DEADLINE_S)
    site.link.close()
    assert (result.status, result.uncertain) == (SendStatus.RETRY, True)


def test_a_wait_the_network_asks_for_is_passed_on(make: Make) -> None:
    """retry_after_s is the modem's or the network's wish, kept for the outbox."""
    site = make(SessionPlan(status=36))
    assert (site.link.send(b"x", deadline_s=DEADLINE_S).retry_after_s or 0) >= 180
    site.link.close()


def test_a_message_that_can_never_be_sent_is_permanent(make: Make) -> None:
    """Trying it again would only cost."""
    site = make(SessionPlan(status=12))
    assert site.link.send(b"x", deadline_s=DEADLINE_S).status is SendStatus.PERMANENT
    site.link.close()


@pytest.mark.parametrize("payload", [b"", b"x" * 341, b"RBx"])
def test_a_payload_nobody_would_carry_is_refused(make: Make, payload: bytes) -> None:
    """EncodeError before anything is sent."""
    site = make()
    with pytest.raises(EncodeError):
        site.link.send(payload, deadline_s=DEADLINE_S)
    site.link.close()
    assert site.delivered == []


def test_the_deadline_holds(make: Make) -> None:
    """A session that never answers ends at the deadline, uncertain."""
    site = make(SessionPlan(takes_s=1000.0))
    result = site.link.send(b"x", deadline_s=0.5)
    site.link.close()
    assert (result.status, result.uncertain) == (SendStatus.RETRY, True)
