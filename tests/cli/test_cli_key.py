"""`key`, and a sealed message's way from the trap's card to the receiver's table; the key shows itself nowhere."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.app.close_day import close_due_days
from cameratrap.cli import run
from cameratrap.config import resolve
from cameratrap.config.tree import Config
from cameratrap.domain.alerts import Alert
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.tallies import Tally
from cameratrap.errors import StoreError
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card, open_card, sole_writer
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.keys import new_key, write_key
from cameratrap.store.outbox import Outbox, OutboxMessage, OutboxState, enqueue
from cameratrap.wire.codec import encode, encode_alert
from cameratrap.wire.seal import is_sealed, seal_number
from cameratrap.wiring import closing_rules, open_seal

IMEI = "300234010000001"
FIRST = date(2026, 6, 1)
NOW = datetime(2026, 6, 9, tzinfo=UTC)


class Journey:
    """A trap's card and a receiver, each used by its commands; everything that any of them printed is kept."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.card, self.receiver = folder / "card", folder / "receiver"
        self.exported = folder / "ridge.key"
        self.config = folder / "cameratrap.toml"
        self.config.write_text(f'[ground]\nstations = {{ "{IMEI}" = "ridge" }}\n')
        self.printed = ""
        self.momsn = 0
        self._capsys = capsys

    def run(self, data: Path, *arguments: object, status: int = 0) -> str:
        """Its standard output."""
        assert run(["--config", str(self.config), "--data", str(data), *map(str, arguments)]) == status, self._read()
        return self._read()

    def _read(self) -> str:
        captured = self._capsys.readouterr()
        self.printed += captured.out + captured.err
        self.errors = captured.err
        return captured.out

    def at_trap(self, *arguments: object, status: int = 0) -> str:
        return self.run(self.card, *arguments, status=status)

    def at_receiver(self, *arguments: object, status: int = 0) -> str:
        return self.run(self.receiver, *arguments, status=status)

    def objects(self, *arguments: object) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.at_receiver(*arguments, "--json").splitlines()]

    def secret(self) -> str:
        content = json.loads((self.card / "station.key").read_text())
        return str(content["key"])

    def _open(self) -> Card:
        return make_card(self.card, Deployment("d", "ridge", 60, NOW))

    def close_day(self, number: int) -> bytes:
        """What the trap puts into its outbox for a day."""
        summary = DailySummary(
            FIRST + timedelta(days=number), number, (Tally("Vulpes vulpes", 1, 1),), Effort(hours_armed=24.0)
        )
        with self._open() as card:
            sealer, _ = open_seal(resolve(self.config).config, card)
            (message,) = encode(summary, builtin_taxa(), sealer=sealer)
            enqueue(card.connection, day=summary.day, sequence=number, part=1, payload=message, now=NOW)
        return message

    def deliver(self, *messages: bytes) -> None:
        for message in messages:
            self.momsn += 1
            file = self.folder / f"{IMEI}_{self.momsn}.sbd"
            file.write_bytes(message)
            self.at_receiver("receive", "import", file)

    def hand_over(self) -> None:
        """The key from the trap to the receiver."""
        self.at_trap("key", "export", self.exported)
        self.at_receiver("key", "import", self.exported, "--station", "ridge")


@pytest.fixture
def journey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Journey:
    made = Journey(tmp_path, capsys)
    made.at_trap("key", "new")
    made.receiver.mkdir()
    return made


def test_a_sealed_day_is_read_with_the_key_and_not_without(journey: Journey) -> None:
    """The message came first; the key, carried by hand, reads it."""
    message = journey.close_day(1)
    journey.deliver(message)
    (before,) = journey.objects("inbox")
    assert (before["status"], before["summary"]) == ("undecodable", None)
    assert "no key of station 'ridge' is here: `cameratrap key import`" in before["reason"]
    journey.hand_over()
    (after,) = journey.objects("inbox")
    assert (after["status"], after["summary"]["day"], after["alert"]) == ("decoded", "2026-06-02", None)
    number = seal_number(message)
    assert after["seal"] == {
        "fingerprint": journey.objects("key", "list")[0]["fingerprint"],
        "key_id": 1,
        "epoch": number.epoch.hex(),
        "counter": 0,
        "is_new_epoch": False,
    }


