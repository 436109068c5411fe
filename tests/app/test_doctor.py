"""`doctor`'s checks: each failing state with its hint, and a check that crashes hides no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app import doctor_folder
from cameratrap.app.command_effects import EVERY_DAYS, SLEEP_UNTIL
from cameratrap.app.disk import Room
from cameratrap.app.doctor import CheckedThing, Finding, State, examine, exit_status
from cameratrap.app.doctor_folder import check_card, check_commands, check_disk, check_inbox, check_key, check_outbox
from cameratrap.app.doctor_link import Sending, check_clock, check_detector, check_message, check_modem
from cameratrap.domain.summaries import DailySummary
from cameratrap.errors import DeviceError, ModelError, StoreError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.commands import keep_received, override
from cameratrap.store.connection import open_store
from cameratrap.store.inbox import INBOX_FILE
from cameratrap.store.keys import KEY_FILE, new_key, write_key
from cameratrap.store.migrations import INBOX_MIGRATIONS
from cameratrap.store.outbox import Outbox, enqueue
from cameratrap.store.refused import RefusedBody, RefusedLog
from cameratrap.store.seal_counter import SealCounter
from cameratrap.wire.codec import decode
from tests.fakes import FrameDetector

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Link:
    """A modem that says what it is told to."""

    def __init__(
        self, result: SendResult | None = None, network: datetime | None = None, bars: int | None = None
    ) -> None:
        self.bars = bars
        self.result = result or SendResult(SendStatus.SENT, 0, 41)
        self.network = network
        self.sent: list[bytes] = []

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        self.sent.append(payload)
        return self.result

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        return self.result

    def imei(self, *, deadline_s: float) -> str:
        return "300234010000001"

    def signal(self, *, deadline_s: float) -> int | None:
        return self.bars

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:
        return self.network

    def close(self) -> None:
        pass


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    make_card(folder, Deployment("d1", "ridge-1", 60, NOW)).close()
    return folder


def _raiser(error: Exception) -> Callable[[], Finding]:
    def check() -> Finding:
        raise error

    return check


def test_no_check_hides_another() -> None:
    """Our errors become findings with their hints; a mistake in a check is one, too, and the rest still runs."""
    good = Finding(State.OK, "fine")
    checks = {
        "one": _raiser(StoreError("the card is torn", why="it fell", hint="glue it")),
        "two": _raiser(ZeroDivisionError("oh")),
        "three": lambda: good,
    }
    assert list(examine(checks)) == [
        CheckedThing("one", Finding(State.FAIL, "the card is torn: it fell", "glue it")),
        CheckedThing("two", Finding(State.FAIL, "the check itself failed: ZeroDivisionError: oh")),
        CheckedThing("three", good),
    ]


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([Finding(State.OK, ""), Finding(State.SKIP, "")], 0),
        ([Finding(State.OK, ""), Finding(State.WARN, "")], 1),
        ([Finding(State.FAIL, ""), Finding(State.SKIP, "")], 1),
        ([Finding(State.FAIL, ""), Finding(State.FAIL, "", is_device=True)], 4),
    ],
)
def test_the_exit_status_is_the_worst(findings: list[Finding], status: int) -> None:
    """What was not looked at is no finding; a missing device goes before the rest."""
    assert exit_status([CheckedThing("x", finding) for finding in findings]) == status


def test_a_missing_device_is_told_from_other_failures() -> None:
    (found,) = examine({"modem": _raiser(DeviceError("no modem", device="modem", hint="plug it in"))})
    assert found.finding == Finding(State.FAIL, "no modem", "plug it in", is_device=True)


def test_a_card_that_is_well(card: Path) -> None:
    """Nothing is left in its folder by looking."""
    before = sorted(card.iterdir())
    assert check_disk(card).state is State.OK
    assert check_card(card) == Finding(State.OK, "station ridge-1, 0 bursts, index whole")
    assert check_outbox(card, NOW, day_j=450) == Finding(State.OK, "0 wait, 0 of them due; 0 of 450 J used today")
    assert check_key(card, "").what == "no key: messages go out unsealed"
    assert check_inbox(card).state is State.SKIP
    assert sorted(card.iterdir()) == before


def test_without_a_folder_nothing_is_said_of_it(tmp_path: Path) -> None:
    """A folder that is given and not there is a fault."""
    checks = (check_disk, check_card, check_inbox)
    assert {check(None).state for check in checks} == {State.SKIP}
    assert (check_outbox(None, NOW, day_j=450).state, check_key(None, "").state) == (State.SKIP, State.SKIP)
    missing = check_disk(tmp_path / "nowhere")
    assert (missing.state, missing.hint) == (State.FAIL, "is the card mounted?")
    assert check_card(tmp_path).state is State.SKIP


@pytest.mark.parametrize(
    ("free_mb", "total_mb", "state"), [(100, 1000, State.FAIL), (900, 10_000, State.WARN), (5000, 10_000, State.OK)]
)
def test_room_on_the_card(
    card: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, total_mb: int, state: State
) -> None:
    """Little of a large card is a warning, next to nothing a fault."""
    room = Room(free_mb * 1_000_000, total_mb * 1_000_000)
    monkeypatch.setattr(doctor_folder, "measure", lambda _: room)
    finding = check_disk(card)
    assert finding.state is state
    assert finding.what.startswith(f"{free_mb} MB free")


def test_a_card_that_cannot_be_written(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that fails counts, whatever was written before it."""

    def fail(_: int) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "fsync", fail)
    finding = check_disk(card)
    assert (finding.state, "Read-only file system" in finding.what) == (State.FAIL, True)
    assert "mounted read-only" in finding.hint


