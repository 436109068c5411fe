"""Satellite links of every kind, each with an emulated modem at its far end, for the contract they share.

A kind is a function that builds a `Site`; to hold another driver to the contract, add its function to `SITES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum, auto

import pytest

from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.drivers.rockblock_9704 import RockBlock9704
from cameratrap.drivers.serial_port import SerialPort
from cameratrap.ports import SatelliteLink
from cameratrap.replay.emulated_lines import MemoryLine, PseudoTerminal, VirtualClock
from cameratrap.replay.jspr_emulator import JsprEmulator
from cameratrap.replay.jspr_messages import JsprPlan
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage, SessionPlan

IMEI = "300234010123450"
EPOCH_FRAMES = 0x1000000  # 17 days after an era's beginning


class Fate(Enum):
    """What becomes of one session, in words that every kind of modem knows."""

    SENT = auto()
    NO_SKY = auto()
    LOST_BUT_DELIVERED = auto()
    ANSWERS_TOO_LATE = auto()


@dataclass(frozen=True, slots=True)
class Site:
    """A link, and the payloads that reached the gateway behind it, in order."""

    link: SatelliteLink
    delivered: list[bytes] = field(default_factory=list)


MakeSite = Callable[[ExitStack, Sequence[Fate], Sequence[bytes]], Site]

_PLANS = {
    Fate.SENT: SessionPlan(),
    Fate.NO_SKY: SessionPlan(status=32),
    Fate.LOST_BUT_DELIVERED: SessionPlan(status=18, delivers=True),
    Fate.ANSWERS_TOO_LATE: SessionPlan(takes_s=1000.0),
}


def _modem_9602(fates: Sequence[Fate], incoming: Sequence[bytes]) -> tuple[ModemEmulator, list[bytes]]:
    delivered: list[bytes] = []

    def accept(message: MoMessage) -> None:
        if message.payload:
            delivered.append(message.payload)

    plans = [_PLANS[fate] for fate in fates]
    return ModemEmulator(accept, imei=IMEI, plans=plans, mt_queue=incoming, frames=EPOCH_FRAMES), delivered


def _memory_9602(chunk: int) -> MakeSite:
    def build(_: ExitStack, fates: Sequence[Fate], incoming: Sequence[bytes]) -> Site:
        modem, delivered = _modem_9602(fates, incoming)
        clock = VirtualClock()
        return Site(RockBlock9602(MemoryLine(modem, clock, chunk=chunk), monotonic_s=clock), delivered)

    return build


def _terminal_9602(stack: ExitStack, fates: Sequence[Fate], incoming: Sequence[bytes]) -> Site:
    modem, delivered = _modem_9602(fates, incoming)
    terminal = stack.enter_context(PseudoTerminal(modem))
    return Site(RockBlock9602.open(terminal.port), delivered)


_JSPR_PLANS = {
    Fate.SENT: JsprPlan(),
    Fate.NO_SKY: JsprPlan("message_expired", sky=False),
    Fate.LOST_BUT_DELIVERED: JsprPlan("network_error", delivers=True),
    Fate.ANSWERS_TOO_LATE: JsprPlan(takes_s=1000.0, on_cancel=""),
}


def _terminal_9704(stack: ExitStack, fates: Sequence[Fate], incoming: Sequence[bytes]) -> Site:
    pytest.importorskip("rockblock9704", reason="needs the maker's library: pip install 'cameratrap[rockblock9704]'")
    delivered: list[bytes] = []
    modem = JsprEmulator(
        lambda message: delivered.append(message.payload),
        imei=IMEI,
        plans=[_JSPR_PLANS[fate] for fate in fates],
        mt_queue=incoming,
    )
    terminal = stack.enter_context(PseudoTerminal(modem))
    link = RockBlock9704(SerialPort(terminal.port, baud=230400), listen_s=2.0)
    link.signal()  # its library takes a while to start, which is not what the contract's deadlines are about
    return Site(link, delivered)


SITES: dict[str, MakeSite] = {
    "9602 in memory": _memory_9602(chunk=4096),
    "9602 one byte at a time": _memory_9602(chunk=1),
    "9602 on a pseudo-terminal": _terminal_9602,
    "9704 on a pseudo-terminal": _terminal_9704,
}
