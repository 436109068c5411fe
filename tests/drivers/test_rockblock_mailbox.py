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
    assert (result.status, result.received) == (SendStatus.SENT, (HOSTILE + message,))


@pytest.mark.parametrize(
    "news", [b"\r\nSBDRING\r\n", b"AT+SBDRB\r", b"\r\n", b"\r\n+CIEV:0,3\r\nSBDRING\r\n", b"AT+SBDRB"]
)
def test_trap_6_lines_between_sbdrb_and_its_block(news: bytes) -> None:
    """An echo that would not be switched off, or a ring, in front of the length."""
    rig = Rig(modem={"mt_queue": [HOSTILE]})
    rig.rewrite_answers(lambda answer: news + answer if answer[:1] == b"\x00" else answer)
    assert rig.send().received == (HOSTILE,)


def test_a_damaged_message_is_read_once_more() -> None:
    """Its checksum is verified; reading does not clear the modem's buffer."""
    assert Rig(modem={"mt_queue": [HOSTILE], "damaged_reads": 1}).send().received == (HOSTILE,)


def test_a_message_that_stays_damaged_is_given_up_and_said() -> None:
    """It is not handed over, the send stands, and the result says what was lost."""
    result = Rig(modem={"mt_queue": [b"hello"], "damaged_reads": 2}).send()
    assert (result.status, result.received) == (SendStatus.SENT, ())
    assert "could not be read" in result.detail


def test_a_modem_that_cannot_read_ends_in_time() -> None:
    """AT+SBDRB refused or unanswered costs the message that came in, and nothing of the one that went out."""
    for kind in ("unsupported", "ignored"):
        rig = Rig(modem={"mt_queue": [b"hello"], kind: [b"+SBDRB"]})
        result = rig.send(deadline_s=120)
        assert (result.status, result.received) == (SendStatus.SENT, ())
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
        assert result.received in {(), (message,)}
        rig.check_claim(result)


def test_trap_4_a_mailbox_check_sends_nothing_stale() -> None:
    """A failed session left its message in the modem; the check empties it first."""
    rig = Rig(SessionPlan(status=32), modem={"mt_queue": [b"sleep", b"wake"]})
    rig.send()
    assert rig.modem.mo_buffer == PAYLOAD
    result = rig.link.check_mailbox(deadline_s=180)
    assert (result.status, result.received, result.waiting) == (SendStatus.SENT, (b"sleep",), 1)
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
    assert rig.link.check_mailbox(deadline_s=180).received == (b"hi",)
    assert said in written


def test_a_ring_that_is_heard_is_answered() -> None:
    """SBDRING during the set-up is a ring as well."""
    rig = Rig(modem={"mt_queue": [b"hi"], "unsupported": [b"+CRIS"]})
    rig.line.inject(b"\r\nSBDRING\r\n")
    written = rig.watch_writes()
    assert rig.link.check_mailbox(deadline_s=180).received == (b"hi",)
    assert b"AT+SBDIXA\r" in written


def test_a_failed_mailbox_check_says_so() -> None:
    """No sky: RETRY, and nothing in."""
    result = Rig(SessionPlan(status=32), modem={"mt_queue": [b"hi"]}).link.check_mailbox(deadline_s=180)
    assert (result.status, result.received, result.fault) == (SendStatus.RETRY, (), "sky")


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


@pytest.mark.parametrize("check", [False, True])
def test_a_message_that_an_earlier_process_left_unread_is_read_before_it_is_cleared(check: bool) -> None:
    """The power went between AT+SBDIX and AT+SBDRB: the next session, of any kind, would clear it in the modem."""
    rig = Rig(modem={"mt_queue": [HOSTILE, b"next"]})
    rig.modem.feed(b"AT+SBDIX\r")
    assert rig.modem.mt_buffer == HOSTILE
    result = rig.link.check_mailbox(deadline_s=180) if check else rig.send()
    assert (result.status, result.received) == (SendStatus.SENT, (HOSTILE, b"next"))


def test_what_an_earlier_process_left_is_handed_on_also_without_sky() -> None:
    """The failed session cleared it all the same."""
    rig = Rig(SessionPlan(), SessionPlan(status=32), modem={"mt_queue": [b"sleep"]})
    rig.modem.feed(b"AT+SBDIX\r")
    result = rig.send()
    assert (result.status, result.received, rig.modem.mt_buffer) == (SendStatus.RETRY, (b"sleep",), b"")


def test_what_an_earlier_process_left_is_handed_on_also_where_the_line_breaks() -> None:
    """A missing modem is a result where something came in before it went."""
    rig = Rig(modem={"mt_queue": [b"sleep"]})
    rig.modem.feed(b"AT+SBDIX\r")
    write = rig.line.write

    def breaking(data: bytes) -> None:
        if data.startswith(b"AT+SBDWB"):
            raise DeviceError("gone", device="/dev/modem", why="unplugged")
        write(data)

    rig.line.write = breaking  # type: ignore[method-assign]
    result = rig.send()
    assert (result.status, result.received, result.uncertain) == (SendStatus.RETRY, (b"sleep",), False)
    assert (result.fault, rig.modem.sessions) == ("hardware", 1)


def test_a_message_left_unread_that_cannot_be_read_stops_nothing() -> None:
    """It is tried twice and given up, and the result says so."""
    rig = Rig(modem={"mt_queue": [b"sleep"], "damaged_reads": 2})
    rig.modem.feed(b"AT+SBDIX\r")
    result = rig.send()
    assert (result.status, result.received, rig.payloads) == (SendStatus.SENT, (), [b"", PAYLOAD])
    assert "could not be read" in result.detail


@pytest.mark.parametrize("check", [False, True])
def test_a_message_that_came_with_a_lost_answer_is_read(check: bool) -> None:
    """The answer to AT+SBDIX never came; AT+SBDS tells that a message did."""
    rig = Rig(SessionPlan(answers=False), modem={"mt_queue": [HOSTILE]})
    result = rig.link.check_mailbox(deadline_s=300) if check else rig.send()
    assert (result.status, result.uncertain, result.received) == (SendStatus.RETRY, True, (HOSTILE,))


def test_what_was_handed_on_is_not_handed_on_again() -> None:
    """A message stays in the modem until the next session; the same again from the network is another one."""
    rig = Rig(modem={"mt_queue": [b"sleep", b"wake", b"sleep"]})
    assert [rig.send().received for _ in range(4)] == [(b"sleep",), (b"wake",), (b"sleep",), ()]
