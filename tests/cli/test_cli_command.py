"""`command` by hand: what it makes, refuses, hands over and remembers; and what the trap's configuration then shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from cameratrap.app.obey import ObeySettings, obey
from cameratrap.cli import run
from cameratrap.domain.commands import Order, SetBurst, SetInterval, SetThreshold
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.commands import overrides
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.receiver_keys import keep_receiver_key
from cameratrap.store.refused import RefusedBody, RefusedLog
from cameratrap.wire.commands import open_order, seal_order
from cameratrap.wire.seal import SealKey
from tests.tls import self_signed, serving

KEY = SealKey(bytes(range(32)))
IMEI = "300234010123450"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Service(BaseHTTPRequestHandler):
    """Takes what it is sent, or refuses it."""

    answer = "OK,77"
    posted: list[str] = []  # noqa: RUF012 - one list for every request

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
        self.posted.append(parse_qs(body)["data"][0])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer.encode())

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def ridge(tmp_path: Path) -> list[str]:
    """The command line up to what to tell station ridge."""
    keep_receiver_key(tmp_path / "receiver", KEY, "ridge", NOW)
    return ["--data", str(tmp_path / "receiver"), "command", "ridge"]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Service]]:
    """RockBLOCK's web service on this machine, and an account with it."""
    certificate = self_signed(tmp_path / "localhost.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("ROCKBLOCK_USERNAME", "ranger")
    monkeypatch.setenv("ROCKBLOCK_PASSWORD", "s3cret")
    monkeypatch.setattr(Service, "posted", [])
    with serving(Service, certificate) as url:
        monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_URL", f"{url}/MT")
        yield Service


def log(ridge: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run([*ridge, "list", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_command_is_numbered_sealed_and_logged(
    tmp_path: Path, ridge: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Hex on stdout alone, in a file, or a table; the trap with the key reads what was meant; one credit each."""
    assert run([*ridge, "interval", "7", "--hex"]) == 0
    said = capsys.readouterr()
    assert "1 credit" in said.err
    today = datetime.now(UTC).date()
    order = open_order(bytes.fromhex(said.out), KEY)
    assert (order.number, order.command) == (1, SetInterval(7))
    assert order.expires in (today + timedelta(days=14), today + timedelta(days=13))  # midnight may just have passed
    file = tmp_path / "command.txt"
    assert run([*ridge, "threshold", "0.5", "--expires", "never", "--hex", "--output", str(file)]) == 0
    assert open_order(bytes.fromhex(file.read_text()), KEY) == Order(2, SetThreshold(0.5))
    shown = log(ridge, capsys)
    assert [(row["number"], row["command"], row["credits"], row["state"]) for row in shown] == [
        (1, "interval 7", 1, "made"),
        (2, "threshold 0.5", 1, "made"),
    ]
    assert shown[1]["payload"] == file.read_text().strip()
    assert run([*ridge, "send-now", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == 3


@pytest.mark.parametrize(
    "what",
    [
        ["send-now"],
        ["threshold", "0.4"],
        ["burst", "5", "0.5"],
        ["sleep-until", (date.today() + timedelta(days=300)).isoformat()],  # noqa: DTZ011
        ["repeat", "2026-11-01", "2026-11-05"],
        ["clear-fault", "modem"],
    ],
)
def test_a_rehearsal_takes_no_number(
    tmp_path: Path, ridge: list[str], what: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The price is said and nothing is written; the real one is number 1."""
    assert run([*ridge, *what, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "1 credit" in said.err
    assert said.out == ""
    assert not (tmp_path / "receiver" / "inbox.db").exists()
    assert run([*ridge, *what]) == 0
    assert [row["number"] for row in log(ridge, capsys)] == [1]


@pytest.mark.parametrize(
    "what",
    [
        ["interval", "0"],
        ["interval", "32"],
        ["threshold", "nan"],
        ["threshold", "0.12345"],
        ["burst", "21"],
        ["burst", "3", "60.5"],
        ["burst", "3", "0.005"],
        ["clear-fault", "camera"],
        ["sleep-until", "tomorrow"],
        ["sleep-until", "1999-01-01"],
        ["sleep-until", "2062-12-24"],
        ["repeat", "2026-11-05", "2026-11-01"],
        ["clear-fault", "rain"],
        ["send-now", "--expires", "2026-01-01"],
        ["send-now", "--expires", "soon"],
        ["send-now", "--send"],
        ["reboot"],
    ],
)
def test_what_no_trap_would_obey_is_refused_before_it_costs_anything(
    tmp_path: Path, ridge: list[str], what: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, one error block, no number taken; handing over without an account too."""
    assert run([*ridge, *what]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert run([*ridge, "send-now"]) == 0
    assert [row["number"] for row in log(ridge, capsys)] == [1]


def test_a_station_without_a_key_cannot_be_told_anything(
    tmp_path: Path, ridge: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its trap would obey nothing; the error says where a key comes from."""
    assert run([*ridge[:-1], "valley", "send-now"]) == 2
    assert "key import" in capsys.readouterr().err


def test_handing_over_is_logged(
    ridge: list[str], service: type[Service], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the service took is sent; what it refused says why; what it left open is perhaps sent, and exit 1.

    What is printed at once is what the log says then, without what a stranger could do to a terminal.
    """
    told = [*ridge, "send-now", "--imei", IMEI, "--send", "--json"]
    monkeypatch.setattr(Service, "answer", "OK,77\x1b[2J")
    assert run(told) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["state"] == "sent"
    assert "RockBLOCK has it as 77" in said.err
    assert "\x1b" not in said.err
    monkeypatch.setattr(Service, "answer", "FAILED,13,Insufficient credit, please top up")
    assert run(told) == 1
    said = capsys.readouterr()
    assert "hint: the account has no credits left" in said.err
    assert json.loads(said.out)["state"].startswith("not sent: ")
    monkeypatch.setattr(Service, "answer", "?")
    assert run(told) == 1
    shown = log(ridge, capsys)
    url = os.environ["CAMERATRAP_GROUND_ROCKBLOCK_URL"]
    assert [row["state"] for row in shown] == [
        "sent",
        "not sent: RockBLOCK refused the message: 13 Insufficient credit, please top up",
        f"perhaps sent: {url} did not say whether it took the message: its answer was '?'",
    ]
    assert service.posted == [row["payload"] for row in shown]


def test_the_alarm_of_refused_deliveries_is_said(
    tmp_path: Path, ridge: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """By everything that looks at the receiver's folder: a command is told on the word of what came in."""
    RefusedLog(tmp_path / "receiver" / "refused").keep(RefusedBody("a", b"x", "false", NOW))
    for told in ([*ridge, "interval", "7"], [*ridge, "list"], [*ridge[:2], "key", "list"]):
        assert run(told) == 0
        assert "alarm: 1 delivery refused" in capsys.readouterr().err


def test_the_modem_is_the_stations(
    tmp_path: Path, ridge: list[str], service: type[Service], capsys: pytest.CaptureFixture[str]
) -> None:
    """As ground.stations names it; where it names none, several or nonsense is given, nothing is made."""
    config = tmp_path / "c.toml"
    for stations, status in [
        (f'{{ "{IMEI}" = "ridge" }}', 0),
        ("{}", 2),
        (f'{{ "{IMEI}" = "ridge", "300000000000000" = "ridge" }}', 2),
    ]:
        config.write_text(f"[ground]\nstations = {stations}\n", encoding="utf-8")
        assert run(["--config", str(config), *ridge, "send-now", "--send"]) == status
    assert run([*ridge, "send-now", "--send", "--imei", "12345"]) == 2
    assert len(log(ridge, capsys)) == len(service.posted) == 1


def test_the_trap_shows_what_it_was_told_and_can_be_reset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`config show --origin` names the command, `config reset` gives the word back to the file."""
    card = tmp_path / "card"
    with make_card(card, Deployment("d1", "ridge-1", 60, NOW)) as made:
        for number, command in enumerate([SetInterval(7), SetBurst(5)], start=1):
            message = seal_order(Order(number, command, date(2026, 12, 24)), KEY, b"abc")
            obey(made.connection, message, NOW, ObeySettings(KEY))

    def shown() -> dict[str, tuple[object, str]]:
        capsys.readouterr()
        assert run(["--data", str(card), "config", "show", "--origin", "--json"]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return {row["key"]: (row["value"], row["origin"]) for row in rows}

    assert shown()["summary.every_days"] == (7, "command 1 of 2026-11-20")
    assert shown()["burst.count"] == (5, "command 2 of 2026-11-20")
    assert run(["--data", str(card), "config", "reset", "--dry-run"]) == 0
    assert run(["--data", str(card), "config", "reset", "summary.every_day"]) == 2
    assert shown()["summary.every_days"][0] == 7
    assert run(["--data", str(card), "config", "reset", "summary.every_days"]) == 0
    assert shown()["summary.every_days"] == (1, "default")
    assert run(["--data", str(card), "config", "reset"]) == 0
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        assert overrides(connection) == {}
