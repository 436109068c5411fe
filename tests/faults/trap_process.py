"""A trap as one process: its key, what it watches and what it sends, as a user runs them; for a fault to meet.

``python trap_process.py FOLDER`` plays ``FOLDER/story`` onto ``FOLDER/card``. The commands are the real ones; only the
model and the modem are played. What a command says on stderr is what it promises. More promises stand on stdout:
``looking NAME`` when a picture's pixels are first asked about, ``sending HEX`` when the modem is told to transmit.

With ``--sites`` each step that makes something durable is announced there as well, by who asked for it, and SQLite
moves its log into the database every few pages, as it does every thousand on a card of a season.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from cameratrap import wiring
from cameratrap.cli import run
from cameratrap.domain.detections import DetectedFrame
from cameratrap.ports import Frame, SendResult, SendStatus
from tests.faults.story import StoryDetector

CHECKPOINT_PAGES = 60
_PLUMBING = {"connection", "durable", "ledger"}  # asked by others to make something durable, and named only then


class TellingDetector(StoryDetector):
    """Says which picture it is about to look at."""

    def detect(self, frame: Frame) -> DetectedFrame:
        say(f"looking {frame.name}")
        return super().detect(frame)


class GoodLink:
    """A modem under an open sky."""

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        say(f"sending {payload.hex()}")
        return SendResult(SendStatus.SENT, mo_status=0, momsn=1)

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        return SendResult(SendStatus.SENT, mo_status=0)

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:
        return None

    def close(self) -> None:
        pass


def play(folder: Path) -> int:
    """Everything a trap does, in ``folder``; returns the first exit status that is not 0."""
    os.chdir(folder)
    wiring.open_detector = lambda *_: TellingDetector()
    wiring.open_link = lambda *_, **__: GoodLink()  # type: ignore[assignment]
    commands = [["watch", "--replay", "story"], ["transmit"]]
    if not Path("card/station.key").exists():
        commands.insert(0, ["key", "new"])
    for command in commands:
        if status := run(["--data", "card", *command]):
            return status
    return 0


def say(line: str) -> None:
    """One line on stdout, at once."""
    print(line, flush=True)


def announce_sites() -> None:
    """Say who asks for it before anything is made durable."""
    sync, connect = os.fsync, sqlite3.connect

    def announced(descriptor: int) -> None:
        say(f"site {_site(sys._getframe(1))}")
        sync(descriptor)

    def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs, factory=_Announcing)
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        connection.set_trace_callback(_traced)
        return connection

    os.fsync = announced  # type: ignore[assignment]
    sqlite3.connect = connected  # type: ignore[assignment]


class _Announcing(sqlite3.Connection):
    """SQLite moves its log into the database as it is closed."""

    def close(self) -> None:
        say("site connection.close")
        super().close()


def _traced(statement: str) -> None:
    if statement == "COMMIT" or statement.startswith("PRAGMA journal_mode="):
        say(f"site {_site(sys._getframe(1))}")


def _site(frame: FrameType | None) -> str:
    """The function of the package that asked for this, and which of durable.py's it called."""
    through = ""
    while frame is not None:
        package, _, module = frame.f_globals["__name__"].rpartition(".")
        if package.startswith("cameratrap") and module not in _PLUMBING:
            return f"{module}.{frame.f_code.co_name}{through}"
        if module == "durable":
            through = f" {frame.f_code.co_name}"
        frame = frame.f_back
    return "nobody"


if __name__ == "__main__":
    if "--sites" in sys.argv:
        announce_sites()
    sys.exit(play(Path(sys.argv[1])))
