"""How the command line fails: one block on stderr, the promised exit status, no traceback."""

from __future__ import annotations

import pytest

from cameratrap.cli import COMMANDS, run


def test_unknown_command_is_wrong_usage_and_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command exits 2 and names the nearest one."""
    assert run(["tallly"]) == 2
    assert "Did you mean 'tally'?" in capsys.readouterr().err


def test_unknown_option_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option exits 2 and names the help to read."""
    assert run(["tally", "--nonsense"]) == 2
    assert "hint: see `cameratrap tally --help`" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of the help is a command that loads and has a help of its own."""
    assert run([name, "--help"]) == 0
    assert "Usage: cameratrap" in capsys.readouterr().out