def test_an_alert_is_shown_beside_the_days(journey: Journey) -> None:
    """With its own kind; the table of days leaves it out."""
    journey.hand_over()
    at = datetime(2026, 6, 2, 4, 30)  # noqa: DTZ001 - no offset is on the air
    with journey._open() as card:
        sealer, _ = open_seal(resolve(journey.config).config, card)
        payload = encode_alert(Alert(at, 1, "Vulpes vulpes", 2, 0.91), builtin_taxa(), sealer=sealer)
    journey.deliver(payload, payload)
    first, again = journey.objects("inbox")
    assert (first["summary"], again["status"], again["alert"]) == (None, "duplicate", None)
    assert first["alert"] == {
        "at": "2026-06-02T04:30",
        "sequence": 1,
        "taxon": "Vulpes vulpes",
        "individuals": 2,
        "score": 0.91,
    }
    row = next(csv.DictReader(journey.at_receiver("inbox", "--csv").splitlines()))
    assert (row["kind"], row["day"], row["summary"]) == ("alert", "2026-06-02", "Vulpes vulpes x2 at 04:30, score 0.91")
    assert journey.objects("inbox", "--days") == []


def _card_with_two_days(card: Path) -> Path:
    """A trap without a key: two days wait to be sent, the second was tried once."""
    start = datetime.combine(FIRST, time(), UTC)
    with make_card(card, Deployment("d", "ridge", 0, start)) as made:
        still_armed(made.connection, arm(made.connection, start, 0.0, "b"), start + timedelta(days=2.5), 2.5 * 86400)
        close_due_days(made, closing_rules(Config(), builtin_taxa(), made), start + timedelta(days=2.1))
        made.connection.execute("UPDATE outbox SET attempts = 1 WHERE sequence = 2")
    return card


def _waiting(card: Path) -> list[OutboxMessage]:
    with open_card(card) as opened:
        return Outbox(opened.connection).messages(OutboxState.QUEUED)


def test_a_new_key_seals_what_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before any `transmit` can send it in the clear; what had been tried is told under another number."""
    card = _card_with_two_days(tmp_path / "card")
    assert run(["--data", str(card), "key", "new", "--dry-run"]) == 0
    assert not any(is_sealed(each.payload) for each in _waiting(card))
    capsys.readouterr()
    assert run(["--data", str(card), "key", "new"]) == 0
    assert "2 summaries that waited to be sent sealed anew" in capsys.readouterr().err
    waiting = _waiting(card)
    assert [(each.day, each.sequence) for each in waiting] == [(FIRST + timedelta(days=1), 3), (FIRST, 1)]
    assert all(is_sealed(each.payload) for each in waiting)
    assert run(["--data", str(card), "transmit", "--dry-run"]) == 0
    assert "not sealed" not in capsys.readouterr().err


def test_a_new_key_waits_for_a_watch_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that runs would go on as it began, unsealed: no key is made."""
    card = _card_with_two_days(tmp_path / "card")
    with sole_writer(card, "watch"):
        assert run(["--data", str(card), "key", "new"]) == 1
    assert "another `watch` is already running" in capsys.readouterr().err
    assert not (card / "station.key").exists()


def test_a_dry_run_names_what_is_not_sealed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how to make a key only where there is none."""
    card = _card_with_two_days(tmp_path / "card")
    assert run(["--data", str(card), "transmit", "--now", "--dry-run"]) == 0
    assert "2 not sealed: anyone could read or forge them (`cameratrap key new` makes a key)" in capsys.readouterr().err
    write_key(card / "station.key", new_key(), NOW)
    assert run(["--data", str(card), "transmit", "--now", "--dry-run"]) == 0
    assert "2 not sealed: anyone could read or forge them (they were made before" in capsys.readouterr().err


def test_a_trap_without_a_key_is_unsealed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And its messages are read without one."""
    journey = Journey(tmp_path, capsys)
    journey.deliver(journey.close_day(1))
    (read,) = journey.objects("inbox")
    assert (read["status"], read["seal"]) == ("decoded", None)
    assert "there is no key" in _error(journey, "key", "show")


def _error(journey: Journey, *arguments: object) -> str:
    journey.at_trap(*arguments, status=1)
    return journey.errors


