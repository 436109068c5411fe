"""Commands at the trap: done once, reported, and never half; a bad one changes nothing."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.app.command_effects import SEND_NOW, SLEEP_UNTIL, sleeps
from cameratrap.app.obey import ObeySettings, finish_commands, obey
from cameratrap.config import Config
from cameratrap.config.overrides import effective
from cameratrap.domain.commands import (
    ClearFault,
    Command,
    Order,
    RepeatDays,
    SendNow,
    SetBurst,
    SetInterval,
    SetThreshold,
    SleepUntil,
)
from cameratrap.domain.summaries import ClockQuality, CommandOutcome, CommandReport
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.clock_readings import ClockReading, add_reading
from cameratrap.store.commands import (
    KEPT_FORGERIES,
    REPORTS_A_MESSAGE,
    days_to_repeat,
    mark_reported,
    override,
    overrides,
    unreported,
)
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, enqueue
from cameratrap.store.sessions import begin_session, current_fault, end_session
from cameratrap.wire.commands import KEY_ID, VERSION, seal_order
from cameratrap.wire.seal import Direction, SealKey, SealNumber, seal_message
from tests.power_cuts import Cutting, PowerCut

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
KEY = SealKey(bytes(range(32)))
TRAP = ObeySettings(KEY)
DONE = CommandOutcome.DONE


def sealed(number: int, command: Command, expires: date | None = None, key: SealKey = KEY) -> bytes:
    return seal_order(Order(number, command, expires), key, random.Random(number).randbytes(3))


def out_of_range(number: int) -> bytes:
    """ "interval 255", which no honest sender makes."""
    body = b"\0\0\x01\xff"
    return seal_message(KEY, SealNumber(KEY_ID, b"abc", number), Direction.TO_TRAP, body, version=VERSION)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_card_store(tmp_path)) as connection:
        yield connection


def open_card_store(folder: Path) -> sqlite3.Connection:
    return open_store(folder / "card.db", CARD_MIGRATIONS, create=True)


def close_days(card: sqlite3.Connection, *days: str) -> None:
    for number, day in enumerate(days, start=1):
        card.execute("INSERT INTO summaries (sequence, day, closed_at) VALUES (?, ?, '')", (number, day))


def state(card: sqlite3.Connection) -> list[object]:
    """Everything that a command may change."""
    tables = ("overrides", "repeats", "outbox", "sessions")
    return [[tuple(row) for row in card.execute(f"SELECT * FROM {table}")] for table in tables]  # noqa: S608


def test_what_is_done_holds_and_says_where_it_comes_from(card: sqlite3.Connection) -> None:
    """Interval and threshold are the configuration's; a later command replaces an earlier one."""
    for number, command in enumerate([SetInterval(7), SetThreshold(0.35), SetBurst(5, 0.5), SetInterval(3)], start=1):
        obeyed = obey(card, sealed(number, command), NOW, TRAP)
        assert obeyed.report == CommandReport(number, DONE)
    config = effective(Config(), card)
    assert config.summary.every_days == 3
    assert config.detector.score_threshold == 0.35
    standing = overrides(card)
    assert standing["summary.every_days"].origin == "command 4 of 2026-12-01"
    assert (standing["burst.count"].value, standing["burst.spacing_s"].value) == ("5", "0.5")


@pytest.mark.parametrize(
    "command", [SetInterval(1), SetInterval(31), SetThreshold(0), SetThreshold(1), SetThreshold(0.001)]
)
def test_whatever_a_command_may_set_the_configuration_takes(card: sqlite3.Connection, command: Command) -> None:
    """The ranges on the air lie within those of the keys: no command can leave a trap that does not start."""
    obey(card, sealed(1, command), NOW, TRAP)
    assert effective(Config(), card) is not None


@pytest.mark.parametrize(("offset_days", "outcome"), [(20, DONE), (400, CommandOutcome.EXPIRED)])
def test_a_clock_that_is_known_to_be_fast_refuses_nothing_in_time(
    card: sqlite3.Connection, offset_days: int, outcome: CommandOutcome
) -> None:
    """What the newest comparison found counts for expiry and for sleep, unless it is too much to believe."""
    shown = NOW + timedelta(days=offset_days)
    add_reading(card, ClockReading(shown, offset_days * 86400.0, ClockQuality.UNSET, "iridium"))
    assert obey(card, sealed(1, SetInterval(7), NOW.date()), shown, TRAP).report.outcome is outcome
    if outcome is DONE:
        wakes = SleepUntil(NOW.date() + timedelta(days=3))
        assert obey(card, sealed(2, wakes), shown, TRAP).report.outcome is DONE
        assert sleeps(card, shown)
        assert not sleeps(card, shown + timedelta(days=3))


