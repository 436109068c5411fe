"""`reconcile`: its tables and its page, on a card, on what the receiver has, and on what is not there."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cameratrap.app.project_source import open_for_review
from cameratrap.cli import demo_plays, extras, run
from cameratrap.cli.journey import Journey
from cameratrap.config import Config
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.connection import open_store
from cameratrap.store.inbox import INBOX_FILE, Inbox
from cameratrap.store.migrations import INBOX_MIGRATIONS
from cameratrap.store.review_actions import Change, act
from cameratrap.store.review_scope import Scope
from tests.card_maker import fingerprint
from tests.fakes import NamedDetector, write_pictures
from tests.satellite_days import IMEI, STATION, at, close_days, payloads, see, stand

FOX, BADGER = "Vulpes vulpes", "Meles meles"
HOSTILE = '<script>alert(1)</script>{{ 7 * 7 }}"><img src=x onerror=alert(1)>\u202e'
SENT = datetime(2026, 7, 1, tzinfo=UTC)
Command = Callable[..., int]
Rows = Callable[..., list[dict[str, Any]]]
VOID = {"meta", "br", "img", "link"}


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A card that closed two days, of which the second never arrived, and the receiver's folder."""
    with make_card(tmp_path / "card", Deployment("d", STATION, 120, at(1, "00:00"))) as card:
        stand(card, at(1, "00:00"), at(2, "23:59"))
        for hour, taxon in ((6, FOX), (8, BADGER), (10, None)):
            see(card, at(1, f"{hour:02}:00"), taxon)
        see(card, at(2, "10:00"), FOX, 2)
        close_days(card, at(3, "00:00"))
        first, *_ = payloads(card)
    receiver = tmp_path / "receiver"
    receiver.mkdir()
    connection = open_store(receiver / INBOX_FILE, INBOX_MIGRATIONS, create=True)
    Inbox(connection).add(ReceivedMessage(first, MessageSource.DIRECTIP, IMEI, 1, SENT), received_at=SENT)
    connection.close()
    return tmp_path / "card", receiver


@pytest.fixture
def command(places: tuple[Path, Path], tmp_path: Path) -> Command:
    card, receiver = places
    config = tmp_path / "cameratrap.toml"
    config.write_text(f'[ground]\nstations = {{ "{IMEI}" = "{STATION}" }}\n')
    fixed = ["--config", str(config), "--data", str(card), "reconcile", "--inbox", str(receiver)]
    return lambda *options: run([*fixed, *options])