def test_new_makes_one_key_and_never_another(journey: Journey) -> None:
    """Private, and named by its fingerprint only; a rehearsal makes none."""
    path = journey.card / "station.key"
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "ever written over" in _error(journey, "key", "new")
    assert "ever written over" in _error(journey, "key", "new", "--dry-run")
    assert path.read_bytes() == before
    path.unlink()
    journey.at_trap("key", "new", "--dry-run")
    assert "would make a key" in journey.errors
    assert not path.exists()


def test_a_configured_key_file_is_used(journey: Journey) -> None:
    """And is never silently missing."""
    elsewhere = journey.folder / "etc" / "trap.key"
    journey.config.write_text(f'[seal]\nkey_file = "{elsewhere}"\n')
    assert "there is no key" in _error(journey, "key", "show")
    journey.at_trap("key", "new")
    assert elsewhere.is_file()
    assert json.loads(journey.at_trap("key", "show", "--json"))["file"] == str(elsewhere)


def test_show_says_how_far_the_key_was_used(journey: Journey) -> None:
    """Before, after, and when the next message will begin a new epoch, and why the last did."""
    unused = json.loads(journey.at_trap("key", "show", "--json"))
    assert (unused["key_id"], unused["next_counter"], unused["only_owner_reads"]) == (None, None, True)
    journey.close_day(1)
    used = json.loads(journey.at_trap("key", "show", "--json"))
    assert (used["key_id"], used["next_counter"], used["why"]) == (1, 1, "the key was new")
    (journey.card / "station.key.counter").unlink()
    assert "next message begins a new epoch" in journey.at_trap("key", "show")
    journey.close_day(2)
    again = json.loads(journey.at_trap("key", "show", "--json"))
    assert (again["key_id"], again["next_counter"], again["why"]) == (2, 1, "the file beside the key was lost")


def test_a_new_epoch_is_read_and_said(journey: Journey) -> None:
    """The card was swapped: the trap moves on, the receiver follows and says so."""
    messages = [journey.close_day(1)]
    (journey.card / "station.key.counter").unlink()
    messages += [journey.close_day(2), journey.close_day(3)]
    journey.hand_over()
    journey.deliver(*messages)
    assert [each["status"] for each in journey.objects("inbox")] == ["decoded"] * 3
    assert journey.errors.count("a new epoch began") == 1
    assert f"(key 2, epoch {seal_number(messages[1]).epoch.hex()}, counter 0)" in journey.errors


def test_renew_begins_a_new_epoch(journey: Journey) -> None:
    """By hand, after an image of the card was written back; a rehearsal begins none."""
    first = seal_number(journey.close_day(1))
    journey.at_trap("key", "renew", "--dry-run")
    assert seal_number(journey.close_day(2)).epoch == first.epoch
    journey.at_trap("key", "renew")
    renewed = seal_number(journey.close_day(3))
    assert (renewed.key_id, renewed.counter) == (2, 0)
    assert str(renewed) in journey.errors or str(renewed) in journey.printed


def test_a_folder_copied_back_repeats_no_number(journey: Journey) -> None:
    """Everything restored to one moment, the key too, with the files' own times: the trap sees it, and says so."""
    taken = [journey.close_day(1)]
    shutil.copytree(journey.card, journey.folder / "copy")
    taken.append(journey.close_day(2))
    shutil.rmtree(journey.card)
    shutil.copytree(journey.folder / "copy", journey.card)
    assert "copied back: the next message begins a new epoch" in journey.at_trap("key", "show")
    taken.append(journey.close_day(3))
    assert len({seal_number(message) for message in taken}) == 3
    assert "restored from a copy" in json.loads(journey.at_trap("key", "show", "--json"))["why"]


def test_a_key_now_revoked_is_named_so(journey: Journey) -> None:
    """A thief's message under a number that never came is quarantined, and the list says since when."""
    journey.hand_over()
    messages = [journey.close_day(number) for number in range(1, 4)]
    journey.deliver(messages[0], messages[2])
    (said,) = journey.objects("key", "revoke", "ridge", "--now", "--why", "stolen")
    assert (said["epoch"], said["counter"]) == (None, None)
    journey.deliver(messages[1])
    assert [each["status"] for each in journey.objects("inbox")] == ["decoded", "decoded", "quarantined"]
    assert "all that comes later" in journey.objects("key", "list")[0]["revoked"]


