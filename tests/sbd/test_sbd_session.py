"""The sending session by itself: one conversation to the byte, the table as a whole, and any input at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.sbd.commands import BufferStatus, SbdixReply, checksum
from cameratrap.sbd.outcome import Heard, SendOutcome, judge
from cameratrap.sbd.session import SbdSession
from cameratrap.sbd.status import Fault, Verdict
from cameratrap.sbd.steps import SAYS, TABLE, TRIES, Step, Token

OK = b"\r\nOK\r\n"


def converse(session: SbdSession, conversation: list[tuple[bytes, bytes]]) -> SendOutcome:
    """Hold the session to what it says, to the byte; nothing is said before the answer to what was said last."""
    for moment_s, (said, answer) in enumerate(conversation):
        assert session.outcome is None
        assert session.bytes_to_send() == said
        assert session.bytes_to_send() == b""
        session.receive_data(answer, float(moment_s))
    assert session.outcome is not None
    assert session.bytes_to_send() == b""
    return session.outcome


SET_UP = [
    (b"AT\r", OK),
    (b"ATE0\r", OK),
    (b"AT&D0\r", OK),
    (b"AT&K0\r", OK),
    (b"AT+SBDMTA=0\r", OK),
    (b"AT+SBDST=60\r", OK),
    (b"AT+CSQF\r", b"\r\n+CSQF:4\r\n" + OK),
    (b"AT+SBDD0\r", b"\r\n0\r\n" + OK),
    (b"AT+SBDS\r", b"\r\n+SBDS: 0, 7, 0, -1\r\n" + OK),
]


def test_one_conversation_to_the_byte() -> None:
    """What a session says and in which order, with a message to the trap that looks like an answer."""
    outcome = converse(
        SbdSession(b"hello", monotonic_s=0.0, deadline_s=180.0),
        [
            *SET_UP,
            (b"AT+SBDWB=5\r", b"\r\nREADY\r\n"),
            (b"hello\x02\x14", b"\r\n0\r\n" + OK),
            (b"AT+SBDS\r", b"\r\n+SBDS: 1, 7, 0, -1\r\n" + OK),
            (b"AT+SBDIX\r", b"\r\n+SBDIX: 0, 7, 1, 31, 6, 2\r\n" + OK),
            (b"AT+SBDS\r", b"\r\n+SBDS: 1, 8, 1, 31\r\n" + OK),
            (b"AT+SBDD0\r", b"\r\n0\r\n" + OK),
            (b"AT+SBDRB\r", b"\x00\x06\r\nOK\r\n" + checksum(b"\r\nOK\r\n") + OK),
        ],
    )
    assert (outcome.verdict, outcome.momsn, outcome.signal) == (Verdict.SENT, 7, 4)
    assert (outcome.received, outcome.waiting) == ((b"\r\nOK\r\n",), 2)


def test_a_mailbox_check_to_the_byte() -> None:
    """It writes nothing, makes sure that nothing is left in the buffer, and answers a ring."""
    outcome = converse(
        SbdSession(None, monotonic_s=0.0, deadline_s=180.0),
        [
            *SET_UP,
            (b"AT+CRIS\r", b"\r\n+CRIS:000,001\r\n" + OK),
            (b"AT+SBDIXA\r", b"\r\n+SBDIX: 0, 7, 1, 31, 2, 0\r\n" + OK),
            (b"AT+SBDRB\r", b"\x00\x02hi\x00\xd1" + OK),
        ],
    )
    assert (outcome.verdict, outcome.received, outcome.waiting) == (Verdict.SENT, (b"hi",), 0)


def test_a_refused_ring_answer_becomes_a_plain_session() -> None:
    """A modem that knows AT+CRIS and not AT+SBDIXA."""
    outcome = converse(
        SbdSession(None, monotonic_s=0.0, deadline_s=180.0),
        [
            *SET_UP,
            (b"AT+CRIS\r", b"\r\n+CRIS:000,001\r\n" + OK),
            (b"AT+SBDIXA\r", b"\r\nERROR\r\n"),
            (b"AT+SBDIX\r", b"\r\n+SBDIX: 0, 7, 0, 31, 0, 0\r\n" + OK),
        ],
    )
    assert (outcome.verdict, outcome.received) == (Verdict.SENT, ())


def test_a_session_that_ends_before_sbdix_was_written_is_certain() -> None:
    """The deadline fell between the decision to send and the writing: nothing left, and an old answer is no answer."""
    session = SbdSession(None, monotonic_s=0.0, deadline_s=180.0)
    for said, answer in SET_UP:
        assert session.bytes_to_send() == said
        session.receive_data(answer, 0.0)
    assert session.bytes_to_send() == b"AT+CRIS\r"
    session.receive_data(OK + b"\r\n+SBDIX: 0, 7, 0, 31, 0, 0\r\n" + OK, 0.0)
    session.time_passes(180.0)
    assert session.outcome is not None
    assert (session.outcome.verdict, session.outcome.began, session.outcome.uncertain) == (Verdict.RETRY, False, False)


@pytest.mark.parametrize("cleared", [b"\r\nERROR\r\n", b"\r\n1\r\n" + OK])
def test_a_mailbox_check_never_sends_what_lies_in_the_buffer(cleared: bytes) -> None:
    """A modem that will not empty its buffer is not asked for a session."""
    full = (b"AT+SBDS\r", b"\r\n+SBDS: 1, 7, 0, -1\r\n" + OK)
    session = SbdSession(None, monotonic_s=0.0, deadline_s=180.0)
    outcome = converse(session, [*SET_UP[:7], (b"AT+SBDD0\r", cleared), full])
    assert (outcome.verdict, outcome.began, outcome.fault) == (Verdict.RETRY, False, Fault.HARDWARE)
    assert "did not empty" in outcome.detail


def test_every_wait_has_an_end() -> None:
    """Each step that waits knows where to go when nothing comes, and each that may repeat itself where it stops."""
    for step, edges in TABLE.items():
        assert Token.TIMEOUT in edges, step
        if step in edges.values() and Token.EXHAUSTED not in edges:
            raise AssertionError(f"{step} may go on for ever")
        assert (Token.EXHAUSTED in edges) is (step in TRIES), step


def test_every_step_can_be_reached_and_said() -> None:
    """The table has no step that nothing leads to."""
    reached = {Step.SYNC, Step.RING, Step.WRITE, Step.CLEAR, Step.RADIO_ON, Step.SAVE, Step.READ} | {
        step for edges in TABLE.values() for step in edges.values()
    }
    assert set(TABLE) <= reached
    assert set(SAYS) <= set(TABLE)


def test_sbdix_that_sends_follows_only_a_0() -> None:
    """Back from the step that starts a session there is one way, and it begins where the modem said 0."""

    def leading_to(target: Step) -> set[tuple[Step, Token]]:
        return {(step, token) for step, edges in TABLE.items() for token, to in edges.items() if to is target}

    assert {step for step, _ in leading_to(Step.TRANSFER)} == {Step.RING, Step.CHECK, Step.CHECKED}
    assert {step for step, _ in leading_to(Step.CHECKED)} == {Step.CHECK}
    assert {step for step, _ in leading_to(Step.CHECK)} == {Step.LOADED}
    assert leading_to(Step.LOADED) == {(Step.LOAD, Token.ZERO)}
    assert leading_to(Step.RING) == set()


_pieces = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            OK,
            b"\r\nREADY\r\n",
            b"\r\n0\r\n",
            b"\r\n1\r\n",
            b"\r\n2\r\n",
            b"\r\nERROR\r\n",
            b"\r\n+SBDIX: 0, 7, 0, 0, 0, 0\r\n",
            b"\r\n+SBDIX: 18, 7, 0, 0, 0, 0\r\n",
            b"\r\n+SBDS: 0, 7, 0, 0\r\n",
            b"\r\n+SBDS: 0, 8, 0, 0\r\n",
            b"\r\n+SBDIX: 0, 7, 1, 0, 2, 0\r\n",
            b"\x00\x02hi\x00\xd1",
            b"\r\nSBDRING\r\n",
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_pieces, st.floats(0, 40)), max_size=80), st.sampled_from([b"hello", None]))
def test_any_input_ends_by_the_deadline(happenings: list[tuple[bytes, float]], payload: bytes | None) -> None:
    """No bytes in any order crash or hang it; it is quiet once it ended; SENT needs that a session was begun."""
    session = SbdSession(payload, monotonic_s=0.0, deadline_s=180.0)
    now_s, said = 0.0, b""
    for data, pause_s in happenings:
        said += session.bytes_to_send()
        session.receive_data(data, now_s)
        now_s += pause_s
        session.time_passes(now_s)
    while session.outcome is None:
        now_s = session.wake_at_s
        assert now_s <= 180.0
        session.time_passes(now_s)
        said += session.bytes_to_send()
    assert session.bytes_to_send() == b""
    if session.outcome.verdict is Verdict.SENT:
        assert b"AT+SBDIX" in said
        assert payload is None or said.index(b"hello\x02\x14") < said.index(b"AT+SBDIX")


def _judged(status: int | None, *momsns: int | None, shown: int = 7, loaded: tuple[bool, bool] = (False, True)) -> str:
    """The verdict on a session whose SBDIX showed ``shown``, with AT+SBDS's numbers before, and after it."""
    before, after = momsns
    reply = None if status is None else SbdixReply(status, shown, 0, 0, 0, 0)
    outcome = judge(
        Heard(
            reply,
            emptied=True,
            before=None if before is None else BufferStatus(loaded[0], before),
            filled=None if before is None else BufferStatus(loaded[1], before),
            after=None if after is None else BufferStatus(True, after),
        )
    )
    return outcome.verdict.value + ("?" if outcome.uncertain else "")


