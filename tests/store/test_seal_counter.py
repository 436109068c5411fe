"""The counter: no number is ever taken twice, whatever is lost, swapped, restored or cut off."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.errors import StoreError
from cameratrap.store import seal_counter as module
from cameratrap.store.connection import open_store
from cameratrap.store.keys import write_key
from cameratrap.store.reading import open_for_reading
from cameratrap.store.seal_counter import (
    COPIED,
    DIFFERENT,
    FIRST,
    NO_FILE,
    NO_ROW,
    RENEWED,
    USED_UP,
    SealCounter,
    counter_path,
    create_seal_epochs,
    know_the_file,
    stored_state,
)
from cameratrap.wire.seal import MAX_COUNTER, SealKey, SealNumber
from tests.power_cuts import Cutting, PowerCut, cut_at

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
KEY = SealKey(bytes(range(32)))
STEPS = (create_seal_epochs, know_the_file)


class Trap:
    """A key and a card's database, which can be copied, restored and swapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.key = write_key(folder / "station.key", KEY, NOW)
        self.file = counter_path(self.key.path)
        self.database = folder / "card.db"
        self.taken: list[SealNumber] = []

    def take(self, count: int = 1) -> SealNumber:
        """Take numbers in a process's whole life: the database is opened, used and closed."""
        with closing(open_store(self.database, STEPS, create=True)) as connection:
            counter = SealCounter(self.key, connection)
            self.taken += [counter.take() for _ in range(count)]
        return self.taken[-1]

    def why(self) -> list[str]:
        with open_for_reading(self.database, STEPS) as connection:
            return [row["why"] for row in connection.execute("SELECT why FROM seal_epochs ORDER BY id")]

    def lose(self, *paths: Path) -> None:
        for path in paths:
            for each in path.parent.glob(path.name + "*") if path == self.database else [path]:
                each.unlink()

    def assert_unique(self) -> None:
        assert len(set(self.taken)) == len(self.taken)


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "trap")


def test_numbers_follow_each_other(trap: Trap) -> None:
    """From 0, under key id 1, through restarts; in one epoch, drawn at random."""
    trap.take(3)
    trap.take(2)
    assert [number.counter for number in trap.taken] == [0, 1, 2, 3, 4]
    assert {(number.key_id, number.epoch) for number in trap.taken} == {(1, trap.taken[0].epoch)}
    assert trap.why() == [FIRST]


def test_two_traps_draw_different_epochs(tmp_path: Path) -> None:
    """With one key by mistake, they still meet in a nonce once in sixteen million."""
    assert Trap(tmp_path / "a").take().epoch != Trap(tmp_path / "b").take().epoch


def _swap(trap: Trap) -> None:
    trap.lose(trap.database)


def _lose_file(trap: Trap) -> None:
    trap.lose(trap.file)


def _damage_file(trap: Trap) -> None:
    trap.file.write_bytes(trap.file.read_bytes()[:-3])


def _another_key_s_file(trap: Trap) -> None:
    trap.file.write_text(trap.file.read_text().replace(KEY.fingerprint, "00000000"))


def _file_behind(trap: Trap) -> None:
    old = trap.file.read_bytes()
    trap.take(3)
    trap.file.write_bytes(old)


def _database_behind(trap: Trap) -> None:
    copy = trap.folder / "copy"
    shutil.copyfile(trap.database, copy)
    trap.take(3)
    trap.lose(trap.database)
    copy.rename(trap.database)


def _copied_back(trap: Trap, *, also_key: bool = False) -> None:
    """Database and file of one moment, later put back with their times, as `cp -a` and rsync do."""
    copy = trap.folder / "copy"
    shutil.copytree(trap.folder, copy)
    trap.take(3)
    trap.lose(trap.database, trap.file, *([trap.key.path] if also_key else []))
    for path in copy.iterdir():
        shutil.copy2(path, trap.folder / path.name)
    shutil.rmtree(copy)


def _folder_copied_back(trap: Trap) -> None:
    _copied_back(trap, also_key=True)


