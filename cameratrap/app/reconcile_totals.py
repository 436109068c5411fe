"""What a comparison comes to: by taxon, by cause, and in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cameratrap.app.reconciled import NOTHING, Cause, Compared, Counted
from cameratrap.app.sent_days import MessageFate
from cameratrap.domain.tallies import OTHERS

_FATES = {
    MessageFate.SENT: "sent by the card and lost",
    MessageFate.QUEUED: "waiting on the card",
    MessageFate.GONE: "given up by the card",
    MessageFate.NONE: "without a message",
    MessageFate.UNKNOWN: "of which no card says what became of them",
}
# Causes of which a row has no difference that could be reckoned, or none at all.
_BESIDE = (Cause.AGREES, Cause.LOST_MESSAGE, Cause.NOT_SENT, Cause.NOT_ON_CARD, Cause.MERGED)


@dataclass(frozen=True, slots=True)
class TaxonTotal:
    """A taxon over the days that were received and are on a card; ``not_received`` is what the card says of the rest,
    of which nothing is known that was sent.

    Of the bucket of others only ``sent`` is told, of the taxa in it all but that: the columns add up.
    """

    taxon: str
    sent: Counted = NOTHING
    machine: Counted = NOTHING
    card: Counted = NOTHING
    not_received: Counted = NOTHING

    def __add__(self, other: TaxonTotal) -> TaxonTotal:
        return TaxonTotal(
            self.taxon,
            self.sent + other.sent,
            self.machine + other.machine,
            self.card + other.card,
            self.not_received + other.not_received,
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a comparison. ``days`` are station-days by what became of their message; ``causes`` counts rows.

    ``not_on_card`` is what the messages told of days that no card has: it is in no taxon's total.
    """

    taxa: tuple[TaxonTotal, ...]
    all_taxa: TaxonTotal
    days: Mapping[MessageFate, int]
    causes: Mapping[Cause, int]
    rows: int
    rows_received: int
    not_on_card: Counted = NOTHING

    @property
    def agreeing(self) -> int:
        """The rows in which card and message say the same."""
        return self.causes.get(Cause.AGREES, 0)


def totals(rows: Sequence[Compared]) -> Totals:
    """Add up a comparison's rows."""
    by_taxon: dict[str, TaxonTotal] = {}
    for row in rows:
        if row.taxon:
            by_taxon[row.taxon] = by_taxon.get(row.taxon, TaxonTotal(row.taxon)) + _total(row)
    days: dict[tuple[str, date], MessageFate] = {(row.station, row.day): row.message for row in rows}
    return Totals(
        taxa=tuple(by_taxon[taxon] for taxon in sorted(by_taxon, key=lambda name: (name == OTHERS, name))),
        all_taxa=sum(by_taxon.values(), TaxonTotal("all")),
        days=Counter(days.values()),
        causes=Counter(cause for row in rows for cause in row.causes),
        rows=len(rows),
        rows_received=sum(row.difference is not None for row in rows),
        not_on_card=sum((row.sent or NOTHING for row in rows if row.causes == (Cause.NOT_ON_CARD,)), NOTHING),
    )


def _total(row: Compared) -> TaxonTotal:
    if row.causes == (Cause.NOT_ON_CARD,):
        return TaxonTotal(row.taxon)
    if row.sent is None and row.causes != (Cause.MERGED,):
        return TaxonTotal(row.taxon, not_received=row.card or NOTHING)
    return TaxonTotal(row.taxon, row.sent or NOTHING, row.machine or NOTHING, row.card or NOTHING)


def sentences(found: Totals) -> Iterable[str]:
    """The same in plain words."""
    whole, received = sum(found.days.values()), found.days.get(MessageFate.RECEIVED, 0)
    yield f"Received: {received} of {whole} station-days{_fates(found.days)}."
    if found.rows_received:
        yield from _received(found)
    if found.not_on_card != NOTHING:
        yield f"Of days that no card here has, the messages told {_words(found.not_on_card)}."
    if found.all_taxa.not_received != NOTHING:
        yield f"Of what was not received, the card says {_words(found.all_taxa.not_received)}."


def _received(found: Totals) -> Iterable[str]:
    yield f"Agreeing: {found.agreeing} of {found.rows_received} comparisons{_causes(found.causes)}."
    every = found.all_taxa
    yield (
        f"On the days that were received and are on a card, the messages told {_words(every.sent)}; the models' words"
        f" there say {_words(every.machine)}, and what stands there now says {_words(every.card)}."
    )


def _fates(days: Mapping[MessageFate, int]) -> str:
    lost = [f"{days[fate]} {_FATES[fate]}" for fate in _FATES if days.get(fate)]
    return f" ({', '.join(lost)})" if lost else ""


def _causes(causes: Mapping[Cause, int]) -> str:
    told = [f"{cause.value} {causes[cause]}" for cause in Cause if causes.get(cause) and cause not in _BESIDE]
    return f"; the others: {', '.join(told)}" if told else ""


def _words(count: Counted) -> str:
    events = "event" if count.events == 1 else "events"
    individuals = "individual" if count.individuals == 1 else "individuals"
    return f"{count.events} {events} with {count.individuals} {individuals}"
