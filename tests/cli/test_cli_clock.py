"""`clock show` and `clock shift` as a user runs them on a card that came home."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import Trigger
from cameratrap.store.bursts import add_picture, begin_burst
from cameratrap.store.card import DATABASE, Deployment, make_card
from cameratrap.store.clock_readings import ClockReading, add_reading
from cameratrap.store.connection import open_store
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.media import SavedPicture
from cameratrap.store.migrations import CARD_MIGRATIONS

AT = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One burst, by a clock that the network found a month ahead."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "card"
    with make_card(folder, Deployment("d", "s", 0, AT)) as made:
        arm(made.connection, AT, 0.0, "boot-1")
        trigger = Trigger("k", AT, TriggerCause.PIR, 0.0)
        begin_burst(made.connection, "b", trigger, boot_id="boot-1", clock=None)
        picture = SavedPicture("DCIM/100CTRAP/CTRP0001.JPG", "aa", 9)
        add_picture(made.connection, "b", picture, position=1, of=1, captured_at=AT, source_sha256="s", source_name="")
        reading = ClockReading(AT, 30 * 86400.0, ClockQuality.UNSET, "iridium", boot_id="boot-1", monotonic_s=0.0)
        add_reading(made.connection, reading)
    return folder


def started(card: Path) -> str:
    with closing(open_store(card / DATABASE, CARD_MIGRATIONS, create=False)) as connection:
        return str(connection.execute("SELECT started_at FROM bursts").fetchone()["started_at"])


def test_eras_are_shown_with_what_is_known_of_them(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line an era; the error as the network's time has it."""
    assert run(["--data", str(card), "clock", "show", "--json"]) == 0
    (era,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (era["era"], era["bursts"], era["error_s"], era["is_wrong"]) == ("boot-1/1", 1, 2592000.0, "yes")


def test_an_era_of_which_no_comparison_tells_is_unknown(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not right, as far as anybody knows; one before this program was built is wrong all the same."""
    with make_card(card, Deployment("d", "s", 0, AT)) as made:
        arm(made.connection, AT + timedelta(days=1), 0.0, "boot-2", clock=ClockQuality.DRIFTING)
        arm(made.connection, datetime(1970, 1, 1, tzinfo=UTC), 0.0, "boot-3", clock=ClockQuality.UNSET)
    assert run(["--data", str(card), "clock", "show", "--json"]) == 0
    eras = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["is_wrong"] for each in eras] == ["yes", "unknown", "yes"]
    assert [each["error_s"] for each in eras[1:]] == [None, None]


def test_a_preview_changes_nothing_and_says_what_would_become_of_it(
    card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many bursts, from and to which times, how many days; the card is not touched at all."""
    before = {path: path.read_bytes() for path in card.rglob("*") if path.is_file()}
    assert run(["--data", str(card), "clock", "shift", "--auto", "--dry-run", "--json"]) == 0
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert row == {
        "correction": None,
        "why": "network time, era boot-1/1",
        "offset_s": -2592000.0,
        "bursts": 1,
        "pictures": 1,
        "from": "2027-03-10T12:00:00+00:00",
        "to": "2027-03-10T12:00:00+00:00",
        "corrected_from": "2027-02-08T12:00:00+00:00",
        "corrected_to": "2027-02-08T12:00:00+00:00",
        "days": 2,
    }
    assert "would move 1 burst; nothing was changed" in printed.err
    assert {path: path.read_bytes() for path in card.rglob("*") if path.is_file()} == before


def test_a_correction_is_carried_out_and_taken_back(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown of it afterwards has its number; undone, the time is what it was."""
    assert run(["--data", str(card), "clock", "shift", "--auto", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["correction"] == 1
    assert started(card) == "2027-02-08T12:00:00+00:00"
    assert "2027-02-08T12:00:00+00:00" in (card / "media.csv").read_text(encoding="utf-8")
    assert run(["--data", str(card), "clock", "shift", "--undo", "1", "--dry-run"]) == 0
    assert started(card) == "2027-02-08T12:00:00+00:00"
    assert run(["--data", str(card), "clock", "shift", "--undo", "1"]) == 0
    assert started(card) == AT.isoformat()
    capsys.readouterr()
    assert run(["--data", str(card), "clock", "show", "--corrections", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["correction"], shown["rows"], shown["undone_at"] is None) == (1, 3, False)
    assert run(["--data", str(card), "clock", "shift", "--undo", "1"]) == 1
    assert "undone already" in capsys.readouterr().err


def eras_shown(card: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[object, ...]]:
    capsys.readouterr()
    assert run(["--data", str(card), "clock", "show", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [tuple(each[name] for name in ("error_s", "is_wrong", "corrected_s", "corrections")) for each in told]


def test_an_era_that_was_corrected_by_hand_is_not_called_wrong(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By how much and by which corrections; a comparison that still contradicts is believed, and undone is undone."""
    by = ["-q", "--data", str(card), "clock", "shift", "--all", "--by"]
    assert run([*by, "-29d"]) == 0
    assert eras_shown(card, capsys) == [(86400.0, "yes", -29 * 86400.0, "1")]
    assert run([*by, "-1d"]) == 0
    assert eras_shown(card, capsys) == [(0.0, "no", -30 * 86400.0, "1, 2")]
    with closing(open_store(card / DATABASE, CARD_MIGRATIONS, create=False)) as connection, connection:
        connection.execute("DELETE FROM clock_readings")
    assert run([*by, "-200d"]) == 0  # before this program was built
    assert eras_shown(card, capsys) == [(None, "corrected", -230 * 86400.0, "1, 2, 3")]
    for number in ("3", "2", "1"):
        assert run(["-q", "--data", str(card), "clock", "shift", "--undo", number]) == 0
    assert eras_shown(card, capsys) == [(None, "unknown", None, "")]


def test_only_the_part_that_was_moved_is_corrected(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stretch that was cut for it is two eras, and the correction is of one."""
    with closing(open_store(card / DATABASE, CARD_MIGRATIONS, create=False)) as connection:
        still_armed(connection, 1, AT + timedelta(hours=9), 9 * 3600.0)
        connection.execute("DELETE FROM clock_readings")
    part = ["--by", "-1d", "--from", "2027-03-10T15:00"]
    assert run(["-q", "--data", str(card), "clock", "shift", *part]) == 0
    assert eras_shown(card, capsys) == [(None, "unknown", None, ""), (None, "corrected", -86400.0, "1")]


@pytest.mark.parametrize(
    ("options", "becomes"),
    [
        (["--by", "+1h2m30s", "--all"], "2027-03-10T13:02:30+00:00"),
        (["--by", "-1d", "--boot", "boot-1/1"], "2027-03-09T12:00:00+00:00"),
        (["--shown", "2027-03-10T12:00", "--true", "2027-03-10T12:05:00+00:00", "--all"], "2027-03-10T12:05:00+00:00"),
        (["--by", "+1h", "--from", "2027-03-11"], "2027-03-10T12:00:00+00:00"),
        (["--by", "+1h", "--to", "2027-03-11"], "2027-03-10T13:00:00+00:00"),
    ],
)
def test_what_only_the_owner_knows_is_said_by_hand(card: Path, options: list[str], becomes: str) -> None:
    """By an amount or by two times, of the whole card or a part of it."""
    assert run(["--data", str(card), "clock", "shift", *options]) == 0
    assert started(card) == becomes


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--auto", "--by", "+1h", "--all"],
        ["--by", "+1h"],
        ["--by", "1h", "--all"],
        ["--by", "+", "--all"],
        ["--by", "+1x", "--all"],
        ["--shown", "2027-03-10", "--all"],
        ["--auto", "--all"],
        ["--by", "+1h", "--all", "--boot", "b"],
        ["--by", "+1h", "--from", "yesterday"],
    ],
)
def test_a_question_that_is_not_clear_is_refused(card: Path, options: list[str]) -> None:
    """Exit status 2, and every time is as it was."""
    assert run(["--data", str(card), "clock", "shift", *options]) == 2
    assert started(card) == AT.isoformat()


def test_it_says_what_else_the_clock_told_and_what_it_cuts(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The start in the deployment's record; a stretch that the bound lies in; and that there is nothing to move."""
    with closing(open_store(card / DATABASE, CARD_MIGRATIONS, create=False)) as connection:
        still_armed(connection, 1, AT + timedelta(hours=9), 9 * 3600.0)
    by = ["--data", str(card), "clock", "shift", "--by", "-1d"]
    assert run([*by, "--from", "2027-03-10T15:00", "--dry-run"]) == 0
    assert "would move 0 bursts, and cut 1 span of hours armed" in capsys.readouterr().err
    assert run([*by, "--all"]) == 0
    said = capsys.readouterr().err
    assert "start = 2027-03-10T12:00:00+00:00" in said
    assert "began at 2027-03-09T12:00:00+00:00" in said
    assert run([*by, "--from", "2028-01-01"]) == 0
    assert capsys.readouterr().err.splitlines()[-1].endswith("there is nothing to move")
    with closing(open_store(card / DATABASE, CARD_MIGRATIONS, create=False)) as connection, connection:
        connection.execute("DELETE FROM clock_readings")
    assert run(["--data", str(card), "clock", "shift", "--auto"]) == 0
    assert "no comparison with the network's time" in capsys.readouterr().err


def test_a_time_that_cannot_be_is_refused(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond the calendar: an error in words, nothing changed; and a folder that is no card."""
    assert run(["--data", str(card), "clock", "shift", "--by", "+999999h", "--all"]) == 2
    assert "this machine's clock" in capsys.readouterr().err
    assert run(["--data", str(card), "clock", "shift", "--by", "-800000d", "--all"]) == 2
    assert "there is no such year" in capsys.readouterr().err
    assert started(card) == AT.isoformat()
    assert run(["--data", str(card.parent), "clock", "shift", "--undo", "1"]) == 1