def test_a_damaged_index_is_found(card: Path) -> None:
    """With the hint of the store."""
    database = card / "cameratrap.db"
    database.write_bytes(b"no database" * 1000)
    (found,) = examine({"card": lambda: check_card(card)})
    assert found.finding.state is State.FAIL
    assert "damaged" in found.finding.what
    assert "copy the file away" in found.finding.hint


def test_the_outbox_tells_of_a_standing_fault(card: Path) -> None:
    """An account that is refused keeps everything back: said with the modem's words."""
    with make_card(card, Deployment("d1", "ridge-1", 60, NOW)) as opened:
        message = enqueue(opened.connection, day=NOW.date(), sequence=1, part=1, payload=b"x", now=NOW)
        assert check_outbox(card, NOW, day_j=450).what == "1 wait, 1 of them due; 0 of 450 J used today"
        outbox = Outbox(opened.connection)
        for hour in range(4):
            at = NOW + timedelta(hours=hour)
            message = outbox.begin_attempt(message, at, joules=57)
            refused = SendResult(SendStatus.RETRY, 15, detail="access denied", fault="account")
            message = outbox.record(message, refused, at, joules=57)
        finding = check_outbox(card, NOW + timedelta(hours=4), day_j=450)
    assert finding.state is State.FAIL
    assert "account fault: access denied; since 2026-11-22, 4 times" in finding.what
    assert "228 of 450 J used today" in finding.what
    assert "transmit --now" in finding.hint


def test_a_key_that_others_can_read(card: Path) -> None:
    """Named with the command that mends it."""
    key = write_key(card / KEY_FILE, new_key(), NOW)
    assert check_key(card, "") == Finding(State.OK, f"key {key.key.fingerprint}, not used yet")
    key.path.chmod(0o644)
    finding = check_key(card, "")
    assert (finding.state, finding.hint) == (State.FAIL, f"chmod 600 {key.path}")


def test_a_counter_that_was_lost(card: Path) -> None:
    """The key's file says otherwise than the card's index: no fault, but worth knowing."""
    key = write_key(card / KEY_FILE, new_key(), NOW)
    with make_card(card, Deployment("d1", "ridge-1", 60, NOW)) as opened:
        SealCounter(key, opened.connection).take()
    assert "counter 1" in check_key(card, "").what
    (card / f"{KEY_FILE}.counter").unlink()
    finding = check_key(card, "")
    assert (finding.state, "do not agree" in finding.what) == (State.WARN, True)
    assert "new epoch" in finding.hint


def test_a_key_that_is_configured_and_missing(card: Path) -> None:
    """A trap that should seal never goes on without."""
    (found,) = examine({"key": lambda: check_key(card, str(card / "other.key"))})
    assert (found.finding.state, "other.key" in found.finding.what) == (State.FAIL, True)


def test_an_inbox_with_refused_deliveries(tmp_path: Path) -> None:
    """The alarm, and what to do about it."""
    open_store(tmp_path / INBOX_FILE, INBOX_MIGRATIONS, create=True).close()
    assert check_inbox(tmp_path) == Finding(State.OK, "0 messages, nothing refused")
    RefusedLog(tmp_path / "refused").keep(RefusedBody("a", b"x", "false", NOW))
    finding = check_inbox(tmp_path)
    assert (finding.state, "1 delivery refused since" in finding.what) == (State.WARN, True)
    assert "receive reverify" in finding.hint


def test_a_detector_is_given_a_picture() -> None:
    """It answers, or its own error is the finding."""

    class Broken(FrameDetector):
        def detect(self, frame: object) -> object:  # type: ignore[override]
            raise ModelError("the model is torn", hint="install it again")

    assert check_detector(FrameDetector({})).what.startswith("by-frame 1: an empty picture in ")
    (found,) = examine({"model": lambda: check_detector(Broken({}))})  # type: ignore[arg-type]
    assert found.finding == Finding(State.FAIL, "the model is torn", "install it again")


