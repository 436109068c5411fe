"""Raising alerts: a watched taxon is told of at once, once an incident, and not more often than is allowed.

What stands on the card decides, like everything else: the incidents are worked out from all that was seen, and each
is remembered with its alert in one transaction. So a burst that is looked at again, a card that is played again and a
power cut raise nothing twice. An alert says what was seen and when, and never carries a picture.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.app.sealed_otherwise import sealed_otherwise
from cameratrap.domain.alerts import Alert, AlertLimits, Incident, incidents
from cameratrap.domain.events import Sighting
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError
from cameratrap.store import alerts as store
from cameratrap.store.card import Card
from cameratrap.store.clock_shifts import untimed_bursts
from cameratrap.store.observations import sightings
from cameratrap.store.outbox import ALERT, replace_payload
from cameratrap.wire.codec import encode_alert
from cameratrap.wire.envelope import Opener, Sealer


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What is worth an alert: the ``watched`` taxa by name and all that belongs to them, from ``min_score`` on.

    Of two watched taxa that one sighting belongs to, the nearer one counts.
    """

    taxa: TaxaTable
    watched: Sequence[str]
    limits: AlertLimits = field(default_factory=AlertLimits)
    min_score: float = 0.0
    sealer: Sealer | None = None

    def watched_for(self, taxon: str) -> str | None:
        """The watched taxon that ``taxon`` is or belongs to; None where nobody asked for it, or it is unknown."""
        lineage = self.taxa.lineage(taxon) if taxon in self.taxa else ()
        return next((each.name for each in lineage if each.name in self.watched), None)

    def concern(self, taxa: Collection[str]) -> bool:
        """Whether any of these taxa is watched."""
        return any(self.watched_for(taxon) for taxon in taxa)


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """An alert waits to be sent now."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class AlertSuppressed:
    """An incident that is not told at once; it is in its day's summary."""

    incident: Incident
    reason: str


@dataclass(frozen=True, slots=True)
class AlertFailed:
    """An incident that could not be told, and is tried again with the next."""

    incident: Incident
    error: CameraTrapError


AlertOutcome = AlertRaised | AlertSuppressed | AlertFailed


def raise_alerts(card: Card, rules: AlertRules, now: datetime) -> list[AlertOutcome]:
    """Raise what the card holds and nobody was told of; doing it again changes nothing. Raises StoreError."""
    outcomes: list[AlertOutcome] = []
    for incident in incidents(_watched(card, rules), rules.limits.gap):
        known = [each for each in store.stored_incidents(card.connection) if _same(each.incident, incident, rules)]
        if known:
            if incident.end > known[-1].incident.end:
                store.prolong(card.connection, known[-1].incident, incident)
            continue
        try:
            outcomes.append(_raise(card, rules, incident, now))
        except CameraTrapError as error:
            outcomes.append(AlertFailed(incident, error))
    return outcomes


def _watched(card: Card, rules: AlertRules) -> list[tuple[str, Sighting]]:
    """What a model saw of watched taxa; what a person says of a picture later is no news of the place."""
    found = []
    untimed = untimed_bursts(card.connection)  # when they were is not known: they wait until the clock is corrected
    for seen in sightings(card.connection, card.deployment.deployment):
        watched = rules.watched_for(seen.taxon)
        if seen.burst in untimed:
            continue
        if watched and seen.source == "machine" and (seen.score is None or seen.score >= rules.min_score):
            found.append((watched, seen))
    return found


def _same(stored: Incident, found: Incident, rules: AlertRules) -> bool:
    return stored.is_one_with(found.watched, found.start, found.end, rules.limits.gap)


def _raise(card: Card, rules: AlertRules, incident: Incident, now: datetime) -> AlertOutcome:
    raised = [(e.incident.start, e.cost) for e in store.stored_incidents(card.connection) if e.sequence is not None]
    reason = rules.limits.reason_against(incident, now, raised)
    if reason:
        store.suppress_alert(card.connection, incident, reason)
        return AlertSuppressed(incident, reason)
    sequence = store.next_alert(card.connection)
    alert = _alert(card, incident, sequence)
    payload = encode_alert(alert, rules.taxa, sealer=rules.sealer)
    store.raise_alert(card.connection, incident, sequence, payload, now)
    return AlertRaised(alert)


def _alert(card: Card, incident: Incident, sequence: int) -> Alert:
    at = incident.start.astimezone(card.zone).replace(second=0, microsecond=0, tzinfo=None)
    return Alert(at, sequence, incident.taxon, incident.individuals, incident.score)


def seal_alerts_anew(card: Card, taxa: TaxaTable, sealer: Sealer | None, opener: Opener | None) -> None:
    """Bring alerts that wait under another seal under the present one; what they say, and their number, stay."""
    raised = {each.sequence: each.incident for each in store.stored_incidents(card.connection)}
    for message in sealed_otherwise(card.connection, opener, ALERT):
        payload = encode_alert(_alert(card, raised[message.sequence], message.sequence), taxa, sealer=sealer)
        replace_payload(card.connection, message, payload)
