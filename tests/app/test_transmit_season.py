"""Energy, faults, mailbox and worth in the run over the outbox; and all of it together, with power cuts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cameratrap.app.transmit import Hooks, transmit
from cameratrap.app.transmit_plan import Limits, held_back, mailbox_is_due, wanted
from cameratrap.app.transmit_report import TransmitReport, UnsentError
from cameratrap.domain.energy import PowerFigures
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import ALERT, Outbox, OutboxState, enqueue
from cameratrap.store.sessions import (
    MAILBOX,
    NO_SESSION,
    Session,
    SessionState,
    last_contact,
    sessions,
    taken_on,
    use_modem,
)
from cameratrap.store.summaries import Composed, Telling, close
from tests.fakes import SendingLink
from tests.power_cuts import Cutting, PowerCut

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
POWER = PowerFigures()
LIMITS = Limits(4, 180.0, power=POWER)
SENT = SendResult(SendStatus.SENT, mo_status=0, momsn=1, detail="sent")
NO_SKY = SendResult(SendStatus.RETRY, mo_status=32, detail="no network service", fault="sky")
UNSURE = SendResult(SendStatus.RETRY, mo_status=18, uncertain=True, detail="link lost", fault="sky")
REFUSED = SendResult(SendStatus.RETRY, mo_status=15, retry_after_s=86400.0, detail="access denied", fault="account")
NEVER = SendResult(SendStatus.PERMANENT, mo_status=12, detail="too many segments", fault="payload")
GONE = DeviceError("the modem does not answer", device="/dev/x")


class Modem(SendingLink):
    """A clock and a modem on it: sessions of ``session_s``, ended as ``results`` say and then well.

    Of every two uncertain ones the gateway has the first.
    """

    def __init__(self, *results: SendResult | DeviceError, session_s: float = 20.0) -> None:
        self.results = list(results)
        self.session_s = session_s
        self.seconds = 0.0
        self.jump = timedelta()
        self.gateway: Counter[bytes] = Counter()
        self.limits_s: list[float] = []
        self.unsure = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds) + self.jump

    def monotonic_s(self) -> float:
        return self.seconds

    def quality(self) -> ClockQuality | None:
        return None

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        self.limits_s.append(deadline_s)
        self.seconds += min(self.session_s, deadline_s)
        result = self.results.pop(0) if self.results else SENT
        if isinstance(result, DeviceError):
            raise result
        self.unsure += result.uncertain
        if result.status is SendStatus.SENT or (result.uncertain and self.unsure % 2):
            self.gateway[payload] += 1
        return result


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A card's database."""
    with closing(open_store(tmp_path / "card.db", CARD_MIGRATIONS, create=True)) as opened:
        yield opened


def close_day(connection: sqlite3.Connection, number: int, *carried: int) -> None:
    """A day with a message that tells it and days before it, always in the same words."""
    day = date(2026, 11, number)
    told = tuple(Telling(number, date(2026, 11, each), f"day {each}") for each in (number, *carried))
    close(connection, day, number, Composed((b"%d" % number,), told), START)


def run(connection: sqlite3.Connection, modem: Modem, limits: Limits = LIMITS, **hooks: object) -> TransmitReport:
    outbox = Outbox(connection, jitter=lambda: 0.0)
    return transmit(outbox, modem, modem, limits, Hooks(wait=modem.wait, **hooks))  # type: ignore[arg-type]


def states(connection: sqlite3.Connection) -> dict[int, OutboxState]:
    return {message.sequence: message.state for message in Outbox(connection).messages()}


def test_every_joule_is_written_down(connection: sqlite3.Connection) -> None:
    """A start, two sessions of 20 s and the minute between them, each on the day's account."""
    close_day(connection, 1)
    run(connection, Modem(NO_SKY))
    taken = sum(each.joules for each in taken_on(connection, START.date()))
    assert taken == pytest.approx(POWER.start_j + 2 * 20 * POWER.session_w + 60 * POWER.idle_w)


def test_a_session_that_was_cut_off_counts_as_long_as_it_might_have_been(connection: sqlite3.Connection) -> None:
    """A supply that gives way in each session must not have the day's energy for nothing again and again."""
    close_day(connection, 1)

    def cut(*_: object, **__: object) -> SendResult:
        raise PowerCut

    modem = Modem()
    modem.send = cut  # type: ignore[method-assign]
    with pytest.raises(PowerCut):
        run(connection, modem)
    taken = sum(each.joules for each in taken_on(connection, START.date()))
    assert taken == pytest.approx(POWER.start_j + 180 * POWER.session_w)
    assert sessions(connection)[-1].state is SessionState.BEGUN


