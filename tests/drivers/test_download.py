"""A published file is fetched over an authenticated line, whole and unchanged, or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from cameratrap.drivers import download as module
from cameratrap.drivers.download import download
from cameratrap.errors import ModelError
from tests.tls import QuietHandler, self_signed, serving

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OVER = Event()


class Published(QuietHandler):
    """A server with every fault."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - http.server calls it so
        name = self.path.strip("/")
        if name in ("here", "plain"):
            self.send_response(302)
            scheme = "https" if name == "here" else "http"
            self.send_header("Location", f"{scheme}://localhost:{self.server.server_port}/model")  # type: ignore[attr-defined]
            self._body(b"")
        elif name == "silent":
            OVER.wait(10)
        elif name == "endless":
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            self.wfile.write(bytes(2_000_000))
        elif name in ("model", "cut", "large"):
            self.send_response(200)
            stated = {"large": 10**12, "cut": len(CONTENT) + 1}.get(name)
            self._body(CONTENT, stated)
            self.close_connection = True
        else:
            self.send_error(404)

    def _body(self, body: bytes, stated: int | None = None) -> None:
        self.send_header("Content-Length", str(len(body) if stated is None else stated))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost in one file."""
    return self_signed(tmp_path_factory.mktemp("tls") / "localhost.pem")


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[str]:
    """Where ``Published`` is served over TLS."""
    with serving(Published, certificate) as url:
        yield url
        OVER.set()


@pytest.fixture(autouse=True)
def _trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own authority is trusted the way a site's own is, through OpenSSL's variable; no proxy is asked."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize("name", ["model", "here"])
def test_what_is_published_comes_whole(server: str, tmp_path: Path, name: str) -> None:
    """A redirection within HTTPS is followed, and progress ends at the whole."""
    told: list[tuple[int, int | None]] = []
    download(f"{server}/{name}", tmp_path / "file", SHA256, progress=lambda *step: told.append(step))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plain", "leads to http://localhost"),
        ("missing", "the server answered 404"),
        ("large", "more than 1 MB"),
        ("endless", "more than 1 MB"),
        ("cut", "the line broke after 256000 of 256001 bytes"),
        ("silent", "said nothing for 0 s"),
    ],
)
def test_every_fault_of_a_server_is_named(
    server: str, tmp_path: Path, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.4)
    assert reason in refused(f"{server}/{name}", tmp_path, max_bytes=1_000_000)


def test_another_file_under_that_name_is_refused_with_both_hashes(server: str, tmp_path: Path) -> None:
    message = refused(f"{server}/model", tmp_path, sha256="0" * 64)
    assert SHA256 in message
    assert "0" * 64 in message


def test_a_server_that_proves_nothing_is_not_believed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "CERTIFICATE_VERIFY_FAILED" in refused(f"{server}/model", tmp_path)


def test_without_a_connection_the_hint_says_what_else_works(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        download("https://localhost:1/model", tmp_path / "file", SHA256)
    assert "give its path" in caught.value.hint


@pytest.mark.parametrize("url", ["http://localhost/model", "file:///etc/passwd", "ftp://localhost/model"])
def test_only_https_is_fetched(url: str, tmp_path: Path) -> None:
    assert "only HTTPS" in refused(url, tmp_path)


def test_it_does_not_go_on_for_ever(server: str, tmp_path: Path) -> None:
    assert "longer than -1 s" in refused(f"{server}/model", tmp_path, deadline_s=-1)


def test_a_full_disk_is_said(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: Full())
    assert "No space left" in refused(f"{server}/model", tmp_path)


def refused(url: str, folder: Path, *, sha256: str = SHA256, **options: float) -> str:
    with pytest.raises(ModelError) as caught:
        download(url, folder / "file", sha256, **options)  # type: ignore[arg-type]
    return str(caught.value)
