"""The demonstration's steps: a trap's days on a card, over a serial line, through the gateway, into a receiver's inbox.

Every step works on what the one before left on disk, through the same code that a trap and a receiver run; only the
edges are replaced: what stands before the camera (``cli.demo_plays``), the modem behind the serial line, the gateway.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.app.watch import Tell, Watch, WatchReport
from cameratrap.config import ENVIRONMENT_PREFIX, FILE_NAME, Config, resolve
from cameratrap.config.tree import People
from cameratrap.domain.tallies import Tally
from cameratrap.errors import DeviceError, StoreError
from cameratrap.resources import builtin_taxa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cameratrap.cli.demo_plays import Play
    from cameratrap.domain.detections import Detection
    from cameratrap.domain.judged import JudgedBox
    from cameratrap.ports import Detector

IMEI = "300000000000000"
_START_S = 20.0

CONFIGURATION = """\
# The demonstration's configuration: a trap and its receiver.
taxa = ""

[station]
{station}

[events]
interval_minutes = 30
rule = "last-record"

[summary]
max_messages = 1

[people]
person = "{people.person}"
vehicle = "{people.vehicle}"

[ground]
stations = {{ "{imei}" = "{name}" }}
require_proof = false
"""
DayTallies = Mapping[date, tuple[Tally, ...]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the card says and what was received, by day; tallies sorted by taxon. ``messages`` are the payloads sent."""

    events: int
    card: DayTallies
    received: DayTallies
    messages: tuple[bytes, ...]

    @property
    def agree(self) -> bool:
        """Every day of the card was received, no other day was, and each says the same of every taxon."""
        return bool(self.card) and self.card == self.received


