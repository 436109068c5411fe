"""The run over the outbox: order, patience, budget, and what is reported."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.transmit import Hooks, transmit
from cameratrap.app.transmit_plan import Limits
from cameratrap.app.transmit_report import TransmitReport, UnsentError
from cameratrap.config import Config
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxState, enqueue
from tests.fakes import SendingLink

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SENT = SendResult(SendStatus.SENT, mo_status=0, momsn=1, detail="sent")
NO_SKY = SendResult(SendStatus.RETRY, mo_status=32, detail="no network service")
UNSURE = SendResult(SendStatus.RETRY, mo_status=18, uncertain=True, detail="link lost")
NEVER = SendResult(SendStatus.PERMANENT, mo_status=12, detail="too many segments")


class FakeClock:
    """Time passes when someone waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic_s(self) -> float:
        return self.seconds

    def quality(self) -> ClockQuality | None:
        return None

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


class FakeLink(SendingLink):
    """Answers each session with the next result, and then with success."""

    session_s = 20.0

    def __init__(self, clock: FakeClock, *results: SendResult | DeviceError) -> None:
        self.clock = clock
        self.results = list(results)
        self.sessions: list[tuple[float, bytes, float]] = []

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        self.sessions.append((self.clock.seconds, payload, deadline_s))
        self.clock.seconds += self.session_s
        result = self.results.pop(0) if self.results else SENT
        if isinstance(result, DeviceError):
            raise result
        return result


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A store with an outbox."""
    with closing(open_store(tmp_path / "card.db", CARD_MIGRATIONS, create=True)) as opened:
        yield opened


class Trap:
    """An outbox with messages of so many days, and a link."""

    def __init__(self, connection: sqlite3.Connection, days: int, *results: SendResult | DeviceError) -> None:
        self.clock = FakeClock()
        self.link = FakeLink(self.clock, *results)
        self.outbox = Outbox(connection, jitter=lambda: 0.0)
        for number in range(1, days + 1):
            enqueue(connection, day=date(2026, 11, number), sequence=number, part=1, payload=b"%d" % number, now=START)

    def run(self, *, attempts: int = 3, budget_s: float = 900.0, ignore_schedule: bool = False) -> TransmitReport:
        limits = Limits(attempts, 180.0, budget_s, ignore_schedule=ignore_schedule)
        return self.run_within(limits)

    def run_within(self, limits: Limits, **hooks: Callable[[bytes], None]) -> TransmitReport:
        return transmit(self.outbox, self.link, self.clock, limits, Hooks(wait=self.clock.wait, **hooks))

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, payload, _ in self.link.sessions]


def test_everything_due_is_sent_newest_first(connection: sqlite3.Connection) -> None:
    """One session a message, none waits in between, and the outbox says sent."""
    trap = Trap(connection, 3)
    report = trap.run()
    assert trap.payloads == [b"3", b"2", b"1"]
    assert {message.state for message in trap.outbox.messages()} == {OutboxState.SENT}
    assert (len(report.sent), report.unsent, report.credits) == (3, [], (3, 3))


def test_nothing_due_touches_no_modem(connection: sqlite3.Connection) -> None:
    """An empty outbox is an empty report."""
    trap = Trap(connection, 0)
    assert trap.run() == TransmitReport()
    assert trap.link.sessions == []


def test_a_failure_makes_the_whole_run_wait(connection: sqlite3.Connection) -> None:
    """The sky that failed one message is not tried with another: the same one is repeated, after a minute."""
    trap = Trap(connection, 2, NO_SKY)
    trap.run()
    assert trap.payloads == [b"2", b"2", b"1"]
    assert trap.link.sessions[1][0] - trap.link.sessions[0][0] == 20 + 60


def test_a_run_ends_after_its_failures(connection: sqlite3.Connection) -> None:
    """Three failed sessions and no more; what is unsent is reported with the reason, the untried ones too."""
    trap = Trap(connection, 2, *[NO_SKY] * 10)
    report = trap.run(attempts=3)
    assert trap.payloads == [b"2"] * 3
    assert [message.sequence for message in report.unsent] == [2, 1]
    error = UnsentError(report.unsent)
    assert error.exit_status == 1
    assert "no network service" in str(error)


def test_a_run_never_waits_beyond_its_budget(connection: sqlite3.Connection) -> None:
    """A wait that would not end within the budget is left to the next run."""
    trap = Trap(connection, 1, *[NO_SKY] * 10)
    trap.run(attempts=10, budget_s=200)
    assert len(trap.link.sessions) == 2
    assert trap.clock.seconds <= 200


@pytest.mark.parametrize(("jitter", "session_s"), [(0.0, 0.5), (0.0, 180.0), (1.0, 0.5), (1.0, 180.0)])
def test_by_default_a_run_tries_four_times_over_ten_minutes(
    connection: sqlite3.Connection, jitter: float, session_s: float
) -> None:
    """What the outbox plans, the configuration's defaults and the run's budget allow, however long sessions take."""
    modem = Config().modem
    trap = Trap(connection, 1, *[NO_SKY] * 10)
    trap.outbox = Outbox(connection, jitter=lambda: jitter)
    trap.link.session_s = session_s
    assert session_s <= modem.deadline_s
    trap.run_within(Limits(modem.attempts, modem.deadline_s))
    starts = [start for start, _, _ in trap.link.sessions]
    assert len(starts) == 4
    assert starts[-1] - starts[0] >= 600


def test_planned_attempts_wait_for_their_time(connection: sqlite3.Connection) -> None:
    """The next run keeps the plan of the last; --now overrides it."""
    trap = Trap(connection, 1, NO_SKY)
    trap.run(attempts=1)
    report = trap.run(attempts=1)
    assert (len(trap.link.sessions), len(report.waiting)) == (1, 1)
    assert len(trap.run(attempts=1, ignore_schedule=True).sent) == 1


def test_an_uncertain_failure_is_sent_again_and_its_cost_told(connection: sqlite3.Connection) -> None:
    """It may arrive twice, which the receiver can tell, and never not at all; the cost is told from least to most."""
    trap = Trap(connection, 1, UNSURE)
    report = trap.run()
    assert trap.payloads == [b"1", b"1"]
    assert report.credits == (1, 2)


def test_a_hopeless_message_does_not_hold_up_the_others(connection: sqlite3.Connection) -> None:
    """A permanent failure costs one session and the run goes on."""
    trap = Trap(connection, 2, NEVER)
    report = trap.run(attempts=1)
    assert trap.payloads == [b"2", b"1"]
    assert [message.state for message in trap.outbox.messages()] == [OutboxState.FAILED, OutboxState.SENT]
    assert [message.sequence for message in report.unsent] == [2]
    assert trap.run().unsent == []


def test_a_payload_nobody_would_carry_is_permanent(connection: sqlite3.Connection) -> None:
    """A refusal by the driver is recorded, not repeated for ever."""
    from cameratrap.drivers.rockblock_9602 import RockBlock9602
    from cameratrap.replay.emulated_lines import MemoryLine, VirtualClock
    from cameratrap.replay.modem_emulator import ModemEmulator

    trap = Trap(connection, 0)
    enqueue(connection, day=date(2026, 11, 1), sequence=1, part=1, payload=b"RBx", now=START)
    virtual = VirtualClock()
    link = RockBlock9602(MemoryLine(ModemEmulator([].append), virtual), monotonic_s=virtual)
    report = transmit(trap.outbox, link, trap.clock, Limits(3, 180.0), Hooks(wait=trap.clock.wait))
    assert [message.state for message in trap.outbox.messages()] == [OutboxState.FAILED]
    assert "52 42" in report.unsent[0].detail


def test_a_modem_that_goes_away_is_reported_with_what_was_done(connection: sqlite3.Connection) -> None:
    """What was sent before stays sent, the rest stays queued with its reason, and nothing is raised past the report."""
    gone = DeviceError("the modem does not answer", device="/dev/x")
    trap = Trap(connection, 2, SENT, gone)
    report = trap.run()
    assert report.device_error is gone
    assert [message.sequence for message in report.sent] == [2]
    left = trap.outbox.messages(OutboxState.QUEUED)
    assert [(message.sequence, message.attempts, message.uncertain_attempts) for message in left] == [(1, 1, 0)]
    assert "does not answer" in left[0].detail


def test_a_message_composed_anew_meanwhile_is_still_reported(connection: sqlite3.Connection) -> None:
    """`watch` replaces an untried message while another is sent: it is a new row, and the run answers for it too."""
    trap = Trap(connection, 2, NO_SKY)
    real = trap.link.send

    def composing(payload: bytes, *, deadline_s: float) -> SendResult:
        connection.execute("DELETE FROM outbox WHERE sequence = 1")
        enqueue(connection, day=START.date(), sequence=1, part=1, payload=b"anew", now=START)
        return real(payload, deadline_s=deadline_s)

    trap.link.send = composing  # type: ignore[method-assign]
    report = trap.run(attempts=1)
    assert sorted(message.sequence for message in report.unsent) == [1, 2]
    assert report.waiting == []
