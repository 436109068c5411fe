"""Making, logging and handing over one command, and what the log says of those before."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, plural
from cameratrap.cli.refusals import say_refused
from cameratrap.domain.commands import Command, Order
from cameratrap.domain.credits import credits_for
from cameratrap.domain.messages import is_imei
from cameratrap.errors import UsageError
from cameratrap.store.refused import REFUSED_FOLDER, RefusedLog

if TYPE_CHECKING:
    import sqlite3

    from cameratrap.app.command_log import Answer
    from cameratrap.ground.mobile_terminated import PostError
    from cameratrap.store.sent_commands import SentCommand
    from cameratrap.wire.seal import SealKey

COLUMNS = ("number", "made_at", "command", "expires", "bytes", "credits", "state", "payload")


@dataclass(frozen=True, slots=True)
class Sending:
    """A command and what is to become of it."""

    station: str
    command: Command
    expires: date | None
    dry_run: bool
    as_hex: bool
    send: bool
    imei: str | None


def send_command(ctx: Context, out: Output, sending: Sending) -> int:
    """Number, seal, log, with ``send`` hand over and print one command. Raises PostError where it is not taken."""
    key = _station_key(ctx, sending.station)
    post = _poster(ctx, sending) if sending.send else None
    if sending.dry_run:
        return _rehearse(ctx, sending, key)
    with closing(_open_inbox(ctx)) as connection:
        sent = _make(ctx, connection, sending, key)
        failure: PostError | None = None
        if post is not None:
            sent, failure = _hand_over(connection, sent, post)
        _show(ctx, out, sending, sent)
    say_refused(RefusedLog(ctx.data / REFUSED_FOLDER))
    if failure is not None:
        raise failure
    return 0


def log_rows(ctx: Context, station: str) -> list[Mapping[str, object]]:
    """The station's commands with what became of each."""
    from cameratrap.app.command_log import CommandState, command_states
    from cameratrap.store.inbox import INBOX_FILE
    from cameratrap.store.migrations import INBOX_MIGRATIONS
    from cameratrap.store.reading import open_for_reading
    from cameratrap.store.sent_commands import sent_commands

    with open_for_reading(ctx.data / INBOX_FILE, INBOX_MIGRATIONS) as connection:
        log, answered = sent_commands(connection, station), _answers(ctx, connection, station)
    unproved = sum(1 for answer in answered if answer.report.number is None)
    if unproved:
        ctx.say(f"{station} was sent messages that proved nothing: {unproved} of its summaries say so")
    known = {sent.number for sent in log}
    strangers = sorted({answer.report.number for answer in answered if answer.report.number} - known)
    if strangers:
        numbers = ", ".join(str(number) for number in strangers)
        ctx.say(
            f"{station} has answered commands that are not in this log: {numbers} (another receiver, an old copy?);"
            " what is said of those below may be meant for theirs"
        )
    say_refused(RefusedLog(ctx.data / REFUSED_FOLDER))
    states: list[CommandState] = command_states(log, answered)
    return [_row(state.sent, str(state)) for state in states]


def _station_key(ctx: Context, station: str) -> SealKey:
    """The newest key of the station that is not revoked. Raises UsageError where there is none."""
    from cameratrap.store.receiver_keys import receiver_keys

    revoked = _revoked(ctx)
    keys = [each.key for each in receiver_keys(ctx.data) if each.station == station]
    if keys and all(key.fingerprint in revoked for key in keys):
        raise UsageError(
            f"the key of station {station} is revoked",
            why="whoever has the stolen card could have it too",
            hint="`cameratrap key new` on another card, then `cameratrap key import` here",
        )
    keys = [key for key in keys if key.fingerprint not in revoked]
    if not keys:
        raise UsageError(
            f"there is no key of station {station} in {ctx.data}",
            why="a trap obeys nothing that its key does not prove",
            hint="`cameratrap key import` brings the trap's key here",
        )
    return keys[-1]


def _revoked(ctx: Context) -> set[str]:
    """The fingerprints of revoked keys."""
    from cameratrap.store.inbox import INBOX_FILE
    from cameratrap.store.migrations import INBOX_MIGRATIONS
    from cameratrap.store.reading import open_for_reading
    from cameratrap.store.trust import revocations

    if not (ctx.data / INBOX_FILE).is_file():
        return set()
    with open_for_reading(ctx.data / INBOX_FILE, INBOX_MIGRATIONS) as connection:
        return {each.fingerprint for each in revocations(connection)}


def _open_inbox(ctx: Context) -> sqlite3.Connection:
    from cameratrap.store.connection import open_store
    from cameratrap.store.inbox import INBOX_FILE
    from cameratrap.store.migrations import INBOX_MIGRATIONS

    return open_store(ctx.data / INBOX_FILE, INBOX_MIGRATIONS, create=True)


