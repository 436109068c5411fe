"""`cameratrap transmit` as its users and their scripts meet it: processes, exit statuses, what is printed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxMessage, OutboxState, enqueue

IMEI = "300234010123450"
PAYLOAD = bytes(range(1, 49))


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with one message of 48 bytes due."""
    return make_card(tmp_path, [PAYLOAD])


def make_card(tmp_path: Path, payloads: Sequence[bytes]) -> Path:
    folder = tmp_path / "card"
    with closing(open_store(folder / "cameratrap.db", CARD_MIGRATIONS, create=True)) as connection:
        for number, payload in enumerate(payloads, start=1):
            day = date(2026, 11, number)
            enqueue(connection, day=day, sequence=number, part=1, payload=payload, now=datetime.now(UTC))
    return folder


def stored(card: Path) -> list[OutboxMessage]:
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        return Outbox(connection).messages()


@contextmanager
def emulator(tmp_path: Path, *options: str) -> Iterator[Path]:
    """A modem and gateway in a process of their own; gives the serial port."""
    link = tmp_path / "modem"
    command = [sys.executable, "-m", "cameratrap.replay.emulator_process", "--pty-link", str(link), "--imei", IMEI]
    with subprocess.Popen(
        [*command, "--gateway", str(tmp_path / "gateway"), *options], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"/dev/")
        try:
            yield link
        finally:
            process.terminate()
            assert process.wait(10) == 0
    assert not link.is_symlink()


def deliveries(tmp_path: Path) -> list[bytes]:
    bodies = [json.loads(path.read_bytes()) for path in sorted((tmp_path / "gateway").glob("*.json"))]
    assert all(body["imei"] == IMEI for body in bodies)
    return [bytes.fromhex(body["data"]) for body in bodies]


