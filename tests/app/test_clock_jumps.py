"""A real process whose real clock jumps under it: nothing lost, nothing in a wrong day, no wait that never ends."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.store.card import DATABASE
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS

TRAP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cameratrap.app.close_day import Closing, close_due_days
from cameratrap.app.fold import Rules
from cameratrap.domain.events import TriggerCause
from cameratrap.drivers.clock import SystemClock, boot_id
from cameratrap.ports import Trigger
from cameratrap.resources import builtin_taxa
from cameratrap.store.bursts import begin_burst
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.clock_readings import ClockReading, add_reading
from cameratrap.store.effort import arm, still_armed

clock, boot = SystemClock(UTC), boot_id()
with make_card(Path(sys.argv[1]), Deployment("d", "s", 0, clock.now())) as card:
    c = card.connection
    stretch = arm(c, clock.now(), clock.monotonic_s(), boot, clock=clock.quality())
    for number, line in enumerate(sys.stdin):
        true = datetime.fromisoformat(line.strip())
        stretch = still_armed(c, stretch, clock.now(), clock.monotonic_s(), clock=clock.quality())
        trigger = Trigger(f"t{number}", clock.now(), TriggerCause.PIR, clock.monotonic_s())
        begin_burst(c, f"b{number}", trigger, boot_id=boot, clock=clock.quality())
        offset_s = (clock.now() - true).total_seconds()
        now_s = clock.monotonic_s()
        add_reading(c, ClockReading(clock.now(), offset_s, clock.quality(), "iridium", False, boot, now_s))
        close_due_days(card, Closing(Rules(), builtin_taxa()), clock.now())
        print(clock.now().isoformat(), flush=True)
"""


def _libfaketime() -> Path | None:
    named = os.environ.get("LIBFAKETIME")
    found = [Path(named)] if named else sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return found[0] if found and found[0].is_file() else None


@pytest.mark.skipif(_libfaketime() is None, reason="libfaketime is not installed (or named by LIBFAKETIME)")
def test_a_trap_lives_through_1970_a_month_ahead_and_400_days_back(tmp_path: Path) -> None:
    """Each burst stands where it was by the true time; the monotonic clock, which nobody sets, tells them apart."""
    now = datetime.now(UTC)
    jumps = [
        now - datetime(1970, 1, 1, tzinfo=UTC),
        timedelta(0),
        timedelta(days=-30),
        timedelta(0),
        timedelta(days=400),
    ]
    told = tmp_path / "offset"
    told.write_text(f"-{int(jumps[0].total_seconds())}", encoding="ascii")
    environment = {
        **os.environ,
        "LD_PRELOAD": str(_libfaketime()),
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-c", TRAP, str(tmp_path / "card")]
    true: list[datetime] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as trap:
        assert trap.stdin is not None
        assert trap.stdout is not None
        for jump in jumps:
            told.write_text(f"{-int(jump.total_seconds()):+d}", encoding="ascii")
            true.append(datetime.now(UTC))
            trap.stdin.write(true[-1].isoformat() + "\n")
            trap.stdin.flush()
            shown = datetime.fromisoformat(trap.stdout.readline().strip())
            assert abs(shown + jump - true[-1]) < timedelta(minutes=1)
        trap.stdin.close()
        assert trap.wait(30) == 0
    connection = open_store(tmp_path / "card" / DATABASE, CARD_MIGRATIONS, create=False)
    bursts = connection.execute("SELECT started_at FROM bursts ORDER BY rowid").fetchall()
    stretches = connection.execute("SELECT start, end FROM armed ORDER BY id").fetchall()
    closed = connection.execute("SELECT day FROM summaries").fetchall()
    connection.close()
    assert len(bursts) == len(true)
    recorded = [datetime.fromisoformat(row["started_at"]) for row in bursts]
    assert max(abs(a - b) for a, b in zip(recorded, true, strict=True)) < timedelta(minutes=1)
    assert all(now - timedelta(minutes=1) < datetime.fromisoformat(t) for row in stretches for t in row)
    assert {row["day"] for row in closed} <= {now.date().isoformat()}  # the test may run over midnight
