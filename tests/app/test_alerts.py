"""Alerts: at once, once an incident, within their limits, and only of what is watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.app.alerts import (
    AlertFailed,
    AlertRaised,
    AlertRules,
    AlertSuppressed,
    raise_alerts,
    seal_alerts_anew,
)
from cameratrap.domain.alerts import Alert, AlertLimits
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import EncodeError
from cameratrap.ports import Trigger
from cameratrap.resources import builtin_taxa
from cameratrap.store.alerts import stored_incidents
from cameratrap.store.analyses import Analysis, ModelIdentity, Observation, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, begin_burst, pictures_of
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.media import SavedPicture
from cameratrap.store.observations import classify_by_hand
from cameratrap.store.outbox import ALERT, Outbox
from cameratrap.wire.codec import decode
from cameratrap.wire.seal import CcmOpener, CcmSealer, SealKey, SealNumber

ZONE = timezone(timedelta(hours=2))
RULES = AlertRules(builtin_taxa(), ("Homo sapiens", "Carnivora"), AlertLimits(timedelta(minutes=60), 3, 30), 0.5)


def at(clock: str, day: int = 1, month: int = 6) -> datetime:
    return datetime.fromisoformat(f"2026-{month:02d}-{day:02d}T{clock}:00").replace(tzinfo=ZONE)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path / "card", Deployment("d", "s", 120, at("00:00"))) as card:
        yield card


def see(card: Card, when: datetime, taxon: str = "Homo sapiens", count: int = 1, score: float = 0.9) -> str:
    """One burst of one picture, as a model sees it; seen again, it is another look at the same."""
    name = when.isoformat()
    begin_burst(card.connection, name, Trigger(name, when, TriggerCause.PIR), boot_id="b", clock=None)
    if not pictures_of(card.connection, name):
        saved = SavedPicture(f"DCIM/{name}", name, 1)
        add_picture(
            card.connection, name, saved, position=1, of=1, captured_at=when, source_sha256=name, source_name=""
        )
    seen = (Observation(taxon, count, count, count, score, when, when),)
    analysis = Analysis((PictureAnswer(pictures_of(card.connection, name)[0], 1, 1, ()),), seen)
    store_analysis(card.connection, name, analysis, ModelIdentity("m", "1", "00", 0.5), made_at=when)
    return name


def waiting(card: Card) -> list[Alert]:
    messages = [message for message in Outbox(card.connection).messages() if message.kind == ALERT]
    alerts = [decode(message.payload, builtin_taxa()) for message in messages]
    return [alert for alert in alerts if isinstance(alert, Alert)]


def test_a_watched_taxon_is_told_of_at_once(card: Card) -> None:
    """When, what, how many, how sure; no day, so that it goes before every summary."""
    see(card, at("03:12"), count=2)
    (raised,) = raise_alerts(card, RULES, at("03:12"))
    assert isinstance(raised, AlertRaised)
    (alert,) = waiting(card)
    assert (alert.at, alert.sequence, alert.taxon, alert.individuals) == (
        datetime(2026, 6, 1, 3, 12),  # noqa: DTZ001 - an alert has no offset
        1,
        "Homo sapiens",
        2,
    )
    assert alert.score == pytest.approx(0.9, abs=0.02)
    assert [message.day for message in Outbox(card.connection).messages()] == [None]


def test_one_incident_is_one_alert_however_often_it_is_looked_at(card: Card) -> None:
    """Seen for two hours, looked at again, played again: one. Away for an hour, then back: another."""
    for minute in range(0, 120, 20):
        see(card, at("03:00") + timedelta(minutes=minute))
        raise_alerts(card, RULES, at("05:00"))
    see(card, at("03:40"))
    assert raise_alerts(card, RULES, at("05:00")) == []
    see(card, at("05:41"))
    assert len(raise_alerts(card, RULES, at("06:00"))) == 1
    assert [alert.at.hour for alert in waiting(card)] == [5, 3]


def test_a_burst_that_is_looked_at_late_starts_no_second_incident(card: Card) -> None:
    """The picture before the one that raised the alert was looked at after a power cut."""
    see(card, at("03:30"))
    raise_alerts(card, RULES, at("03:30"))
    see(card, at("03:10"))
    assert raise_alerts(card, RULES, at("03:31")) == []
    assert len(waiting(card)) == 1


def test_what_belongs_to_a_watched_taxon_counts_and_nothing_else(card: Card) -> None:
    """A fox is a carnivore and named as the fox it is; a deer is none; two watched taxa have incidents of their own."""
    assert RULES.watched_for("Vulpes vulpes") == "Carnivora"
    assert RULES.watched_for("Capreolus capreolus") is None
    assert RULES.watched_for("no such thing") is None
    see(card, at("03:00"), "Capreolus capreolus")
    see(card, at("03:01"), "Vulpes vulpes")
    see(card, at("03:02"))
    raise_alerts(card, RULES, at("03:05"))
    assert sorted(alert.taxon for alert in waiting(card)) == ["Homo sapiens", "Vulpes vulpes"]


def test_doubt_and_a_persons_word_raise_nothing(card: Card) -> None:
    """Below the least score it is only counted; and what somebody says of a picture at home is no news."""
    see(card, at("03:00"), score=0.4)
    name = see(card, at("05:00"), "Capreolus capreolus")
    classify_by_hand(card.connection, name, {"Homo sapiens": 1}, author="ana", made_at=at("09:00"))
    assert raise_alerts(card, RULES, at("09:00")) == []


def test_a_day_and_a_month_have_their_limits_and_what_is_kept_back_is_counted(card: Card) -> None:
    """The fourth of a day is not sent, once and for all; nor is what would cost the month's next credit."""
    for hour in (0, 3, 6, 9):
        see(card, at(f"{hour:02d}:00"))
        raise_alerts(card, RULES, at(f"{hour:02d}:01"))
    assert len(waiting(card)) == 3
    assert [each.reason for each in stored_incidents(card.connection) if each.sequence is None] == [
        "the day has had its 3"
    ]
    assert raise_alerts(card, RULES, at("09:02")) == []
    poor = AlertRules(RULES.taxa, RULES.watched, AlertLimits(timedelta(minutes=60), 3, 4), 0.5)
    for hour in (0, 3):
        see(card, at(f"{hour:02d}:00", day=2))
    first, second = raise_alerts(card, poor, at("03:01", day=2))
    assert isinstance(first, AlertRaised)
    assert isinstance(second, AlertSuppressed)
    assert "4 credits" in second.reason
    see(card, at("00:00", day=1, month=7))
    assert isinstance(raise_alerts(card, poor, at("00:01", day=1, month=7))[0], AlertRaised)