def test_the_day_s_energy_ends_the_run_and_the_reserve_stays(connection: sqlite3.Connection) -> None:
    """Long sessions under a bad sky: all are the newest day's, the alerts' reserve is left; the next day goes on."""
    for number in (1, 2):
        close_day(connection, number)
    modem = Modem(*[NO_SKY] * 20, session_s=150.0)
    report = run(connection, modem)
    taken = sum(each.joules for each in taken_on(connection, START.date()))
    assert report.out_of_energy
    assert taken <= POWER.day_j - POWER.reserve_j + 1e-6
    assert {each.sequence for each in sessions(connection) if each.kind == "summary"} == {2}
    assert "is used up" in str(UnsentError([each for each in report.unsent if not each.attempts], out_of_energy=True))
    modem.results.clear()
    modem.seconds += 86400.0
    run(connection, modem)
    assert set(states(connection).values()) == {OutboxState.SENT}


def hourly(connection: sqlite3.Connection, modem: Modem, hours: int, limits: Limits = LIMITS) -> list[int]:
    """How many sessions each of so many runs had."""
    counts = []
    for _ in range(hours):
        before, began = len(modem.limits_s), modem.seconds
        run(connection, modem, limits)
        counts.append(len(modem.limits_s) - before)
        modem.seconds = began + 3600.0
    return counts


def at_midnight(modem: Modem) -> Modem:
    modem.jump = -timedelta(hours=6)
    return modem


def raise_alert(connection: sqlite3.Connection, number: int, now: datetime) -> None:
    enqueue(connection, day=None, sequence=number, part=1, payload=b"alert %d" % number, now=now, kind=ALERT)


@pytest.mark.parametrize("session_s", [20.0, 60.0, 150.0])
def test_a_bad_night_leaves_energy_for_the_day_and_for_an_alert(
    connection: sqlite3.Connection, session_s: float
) -> None:
    """Hourly runs under a bad sky from midnight: there are chances after the morning too; and an alert at noon goes
    out at once.
    """
    close_day(connection, 1)
    modem = at_midnight(Modem(*[NO_SKY] * 100, session_s=session_s))
    assert modem.now().hour == 0
    counts = hourly(connection, modem, 20)
    assert counts[0] >= 1
    assert sum(counts[4:]) >= 1
    raise_alert(connection, 1, modem.now())
    modem.results.clear()
    run(connection, modem, Limits(4, 180.0, power=POWER, alerts_only=True))
    assert modem.gateway == {b"alert 1": 1}


def test_a_bad_night_with_an_alert_leaves_energy_for_the_newest_day(connection: sqlite3.Connection) -> None:
    """Alerts may take more at once, and yet not what is the summaries'."""
    raise_alert(connection, 1, START)
    modem = at_midnight(Modem(*[NO_SKY] * 100, session_s=60.0))
    hourly(connection, modem, 12, Limits(4, 180.0, power=POWER, alerts_only=True))
    close_day(connection, 1)
    modem.results.clear()
    Outbox(connection).connection.execute("DELETE FROM outbox WHERE kind = 'alert'")
    run(connection, modem)
    assert modem.gateway == {b"1": 1}


def test_alerts_of_days_ago_leave_the_newest_day_its_turn(connection: sqlite3.Connection) -> None:
    """They are no news any more; an alert of today goes before, and nothing is left behind."""
    for number in range(1, 7):
        raise_alert(connection, number, START - timedelta(days=5))
    close_day(connection, 1)
    raise_alert(connection, 7, START - timedelta(minutes=5))
    modem = Modem()
    assert [each.kind for each in wanted(Outbox(connection), modem.now(), LIMITS)] == [
        "alert",
        "summary",
        *["alert"] * 6,
    ]
    hourly(connection, modem, 3)
    assert len(modem.gateway) == 8


def test_an_older_day_leaves_its_energy_to_the_newest_while_that_waits(connection: sqlite3.Connection) -> None:
    """The newest was planned for the evening, and the older one fails all day: what it takes leaves a session."""
    for number in (1, 2):
        close_day(connection, number)
    modem = at_midnight(Modem(*[NO_SKY] * 100, session_s=60.0))
    evening = modem.now() + timedelta(hours=22, minutes=30)
    connection.execute(
        "UPDATE outbox SET last_attempt_at = ?, next_attempt_at = ? WHERE sequence = 2",
        (modem.now().isoformat(), evening.isoformat()),
    )
    assert sum(hourly(connection, modem, 23)) >= 2
    assert {each.sequence for each in sessions(connection) if each.kind == "summary"} == {1}
    modem.results.clear()
    assert run(connection, modem).sent[0].sequence == 2


