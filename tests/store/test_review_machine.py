"""Any actions in any order, undone, done again, repeated and cut by restarts, beside a model in plain Python."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cameratrap.domain.review import UNKNOWN, Change
from cameratrap.errors import UsageError
from cameratrap.store.project import Project, edit_project
from cameratrap.store.review_actions import Done, Scope, act, redo, undo
from tests.project_check import derived, worked_out
from tests.project_maker import START, Plan, make_project

ANN: Any = {"author": "Ann", "made_at": START}
FOX, DEER, WEIRD = "Vulpes vulpes", "Capreolus capreolus", "<b>'|\u202e--"
TAXA = st.sampled_from((FOX, DEER, WEIRD))
PLAN = Plan(deployments=1, sequences=10, media=1, taxa=(FOX, DEER))
SEQUENCES = 10

_CHANGES = st.one_of(
    st.sampled_from((Change("verify"), Change("blank"), Change("unknown"), Change("flag"), Change("unflag"))),
    st.builds(Change, st.just("relabel"), TAXA, st.sampled_from(("", FOX, DEER))),
    st.builds(Change, st.just("count"), st.just(""), count=st.integers(1, 4)),
)
_SCOPES = st.one_of(
    st.builds(lambda each: Scope(events=tuple(each)), st.sets(st.integers(1, 5), min_size=1, max_size=3)),
    st.builds(lambda each: Scope(sequences=tuple(each)), st.sets(st.integers(1, SEQUENCES), min_size=1, max_size=4)),
)


@dataclass(frozen=True)
class Seen:
    """What the model holds of a sequence."""

    counts: dict[str, int]
    by_person: bool = False
    flagged: bool = False


State = tuple[Seen, ...]


def said(change: Change, event: list[Seen]) -> list[Seen]:
    """The rules once more, in other words; raises UsageError where nobody can say which taxon is counted."""
    if change.kind in ("flag", "unflag"):
        return [Seen(each.counts, each.by_person, change.kind == "flag") for each in event]
    counts = [dict(each.counts) for each in event]
    shows = {taxon for each in counts for taxon in each}
    most = [max(each.values(), default=1) for each in counts]
    if change.kind == "blank":
        counts = [{} for _ in event]
    elif change.kind == "unknown":
        counts = [{UNKNOWN: n} for n in most]
    elif change.count is not None:
        counts = counted(change.count, counts, shows)
    elif change.kind == "relabel" and change.from_taxon:
        if change.from_taxon not in shows:
            return event
        for each in counts:
            if change.from_taxon in each:
                n = each.pop(change.from_taxon)
                each[change.taxon] = max(n, each.get(change.taxon, 0))
    elif change.kind == "relabel":
        counts = [{change.taxon: n} if each or not shows else {} for n, each in zip(most, counts, strict=True)]
    return [Seen(now, by_person=True, flagged=each.flagged) for now, each in zip(counts, event, strict=True)]


def counted(count: int, event: list[dict[str, int]], shows: set[str]) -> list[dict[str, int]]:
    if len(shows) != 1:
        raise UsageError("which")
    (taxon,) = shows
    counts = [{taxon: min(each[taxon], count)} if each else {} for each in event]
    if max(each.get(taxon, 0) for each in counts) < count:
        best = max(range(len(counts)), key=lambda n: (counts[n].get(taxon, 0), -n))
        counts[best] = {taxon: count}
    return counts


class Reviewing(RuleBasedStateMachine):
    """A project of one deployment with five events of two sequences, a copy of ``template``."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "p"
        self.keys = 0
        self.past: list[State] = []
        self.future: list[State] = []
        self.newest: tuple[Change, Scope, str, Done] | None = None

    @initialize()
    def begin(self) -> None:
        """The same project each time."""
        shutil.copytree(self.template, self.folder)
        self.open()
        rows = self.project.connection.execute("SELECT id, event FROM sequences ORDER BY id").fetchall()
        self.event = {row["id"]: row["event"] for row in rows}
        self.now = self.stored()

    def open(self) -> None:
        self.opened = edit_project(self.folder)
        self.project: Project = self.opened.__enter__()

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def stored(self) -> State:
        found = []
        for number in sorted(self.event):
            row = self.project.connection.execute(
                "SELECT s.flagged, w.id, w.method FROM sequences s JOIN words w ON w.id = s.standing WHERE s.id = ?",
                (number,),
            ).fetchone()
            seen = self.project.connection.execute("SELECT * FROM observations WHERE word = ?", (row["id"],))
            counts = {each["taxon"]: each["count"] for each in seen}
            found.append(Seen(counts, row["method"] == "human", bool(row["flagged"])))
        return tuple(found)

    def expected(self, change: Change, scope: Scope) -> State:
        meant = [n for n in sorted(self.event) if n in scope.sequences or self.event[n] in scope.events]
        after = list(self.now)
        for event in dict.fromkeys(self.event[n] for n in meant):
            members = [n for n in meant if self.event[n] == event]
            for n, seen in zip(members, said(change, [self.now[n - 1] for n in members]), strict=True):
                after[n - 1] = seen
        return tuple(after)

    @rule(change=_CHANGES, scope=_SCOPES)
    def acts(self, change: Change, scope: Scope) -> None:
        """What the rules say, or a refusal that changes nothing."""
        key = self.key()
        try:
            after = self.expected(change, scope)
            nothing = change.from_taxon and after == self.now
        except UsageError:
            after, nothing = self.now, True
        try:
            done = act(self.project.connection, change, scope, key=key, **ANN)
        except UsageError:
            assert after == self.now
            return
        assert not nothing or after == self.now
        self.newest = (change, scope, key, done)
        self.past.append(self.now)
        self.future.clear()
        self.now = after

    @rule()
    def undoes(self) -> None:
        """To what was before, or nothing at the start."""
        done = undo(self.project.connection, key=self.key(), **ANN)
        assert (done is None) is (not self.past)
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    @rule()
    def redoes(self) -> None:
        """To what was undone last, or nothing where another action came between."""
        done = redo(self.project.connection, key=self.key(), **ANN)
        assert (done is None) is (not self.future)
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()

    @precondition(lambda self: self.newest is not None)
    @rule()
    def repeats(self) -> None:
        """The answer of the first time, also where it was undone meanwhile."""
        assert self.newest is not None
        change, scope, key, done = self.newest
        again = act(self.project.connection, change, scope, key=key, **ANN)
        assert (again.action, again.events, again.repeated) == (done.action, done.events, True)

    @precondition(lambda self: self.keys > 0)
    @rule()
    def restarts(self) -> None:
        """Nothing is only in memory."""
        self.opened.__exit__(None, None, None)
        self.open()

    @invariant()
    def holds(self) -> None:
        """What stands is what the model says, and all that follows is what the rows say when read from the start."""
        if hasattr(self, "now"):
            assert self.stored() == self.now
            assert derived(self.project.connection) == worked_out(self.project.connection)

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
        self.stack.close()


class TestReviewing(Reviewing.TestCase):  # type: ignore[misc, valid-type]
    """Run from pytest."""

    settings = settings(max_examples=25, stateful_step_count=25)

    @classmethod
    def setUpClass(cls) -> None:
        """The project is made once."""
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        Reviewing.template = make_project(Path(folder) / "p", PLAN)
