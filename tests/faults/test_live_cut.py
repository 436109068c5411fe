"""A power cut while a trap lives in the field: on `watch`, stopped, and switched on by its PIR and by its alarm."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from cameratrap.app.wake_plan import read_plan
from cameratrap.cli import run
from tests.faults import live_process
from tests.faults.crash_disk import Cut, Operation, Sync, write_tree
from tests.faults.live_process import CONFIGURATION
from tests.faults.promises import Promises, broken_promises, doubled_seals
from tests.faults.replay import Log, State, states
from tests.faults.restart import captured
from tests.faults.write_log import Said, record
from tests.virtual_trap import START

pytestmark = pytest.mark.slow
BETWEEN = 8  # operations from one restart to the next
AFTERWARDS, LATER = timedelta(days=3), timedelta(days=4)


@pytest.fixture
def folder(scratch: Path, environment: None) -> Iterator[Path]:
    """Where the trap lives; only its configuration is there."""
    clear(scratch / "live")
    yield scratch / "live"
    shutil.rmtree(scratch / "live")


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "cameratrap.toml").write_text(CONFIGURATION, encoding="utf-8")


def lay_out(state: State, folder: Path) -> None:
    clear(folder)
    write_tree(state.tree, folder)


def test_no_cut_loses_anything_in_the_field(folder: Path, scratch: Path) -> None:
    """At every operation what was said is on the card, and two power-ons later all is well.

    The first finds what was left half done, the second looks at it: every day is closed, no half picture is left, no
    number given twice, and the alarm is still to come.
    """
    log = record([sys.executable, live_process.__file__, str(folder)], folder, scratch / "live.log")
    said = Promises.of([each.line for each in log if isinstance(each, Said)])
    assert [pictures for _, pictures in said.bursts] == [2, 2, 2]
    assert (len(said.closed), len(said.sent), len(said.alarms)) == (2, 2, 2)
    assert broken_cuts(log, folder) == []
    assert unclean_restarts(log, folder) == []
    for needed in (".JPG.part", "cameratrap.db-wal", "wake.json.part"):
        assert broken_cuts([each for each in log if not _syncs(each, needed)], folder), f"{needed} need not be durable"


def _syncs(each: Operation | Said, name: str) -> bool:
    return isinstance(each, Sync) and each.path.endswith(name)


def broken_cuts(log: Log, folder: Path) -> list[str]:
    """The first state that breaks a promise, with the promises."""
    for state in states(log):
        if state.cut in (Cut.NONE, Cut.NAMES, Cut.SOME, Cut.TORN_SECTORS):
            lay_out(state, folder)
            if broken := broken_promises(folder / "card", state.promises):
                return [f"cut {state.cut.name} behind operation {state.number}", *broken]
    return []


def unclean_restarts(log: Log, folder: Path) -> list[str]:
    """The first power-on after a cut that does not end well."""
    cuts = (Cut.NONE, Cut.TORN_SECTORS)
    for state in states(log, range(0, len(log), BETWEEN), seed=4):
        if state.cut is cuts[state.number // BETWEEN % len(cuts)]:
            lay_out(state, folder)
            wrong = [*power_on(folder, AFTERWARDS), *power_on(folder, LATER)]
            if wrong := [*wrong, *after_power_ons(folder / "card", state.promises)]:
                return [f"cut {state.cut.name} behind operation {state.number}", *wrong]
    return []


def power_on(folder: Path, after: timedelta) -> list[str]:
    """The alarm rings, or somebody switches it on; what goes wrong."""
    with contextlib.chdir(folder):
        if not Path("card/station.key").exists():
            assert captured(partial(run, ["--data", "card", "key", "new"])).status == 0
        answer = captured(partial(live_process.wake, after, "alarm"))
    return [f"{answer.status}: {answer.err}"] if answer.status or "failed" in answer.err else []


def after_power_ons(card: Path, promises: Promises) -> Iterator[str]:
    """What the card does not keep then, or still lacks."""
    yield from broken_promises(card, promises)
    yield from doubled_seals(card, promises)
    yield from (f"{path} is left" for path in card.glob("DCIM/*/*.part"))
    plan = read_plan(card)
    if plan is None or plan.alarm_at is None or plan.alarm_at <= START + LATER:
        yield f"the next alarm is {plan}"
    with contextlib.closing(sqlite3.connect(card / "cameratrap.db")) as connection:
        days = "SELECT DISTINCT substr(started_at, 1, 10) FROM bursts EXCEPT SELECT day FROM summaries"
        yield from (f"{day} is not closed" for (day,) in connection.execute(days))
        waiting = connection.execute("SELECT id FROM bursts WHERE status <> 'analysed'")
        yield from (f"nobody has looked at {burst}" for (burst,) in waiting)
