"""What every SatelliteLink keeps, whatever modem is at its far end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from cameratrap.errors import EncodeError
from cameratrap.ports import SendStatus
from tests.satellite_sites import IMEI, SITES, Fate, Site

DEADLINE_S = 20.0
NEAR = datetime(2026, 12, 1, tzinfo=UTC)

Make = Callable[..., Site]


@pytest.fixture(params=SITES)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Builds a site whose sessions have the given fates, and then succeed; its link is closed afterwards."""
    with ExitStack() as stack:

        def build(*fates: Fate, incoming: tuple[bytes, ...] = ()) -> Site:
            site = SITES[request.param](stack, fates, incoming)
            stack.callback(site.link.close)
            return site

        yield build


@pytest.mark.parametrize("payload", [b"\x00", b"\r\n0\r\nOK\r\n", b"\xff" * 340])
def test_a_sent_payload_is_at_the_gateway_byte_for_byte(make: Make, payload: bytes) -> None:
    """SENT means exactly these bytes arrived, and nothing failed."""
    site = make()
    result = site.link.send(payload, deadline_s=DEADLINE_S)
    assert (result.status, result.uncertain, result.fault) == (SendStatus.SENT, False, "")
    assert site.delivered == [payload]


def test_each_message_is_sent_once(make: Make) -> None:
    """A second message is the second message, not the first again."""
    site = make()
    for payload in (b"monday", b"tuesday"):
        assert site.link.send(payload, deadline_s=DEADLINE_S).status is SendStatus.SENT
    assert site.delivered == [b"monday", b"tuesday"]


def test_a_failed_session_may_be_tried_again(make: Make) -> None:
    """RETRY says what it is a failure of, and leaves the link fit for the next session."""
    site = make(Fate.NO_SKY)
    result = site.link.send(b"x", deadline_s=DEADLINE_S)
    assert result.status is SendStatus.RETRY
    assert result.fault
    assert site.link.send(b"x", deadline_s=DEADLINE_S).status is SendStatus.SENT
    assert site.delivered == [b"x"]


def test_a_failure_that_may_have_delivered_says_so(make: Make) -> None:
    """The gateway has it and the modem does not know: uncertain, never a plain failure."""
    result = make(Fate.LOST_BUT_DELIVERED).link.send(b"x", deadline_s=DEADLINE_S)
    assert (result.status, result.uncertain) == (SendStatus.RETRY, True)


@pytest.mark.parametrize("payload", [b"", b"RBx"])
def test_a_payload_nobody_would_carry_is_refused(make: Make, payload: bytes) -> None:
    """EncodeError before anything is sent."""
    site = make()
    with pytest.raises(EncodeError):
        site.link.send(payload, deadline_s=DEADLINE_S)
    assert site.delivered == []


def test_the_deadline_holds(make: Make) -> None:
    """A session that never answers ends at the deadline, uncertain."""
    result = make(Fate.ANSWERS_TOO_LATE).link.send(b"x", deadline_s=1.0)
    assert (result.status, result.uncertain) == (SendStatus.RETRY, True)


@pytest.mark.parametrize("message", [b"\x01", b"\r\nOK\r\nSBDRING\r\nERROR\r\n", bytes(range(256))])
def test_a_message_to_the_trap_comes_back_with_a_session(make: Make, message: bytes) -> None:
    """Sending brings what waited, byte for byte and each once, and says how much more is to be fetched."""
    site = make(incoming=(message, b"second"))
    results = [site.link.send(b"x", deadline_s=DEADLINE_S)]
    while results[-1].waiting:
        results.append(site.link.check_mailbox(deadline_s=DEADLINE_S))
    assert {result.status for result in results} == {SendStatus.SENT}
    assert [each for result in results for each in result.received] == [message, b"second"]


def test_checking_the_mailbox_sends_nothing(make: Make) -> None:
    """A message that was written for an earlier, failed session does not go out with a mailbox check."""
    site = make(Fate.NO_SKY, incoming=(b"sleep",))
    site.link.send(b"x", deadline_s=DEADLINE_S)
    result = site.link.check_mailbox(deadline_s=DEADLINE_S)
    assert (result.status, result.received, result.waiting) == (SendStatus.SENT, (b"sleep",), 0)
    assert site.delivered == []


def test_an_empty_mailbox(make: Make) -> None:
    """Nothing waits: done, with nothing received."""
    result = make().link.check_mailbox(deadline_s=DEADLINE_S)
    assert (result.status, result.received, result.waiting) == (SendStatus.SENT, (), 0)


def test_the_modem_names_itself(make: Make) -> None:
    """15 digits."""
    assert make().link.imei(deadline_s=DEADLINE_S) == IMEI


def test_network_time_is_utc_or_nothing(make: Make) -> None:
    """Of the times the network's count may stand for, the one nearest to the trap's own clock; None is allowed."""
    found = make().link.network_time(near=NEAR, deadline_s=DEADLINE_S)
    assert found is None or found.utcoffset() == timedelta(0)


def test_closing_twice_is_harmless(make: Make) -> None:
    """Whoever opens a link may close it in every case."""
    link = make().link
    link.close()
    link.close()
