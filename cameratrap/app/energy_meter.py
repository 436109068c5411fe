"""What a run of the satellite link may still take from the battery: each joule written down before it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from cameratrap.domain.energy import MIN_SESSION_S, Claim, PowerFigures
from cameratrap.ports import Clock
from cameratrap.store.outbox import Outbox
from cameratrap.store.sessions import note_power, taken_on


@dataclass
class EnergyMeter:
    """The modem's account of the station's day. Without ``power`` figures nothing is counted and all is allowed.

    ``in_contact``: the run's last session got through.
    """

    outbox: Outbox
    clock: Clock
    power: PowerFigures | None
    started: bool = False
    in_contact: bool = False

    def session_s(self, deadline_s: float, claim: Claim) -> float:
        """How long a session may last at most now, 0 where there is no energy for it; changes nothing."""
        power = self.power
        if power is None:
            return deadline_s
        return power.session_limit_s(self._left_j(power, claim) - self._start_j(power), deadline_s)

    def start(self) -> None:
        """Pay for the modem's start, once a run, before its first session."""
        if self.power is not None and not self.started:
            note_power(self.outbox.connection, self.clock.now(), self.power.start_j, "starting")
        self.started = True

    def pay_for_waiting(self, pause_s: float, claim: Claim) -> bool:
        """Pay for the modem while it is on and idle; False, and nothing is paid, where that leaves no session."""
        power = self.power
        if power is None:
            return True
        joules = power.idle_w * pause_s
        if self._left_j(power, claim) < joules + power.session_w * MIN_SESSION_S:
            return False
        note_power(self.outbox.connection, self.clock.now(), joules, "waiting")
        return True

    def joules(self, seconds: float) -> float:
        """What a session of so many seconds takes."""
        return 0.0 if self.power is None else seconds * self.power.session_w

    def _start_j(self, power: PowerFigures) -> float:
        return 0.0 if self.started else power.start_j

    def _left_j(self, power: PowerFigures, claim: Claim) -> float:
        now = self.clock.now()
        return power.left_j(taken_on(self.outbox.connection, now.date()), now, claim, in_contact=self.in_contact)