@pytest.mark.parametrize(
    ("bars", "state", "told"),
    [(None, State.OK, "does not tell"), (0, State.WARN, "hears no satellite"), (1, State.OK, "signal 1 of 5")],
)
def test_a_modem_is_named_with_its_signal(bars: int | None, state: State, told: str) -> None:
    """No satellite is worth a look at the antenna, and no fault of the modem."""
    finding = check_modem(Link(bars=bars))
    assert (finding.state, told in finding.what) == (state, True)
    assert finding.what.startswith("modem 300234010000001 answers")
    assert ("antenna" in finding.hint) is (bars == 0)


@pytest.mark.parametrize(
    ("ahead_s", "state", "word"),
    [(0, State.OK, "right"), (3600, State.WARN, "fast"), (-200_000, State.WARN, "slow")],
)
def test_the_clock_is_compared_with_the_network(ahead_s: float, state: State, word: str) -> None:
    finding = check_clock(NOW, Link(network=NOW - timedelta(seconds=ahead_s)))
    assert (finding.state, word in finding.what) == (state, True)
    assert ("clock.correct = true" in finding.hint) is (state is State.WARN)


def test_the_clocks_hint_is_one_that_helps() -> None:
    """What is set already is not asked for; what nothing would set is for a person."""
    fast = check_clock(NOW, Link(network=NOW - timedelta(hours=1)), corrects=True)
    assert fast.hint == "`cameratrap transmit` sets it after its next session (clock.correct)"
    far = check_clock(NOW, Link(network=NOW + timedelta(days=900)), corrects=True)
    assert "too much to believe" in far.what
    assert "by hand" in far.hint


def test_a_trap_that_sleeps_is_a_finding(card: Path) -> None:
    """With the command that sent it to sleep and how to wake it; other settings are only told."""
    assert check_commands(None, NOW).state is State.SKIP
    assert check_commands(card, NOW) == Finding(State.OK, "nothing is set")
    with make_card(card, Deployment("d1", "ridge-1", 60, NOW)) as opened:
        override(opened.connection, EVERY_DAYS, 7, 3, NOW)
        keep_received(opened.connection, b"x", NOW)
        told = "summary.every_days = 7 (command 3 of 2026-11-22); 1 to be obeyed by the next `cameratrap transmit`"
        assert check_commands(card, NOW) == Finding(State.OK, told)
        override(opened.connection, SLEEP_UNTIL, date(2026, 12, 24), 4, NOW)
    asleep = check_commands(card, NOW)
    assert asleep.state is State.WARN
    assert "takes no pictures before 2026-12-24 (command 4 of 2026-11-22)" in asleep.what
    assert "config reset sleep_until" in asleep.hint
    assert check_commands(card, NOW + timedelta(days=40)).state is State.OK


def test_a_clock_that_nothing_is_known_of() -> None:
    """No modem, or one without time: said so. A time before this program was made is wrong by itself."""
    for link in (None, Link()):
        assert check_clock(NOW, link).what.endswith("compared with no other clock")
    past = check_clock(datetime(1970, 1, 1, 0, 10, tzinfo=UTC), None)
    assert (past.state, past.hint) == (State.FAIL, "set it before it counts days")


def test_the_test_message_is_decoded_again_and_not_sent() -> None:
    finding = check_message(builtin_taxa(), NOW)
    assert finding.state is State.OK
    assert finding.what.endswith("; it was not sent")


def test_the_test_message_is_sent_and_what_comes_back_is_kept() -> None:
    """A command that came with the session is not lost because it was only a test."""
    kept: list[bytes] = []
    link = Link(SendResult(SendStatus.SENT, 0, 41, received=(b"command",)))
    finding = check_message(builtin_taxa(), NOW, Sending(link, 60, kept.append))
    assert (finding.state, finding.what.endswith("sent for 1 credit, MOMSN 41")) == (State.OK, True)
    assert kept == [b"command"]
    assert decode(link.sent[0], builtin_taxa()) == DailySummary(NOW.date(), 0)


def test_a_test_message_that_is_not_sent_is_a_fault() -> None:
    """With the modem's reason, and whether it may have arrived all the same."""
    link = Link(SendResult(SendStatus.RETRY, 18, uncertain=True, detail="connection lost"))
    finding = check_message(builtin_taxa(), NOW, Sending(link, 60, lambda _: None))
    assert finding.state is State.FAIL
    assert "not sent, though it may have arrived: connection lost" in finding.what
    assert "sky" in finding.hint


def test_checks_leave_the_store_closed(card: Path) -> None:
    """Another process can have it at once."""
    check_card(card)
    check_outbox(card, NOW, day_j=450)
    with closing(make_card(card, Deployment("d1", "ridge-1", 60, NOW))) as opened:
        opened.connection.execute("BEGIN EXCLUSIVE")
