"""The model of a disk: what is synchronised is there after a cut, what is not may be gone, nothing else appears."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.crash_disk import (
    SECTOR,
    Create,
    Cut,
    Disk,
    MakeFolder,
    Operation,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Unlink,
    Write,
    write_tree,
)

CUTS = st.sampled_from(Cut)
SEEDS = st.integers(0, 2**32)
CHANGES = st.lists(
    st.one_of(
        st.builds(Write, st.just(1), st.integers(0, 2000), st.binary(min_size=1, max_size=1500)),
        st.builds(Truncate, st.just(1), st.integers(0, 3000)),
    ),
    max_size=6,
)


def after(cut: Cut, *operations: Operation, seed: int = 0, journalled: bool = False) -> dict[str, bytes | None]:
    disk = Disk(journalled=journalled)
    for each in operations:
        disk.do(each)
    return dict(disk.after_cut(cut, Random(seed)))


DURABLE = (Create("a", 1), Write(1, 0, b"old"), Sync(1, "a"), SyncFolder("."))


@given(CUTS, SEEDS)
def test_what_is_synchronised_is_there(cut: Cut, seed: int) -> None:
    """Content and name, whatever else was lost."""
    assert after(cut, *DURABLE, seed=seed)["a"] == b"old"


@given(CUTS, SEEDS)
def test_a_name_is_not_durable_before_its_folder_is(cut: Cut, seed: int) -> None:
    """A file that was renamed is under the old name, or under the new one; both happen, and never is it under both."""
    tree = after(cut, *DURABLE, Rename("a", "b"), Sync(1, "b"), seed=seed)
    assert list(tree.values()) == [b"old"]
    kept = {Cut.NONE: "a", Cut.CONTENTS: "a", Cut.ALL: "b", Cut.NAMES: "b"}
    assert list(tree) == [kept[cut]] if cut in kept else set(tree) < {"a", "b"}
    assert list(after(cut, *DURABLE, Rename("a", "b"), SyncFolder("."), seed=seed)) == ["b"]


@given(CUTS, SEEDS)
def test_a_removed_file_may_come_back(cut: Cut, seed: int) -> None:
    """Until its folder is synchronised."""
    assert after(Cut.NONE, *DURABLE, Unlink("a")) == {"a": b"old"}
    assert after(cut, *DURABLE, Unlink("a"), SyncFolder("."), seed=seed) == {}


def test_content_and_name_come_apart() -> None:
    """A new name with nothing behind it is what is left of a rename without a sync; a folder takes all in it along."""
    new = (*DURABLE, Create("b", 2), Write(2, 0, b"new"), Rename("b", "a"))
    assert after(Cut.NAMES, *new) == {"a": b""}
    assert after(Cut.CONTENTS, *new) == after(Cut.NONE, *new) == {"a": b"old"}
    assert after(Cut.ALL, *new) == {"a": b"new"}
    inside = (MakeFolder("f"), Create("f/a", 1), Write(1, 0, b"x"), Sync(1, "f/a"), SyncFolder("f"))
    assert after(Cut.NONE, *inside) == {}
    assert after(Cut.NONE, *inside, SyncFolder(".")) == {"f": None, "f/a": b"x"}


def test_a_journal_commits_names_with_a_new_file() -> None:
    """As ext4 does: to synchronise a file whose own name is new makes every name before it durable; an old file's
    does not."""
    assert after(Cut.NONE, Create("a", 1), Create("b", 2), Sync(2, "b"), journalled=True) == {"a": b"", "b": b""}
    assert after(Cut.NONE, *DURABLE, Create("b", 2), Sync(1, "a"), journalled=True) == {"a": b"old"}


@given(CHANGES, SEEDS)
def test_a_torn_write_is_made_of_old_and_new(changes: list[Write | Truncate], seed: int) -> None:
    """After a torn cut each byte is one that some write put there, or was there, or nothing; kept whole it is all
    there, as a file that was written to in the same way has it."""
    whole = bytearray(b"old")
    for change in changes:
        if isinstance(change, Truncate):
            whole = whole[: change.size].ljust(change.size, b"\0")
        else:
            whole = whole.ljust(change.offset, b"\0")
            whole[change.offset : change.offset + len(change.data)] = change.data
    assert after(Cut.ALL, *DURABLE, *changes)["a"] == bytes(whole)
    assert after(Cut.NONE, *DURABLE, *changes)["a"] == b"old"
    torn = after(Cut.TORN_SECTORS, *DURABLE, *changes, seed=seed)["a"] or b""
    for place, byte in enumerate(torn):
        writes = [change for change in changes if isinstance(change, Write)]
        put = {each.data[place - each.offset] for each in writes if 0 <= place - each.offset < len(each.data)}
        assert byte in put | set(b"old"[place : place + 1]) | {0}


@given(SEEDS)
def test_a_write_tears_between_sectors(seed: int) -> None:
    """Within one sector it is whole or not there."""
    data = b"".join(bytes([number]) * SECTOR for number in range(1, 9))
    before = (Create("a", 1), Write(1, 0, bytes(len(data))), Sync(1, "a"), SyncFolder("."))
    torn = after(Cut.TORN_SECTORS, *before, Write(1, 0, data), seed=seed)["a"] or b""
    for sector in range(8):
        assert set(torn[sector * SECTOR : (sector + 1) * SECTOR]) in ({0}, {sector + 1})


def test_a_tree_is_laid_out_as_files(tmp_path: Path) -> None:
    write_tree({"f": None, "f/a": b"x", "g": b""}, tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {"f", "f/a", "g"}
    assert ((tmp_path / "f/a").read_bytes(), (tmp_path / "g").read_bytes()) == (b"x", b"")
