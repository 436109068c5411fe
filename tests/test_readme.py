"""The README: every command in it exists, and its tables are what the program says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cameratrap.cli import cli
from cameratrap.config import keys

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKERS = ("<!-- configuration: made by tests/test_readme.py -->\n", "<!-- /configuration -->")


def documented() -> list[str]:
    """Every `cameratrap ...` of a code block or in backticks."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    lines = [line.split("|")[-1] if "| cameratrap" in line else line for line in blocks.splitlines()]
    inline = re.findall(r"`(cameratrap [^`]+)`", README)
    return [line.strip() for line in [*lines, *inline] if line.strip().startswith("cameratrap ")]


@pytest.mark.parametrize("line", sorted(set(documented())))
def test_a_documented_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line.split(" > ", maxsplit=1)[0], comments=True)[1:]
    command: click.Command = cli
    context = click.Context(cli)
    options = _options(cli)
    remaining = iter(words)
    for word in remaining:
        if word.startswith("-"):
            assert word in options, f"{word} is no option in: {line}"
            if not options[word].is_flag:
                next(remaining)
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            if found is not None:
                command = found
                options |= _options(command)
    assert command is not cli, f"no command in: {line}"


def _options(command: click.Command) -> dict[str, click.Option]:
    return {name: each for each in command.params if isinstance(each, click.Option) for name in each.opts}


LINKS = re.findall(r"\]\(([^)#]+)\)", README)
TOOLS = re.findall(r"(?:^|[ `])((?:\./)?tools/[\w-]+)", README, re.MULTILINE)


@pytest.mark.parametrize("path", sorted({*LINKS, *TOOLS}))
def test_what_the_readme_points_to_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def configuration_table() -> str:
    lines = ["| key | default | what it is |", "| --- | --- | --- |"]
    for key in keys():
        default = "" if key.default in (None, {}, (), "") else f"`{key.default}`"
        expected = key.expected.replace("|", "\\|")
        lines.append(f"| `{key.path}` | {default} | {key.description}; {expected} |")
    return "\n".join(lines) + "\n"


def test_the_configuration_table_is_the_programs() -> None:
    """The README's table is made from the keys themselves; run `python -m tests.test_readme` to write it anew."""
    start, end = README.index(MARKERS[0]) + len(MARKERS[0]), README.index(MARKERS[1])
    assert README[start:end] == configuration_table()


if __name__ == "__main__":
    before, after = README.split(MARKERS[0])[0], README.split(MARKERS[1])[1]
    (ROOT / "README.md").write_text(before + MARKERS[0] + configuration_table() + MARKERS[1] + after, encoding="utf-8")