def test_an_alert_that_is_raised_in_a_wait_is_taken_up(connection: sqlite3.Connection) -> None:
    """It goes before what waits, in the same run."""
    close_day(connection, 1)
    modem = Modem(NO_SKY)
    wait = modem.wait

    def raising(seconds: float) -> None:
        wait(seconds)
        raise_alert(connection, 1, modem.now())

    modem.wait = raising  # type: ignore[method-assign]
    report = run(connection, modem)
    assert [message.kind for message in report.sent] == ["alert", "summary"]
    assert list(modem.gateway) == [b"alert 1", b"1"]


@pytest.mark.parametrize("late_s", [0.0, 20.0])
def test_a_clock_that_begins_anew_at_each_boot_does_not_silence_the_trap(
    connection: sqlite3.Connection, late_s: float
) -> None:
    """Every boot shows the same minute; sessions of a minute that succeed, and one alert at each."""
    for boot in range(12):
        modem = Modem(session_s=60.0)
        modem.seconds = late_s * (boot % 2)
        raise_alert(connection, boot, modem.now())
        run(connection, modem)
        assert modem.gateway == {b"alert %d" % boot: 1}


def test_what_was_planned_by_such_a_clock_is_due_at_its_next_boot(connection: sqlite3.Connection) -> None:
    """Neither the next attempt nor the rest of a silent modem waits for a time that does not come."""
    close_day(connection, 1)
    run(connection, Modem(GONE, session_s=60.0))
    again = Modem()
    again.seconds = 20.0
    assert len(run(connection, again).sent) == 1


def test_another_modem_does_not_rest_for_the_faults_of_the_last(connection: sqlite3.Connection) -> None:
    """The same one under the same name goes on resting."""
    close_day(connection, 1)
    modem = Modem(GONE)
    use_modem(connection, "9602 at /dev/x", modem.now())
    run(connection, modem)
    use_modem(connection, "9602 at /dev/x", modem.now())
    assert held_back(Outbox(connection), modem.now(), LIMITS) is not None
    use_modem(connection, "9704 at /dev/x", modem.now())
    assert held_back(Outbox(connection), modem.now(), LIMITS) is None
    assert last_contact(connection) is None


def test_a_session_is_shortened_to_what_is_left(connection: sqlite3.Connection) -> None:
    """Its worst case is paid before it begins, so that it is never longer than the account allows."""
    close_day(connection, 1)
    poor = Limits(4, 180.0, power=PowerFigures(day_j=250.0, reserve_j=100.0))
    modem = Modem()
    modem.seconds = 17.9 * 3600
    run(connection, modem, poor)
    assert modem.limits_s == [pytest.approx((150 - 62) / 0.95, rel=0.01)]


def test_an_account_that_was_closed_is_tried_once_a_day(connection: sqlite3.Connection) -> None:
    """No other message is tried either; the fault stands until a session succeeds, and then all goes out."""
    for number in (1, 2):
        close_day(connection, number)
    modem = Modem(REFUSED, REFUSED, REFUSED)
    outbox = Outbox(connection)
    for _ in range(3):
        run(connection, modem)
        assert outbox.standing_fault() is not None
        assert run(connection, modem).attempts == []
        assert outbox.due(modem.now() + timedelta(hours=23)) == []
        modem.seconds += 86460.0
    assert len(modem.limits_s) == 3
    run(connection, modem)
    assert outbox.standing_fault() is None
    assert set(states(connection).values()) == {OutboxState.SENT}


def test_a_silent_modem_is_a_hardware_fault(connection: sqlite3.Connection) -> None:
    """It is tried again after hours, and at once when somebody says so with --now."""
    close_day(connection, 1)
    modem = Modem(GONE)
    assert run(connection, modem).device_error is GONE
    fault = Outbox(connection).standing_fault()
    assert fault is not None
    assert (fault.fault, fault.next_at - fault.last_at) == ("hardware", timedelta(hours=6))
    assert run(connection, modem).attempts == []
    assert len(run(connection, modem, Limits(4, 180.0, power=POWER, ignore_schedule=True)).sent) == 1


