"""`receive import` and `receive reverify`: exit statuses, what is said, and what is on the disk afterwards."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cameratrap.cli import run
from cameratrap.domain.alerts import Alert
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.tallies import Tally
from cameratrap.ground.directip import MoFrame, build
from cameratrap.resources import builtin_taxa
from cameratrap.wire.codec import encode, encode_alert

IMEI = "300234010000001"
REPOSITORY = Path(__file__).parents[2]
SUMMARY = DailySummary(date(2026, 6, 1), 17, (Tally("Vulpes vulpes", 3, 4),))
Receive = Callable[..., int]


@pytest.fixture(scope="module")
def payload() -> bytes:
    return encode(SUMMARY, builtin_taxa())[0]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "receiver"


@pytest.fixture
def receive(data: Path) -> Receive:
    """Run a command on the receiver's folder."""
    return lambda *arguments: run(["--data", str(data), *map(str, arguments)])


@pytest.fixture(scope="module")
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_file(tmp_path: Path, signing_key: rsa.RSAPrivateKey) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def signed(tmp_path: Path, signing_key: rsa.RSAPrivateKey, payload: bytes) -> Path:
    """A file with one signed delivery."""
    fields: dict[str, Any] = {
        "imei": IMEI,
        "momsn": 41,
        "transmit_time": "26-06-02 00:05:00",
        "data": payload.hex(),
    }
    claims = {"iss": "Rock 7"} | {name: str(value) for name, value in fields.items()}
    path = tmp_path / "delivery.json"
    path.write_text(json.dumps(fields | {"JWT": jwt.encode(claims, signing_key, algorithm="RS256")}))
    return path


