"""How long to wait after a session that failed, by what it is a failure of, and when to stop trying.

=============  ============================================================================================
``sky``        Four attempts over at least ten minutes, which is one satellite's pass; then the sky was not the
               reason, and hours go by. An immediate retry "is likely to fail as the satellite locations will not have
               changed" (Rock Seven), and costs as much as a first.
``busy``       The modem asks for a moment; if it goes on asking, it is like the sky.
``network``    Mended by whoever runs the network: half an hour, then hours.
``account``    Mended by the owner, who may not know: once a day for a week, then once a week.
``hardware``   Mended by a hand, or by itself (a supply that was cold): a few times a day, then like the account.
=============  ============================================================================================

The first three are about one message's attempts. The last two are about the modem: while one stands, no message
is tried before its time. A payload that the network refuses for good is not tried again at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ACCOUNT, HARDWARE = "account", "hardware"
STANDING = (ACCOUNT, HARDWARE)

SKY_DELAYS_S = (60.0, 180.0, 360.0, 3600.0, 7200.0, 21600.0)
DELAYS_S = {"busy": (30.0, *SKY_DELAYS_S), "network": (1800.0, 3600.0, 7200.0, 21600.0)}
JITTER = 0.25  # so that traps that failed together do not all try again together
CLOCK_TOLERANCE = timedelta(seconds=5)  # what a clock may go back by without having been set

DAY, WEEK = timedelta(days=1), timedelta(days=7)
# After the n-th failed session in a row the modem rests so long; after more, for the last of them.
RESTS = {
    ACCOUNT: (DAY,) * 7 + (WEEK,),
    HARDWARE: (timedelta(hours=6),) * 4 + (DAY,) * 7 + (WEEK,),
}


def retry_delay_s(attempts: int, jitter: float, fault: str = "") -> float:
    """How long a message waits after its ``attempts``-th attempt failed; ``jitter`` is in 0..1.

    What is not in the table above waits as for the sky.
    """
    delays = DELAYS_S.get(fault, SKY_DELAYS_S)
    return delays[min(max(attempts, 1), len(delays)) - 1] * (1 + JITTER * jitter)


@dataclass(frozen=True, slots=True)
class StandingFault:
    """Since the last success ``sessions`` sessions failed for a reason that trying does not mend: ``fault``.

    ``since`` and ``last_at`` are when the first and the last of them ended, ``next_at`` when another may begin;
    ``detail`` is the last one's. ``is_permanent``: it has been so for long enough that it is tried once a week only.
    """

    fault: str
    since: datetime
    last_at: datetime
    next_at: datetime
    sessions: int
    detail: str

    @property
    def is_permanent(self) -> bool:
        return self.sessions >= len(RESTS[self.fault])

    def holds(self, now: datetime) -> bool:
        """Whether no session may begin. A clock that was set back must not make it wait for the wrong year."""
        return self.last_at - CLOCK_TOLERANCE <= now < self.next_at


def standing_fault(failures: Sequence[tuple[datetime, str, str]]) -> StandingFault | None:
    """What stands after the sessions since the last success, oldest first: each its time, its fault, its detail.

    A session that failed for another reason in between mends nothing, and does not count.
    """
    standing = [failure for failure in failures if failure[1] in RESTS]
    if not standing:
        return None
    last_at, fault, detail = standing[-1]
    same = [at for at, each, _ in standing if each == fault]
    rest = RESTS[fault][min(len(same), len(RESTS[fault])) - 1]
    return StandingFault(fault, same[0], last_at, last_at + rest, len(same), detail)
