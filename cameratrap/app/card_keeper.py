"""What is done with a card between two bursts: what a policy asks for, sealing, and room for the next pictures."""

from __future__ import annotations

from collections.abc import Sequence

from cameratrap.app.disk import CardState, Measure, RoomRules, card_state, make_room, measure
from cameratrap.app.seal_pictures import SealingFailed, seal_pictures
from cameratrap.app.treat import TreatmentFailed, treat_pictures
from cameratrap.domain.capture import Incident
from cameratrap.ports import Clock
from cameratrap.store.card import Card

KeepingFailed = TreatmentFailed | SealingFailed


class CardKeeper:
    """Keeps one card for a trap. ``picture_key`` is the public key that pictures are sealed to, None for none."""

    def __init__(
        self,
        card: Card,
        clock: Clock,
        rules: RoomRules,
        *,
        picture_key: bytes | None = None,
        measured: Measure = measure,
    ) -> None:
        self._card = card
        self._clock = clock
        self._rules = rules
        self._picture_key = picture_key
        self._measured = measured
        self._incidents: list[Incident] = []
        self.state = CardState.OK
        self.dropped = 0

    def keep(self) -> Sequence[KeepingFailed]:
        """Treat, seal and make room; returns what could not be done now, and is tried again.

        Finishes what an earlier run has left, too. Raises StoreError where the index cannot be written.
        """
        failed: list[KeepingFailed] = []
        if self.look().takes_rows:
            failed += treat_pictures(self._card, self._clock.now())
            failed += [] if self._picture_key is None else seal_pictures(self._card, self._picture_key)
            made = make_room(self._card, self._rules, self._clock.now(), self._measured)
            self.dropped += made.dropped
            failed += made.failed
            self.look()
        return failed

    def look(self) -> CardState:
        """How the card stands now; each change is an incident of the device "card"."""
        before, self.state = self.state, card_state(self._card.folder, self._rules, self._measured)
        if self.state is not before:
            is_well = self.state is CardState.OK
            what = "the card is well again" if is_well else f"the card is {self.state}"
            self._incidents.append(Incident("card", what, self._clock.monotonic_s(), recovered=is_well))
        return self.state

    def incidents(self) -> Sequence[Incident]:
        """What happened to the card since this was last asked, each told once."""
        told, self._incidents = self._incidents, []
        return told
