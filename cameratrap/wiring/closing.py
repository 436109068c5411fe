"""Counting a day and telling of it: what makes an event, a day's message, an alert."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem
from cameratrap.wiring.card import open_seal

if TYPE_CHECKING:
    from cameratrap.app.alerts import AlertRules
    from cameratrap.app.close_day import Closing
    from cameratrap.app.fold import Rules
    from cameratrap.config import Config
    from cameratrap.domain.taxa import TaxaTable
    from cameratrap.store.card import Card
    from cameratrap.wire.envelope import Sealer


def event_rules(config: Config, *, interval_minutes: float | None = None, rule: str | None = None) -> Rules:
    """How sightings become events: what is given, else the configuration."""
    from cameratrap.app.fold import Rules
    from cameratrap.domain.events import IndependenceRule

    minutes = config.events.interval_minutes if interval_minutes is None else interval_minutes
    return Rules(timedelta(minutes=minutes), IndependenceRule(rule or config.events.rule), config.station.place)


def closing_rules(config: Config, taxa: TaxaTable, card: Card | None = None) -> Closing:
    """What closing a day needs to know; with a ``card``, also what seals its messages. Raises StoreError."""
    from cameratrap.app.close_day import Closing

    sealer, opener = open_seal(config, card) if card else (None, None)
    return Closing(
        event_rules(config),
        taxa,
        max_messages=config.summary.max_messages,
        every_days=config.summary.every_days,
        low_battery_v=config.summary.low_battery_v,
        sealer=sealer,
        opener=opener,
    )


def alert_rules(config: Config, taxa: TaxaTable, sealer: Sealer | None = None) -> AlertRules | None:
    """What is worth an alert; None where nothing is. Raises ConfigError that lists every name that is no taxon."""
    from cameratrap.app.alerts import AlertRules
    from cameratrap.domain.alerts import AlertLimits

    section = config.alerts
    expected = "must be a taxon of the table: `cameratrap config show` names the one that is used"
    unknown = [ConfigProblem("alerts.taxa", f'"{name}"', expected) for name in section.taxa if name not in taxa]
    if unknown:
        raise ConfigError(unknown)
    if not section.taxa:
        return None
    limits = AlertLimits(timedelta(minutes=section.incident_minutes), section.per_day, section.credits_per_month)
    watched = tuple(taxa.resolve(name).name for name in section.taxa)
    return AlertRules(taxa, watched, limits, section.min_score, sealer)