def test_what_newer_messages_have_told_is_not_sent(connection: sqlite3.Connection) -> None:
    """After an outage the newest carries the days before: they are kept as superseded, unless all is asked for."""
    close_day(connection, 1)
    close_day(connection, 2)
    close_day(connection, 3, 2, 1)
    report = run(connection, Modem())
    assert states(connection) == {3: OutboxState.SENT, 2: OutboxState.SUPERSEDED, 1: OutboxState.SUPERSEDED}
    assert [message.sequence for message in report.superseded] == [2, 1]
    assert report.unsent == []


def test_what_was_told_otherwise_or_not_surely_is_sent(connection: sqlite3.Connection) -> None:
    """A day that has grown since, one that only an uncertain session carried, and one of which nothing is known."""
    close_day(connection, 1)
    told = (Telling(2, date(2026, 11, 2), "day 2"), Telling(2, date(2026, 11, 1), "day 1 and more"))
    close(connection, date(2026, 11, 2), 2, Composed((b"2",), told), START)
    enqueue(connection, day=date(2026, 10, 1), sequence=9, part=1, payload=b"9", now=START)
    modem = Modem()
    run(connection, modem)
    assert modem.gateway == {b"2": 1, b"1": 1, b"9": 1}


def test_what_sets_a_wrong_telling_right_is_sent(connection: sqlite3.Connection) -> None:
    """A lower number has told the day right, but the receiver believes one in between, which says otherwise."""
    first = date(2026, 11, 1)
    for number, says in ((1, "grown"), (2, "as it was"), (3, "grown")):
        close(connection, first, number, Composed((b"%d" % number,), (Telling(number, first, says),)), START)
        if number < 3:
            connection.execute("UPDATE outbox SET state = 'sent' WHERE sequence = ?", (number,))
    assert Outbox(connection).worthless() == []
    connection.execute("UPDATE outbox SET state = 'failed' WHERE sequence = 2")
    assert [message.sequence for message in Outbox(connection).worthless()] == [3]


def test_superseded_ones_are_sent_where_that_is_asked_for(connection: sqlite3.Connection) -> None:
    """Their health and trigger counts may be worth a credit to somebody."""
    close_day(connection, 1)
    close_day(connection, 2, 1)
    run(connection, Modem(), Limits(4, 180.0, supersede=False))
    assert set(states(connection).values()) == {OutboxState.SENT}


def test_alerts_go_first_and_may_go_alone(connection: sqlite3.Connection) -> None:
    """A timer of a few minutes sends them; the summaries wait for theirs."""
    close_day(connection, 1)
    enqueue(connection, day=None, sequence=1, part=1, payload=b"alert", now=START, kind=ALERT)
    only = Limits(4, 180.0, alerts_only=True)
    modem = Modem(NO_SKY)
    run(connection, modem, only)
    assert modem.gateway == {b"alert": 1}
    assert [each.kind for each in wanted(Outbox(connection), modem.now(), LIMITS)] == ["summary"]


def test_a_message_to_the_trap_is_stored_before_the_session_is(connection: sqlite3.Connection) -> None:
    """The network has no other copy. What the power interrupts there is sent again, which costs a credit at most."""
    close_day(connection, 1)

    def dying(_: bytes) -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        run(connection, Modem(SendResult(SendStatus.SENT, received=(b"do",))), receive=dying)
    (message,) = Outbox(connection).messages()
    assert (message.state, message.uncertain_attempts) == (OutboxState.QUEUED, 1)


def test_what_waits_for_the_trap_is_fetched(connection: sqlite3.Connection) -> None:
    """Three wait: the first comes with the message, the others in sessions of their own; each costs a credit."""
    close_day(connection, 1)
    replies = [SendResult(SendStatus.SENT, received=(b"%d" % n,), waiting=2 - n) for n in range(3)]
    got: list[bytes] = []
    report = run(connection, Modem(*replies), receive=got.append)
    assert got == [b"0", b"1", b"2"]
    assert (report.received, len(report.mailbox), report.credits) == (3, 2, (3, 3))


def test_all_that_came_in_is_taken_also_where_the_send_failed(connection: sqlite3.Connection) -> None:
    """Nobody else has it any more, and this run makes no other session."""
    close_day(connection, 1)
    got: list[bytes] = []
    modem = Modem(SendResult(SendStatus.RETRY, received=(b"0", b"1"), fault="sky"))
    report = run(connection, modem, Limits(1, 180.0), receive=got.append)
    assert (got, report.received, report.mailbox) == ([b"0", b"1"], 2, [])


