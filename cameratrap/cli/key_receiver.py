"""`key import`, `list`, `revoke` and `accept`: which keys the receiver trusts, and since when it does not."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.refusals import say_refused
from cameratrap.errors import StoreError
from cameratrap.store.refused import REFUSED_FOLDER, RefusedLog

if TYPE_CHECKING:
    from cameratrap.app.seals import SealBook
    from cameratrap.store.inbox import Inbox
    from cameratrap.store.keys import KeyFile
    from cameratrap.store.trust import Revocation, Word

KEPT_COLUMNS = ("station", "fingerprint", "file")
LIST_COLUMNS = ("station", "fingerprint", "kept_at", "key_id", "epoch", "counter", "revoked")
WORD_COLUMNS = ("station", "fingerprint", "key_id", "epoch", "counter", "by", "at", "why")

_AFTER = "The last counter that is believed, also of a message that is late. Against a thief, --now is safer."


def _name(text: str) -> str:
    if not (text.strip() and text.isprintable()):
        raise click.BadParameter("this must be text that can be printed")
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user that has no name on this machine
        return "somebody"


_by = click.option("--by", metavar="NAME", type=_name, default=_user, help="Who says so (default: you).")
_why = click.option("--why", metavar="TEXT", type=_name, required=True, help="The reason, kept beside it.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")


@click.command("import", short_help="Keep a trap's key at the receiver.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--station", metavar="NAME", type=_name, required=True, help="Whose key it is.")
@_dry_run
@table_options
@click.pass_obj
def import_key(ctx: Context, out: Output, file: Path, station: str, *, dry_run: bool) -> None:
    """Keep the key that `key export` wrote, in the receiver's folder at --data DIR. Sealed messages that came before
    are read from now on. A message of the station that comes unsealed from now on is quarantined: anybody could have
    written it.
    """
    from cameratrap.store.keys import read_key
    from cameratrap.store.receiver_keys import find_receiver_key, keep_receiver_key

    given = read_key(file)
    if given.is_exposed:
        click.echo(f"warning: others can read {file}: remove it when the key is in", err=True)
    if dry_run:
        known = find_receiver_key(ctx.data, given.key, station)
        ctx.say(f"{'has' if known else 'would keep'} the key {given.key.fingerprint} of station {station}")
        return
    kept = keep_receiver_key(ctx.data, given.key, station, datetime.now(UTC))
    out.table(KEPT_COLUMNS, [{"station": station, "fingerprint": kept.key.fingerprint, "file": str(kept.path)}])
    ctx.say(f"messages of {station} that come unsealed from now on are quarantined; remove {file}, the key is kept")
    stations = ctx.config.ground.stations
    if station not in stations.values() and (stations or not station.isdigit()):
        ctx.say(f"no modem is that of {station} yet: name it in `ground.stations`, or its messages are not opened")


@click.command("list", short_help="List the stations' keys.")
@table_options
@click.pass_obj
def list_keys(ctx: Context, out: Output) -> None:
    """List the keys at the receiver, each with the newest epoch and the highest counter that messages came under."""
    from cameratrap.store.receiver_keys import receiver_keys

    keys = receiver_keys(ctx.data)
    with _inbox(ctx) as inbox:
        book = _book(ctx, inbox, keys)
        out.table(LIST_COLUMNS, [_list_row(book, each) for each in keys])
    say_refused(RefusedLog(ctx.data / REFUSED_FOLDER))
    for each in keys:
        if each.is_exposed:
            click.echo(f"warning: others can read {each.path}: `chmod 600` it", err=True)


def _list_row(book: SealBook, kept: KeyFile) -> dict[str, object]:
    epochs = book.epochs(kept.key.fingerprint)
    newest = epochs[-1] if epochs else None
    revoked = book.revocations(kept.key.fingerprint)
    return {
        "station": kept.station,
        "fingerprint": kept.key.fingerprint,
        "kept_at": kept.kept_at.isoformat(timespec="seconds"),
        "key_id": newest.number.key_id if newest else None,
        "epoch": newest.number.epoch.hex() if newest else None,
        "counter": newest.highest if newest else None,
        "revoked": "; ".join(_in_words(each) for each in revoked) or None,
    }


def _in_words(revoked: Revocation) -> str:
    since = "all that comes later"
    if revoked.epoch is not None:
        since = f"after counter {revoked.counter} of epoch {revoked.epoch.hex()}"
    return f"{since}, on {revoked.word.at:%Y-%m-%d} by {revoked.word.by}: {revoked.word.why}"


@click.command("revoke", short_help="Stop believing a key, from a counter on.")
@click.argument("station")
@click.option("--after", type=click.IntRange(0, 65535), metavar="COUNTER", help=_AFTER)
@click.option("--now", "at_once", is_flag=True, help="Believe what has arrived, and nothing that arrives later.")
@click.option("--epoch", metavar="HEX", help="The epoch that the counter is of (default: the newest).")
@click.option("--key", "fingerprint", metavar="FINGERPRINT", help="Which key, where the station has several.")
@_by
@_why
@_dry_run
@table_options
@click.pass_obj
def revoke_key(
    ctx: Context,
    out: Output,
    station: str,
    after: int | None,
    epoch: str | None,
    fingerprint: str | None,
    by: str,
    why: str,
    *,
    at_once: bool,
    dry_run: bool,
) -> None:
    """Stop believing STATION's key: its trap, or a copy of its card, is in somebody else's hands.

    With --now, all that arrives from now on is quarantined. With --after, what was sealed after the counter, or in an
    epoch begun later, also what has arrived already; what is late is believed then, and whoever holds the key can fill
    each number up to the counter that nothing has come under.

    Nothing is removed, and a revocation is never taken back: give the trap a new key, and accept single messages by
    `accept`.
    """
    from cameratrap.app.revoke import key_of_station, revocation
    from cameratrap.store.receiver_keys import receiver_keys
    from cameratrap.store.trust import Word, revoke

    if at_once is (after is not None):
        raise click.UsageError("say from when: --after COUNTER, or --now")
    if at_once and epoch:
        raise click.UsageError("--epoch is that of --after COUNTER")
    keys = receiver_keys(ctx.data)
    meant = key_of_station(keys, station, fingerprint)
    word = Word(by, datetime.now(UTC), why)
    with _inbox(ctx, writing=not dry_run) as inbox:
        newest = inbox.newest()
        said = revocation(_book(ctx, inbox, keys), meant, word, after=after, epoch=epoch, newest_message=newest)
        if not dry_run:
            revoke(inbox.connection, said)
    out.table(WORD_COLUMNS, [_word_row(said)])
    ctx.say("the key would be revoked" if dry_run else "the key is revoked; give the trap a new one")


def _word_row(said: Revocation) -> dict[str, object]:
    word: Word = said.word
    return {
        "station": said.station,
        "fingerprint": said.fingerprint,
        "key_id": said.key_id,
        "epoch": said.epoch.hex() if said.epoch is not None else None,
        "counter": said.counter,
        "by": word.by,
        "at": word.at.isoformat(timespec="seconds"),
        "why": word.why,
    }


@click.command("accept", short_help="Vouch for a quarantined message.")
@click.argument("station")
@click.argument("payload")
@_by
@_why
@_dry_run
@click.pass_obj
def accept_message(ctx: Context, station: str, payload: str, by: str, why: str, *, dry_run: bool) -> None:
    """Vouch for the message of STATION whose PAYLOAD is quarantined for its seal, however often it came.

    PAYLOAD is hex; its first 12 digits are enough where no other begins with them.
    """
    from cameratrap.app.receive import read_message
    from cameratrap.app.revoke import doubted
    from cameratrap.cli.inbox import day_of, in_words
    from cameratrap.store.receiver_keys import receiver_keys
    from cameratrap.store.trust import Word, accept

    with _inbox(ctx, writing=not dry_run) as inbox:
        book = _book(ctx, inbox, receiver_keys(ctx.data))
        stored, verdict = doubted(book, station, payload)
        if not dry_run:
            accept(inbox.connection, stored.id, Word(by, datetime.now(UTC), why))
    reading = read_message(
        stored.message,
        ctx.taxa(),
        ctx.config.ground.stations,
        received_at=stored.received_at,
        station=station,
        verdict=replace(verdict, doubt=""),
    )
    told = f"{day_of(reading) or 'no day'}, {in_words(reading)}"
    what = f"the message of {stored.received_at:%Y-%m-%d} that was quarantined ({verdict.doubt}); it tells of {told}"
    ctx.say(f"would accept {what}" if dry_run else f"accepted {what}")


def _book(ctx: Context, inbox: Inbox, keys: list[KeyFile]) -> SealBook:
    from cameratrap.app.receive import open_seals

    return open_seals(inbox, ctx.config.ground.stations, keys)


@contextmanager
def _inbox(ctx: Context, *, writing: bool = False) -> Iterator[Inbox]:
    """The receiver's inbox; to look at where there is none yet, an empty one. Raises StoreError."""
    from cameratrap.store.connection import open_store
    from cameratrap.store.inbox import INBOX_FILE, Inbox
    from cameratrap.store.migrations import INBOX_MIGRATIONS
    from cameratrap.store.reading import open_for_reading
    from cameratrap.store.trials import empty_store

    path = ctx.data / INBOX_FILE
    if not ctx.data.is_dir():
        raise StoreError(f"there is no folder {ctx.data}", hint="name the receiver's folder with --data DIR")
    if writing:
        with closing(open_store(path, INBOX_MIGRATIONS, create=True)) as connection:
            yield Inbox(connection)
    else:
        store = open_for_reading(path, INBOX_MIGRATIONS) if path.is_file() else empty_store(INBOX_MIGRATIONS)
        with store as connection:
            yield Inbox(connection)