@pytest.fixture
def rows(command: Command, capsys: pytest.CaptureFixture[str]) -> Rows:
    def read(*options: str) -> list[dict[str, Any]]:
        assert command("--json", *options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


def label(card: Path, change: Change, event: int) -> None:
    with open_for_review(card) as project:
        act(project.connection, change, Scope((event,)), key=f"{change} {event}", author="anna", made_at=SENT)


def test_each_day_and_taxon(rows: Rows, places: tuple[Path, Path]) -> None:
    """What was sent, what the model says, what stands, and why; a day that was not received has no number sent."""
    label(places[0], Change("relabel", BADGER), 1)
    badger, fox, lost = rows()
    assert badger == {
        "station": STATION,
        "day": "2026-06-01",
        "taxon": BADGER,
        "message": "received",
        "sent_events": 1,
        "sent_individuals": 1,
        "card_machine_events": 1,
        "card_machine_individuals": 1,
        "card_now_events": 2,
        "card_now_individuals": 2,
        "difference_events": 1,
        "difference_individuals": 1,
        "why": ["correction"],
    }
    assert (fox["taxon"], fox["difference_events"], fox["why"]) == (FOX, -1, ["correction"])
    assert (lost["day"], lost["message"], lost["sent_events"], lost["why"]) == (
        *("2026-06-02", "sent", None),
        ["lost-message"],
    )


def test_filters_choose_rows(rows: Rows) -> None:
    assert [row["taxon"] for row in rows("--taxon", "red fox", "--to", "2026-06-01")] == [FOX]
    assert [(row["day"][-2:], row["taxon"]) for row in rows("--taxon", "European badger")] == [
        ("01", BADGER),
        ("02", ""),
    ]
    assert [row["day"] for row in rows("--from", "2026-06-02")] == ["2026-06-02"]
    assert rows("--station", "nowhere") == []


def test_a_taxon_that_nobody_knows_is_a_slip_of_the_pen(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Every day would agree that there was none of it."""
    assert command("--taxon", "red fxo") == 2
    assert "'red fxo'" in capsys.readouterr().err


def test_sums_by_taxon(rows: Rows) -> None:
    """What was sent and what the card says of the same days, and of the others apart."""
    found = {row["taxon"]: row for row in rows("--show", "totals")}
    assert list(found) == [BADGER, FOX, "all"]
    assert (found[FOX]["sent_events"], found[FOX]["card_now_events"], found[FOX]["not_received_individuals"]) == (
        1,
        1,
        2,
    )


def test_the_models_errors(rows: Rows, places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Of two verified foxes one is a badger: precision one half; a blank that holds a fox is overlooked."""
    label(places[0], Change("relabel", BADGER), 1)
    label(places[0], Change("relabel", FOX), 3)
    label(places[0], Change("verify"), 4)
    found = {(row["by"], row["name"], row["light"]): row for row in rows("--show", "errors")}
    fox = found["taxon", FOX, "all"]
    assert (fox["precision"], fox["recall"], fox["both"], fox["exact_count"]) == (0.5, 0.5, 1, 1.0)
    assert 0 < fox["precision_low"] < 0.5 < fox["precision_high"] < 1
    assert found["class", "animal", "all"]["recall"] == pytest.approx(2 / 3)
    assert found["class", "blank", "all"]["exact_count"] is None
    confusion = [row for row in rows("--show", "confusion") if row["by"] == "class"]
    assert [(row["machine"], row["person"], row["sequences"]) for row in confusion] == [
        ("blank", "animal", 1),
        ("animal", "animal", 2),
    ]


def test_it_says_how_the_verified_ones_were_chosen(
    command: Command, places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Which share of what, and that a choice by what the model said biases the rates; all of them is no choice."""
    assert command() == 0
    assert "nothing is known" in capsys.readouterr().err
    label(places[0], Change("verify"), 1)
    assert command() == 0
    said = capsys.readouterr().err
    assert "verified 1 of the 4 sequences" in said
    assert "1 of 3 animal" in said
    assert "0 of 1 blank" in said
    assert "biased" in said
    for event in (2, 3, 4):
        label(places[0], Change("verify"), event)
    assert command() == 0
    assert "All 4 sequences that a model has looked at are verified" in capsys.readouterr().err


def test_another_interval_is_named(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--interval", "60") == 0
    assert "60 min since the last record; the trap's: 30 min since the last record" in capsys.readouterr().err


def test_csv_has_the_same_columns(command: Command, tmp_path: Path) -> None:
    assert command("--csv", "--output", str(tmp_path / "out.csv")) == 0
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [row["why"] for row in found] == ["agrees", "agrees", "lost-message"]
    assert [row["sent_events"] for row in found] == ["1", "1", ""]


def test_nothing_is_written_to_the_card_or_the_receiver(command: Command, places: tuple[Path, Path]) -> None:
    before = [fingerprint(each) for each in places]
    assert command() == 0
    assert [fingerprint(each) for each in places] == before


class Markup(HTMLParser):
    """The tags of a page, each closed in its order; ``text`` is what a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(command: Command, places: tuple[Path, Path], tmp_path: Path) -> Callable[[], str]:
    pytest.importorskip("jinja2", reason="needs the extra review")

    def make() -> str:
        assert command("--page", str(tmp_path / "page.html")) == 0
        return (tmp_path / "page.html").read_text(encoding="utf-8")

    return make


def test_the_page_stands_alone(page: Callable[[], str], places: tuple[Path, Path]) -> None:
    """No script, nothing that is fetched; definitions, versions and the model's hash are on it."""
    label(places[0], Change("relabel", BADGER), 1)
    text = page()
    found = Markup(text)
    assert not found.open
    assert not found.tags & {"script", "link", "img", "iframe"}
    assert not found.attributes & {"src", "onerror", "onload"}
    assert not re.search(r"https?://|@import|url\((?!#)", text)
    for expected in (
        "ab" * 32,
        "30 minutes",
        "Wilson",
        "MaxN",
        "correction",
        "lost-message",
        "2026-06-01 to 2026-06-02",
    ):
        assert expected in found.text


def test_a_hostile_label_is_text_on_the_page(page: Callable[[], str], places: tuple[Path, Path]) -> None:
    """Markup, a template and characters that turn the line around are shown as what they are."""
    label(places[0], Change("relabel", HOSTILE), 1)
    found = Markup(page())
    assert not found.tags & {"script", "img"}
    assert "onerror" not in found.attributes
    assert HOSTILE.replace("\u202e", "\\u202e") in found.text
    assert "\u202e" not in found.text


def test_a_page_of_many_taxa_lists_what_was_taken_for_what(page: Callable[[], str], places: tuple[Path, Path]) -> None:
    """A square of more names than fit beside each other on paper becomes a list; nothing is left out."""
    for number in range(12):
        label(places[0], Change("relabel", f"Taxon {number}"), 1 + number % 4)
    few = page().count("model \\ person")
    with make_card(places[0], Deployment("d", STATION, 120, at(1, "00:00"))) as card:
        for number in range(12):
            see(card, at(2, f"{number + 11}:30"), FOX)
    for number in range(12):
        label(places[0], Change("relabel", f"Other {number}"), 5 + number)
    found = Markup(page())
    assert (few, found.text.count("model \\ person")) == (2, 1)
    assert all(f"Other {number}" in found.text for number in range(12))


def test_a_page_needs_the_extra(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It says so before it reckons; the tables do without."""
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert command("--page", str(tmp_path / "page.html")) == 2
    assert "pip install 'cameratrap[review]'" in capsys.readouterr().err
    assert command() == 0


def test_a_page_is_html(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--page", str(tmp_path / "page.jpg")) == 2
    assert command("--page", str(tmp_path / "no" / "page.html")) == 2
    assert "cannot write" in capsys.readouterr().err


def test_stations_that_are_not_on_both_sides_are_named(
    places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the list of stations the modem's number stands for the station: the hint says what is missing."""
    card, receiver = places
    assert run(["--data", str(card), "reconcile", "--inbox", str(receiver)]) == 0
    said = capsys.readouterr().err
    assert f"Left out: what was received of {IMEI}" in said
    assert f"Nothing was received of {STATION}" in said
    assert "[ground] stations" in said


def test_a_filter_makes_no_station_a_stranger(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """That a station is not asked for does not mean that its card is not here."""
    assert command("--station", "nowhere") == 0
    assert "Left out" not in capsys.readouterr().err


@pytest.fixture
def study(places: tuple[Path, Path], tmp_path: Path) -> Path:
    """A project of two cards at the station, the second of the third and fourth of June, and a camera elsewhere."""
    with make_card(tmp_path / "second", Deployment("e", STATION, 120, at(3, "00:00"))) as card:
        stand(card, at(3, "00:00"), at(4, "23:00"))
        see(card, at(3, "10:00"), BADGER, 3)
    write_pictures(tmp_path / "cam", {"a.jpg": (1, datetime(2026, 6, 1, 5))})  # noqa: DTZ001 - cameras write local times
    folder = tmp_path / "study"
    for options in (
        [places[0]],
        [tmp_path / "second"],
        [tmp_path / "cam", "--station", "other", "--utc-offset", "+02:00"],
    ):
        assert run(["import", *map(str, options), "--into", str(folder)]) in (0, 3)  # the cards have no pictures
    return folder


def test_a_deployment_is_compared_with_all_of_its_station(
    study: Path, places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A message tells of a station: one of its cameras alone has less, and on the days of the other nothing."""
    fixed = ["--config", str(tmp_path / "cameratrap.toml"), "--data", str(study), "reconcile"]
    options = ["--inbox", str(places[1]), "--json"]

    def days(*filters: str) -> list[str]:
        assert run([*fixed, *options, *filters]) == 0
        return [json.loads(line)["day"] for line in capsys.readouterr().out.splitlines()]

    (tmp_path / "cameratrap.toml").write_text(f'[ground]\nstations = {{ "{IMEI}" = "{STATION}" }}\n')
    capsys.readouterr()
    assert sorted({*days()}) == ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"]
    assert sorted({*days("--deployment", "e")}) == ["2026-06-03", "2026-06-04"]


def test_a_camera_without_a_modem_is_left_out_and_named(
    study: Path, places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody waits for messages of it: its days are no station-days that were lost."""
    capsys.readouterr()
    assert run(["--data", str(study), "reconcile", "--inbox", str(places[1]), "--station", "other", "--json"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "Left out: other, where no trap's card is from" in said.err


def test_the_page_says_what_it_leaves_out(command: Command, tmp_path: Path) -> None:
    """The filters, and the stations of which nothing was received: a page goes further than a terminal's lines."""
    pytest.importorskip("jinja2", reason="needs the extra review")
    page = tmp_path / "page.html"
    (tmp_path / "cameratrap.toml").write_text("")
    assert command("--taxon", "red fox", "--page", str(page)) == 0
    text = Markup(page.read_text(encoding="utf-8")).text
    assert f"Of all that, only: taxon {FOX}." in text
    assert f"Nothing was received of {STATION}" in text
    assert "infrared" in text


def test_what_is_not_there(places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is no inbox, one that is no card, and no inbox at all."""
    card, receiver = places
    assert run(["--data", str(card), "reconcile"]) == 2
    assert run(["--data", str(card), "reconcile", "--inbox", str(tmp_path)]) == 1
    assert "--inbox names it" in capsys.readouterr().err
    assert run(["--data", str(tmp_path), "reconcile", "--inbox", str(receiver)]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_the_demonstration_agrees_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures through the trap, over the serial line and the gateway into the inbox: every taxon of every day."""
    start = datetime(2026, 6, 1, 5)  # noqa: DTZ001 - cameras write local times
    taken = {f"{n}.jpg": (n, start + timedelta(hours=7 * n)) for n in range(6)}
    write_pictures(tmp_path / "own", taken)
    pictures = demo_plays.look_through(tmp_path / "own", Config()).pictures
    journey = Journey(tmp_path / "journey", demo_plays.of_pictures(pictures, Config()))
    seen = {name: {FOX: 1 + n % 3} if n % 4 else {} for n, name in enumerate(taken)}
    journey.photograph(NamedDetector(seen), lambda _: None)
    journey.transmit()
    journey.receive()
    options = ["--config", str(journey.configuration), "--data", str(journey.card)]
    assert run([*options, "reconcile", "--inbox", str(journey.receiver), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len({row["day"] for row in found}) == 2
    assert sum(row["sent_events"] for row in found) == 4
    assert {(row["message"], *row["why"]) for row in found} == {("received", "agrees")}