@pytest.mark.parametrize(
    ("age", "offset_days", "corrected"),
    [(timedelta(0), 20, True), (timedelta(days=31), 20, False), (timedelta(days=-20), 20, False)],
)
def test_a_reading_that_holds_no_longer_changes_nothing(
    card: sqlite3.Connection, age: timedelta, offset_days: int, *, corrected: bool
) -> None:
    """Of a clock that was set since, by the trap or by a person, or long ago: a command that is over stays so."""
    reading = ClockReading(NOW - age, offset_days * 86400.0, ClockQuality.UNSET, "iridium", corrected=corrected)
    add_reading(card, reading)
    late = sealed(1, SetInterval(7), NOW.date() - timedelta(days=1))
    assert obey(card, late, NOW, TRAP).report.outcome is CommandOutcome.EXPIRED


def test_a_clock_that_was_slow_refuses_nothing_early(card: sqlite3.Connection) -> None:
    """Somebody may have set it forward since the comparison."""
    add_reading(card, ClockReading(NOW, -20 * 86400.0, ClockQuality.UNSET, "iridium"))
    assert obey(card, sealed(1, SetInterval(7), NOW.date()), NOW, TRAP).report.outcome is DONE


def test_sleep_ends_by_itself_or_by_command(card: sqlite3.Connection) -> None:
    """It sleeps up to the day it is told; a day that is over wakes it at once."""
    obey(card, sealed(1, SleepUntil(date(2026, 12, 5))), NOW, TRAP)
    assert sleeps(card, NOW)
    assert not sleeps(card, datetime(2026, 12, 5, tzinfo=UTC))
    obey(card, sealed(2, SleepUntil(date(2026, 12, 1))), NOW, TRAP)
    assert not sleeps(card, NOW)
    assert SLEEP_UNTIL not in overrides(card)


def test_days_asked_for_again_are_offered_until_a_later_summary_tells_them(card: sqlite3.Connection) -> None:
    """Only days that were closed; one that a summary carries is done with, unless no modem will take that summary."""
    close_days(card, "2026-11-20", "2026-11-21", "2026-11-22")
    obey(card, sealed(1, RepeatDays(date(2026, 11, 19), date(2026, 11, 21))), NOW, TRAP)
    wanted = [date(2026, 11, 20), date(2026, 11, 21)]
    assert days_to_repeat(card, 4) == wanted
    card.execute("INSERT INTO tellings (sequence, day, says, whole) VALUES (4, '2026-11-20', '', 1)")
    assert days_to_repeat(card, 4) == wanted  # composed anew, it carries the same
    assert days_to_repeat(card, 5) == wanted[1:]
    enqueue(card, day=date(2026, 11, 23), sequence=4, part=1, payload=b"x", now=NOW)
    card.execute("UPDATE outbox SET state = 'failed'")
    assert days_to_repeat(card, 5) == wanted


def test_days_that_were_never_told_cannot_be_repeated(card: sqlite3.Connection) -> None:
    """It says so, and leaves nothing behind."""
    obeyed = obey(card, sealed(1, RepeatDays(date(2026, 1, 1), date(2026, 1, 2))), NOW, TRAP)
    assert obeyed.report.outcome is CommandOutcome.FAILED
    assert days_to_repeat(card, 1) == []


def test_send_now_makes_all_that_waits_due(card: sqlite3.Connection) -> None:
    """A message that was planned for hours later is due at once, and the days that wait for theirs are wanted."""
    enqueue(card, day=date(2026, 11, 22), sequence=1, part=1, payload=b"x", now=NOW)
    later, tried = (NOW + timedelta(hours=6)).isoformat(), NOW.isoformat()
    card.execute("UPDATE outbox SET attempts = 1, last_attempt_at = ?, next_attempt_at = ?", (tried, later))
    assert Outbox(card).due(NOW) == []
    assert obey(card, sealed(1, SendNow()), NOW, TRAP).report.outcome is DONE
    assert len(Outbox(card).due(NOW)) == 1
    assert SEND_NOW in overrides(card)


