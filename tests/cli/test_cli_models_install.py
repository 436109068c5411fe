"""`models install NAME`: a published model is fetched from where the catalogue says, unchanged or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cameratrap.app import models
from cameratrap.cli import run
from tests.model_folders import constant_folder
from tests.tls import self_signed, serving

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def asked() -> list[str]:
    """What the server was asked for."""
    return []


@pytest.fixture
def catalogue(tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The manifest of a catalogue of one model, ``birds``, whose file a server on this machine holds."""
    folder = constant_folder(tmp_path / "birds")
    weights = (folder / "model.tflite").read_bytes()

    class Published(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(weights)))
            self.end_headers()
            self.wfile.write(weights)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    certificate = self_signed(tmp_path / "localhost.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("CAMERATRAP_MODELS", str(tmp_path / "installed"))
    shipped = tmp_path / "shipped"
    (shipped / "catalogue").mkdir(parents=True)
    monkeypatch.setattr(models, "data_folder", lambda _: shipped)
    with serving(Published, certificate) as url:
        text = (folder / "model.toml").read_text()
        manifest = shipped / "catalogue" / "birds.toml"
        manifest.write_text(text.replace("score_threshold", f'url = "{url}/birds.tflite"\nscore_threshold', 1))
        yield manifest


def test_a_published_model_is_installed_by_its_name(
    tmp_path: Path, catalogue: Path, asked: list[str], capsys: Capture
) -> None:
    """Its licence and where it comes from are said first; once it is there it is not fetched again."""
    assert run(["models", "install", "birds", "--dry-run"]) == 0
    assert "would be installed" in capsys.readouterr().err
    assert (asked, (tmp_path / "installed").exists()) == ([], False)
    assert run(["models", "install", "birds"]) == 0
    said = capsys.readouterr().err
    assert said.index("licence Apache-2.0: https://localhost") < said.index("birds 1.0: installed")
    assert run(["models", "verify", "birds"]) == 0
    assert [path.name for path in (tmp_path / "installed").iterdir()] == ["birds"]
    assert run(["models", "install", "birds"]) == 0
    assert "already installed" in capsys.readouterr().err
    assert asked == ["/birds.tflite"]


def test_what_is_not_what_the_catalogue_says_is_not_installed(tmp_path: Path, catalogue: Path, capsys: Capture) -> None:
    """Another hash is another file; a file that its manifest does not describe is refused like any other."""
    good = catalogue.read_text()
    for change, reason in (
        (lambda text: text.replace(text.split('sha256 = "')[1][:8], "00000000", 1), "its sha256 is"),
        (lambda text: text.replace("height = 8", "height = 9"), "[1, 9, 8, 3]"),
        (lambda text: text.replace("https://", "http://"), "url: "),
    ):
        catalogue.write_text(change(good))
        assert run(["models", "install", "birds"]) == 1
        assert reason in capsys.readouterr().err
        assert not list((tmp_path / "installed").glob("*"))


def test_another_model_of_that_name_stays_unless_it_is_to_be_replaced(
    tmp_path: Path, catalogue: Path, asked: list[str], capsys: Capture
) -> None:
    assert run(["models", "install", "birds"]) == 0
    catalogue.write_text(catalogue.read_text().replace('version = "1.0"', 'version = "2.0"'))
    assert run(["models", "install", "birds"]) == 1
    assert "hint: --replace" in capsys.readouterr().err
    assert len(asked) == 1, "it is refused before anything is fetched"
    assert run(["models", "install", "birds", "--replace"]) == 0
    assert "replaced" in capsys.readouterr().err


def test_the_catalogue_is_listed_and_shown_before_anything_is_installed(catalogue: Path, capsys: Capture) -> None:
    assert run(["models", "list", "--available", "--json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["name"], row["licence"], row["path"], row["problem"]) == ("birds", "Apache-2.0", None, None)
    assert row["url"].endswith("/birds.tflite")
    assert run(["models", "show", "birds", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["url"], shown["origin"], shown["path"]) == (row["url"], "catalogue", None)
    assert run(["models", "install", "birds"]) == 0
    assert run(["models", "list", "--available", "--csv"]) == 0
    assert "installed/birds" in capsys.readouterr().out


def test_a_file_nobody_may_pass_on_has_to_be_brought(catalogue: Path, capsys: Capture) -> None:
    """The catalogue may know a file and not where it can be had."""
    lines = [line for line in catalogue.read_text().splitlines() if not line.startswith("url")]
    catalogue.write_text("\n".join(lines))
    assert run(["models", "install", "birds"]) == 1
    assert "recognised by its sha256" in capsys.readouterr().err


def test_a_name_that_is_nearly_right_is_helped(catalogue: Path, capsys: Capture) -> None:
    assert run(["models", "install", "bird"]) == 1
    assert "did you mean birds?" in capsys.readouterr().err
    assert run(["models", "install", "unicorns"]) == 1
    assert "models list --available" in capsys.readouterr().err
    assert run(["models", "bench", "birds"]) == 1
    assert "`cameratrap models install birds`" in capsys.readouterr().err
