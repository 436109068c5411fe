"""A satellite link that fails in every documented way: the real driver, over a line in memory, to an emulated modem.

Each session has a line of its own to a modem that was switched off since the one before. What becomes of it is drawn
from ``bench_season_mishaps``.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bench_season_mishaps import GOOD, Deck, Mishap

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult, SendStatus, SerialLink
from cameratrap.replay.emulated_lines import MemoryLine, SerialDevice, VirtualClock
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan

IMEI = "300000000000000"


@dataclass(slots=True)
class SkyLedger:
    """What the sessions came to: how many, how many failed or were cut off, what happened in them, and how often.

    ``on_s`` is how many seconds of each day were spent in sessions.
    """

    sessions: int = 0
    failed: int = 0
    cut: int = 0
    mishaps: Counter[str] = field(default_factory=Counter)
    on_s: defaultdict[date, float] = field(default_factory=lambda: defaultdict(float))


class SilentModem:
    """A modem without power."""

    wake_at_s = None

    def feed(self, _data: bytes, _now_s: float = 0.0) -> bytes:
        """Nothing."""
        return b""

    def time_passes(self, _now_s: float) -> bytes:
        """Nothing."""
        return b""


class WatchedLine:
    """A serial line that calls ``step`` before everything it does, so that the power can be cut there."""

    def __init__(self, line: SerialLink, step: Callable[[], None]) -> None:
        self._line = line
        self._step = step

    def write(self, data: bytes) -> None:
        """As SerialLink.write, one byte a step: a command may be cut off in the middle."""
        for byte in data:
            self._step()
            self._line.write(bytes([byte]))

    def read(self, timeout_s: float) -> bytes:
        """As SerialLink.read."""
        self._step()
        return self._line.read(timeout_s)

    def close(self) -> None:
        """As SerialLink.close."""
        self._line.close()


class Sky:
    """The port SatelliteLink. ``failing`` is the share of sessions with a mishap, ``step`` is for the power to be cut.

    ``deliver`` takes what reaches the gateway; ``time`` is the virtual time of everything, which began at ``start``.
    """

    def __init__(
        self,
        deliver: Callable[[MoMessage], None],
        time: VirtualClock,
        start: datetime,
        chance: random.Random,
        *,
        failing: float,
        step: Callable[[], None],
    ) -> None:
        self.ledger = SkyLedger()
        self._deliver = deliver
        self._time = time
        self._start = start
        self._step = step
        self._deck = Deck(chance, failing)
        self._modem = ModemEmulator(deliver, imei=IMEI)

    def call(self, message: bytes) -> None:
        """Somebody sends a message to the trap: the network holds it."""
        self._modem.mt_queue.append(message)

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        """As SatelliteLink.send."""
        return self._session(lambda link: link.send(payload, deadline_s=deadline_s))

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        """As SatelliteLink.check_mailbox."""
        return self._session(lambda link: link.check_mailbox(deadline_s=deadline_s))

    def imei(self, *, deadline_s: float) -> str:
        """As SatelliteLink.imei; no satellite is needed for it."""
        return self._driver(Mishap(GOOD)).imei(deadline_s=deadline_s)

    def signal(self, *, deadline_s: float) -> int | None:
        """As SatelliteLink.signal."""
        return self._driver(Mishap(GOOD)).signal(deadline_s=deadline_s)

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:
        """As SatelliteLink.network_time; no satellite is needed for it."""
        return self._driver(Mishap(GOOD)).network_time(near=near, deadline_s=deadline_s)

    def close(self) -> None:
        """Every session had a line of its own, which is closed."""

    def _session(self, run: Callable[[RockBlock9602], SendResult]) -> SendResult:
        mishap, ledger, began_s = self._deck.draw(), self.ledger, self._time()
        ledger.sessions += 1
        ledger.mishaps[mishap.name] += 1
        ledger.cut += 1  # until the session comes back
        try:
            result = run(self._driver(mishap))
        except DeviceError:
            ledger.cut -= 1
            ledger.failed += 1
            raise
        finally:
            ledger.on_s[(self._start + timedelta(seconds=began_s)).date()] += self._time() - began_s
        ledger.cut -= 1
        ledger.failed += result.status is not SendStatus.SENT
        return result

    def _driver(self, mishap: Mishap) -> RockBlock9602:
        """The driver on a line of its own to the modem, which was switched off since and kept its message number."""
        plan = SessionPlan(
            mishap.status, delivers=self._deck.delivers(mishap), takes_s=mishap.takes_s, answers=mishap.answers
        )
        before = self._modem
        modem = ModemEmulator(self._deliver, imei=IMEI, momsn=before.momsn, mt_queue=before.mt_queue, plans=[plan])
        self._modem = modem
        device: SerialDevice = SilentModem() if mishap.dead else modem
        line = MemoryLine(
            device,
            self._time,
            lost_from_device=mishap.lost,
            lost_to_device=mishap.unheard,
            breaks_after=mishap.breaks_after,
        )
        line.inject(mishap.noise)
        return RockBlock9602(
            WatchedLine(line, self._step),
            device="emulated modem",
            reopen=(lambda: WatchedLine(MemoryLine(device, self._time), self._step)) if mishap.comes_back else None,
            monotonic_s=self._time,
            wait=lambda seconds: self._time.advance_to(self._time() + seconds),
        )
