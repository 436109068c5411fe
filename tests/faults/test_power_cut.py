"""A power cut at every operation of a running trap, every write that was not synchronised dropped, kept or torn."""

from __future__ import annotations

from collections.abc import Collection
from itertools import cycle

import pytest

from tests.faults.crash_disk import Create, Cut
from tests.faults.promises import Promises
from tests.faults.replay import Cutter, Recording, State, states
from tests.faults.write_log import Said

RESTARTS = 60  # of a trap that lacks one kind of sync: what that spoils, it spoils soon
# Syncs that may be missed. SQLite makes them with every commit, and by itself while it makes or closes a database; but
# nothing is said after these, nor touched that cannot be put back, before the next one makes the same durable.
COVERED = {
    "card.make_card: journal": "of the first page of a card that has promised nothing",
    "card.make_card: folder": "of the first page of a card that has promised nothing",
    "card.make_card: wal": "it is a card only when its record is there, and an empty database is made anew",
    "deployment._write write_durably: folder": "DCIM is made in the same folder before anything is said",
    "treatments.finish: wal": "to treat a picture again changes nothing",
    "connection.close: wal": "of a log that is durable already",
    "sessions.use_modem: wal": "the attempt's own commit follows",
    "sessions.note_power: wal": "an estimate of some joules",
    "outbox.supersede: wal": "the session's own commit follows",
}


def test_the_trap_kept_every_kind_of_promise(recording: Recording) -> None:
    """What follows looks at a whole run: bursts, a treated picture, alerts, closed days, sent messages, tables."""
    said = Promises.of([each.line for each in recording.log if isinstance(each, Said)])
    assert (len(said.bursts), sum(pictures for _, pictures in said.bursts), len(said.looked)) == (5, 7, 7)
    assert (len(said.closed), said.alerts, len(said.sent), said.superseded, len(said.ended)) == (2, [1], 2, [1], 1)
    assert len(recording.log) > 400


def test_a_sample_of_cuts_loses_nothing(recording: Recording, cutter: Cutter) -> None:
    """What was promised is on the card after a cut, undamaged, and a trap that is switched on again goes on from it."""
    found = list(states(recording.log, range(0, len(recording.log), 10)))
    assert not _broken(cutter, found, recording)
    for state in found[:: len(found) // 9]:
        assert not cutter.restart(state, recording), state.number


def test_a_card_that_was_being_made_is_made_anew(recording: Recording, cutter: Cutter) -> None:
    """The first second of a trap's life: an empty database, or a torn first page, keeps no trap from starting."""
    making = [
        number for number, each in enumerate(recording.log[:60]) if getattr(each, "inode", 0) in _first_files(recording)
    ]
    for state in states(recording.log, making, seed=3):
        if state.cut in (Cut.ALL, Cut.TORN_SECTORS):
            assert not cutter.restart(state, recording), (state.number, state.cut)


def _first_files(recording: Recording) -> set[int]:
    """The database and the journal of its first page."""
    names = ("card/cameratrap.db", "card/cameratrap.db-journal")
    return {each.inode for each in recording.log[:60] if isinstance(each, Create) and each.path in names}


@pytest.mark.slow
@pytest.mark.parametrize("journalled", [False, True])
def test_no_cut_loses_anything(recording: Recording, cutter: Cutter, *, journalled: bool) -> None:
    """The same at every operation, in every way, by a strict disk and by one that is as kind as ext4."""
    found = list(states(recording.log, seed=1, journalled=journalled))
    assert len(found) > 800
    assert not _broken(cutter, found, recording)


@pytest.mark.slow
def test_every_restart_is_clean(recording: Recording, cutter: Cutter) -> None:
    """Switched on after a cut behind any operation, the trap ends with the card that an undisturbed one has."""
    by_number: dict[int, list[State]] = {}
    for state in states(recording.log, seed=2):
        by_number.setdefault(state.number, []).append(state)
    turns = cycle(range(len(Cut)))
    for at_number in by_number.values():
        state = at_number[next(turns) % len(at_number)]
        assert not cutter.restart(state, recording), (state.number, state.cut)
    assert len(by_number) > 400


@pytest.mark.slow
def test_each_sync_is_needed(recording: Recording, cutter: Cutter) -> None:
    """Without any one kind of sync, by who asks for it, some cut breaks a promise or keeps a trap from starting."""
    syncs = recording.syncs()
    assert set(COVERED) < set(syncs)
    known = {state.key for state in states(recording.log)}
    needed = {
        site: _spoils(recording.without(numbers), numbers[0], known, cutter)
        for site, numbers in syncs.items()
        if site not in COVERED
    }
    assert [site for site, is_needed in needed.items() if not is_needed] == []
    assert len(needed) > 20


def _spoils(without: Recording, first: int, known: Collection[tuple[bytes, str]], cutter: Cutter) -> bool:
    """Whether a cut from operation ``first`` on can do harm that it could not do with all syncs."""
    new: list[State] = []
    for state in states(without.log, range(first, len(without.log))):
        if state.key in known:
            continue
        if cutter.broken(state, without.tables):
            return True
        new.append(state)
    return any(cutter.restart(state, without) for state in new[:RESTARTS])


def _broken(cutter: Cutter, found: list[State], recording: Recording) -> list[str]:
    """The first state that breaks a promise, with the promises."""
    tables = recording.tables
    for state in found:
        if broken := cutter.broken(state, tables):
            return [f"cut {state.cut.name} behind operation {state.number}", *broken]
    return []