def _inbox(data: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["--data", str(data), "inbox", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")} if folder.exists() else set()


def test_a_folder_of_every_way_in(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Payload, frame, form and hexadecimal lines of one folder are all in; what is hidden is not read."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    time = datetime(2026, 6, 2, 0, 5, tzinfo=UTC)
    (folder / f"{IMEI}_000041.sbd").write_bytes(payload)
    (folder / "mo.bin").write_bytes(build(MoFrame(1, IMEI, 0, 42, 0, time, payload)))
    (folder / "deep" / "body.form").write_text(
        f"imei={IMEI}&momsn=43&transmit_time=26-06-02%2000%3A05%3A00&data={payload.hex()}"
    )
    (folder / "a.eml").write_text(
        f"Subject: SBD Msg From Unit: {IMEI}\nContent-Type: application/x; name=a.sbd\n"
        f"Content-Transfer-Encoding: base64\n\n{base64.b64encode(payload).decode()}\n"
    )
    (folder / "hex.txt").write_text(payload.hex() + "\n")
    (folder / ".hidden").write_text("not a message")
    assert receive("receive", "import", folder) == 3
    assert "a.eml: unreadable" in capsys.readouterr().err  # it has no MOMSN line
    (folder / "a.eml").unlink()
    assert receive("receive", "import", folder, "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {Path(row["file"]).name: row["status"] for row in rows} == {
        f"{IMEI}_000041.sbd": "duplicate",
        "body.form": "duplicate",
        "hex.txt": "duplicate",
        "mo.bin": "duplicate",
    }
    messages = _inbox(data, capsys)
    assert {message["source"] for message in messages} == {"file", "directip", "webhook"}
    assert [message["status"] for message in messages].count("decoded") == 2  # the modem's, and the bare one of nobody


def test_importing_twice_changes_nothing_but_the_copies(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0 both times; the message is one, the copy is listed as a duplicate without a summary."""
    path = tmp_path / f"{IMEI}_41.sbd"
    path.write_bytes(payload)
    assert receive("receive", "import", path) == 0
    assert receive("receive", "import", path) == 0
    first, copy = _inbox(data, capsys)
    assert (first["status"], first["summary"]["day"], first["payload"]) == ("decoded", "2026-06-01", payload.hex())
    assert (copy["status"], copy["summary"]) == ("duplicate", None)


def test_what_cannot_be_decoded_is_kept_and_said(
    tmp_path: Path, data: Path, receive: Receive, capsys: pytest.CaptureFixture[str]
) -> None:
    """A message of a version yet to come: exit 0, named on stderr, its bytes in the inbox."""
    path = tmp_path / f"{IMEI}_41.sbd"
    path.write_bytes(b"\xf0future")
    assert receive("receive", "import", path) == 0
    captured = capsys.readouterr()
    assert f"{path}: undecodable: wire version 15" in captured.err
    (message,) = _inbox(data, capsys)
    assert (message["status"], message["payload"], message["imei"]) == ("undecodable", b"\xf0future".hex(), IMEI)


def test_files_that_are_no_messages_are_named_and_the_rest_is_done(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A picture, a text, an empty file, one that is not there: exit 3, and the message among them is in."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" * 2000)
    (tmp_path / "notes.txt").write_text("nothing here")
    (tmp_path / "empty.sbd").touch()
    (tmp_path / f"{IMEI}_41.sbd").write_bytes(payload)
    names = ("a.jpg", "notes.txt", "empty.sbd", "absent.sbd", f"{IMEI}_41.sbd")
    assert receive("receive", "import", *(tmp_path / name for name in names)) == 3
    err = capsys.readouterr().err
    for name in names[:4]:
        assert f"{tmp_path / name}: unreadable" in err
    assert [message["status"] for message in _inbox(data, capsys)] == ["decoded"]


def test_a_dry_run_writes_nothing(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a folder, nor a row, nor a refused body; it says what would happen, duplicates included."""
    good, bad = tmp_path / f"{IMEI}_41.sbd", tmp_path / "bad.json"
    good.write_bytes(payload)
    bad.write_text(json.dumps({"imei": IMEI, "momsn": 1, "transmit_time": "26-06-02 00:05:00", "data": "", "JWT": "x"}))
    assert receive("receive", "import", good, bad, "--dry-run", "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["status"] for row in rows] == ["decoded", "refused"]
    assert not data.exists()
    assert receive("receive", "import", good) == 0
    before = _inbox(data, capsys)
    assert receive("receive", "import", good, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["status"] == "duplicate"
    assert _inbox(data, capsys) == before


def test_a_signed_delivery(
    data: Path,
    receive: Receive,
    signed: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the key configured: verified."""
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", str(key_file))
    assert receive("receive", "import", signed) == 0
    assert [(message["verified"], message["status"]) for message in _inbox(data, capsys)] == [(True, "decoded")]


def test_a_forged_delivery_changes_nothing(
    data: Path,
    receive: Receive,
    signed: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One changed field: exit 1, the reason said, no row, its body in the refused log; again, it is there once."""
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", str(key_file))
    forged = json.loads(signed.read_text()) | {"momsn": 42}
    signed.write_text(json.dumps(forged))
    for _ in range(2):
        assert receive("receive", "import", signed) == 1
        assert "'momsn' is '42' in the body, '41' in the token" in capsys.readouterr().err
    assert _inbox(data, capsys) == []
    (kept,) = (data / "refused").iterdir()
    assert base64.b64decode(json.loads(kept.read_text())["body"]) == signed.read_bytes()


def test_reverify_takes_in_what_a_missing_key_kept_out(
    data: Path,
    receive: Receive,
    signed: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without the key refused with a hint; once it is configured, in, and gone from the refused log."""
    assert receive("receive", "import", signed) == 1
    assert "receive reverify" in capsys.readouterr().err
    assert receive("receive", "reverify") == 1
    assert _inbox(data, capsys) == []
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", str(key_file))
    assert receive("receive", "reverify", "--dry-run") == 0
    assert len(_files(data / "refused")) == 1
    assert receive("receive", "reverify") == 0
    assert _files(data / "refused") == set()
    assert [message["verified"] for message in _inbox(data, capsys)] == [True]
    assert receive("receive", "reverify") == 0


def test_a_required_proof_refuses_what_has_none(
    tmp_path: Path, receive: Receive, payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unsigned delivery: in by default, refused where a proof is required."""
    path = tmp_path / "body.form"
    path.write_text(f"imei={IMEI}&momsn=43&transmit_time=26-06-02%2000%3A05%3A00&data={payload.hex()}")
    assert receive("receive", "import", path) == 0
    monkeypatch.setenv("CAMERATRAP_GROUND_REQUIRE_PROOF", "true")
    assert receive("receive", "import", path) == 1


def test_a_wrong_key_file_is_wrong_configuration_and_nothing_starts(
    tmp_path: Path, data: Path, receive: Receive, signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, before anything is read or written."""
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", str(tmp_path / "absent.pem"))
    assert receive("receive", "import", signed) == 2
    assert not data.exists()


def test_station_says_what_a_message_is_from(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A payload of nobody, and one whose modem is not listed."""
    (tmp_path / "day.hex").write_text(payload.hex())
    (tmp_path / f"{IMEI}_41.sbd").write_bytes(payload)
    (tmp_path / "cameratrap.toml").write_text('[ground]\nstations = { "300234010000009" = "ford" }\n')
    config = ("--config", tmp_path / "cameratrap.toml")
    files = (tmp_path / "day.hex", tmp_path / f"{IMEI}_41.sbd")
    assert receive(*config, "receive", "import", *files) == 0
    assert capsys.readouterr().err.count("quarantined") == 3  # each named, and the sum of both
    assert receive(*config, "receive", "import", *files, "--station", "ridge") == 0
    capsys.readouterr()
    assert receive(*config, "inbox", "--json") == 0
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {message["station"] for message in messages} == {"ridge"}
    assert "decoded" in {message["status"] for message in messages}


def test_names_cannot_move_the_cursor(tmp_path: Path, receive: Receive, capsys: pytest.CaptureFixture[str]) -> None:
    """A file's name and content are a stranger's text."""
    path = tmp_path / "a\x1b[2J.txt"
    path.write_text("imei=\x1b[2J&momsn=1")
    assert receive("receive", "import", path) == 3
    captured = capsys.readouterr()
    assert "\x1b" not in captured.err + captured.out


def test_names_that_are_no_text(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A disk may hold names of no encoding; alone or in a folder, good or refused, they are taken and named."""
    folder = os.fsencode(tmp_path) + b"/in\xff"
    Path(os.fsdecode(folder)).mkdir()
    forged = json.dumps({"imei": IMEI, "momsn": 1, "transmit_time": "26-06-02 00:05:00", "data": "", "JWT": "x"})
    contents = {IMEI.encode() + b"_41\xff.sbd": payload, b"\xfe.json": forged.encode(), b"\xfd.jpg": b"\xff\xd8" * 2000}
    for name, content in contents.items():
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(content)
    for form in ("--json", "--csv"):
        assert receive("receive", "import", os.fsdecode(folder), form) == 1
        captured = capfdbinary.readouterr()
        assert "in\ufffd/\ufffd.json" in captured.out.decode("utf-8")
        assert "in\ufffd/\ufffd.jpg: unreadable" in captured.err.decode("utf-8")
    alone = os.fsdecode(folder + b"/" + IMEI.encode() + b"_41\xff.sbd")
    assert receive("receive", "import", alone, "--output", tmp_path / "out.txt") == 0
    assert f"{IMEI}_41\ufffd.sbd" in (tmp_path / "out.txt").read_text(encoding="utf-8")
    assert receive("receive", "reverify") == 1
    assert b"Traceback" not in capfdbinary.readouterr().err


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[2J", "\udcff"])
def test_a_station_is_called_by_text(
    tmp_path: Path, data: Path, receive: Receive, payload: bytes, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage, and nothing is taken in under such a name."""
    (tmp_path / "day.sbd").write_bytes(payload)
    assert receive("receive", "import", tmp_path / "day.sbd", "--station", name) == 2
    assert "--station" in capsys.readouterr().err
    assert not data.exists()


def test_a_message_is_proved_by_a_signed_copy(
    tmp_path: Path,
    data: Path,
    receive: Receive,
    signed: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What came first without a signature is verified once the signed delivery of the same message is in."""
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", str(key_file))
    fields = {name: value for name, value in json.loads(signed.read_text()).items() if name != "JWT"}
    (tmp_path / "unsigned.json").write_text(json.dumps(fields))
    assert receive("receive", "import", tmp_path / "unsigned.json") == 0
    assert [message["verified"] for message in _inbox(data, capsys)] == [None]
    assert receive("receive", "import", signed) == 0
    told = [(message["verified"], message["status"]) for message in _inbox(data, capsys)]
    assert told == [(True, "decoded"), (True, "duplicate")]


def test_two_at_once_lose_and_double_nothing(
    tmp_path: Path, data: Path, receive: Receive, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two processes make one inbox and import the same folder: each message once, each second arrival a copy."""
    folder = tmp_path / "in"
    folder.mkdir()
    numbers = range(1, 41)
    for momsn in numbers:
        summary = replace(SUMMARY, sequence=momsn)
        (folder / f"{IMEI}_{momsn}.sbd").write_bytes(encode(summary, builtin_taxa())[0])
    command = [sys.executable, "-m", "cameratrap", "--data", str(data), "receive", "import", str(folder), "--json"]
    both = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert not any("Traceback" in err for _, err in said)
    statuses = [json.loads(line)["status"] for out, _ in said for line in out.splitlines()]
    assert (statuses.count("decoded"), statuses.count("duplicate")) == (len(numbers), len(numbers))
    messages = _inbox(data, capsys)
    for status in ("decoded", "duplicate"):
        assert sorted(message["momsn"] for message in messages if message["status"] == status) == list(numbers)


def test_real_captures(shared_data: Path, data: Path, receive: Receive, capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing configured a real signed delivery verifies; its text is no summary, so it is kept as undecodable."""
    folder = shared_data / "satellite"
    names = ["webhook/captured-2022-02-01.json", "webhook/captured-2022-02-01.form", "directip/0-mo.sbd"]
    names += ["webhook/cloudloop-lingo-mo-doc-example.json", "email/rockblock-email-body-edgecollective.txt"]
    assert receive("receive", "import", *(folder / name for name in names)) == 0
    messages = _inbox(data, capsys)
    assert [message["verified"] for message in messages] == [True, None, None, None, None]
    assert [message["source"] for message in messages] == ["webhook", "webhook", "directip", "webhook", "email"]
    assert {message["status"] for message in messages} == {"undecodable"}


def test_a_change_of_keys_is_an_alarm_until_it_is_seen(
    data: Path,
    receive: Receive,
    signed: Path,
    payload: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Refused deliveries are told of by every look at the receiver's folder; --forget drops what stays refused."""
    (tmp_path / f"{IMEI}_7.sbd").write_bytes(payload)
    assert receive("receive", "import", tmp_path / f"{IMEI}_7.sbd") == 0
    assert "alarm" not in capsys.readouterr().err
    assert receive("receive", "import", signed) == 1
    assert "alarm: 1 delivery refused since 20" in capsys.readouterr().err
    for command in (["inbox"], ["inbox", "--days"]):
        assert receive(*command) == 0
        err = capsys.readouterr().err
        assert "alarm: 1 delivery refused since" in err
        assert "receive reverify" in err
    assert receive("doctor", "--no-modem", "--json") == 1
    found = {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found["inbox"]["state"] == "warn"
    assert "1 delivery refused" in found["inbox"]["what"]
    assert receive("receive", "reverify", "--forget", "--dry-run") == 1
    assert len(_files(data / "refused")) == 1
    assert receive("receive", "reverify", "--forget") == 1
    assert "1 dropped" in capsys.readouterr().err
    log = data / "refused"
    assert list(log.glob("*.json")) == []
    assert len(list((log / "forgotten").iterdir())) == 1
    assert receive("inbox") == 0
    assert "alarm" not in capsys.readouterr().err


def test_keys_in_the_environment_are_a_list(
    data: Path, receive: Receive, signed: Path, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Separated by commas; with the published one left out nothing else counts."""
    other = tmp_path / "other.pem"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    other.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    monkeypatch.setenv("CAMERATRAP_GROUND_BUILTIN_KEY", "false")
    assert receive("receive", "import", signed) == 1
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", f"{other}, {key_file}")
    assert receive("receive", "reverify") == 0


def test_the_key_of_before_is_named_with_what_it_is_called_now(
    tmp_path: Path, receive: Receive, capsys: pytest.CaptureFixture[str]
) -> None:
    """A configuration that names one key says what to write instead."""
    (tmp_path / "c.toml").write_text('[ground]\nrockblock_public_key = "key.pem"\n')
    assert receive("--config", tmp_path / "c.toml", "receive", "reverify") == 2
    assert "did you mean ground.rockblock_public_keys?" in capsys.readouterr().err


def test_what_could_not_be_checked_is_never_dropped(
    data: Path, receive: Receive, signed: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any key nobody can say that it is false; with the key it is in, although --forget was given before.

    What was dropped under an old key is true under a new one: moved back, it is in too.
    """
    log = data / "refused"
    monkeypatch.setenv("CAMERATRAP_GROUND_BUILTIN_KEY", "false")
    assert receive("receive", "import", signed) == 1
    assert receive("receive", "reverify", "--forget") == 1
    (kept,) = log.iterdir()
    monkeypatch.setenv("CAMERATRAP_GROUND_BUILTIN_KEY", "true")
    assert receive("receive", "reverify", "--forget") == 1
    (log / "forgotten" / kept.name).rename(kept)
    monkeypatch.setenv("CAMERATRAP_GROUND_ROCKBLOCK_PUBLIC_KEYS", str(key_file))
    assert receive("receive", "reverify", "--forget") == 0
    assert list(log.glob("*.json")) == []


def test_an_alert_is_listed_under_its_day(tmp_path: Path, receive: Receive, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"{IMEI}_000041.sbd"
    path.write_bytes(encode_alert(Alert(datetime(2026, 6, 5, 4, 30), 1, "Vulpes vulpes", 2), builtin_taxa()))  # noqa: DTZ001
    assert receive("receive", "import", path, "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["status"], row["day"]) == ("decoded", "2026-06-05")
