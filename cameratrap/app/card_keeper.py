"""What is done with a card between two bursts: what a policy asks for, sealing, and room for the next pictures."""

from __future__ import annotations

from collections.abc import Sequence

from cameratrap.app.disk import CardState, Measure, RoomRules, card_state, make_room, measure
from cameratrap.app.seal_pictures import SealingFailed, remove_views, seal_pictures
from cameratrap.app.treat import TreatmentFailed, treat_pictures
from cameratrap.domain.capture import Incident
from cameratrap.errors import StoreError
from cameratrap.ports import Clock
from cameratrap.store.card import Card
from cameratrap.store.views import keep_in_memory

KeepingFailed = TreatmentFailed | SealingFailed


class CardKeeper:
    """Keeps one card for a trap.

    ``picture_key`` is the public key that pictures are sealed to, None for none; the error with which it cannot be
    read instead means that they should be sealed. Then they are taken and stay open, since what was not taken is lost
    for ever and what lies open is sealed by the first start that finds the key; it is the fault "card" till then.
    In both cases the card keeps no view: the background is known until the process ends.
    """

    def __init__(
        self,
        card: Card,
        clock: Clock,
        rules: RoomRules,
        *,
        picture_key: bytes | StoreError | None = None,
        measured: Measure = measure,
    ) -> None:
        self._card = card
        self._clock = clock
        self._rules = rules
        self._picture_key = picture_key
        self._measured = measured
        self._incidents = self._unsealed()
        if picture_key is not None:
            keep_in_memory(card.connection)
        self.state = CardState.OK
        self.dropped = 0

    def keep(self) -> Sequence[KeepingFailed]:
        """Treat, seal and make room; returns what could not be done now, and is tried again.

        Finishes what an earlier run has left, too. Raises StoreError where the index cannot be written.
        """
        failed: list[KeepingFailed] = []
        if self.look().takes_rows:
            failed += treat_pictures(self._card, self._clock.now())
            failed += self._seal()
            made = make_room(self._card, self._rules, self._clock.now(), self._measured)
            self.dropped += made.dropped
            failed += made.failed
            self.look()
        return failed

    def look(self) -> CardState:
        """How the card stands now; each change is an incident of the device "card".

        One fault ends where another begins, so that each is told by its own name.
        """
        before, self.state = self.state, card_state(self._card.folder, self._rules, self._measured)
        if self.state is not before:
            if before is not CardState.OK:
                self._note("the card is well again" if self.state is CardState.OK else f"the card is not {before} now")
            if self.state is not CardState.OK:
                self._note(f"the card is {self.state}", recovered=False)
            else:
                self._incidents += self._unsealed()
        return self.state

    def _note(self, what: str, *, recovered: bool = True) -> None:
        self._incidents.append(Incident("card", what, self._clock.monotonic_s(), recovered=recovered))

    def _seal(self) -> Sequence[SealingFailed]:
        if self._picture_key is None:
            return []
        failed = remove_views(self._card)
        if isinstance(self._picture_key, StoreError):
            return [*failed, SealingFailed("every picture", self._picture_key)]
        return [*failed, *seal_pictures(self._card, self._picture_key)]

    def _unsealed(self) -> list[Incident]:
        if not isinstance(self._picture_key, StoreError):
            return []
        what = f"pictures are not sealed: {self._picture_key}"
        return [Incident("card", what, self._clock.monotonic_s(), recovered=False)]

    def incidents(self) -> Sequence[Incident]:
        """What happened to the card since this was last asked, each told once."""
        told, self._incidents = self._incidents, []
        return told
