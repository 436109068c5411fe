"""`key`: the trap's key made, shown, handed to the receiver. It is never printed: what is shown is a fingerprint."""

from __future__ import annotations

from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.key_picture import picture_key
from cameratrap.cli.key_receiver import accept_message, import_key, list_keys, revoke_key
from cameratrap.cli.output import Output, plural, table_options

if TYPE_CHECKING:
    from cameratrap.store.keys import KeyFile
    from cameratrap.store.seal_counter import SealState

FILE_COLUMNS = ("file", "fingerprint")
STATE_COLUMNS = ("file", "fingerprint", "key_id", "epoch", "next_counter", "why", "only_owner_reads")
DIFFERENT = "the database and the file beside the key differ, or were copied back: the next message begins a new epoch"


@click.group()
def key() -> None:
    """The key that seals a trap's messages, so that nobody else can read or forge them.

    \b
    At the trap:      cameratrap --data CARD key new
                      cameratrap --data CARD key export ridge-1.key
    At the receiver:  cameratrap --data DIR key import ridge-1.key --station ridge-1
    """


for _command in (import_key, list_keys, revoke_key, accept_message, picture_key):
    key.add_command(_command)


@key.command(short_help="Make the trap's key.")
@click.option("--dry-run", is_flag=True, help="Say where it would be kept; write nothing.")
@table_options
@click.pass_obj
def new(ctx: Context, out: Output, *, dry_run: bool) -> None:
    """Make the key of the trap whose card is at --data CARD. One that is there is never written over.

    Days that wait to be sent are sealed anew with it, so that `watch` must not be running.
    """
    from cameratrap.store.card import RECORD, sole_writer
    from cameratrap.store.keys import check_free, key_path, new_key, write_key

    path = key_path(ctx.config.seal.key_file, ctx.data)
    check_free(path)
    if dry_run:
        ctx.say(f"would make a key in {path}")
        return
    has_card = (ctx.data / RECORD).is_file()
    with sole_writer(ctx.data, "watch") if has_card else nullcontext():
        made = write_key(path, new_key(), datetime.now(UTC))
        out.table(FILE_COLUMNS, [_file_row(made)])
        ctx.say("messages are sealed from now on; the receiver needs a copy of the key: `cameratrap key export FILE`")
        _warn(made)
        if has_card:
            _seal_waiting(ctx)


@key.command(short_help="Show how far the trap's key has been used.")
@table_options
@click.pass_obj
def show(ctx: Context, out: Output) -> None:
    """Show the trap's key by its fingerprint, and the number that the next message will be sealed under."""
    kept = _own_key(ctx)
    state, why = _state(ctx, kept)
    row = {
        **_file_row(kept),
        "key_id": state.key_id if state else None,
        "epoch": state.epoch.hex() if state else None,
        "next_counter": state.next_counter if state else None,
        "why": why,
        "only_owner_reads": not kept.is_exposed,
    }
    out.table(STATE_COLUMNS, [row])
    _warn(kept)


@key.command(short_help="Copy the trap's key for the receiver.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Say what would be copied; write nothing.")
@table_options
@click.pass_obj
def export(ctx: Context, out: Output, file: Path, *, dry_run: bool) -> None:
    """Copy the trap's key to a new FILE that only its owner can read. Carry it to the receiver; send it nowhere."""
    from cameratrap.store.keys import check_free, write_key

    kept = _own_key(ctx)
    check_free(file)
    if dry_run:
        ctx.say(f"would copy the key {kept.key.fingerprint} to {file}")
        return
    copy = write_key(file, kept.key, datetime.now(UTC))
    out.table(FILE_COLUMNS, [_file_row(copy)])
    ctx.say(f"at the receiver: `cameratrap --data DIR key import {file.name} --station NAME`; then remove {file}")
    _warn(copy)


@key.command(short_help="Begin a new epoch, after an image of the card was written back.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.pass_obj
def renew(ctx: Context, *, dry_run: bool) -> None:
    """Begin a new epoch by hand.

    A trap begins one by itself where its card was swapped, or its database or the whole folder restored from a copy of
    the files. What it cannot see is an image of the whole card (`dd`, a snapshot) that was written back: it would seal
    under numbers that were used.
    """
    from cameratrap.store.card import DATABASE
    from cameratrap.store.connection import open_store
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.seal_counter import SealCounter

    kept = _own_key(ctx)
    if dry_run:
        ctx.say(f"would begin a new epoch of the key {kept.key.fingerprint}")
        return
    with closing(open_store(ctx.data / DATABASE, CARD_MIGRATIONS, create=False)) as connection:
        number = SealCounter(kept, connection).renew()
    ctx.say(f"the next message begins a new epoch: {number}")


def _seal_waiting(ctx: Context) -> None:
    """Seal what waits in the outbox. Raises CameraTrapError where a day of it cannot be."""
    from cameratrap.app.close_day import ClosingFailed, seal_anew
    from cameratrap.app.sealed_otherwise import summaries_sealed_otherwise
    from cameratrap.store.card import make_card, open_card
    from cameratrap.wiring import closing_rules

    with open_card(ctx.data) as card:
        deployment = card.deployment
    with make_card(ctx.data, deployment) as card:
        rules = closing_rules(ctx.on_card.config, ctx.taxa(), card)
        waiting = len(summaries_sealed_otherwise(card.connection, rules.opener))
        for outcome in seal_anew(card, rules, datetime.now(card.zone)):
            if isinstance(outcome, ClosingFailed):
                raise outcome.error
        left = len(summaries_sealed_otherwise(card.connection, rules.opener))
    if not waiting:
        return
    ctx.say(f"{plural(waiting - left, 'summary', 'summaries')} that waited to be sent sealed anew")
    if left:
        click.echo(
            f"warning: {plural(left, 'summary', 'summaries')} cannot be made anew and stay as they are", err=True
        )


def _own_key(ctx: Context) -> KeyFile:
    from cameratrap.store.keys import key_path, read_key

    return read_key(key_path(ctx.config.seal.key_file, ctx.data))


def _state(ctx: Context, kept: KeyFile) -> tuple[SealState | None, str]:
    """How far the key has been used on the card, and why its epoch was begun."""
    from cameratrap.store.card import DATABASE
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.reading import open_for_reading
    from cameratrap.store.seal_counter import counter_path, read_counter_file, stored_state, why_begun

    fingerprint = kept.key.fingerprint
    filed = read_counter_file(counter_path(kept.path), fingerprint)
    if not (ctx.data / DATABASE).is_file():
        return filed, "not used on this card yet"
    with open_for_reading(ctx.data / DATABASE, CARD_MIGRATIONS) as connection:
        stored = stored_state(connection, fingerprint)
        if stored is None and filed is None:
            return None, "not used yet"
        return (stored, why_begun(connection, fingerprint)) if stored == filed else (stored, DIFFERENT)


def _file_row(kept: KeyFile) -> dict[str, object]:
    return {"file": str(kept.path), "fingerprint": kept.key.fingerprint}


def _warn(kept: KeyFile) -> None:
    if kept.is_exposed:
        click.echo(f"warning: others can read {kept.path}: `chmod 600` it, if its file system can", err=True)
