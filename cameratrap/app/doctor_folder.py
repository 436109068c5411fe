"""What `doctor` looks at in the data folder: the disk, the card's index and its outbox, the key, the inbox."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path

from cameratrap.app.command_effects import WAKE_HINT, asleep
from cameratrap.app.disk import RoomRules, measure
from cameratrap.app.doctor import Finding, State
from cameratrap.store.card import DATABASE, RECORD, open_card
from cameratrap.store.commands import overrides, undecided
from cameratrap.store.inbox import INBOX_FILE
from cameratrap.store.keys import key_of_trap, key_path
from cameratrap.store.migrations import CARD_MIGRATIONS, INBOX_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxState
from cameratrap.store.reading import open_for_reading
from cameratrap.store.refused import REFUSED_FOLDER, REVERIFY_HINT, RefusedLog
from cameratrap.store.seal_counter import counter_path, read_counter_file, stored_state
from cameratrap.store.sessions import taken_on

_AFTER_FAULT = "line rental, antenna, supply? then `cameratrap transmit --now` tries at once"
_ROOM = RoomRules()
NO_FOLDER = Finding(State.SKIP, "no folder is given", "name the card's or the receiver's folder with --data DIR")


def check_disk(folder: Path | None, rules: RoomRules = _ROOM) -> Finding:
    """Whether the folder is there, can be written and synced, and has the room that ``rules`` ask for."""
    if folder is None:
        return NO_FOLDER
    if not folder.is_dir():
        return Finding(State.FAIL, f"there is no folder {folder}", "is the card mounted?")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        hint = "is it full, mounted read-only, its lock pushed, or somebody else's?"
        return Finding(State.FAIL, f"{folder} cannot be written: {error.strerror or error}", hint)
    return _space(folder, rules)


def _space(folder: Path, rules: RoomRules) -> Finding:
    room = measure(folder)
    free_pct = 100 * room.free // max(room.total, 1)
    what = f"{room.free // 1_000_000} MB free, {free_pct} %"
    if room.free < rules.min_free_bytes:
        return Finding(State.FAIL, what, "copy the pictures away before the trap is left alone")
    return Finding(State.WARN, what, "will that last?") if free_pct < rules.warn_free_pct else Finding(State.OK, what)


def check_card(folder: Path | None) -> Finding:
    """Whether the card's record can be read and its index is whole. Raises StoreError where not."""
    if folder is None:
        return NO_FOLDER
    if not (folder / RECORD).is_file() and not (folder / DATABASE).is_file():
        return Finding(State.SKIP, f"{folder} is no card yet", "`cameratrap deploy` makes one, for the services")
    with open_card(folder) as card:
        bursts = card.connection.execute("SELECT COUNT(*) FROM bursts").fetchone()[0]
        return Finding(State.OK, f"station {card.deployment.station or 'without a name'}, {bursts} bursts, index whole")


def check_outbox(folder: Path | None, now: datetime, *, day_j: float) -> Finding:
    """What waits, what the modem took today of its ``day_j`` joules, and whether something keeps all of it back.

    ``now`` is in the station's standard time. Raises StoreError.
    """
    if folder is None or not (folder / DATABASE).is_file():
        return Finding(State.SKIP, "there is no outbox")
    with open_for_reading(folder / DATABASE, CARD_MIGRATIONS) as connection:
        outbox = Outbox(connection)
        queued, failed = outbox.messages(OutboxState.QUEUED), outbox.messages(OutboxState.FAILED)
        fault = outbox.standing_fault()
        due = len(outbox.due(now))
        used_j = sum(each.joules for each in taken_on(connection, now.date()))
    what = f"{len(queued)} wait, {due} of them due; {used_j:.0f} of {day_j:.0f} J used today"
    if fault is not None:
        rests = f"since {fault.since:%Y-%m-%d}, {fault.sessions} times; the next try is on {fault.next_at:%Y-%m-%d}"
        return Finding(State.FAIL, f"{what}; {fault.fault} fault: {fault.detail}; {rests}", _AFTER_FAULT)
    if failed:
        named = ", ".join(f"{message.label} ({message.detail})" for message in failed[:3])
        return Finding(
            State.WARN, f"{what}; {len(failed)} cannot be sent at all: {named}", "their days stay on the card"
        )
    return Finding(State.OK, what)


def check_commands(folder: Path | None, now: datetime) -> Finding:
    """What commands have set, above all that the trap sleeps. ``now`` is the station's. Raises StoreError."""
    if folder is None or not (folder / DATABASE).is_file():
        return Finding(State.SKIP, "there is no card that commands could have changed")
    with open_for_reading(folder / DATABASE, CARD_MIGRATIONS) as connection:
        told = asleep(connection, now)
        standing, waiting = overrides(connection), undecided(connection)
    what = ", ".join(f"{key} = {each.value} ({each.origin})" for key, each in standing.items()) or "nothing is set"
    if waiting:
        what += f"; {len(waiting)} to be obeyed by the next `cameratrap transmit`"
    return Finding(State.OK, what) if told is None else Finding(State.WARN, f"{told}; {what}", WAKE_HINT)


def check_key(folder: Path | None, key_file: str) -> Finding:
    """Whether the trap's key can be read by its owner alone, and its two counters agree. Raises StoreError."""
    if folder is None and not key_file:
        return NO_FOLDER
    data = folder or Path()
    key = key_of_trap(key_file, data)
    if key is None:
        return Finding(State.OK, "no key: messages go out unsealed", "`cameratrap key new` makes one")
    if key.is_exposed:
        return Finding(State.FAIL, f"others may read the key {key.path}", f"chmod 600 {key_path(key_file, data)}")
    fingerprint = key.key.fingerprint
    filed = read_counter_file(counter_path(key.path), fingerprint)
    stored = None
    if (data / DATABASE).is_file():
        with open_for_reading(data / DATABASE, CARD_MIGRATIONS) as connection:
            stored = stored_state(connection, fingerprint)
    if filed != stored:
        what = f"key {fingerprint}: the counter beside it and the card's do not agree, or were copied back"
        return Finding(State.WARN, what, "the next message begins a new epoch; the receiver accepts it and says so")
    return Finding(State.OK, f"key {fingerprint}, {'not used yet' if filed is None else filed.next_number}")


def check_inbox(folder: Path | None) -> Finding:
    """Whether the receiver's inbox is whole, and what was refused. Raises StoreError."""
    if folder is None or not (folder / INBOX_FILE).is_file():
        return Finding(State.SKIP, "there is no inbox: this is no receiver's folder")
    with open_for_reading(folder / INBOX_FILE, INBOX_MIGRATIONS) as connection:
        count = connection.execute("SELECT COUNT(*) FROM messages").fetchone()[0]
    alarm = RefusedLog(folder / REFUSED_FOLDER).alarm()
    if alarm is not None:
        return Finding(State.WARN, f"{count} messages; {alarm}", REVERIFY_HINT)
    return Finding(State.OK, f"{count} messages, nothing refused")