def _written_over(trap: Trap) -> None:
    """In place, so that even the inode is the same."""
    copies = [(path, path.read_bytes()) for path in (trap.database, trap.file)]
    trap.take(3)
    for path, content in copies:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("mishap", "why"),
    [
        (_swap, NO_ROW),
        (_lose_file, NO_FILE),
        (_damage_file, NO_FILE),
        (_another_key_s_file, NO_FILE),
        (_file_behind, DIFFERENT),
        (_database_behind, DIFFERENT),
        (_copied_back, COPIED),
        (_folder_copied_back, COPIED),
        (_written_over, COPIED),
    ],
)
def test_after_a_mishap_a_new_epoch_begins(trap: Trap, mishap: object, why: str) -> None:
    """Under the next key id, with the reason written down; no number comes twice."""
    before = trap.take(5)
    mishap(trap)  # type: ignore[operator]
    after = trap.take()
    assert (after.key_id, after.counter, after.epoch == before.epoch) == (before.key_id + 1, 0, False)
    assert trap.why()[-1] == why
    assert trap.take().epoch == after.epoch  # and it goes on from there
    trap.assert_unique()


def test_a_key_of_an_older_database_goes_on_in_a_new_epoch(trap: Trap) -> None:
    """Nothing is known of its file, which may have been put back: what is not known is not believed."""
    before = trap.take()
    with closing(open_store(trap.database, STEPS, create=False)) as connection:
        connection.execute("UPDATE seal_epochs SET file_changed_ns = NULL")
    assert trap.take().epoch != before.epoch
    assert trap.why() == [FIRST, COPIED]


def test_what_cannot_be_seen_is_said_by_hand(trap: Trap) -> None:
    """An image of the whole file system written back looks right: `renew` begins a new epoch."""
    before = trap.take()
    with closing(open_store(trap.database, STEPS, create=False)) as connection:
        begun = SealCounter(trap.key, connection).renew()
        assert SealCounter(trap.key, connection).take() == begun
    assert (begun.key_id, begun.counter, begun.epoch == before.epoch) == (2, 0, False)
    assert trap.why() == [FIRST, RENEWED]


def test_a_counter_that_is_used_up_begins_a_new_epoch(trap: Trap) -> None:
    """65,536 numbers an epoch, and none of them again."""
    first = trap.take()
    _set_counter(trap, MAX_COUNTER)
    last, after = trap.take(), trap.take()
    assert (last.epoch, last.counter) == (first.epoch, MAX_COUNTER)
    assert (after.key_id, after.counter, after.epoch == first.epoch) == (2, 0, False)
    assert trap.why() == [FIRST, USED_UP]


def _set_counter(trap: Trap, counter: int) -> None:
    """As if the trap itself had counted so far."""
    content = json.loads(trap.file.read_bytes())
    trap.file.write_text(json.dumps({**content, "next_counter": counter}))
    with closing(open_store(trap.database, STEPS, create=False)) as connection:
        connection.execute(
            "UPDATE seal_epochs SET next_counter = ?, file_changed_ns = ?", (counter, trap.file.stat().st_ctime_ns)
        )


def test_the_key_id_wraps_and_an_epoch_is_never_drawn_again(trap: Trap) -> None:
    """After 15 comes 1; a random number that was an epoch before is drawn anew."""
    draws = itertools.chain.from_iterable([b"\0\0" + bytes([n])] * 2 for n in range(40))
    with closing(open_store(trap.database, STEPS, create=True)) as connection:
        counter = SealCounter(trap.key, connection, random=lambda _: next(draws))
        begun = [counter.take(), *(counter.renew() for _ in range(16))]
    assert [number.key_id for number in begun] == [*range(1, 16), 1, 2]
    assert len({number.epoch for number in begun}) == len(begun)


def test_another_key_has_its_own_epochs(trap: Trap, tmp_path: Path) -> None:
    """A new key on an old card counts from 0."""
    trap.take(3)
    other = write_key(tmp_path / "other.key", SealKey(bytes(32)), NOW)
    with closing(open_store(trap.database, STEPS, create=False)) as connection:
        number = SealCounter(other, connection).take()
    assert (number.key_id, number.counter) == (1, 0)
    assert trap.take().counter == 3


