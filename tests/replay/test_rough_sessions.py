"""The emulated gateway under a rough sky: what it charges, and that the real driver and outbox explain it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.transmit import Hooks, transmit
from cameratrap.app.transmit_plan import Limits
from cameratrap.domain.energy import PowerFigures
from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers.rockblock_9602 import RockBlock9602
from cameratrap.replay.emulated_lines import MemoryLine, VirtualClock
from cameratrap.replay.gateway import Delivery, Gateway, rough_sessions
from cameratrap.replay.modem_emulator import ModemEmulator
from cameratrap.sbd.status import classify
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxState, enqueue
from cameratrap.store.sessions import SessionState, sessions

START = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def test_half_of_the_uncertain_failures_arrive_and_no_certain_one() -> None:
    """As real gateways do; the same seed is the same sky, and the share of failures is what was asked for."""
    plans = rough_sessions(1, 4000)
    assert plans == rough_sessions(1, 4000)
    failed = [plan for plan in plans if plan.status]
    assert 0.17 < len(failed) / len(plans) < 0.23
    uncertain = [plan for plan in failed if classify(plan.status).uncertain]
    assert sum(plan.reaches_gateway for plan in uncertain) * 2 >= len(uncertain) > 100
    assert not any(plan.reaches_gateway for plan in failed if not classify(plan.status).uncertain)


class Time:
    """The virtual time of the line, as the port Clock."""

    def __init__(self, virtual: VirtualClock) -> None:
        self.virtual = virtual

    def now(self) -> datetime:
        return START + timedelta(seconds=self.virtual())

    def monotonic_s(self) -> float:
        return self.virtual()

    def wait(self, seconds: float) -> None:
        self.virtual.advance_to(self.virtual() + seconds)

    def quality(self) -> ClockQuality | None:
        return None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_credit_is_explained(tmp_path: Path, seed: int) -> None:
    """The real driver against the emulated modem, every second session failing: each day arrives at least once, and
    what the gateway charged lies between the surely sent and those with the uncertain ones.
    """
    days, arrived = 8, list[Delivery]()
    virtual = VirtualClock()
    gateway = Gateway(arrived.append, now=lambda: Time(virtual).now())
    modem = ModemEmulator(gateway.accept, plans=rough_sessions(seed, 300, failing=0.5))
    clock = Time(virtual)
    with closing(open_store(tmp_path / "card.db", CARD_MIGRATIONS, create=True)) as connection:
        outbox = Outbox(connection, jitter=lambda: 0.0)
        for number in range(1, 4 * days):
            if number <= days:
                day = date(2026, 11, number)
                enqueue(connection, day=day, sequence=number, part=1, payload=bytes([16, number]) * 20, now=clock.now())
            link = RockBlock9602(MemoryLine(modem, virtual), monotonic_s=virtual)
            transmit(outbox, link, clock, Limits(4, 180.0, power=PowerFigures()), Hooks(wait=clock.wait))
            virtual.advance_to(number * 86400.0)
        ends = {message.sequence: message.state for message in outbox.messages()}
        made = [each for each in sessions(connection) if each.kind == "summary"]
    received = {delivery.payload[1] for delivery in arrived}
    assert {number for number, state in ends.items() if state is OutboxState.SENT} <= received
    assert OutboxState.QUEUED not in {state for number, state in ends.items() if number <= days - 1}
    least = sum(each.credits for each in made if each.state is SessionState.SENT)
    most = least + sum(each.credits for each in made if each.uncertain and each.state is not SessionState.SENT)
    assert least <= gateway.credits <= most
    assert gateway.credits == len(arrived)
