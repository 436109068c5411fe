"""All that `reconcile` has reckoned, for its tables and its page; needs no more than the base installation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cameratrap.analysis.agreement import NOTHING, NOTHING_ELSE, Agreements
from cameratrap.app.fold import Rules
from cameratrap.app.reconcile_totals import Totals
from cameratrap.app.reconciled import Compared
from cameratrap.domain.selection import Selection
from cameratrap.store.project_read import StoredDeployment

BLANK = "blank"


@dataclass(frozen=True, slots=True)
class ReconcileFacts:
    """``by_class`` and ``by_taxon`` are of the sequences that a person has verified; ``models`` are (name, sha256).

    ``selection`` is what was asked for, ``notes`` what of it cannot be compared.
    """

    rows: Sequence[Compared]
    totals: Totals
    by_class: Agreements
    by_taxon: Agreements
    deployments: Sequence[StoredDeployment]
    models: Sequence[tuple[str, str | None]]
    rules_then: Rules
    rules_now: Rules
    selection: Selection
    notes: Sequence[str]


def how_chosen(found: Agreements) -> Iterator[str]:
    """What share of the sequences is verified, and what that means for the models' errors; ``found`` is by class."""
    whole = found.all_verified
    if not whole.count:
        yield "No sequence that a model has looked at is verified by a person: of the models' errors nothing is known."
        return
    if whole.count == whole.of:
        yield f"All {whole.of} sequences that a model has looked at are verified by a person."
    else:
        called = ", ".join(f"{each.count} of {each.of} {name or BLANK}" for name, each in found.share.items())
        yield (
            f"A person has verified {whole.count} of the {whole.of} sequences that a model has looked at"
            f" ({whole.count / whole.of:.1%}); by what the model called them, {called}."
        )
        yield (
            "How these were chosen is not recorded as a random sample: where what the model said decided what a person"
            " looked at, precision and recall are biased."
        )
    if found.without_truth:
        yield f"{found.without_truth} that a person calls unknown are in no rate."


def name_or_blank(name: str) -> str:
    """As a table names it."""
    return {NOTHING: BLANK, NOTHING_ELSE: "nothing else"}.get(name, name)
