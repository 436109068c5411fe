"""What comes of comparing the card with the satellite: numbers, their difference, and its causes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cameratrap.app.sent_days import MessageFate


class Cause(StrEnum):
    """Why what was sent and what the card says now differ. The order is the one in which they are looked for."""

    AGREES = "agrees"
    LOST_MESSAGE = "lost-message"
    NOT_SENT = "not-sent"
    NOT_ON_CARD = "not-on-this-card"
    MERGED = "merged-into-others"
    INCOMPLETE = "not-received-whole"
    SATURATED = "saturated"
    OTHERWISE = "unexplained"
    UNLOOKED = "unlooked"
    MODEL = "model"
    CLOCK = "clock"
    RULE = "rule"
    CORRECTION = "correction"
    OTHER_CARD = "another-card"

    @property
    def meaning(self) -> str:
        """In words, for a reader of the table."""
        return _MEANINGS[self]


_MEANINGS = {
    Cause.AGREES: "the card says the same as the message",
    Cause.LOST_MESSAGE: "no message that tells the day was received",
    Cause.NOT_SENT: "the same, and the card has sent none either",
    Cause.NOT_ON_CARD: "a message tells a day that none of these cards has",
    Cause.MERGED: "it did not fit and is one of the message's others, whose row compares them together",
    Cause.INCOMPLETE: "of the day's messages some are missing",
    Cause.SATURATED: "the message holds no higher number: it was that many or more",
    Cause.OTHERWISE: "not even as it was when the message was composed does the card say the same",
    Cause.UNLOOKED: "a model has looked at some of it only after the message was composed",
    Cause.MODEL: "a model has looked again since, or another one",
    Cause.CLOCK: "times were corrected since, so that events moved to another day or joined",
    Cause.RULE: "events are told apart by another interval or rule than the trap's",
    Cause.CORRECTION: "a person has said otherwise",
    Cause.OTHER_CARD: "another card stood at the station that day; the message tells of one",
}


@dataclass(frozen=True, slots=True, order=True)
class Counted:
    """Independent events of a taxon, and the individuals they sum to."""

    events: int = 0
    individuals: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.events + other.events, self.individuals + other.individuals)

    def __sub__(self, other: Counted) -> Counted:
        return Counted(self.events - other.events, self.individuals - other.individuals)


NOTHING = Counted()


@dataclass(frozen=True, slots=True)
class Compared:
    """A taxon on a day at a station; a day on which nothing was seen or sent has one row with the taxon "".

    ``sent`` is None where nothing is known of what was sent, ``card`` and ``machine`` where no card has the day:
    ``machine`` is by the models' newest words alone, ``card`` by all that stands. ``difference`` is card less sent.
    Taxa that a message had to merge have no ``sent`` of their own, and the row ``others`` no card's: its difference
    compares them together, so that each column adds up.
    """

    station: str
    day: date
    taxon: str
    message: MessageFate
    sent: Counted | None
    machine: Counted | None
    card: Counted | None
    difference: Counted | None
    causes: tuple[Cause, ...]