def test_a_fault_that_stands_is_cleared_and_no_other(card: sqlite3.Connection) -> None:
    """An account that was given up is tried again; where nothing stands there is nothing to clear."""
    assert obey(card, sealed(1, ClearFault("modem")), NOW, TRAP).report.outcome is CommandOutcome.FAILED
    for _ in range(5):
        session = begin_session(card, "summary", NOW, sequence=1, part=1)
        end_session(card, session, SendResult(SendStatus.RETRY, fault="account", detail="access denied"))
    assert current_fault(card) is not None
    assert obey(card, sealed(2, ClearFault("camera")), NOW, TRAP).report.outcome is CommandOutcome.FAILED
    assert obey(card, sealed(3, ClearFault("modem")), NOW, TRAP).report.outcome is DONE
    assert current_fault(card) is None


@pytest.mark.parametrize(
    ("payload", "trap", "report"),
    [
        (sealed(5, SetInterval(7), key=SealKey(bytes(32))), TRAP, CommandReport(None, CommandOutcome.FORGED)),
        (sealed(5, SetInterval(7)), ObeySettings(None), CommandReport(None, CommandOutcome.FORGED)),
        (sealed(4, SetInterval(7)), TRAP, CommandReport(4, CommandOutcome.REPEATED)),
        (sealed(3, SetInterval(7)), TRAP, CommandReport(3, CommandOutcome.REPEATED)),
        (sealed(5, SetInterval(7)), ObeySettings(KEY, ("send-now",)), CommandReport(5, CommandOutcome.NOT_ALLOWED)),
        (sealed(5, SetInterval(7)), ObeySettings(KEY, ()), CommandReport(5, CommandOutcome.NOT_ALLOWED)),
        (sealed(5, SetInterval(7), date(2026, 11, 30)), TRAP, CommandReport(5, CommandOutcome.EXPIRED)),
        (out_of_range(5), TRAP, CommandReport(5, CommandOutcome.OUT_OF_RANGE)),
        (sealed(5, SleepUntil(date(2062, 12, 24))), TRAP, CommandReport(5, CommandOutcome.OUT_OF_RANGE)),
        (sealed(5, ClearFault("lamp")), TRAP, CommandReport(5, CommandOutcome.FAILED)),
    ],
)
def test_a_bad_command_changes_nothing_and_is_reported(
    card: sqlite3.Connection, payload: bytes, trap: ObeySettings, report: CommandReport
) -> None:
    """Each refusal by its name, whatever the trap's state was."""
    obey(card, sealed(4, SetThreshold(0.4)), NOW, TRAP)
    before = state(card)
    assert obey(card, payload, NOW, trap).report == report
    assert state(card) == before
    assert [each.report for each in unreported(card, 1)] == [CommandReport(4, DONE), report]


def test_the_last_day_still_counts_and_an_unset_clock_cannot_tell(card: sqlite3.Connection) -> None:
    """Obeyed on the day itself; and at 1970 nothing is over."""
    last = date(2026, 12, 1)
    assert obey(card, sealed(1, SetInterval(2), last), NOW, TRAP).report.outcome is DONE
    assert obey(card, sealed(2, SetInterval(3), last), datetime(1970, 1, 1, tzinfo=UTC), TRAP).report.outcome is DONE


def test_a_refused_number_is_spent(card: sqlite3.Connection) -> None:
    """What the list did not allow is not obeyed when it is played back after the list was changed."""
    payload = sealed(1, SetInterval(7))
    obey(card, payload, NOW, ObeySettings(KEY, ()))
    assert obey(card, payload, NOW, TRAP).report.outcome is CommandOutcome.NOT_ALLOWED
    assert obey(card, sealed(1, SetInterval(6)), NOW, TRAP).report.outcome is CommandOutcome.REPEATED
    assert overrides(card) == {}


def test_the_same_bytes_again_are_no_news(card: sqlite3.Connection) -> None:
    """An uncertain network delivers twice: nothing is done twice, undone or reported a second time."""
    first = sealed(1, SetInterval(7))
    obey(card, first, NOW, TRAP)
    obey(card, sealed(2, SetInterval(5)), NOW, TRAP)
    again = obey(card, first, NOW, TRAP)
    assert (again.report, again.is_new) == (CommandReport(1, DONE), False)
    assert effective(Config(), card).summary.every_days == 5
    assert len(unreported(card, 1)) == 2