@pytest.mark.parametrize(
    ("stations", "says"),
    [({}, True), ({IMEI: "hill"}, True), ({IMEI: "ridge"}, False)],
    ids=["none", "another", "named"],
)
def test_import_says_that_no_modem_is_the_station_s(journey: Journey, stations: dict[str, str], *, says: bool) -> None:
    """A message is opened by the key of its modem's station: who that is must be said once."""
    lines = "".join(f'"{imei}" = "{name}"\n' for imei, name in stations.items())
    journey.config.write_text(f"[ground.stations]\n{lines}")
    journey.hand_over()
    assert ("no modem is that of ridge yet: name it in `ground.stations`" in journey.errors) is says
    if says:
        journey.deliver(journey.close_day(1))
        (read,) = journey.objects("inbox")
        assert read["status"] == "undecodable"
        assert "if its trap is at 'ridge', name its modem in `ground.stations`" in read["reason"]


def test_import_is_repeatable_and_refuses_another_station(journey: Journey) -> None:
    """A key is of one trap."""
    journey.hand_over()
    journey.at_receiver("key", "import", journey.exported, "--station", "ridge")
    journey.at_receiver("key", "import", journey.exported, "--station", "ford", status=1)
    assert "that of station 'ridge' already" in journey.errors
    assert "name its modem in `ground.stations`" in journey.errors
    journey.at_receiver("key", "import", journey.folder / "none", "--station", "ford", status=1)
    journey.at_receiver("key", "import", journey.config, "--station", "ford", status=1)
    assert [each["station"] for each in journey.objects("key", "list")] == ["ridge"]


def test_a_rehearsal_imports_nothing(journey: Journey) -> None:
    """And leaves no folder."""
    journey.at_trap("key", "export", journey.exported, "--dry-run")
    assert not journey.exported.exists()
    journey.at_trap("key", "export", journey.exported)
    journey.at_receiver("key", "import", journey.exported, "--station", "ridge", "--dry-run")
    assert journey.objects("key", "list") == []
    assert list(journey.receiver.iterdir()) == []


def test_a_file_that_others_can_read_is_a_warning(journey: Journey) -> None:
    """At the trap, on the way and at the receiver."""
    journey.hand_over()
    for path in (journey.card / "station.key", journey.exported, *(journey.receiver / "keys").iterdir()):
        path.chmod(0o644)
    for data, command in (
        (journey.card, ["key", "show"]),
        (journey.receiver, ["key", "import", str(journey.exported), "--station", "ridge"]),
        (journey.receiver, ["key", "list"]),
    ):
        journey.run(data, *command)
        assert "warning: others can read" in journey.errors


def test_a_revoked_key_is_quarantined_from_there(journey: Journey) -> None:
    """What came before stays, what comes after waits for a person; a rehearsal changes nothing."""
    journey.hand_over()
    messages = [journey.close_day(number) for number in range(1, 5)]
    journey.deliver(*messages[:3])
    journey.at_receiver("key", "revoke", "ridge", "--after", 1, "--why", "stolen", "--dry-run")
    assert {each["status"] for each in journey.objects("inbox")} == {"decoded"}
    (said,) = journey.objects("key", "revoke", "ridge", "--after", 1, "--why", "stolen", "--by", "anna")
    assert (said["counter"], said["by"], said["why"]) == (1, "anna", "stolen")
    journey.deliver(messages[3])
    assert [each["status"] for each in journey.objects("inbox")] == ["decoded", "decoded", "quarantined", "quarantined"]
    assert re.search(r"after counter 1 of epoch .* by anna: stolen", journey.objects("key", "list")[0]["revoked"])
    accept = ("key", "accept", "ridge", messages[3].hex()[:20], "--why", "I stood beside it")
    journey.at_receiver(*accept, "--dry-run")
    assert "would accept" in journey.errors
    journey.at_receiver(*accept)
    assert "it tells of 2026-06-05, Vulpes vulpes 1/1" in journey.errors
    assert [each["status"] for each in journey.objects("inbox")] == ["decoded", "decoded", "quarantined", "decoded"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "ridge", "--why", "x"),
        ("revoke", "ridge", "--now", "--after", "3", "--why", "x"),
        ("revoke", "ridge", "--now"),
        ("revoke", "hill", "--now", "--why", "x"),
        ("revoke", "ridge", "--now", "--why", "x", "--key", "00000000"),
        ("revoke", "ridge", "--now", "--why", "x", "--epoch", "010203"),
        ("revoke", "ridge", "--after", "3", "--why", "x", "--epoch", "zz"),
        ("revoke", "ridge", "--after", "70000", "--why", "x"),
        ("accept", "ridge", "00", "--why", "x"),
        ("accept", "ridge", "", "--why", "x"),
        ("import", "nowhere.key"),
        ("new", "--json", "--csv"),
    ],
)
def test_wrong_usage_changes_nothing(journey: Journey, arguments: Sequence[str]) -> None:
    """It is refused with status 2 and a hint."""
    journey.hand_over()
    journey.at_receiver("key", *arguments, status=2)
    assert "hint: " in journey.errors
    assert journey.objects("key", "list")[0]["revoked"] is None