def test_a_message_goes_through_a_real_serial_line(
    tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The payload is at the gateway byte for byte, the outbox says sent, exit 0; a second run sends nothing."""
    with emulator(tmp_path) as port:
        assert run(["--data", str(card), "transmit", "--port", str(port), "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert run(["--data", str(card), "transmit", "--port", str(port)]) == 0
    assert (shown["state"], shown["payload"], shown["bytes"], shown["credits"]) == ("sent", PAYLOAD.hex(), 48, 1)
    assert deliveries(tmp_path) == [PAYLOAD]


def test_a_failed_session_is_exit_1_with_its_reason_and_is_sent_later(
    tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No satellite: the reason and the next time on stderr; not due until then, unless --now."""
    with emulator(tmp_path, "--status", "32,0") as port:
        arguments = ["--data", str(card), "transmit", "--port", str(port), "--no-wait"]
        assert run(arguments) == 1
        error = capsys.readouterr().err
        assert "no satellite in view" in error
        assert "hint: next attempt at 20" in error
        assert run(arguments) == 0
        assert "1 wait" in capsys.readouterr().err
        assert deliveries(tmp_path) == []
        assert run([*arguments, "--now"]) == 0
    assert deliveries(tmp_path) == [PAYLOAD]


def test_a_missing_modem_is_exit_4(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The port is named, and no attempt is counted since none was made."""
    assert run(["--data", str(card), "transmit", "--port", "/dev/ttyNone"]) == 4
    captured = capsys.readouterr()
    assert "/dev/ttyNone" in captured.err
    assert "hint:" in captured.err
    assert stored(card)[0].attempts == 0


def test_dry_run_shows_what_is_due_and_touches_nothing(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Day, bytes, credits and hex; neither a modem nor the database is touched."""
    before = (card / "cameratrap.db").read_bytes()
    assert run(["--data", str(card), "transmit", "--dry-run", "--port", "/dev/ttyNone", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["day"], shown["bytes"], shown["credits"]) == ("2026-11-01", 48, 1)
    assert shown["payload"] == PAYLOAD.hex()
    assert (card / "cameratrap.db").read_bytes() == before
    assert sorted(path.name for path in card.iterdir() if "transmit" in path.name) == []


@pytest.mark.parametrize("option", [["--dry-run"], []])
def test_nothing_due_is_exit_0(tmp_path: Path, option: list[str]) -> None:
    """An empty card and an empty folder need no modem."""
    assert run(["--data", str(make_card(tmp_path, [])), "transmit", *option]) == 0
    (tmp_path / "empty").mkdir()
    assert run(["--data", str(tmp_path / "empty"), "transmit", *option]) == 0
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database" * 50])
def test_a_damaged_database_is_said(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit 1, and the file is left as it is."""
    (tmp_path / "cameratrap.db").write_bytes(content)
    assert run(["--data", str(tmp_path), "transmit", "--dry-run"]) == 1
    assert "outbox" in capsys.readouterr().err
    assert (tmp_path / "cameratrap.db").read_bytes() == content


def test_two_at_once_are_refused(tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One modem, one sender: the second says that the first is at it, and the first is not disturbed."""
    with emulator(tmp_path, "--session-s", "1.5") as port:
        first = subprocess.Popen(_command(card, port), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _until(lambda: stored(card)[0].attempts == 1)
        assert run(["--data", str(card), "transmit", "--port", str(port), "--now"]) == 1
        assert "already running" in capsys.readouterr().err
        assert first.wait(20) == 0
    assert deliveries(tmp_path) == [PAYLOAD]


def _command(card: Path, port: Path, *options: str) -> list[str]:
    program = "import sys; from cameratrap.cli import main; main(sys.argv[1:])"
    return [sys.executable, "-c", program, "--data", str(card), "transmit", "--port", str(port), *options]


def _until(condition: object, timeout_s: float = 15.0) -> None:
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def test_killed_in_mid_session_and_run_again(tmp_path: Path, card: Path) -> None:
    """SIGKILL while the modem transmits: the attempt is in the outbox, the next run sends, the message arrives at least
    once, every copy is the same bytes, and the outbox ends as sent.
    """
    with emulator(tmp_path, "--session-s", "1.0") as port:
        process = subprocess.Popen(_command(card, port), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _until(lambda: deliveries(tmp_path))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        trace = stored(card)[0]
        assert (trace.state, trace.attempts, trace.detail) == (OutboxState.QUEUED, 1, "interrupted")
        again = subprocess.run(_command(card, port, "--now"), capture_output=True, timeout=60, check=False)
        assert again.returncode == 0, again.stderr
    message = stored(card)[0]
    assert (message.state, message.attempts, message.uncertain_attempts) == (OutboxState.SENT, 2, 1)
    assert set(deliveries(tmp_path)) == {PAYLOAD}


def test_the_way_to_the_modem_stays_light(tmp_path: Path) -> None:
    """Neither numpy, OpenCV, Pillow nor a model runtime is imported to send; pyserial only when there is something."""
    heavy = ["numpy", "cv2", "PIL", "tflite_runtime", "ai_edge_litert", "serial"]
    program = (
        "import sys; from cameratrap.cli import run; status = run(sys.argv[1:]);"
        f"print(status, [name for name in {heavy!r} if name in sys.modules])"
    )
    folder = make_card(tmp_path, [])
    for options in (["--dry-run"], []):
        command = [sys.executable, "-c", program, "--data", str(folder), "transmit", *options]
        shown = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=True, timeout=60)
        assert shown.stdout.splitlines()[-1] == "0 []"


def test_sending_imports_pyserial_alone_of_the_heavy_ones(tmp_path: Path, card: Path) -> None:
    """Even a run that opens the port brings in nothing of the picture side."""
    program = (
        "import sys; from cameratrap.cli import run; run(sys.argv[1:]);"
        "print([n for n in ['numpy', 'cv2', 'PIL', 'tflite_runtime', 'serial'] if n in sys.modules])"
    )
    command = [sys.executable, "-c", program, "--data", str(card), "transmit", "--port", str(tmp_path / "none")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.splitlines()[-1] == "['serial']"