def test_a_new_key_begins_its_own_numbers(card: sqlite3.Connection) -> None:
    """After the key was changed the sender counts from 1 again, and what the old one sealed proves nothing."""
    obey(card, sealed(9, SetInterval(7)), NOW, TRAP)
    other = SealKey(bytes(32))
    assert obey(card, sealed(1, SetInterval(3), key=other), NOW, ObeySettings(other)).report == CommandReport(1, DONE)
    late = obey(card, sealed(10, SetInterval(9)), NOW, ObeySettings(other))
    assert late.report.outcome is CommandOutcome.FORGED


def test_each_report_travels_in_two_summaries_at_most_four_at_once(card: sqlite3.Connection) -> None:
    """Oldest first; a summary composed anew carries the same; one that no modem takes does not count."""
    for number in range(1, 7):
        obey(card, sealed(number, SetInterval(number)), NOW, TRAP)

    def tell(sequence: int) -> list[int | None]:
        reports = unreported(card, sequence)
        mark_reported(card, sequence, reports)
        return [each.report.number for each in reports]

    assert REPORTS_A_MESSAGE == 4
    assert [tell(1), tell(1), tell(2), tell(3), tell(4), tell(5)] == [
        *([[1, 2, 3, 4]] * 3),
        *([[5, 6]] * 2),
        [],
    ]
    enqueue(card, day=NOW.date(), sequence=4, part=1, payload=b"x", now=NOW)
    card.execute("UPDATE outbox SET state = 'failed'")
    assert tell(5) == [5, 6]


def test_whoever_has_no_key_cannot_fill_the_summaries_or_the_card(card: sqlite3.Connection) -> None:
    """Hundreds of forgeries in two days: one report a day, a hundred kept, nothing changed."""
    noise = random.Random(4)
    before = state(card)
    for number in range(240):
        obey(card, noise.randbytes(noise.randrange(1, 271)), NOW + timedelta(days=number // 120), TRAP)
    assert [each.report for each in unreported(card, 1)] == [CommandReport(None, CommandOutcome.FORGED)] * 2
    assert card.execute("SELECT COUNT(*) FROM commands").fetchone()[0] <= KEPT_FORGERIES + 2
    assert state(card) == before


@settings(max_examples=20)
@given(payloads=st.lists(st.binary(max_size=270), min_size=1, max_size=20))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> None:
    """Whatever comes, from none to all that a modem holds."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as card:
        card.row_factory = sqlite3.Row
        for migration in CARD_MIGRATIONS:
            migration(card)
        for payload in payloads:
            assert obey(card, payload, NOW, TRAP).report == CommandReport(None, CommandOutcome.FORGED)


def test_the_power_may_go_before_any_write(tmp_path: Path) -> None:
    """At each step: the command is later done once, reported once, its number spent once."""
    payload = sealed(1, SetInterval(7))
    cuts = 0
    while True:
        cuts += 1
        folder = tmp_path / str(cuts)
        passed: list[str] = []
        with closing(open_card_store(folder)) as real:
            try:
                obey(Cutting(real, passed, cuts), payload, NOW, TRAP)  # type: ignore[arg-type]
            except PowerCut:
                pass
            else:
                break
        with closing(open_card_store(folder)) as card:
            kept = card.execute("SELECT COUNT(*) FROM commands").fetchone()[0]
            assert [each.report for each in finish_commands(card, NOW, TRAP)] == [CommandReport(1, DONE)] * kept
            assert obey(card, payload, NOW, TRAP).report == CommandReport(1, DONE)  # the network delivers once more
            assert effective(Config(), card).summary.every_days == 7
            assert [each.report for each in unreported(card, 1)] == [CommandReport(1, DONE)]
            assert finish_commands(card, NOW, TRAP) == []
    assert cuts == 5  # two transactions, each begun and committed


@pytest.mark.parametrize("shows", [datetime(1970, 1, 1, tzinfo=UTC), NOW - timedelta(days=400)])
def test_a_clock_that_went_back_does_not_let_it_sleep_for_ever(card: sqlite3.Connection, shows: datetime) -> None:
    """It takes pictures until the clock is right again: then it sleeps on, to the day it was told."""
    with transaction(card):
        override(card, SLEEP_UNTIL, (NOW + timedelta(days=5)).date(), 1, NOW)
    assert sleeps(card, NOW + timedelta(days=1))
    assert not sleeps(card, shows)
    assert sleeps(card, NOW + timedelta(days=1))
