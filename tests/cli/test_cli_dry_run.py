"""What writes to a project, a card or a file can be tried first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cameratrap.cli import cli, run
from tests.card_maker import FIRST, fingerprint, make_trap_card
from tests.fakes import jpeg

NAME = "ridge_20270301"
IMPORT_FOLDER = ("import", "camera", "--no-detector", "--timezone", "+01:00", "--into")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trap's card, its project with a word and a correction, packages of it, and another maker's folder."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        make_trap_card(Path("card"), patched)
        Path("camera").mkdir()
        Path("camera/IMG_1.JPG").write_bytes(jpeg(7, taken=FIRST))
        for command in (
            ("import", "card", "--into", "study", "--position", "46.5,7.4"),
            ("--data", "study", "export", "camtrap-dp", "--output", "package"),
            ("--data", "study", "export", "megadetector", "--output", "study/found.json"),
            ("--data", "study", "label", "--deployment", NAME, "--flag"),
            ("--data", "study", "project", "set", NAME, "--session", "spring"),
        ):
            assert run(["-q", *command]) == 0
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("import", "card", "--into", "new"),
        (*IMPORT_FOLDER, "new"),
        (*IMPORT_FOLDER, "study"),
        (*IMPORT_FOLDER, "study", "--no-copy"),
        ("import", "package", "--into", "new"),
        ("import", "study/found.json", "--into", "new"),
        ("--data", "study", "project", "init"),
        ("--data", "study", "project", "group", "--gap", "7200"),
        ("--data", "card", "project", "group", "--gap", "7200"),
        ("--data", "study", "project", "set", NAME, "--station", "summit"),
        ("--data", "study", "project", "set", "--undo", "1"),
        ("--data", "study", "label", "--deployment", NAME, "--blank"),
        ("--data", "study", "label", "--undo"),
        ("--data", "card", "label", "--deployment", NAME, "--blank"),
        ("--data", "study", "clock", "shift", "--by", "+1h", "--deployment", NAME, "--all"),
        ("--data", "card", "clock", "shift", "--by", "+1h", "--all"),
        ("--data", "study", "export", "camtrap-dp", "--output", "other"),
    ],
    ids=" ".join,
)
def test_a_trial_changes_no_byte_and_says_what_would_be(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    """No file is made, changed or touched, in the project or where something is read; without --dry-run it is done."""
    world = shutil.copytree(made, tmp_path / "world")
    monkeypatch.chdir(world)
    before = fingerprint(world)
    capsys.readouterr()
    assert run([*command, "--dry-run"]) == 0
    assert "".join(capsys.readouterr()).strip()
    assert fingerprint(world) == before
    assert run(command) == 0
    assert fingerprint(world) != before


def _commands(command: click.Command, above: click.Context | None, *names: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(names), command
        return
    context = click.Context(command, parent=above)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _commands(found, context, *names, name)


def test_every_command_that_writes_can_be_tried() -> None:
    """What takes no --dry-run writes nothing, or what --output names, or (`review`) what a person then says by hand."""
    options = {name: {text for each in command.params for text in each.opts} for name, command in _commands(cli, None)}
    assert {name for name, known in options.items() if not known & {"--dry-run", "--output"}} == {
        "demo", "aim", "review", "show", "summary encode", "config check", "completion",
    }  # fmt: skip
