"""Modems that are not ours: other spacing, other habits, half the commands. A success stays one, a failure too."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.ports import SendStatus
from cameratrap.replay.emulated_lines import MemoryLine, VirtualClock
from cameratrap.sbd.outcome import UNCONFIRMED

PAYLOAD = b"\r\n0\r\nOK\r\nmonday"


@dataclass
class Stranger:
    """A modem written from what others emulate, sharing no code with ours.

    ``before`` and ``after`` stand around each line; ``sbds`` is what AT+SBDS shows, with ``{n}`` for the number and
    ``{f}`` for the full buffer; ``knows`` are the optional commands, the others get ``unknown``.
    """

    mo_status: int = 0
    before: str = "\r\n"
    after: str = "\r\n"
    ready: str = "\r\nREADY\r\n"
    sbdix: str = "+SBDIX: {s}, {n}, 0, -1, 0, 0"
    sbds: str | None = "+SBDS: {f}, {n}, 0, -1"
    counts: bool = True
    echo: bool = False
    lower: bool = False
    unknown: str = "ERROR"
    banner: str = ""
    deaf_until_s: float = 0.0
    wake_at_s: float | None = None
    delivered: list[bytes] = field(default_factory=list)
    buffer: bytes = b""
    number: int = 5
    pending: bytes = b""
    wanted: int = 0

    def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
        if now_s < self.deaf_until_s:
            return b""
        self.pending += data
        return self.load() if self.wanted else self.command()

    def time_passes(self, now_s: float) -> bytes:
        return b""

    def load(self) -> bytes:
        if len(self.pending) < self.wanted:
            return b""
        self.buffer, self.pending, self.wanted = self.pending[:-2], b"", 0
        return self.lines("0", "OK")

    def command(self) -> bytes:
        if not self.pending.endswith(b"\r"):
            return b""
        said, self.pending = self.pending.decode(), b""
        answer = (said.encode() if self.echo else b"") + self.answer(said.strip())
        banner, self.banner = self.banner.encode(), ""
        return banner + answer

    def answer(self, said: str) -> bytes:
        if said == "AT":
            return self.lines("OK")
        if said.startswith("AT+SBDWB="):
            self.wanted = int(said[9:]) + 2
            return (self.ready.lower() if self.lower else self.ready).encode()
        if said == "AT+SBDIX":
            return self.session()
        if said == "AT+SBDS" and self.sbds is not None:
            return self.lines(self.sbds.format(f=int(bool(self.buffer)), n=self.number), "OK")
        return self.lines(self.unknown) if self.unknown else b""

    def session(self) -> bytes:
        shown = self.sbdix.format(s=self.mo_status, n=self.number)
        if self.mo_status == 0:
            self.delivered.append(self.buffer)
            self.number += self.counts
        return self.lines(shown, "OK")

    def lines(self, *texts: str) -> bytes:
        answer = "".join(f"{self.before}{text}{self.after}" for text in texts)
        return (answer.lower() if self.lower else answer).encode()


STRANGERS: dict[str, dict[str, object]] = {
    "as the manual": {},
    "no line end in front": {"before": ""},
    "LF alone": {"before": "\n", "after": "\n"},
    "CR alone": {"before": "", "after": "\r"},
    "no spaces": {"sbdix": "+SBDIX:{s},{n},0,-1,0,0", "sbds": "+SBDS:{f},{n},0,-1"},
    "two spaces": {"sbdix": "+SBDIX:  {s},  {n},  0,  -1,  0,  0", "sbds": "+SBDS:  {f},  {n},  0,  -1"},
    "lower case": {"lower": True},
    "echo for ever": {"echo": True},
    "READY without an end": {"ready": "READY"},
    "READY without an end, after an echo": {"ready": "READY", "echo": True},
    "no AT+SBDS": {"sbds": None},
    "silence for what it does not know": {"unknown": ""},
    "silence and no AT+SBDS": {"unknown": "", "sbds": None},
    "OK for what it does not know": {"unknown": "OK", "sbds": None},
    "AT+SBDS is always zero": {"sbds": "+SBDS: 0, 0, 0, 0", "number": 0, "counts": False},
    "AT+SBDS is always the same": {"sbds": "+SBDS: 1, 5, 0, 0", "counts": False, "unknown": "OK"},
    "AT+SBDS without its plus": {"sbds": "SBDS:{f},{n},0,-1"},
    "MTMSN is 0": {"sbdix": "+SBDIX: {s}, {n}, 0, 0, 0, 0"},
    "a banner": {"banner": "\r\nIridium 9602 emulator v0.1\r\nREADY.\r\n"},
    "a slow start": {"deaf_until_s": 45.0},
}


def _send(stranger: Stranger, chunk: int, times: int = 1) -> list[tuple[SendStatus, bool]]:
    clock = VirtualClock()
    link = RockBlock9602(MemoryLine(stranger, clock, chunk=chunk), monotonic_s=clock)
    results = [link.send(PAYLOAD, deadline_s=180) for _ in range(times)]
    return [(result.status, result.uncertain) for result in results]


@pytest.mark.parametrize("chunk", [1, 4096])
@pytest.mark.parametrize("habits", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_s_success_is_a_success(habits: dict[str, object], chunk: int) -> None:
    """The message is at its gateway once, and no second session is asked for."""
    stranger = Stranger(**habits)  # type: ignore[arg-type]
    assert _send(stranger, chunk) == [(SendStatus.SENT, False)]
    assert stranger.delivered == [PAYLOAD]


@pytest.mark.parametrize("status", [32, 18])
@pytest.mark.parametrize("habits", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_s_failure_is_a_failure(habits: dict[str, object], status: int) -> None:
    """Whatever it counts and however it speaks, what it did not send was not sent."""
    stranger = Stranger(**habits, mo_status=status)  # type: ignore[arg-type]
    assert _send(stranger, 4096) == [(SendStatus.RETRY, status == 18)]
    assert stranger.delivered == []


def test_a_number_that_never_moves_is_doubted_once() -> None:
    """A modem that seems to count and does not costs one message twice, and not every day's message for ever."""
    stranger = Stranger(counts=False, unknown="OK")
    assert _send(stranger, 4096, times=3) == [
        (SendStatus.RETRY, True),
        (SendStatus.SENT, False),
        (SendStatus.SENT, False),
    ]


