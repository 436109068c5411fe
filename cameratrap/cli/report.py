"""`report`: one HTML file of a project or a card, to mail to a colleague."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from cameratrap.analysis.effort import EffortDefinition
from cameratrap.cli.context import Context
from cameratrap.cli.definitions import definition_line, definition_option, independence_line
from cameratrap.cli.extras import needs_review
from cameratrap.cli.filters import selection_options_but
from cameratrap.cli.params import Number
from cameratrap.cli.study import OF_EVENTS_ALONE, open_study
from cameratrap.cli.tables import rule_options
from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError

_FORMS = frozenset({".html", ".htm"})
_MEGABYTE = 1_000_000


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The .html file.")
@click.option(
    "--title", default="", help="What it is called (default: the title of project.toml, else the folder's name)."
)
@click.option(
    "--positions",
    type=click.Choice(["protected", "exact", "coarse", "none"]),
    default="protected",
    show_default=True,
    help="To a tenth of a degree where a sensitive taxon was seen, as measured, to a tenth everywhere, or left out.",
)
@click.option("--people", is_flag=True, help="Also show pictures of people and vehicles.")
@click.option(
    "--most-mb", type=Number(0.1, 100), default=5, show_default=True, metavar="MB", help="How large it may become."
)
@definition_option
@rule_options
@selection_options_but(*OF_EVENTS_ALONE)
@click.pass_obj
def report(
    ctx: Context,
    output: Path,
    title: str,
    positions: str,
    selection: Selection,
    definition: EffortDefinition,
    most_mb: float,
    interval: float | None,
    rule: str | None,
    *,
    people: bool,
) -> None:
    """One file that tells a colleague what a study, or one deployment of it, has found.

    Where cameras stood and for how long they could see, what was seen and how often, when in the day, the best picture
    of each animal, how the traps did, and by which definitions. It needs nothing but itself: no script, no network; it
    opens from a mail and prints on A4. Pictures in which people or vehicles were seen, or may be, are left out. Use as:

    \b
    cameratrap --data PROJECT report --output report.html
    cameratrap --data PROJECT report --station ridge --positions none --output ridge.html
    """
    needs_review("jinja2", "matplotlib", "numpy")
    from cameratrap.store.project import Project
    from cameratrap.web.report import report as written
    from cameratrap.web.report_asked import Asked
    from cameratrap.wiring import event_rules

    _check(output)
    rules = event_rules(ctx.config, interval_minutes=interval, rule=rule)
    asked = Asked(selection, rules, definition, positions, title.strip(), people, round(most_mb * _MEGABYTE))  # type: ignore[arg-type]
    with open_study(ctx, selection, definition) as study:
        page = written(Project(ctx.data, study.connection), ctx.taxa(), asked, now=datetime.now().astimezone()).encode()
    _write(output, page)
    ctx.say(f"{definition_line(definition)}; {independence_line(rules.interval, rules.rule)}")
    ctx.say(f"wrote {output}, {len(page) / _MEGABYTE:.1f} MB")


def _check(output: Path) -> None:
    """A report goes over an old one, never over a picture or an index that a slip of the shell has named."""
    if output.suffix.lower() not in _FORMS:
        raise UsageError(f"{output} is not named as a page", hint="name a file that ends in .html")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}", hint="make it first, or name another file")


def _write(output: Path, page: bytes) -> None:
    from cameratrap.store.durable import write_durably

    try:
        write_durably(output, page)
    except OSError as error:
        raise UsageError(f"cannot write to {output}", why=error.strerror or str(error)) from error
