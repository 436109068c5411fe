"""Where the command line meets the world: full disks, closed pipes, odd names, colours, slips of the shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from cameratrap import wiring
from cameratrap.cli import run
from tests.fakes import NamedDetector, jpeg, write_pictures

COMMAND = [sys.executable, "-m", "cameratrap"]
JUNE = datetime(2026, 6, 1, 5)  # noqa: DTZ001 - cameras write local times


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "pictures"
    write_pictures(folder, {"1.jpg": (1, JUNE)})
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector({}))
    monkeypatch.chdir(tmp_path)
    return folder


def shell(script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        capture_output=True,
        env={**os.environ, "COMMAND": " ".join(COMMAND), "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )


@pytest.mark.parametrize("command", ["summary units", "config show", "--version", "models list"])
def test_a_full_disk_under_the_output_is_an_error_and_no_traceback(command: str) -> None:
    done = shell(f"$COMMAND {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: ")
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """`| head` under pipefail: exit 0, nothing on stderr."""
    done = shell("$COMMAND summary units | head -1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"field")


@pytest.mark.parametrize(
    ("variable", "option", "coloured"), [("", "", True), ("1", "", False), ("", "--no-color", False)]
)
def test_errors_are_coloured_only_where_colours_are_wanted(variable: str, option: str, coloured: bool) -> None:
    """On a terminal `error:` is red, and plain where NO_COLOR or --no-color says so."""
    terminal = f"{sys.executable} -c 'import pty, sys; pty.spawn(sys.argv[1:])'"
    done = shell(f"NO_COLOR={variable} {terminal} $COMMAND {option} --data nowhere tally")
    assert b"is not a card" in done.stdout
    assert (b"\x1b[" in done.stdout) is coloured


def test_called_without_anything_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: cameratrap")


@pytest.mark.parametrize("command", [["tally", "--interval", "nan"], ["process", "x", "--score", "nan"]])
def test_nan_is_no_number(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    assert "is not a number" in capsys.readouterr().err


def test_results_go_over_results_and_over_nothing_else(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o overwrites a table, and refuses a picture or an index."""
    assert run(["--data", "card", "watch", "--replay", str(pictures)]) == 0
    for victim in ("card/cameratrap.db", "pictures/1.jpg"):
        before = Path(victim).read_bytes()
        assert run(["--data", "card", "tally", "-o", victim]) == 2
        assert Path(victim).read_bytes() == before
    for _ in range(2):
        assert run(["--data", "card", "tally", "-o", "tally.csv"]) == 0


def test_a_clock_that_was_reset_is_refused_before_anything_is_made(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pictures decades apart would be a deployment of decades: said, with what to do; --max-gap allows what is true."""
    write_pictures(pictures, {"2.jpg": (2, datetime(2001, 1, 1))})  # noqa: DTZ001
    assert run(["--data", "card", "watch", "--replay", str(pictures)]) == 2
    err = capsys.readouterr().err
    assert "between 2001-01-01 and 2026-06-01" in err
    assert "--max-gap" in err
    assert not Path("card").exists()


def test_a_reset_clock_is_seen_against_the_card_too(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A whole folder taken after a reset is refused on the card of the deployment it was taken in."""
    assert run(["--data", "card", "watch", "--replay", str(pictures)]) == 0
    later = Path("later")
    write_pictures(later, {"2.jpg": (2, datetime(2015, 1, 1))})  # noqa: DTZ001
    assert run(["--data", "card", "watch", "--replay", "later"]) == 2
    assert "onto a card of its own" in capsys.readouterr().err
    assert run(["--data", "other", "watch", "--replay", "later"]) == 0


def test_a_time_before_there_were_cameras_is_named_and_the_rest_is_played(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pictures(pictures, {"2.jpg": (2, datetime(1970, 1, 1))})  # noqa: DTZ001
    assert run(["--data", "card", "watch", "--replay", str(pictures)]) == 3
    err = capsys.readouterr().err
    assert "2.jpg: its time, 1970-01-01, is that of a clock that was not set" in err
    assert "1 trigger, 1 new picture, 1 day closed" in err


def test_names_of_any_bytes(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file name that is no UTF-8 is played, indexed and printed without stopping anything."""
    (pictures / os.fsdecode(b"caf\xe9.jpg")).write_bytes(jpeg(7, taken=datetime(2026, 6, 1, 6)))  # noqa: DTZ001
    assert run(["--data", "card", "watch", "--replay", str(pictures)]) == 0
    assert run(["--data", "card", "events", "--json"]) == 0
    done = shell(f"$COMMAND --data {Path('card').absolute()} tally --json")
    assert done.returncode == 0


def test_json_of_a_name_of_any_bytes_is_json(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    script = (
        "import sys; from cameratrap import wiring; from tests.fakes import NamedDetector;"
        "wiring.open_detector = lambda *_: NamedDetector({});"
        "import cameratrap.cli.process as p; p.open_detector = wiring.open_detector;"
        f"from cameratrap.cli import main; main(['process', {str(tmp_path)!r}, '--json'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 3
    assert json.loads(done.stdout.decode("utf-8"))["file"].endswith("caf\udce9.jpg")


def test_an_empty_folder_is_an_empty_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["process", str(tmp_path), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing to process" in printed.err


def test_an_index_that_became_empty_is_said(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A card whose index has no bytes any more is damaged: nothing is rebuilt, nothing is sent twice."""
    run(["--data", "card", "watch", "--replay", str(pictures)])
    Path("card/cameratrap.db").write_bytes(b"")
    for command in (["tally"], ["watch", "--replay", str(pictures)]):
        assert run(["--data", "card", *command]) == 1
        assert "damaged" in capsys.readouterr().err
    Path("card/cameratrap.db").unlink()
    for command in (["tally"], ["watch", "--replay", str(pictures)]):
        assert run(["--data", "card", *command]) == 1
        assert "there is no database" in capsys.readouterr().err


def test_config_check_looks_for_the_files_it_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.toml"
    path.write_text('taxa = "nowhere.csv"\n[ground]\nrockblock_public_keys = ["key.pem"]\n', encoding="utf-8")
    assert run(["--config", str(path), "config", "check"]) == 2
    err = capsys.readouterr().err
    assert "nowhere.csv" in err
    assert "key.pem" in err
