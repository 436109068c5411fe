"""The power cut at each operation of a recording: what the disk may hold then, and if a trap goes on from there."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from tests.faults.crash_disk import Cut, Disk, Operation, Rename, Sync, SyncFolder, Tree, digest, write_tree
from tests.faults.promises import TABLES, Promises, broken_promises, doubled_seals
from tests.faults.restart import Bench, Whole
from tests.faults.write_log import Said

Log = Sequence[Operation | Said]


@dataclass(frozen=True)
class Recording:
    """A whole run: what it did and said, and what a user learns of the card that it left."""

    log: Log
    tells: Whole

    def without(self, dropped: Collection[int]) -> Recording:
        """The same, had the operations with these numbers been forgotten."""
        return Recording([each for number, each in enumerate(self.log) if number not in dropped], self.tells)

    @cached_property
    def tables(self) -> list[bytes]:
        """The plain tables that it wrote, in order."""
        disk, tables = Disk(), []
        for each in self.log:
            if not isinstance(each, Said):
                disk.do(each)
                if isinstance(each, Rename) and each.target.rpartition("/")[2] in TABLES:
                    tables.append(disk.after_cut(Cut.ALL, Random(0))[each.target] or b"")
        return tables

    def syncs(self) -> Mapping[str, list[int]]:
        """Who asked for what to be made durable, and the numbers of those operations."""
        found: dict[str, list[int]] = defaultdict(list)
        site = "nobody"
        for number, each in enumerate(self.log):
            if isinstance(each, Said):
                site = each.line.removeprefix("site ") if each.line.startswith("site ") else site
            elif isinstance(each, Sync | SyncFolder):
                found[f"{site}: {_kind(each)}"].append(number)
        return found


def _kind(sync: Sync | SyncFolder) -> str:
    if isinstance(sync, SyncFolder):
        return "folder"
    name = sync.path.rpartition("/")[2]
    if name.startswith("cameratrap.db"):
        return name.rpartition("-")[2] if "-" in name else "database"
    return "file"


@dataclass(frozen=True)
class State:
    """What the disk holds after a cut behind operation ``number``, and what had been promised by then."""

    number: int
    cut: Cut
    tree: Tree
    promises: Promises

    @property
    def key(self) -> tuple[bytes, str]:
        """Equal where there is nothing new to be learned."""
        return digest(self.tree), repr(self.promises)


def states(
    log: Log, behind: Collection[int] | None = None, *, seed: int = 0, journalled: bool = False
) -> Iterator[State]:
    """A cut ``behind`` each of these operations (None: behind every one), in each way; no state twice."""
    disk, lines, random, seen = Disk(journalled=journalled), list[str](), Random(seed), set[tuple[bytes, str]]()
    promises = Promises()
    for number, each in enumerate(log):
        if isinstance(each, Said):
            lines.append(each.line)
            promises = Promises.of(lines)
        else:
            disk.do(each)
        for cut in Cut if behind is None or number in behind else ():
            state = State(number, cut, disk.after_cut(cut, random), promises)
            if state.key not in seen:
                seen.add(state.key)
                yield state


@dataclass(frozen=True)
class Cutter:
    """Lays states out in ``folder`` and looks at them; ``bench`` is where the trap is switched on again."""

    folder: Path
    bench: Bench

    def broken(self, state: State, tables: Sequence[bytes]) -> list[str]:
        """What the card does not keep before anybody has touched it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        write_tree(state.tree, self.folder)
        return broken_promises(self.folder / "card", state.promises, tables)

    def restart(self, state: State, recording: Recording) -> list[str]:
        """What is wrong when the trap is switched on again and plays the rest."""
        self.bench.clear()
        write_tree(state.tree, self.bench.folder)
        answer = self.bench.switch_on()
        if answer.status or "failed" in answer.err:
            return [f"exit status {answer.status}: {answer.err}"]
        wrong = broken_promises(self.bench.folder / "card", state.promises)
        wrong += doubled_seals(self.bench.folder / "card", state.promises)
        return wrong if self.bench.tells() == recording.tells else [*wrong, "the card tells something else in the end"]