class Journey:
    """The steps, over one folder that holds ``card``, ``gateway`` and ``receiver``."""

    def __init__(self, folder: Path, play: Play, people: People | None = None) -> None:
        """``people`` is what becomes of their pictures; by default they are kept.

        Raises StoreError for a folder that already holds something: nobody's data is drawn over.
        """
        if folder.exists() and any(folder.iterdir()):
            raise StoreError(f"{folder} is not empty", hint="name a new folder for the demonstration with --data DIR")
        self.folder = folder
        self.play = play
        self.card, self.gateway, self.receiver = folder / "card", folder / "gateway", folder / "receiver"
        self.gateway.mkdir(parents=True)
        self.configuration = folder / FILE_NAME
        facts = "\n".join(f"{key} = {json.dumps(value)}" for key, value in play.station.items())
        text = CONFIGURATION.format(station=facts, imei=IMEI, name=play.name, people=people or People())
        self.configuration.write_text(text, encoding="utf-8")

    @property
    def config(self) -> Config:
        """The demonstration's own configuration, whatever the machine's is."""
        return resolve(self.configuration, {}).config

    def photograph(self, detector: Detector, tell: Tell) -> WatchReport:
        """Play it through the trap."""
        from cameratrap.store.card import Deployment, make_card, make_card_folder, sole_writer
        from cameratrap.wiring import closing_rules, look_settings

        play, offset = self.play, self.config.station.utc_offset_minutes
        deployment = Deployment(f"{play.name}_{play.start:%Y%m%d}", play.name, offset, play.start)
        make_card_folder(self.card)
        with sole_writer(self.card, "watch"), make_card(self.card, deployment) as card:
            settings = look_settings(self.config, builtin_taxa())
            trap = Watch(card, play.camera, detector, play.clock, boot_id="demo", serial="demo", settings=settings)
            return trap.run(play.triggers, closing_rules(self.config, builtin_taxa()), tell=tell, ended=True)

    def found(self) -> dict[str, tuple[Detection, ...]]:
        """What counts on the card, by the name that a picture had where it came from."""
        from cameratrap.store.analyses import stored_boxes
        from cameratrap.store.bursts import all_pictures
        from cameratrap.store.card import open_card

        with open_card(self.card) as card:
            pictures = all_pictures(card.connection)
            boxes: dict[int, list[JudgedBox]] = {}
            for burst in {picture.burst for picture in pictures}:
                boxes.update(stored_boxes(card.connection, burst))
        return {picture.source_name: tuple(_counted(boxes.get(picture.id, []))) for picture in pictures}

    def transmit(self) -> str:
        """Send what is due over a pseudo-terminal, by the `transmit` command in a process of its own."""
        with self._modem() as port:
            return self._command("--data", str(self.card), "transmit", "--port", str(port))

    def deliver_again(self) -> Path:
        """The gateway delivers one message a second time, as gateways do. Raises StoreError where it has none."""
        first = min(self.gateway.iterdir(), default=None)
        if first is None:
            raise StoreError("no message reached the gateway", why="no day could be closed")
        return Path(shutil.copy(first, first.with_name(f"again-{first.name}")))

    def receive(self) -> str:
        """Take in what the gateway delivered, by the `receive import` command in a process of its own."""
        return self._command("--data", str(self.receiver), "receive", "import", str(self.gateway))

    def compare(self) -> Comparison:
        """Fold the card afresh from its reopened index, and read the reopened inbox."""
        from cameratrap.app.fold import fold
        from cameratrap.store.card import open_card
        from cameratrap.wiring import event_rules

        with open_card(self.card) as card:
            folded = fold(card, event_rules(self.config))
            rows = card.connection.execute("SELECT payload FROM outbox WHERE kind = 'summary' ORDER BY sequence, part")
            messages = tuple(bytes(row["payload"]) for row in rows)
        on_card = {day: _by_name(folded.tallies[day]) for day in folded.days}
        return Comparison(folded.events, on_card, self._received(), messages)

    def _received(self) -> DayTallies:
        from cameratrap.app.receive import read_inbox
        from cameratrap.app.received_days import received_days
        from cameratrap.store.inbox import INBOX_FILE, Inbox
        from cameratrap.store.migrations import INBOX_MIGRATIONS
        from cameratrap.store.reading import open_for_reading

        with open_for_reading(self.receiver / INBOX_FILE, INBOX_MIGRATIONS) as connection:
            entries = read_inbox(Inbox(connection), builtin_taxa(), self.config.ground.stations)
        return {day.day: _by_name(day.tallies) for day in received_days(entries) if day.station == self.play.name}

    @contextmanager
    def _modem(self) -> Iterator[Path]:
        """The emulated modem and gateway, as a process of their own behind a pseudo-terminal."""
        port = self.folder / "modem"
        module = "cameratrap.replay.emulator_process"
        # Whatever the machine's own clock says: a Pi without a network says 1970.
        clock = ["--clock", self.play.end.isoformat()]
        options = ["--pty-link", str(port), "--gateway", str(self.gateway), "--imei", IMEI, *clock]
        with subprocess.Popen([sys.executable, "-m", module, *options], stdout=subprocess.DEVNULL) as process:
            try:
                _wait_for(port, process)
                yield port
            finally:
                process.terminate()

    def _command(self, *arguments: str) -> str:
        """Run one of our own commands; what it says is returned. Raises StoreError when it fails."""
        command = [sys.executable, "-m", "cameratrap", "--config", str(self.configuration), *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(ENVIRONMENT_PREFIX)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StoreError(f"`cameratrap {' '.join(arguments)}` failed ({done.returncode})", why=done.stderr.strip())
        return done.stderr


def _wait_for(port: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while not port.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise DeviceError("the emulated modem did not start", device="modem")
        time.sleep(0.02)


def _counted(boxes: Sequence[JudgedBox]) -> Iterator[Detection]:
    """The boxes that count, under the names that they count as."""
    for box in boxes:
        if box.counted_as is not None:
            yield replace(box.detection, taxon=box.counted_as)


def _by_name(tallies: Sequence[Tally]) -> tuple[Tally, ...]:
    return tuple(sorted(tallies, key=lambda tally: tally.taxon))
