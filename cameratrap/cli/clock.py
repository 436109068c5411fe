"""`clock`: what a card's times were told by, and correcting those that a wrong clock told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click

from cameratrap.cli.clock_rows import CORRECTION_COLUMNS, ERA_COLUMNS, SHIFT_COLUMNS, correction_row, era_row, shift_row
from cameratrap.cli.context import Context
from cameratrap.cli.deploy_options import moment
from cameratrap.cli.output import Output, plural, table_options

if TYPE_CHECKING:
    from cameratrap.app.clock_shift import Correction
    from cameratrap.store.card import Card

_OFFSET = re.compile(
    r"(?P<sign>[+-])(?:(?P<days>\d{1,6})d)?(?:(?P<hours>\d{1,6})h)?(?:(?P<minutes>\d{1,7})m)?"
    r"(?:(?P<seconds>\d{1,9}(?:\.\d+)?)s)?"
)


def offset(text: str) -> timedelta:
    """An amount of time with its sign: ``+30d``, ``-1h30m``, ``+12.5s``."""
    match = _OFFSET.fullmatch(text)
    parts = {unit: float(n) for unit, n in match.groupdict().items() if n and unit != "sign"} if match else {}
    if match is None or not parts:
        raise click.BadParameter(f"{text!r} is no amount of time such as +30d, -1h30m or +12.5s.")
    return timedelta(**parts) * (-1 if match["sign"] == "-" else 1)


@click.group()
def clock() -> None:
    """What a card's times were told by, and correcting those that a wrong clock told.

    \b
    cameratrap --data CARD clock show
    cameratrap --data CARD clock shift --auto --dry-run
    """


@clock.command(short_help="Show the card's eras: each setting of its clock, and how wrong it was.")
@click.option("--corrections", is_flag=True, help="Show what was corrected instead.")
@table_options
@click.pass_obj
def show(ctx: Context, out: Output, *, corrections: bool) -> None:
    """Show each era of the card's clock: one setting of it in one boot, with its times as they are now.

    error_s is how far these times are ahead, as far as comparisons with the network's time say; without one that is
    unknown, until `transmit` or `doctor --send` has compared it. What was corrected has corrected_s, by how much it was
    moved, and by which corrections. Nothing is changed. Of a project the corrections are shown: what its cards' clocks
    told, `clock show` says of each card.
    """
    from cameratrap.cli import clock_project

    if clock_project.is_meant(ctx):
        clock_project.show(ctx, out)
        return
    from cameratrap.app.clock_eras import card_eras, with_corrections
    from cameratrap.store.card import open_card
    from cameratrap.store.clock_shifts import shifts
    from cameratrap.store.timed_rows import timed_rows

    with open_card(ctx.data) as card:
        if corrections:
            out.table(CORRECTION_COLUMNS, [correction_row(each) for each in shifts(card.connection)])
            return
        eras = with_corrections(card.connection, card_eras(card.connection, list(timed_rows(card.connection))))
    out.table(ERA_COLUMNS, [era_row(each) for each in eras])


@clock.command(short_help="Correct the times that a wrong clock told.")
@click.option("--auto", is_flag=True, help="What comparisons with the network's time say was set wrong.")
@click.option("--by", "offset", type=offset, metavar="OFFSET", help="Move times by this: +30d, -1h30m, +12.5s.")
@click.option("--shown", type=moment, metavar="TIME", help="What the clock showed (with --true, instead of --by).")
@click.option("--true", "true", type=moment, metavar="TIME", help="What the time was then.")
@click.option("--to-first", "first", type=moment, metavar="TIME", help="When the first picture really was taken.")
@click.option("--deployment", metavar="NAME", help="Of a project: the deployment whose clock was wrong.")
@click.option("--boot", default="", metavar="NAME", help="Only this boot, or this era, as `clock show` names it.")
@click.option("--from", "since", type=moment, metavar="TIME", help="Only what begins at this time or later.")
@click.option("--to", "until", type=moment, metavar="TIME", help="Only what begins before this time.")
@click.option("--all", "everything", is_flag=True, help="The whole card, or the whole deployment.")
@click.option("--undo", type=click.IntRange(1), metavar="N", help="Take correction N back.")
@click.option("--dry-run", is_flag=True, help="Show what would be moved, and where to; change nothing.")
@click.option("--author", metavar="NAME", help="In a project: who says so (default: who is logged in).")
@table_options
@click.pass_obj
def shift(ctx: Context, /, out: Output, *, undo: int | None, dry_run: bool, author: str | None, **asked: Any) -> None:
    """Correct the times that a wrong clock told. Each original is kept: --undo N gives it back.

    Bursts, pictures, counts, hours armed and alerts move together; a span of hours armed that --from or --to lies in
    is cut there, while triggers that were not photographed move by whole hours. The pictures themselves are never
    rewritten: their EXIF keeps the time that was told, which media.csv shows beside the corrected one. Days that were
    sent already are told anew by the next `watch`. What --auto corrects, the trap does by itself; once you undid it,
    only --auto does it again.

    In a project one deployment's clock is corrected, as a row that says who did it; what its card says is kept. Events,
    nights and effort follow.

    \b
    A watch in the first picture said 14:02:30 where the picture says 13:00:00:
      cameratrap --data CARD clock shift --all --shown 2027-03-10T13:00 --true 2027-03-10T14:02:30
      cameratrap --data PROJECT clock shift --deployment ridge-7 --to-first 2027-03-10T14:02:30
    """
    from cameratrap.cli import clock_project

    if clock_project.is_meant(ctx):
        clock_project.shift(ctx, out, asked, undo=undo, dry_run=dry_run, author=author)
        return
    if asked["deployment"] or author:
        raise click.UsageError("--deployment and --author are for a project")
    _check(undo, asked)
    with _opened(ctx, writes=not dry_run) as card:
        if undo is not None:
            _undo(ctx, card, undo, dry_run=dry_run)
            return
        corrections = _wanted(card, asked)
        numbers: Sequence[int | None] = [None] * len(corrections) if dry_run else _carry_out(ctx, card, corrections)
        rows = [shift_row(n, each, card.zone) for n, each in zip(numbers, corrections, strict=True)]
        start = card.deployment.start
    out.table(SHIFT_COLUMNS, rows)
    if not any(each.rows for each in corrections):
        unknown = ": no comparison with the network's time tells of an era that was set wrong; see `clock show`"
        ctx.say(f"there is nothing to move{unknown if asked['auto'] else ''}")
        return
    cuts = sum(each.cuts for each in corrections)
    cut = f", and cut {plural(cuts, 'span')} of hours armed or of a fault at --from or --to" if cuts else ""
    moved = f"{plural(sum(each.count('bursts') for each in corrections), 'burst')}{cut}"
    ctx.say(f"would move {moved}; nothing was changed" if dry_run else f"moved {moved}; `--undo` takes it back")
    _say_start(ctx, start, corrections)


def _say_start(ctx: Context, start: datetime, corrections: Sequence[Correction]) -> None:
    """The record of the deployment keeps what was written at the tree: whoever corrects is told where that was wrong.

    It was written just before the first row, by the same clock.
    """
    for each in corrections:
        if each.span is not None and each.span[0] - timedelta(days=1) <= start <= each.span[1]:
            ctx.say(
                f"deployment.toml still says start = {start.isoformat()}; if the same clock told it, the deployment"
                f" began at {(start + each.offset).isoformat()}"
            )


def _check(undo: int | None, asked: dict[str, Any]) -> None:
    ways = [bool(asked["auto"]), undo is not None, *(asked[name] is not None for name in ("offset", "shown", "first"))]
    if sum(ways) != 1:
        raise click.UsageError("say how: one of --auto, --by, --shown with --true, --to-first, --undo")
    if (asked["shown"] is None) != (asked["true"] is None):
        raise click.UsageError("--shown and --true belong together")
    named = [bool(asked["boot"]), asked["since"] is not None, asked["until"] is not None, asked["everything"]]
    by_hand = undo is None and not asked["auto"]
    if by_hand and not any(named):
        raise click.UsageError("say which: --boot, --from, --to, or --all")
    if not by_hand and any(named):
        raise click.UsageError("--boot, --from, --to and --all go with --by or --shown")
    if asked["everything"] and sum(named) > 1:
        raise click.UsageError("--all goes without --boot, --from and --to")


@contextmanager
def _opened(ctx: Context, *, writes: bool) -> Iterator[Card]:
    from cameratrap.store.card import make_card, open_card, sole_writer

    with open_card(ctx.data) as card:
        if not writes:
            yield card
            return
        deployment = card.deployment
    with sole_writer(ctx.data, "watch"), make_card(ctx.data, deployment) as card:
        yield card


def _wanted(card: Card, asked: dict[str, Any]) -> list[Correction]:
    from cameratrap.app.clock_shift import Selection, by_hand, by_network, selected

    if asked["auto"]:
        return by_network(card.connection)
    since, until = (None if time is None else _aware(time, card.zone) for time in (asked["since"], asked["until"]))
    selection, now = Selection(asked["boot"], since, until), datetime.now(card.zone)
    offset = asked["offset"]
    if asked["first"] is not None:
        shown = selected(card.connection, selection, timedelta(0)).first_picture
        offset = timedelta(0) if shown is None else _aware(asked["first"], card.zone) - shown
    elif offset is None:
        offset = _aware(asked["true"], card.zone) - _aware(asked["shown"], card.zone)
    return [by_hand(card.connection, selection, offset, now)]


def _aware(time: datetime, zone: timezone) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _carry_out(ctx: Context, card: Card, corrections: Sequence[Correction]) -> list[int | None]:
    """The corrections' numbers; one without any row has none."""
    from cameratrap.app.clock_shift import correct
    from cameratrap.app.fold import fold
    from cameratrap.app.plain_tables import write_plain_tables
    from cameratrap.wiring import event_rules

    numbers = iter(correct(card.connection, corrections, datetime.now(card.zone)))
    write_plain_tables(card, fold(card, event_rules(ctx.config)))
    return [next(numbers) if each.rows else None for each in corrections]


def _undo(ctx: Context, card: Card, number: int, *, dry_run: bool) -> None:
    from cameratrap.app.fold import fold
    from cameratrap.app.plain_tables import write_plain_tables
    from cameratrap.store.clock_shifts import check_undoable, undo
    from cameratrap.wiring import event_rules

    if dry_run:
        check_undoable(card.connection, number)
        ctx.say(f"would take correction {number} back; nothing was changed")
        return
    undo(card.connection, number, datetime.now(card.zone))
    write_plain_tables(card, fold(card, event_rules(ctx.config)))
    ctx.say(f"took correction {number} back: every time is what it was before")
