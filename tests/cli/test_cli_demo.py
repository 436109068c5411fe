"""The demonstration: it agrees, and it would notice if it did not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cameratrap.cli import journey as journey_module
from cameratrap.cli import run
from cameratrap.cli.journey import Journey


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journey, Path]]:
    """One whole journey up to the messages' delivery, photographed once for all tests here."""
    folder = tmp_path_factory.mktemp("demo") / "journey"
    journey = Journey(folder)
    journey.photograph(lambda _: None)
    journey.transmit()
    return journey, folder


def rest_of(journey: Journey) -> Journey:
    """Receive afresh: the inbox of an earlier test is gone."""
    for path in journey.receiver.glob("*"):
        path.unlink()
    return journey


def test_the_whole_command_agrees(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`demo --json` has the interface's shape, its card and its received tallies are equal, and it exits 0."""
    assert run(["--data", str(tmp_path / "kept"), "demo", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert set(outcome) == {"events", "card", "messages", "received", "agree"}
    assert outcome["agree"] is True
    assert outcome["card"] == outcome["received"]
    assert len(outcome["card"]) == len(outcome["messages"]) == 3
    taxa = {tally["taxon"] for day in outcome["card"] for tally in day["tallies"]}
    assert len(taxa) >= 3
    assert outcome["events"] == sum(tally["events"] for day in outcome["card"] for tally in day["tallies"])
    for message in outcome["messages"]:
        assert message["bytes"] == len(bytes.fromhex(message["hex"])) <= 50
        assert message["credits"] == 1
    assert (tmp_path / "kept" / "card" / "DCIM" / "100CTRAP" / "CTRP0001.JPG").is_file()


def test_a_message_delivered_twice_counts_once(finished: tuple[Journey, Path]) -> None:
    journey = rest_of(finished[0])
    copy = journey.deliver_again()
    journey.receive()
    copy.unlink()
    assert journey.compare().agree


def test_one_changed_count_is_noticed(finished: tuple[Journey, Path]) -> None:
    """The card is folded afresh: a count changed in its index after the message went out disagrees."""
    journey = rest_of(finished[0])
    journey.receive()
    assert journey.compare().agree
    with closing(sqlite3.connect(journey.card / "cameratrap.db", isolation_level=None)) as index:
        index.execute("UPDATE observations SET count = count + 1 WHERE id = 1")
        try:
            assert not journey.compare().agree
        finally:
            index.execute("UPDATE observations SET count = count - 1 WHERE id = 1")
    assert journey.compare().agree


def change_one_payload(gateway: Path) -> None:
    """Flip one bit of one message's last byte on its way."""
    body = min(gateway.glob("*.json"))
    fields = json.loads(body.read_text(encoding="utf-8"))
    payload = bytearray.fromhex(fields["data"])
    payload[-1] ^= 0x04
    fields["data"] = payload.hex()
    body.write_text(json.dumps(fields), encoding="utf-8")


@pytest.mark.parametrize("tampered", ["count", "payload"])
def test_the_command_exits_1_when_card_and_receiver_differ(
    tampered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One stored count, or one payload on its way, changed between the steps: `agree: false`, exit 1."""
    receive = Journey.receive

    def tampering(self: Journey) -> str:
        if tampered == "payload":
            change_one_payload(self.gateway)
            for again in self.gateway.glob("again-*"):
                again.unlink()
        said = receive(self)
        if tampered == "count":
            with closing(sqlite3.connect(self.card / "cameratrap.db", isolation_level=None)) as index:
                index.execute("UPDATE observations SET count = count + 1 WHERE id = 1")
        return said

    monkeypatch.setattr(journey_module.Journey, "receive", tampering)
    assert run(["--data", str(tmp_path / "kept"), "demo"]) == 1
    assert "agree: false" in capsys.readouterr().out


def test_somebodys_folder_is_not_drawn_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run(["--data", str(tmp_path), "demo"]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