def test_a_power_cut_at_any_step_never_repeats_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each open, write, sync, rename and commit: the numbers that were given out stay the only ones."""
    for n in itertools.count(1):
        trap = Trap(tmp_path / str(n))
        trap.take(2)
        with monkeypatch.context() as patched:
            passed = cut_at(n, patched)
            cut = True
            with closing(open_store(trap.database, STEPS, create=False)) as real:
                counter = SealCounter(trap.key, Cutting(real, passed, n))  # type: ignore[arg-type]
                try:
                    trap.taken.append(counter.take())
                    cut = False
                except PowerCut:
                    pass
        trap.take(2)
        trap.assert_unique()
        if not cut:
            break
    assert n > 6


TAKE_MANY = """
import sys
from contextlib import closing
from pathlib import Path
from cameratrap.store.connection import open_store
from cameratrap.store.keys import read_key
from cameratrap.store.seal_counter import SealCounter, create_seal_epochs, know_the_file

steps = (create_seal_epochs, know_the_file)
with closing(open_store(Path(sys.argv[2]), steps, create=False)) as connection:
    counter = SealCounter(read_key(Path(sys.argv[1])), connection)
    print(*(counter.take().counter for _ in range(15)))
"""


def test_two_processes_never_take_one_number(trap: Trap) -> None:
    """`watch` closes a day while `transmit` sends an alert: they wait for each other, in one epoch."""
    trap.take()
    arguments = [sys.executable, "-c", TAKE_MANY, str(trap.key.path), str(trap.database)]
    processes = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    taken = [int(number) for process in processes for number in process.communicate(timeout=60)[0].split()]
    assert sorted(taken) == list(range(1, 31))
    assert trap.why() == [FIRST]


def test_one_key_beside_two_cards_takes_no_number_twice(trap: Trap) -> None:
    """A restored copy of the card in another slot, both alive: each finds what the other did, and moves on."""
    trap.take(2)
    copy = trap.folder / "copy.db"
    shutil.copyfile(trap.database, copy)
    original = trap.database
    for database in (original, copy, original, copy):
        trap.database = database
        trap.take(2)
    trap.assert_unique()


def test_a_card_that_cannot_be_written_seals_nothing(trap: Trap) -> None:
    """A read-only database is an error, and the file beside the key stays as it was."""
    trap.take()
    before = trap.file.read_bytes()
    with (
        open_for_reading(trap.database, STEPS) as connection,
        pytest.raises(StoreError, match="readonly"),
    ):
        SealCounter(trap.key, connection).take()
    assert trap.file.read_bytes() == before


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_file_that_cannot_be_written_seals_nothing(trap: Trap, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """A full or failing card: the error says that nothing is lost, and no number was taken."""
    first = trap.take()

    def fail(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device")

    with closing(open_store(trap.database, STEPS, create=False)) as connection:
        with monkeypatch.context() as patched:
            patched.setattr(module.os, call, fail)
            with pytest.raises(StoreError, match="counter beside the key") as raised:
                SealCounter(trap.key, connection).take()
        assert "nothing is lost" in raised.value.hint
        state = stored_state(connection, KEY.fingerprint)
        assert state is not None
        assert state.next_counter == 1
    assert trap.take() == SealNumber(first.key_id, first.epoch, 1)


def test_a_lock_that_is_held_for_ever_is_an_error(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wait has an end."""
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.05)
    trap.take()
    lock = trap.file.with_name(trap.file.name + ".lock")
    with module._locked(lock), pytest.raises(StoreError, match="another process holds"):
        trap.take()
    assert trap.take().counter == 1


MISHAPS = (_swap, _lose_file, _file_behind, _database_behind, _copied_back, _written_over)


@settings(max_examples=8)
@given(st.lists(st.sampled_from(MISHAPS), max_size=4))
def test_no_row_of_mishaps_repeats_a_number(tmp_path_factory: pytest.TempPathFactory, mishaps: list[object]) -> None:
    """One after the other, on one trap."""
    trap = Trap(tmp_path_factory.mktemp("trap"))
    trap.take(2)
    for mishap in mishaps:
        mishap(trap)  # type: ignore[operator]
        trap.take(2)
    trap.assert_unique()