def test_what_is_found_a_day_late_is_left_to_the_summary(card: Card) -> None:
    """A card that is looked at again after weeks does not spend its credits on old news."""
    see(card, at("03:00"))
    (late,) = raise_alerts(card, RULES, at("03:01", day=2))
    assert isinstance(late, AlertSuppressed)
    assert waiting(card) == []


def test_an_alert_that_cannot_be_composed_is_tried_again(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, and nothing of it is stored, so that the next look raises it."""

    def failing(*_: object, **__: object) -> bytes:
        raise EncodeError("no room")

    see(card, at("03:00"))
    with monkeypatch.context() as patch:
        patch.setattr("cameratrap.app.alerts.encode_alert", failing)
        (failed,) = raise_alerts(card, RULES, at("03:01"))
    assert isinstance(failed, AlertFailed)
    assert isinstance(raise_alerts(card, RULES, at("03:02"))[0], AlertRaised)


def test_an_alert_and_its_incident_are_stored_together(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails between the two: neither is there, and the next look raises it once."""

    def failing(*_: object, **__: object) -> None:
        raise OSError("power")

    see(card, at("03:00"))
    with monkeypatch.context() as patch:
        patch.setattr("cameratrap.store.alerts.enqueue", failing)
        with pytest.raises(OSError, match="power"):
            raise_alerts(card, RULES, at("03:01"))
    assert stored_incidents(card.connection) == []
    raise_alerts(card, RULES, at("03:02"))
    raise_alerts(card, RULES, at("03:03"))
    assert len(waiting(card)) == 1


def test_an_alert_that_waits_is_sealed_with_the_key_of_today(card: Card) -> None:
    """The same alert under the same number; one that is sealed with it already keeps its bytes."""
    see(card, at("10:00"))
    raise_alerts(card, RULES, at("10:01"))
    (told,) = waiting(card)
    key = SealKey(bytes(32))
    numbers = iter(range(1, 9))
    sealer = CcmSealer(key, lambda: SealNumber(1, b"abc", next(numbers)))
    opener = CcmOpener([key])
    for _ in range(2):
        seal_alerts_anew(card, RULES.taxa, sealer, opener)
    (message,) = Outbox(card.connection).messages()
    assert decode(message.payload, builtin_taxa(), opener=opener) == told
    assert next(numbers) == 2
    seal_alerts_anew(card, RULES.taxa, None, None)
    assert Outbox(card.connection).messages() == [message]
