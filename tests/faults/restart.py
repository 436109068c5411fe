"""Switching a trap on again after a fault, and what its card tells in the end."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from cameratrap import wiring
from cameratrap.cli import run
from tests.faults import trap_process

Whole = Sequence[dict[str, object]]  # all that the commands tell of a card
_QUESTIONS = (["events", "--json"], ["tally", "--json"])


@dataclass(frozen=True)
class Answer:
    """A command's exit status and what it printed."""

    status: int
    out: str
    err: str


@dataclass
class Bench:
    """A folder with a story, where the trap is switched on in this process."""

    folder: Path
    story: Path

    def clear(self) -> None:
        """Nothing but the story and its configuration."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.story, self.folder)

    def switch_on(self) -> Answer:
        """Play the whole story: what the card has is not added again."""
        with _kept_wiring(), contextlib.chdir(self.folder):
            return captured(partial(trap_process.play, self.folder))

    def tells(self) -> Whole:
        """All that a user learns of the card; of a picture's name only that there is one, since a cut may spend it."""
        with contextlib.chdir(self.folder):
            answers = [captured(partial(run, ["--data", "card", *each])) for each in _QUESTIONS]
        assert [answer.status for answer in answers] == [0] * len(_QUESTIONS), answers
        rows = [json.loads(line) for answer in answers for line in answer.out.splitlines()]
        return [row | {"media": len(row.get("media", ()))} for row in rows]


@contextlib.contextmanager
def _kept_wiring() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("open_detector", "open_link"):
            patch.setattr(wiring, name, getattr(wiring, name))
        yield


def captured(call: Callable[[], int]) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = call()
    return Answer(status, out.getvalue(), err.getvalue())
