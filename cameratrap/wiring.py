"""The one place that picks what stands behind each port: a driver for hardware, or a replay from files.

A device that is missing is an error that names it. Nothing here falls back to a replay by itself. What each function
needs it imports itself, so that a process that only sends loads neither the taxa nor the message's code.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem, DeviceError, UsageError

if TYPE_CHECKING:
    from cameratrap.app.alerts import AlertRules
    from cameratrap.app.close_day import Closing
    from cameratrap.app.fold import Rules
    from cameratrap.app.look import LookSettings
    from cameratrap.config import Config
    from cameratrap.domain.energy import PowerFigures
    from cameratrap.domain.taxa import TaxaTable
    from cameratrap.ports import Detector, SatelliteLink
    from cameratrap.store.card import Card
    from cameratrap.wire.envelope import Opener, Sealer


def event_rules(config: Config, *, interval_minutes: float | None = None, rule: str | None = None) -> Rules:
    """How sightings become events: what is given, else the configuration."""
    from cameratrap.app.fold import Rules
    from cameratrap.domain.events import IndependenceRule

    station = config.station
    position = None
    if station.latitude is not None and station.longitude is not None:
        position = (station.latitude, station.longitude)
    minutes = config.events.interval_minutes if interval_minutes is None else interval_minutes
    return Rules(timedelta(minutes=minutes), IndependenceRule(rule or config.events.rule), position)


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
    from cameratrap.errors import ConfigError, ConfigProblem

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


def power_figures(config: Config) -> PowerFigures:
    """What the modem takes and may take. Raises ConfigError where that never pays for a session."""
    from cameratrap.domain.energy import PowerFigures

    modem = config.modem
    figures = PowerFigures(modem.session_w, modem.idle_w, modem.start_j, modem.energy_j_per_day, modem.reserve_j)
    if not figures.ever_pays:
        rest = f"less modem.reserve_j = {figures.reserve_j:g} this never pays for a session"
        needed = f"a start and a minute of one take {figures.least_j:.0f} J (modem.start_j, modem.session_w)"
        problem = ConfigProblem("modem.energy_j_per_day", f"{figures.day_j:g}", f"{rest}; {needed}")
        raise ConfigError([problem], hint="nothing could ever be sent: raise it, or lower modem.reserve_j")
    return figures


def open_seal(config: Config, card: Card) -> tuple[Sealer | None, Opener | None]:
    """What seals a card's messages and opens them again; None without a key. Raises StoreError."""
    from cameratrap.store.keys import key_of_trap
    from cameratrap.store.seal_counter import SealCounter
    from cameratrap.wire.seal import CcmOpener, CcmSealer

    key = key_of_trap(config.seal.key_file, card.folder)
    if key is None:
        return None, None
    return CcmSealer(key.key, SealCounter(key, card.connection).take), CcmOpener([key.key])


def look_settings(config: Config, taxa: TaxaTable) -> LookSettings:
    """How the trap looks at its pictures. Raises ConfigError that lists every name no rule can apply to."""
    from cameratrap.app.look import LookSettings
    from cameratrap.domain.policy import PeoplePolicy
    from cameratrap.errors import ConfigError, ConfigProblem

    agree_frames = config.counting.agree_frames
    unknown = "must be a taxon of the table: `cameratrap config show` names the one that is used"
    root = "has no coarser name to be counted under until frames agree"
    wrong = {name: unknown for name in agree_frames if name not in taxa}
    wrong |= {name: root for name in agree_frames if name in taxa and len(taxa.lineage(name)) == 1}
    if wrong:
        raise ConfigError([ConfigProblem("counting.agree_frames", f'"{name}"', why) for name, why in wrong.items()])
    return LookSettings(
        taxa,
        {taxa.resolve(name).name: frames for name, frames in agree_frames.items()},
        PeoplePolicy(config.people.person, config.people.vehicle),
        background=config.detector.background,
    )


def open_detector(
    config: Config, taxa: TaxaTable, reference: str | None = None, classifier: str | None = None
) -> Detector:
    """The model named by ``reference``, else by the configuration, and the ``classifier`` behind it likewise.

    An empty ``classifier`` is none, whatever the configuration says. Raises UsageError, ModelError, DeviceError.
    """
    from cameratrap.app.models import find_model
    from cameratrap.drivers.detectors import load_detector, with_classifier

    chosen = reference or config.detector.model
    if not chosen:
        raise UsageError(
            "no detector model is chosen",
            hint="name one with --model, or set detector.model; `cameratrap models list` shows what is installed",
        )
    section = config.detector
    detector = load_detector(
        find_model(chosen, taxa),
        runtime=section.runtime,
        threads=section.threads,
        threshold=section.score_threshold,
    )
    second = section.classifier if classifier is None else classifier
    if not second:
        return detector
    return with_classifier(detector, find_model(second, taxa), taxa, runtime=section.runtime, threads=section.threads)


def open_link(config: Config, port: str | None = None, *, number_counts: bool = True) -> SatelliteLink:
    """The satellite modem at ``port``, else the configuration's. Raises DeviceError when it is missing or taken.

    ``number_counts`` is what the sessions before taught of a 9602's message number (`store.sessions.number_counts`).
    """
    if config.modem.type == "9704":
        from cameratrap.drivers.rockblock_9704 import RockBlock9704

        return RockBlock9704.open(
            port or config.modem.port,
            topic=config.modem.topic,
            power_pin=config.modem.power_pin,
            startup_s=config.modem.startup_s,
        )
    from cameratrap.drivers.rockblock_9602 import RockBlock9602

    return RockBlock9602.open(
        port or config.modem.port,
        baud=config.modem.baud,
        power_pin=config.modem.power_pin,
        startup_s=config.modem.startup_s,
        number_counts=number_counts,
    )


def no_camera() -> DeviceError:
    """Why `watch` cannot run on hardware yet."""
    return DeviceError(
        "this version has no camera and trigger drivers yet",
        device="camera",
        hint="play recorded pictures through the whole trap with `cameratrap watch --replay DIR`",
    )
