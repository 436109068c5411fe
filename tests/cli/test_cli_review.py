from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cameratrap.cli import run

pytest.importorskip("httpx", reason="needs httpx: pip install httpx")
pytest.importorskip("uvicorn", reason="needs what the extra `review` installs")

import httpx

from cameratrap.errors import UsageError
from cameratrap.web.serve import FIRST_PORT, listening
from tests.project_maker import Plan, make_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", Plan(deployments=1, sequences=2))


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_serves_this_machine_alone_and_ends_when_told(folder: Path, by: signal.Signals) -> None:
    with listening(None) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cameratrap", "--data", str(folder), "review", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--author", "Ada"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address == f"http://127.0.0.1:{port}/"
        assert httpx.get(address, timeout=20).status_code == 200
        sockets = Path(f"/proc/{process.pid}/net/tcp").read_text() if Path("/proc").is_dir() else ""
        assert f"00000000:{port:04X}" not in sockets  # on no other address of this machine
        os.kill(process.pid, by)
        _, told = process.communicate(timeout=20)
        assert process.returncode == 0
    assert "every correction is stored" in told
    assert "Traceback" not in told
    assert not folder.joinpath("project.db-wal").exists()  # the index was closed


def test_filters_are_in_the_address_that_it_prints(folder: Path) -> None:
    command = [sys.executable, "-m", "cameratrap", "--data", str(folder), "review", "--no-browser", "--no-blank"]
    with subprocess.Popen([*command, "--taxon", "red fox"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            assert address.endswith("/?taxon=Vulpes+vulpes&blank=no")
            assert httpx.get(address, timeout=20).status_code == 200
        finally:
            process.terminate()


def test_a_port_that_is_taken_is_named_and_one_that_is_free_is_found() -> None:
    with listening(None) as first:
        taken = first.getsockname()[1]
        assert taken >= FIRST_PORT
        with pytest.raises(UsageError, match=str(taken)), listening(taken):
            pass
        with listening(None) as second:
            assert second.getsockname()[1] > taken
            assert second.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["--data", str(folder), "review", "--no-browser", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--author", " "], 2), (["--author", "a\nb"], 2), (["--port", "0"], 2), (["--port", "70000"], 2), (["x"], 2)],
)
def test_wrong_usage_starts_nothing(folder: Path, arguments: list[str], status: int) -> None:
    assert run(["--data", str(folder), "review", "--no-browser", *arguments]) == status


def test_a_folder_that_is_neither_project_nor_card_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(tmp_path), "review", "--no-browser"]) == 1
    assert "has no project.db" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cameratrap.cli.extras.find_spec", lambda _name: None)
    assert run(["--data", str(folder), "review"]) == 2
    assert "pip install 'cameratrap[review]'" in capsys.readouterr().err
