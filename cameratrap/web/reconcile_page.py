"""The comparison of card and satellite as one page to print: no script, nothing to load, for a supplement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import parse_qsl

import cameratrap
from cameratrap.analysis.agreement import Agreement, Agreements, Proportion
from cameratrap.app.fold import Rules
from cameratrap.app.reconcile_totals import sentences
from cameratrap.app.reconciled import Cause, Compared
from cameratrap.domain.taxa import TaxaTable
from cameratrap.web.reconcile_facts import ReconcileFacts, how_chosen, name_or_blank
from cameratrap.web.reconcile_strip import KINDS, MEANINGS, strips
from cameratrap.web.rendering import make_environment

MOST_ROWS = 1000  # differences listed on the page, some thirty pages of paper; the table has all
_QUIET = ({Cause.AGREES}, {Cause.MERGED})


@dataclass(frozen=True, slots=True)
class Matrix:
    """What was taken for what: a line for each name that the model gave, a column for each of the person's."""

    people: tuple[str, ...]
    lines: tuple[tuple[str, tuple[int, ...]], ...]


def reconcile_page(facts: ReconcileFacts, taxa: TaxaTable, *, made_on: date) -> str:
    """The page's HTML. What somebody else wrote in it is harmless."""
    environment = make_environment(taxa)
    environment.filters |= {"share": _share, "span": _span, "signed": _signed, "blank": name_or_blank}
    differing = [row for row in facts.rows if set(row.causes) not in _QUIET]
    return environment.get_template("reconcile.html").render(
        facts=facts,
        made_on=made_on,
        version=cameratrap.__version__,
        only=parse_qsl(facts.selection.to_query()),
        sentences=[*sentences(facts.totals)],
        chosen=[*how_chosen(facts.by_class)],
        strips=strips(facts.rows),
        kinds=[(kind, MEANINGS[kind]) for kind in KINDS],
        causes=[(cause, facts.totals.causes[cause]) for cause in Cause if cause in facts.totals.causes],
        differing=differing[:MOST_ROWS],
        unlisted=max(0, len(differing) - MOST_ROWS),
        rules=[_rules(rules) for rules in (facts.rules_then, facts.rules_now)],
        days=_days(facts.rows),
        tables=[("class", _by_name(facts.by_class)), ("taxon", _by_name(facts.by_taxon))],
        matrices=[("class", _matrix(facts.by_class)), ("taxon", _matrix(facts.by_taxon))],
        made_with=_made_with(facts),
    )


def _by_name(found: Agreements) -> list[tuple[str, list[Agreement]]]:
    return [(name, list(group)) for name, group in groupby(found.rates, key=lambda each: each.name)]


def _matrix(found: Agreements) -> Matrix:
    machines = sorted({machine for machine, _ in found.confusion})
    people = tuple(sorted({person for _, person in found.confusion}))
    return Matrix(
        people,
        tuple((machine, tuple(found.confusion.get((machine, person), 0) for person in people)) for machine in machines),
    )


def _days(rows: Sequence[Compared]) -> tuple[date, date] | None:
    days = [row.day for row in rows]
    return (min(days), max(days)) if days else None


def _made_with(facts: ReconcileFacts) -> list[Mapping[str, object]]:
    """What the traps ran, each different one once, as their cards say."""
    found: dict[str, Mapping[str, object]] = {}
    for each in facts.deployments:
        if each.row.made_with:
            found.setdefault(repr(sorted(each.row.made_with.items())), each.row.made_with)
    return list(found.values())


def _rules(rules: Rules) -> str:
    minutes, since = rules.interval / timedelta(minutes=1), rules.rule.value.replace("-", " ")
    return f"{minutes:g} minutes have passed since its {since}"


def _share(share: Proportion) -> str:
    """A proportion as a percentage, of how many; nothing where there were none."""
    return "\N{EN DASH}" if share.value is None else f"{100 * share.value:.0f} %"


def _span(share: Proportion) -> list[float]:
    """The interval's two ends and the value, in percent, to be drawn."""
    low, high = share.interval or (0.0, 0.0)
    return [round(100 * part, 2) for part in (low, high, share.value or 0.0)]


def _signed(value: float | None) -> str:
    """A difference with its sign, a minus as printers have it."""
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:+d}" if isinstance(value, int) else f"{value:+.2f}"
    return "0" if not value else text.replace("-", "\N{MINUS SIGN}")
