"""Messages to the trap: read by length, checked, and never lost to a damaged line; and the network's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.errors import DeviceError
from cameratrap.ports import SendStatus
from cameratrap.replay.modem_emulator import SessionPlan
from tests.rockblock_rig import PAYLOAD, Rig

HOSTILE = b"\r\nOK\r\nSBDRING\r\nERROR\r\n\x00+SBDIX: 0, 1, 0, 0, 0, 0\r\n"


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=270))
def test_trap_1_any_bytes_come_in(message: bytes) -> None:
    """What looks like an answer inside a message is the message."""
    rig = Rig(line={"chunk": 7}, modem={"mt_queue": [HOSTILE + message]})
    result = rig.send()
    assert (result.status, result.received) == (SendStatus.SENT, HOSTILE + message)


@pytest.mark.parametrize(
    "news", [b"\r\nSBDRING\r\n", b"AT+SBDRB\r", b"\r\n", b"\r\n+CIEV:0,3\r\nSBDRING\r\n", b"AT+SBDRB"]
)
def test_trap_6_lines_between_sbdrb_and_its_block(news: bytes) -> None:
    """An echo that would not be switched off, or a ring, in front of the length."""
    rig = Rig(modem={"mt_queue": [HOSTILE]})
    rig.rewrite_answers(lambda answer: news + answer if answer[:1] == b"\x00" else answer)
    assert rig.send().received == HOSTILE


def test_a_damaged_message_is_read_once_more() -> None:
    """Its checksum is verified; reading does not clear the modem's buffer."""
    assert Rig(modem={"mt_queue": [HOSTILE], "damaged_reads": 1}).send().received == HOSTILE


def test_a_message_that_stays_damaged_is_given_up_and_said() -> None:
    """It is not handed over, the send stands, and the result says what was lost."""
    result = Rig(modem={"mt_queue": [b"hello"], "damaged_reads": 2}).send()
    assert (result.status, result.received) == (SendStatus.SENT, None)
    assert "5 bytes came in and could not be read" in result.detail


def test_a_modem_that_cannot_read_ends_in_time() -> None:
    """AT+SBDRB refused or unanswered costs the message that came in, and nothing of the one that went out."""
    for kind in ("unsupported", "ignored"):
        rig = Rig(modem={"mt_queue": [b"hello"], kind: [b"+SBDRB"]})
        result = rig.send(deadline_s=120)
        assert (result.status, result.received) == (SendStatus.SENT, None)
        assert rig.clock() <= 1120


@settings(max_examples=150, deadline=None)
@given(st.sets(st.integers(0, 420), max_size=3), st.sampled_from([b"hello", HOSTILE]))
def test_no_loss_changes_a_message(lost: set[int], message: bytes) -> None:
    """Whatever bytes vanish, what comes in is the message or nothing."""
    rig = Rig(line={"lost_from_device": lost}, modem={"mt_queue": [message]})
    try:
        result = rig.send()
    except DeviceError:
        assert rig.payloads == []
    else:
        assert result.received in {None, message}
        rig.check_claim(result)


def test_trap_4_a_mailbox_check_sends_nothing_stale() -> None:
    """A failed session left its message in the modem; the check empties it first."""
    rig = Rig(SessionPlan(status=32), modem={"mt_queue": [b"sleep", b"wake"]})
    rig.send()
    assert rig.modem.mo_buffer == PAYLOAD
    result = rig.link.check_mailbox(deadline_s=180)
    assert (result.status, result.received, result.waiting) == (SendStatus.SENT, b"sleep", 1)
    assert rig.payloads == [b""]


def test_a_mailbox_check_that_cannot_empty_the_buffer_is_not_made() -> None:
    """Better no message in than yesterday's out."""
    rig = Rig(modem={"unsupported": [b"+SBDD0"]})
    rig.modem.mo_buffer = b"stale"
    result = rig.link.check_mailbox(deadline_s=180)
    assert (result.status, rig.modem.sessions, rig.payloads) == (SendStatus.RETRY, 0, [])
    assert "did not empty" in result.detail


@pytest.mark.parametrize(("rings", "said"), [(True, b"AT+SBDIXA\r"), (False, b"AT+SBDIX\r")])
def test_a_ring_is_answered(rings: bool, said: bytes) -> None:
    """AT+SBDIXA where the network announced a message, which also ends the announcement."""
    rig = Rig(modem={"rings": rings, "mt_queue": [b"hi"]})
    written = rig.watch_writes()
    assert rig.link.check_mailbox(deadline_s=180).received == b"hi"
    assert said in written


def test_a_ring_that_is_heard_is_answered() -> None:
    """SBDRING during the set-up is a ring as well."""
    rig = Rig(modem={"mt_queue": [b"hi"], "unsupported": [b"+CRIS"]})
    rig.line.inject(b"\r\nSBDRING\r\n")
    written = rig.watch_writes()
    assert rig.link.check_mailbox(deadline_s=180).received == b"hi"
    assert b"AT+SBDIXA\r" in written


def test_a_failed_mailbox_check_says_so() -> None:
    """No sky: RETRY, and nothing in."""
    result = Rig(SessionPlan(status=32), modem={"mt_queue": [b"hi"]}).link.check_mailbox(deadline_s=180)
    assert (result.status, result.received, result.fault) == (SendStatus.RETRY, None, "sky")


def test_trap_12_network_time_under_the_era_of_today() -> None:
    """The same count in three eras: the one nearest to the trap's clock is meant."""
    near = datetime(2026, 12, 1, tzinfo=UTC)
    frames = (near - datetime(2025, 2, 14, 18, 14, 17, tzinfo=UTC)) // timedelta(milliseconds=90)
    found = Rig(modem={"frames": frames}).link.network_time(near=near, deadline_s=20)
    assert found is not None
    assert abs(found - near) < timedelta(seconds=1)


@pytest.mark.parametrize("modem", [{"frames": None}, {"unsupported": [b"-MSSTM"]}, {"ignored": [b"-MSSTM"]}])
def test_no_network_time_is_none(modem: dict[str, object]) -> None:
    """No network yet, or a modem that does not know the command: no time is claimed."""
    assert Rig(modem=modem).link.network_time(near=datetime(2026, 12, 1, tzinfo=UTC), deadline_s=20) is None
