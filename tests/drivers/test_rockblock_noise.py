"""A line that changes what it carries: any byte lost, changed, doubled or joined by others, and lines in between."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.errors import DeviceError
from cameratrap.ports import SendStatus
from cameratrap.replay.emulated_lines import MemoryLine
from cameratrap.replay.modem_emulator import ModemEmulator, SessionPlan
from tests.rockblock_rig import PAYLOAD, Rig


class Noisy:
    """A modem of whose bytes, counted over its life, some arrive as others."""

    def __init__(self, modem: ModemEmulator, noise: Mapping[int, bytes]) -> None:
        self._modem = modem
        self._noise = noise
        self._said = 0

    @property
    def wake_at_s(self) -> float | None:
        return self._modem.wake_at_s

    def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
        return self._carry(self._modem.feed(data, now_s))

    def time_passes(self, now_s: float) -> bytes:
        return self._carry(self._modem.time_passes(now_s))

    def _carry(self, data: bytes) -> bytes:
        carried = [self._noise.get(self._said + at, data[at : at + 1]) for at in range(len(data))]
        self._said += len(data)
        return b"".join(carried)


def _claims_hold(plan: SessionPlan, noise: Mapping[int, bytes]) -> SendStatus | None:
    rig = Rig(plan, modem={"momsn": 41, "mt_queue": [b"\r\nOK\r\n\x00\x01"]})
    link = RockBlock9602(MemoryLine(Noisy(rig.modem, noise), rig.clock), monotonic_s=rig.clock)
    try:
        result = link.send(PAYLOAD, deadline_s=300)
    except DeviceError:
        assert rig.payloads == []
        return None
    finally:
        assert rig.clock() <= 1300
    rig.check_claim(result)
    assert result.received in {(), (b"\r\nOK\r\n\x00\x01",)}
    return result.status


_failures = st.sampled_from([5, 8, 10, 12, 13, 15, 17, 18, 19, 20, 30, 32, 34, 35, 36, 64])
_uncertain = st.sampled_from([10, 13, 17, 18, 19])
_plans = st.builds(SessionPlan, status=st.just(0) | _failures) | st.builds(
    SessionPlan, status=_uncertain, delivers=st.just(True)
)
_news = st.sampled_from([b"", b"\r\nSBDRING\r\n", b"\r\n+CIEV:0,3\r\n", b"\r\n", b"0", b"\x00"])


@settings(max_examples=300, deadline=None)
@given(_plans, st.dictionaries(st.integers(0, 400), _news | st.binary(max_size=2), max_size=5))
@example(SessionPlan(status=10), {})
def test_no_noise_makes_a_false_claim(plan: SessionPlan, noise: dict[int, bytes]) -> None:
    """Whatever becomes of what the modem says: it ends in time, and sent means sent."""
    _claims_hold(plan, noise)


@pytest.mark.parametrize("status", [8, 10, 18, 32])
def test_no_single_byte_makes_a_failure_a_success(status: int) -> None:
    """Each byte of a failed session lost in turn; a digit that is lost from "18" makes it say "1"."""
    for position in range(330):
        assert _claims_hold(SessionPlan(status=status), {position: b""}) is not SendStatus.SENT


@pytest.mark.parametrize("news", [b"SBDRING", b"+CIEV:0,3", b"+CIEV:1,0", b"+AREG:0,0"])
def test_trap_6_news_at_any_end_of_a_line(news: bytes) -> None:
    """An unsolicited line wherever a line ends costs nothing: the session succeeds, each time."""
    rig = Rig(modem={"echo": False})
    said = bytearray()
    rig.rewrite_answers(lambda answer: said.extend(answer) or answer)  # type: ignore[func-returns-value]
    rig.send()
    ends = [at for at in range(len(said)) if said[at : at + 1] == b"\n"]
    assert len(ends) > 40
    for at in ends:
        silent = Rig(modem={"echo": False})
        line = MemoryLine(Noisy(silent.modem, {at: b"\n\r\n" + news + b"\r\n"}), silent.clock)
        assert RockBlock9602(line, monotonic_s=silent.clock).send(PAYLOAD, deadline_s=300).status is SendStatus.SENT
        assert silent.payloads == [PAYLOAD]
