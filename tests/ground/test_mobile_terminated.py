"""Handing a command to RockBLOCK's web service, which may refuse it, redirect, be silent or talk nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs

import pytest

from cameratrap.errors import UsageError
from cameratrap.ground import mobile_terminated as module
from cameratrap.ground.mobile_terminated import Account, PostError, post, read_account
from tests.tls import QuietHandler, self_signed, serving

IMEI = "300234010123450"
ACCOUNT = Account("ranger", "s3cret, with=signs&more")
OVER = Event()


class Service(QuietHandler):
    """Answers what the path asks for, and keeps what it was sent."""

    posted: list[dict[str, list[str]]] = []  # noqa: RUF012 - one list for every request

    def do_POST(self) -> None:  # noqa: N802 - http.server calls it so
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append(parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
        name = self.path.strip("/")
        if name == "silent":
            OVER.wait(10)
            return
        if name == "elsewhere":
            self.send_response(307)
            self.send_header("Location", f"https://localhost:{self.server.server_port}/OK")  # type: ignore[attr-defined]
            self.end_headers()
            return
        if name in ("broken", "absent"):
            self.send_error(504 if name == "broken" else 404)
            return
        answers = {"OK": "OK,12345\n", "nonsense": "<html>\x1b[2J", "empty": "", "bare": "OK", "huge": "x" * 100_000}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answers.get(name, name.replace("_", " ").replace("%2C", ",")).encode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls") / "localhost.pem")


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[str]:
    with serving(Service, certificate) as url:
        yield url
        OVER.set()


@pytest.fixture(autouse=True)
def _trust(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    Service.posted.clear()


def test_everything_travels_in_the_body(server: str) -> None:
    """Modem, account and payload in hex, as the service documents them; its id comes back."""
    assert post(f"{server}/OK", ACCOUNT, IMEI, b"\x11\x00\xff") == "12345"
    (form,) = Service.posted
    assert form == {
        "imei": [IMEI],
        "username": ["ranger"],
        "password": ["s3cret, with=signs&more"],
        "data": ["1100ff"],
    }


@pytest.mark.parametrize(
    ("code", "hint"), [(10, "password"), (11, "IMEI"), (12, "rental"), (13, "credits"), (15, "report"), (99, "later")]
)
def test_each_refusal_has_its_code_and_a_hint(server: str, code: int, hint: str) -> None:
    """The text may hold commas; nothing is uncertain about a refusal."""
    with pytest.raises(PostError) as caught:
        post(f"{server}/FAILED,{code},No,_really_not", ACCOUNT, IMEI, b"x")
    assert (caught.value.code, caught.value.uncertain) == (code, False)
    assert caught.value.why == f"{code} No, really not"
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["nonsense", "empty", "bare", "huge", "FAILED", "FAILED,x,y", "silent", "broken"])
def test_an_answer_that_is_none_leaves_it_open(server: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been taken, and the sender is told where that will show."""
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    with pytest.raises(PostError) as caught:
        post(f"{server}/{name}", ACCOUNT, IMEI, b"x")
    assert caught.value.uncertain
    assert "list" in caught.value.hint


@pytest.mark.parametrize("name", ["elsewhere", "absent"])
def test_a_redirection_or_a_wrong_address_is_a_refusal(server: str, name: str) -> None:
    """The password is sent nowhere but where it was meant to go."""
    with pytest.raises(PostError) as caught:
        post(f"{server}/{name}", ACCOUNT, IMEI, b"x")
    assert not caught.value.uncertain
    assert len(Service.posted) == 1


def test_a_server_that_does_not_prove_itself_gets_nothing(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does one without TLS, nor one that is not there."""
    monkeypatch.delenv("SSL_CERT_FILE")
    for url in (f"{server}/OK", f"{server}/OK".replace("https", "http"), "https://localhost:1/OK"):
        with pytest.raises(PostError) as caught:
            post(url, ACCOUNT, IMEI, b"x")
        assert not caught.value.uncertain
    assert Service.posted == []


def test_no_error_shows_the_password(server: str) -> None:
    """Neither in words nor in what a traceback would show of the values."""
    with pytest.raises(PostError) as caught:
        post(f"{server}/FAILED,10,Bad", ACCOUNT, IMEI, b"x")
    shown = f"{caught.value!r} {caught.value.hint} {ACCOUNT!r} {caught.value.__cause__!r}"
    assert "s3cret" not in shown
    assert "ranger" not in shown


def test_the_account_comes_from_a_private_file_or_the_environment(tmp_path: Path) -> None:
    """A file that others may read is refused, and so is one of another shape."""
    file = tmp_path / "account"
    file.write_text("ranger\ns3cret\n", encoding="utf-8")
    file.chmod(0o600)
    assert read_account(file, {}) == Account("ranger", "s3cret")
    variables = {"ROCKBLOCK_USERNAME": "a", "ROCKBLOCK_PASSWORD": "b"}
    assert read_account(None, variables) == Account("a", "b")
    file.chmod(0o644)
    with pytest.raises(UsageError, match="others may read"):
        read_account(file, variables)
    file.chmod(0o600)
    for content in (b"", b"ranger\n", b"ranger\n\n", b"a\nb\nc\n", b"\xff\n\xfe"):
        file.write_bytes(content)
        with pytest.raises(UsageError):
            read_account(file, variables)
    for given in ({}, {"ROCKBLOCK_USERNAME": "a"}):
        with pytest.raises(UsageError, match="no RockBLOCK account"):
            read_account(None, given)
    with pytest.raises(UsageError, match="cannot be read"):
        read_account(tmp_path / "none", variables)
