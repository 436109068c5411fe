"""The sending session by itself: one conversation to the byte, the table as a whole, and any input at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.sbd.commands import SbdixReply
from cameratrap.sbd.outcome import Heard, judge
from cameratrap.sbd.session import SendSession
from cameratrap.sbd.status import Verdict
from cameratrap.sbd.steps import SAYS, TABLE, TRIES, Step, Token

OK = b"\r\nOK\r\n"


def test_one_conversation_to_the_byte() -> None:
    """What a session says and in which order; nothing is said before the answer to what was said last."""
    session = SendSession(b"hello", monotonic_s=0.0, deadline_s=180.0)
    conversation = [
        (b"AT\r", OK),
        (b"ATE0\r", OK),
        (b"AT&K0\r", OK),
        (b"AT+SBDMTA=0\r", OK),
        (b"AT+SBDST=60\r", OK),
        (b"AT+CSQF\r", b"\r\n+CSQF:4\r\n" + OK),
        (b"AT+SBDS\r", b"\r\n+SBDS: 0, 7, 0, -1\r\n" + OK),
        (b"AT+SBDWB=5\r", b"\r\nREADY\r\n"),
        (b"hello\x02\x14", b"\r\n0\r\n" + OK),
        (b"AT+SBDIX\r", b"\r\n+SBDIX: 0, 7, 0, -1, 0, 0\r\n" + OK),
        (b"AT+SBDS\r", b"\r\n+SBDS: 1, 8, 0, -1\r\n" + OK),
        (b"AT+SBDD0\r", b"\r\n0\r\n" + OK),
    ]
    for moment_s, (said, answer) in enumerate(conversation):
        assert session.outcome is None
        assert session.bytes_to_send() == said
        assert session.bytes_to_send() == b""
        session.receive_data(answer, float(moment_s))
    assert session.outcome is not None
    assert (session.outcome.verdict, session.outcome.momsn, session.outcome.signal) == (Verdict.SENT, 7, 4)
    assert session.outcome.cleared
    assert session.bytes_to_send() == b""


def test_every_wait_has_an_end() -> None:
    """Each step that waits knows where to go when nothing comes, and each that may repeat itself where it stops."""
    for step, edges in TABLE.items():
        assert Token.TIMEOUT in edges, step
        if step in edges.values() and Token.EXHAUSTED not in edges:
            raise AssertionError(f"{step} may go on for ever")
        assert (Token.EXHAUSTED in edges) is (step in TRIES), step


def test_every_step_can_be_reached_and_said() -> None:
    """The table has no step that nothing leads to."""
    reached = {Step.SYNC, Step.CLEAR, Step.RADIO_ON} | {step for edges in TABLE.values() for step in edges.values()}
    assert set(TABLE) <= reached
    assert set(SAYS) <= set(TABLE)


def test_sbdix_follows_only_a_0() -> None:
    """The one step that starts a session is entered from the one step that heard the 0."""
    before = {step for step, edges in TABLE.items() if Step.TRANSFER in edges.values()}
    assert before == {Step.LOADED}
    assert [(step, token) for step, edges in TABLE.items() for token, to in edges.items() if to is Step.LOADED] == [
        (Step.LOAD, Token.ZERO)
    ]


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
            b"\r\nSBDRING\r\n",
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_pieces, st.floats(0, 40)), max_size=80))
def test_any_input_ends_by_the_deadline(happenings: list[tuple[bytes, float]]) -> None:
    """No bytes in any order crash or hang it; it is quiet once it ended; SENT needs that a session was begun."""
    session = SendSession(b"hello", monotonic_s=0.0, deadline_s=180.0)
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
        assert b"hello\x02\x14AT+SBDIX\r" in said


def test_judgement() -> None:
    """What may be claimed of each combination of answer and message numbers."""

    def verdict(status: int | None, before: int | None, after: int | None) -> tuple[str, bool]:
        reply = None if status is None else SbdixReply(status, 7, 0, 0, 0, 0)
        outcome = judge(Heard(reply, number_before=before, number_after=after))
        return outcome.verdict.value, outcome.uncertain

    assert verdict(0, 7, 8) == ("sent", False)
    assert verdict(0, None, None) == ("sent", False)
    assert verdict(0, 7, 7) == ("retry", True)
    assert verdict(0, 7, None) == ("retry", True)
    assert verdict(32, 7, 7) == ("retry", False)
    assert verdict(32, 7, 8) == ("retry", True)
    assert verdict(12, 7, 7) == ("permanent", False)
    assert verdict(12, 7, 8) == ("retry", True)
    assert verdict(None, 7, 8) == ("sent", False)
    assert verdict(None, 7, 7) == ("retry", True)
    assert verdict(None, 65535, 0) == ("sent", False)
    refused = judge(Heard(refused=True, number_before=7, number_after=7))
    assert (refused.verdict, refused.uncertain) == (Verdict.RETRY, False)