def _answers(ctx: Context, connection: sqlite3.Connection, station: str) -> list[Answer]:
    from cameratrap.app.command_log import answers
    from cameratrap.app.receive import read_inbox
    from cameratrap.store.inbox import Inbox
    from cameratrap.store.receiver_keys import receiver_keys

    entries = read_inbox(Inbox(connection), ctx.taxa(), ctx.config.ground.stations, receiver_keys(ctx.data))
    return answers(entries, station)


def _make(ctx: Context, connection: sqlite3.Connection, sending: Sending, key: SealKey) -> SentCommand:
    from cameratrap.app.command_log import highest_answered
    from cameratrap.store.sent_commands import make_command
    from cameratrap.wire.commands import seal_order
    from cameratrap.wire.seal import EPOCH_BYTES

    return make_command(
        connection,
        sending.station,
        key.fingerprint,
        sending.command,
        sending.expires,
        datetime.now(UTC),
        reported=highest_answered(_answers(ctx, connection, sending.station)),
        seal=lambda order: seal_order(order, key, secrets.token_bytes(EPOCH_BYTES)),
    )


def _rehearse(ctx: Context, sending: Sending, key: SealKey) -> int:
    """Say what it would be, on a message that is thrown away."""
    from cameratrap.wire.commands import seal_order
    from cameratrap.wire.seal import EPOCH_BYTES

    size = len(seal_order(Order(1, sending.command, sending.expires), key, bytes(EPOCH_BYTES)))
    ctx.say(
        f"would tell {sending.station}: {sending.command}, to be obeyed {_until(sending.expires)};"
        f" {size} bytes, {plural(credits_for(size), 'credit')} (dry run: no number is taken, nothing is sent)"
    )
    return 0


def _show(ctx: Context, out: Output, sending: Sending, sent: SentCommand) -> None:
    from cameratrap.app.command_log import CommandState

    if sending.as_hex:
        with out.stream() as stream:
            stream.write(sent.payload.hex() + "\n")
    else:
        out.table(COLUMNS, [_row(sent, str(CommandState(sent, None)))])
    size = len(sent.payload)
    ctx.say(
        f"command {sent.number} to {sent.station}: {sent.command}, to be obeyed {_until(sent.expires)};"
        f" {size} bytes, {plural(credits_for(size), 'credit')}"
    )
    if sent.gateway_id:
        ctx.say(plain(f"RockBLOCK has it as {sent.gateway_id}; the trap fetches it when it next sends"))


def _poster(ctx: Context, sending: Sending) -> Callable[[bytes], str]:
    """Everything that handing over needs, looked for before a number is taken. Raises UsageError."""
    from cameratrap.ground.mobile_terminated import post, read_account

    ground = ctx.config.ground
    account = read_account(Path(ground.rockblock_account).expanduser() if ground.rockblock_account else None)
    imei = _modem(sending, ground.stations)
    return lambda payload: post(ground.rockblock_url, account, imei, payload)


def _modem(sending: Sending, stations: Mapping[str, str]) -> str:
    given = sending.imei or (sending.station if is_imei(sending.station) else None)
    known = [given] if given else [imei for imei, name in stations.items() if name == sending.station]
    if len(known) == 1 and is_imei(known[0]):
        return known[0]
    why = "it has several in ground.stations" if len(known) > 1 else "ground.stations names none"
    raise UsageError(
        f"which modem is {sending.station}'s is not known" if not given else f"{given} is no modem's IMEI",
        why="an IMEI has 15 digits" if given else why,
        hint="name it with --imei IMEI",
    )


def _hand_over(
    connection: sqlite3.Connection, sent: SentCommand, post: Callable[[bytes], str]
) -> tuple[SentCommand, PostError | None]:
    """The command as the log has it then, and why it was not taken, or perhaps not."""
    from cameratrap.ground.mobile_terminated import PostError
    from cameratrap.store.sent_commands import note_posted

    now = datetime.now(UTC)
    failure: PostError | None = None
    try:
        sent = replace(sent, posted_at=now, gateway_id=post(sent.payload))
    except PostError as error:
        sent, failure = replace(sent, posted_at=now if error.uncertain else None, detail=str(error)), error
    note_posted(connection, sent.payload, posted_at=sent.posted_at, gateway_id=sent.gateway_id, detail=sent.detail)
    return sent, failure


def _until(expires: date | None) -> str:
    return f"until {expires}" if expires else "at any time"


def _row(sent: SentCommand, state: str) -> Mapping[str, object]:
    return {
        "number": sent.number,
        "made_at": sent.made_at.isoformat(timespec="seconds"),
        "command": sent.command,
        "expires": sent.expires.isoformat() if sent.expires else None,
        "bytes": len(sent.payload),
        "credits": credits_for(len(sent.payload)),
        "state": state,
        "payload": sent.payload.hex(),
    }
