"""The tables of `reconcile`, as rows of plain cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cameratrap.analysis.agreement import NOTHING, Agreement, Agreements, Proportion
from cameratrap.app.reconcile_totals import Totals
from cameratrap.app.reconciled import Compared, Counted
from cameratrap.cli.definitions import shown
from cameratrap.cli.output import Form
from cameratrap.web.reconcile_facts import name_or_blank

Row = Mapping[str, object]
_SIDES = ("sent", "card_machine", "card_now", "difference")
DAYS = ("station", "day", "taxon", "message", *(f"{s}_{n}" for s in _SIDES for n in ("events", "individuals")), "why")
_TOTALLED = ("sent", "card_machine", "card_now", "not_received")
TOTALS = ("taxon", *(f"{side}_{name}" for side in _TOTALLED for name in ("events", "individuals")))
_SHARES = ("precision", "recall", "exact_count", "within_one")
ERRORS = (
    *("by", "name", "light", "both", "machine_only", "person_only"),
    *(f"{share}{part}" for share in _SHARES for part in ("", "_low", "_high")),
    "mean_count_error",
)
CONFUSION = ("by", "machine", "person", "sequences")


def day_row(row: Compared, form: Form) -> Row:
    """One comparison; several causes are a list in JSON, else one text."""
    causes = [cause.value for cause in row.causes]
    return {
        "station": row.station,
        "day": row.day.isoformat(),
        "taxon": row.taxon,
        "message": row.message.value,
        **_counted("sent", row.sent),
        **_counted("card_machine", row.machine),
        **_counted("card_now", row.card),
        **_counted("difference", row.difference),
        "why": causes if form == "json" else ", ".join(causes),
    }


def total_rows(found: Totals) -> Iterator[Row]:
    """A row a taxon, and one of all."""
    for each in (*found.taxa, found.all_taxa):
        sides = zip(_TOTALLED, (each.sent, each.machine, each.card, each.not_received), strict=True)
        yield {
            "taxon": each.taxon,
            **{key: cell for side, count in sides for key, cell in _counted(side, count).items()},
        }


def error_rows(by: str, found: Agreements, form: Form) -> Iterator[Row]:
    """A row for each class or taxon and light. A blank has no count that could be wrong."""
    for each in found.rates:
        is_blank = each.name == NOTHING
        counts: Mapping[str, Proportion | None] = {
            "precision": each.precision,
            "recall": each.recall,
            "exact_count": None if is_blank else each.exact,
            "within_one": None if is_blank else each.within(1),
        }
        yield {
            "by": by,
            "name": name_or_blank(each.name),
            "light": each.light,
            **_met(each),
            **{key: cell for name, share in counts.items() for key, cell in _share(name, share, form).items()},
            "mean_count_error": None if is_blank else shown(each.mean_error, form),
        }


def confusion_rows(by: str, found: Agreements) -> Iterable[Row]:
    """What the model said against what a person says."""
    for (machine, person), sequences in sorted(found.confusion.items()):
        yield {"by": by, "machine": name_or_blank(machine), "person": name_or_blank(person), "sequences": sequences}


def _counted(name: str, count: Counted | None) -> Row:
    events, individuals = (None, None) if count is None else (count.events, count.individuals)
    return {f"{name}_events": events, f"{name}_individuals": individuals}


def _met(each: Agreement) -> Row:
    return {"both": each.both, "machine_only": each.machine_only, "person_only": each.person_only}


def _share(name: str, share: Proportion | None, form: Form) -> Row:
    low, high = (None, None) if share is None or share.interval is None else share.interval
    value = None if share is None else share.value
    return {name: shown(value, form), f"{name}_low": shown(low, form), f"{name}_high": shown(high, form)}