def test_a_damaged_key_is_named_and_nothing_goes_on_unsealed(journey: Journey) -> None:
    """Neither at the trap nor at the receiver."""
    journey.hand_over()
    message = journey.close_day(1)
    journey.deliver(message)
    for path in (journey.card / "station.key", *(journey.receiver / "keys").iterdir()):
        path.write_bytes(path.read_bytes()[:-20])
    assert "cannot be read" in _error(journey, "key", "show")
    with pytest.raises(StoreError, match="cannot be read"):
        journey.close_day(2)
    journey.at_receiver("inbox", status=1)
    assert "cannot be read" in journey.errors


def test_the_key_shows_itself_nowhere(journey: Journey) -> None:
    """Every command that could know it, good and bad, in every form and with --debug: it prints no part of the key."""
    journey.hand_over()
    messages = [journey.close_day(number) for number in range(1, 4)]
    journey.deliver(*messages)
    payload = messages[2].hex()
    (journey.folder / "damaged.key").write_bytes(journey.exported.read_bytes()[:-5])
    trap: list[tuple[int, list[object]]] = [
        (1, ["key", "new"]),
        (0, ["key", "show"]),
        (0, ["key", "show", "--json"]),
        (0, ["key", "show", "--csv"]),
        (1, ["key", "export", journey.exported]),
        (0, ["key", "export", journey.folder / "again.key", "--json"]),
        (0, ["key", "renew"]),
        (0, ["transmit", "--dry-run", "--json"]),
        (0, ["config", "show"]),
        (0, ["tally"]),
    ]
    receiver: list[tuple[int, list[object]]] = [
        (0, ["key", "import", journey.exported, "--station", "ridge", "--json"]),
        (1, ["key", "import", journey.exported, "--station", "ford"]),
        (1, ["key", "import", journey.folder / "damaged.key", "--station", "ridge"]),
        (0, ["key", "list"]),
        (0, ["key", "list", "--json"]),
        (0, ["key", "revoke", "ridge", "--after", 1, "--why", "x"]),
        (0, ["inbox"]),
        (0, ["inbox", "--json"]),
        (0, ["inbox", "--days"]),
        (0, ["inbox", "--gaps"]),
        (0, ["key", "accept", "ridge", payload, "--why", "x"]),
        (2, ["key", "accept", "ridge", payload, "--why", "x"]),
    ]
    for data, commands in ((journey.card, trap), (journey.receiver, receiver)):
        for status, command in commands:
            options = ["--config", str(journey.config), "--data", str(data), "--debug", "--verbose"]
            assert run([*options, *map(str, command)]) == status, command
            journey._read()
    secret = journey.secret()
    forms: list[Callable[[], str]] = [
        lambda: secret[:12],
        lambda: secret[-12:],
        lambda: repr(bytes.fromhex(secret))[2:14],
    ]
    assert len(journey.printed) > 2000
    assert [form() for form in forms if form() in journey.printed] == []


def test_no_file_but_the_keys_holds_the_key(journey: Journey) -> None:
    """Neither the database nor the inbox nor a message."""
    journey.hand_over()
    journey.deliver(journey.close_day(1))
    secret = bytes.fromhex(journey.secret())
    keys = {journey.card / "station.key", journey.exported, *(journey.receiver / "keys").iterdir()}
    for path in (path for path in journey.folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert (secret in content or secret.hex().encode() in content) is (path in keys), path