def test_the_mailbox_is_looked_into_after_days_without_contact(connection: sqlite3.Connection) -> None:
    """Once a day until a session gets through, then not for as many days as are configured; 0 is never."""
    weekly = Limits(4, 180.0, power=POWER, mailbox_every_days=7)
    outbox, modem = Outbox(connection), Modem(NO_SKY)
    assert not mailbox_is_due(outbox, modem.now(), LIMITS)
    run(connection, modem, weekly)
    assert not mailbox_is_due(outbox, modem.now(), weekly)
    modem.seconds += 86400.0
    run(connection, modem, weekly)
    assert [each.state for each in sessions(connection) if each.kind == MAILBOX] == [
        SessionState.RETRY,
        SessionState.SENT,
    ]
    modem.seconds += 6 * 86400.0
    assert not mailbox_is_due(outbox, modem.now(), weekly)
    modem.seconds += 86400.0
    assert mailbox_is_due(outbox, modem.now(), weekly)


def explained(made: list[Session]) -> tuple[int, int]:
    """What the trap's own log allows the gateway to have charged: at least, and at most."""
    real = [each for each in made if each.kind not in NO_SESSION]
    surely = sum(each.credits for each in real if each.state is SessionState.SENT)
    return surely, surely + sum(each.credits for each in real if each.state is not SessionState.SENT and each.uncertain)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    results=st.lists(st.sampled_from([SENT, NO_SKY, UNSURE, REFUSED, NEVER, GONE]), max_size=25),
    cuts=st.lists(st.one_of(st.none(), st.integers(1, 30)), min_size=6, max_size=6),
    jumps=st.lists(st.sampled_from([0, 0, 0, -3650, -1, 1, 400]), min_size=6, max_size=6),
    session_s=st.sampled_from([5.0, 60.0, 180.0]),
)
def test_a_season_of_everything_that_goes_wrong(
    tmp_path_factory: pytest.TempPathFactory,
    results: list[SendResult | DeviceError],
    cuts: list[int | None],
    jumps: list[int],
    session_s: float,
) -> None:
    """Any outcomes, the power cut before any write, the clock set forth and back: each day has arrived, waits or was
    told by another; none was sent again after a success; no day takes more than its energy; and the gateway charged
    nothing that the trap's log does not explain.
    """
    path = tmp_path_factory.mktemp("season") / "card.db"
    modem = Modem(*results, session_s=session_s)
    for number, (cut, days) in enumerate(zip(cuts, jumps, strict=True), start=1):
        modem.jump += timedelta(days=days)
        with closing(open_store(path, CARD_MIGRATIONS, create=True)) as connection:
            close_day(connection, number, *range(number - 1, max(0, number - 3), -1))
            held = connection if cut is None else Cutting(connection, [], cut)
            try:
                run(held, modem)  # type: ignore[arg-type]
            except PowerCut:
                assert cut is not None
            assert set(states(connection)) == set(range(1, number + 1))
            check_energy(connection)
        modem.seconds += 86400.0
    with closing(open_store(path, CARD_MIGRATIONS, create=False)) as connection:
        modem.results.clear()
        for _ in range(10):
            run(connection, modem)
            modem.seconds += 8 * 86400.0
        ends = states(connection)
        made = sessions(connection)
    least, most = explained(made)
    assert least <= sum(modem.gateway.values()) <= most
    assert OutboxState.QUEUED not in ends.values()
    for number, state in ends.items():
        times = [each.state for each in made if (each.kind, each.sequence) == ("summary", number)]
        assert SessionState.SENT not in times[:-1]
        if state is OutboxState.SENT:
            assert modem.gateway[b"%d" % number] >= 1
        elif state is OutboxState.FAILED:
            assert times[-1] is SessionState.PERMANENT
        else:
            assert any(ends.get(n) is OutboxState.SENT for n in (number + 1, number + 2))


def check_energy(connection: sqlite3.Connection) -> None:
    """Each day's account, between two times at which the clock was set back, holds the budget."""
    for day in {each.day for each in sessions(connection)}:
        account, last = 0.0, None
        for each in taken_on(connection, day):
            if last is not None and each.at < last - timedelta(minutes=1):
                account = 0.0
            account, last = account + each.joules, each.at
            assert account <= POWER.day_j + 1e-6
