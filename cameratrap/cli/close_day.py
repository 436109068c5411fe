"""`close-day`: close the days that are over where `watch` is not running to do it."""

from __future__ import annotations

from datetime import datetime

import click

from cameratrap.app.close_day import ClosingFailed, Outcome, close_due_days, due_days
from cameratrap.app.fold import fold
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.cli.watch_report import progress_line
from cameratrap.store.card import Deployment, InUseError, make_card, open_card, sole_writer
from cameratrap.wiring import closing_rules


@click.command("close-day", short_help="Close the days that are over.")
@click.option("--dry-run", is_flag=True, help="Say which days would be closed; write nothing.")
@click.pass_obj
def close_day(ctx: Context, *, dry_run: bool) -> int:
    """Close the days that are over on the card at --data CARD, and put their messages into the outbox.

    `watch` and `wake` do so themselves: this is for a trap whose service is down, and after `deploy --end`, when the
    last day is closed too. Where `watch` runs it leaves the card alone. Run twice it changes nothing.

    Exit status 1 where a day could not be closed; the others are.
    """
    with open_card(ctx.data) as card:
        deployment = card.deployment
        if dry_run:
            rules = closing_rules(ctx.on_card.config, ctx.taxa())
            days = due_days(card, rules, datetime.now(card.zone), everything=deployment.end is not None)
            ctx.say(f"would close {', '.join(map(str, days))}" if days else "no day is to be closed")
            return 0
    try:
        with sole_writer(ctx.data, "watch"):
            outcomes = _close(ctx, deployment)
    except InUseError:
        ctx.say("`watch` runs on this card and closes the days itself")
        return 0
    for outcome in outcomes:
        failed = isinstance(outcome, ClosingFailed)
        if failed:
            click.echo(progress_line(outcome), err=True)
        else:
            ctx.say(progress_line(outcome))
    failures = sum(isinstance(outcome, ClosingFailed) for outcome in outcomes)
    ctx.say(f"{plural(len(outcomes) - failures, 'change')}" if outcomes else "no day is to be closed")
    return 1 if failures else 0


def _close(ctx: Context, deployment: Deployment) -> list[Outcome]:
    with make_card(ctx.data, deployment) as card:
        rules = closing_rules(ctx.on_card.config, ctx.taxa(), card)
        now = datetime.now(card.zone)
        outcomes = close_due_days(card, rules, now, everything=deployment.end is not None)
        if outcomes:
            write_plain_tables(card, fold(card, rules.rules))
        return outcomes