def test_a_number_that_shows_the_last_session_is_a_witness_too() -> None:
    """A modem whose SBDIX already shows the number after the session, as some emulators do."""
    stranger = Stranger()
    session = stranger.session
    stranger.session = lambda: session().replace(b" 5,", b" 6,")  # type: ignore[method-assign]
    assert _send(stranger, 4096) == [(SendStatus.SENT, False)]


@pytest.mark.parametrize("earlier", [True, False])
def test_the_next_process_may_be_told_that_the_number_does_not_count(earlier: bool) -> None:
    """Each process doubts such a modem once, unless an earlier one's result, whose detail says so, is remembered."""
    stranger = Stranger(counts=False, unknown="OK")
    clock = VirtualClock()
    link = RockBlock9602(MemoryLine(stranger, clock), monotonic_s=clock, number_counts=earlier)
    result = link.send(PAYLOAD, deadline_s=180)
    assert (result.status is SendStatus.RETRY, UNCONFIRMED in result.detail) == (earlier, True)


def test_a_number_that_counts_again_is_believed_again() -> None:
    """Its success is confirmed, and the detail does not say otherwise; the next success needs the number's word."""
    stranger = Stranger(unknown="OK")
    clock = VirtualClock()
    link = RockBlock9602(MemoryLine(stranger, clock), monotonic_s=clock, number_counts=False)
    result = link.send(PAYLOAD, deadline_s=180)
    assert (result.status, UNCONFIRMED in result.detail) == (SendStatus.SENT, False)
    stranger.counts, stranger.buffer = False, b""
    assert link.send(PAYLOAD, deadline_s=180).status is SendStatus.RETRY


@pytest.mark.parametrize(
    "sbdix",
    [
        "AT+SBDIX+SBDIX: {s}, {n}, 0, -1, 0, 0",
        "SBDRING+SBDIX: {s}, {n}, 0, -1, 0, 0",
        "+SBDIX: {s}, {n}, 0, -1, 0, 0 OK",
        "+SBDIX: {s}, {n}, 2, -1, -1, -1",
    ],
)
def test_an_answer_that_is_glued_to_another_is_understood(sbdix: str) -> None:
    """An echo or a ring without a line end, an OK on the same line, and lengths of -1 where no message came in."""
    stranger = Stranger(sbdix=sbdix)
    assert _send(stranger, 4096) == [(SendStatus.SENT, False)]
    assert stranger.delivered == [PAYLOAD]


@pytest.mark.parametrize("profile", ["quiet", "digits"])
def test_a_stored_profile_that_never_says_ok(profile: str) -> None:
    """ATQ1 or ATV0 in the modem's stored profile: it is there, and is told to answer in words."""

    def unlike(said: str) -> bytes:
        if said == "ATQ0V1":
            stranger.answer = answer  # type: ignore[method-assign]
            return stranger.lines("OK")
        return b"" if profile == "quiet" else b"0\r"

    stranger = Stranger()
    answer, stranger.answer = stranger.answer, unlike  # type: ignore[method-assign]
    clock = VirtualClock()
    link = RockBlock9602(MemoryLine(stranger, clock), monotonic_s=clock)
    assert link.send(PAYLOAD, deadline_s=180).status is SendStatus.SENT
    stranger.answer = unlike  # type: ignore[method-assign]
    assert link.signal(deadline_s=30) is None
