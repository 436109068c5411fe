"""`reconcile`: the card against the satellite, day by day and taxon by taxon, and how well models agree with people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.definitions import independence_line
from cameratrap.cli.filters import selection_options_but
from cameratrap.cli.output import Form, Output, plural, table_options
from cameratrap.cli.tables import rule_options
from cameratrap.domain.selection import Selection

if TYPE_CHECKING:
    from cameratrap.web.reconcile_facts import ReconcileFacts

_OF_EVENTS = ("min_score", "max_score", "light", "states", "is_blank", "is_flagged")
_SHOWN = ("days", "totals", "errors", "confusion")


@click.command("reconcile")
@click.option(
    "--inbox",
    "inbox_folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="The receiver's folder.",
)
@click.option(
    "--show",
    type=click.Choice(_SHOWN),
    default=_SHOWN[0],
    show_default=True,
    help="Each day and taxon; sums by taxon; the models' errors by class, taxon and light; or what was taken for what.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Also write all of it as one page to print.",
)
@rule_options
@selection_options_but(*_OF_EVENTS)
@table_options
@click.pass_obj
def reconcile_command(
    ctx: Context,
    out: Output,
    selection: Selection,
    inbox_folder: Path,
    show: str,
    page: Path | None,
    interval: float | None,
    rule: str | None,
) -> None:
    """Compare what the satellite told with what the card says now, and say why they differ.

    A difference is followed from the message to the card in steps: what the card said when the message was composed,
    what a model said later, a corrected clock, the rule of independence, what a person said. Each step at which the
    number changes is named. The interval and rule of the trap are the configuration's; --interval and --rule are
    those to reckon by now. Errors of the models are from the sequences that a person has verified.
    Use as: cameratrap --data DIR reconcile --inbox RECEIVER, where DIR is a project of many cards or one card.
    """
    from cameratrap.cli.reconcile_study import received_of, reconciled
    from cameratrap.wiring import event_rules

    if page is not None:
        _check_page(page)
    rules = event_rules(ctx.config), event_rules(ctx.config, interval_minutes=interval, rule=rule)
    found = reconciled(ctx, selection, received_of(ctx, inbox_folder), *rules)
    _table(out, show, found)
    _say(ctx, found)
    if page is not None:
        _write_page(ctx, page, found)


def _check_page(page: Path) -> None:
    """Before anything is reckoned. Raises UsageError."""
    from cameratrap.cli.extras import needs_review
    from cameratrap.errors import UsageError

    needs_review("jinja2")
    if page.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{page} is no name of a page", hint="name a file that ends in .html")


def _table(out: Output, show: str, found: ReconcileFacts) -> None:
    from cameratrap.cli import reconcile_rows as rows

    both = (("class", found.by_class), ("taxon", found.by_taxon))
    form: Form = out.form
    tables: dict[str, Callable[[], tuple[Sequence[str], Iterable[rows.Row]]]] = {
        "days": lambda: (rows.DAYS, (rows.day_row(row, form) for row in found.rows)),
        "totals": lambda: (rows.TOTALS, rows.total_rows(found.totals)),
        "errors": lambda: (rows.ERRORS, (row for by, each in both for row in rows.error_rows(by, each, form))),
        "confusion": lambda: (rows.CONFUSION, (row for by, each in both for row in rows.confusion_rows(by, each))),
    }
    out.table(*tables[show]())


def _say(ctx: Context, found: ReconcileFacts) -> None:
    from cameratrap.app.reconcile_totals import sentences
    from cameratrap.web.reconcile_facts import how_chosen

    for sentence in (*found.notes, *sentences(found.totals), *how_chosen(found.by_class)):
        ctx.say(sentence)
    then, now = (independence_line(rules.interval, rules.rule) for rules in (found.rules_then, found.rules_now))
    ctx.say(now if then == now else f"{now}; the trap's: {then.removeprefix('independence: ')}")


def _write_page(ctx: Context, path: Path, found: ReconcileFacts) -> None:
    from cameratrap.errors import UsageError
    from cameratrap.web.reconcile_page import reconcile_page

    text = reconcile_page(found, ctx.taxa(), made_on=datetime.now(UTC).date())
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"cannot write to {path}", why=error.strerror or str(error)) from error
    ctx.say(f"wrote {path}, {plural(len(found.rows), 'comparison')}")
