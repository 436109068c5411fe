"""`cameratrap transmit` as its users and their scripts meet it: processes, exit statuses, what is printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers.clock import SystemClock, boot_id
from cameratrap.ports import SendResult, SendStatus
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.clock_readings import newest_reading
from cameratrap.store.commands import hurry
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxMessage, OutboxState, enqueue
from cameratrap.store.sessions import note_power, use_modem
from cameratrap.store.summaries import Composed, Telling, close
from tests.modem_process import modem_process

IMEI = "300234010123450"
PAYLOAD = bytes(range(1, 49))


@pytest.fixture(autouse=True)
def plenty_of_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a day allows grows with the hour, and these tests run at any."""
    monkeypatch.setenv("CAMERATRAP_MODEM_ENERGY_J_PER_DAY", "100000")


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


def emulator(folder: Path, *options: str) -> AbstractContextManager[Path]:
    """A modem and gateway in a process of their own; gives the serial port."""
    return modem_process(folder, "--imei", IMEI, *options)


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


def test_the_emulated_network_tells_the_time_it_is_given(
    tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten days behind the trap's clock: the trap says that it is fast, and its card knows by how much."""
    true = max(datetime.now(UTC), BUILT + timedelta(days=20)) - timedelta(days=10)
    with emulator(tmp_path, "--clock", true.isoformat()) as port:
        assert run(["--data", str(card), "transmit", "--port", str(port)]) == 0
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        reading = newest_reading(connection)
    assert reading is not None
    assert abs(reading.at - timedelta(seconds=reading.offset_s) - true) < timedelta(minutes=1)
    assert "the clock" in capsys.readouterr().err


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
    """An empty card needs no modem."""
    assert run(["--data", str(make_card(tmp_path, [])), "transmit", *option]) == 0


@pytest.mark.parametrize("option", [["--dry-run"], ["--alerts"], []])
def test_a_card_that_is_not_mounted_is_exit_1(
    tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder it is mounted on is there and empty, which is not the same as nothing to send."""
    assert run(["--data", str(tmp_path), "transmit", *option]) == 1
    error = capsys.readouterr().err
    assert f"there is no card's database in {tmp_path}\nhint: is the card mounted?" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database" * 50])
def test_a_damaged_database_is_said(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit 1, and the file is left as it is."""
    (tmp_path / "cameratrap.db").write_bytes(content)
    assert run(["--data", str(tmp_path), "transmit", "--dry-run"]) == 1
    assert "is damaged or is not a database" in capsys.readouterr().err
    assert (tmp_path / "cameratrap.db").read_bytes() == content


@pytest.mark.parametrize("option", [["--dry-run"], []])
def test_a_folder_that_is_not_there_is_an_error(
    tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A card that is not mounted, or a name mistyped, is not the same as nothing to send."""
    assert run(["--data", str(tmp_path / "none"), "transmit", *option]) == 1
    error = capsys.readouterr().err
    assert f"error: there is no folder {tmp_path / 'none'}\nhint: " in error
    assert list(tmp_path.iterdir()) == []


def test_an_alert_is_shown_and_sent_like_any_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message without a day has its kind and number in the table, and empty cells where a day would be."""
    folder = make_card(tmp_path, [])
    with closing(open_store(folder / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        now = datetime.now(UTC)
        enqueue(connection, day=None, sequence=7, part=1, payload=b"alert", now=now, kind="alert")
    assert run(["--data", str(folder), "transmit", "--dry-run", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["day"], shown["sequence"]) == ("alert", None, 7)
    with emulator(tmp_path) as port:
        assert run(["--data", str(folder), "transmit", "--port", str(port)]) == 0
    assert "alert 7, part 1: sent" in capsys.readouterr().err
    assert deliveries(tmp_path) == [b"alert"]


def _closed(card: Path, target: Path) -> None:
    """A card taken out after everything was closed: no write-ahead log."""
    shutil.copytree(card, target)
    assert [path.name for path in target.iterdir()] == ["cameratrap.db"]


def _pulled_out(card: Path, target: Path) -> None:
    """A card taken out of a running trap: its newest message is in the write-ahead log, and no index of that log is
    left."""
    target.mkdir()
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        enqueue(connection, day=date(2026, 11, 2), sequence=2, part=1, payload=b"newest", now=datetime.now(UTC))
        for name in ("cameratrap.db", "cameratrap.db-wal"):
            shutil.copyfile(card / name, target / name)


@contextmanager
def unwritable(folder: Path, way: str) -> Iterator[list[str]]:
    """The beginning of a command line for which ``folder`` cannot be written, by its permissions or by its mount."""
    root = os.geteuid() == 0
    if way == "permissions":
        caps = "-dac_override,-dac_read_search"
        prefix = ["setpriv", f"--bounding-set={caps}", f"--inh-caps={caps}"] if root else []
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
    else:
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        prefix = ["unshare", "--mount", *([] if root else ["--map-root-user"]), "sh", "-c", script, str(folder)]
    try:
        if not _works([*prefix, "true"]) or _works([*prefix, "touch", str(folder / "probe")]):
            pytest.skip("this machine lets no test make a folder that cannot be written in this way")
        yield prefix
    finally:
        folder.chmod(0o755)


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("way", ["permissions", "mount"])
@pytest.mark.parametrize(("taken_out", "payloads"), [(_closed, [PAYLOAD]), (_pulled_out, [b"newest", PAYLOAD])])
def test_a_card_that_cannot_be_written_is_shown_and_not_sent(
    tmp_path: Path, card: Path, taken_out: Callable[[Path, Path], None], payloads: list[bytes], way: str
) -> None:
    """--dry-run shows everything that is due, also what is only in the write-ahead log; sending is refused before the
    modem is touched, as one error with a hint; and the folder is as it was.
    """
    folder = tmp_path / "reader"
    taken_out(card, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with unwritable(folder, way) as prefix:
        command = [*prefix, *_command(folder, tmp_path / "none")]
        dry = subprocess.run([*command, "--dry-run", "--json"], capture_output=True, text=True, timeout=60, check=False)
        sent = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (dry.returncode, "error" in dry.stderr) == (0, False), dry.stderr
    shown = [json.loads(line) for line in dry.stdout.splitlines()]
    assert [bytes.fromhex(each["payload"]) for each in shown] == payloads
    assert sent.returncode == 1, sent.stderr
    assert re.fullmatch(r"error: .*\nhint: .*\n", sent.stderr)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_database_in_use_for_too_long_is_said_and_nothing_is_sent(
    tmp_path: Path, card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An attempt that cannot be written down is not made."""
    monkeypatch.setattr("cameratrap.store.connection.BUSY_TIMEOUT_S", 0.05)
    with (
        closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as other,
        emulator(tmp_path) as port,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert run(["--data", str(card), "transmit", "--port", str(port)]) == 1
        other.execute("ROLLBACK")
    error = capsys.readouterr().err
    assert "in use by another process" in error
    assert "hint: " in error
    assert deliveries(tmp_path) == []


# Closing a day reads before it writes and takes a moment in between, in which the other process may have written.
WRITER = """
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import enqueue

connection = open_store(Path(sys.argv[1]), CARD_MIGRATIONS, create=False)
for _ in range(int(sys.argv[2])):
    with transaction(connection):
        number = connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM outbox").fetchone()[0] + 1
        day, now = date(2026, 1, 1) + timedelta(days=number), datetime.now(UTC)
        time.sleep(0.004)
        enqueue(connection, day=day, sequence=number, part=1, payload=b"day %d" % number, now=now)
    time.sleep(0.004)
"""


def test_a_trap_queues_days_while_another_process_sends_them(tmp_path: Path) -> None:
    """Two processes write one database at the same time: neither finds it locked, no day is lost, and every
    message arrives once.
    """
    days = 100
    folder = make_card(tmp_path, [])
    with emulator(tmp_path) as port:
        command = [sys.executable, "-c", WRITER, str(folder / "cameratrap.db"), str(days)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as writer:
            while writer.poll() is None:
                assert run(["--data", str(folder), "--quiet", "transmit", "--port", str(port)]) == 0
            assert writer.stderr is not None
            assert (writer.returncode, writer.stderr.read()) == (0, "")
        assert run(["--data", str(folder), "--quiet", "transmit", "--port", str(port)]) == 0
    assert {message.state for message in stored(folder)} == {OutboxState.SENT}
    assert sorted(deliveries(tmp_path)) == sorted(b"day %d" % number for number in range(1, days + 1))


def test_two_at_once_are_refused(tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One modem, one sender: the second says that the first is at it, and the first is not disturbed."""
    with emulator(tmp_path, "--session-s", "1.5") as port:
        first = subprocess.Popen(_command(card, port), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _until(lambda: stored(card)[0].attempts == 1)
        assert run(["--data", str(card), "transmit", "--port", str(port), "--now"]) == 1
        error = capsys.readouterr().err
        assert "already running" in error
        assert "stop it" not in error
        assert first.wait(20) == 0
    assert deliveries(tmp_path) == [PAYLOAD]


def test_an_alert_goes_with_the_run_that_is_under_way(
    tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--alerts beside another `transmit` is no failure: the other one takes the alert up, and sends it."""
    with emulator(tmp_path, "--session-s", "1.5") as port:
        first = subprocess.Popen(_command(card, port), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _until(lambda: stored(card)[0].attempts == 1)
        with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
            enqueue(connection, day=None, sequence=1, part=1, payload=b"alert", now=datetime.now(UTC), kind="alert")
        assert run(["--data", str(card), "transmit", "--alerts", "--port", str(port)]) == 0
        assert "another `transmit` is running: it takes new alerts up" in capsys.readouterr().err
        assert first.wait(20) == 0
    assert deliveries(tmp_path) == [PAYLOAD, b"alert"]


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


PICTURES = ["numpy", "cv2", "PIL", "tflite_runtime", "ai_edge_litert"]
COUNTING = [
    "cameratrap.app.close_day",
    "cameratrap.app.fold",
    "cameratrap.wire.codec",
    "cameratrap.domain.taxa",
    "cryptography",
]


@pytest.mark.parametrize(
    ("sending", "status", "serial"),
    [("dry", 0, False), ("nothing due", 0, False), ("no modem", 4, True), ("", 0, True)],
)
def test_sending_stays_light(tmp_path: Path, sending: str, status: int, serial: bool) -> None:
    """Neither the picture side nor what closes a day, encodes it or knows taxa is imported to look at the outbox, to
    find nothing due, to miss the modem, or to send; pyserial only when there is something to send.
    """
    folder = make_card(tmp_path, [] if sending == "nothing due" else [PAYLOAD])
    program = (
        "import sys; from cameratrap.cli import run; status = run(sys.argv[1:]);"
        f"print(status, [name for name in {[*PICTURES, *COUNTING, 'serial']!r} if name in sys.modules])"
    )
    with emulator(tmp_path) as port:
        options = (
            ["--dry-run"] if sending == "dry" else ["--port", str(tmp_path / "x" if sending == "no modem" else port)]
        )
        command = [sys.executable, "-c", program, "--data", str(folder), "transmit", *options]
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.splitlines()[-1] == f"{status} {['serial'] if serial else []}"
    assert deliveries(tmp_path) == ([PAYLOAD] if sending == "" else [])


def test_alerts_only_leaves_the_summaries_for_their_own_timer(
    tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --alerts the alert goes and the day waits; a further run with nothing to say touches no modem."""
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        enqueue(connection, day=None, sequence=1, part=1, payload=b"alert", now=datetime.now(UTC), kind="alert")
    assert run(["--data", str(card), "transmit", "--alerts", "--dry-run"]) == 0
    assert "1 due, 1 credit; 1 wait" in capsys.readouterr().err
    with emulator(tmp_path) as port:
        assert run(["--data", str(card), "transmit", "--alerts", "--port", str(port)]) == 0
    assert run(["--data", str(card), "transmit", "--alerts", "--port", str(tmp_path / "none")]) == 0
    assert deliveries(tmp_path) == [b"alert"]


def test_a_closed_account_rests_and_is_said(tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Access denied: exit 1 with the reason; then nothing is tried, which is exit 1 too; --now tries all the same."""
    with emulator(tmp_path, "--status", "15,0") as port:
        command = ["--data", str(card), "transmit", "--port", str(port)]
        assert run(command) == 1
        assert "access denied" in capsys.readouterr().err
        assert run(command) == 1
        assert run([*command, "--dry-run"]) == 0
        assert capsys.readouterr().err.count("the modem's account fault stands since") == 2
        assert deliveries(tmp_path) == []
        assert run([*command, "--now"]) == 0
    assert deliveries(tmp_path) == [PAYLOAD]


def test_joules_are_shown_and_end_the_run(
    tmp_path: Path, card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the day's energy is used up, no modem is opened for a session: exit 1 says why."""
    monkeypatch.setenv("CAMERATRAP_MODEM_ENERGY_J_PER_DAY", "250")
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        note_power(connection, datetime.now(UTC), 130.0, "starting")
    with emulator(tmp_path) as port:
        assert run(["--data", str(card), "transmit", "--port", str(port), "--json"]) == 1
    captured = capsys.readouterr()
    assert "the energy that it may take by now is used up" in captured.err
    assert "130 of 250 J used today" in captured.err
    assert json.loads(captured.out)["joules"] == 0
    assert deliveries(tmp_path) == []


@pytest.mark.parametrize(
    ("key", "value"), [("ENERGY_J_PER_DAY", "150"), ("SESSION_W", "20"), ("START_J", "1000"), ("RESERVE_J", "500")]
)
@pytest.mark.parametrize("command", [["transmit"], ["transmit", "--dry-run"], ["config", "check"]])
def test_energy_that_never_pays_is_a_wrong_configuration(
    card: Path,
    command: list[str],
    key: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing could ever be sent, which is said at once instead of tomorrow for ever."""
    monkeypatch.delenv("CAMERATRAP_MODEM_ENERGY_J_PER_DAY")
    assert run(["--data", str(card), "config", "check"]) == 0
    monkeypatch.setenv(f"CAMERATRAP_MODEM_{key}", value)
    assert run(["--data", str(card), *command]) == 2
    error = capsys.readouterr().err
    assert "modem.energy_j_per_day" in error
    assert "never pays for a session" in error


def test_a_silent_modem_is_said_by_every_run_until_it_is_another(
    tmp_path: Path, card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 4 while the days wait for a modem that rests, with the time of the next try; another modem is tried."""
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        use_modem(connection, f"9704 at {tmp_path / 'modem'}", datetime.now(UTC))
        outbox = Outbox(connection)
        begun = outbox.begin_attempt(outbox.messages()[0], datetime.now(UTC))
        silent = SendResult(SendStatus.RETRY, detail="the modem does not answer", fault="hardware")
        outbox.record(begun, silent, datetime.now(UTC))
        hurry(connection)
        fault = outbox.standing_fault()
    assert fault is not None
    with emulator(tmp_path) as port:
        command = ["--data", str(card), "transmit", "--port", str(port)]
        monkeypatch.setenv("CAMERATRAP_MODEM_TYPE", "9704")
        assert run(command) == 4
        error = capsys.readouterr().err
        assert f"1 wait, the first until {fault.next_at.isoformat(timespec='seconds')}" in error
        assert f"it is tried again at {fault.next_at:%Y-%m-%d %H:%M}" in error
        assert "modem.type" in error
        monkeypatch.setenv("CAMERATRAP_MODEM_TYPE", "9602")
        assert run(command) == 0
    assert deliveries(tmp_path) == [PAYLOAD]


def test_a_dry_run_names_the_least_and_the_most_credits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest tells the two days before, and with it the mailbox is looked into: the run costs one of the four."""
    monkeypatch.setenv("CAMERATRAP_MODEM_MAILBOX_EVERY_DAYS", "1")
    folder = make_card(tmp_path, [])
    with closing(open_store(folder / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        for number in (1, 2, 3):
            told = tuple(Telling(number, date(2026, 11, each), f"day {each}") for each in range(1, number + 1))
            close(connection, date(2026, 11, number), number, Composed((b"%d" % number,), told), datetime.now(UTC))
    assert run(["--data", str(folder), "transmit", "--dry-run"]) == 0
    assert "3 due, 1 to 4 credits" in capsys.readouterr().err
    with emulator(tmp_path) as port:
        assert run(["--data", str(folder), "transmit", "--port", str(port)]) == 0
    assert "1 sent, 1 credit;" in capsys.readouterr().err
    assert deliveries(tmp_path) == [b"3"]


def test_the_mailbox_is_looked_into_without_anything_to_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its credit is told beforehand, and spent once."""
    monkeypatch.setenv("CAMERATRAP_MODEM_MAILBOX_EVERY_DAYS", "7")
    folder = make_card(tmp_path, [])
    assert run(["--data", str(folder), "transmit", "--dry-run"]) == 0
    assert "0 due, 1 credit" in capsys.readouterr().err
    with emulator(tmp_path) as port:
        assert run(["--data", str(folder), "transmit", "--port", str(port)]) == 0
        assert "mailbox: sent" in capsys.readouterr().err
        assert run(["--data", str(folder), "transmit", "--port", str(port)]) == 0
        assert "mailbox" not in capsys.readouterr().err


def test_a_clock_that_was_never_set_asks_for_the_time_with_nothing_to_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No day is closed before it knows the time, so that nothing would ever be due; asking costs no credit."""
    folder = make_card(tmp_path, [])
    with emulator(tmp_path) as port:
        assert run(["--data", str(folder), "transmit", "--port", str(port)]) == 0
        with closing(open_store(folder / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
            assert newest_reading(connection) is None
        monkeypatch.setattr(SystemClock, "now", lambda _: datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
        assert run(["--data", str(folder), "transmit", "--port", str(port)]) == 0
    with closing(open_store(folder / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        reading = newest_reading(connection)
        assert connection.execute("SELECT COALESCE(SUM(credits), 0) FROM sessions").fetchone()[0] == 0
    assert reading is not None
    assert (reading.quality, reading.boot_id) == (ClockQuality.UNSET, boot_id())
    assert deliveries(tmp_path) == []