def test_judgement() -> None:
    """What may be claimed of each combination of answer and message numbers; "?" is an uncertain one."""
    assert _judged(0, 7, 8) == "sent"
    assert _judged(0, None, None) == "sent"
    assert _judged(0, 7, 7) == "retry?"
    assert _judged(0, 7, None) == "retry?"
    assert _judged(32, 7, 7) == "retry"
    assert _judged(32, 7, 8) == "retry?"
    assert _judged(12, 7, 7) == "permanent"
    assert _judged(12, 7, 8) == "retry?"
    assert _judged(None, 7, 7) == _judged(None, 7, 8) == _judged(None, 65535, 0) == "retry?"
    refused = judge(Heard(refused=True, before=BufferStatus(False, 7), after=BufferStatus(True, 7)))
    assert (refused.verdict, refused.uncertain) == (Verdict.RETRY, False)


def test_a_witness_that_sees_nothing_takes_no_success_away() -> None:
    """AT+SBDS that shows other numbers than the session, or does not notice that the buffer was filled or emptied."""
    assert _judged(0, 0, 0, shown=7) == "sent"
    assert _judged(0, 7, 7, loaded=(False, False)) == "sent"
    assert _judged(0, 7, 7, loaded=(True, True)) == "sent"


@given(
    status=st.sampled_from([None, *range(5, 66)]),
    before=st.integers(0, 9) | st.none(),
    after=st.integers(0, 9) | st.none(),
    shown=st.integers(0, 9),
    loaded=st.tuples(st.booleans(), st.booleans()),
)
def test_no_number_makes_a_success(
    status: int | None, before: int | None, after: int | None, shown: int, loaded: tuple[bool, bool]
) -> None:
    """Without an answer of 0 to 4 nothing was sent, whatever a modem counts."""
    assert not _judged(status, before, after, shown=shown, loaded=loaded).startswith("sent")
