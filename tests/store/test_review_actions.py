"""Actions on events: what is stored of them, done once, undone and done again, and never taken away."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.app.fold import Rules
from cameratrap.app.project_tables import tallied_days
from cameratrap.domain.review import UNKNOWN, Change
from cameratrap.domain.selection import Selection
from cameratrap.errors import ConflictError, StoreError, UsageError
from cameratrap.store.connection import transaction
from cameratrap.store.event_query import count
from cameratrap.store.project import Project, edit_project, read_project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import ObservationRow, WordRow, add_word
from cameratrap.store.review_actions import Done, Scope, act, history, redo, undo
from cameratrap.store.review_names import sequence_named, sequence_of_media
from cameratrap.store.trials import trial
from tests.project_check import derived, worked_out
from tests.project_maker import START, Plan, fill_deployment, made_project, make_project

FOX, DEER = "Vulpes vulpes", "Capreolus capreolus"
ANN: Any = {"author": "Ann", "made_at": START}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two deployments of ten events of two sequences; the first event shows a fox and two deer."""
    folder = tmp_path_factory.mktemp("made") / "p"
    with made_project(folder, Plan(sequences=20, taxa=("Meles meles",))) as made:
        seen = (
            ObservationRow(FOX, 1, START, START, score=0.8, attributes={"sex": "female"}),
            ObservationRow(DEER, 2, START, START + timedelta(seconds=2), score=0.6),
        )
        with transaction(made.connection):
            add_word(made.connection, 1, WordRow("machine", "better 2", START, seen))
            add_word(made.connection, 2, WordRow("machine", "better 2", START))
            settle(made.connection, [1, 2])
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of it."""
    with edit_project(shutil.copytree(made, tmp_path / "p")) as project:
        yield project


def do(project: Project, change: Change, scope: Scope, key: str = "k") -> Done:
    done = act(project.connection, change, scope, key=key, **ANN)
    assert derived(project.connection) == worked_out(project.connection)
    return done


def shown(project: Project, event: int) -> dict[str, int]:
    rows = project.connection.execute("SELECT taxon, count FROM event_taxa WHERE event = ?", (event,))
    return {row["taxon"]: row["count"] for row in rows}


def standing(project: Project, sequence: int) -> list[sqlite3.Row]:
    return project.connection.execute(
        "SELECT o.*, w.method, w.classified_by, w.replaces FROM sequences s JOIN words w ON w.id = s.standing"
        " JOIN observations o ON o.word = w.id WHERE s.id = ? ORDER BY o.taxon",
        (sequence,),
    ).fetchall()


def rows(project: Project) -> list[int]:
    tables = ("actions", "undos", "words", "observations", "flags")
    return [project.connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608 - names of tables


def test_to_verify_keeps_everything_but_the_score(project: Project) -> None:
    """A person's word has what the model's had, its sex and its times; the model's word stays beside it."""
    before = standing(project, 1)
    do(project, Change("verify"), Scope((1,)))
    after = standing(project, 1)
    kept = ("taxon", "count", "first_at", "last_at", "attributes")
    assert [[row[name] for name in kept] for row in after] == [[row[name] for name in kept] for row in before]
    assert {(row["method"], row["classified_by"], row["score"]) for row in after} == {("human", "Ann", None)}
    assert [(row["count_low"], row["count_high"]) for row in after] == [(2, 2), (1, 1)]
    assert [row["replaces"] for row in after] == [row["word"] for row in before]


def test_several_observations_of_one_taxon_stay_several(project: Project) -> None:
    """Two adults and a young one are three at once, and verified they are still told apart."""
    seen = (
        ObservationRow(FOX, 2, START, START, attributes={"lifeStage": "adult"}),
        ObservationRow(FOX, 1, START, START, attributes={"lifeStage": "juvenile"}),
    )
    with transaction(project.connection):
        add_word(project.connection, 1, WordRow("machine", "m", START, seen))
        settle(project.connection, [1])
    assert shown(project, 1) == {FOX: 3}
    do(project, Change("verify"), Scope((1,)), "verify")
    assert [row["attributes"] for row in standing(project, 1)] == [
        '{"lifeStage": "adult"}',
        '{"lifeStage": "juvenile"}',
    ]
    do(project, Change("count", count=5), Scope((1,)), "count")
    assert [(row["count"], row["attributes"]) for row in standing(project, 1)] == [(5, "{}")]


def test_a_relabelled_animal_was_there_when_the_other_was(project: Project) -> None:
    """From the first time to the last of all that it is said of; one that is blank is verified as blank."""
    do(project, Change("relabel", "Sus scrofa"), Scope((1,)))
    (row,) = standing(project, 1)
    assert (row["count"], row["first_at"], row["attributes"]) == (2, START.isoformat(), "{}")
    assert row["last_at"] == (START + timedelta(seconds=2)).isoformat()
    assert standing(project, 2) == []
    state = project.connection.execute("SELECT state FROM events WHERE id = 1").fetchone()[0]
    assert state == "verified"


def test_one_of_two_taxa_is_relabelled_alone(project: Project) -> None:
    """The other stays, with what was known of each."""
    do(project, Change("relabel", "Canis lupus", FOX), Scope((1,)))
    assert shown(project, 1) == {"Canis lupus": 1, DEER: 2}
    assert [row["attributes"] for row in standing(project, 1)] == ['{"sex": "female"}', "{}"]


def test_what_was_blank_is_seen_from_its_first_picture_to_its_last(project: Project) -> None:
    """Nobody said when in the sequence it was."""
    do(project, Change("blank"), Scope((2,)), "blank")
    do(project, Change("unknown"), Scope((2,)), "unknown")
    (row,) = standing(project, 3)
    times = project.connection.execute(
        "SELECT captured_at FROM media WHERE sequence = 3 ORDER BY captured_s"
    ).fetchall()
    assert (row["taxon"], row["first_at"], row["last_at"]) == (UNKNOWN, times[0][0], times[-1][0])


def test_a_flag_says_nothing_of_what_is_there(project: Project) -> None:
    """No word is added; the event can be found by it, and no more when it is taken off."""
    before = shown(project, 1), rows(project)[2]
    do(project, Change("flag"), Scope((1,)), "on")
    assert count(project.connection, Selection(is_flagged=True)) == 1
    do(project, Change("unflag"), Scope((1,)), "off")
    assert count(project.connection, Selection(is_flagged=True)) == 0
    assert (shown(project, 1), rows(project)[2]) == before


def test_the_same_key_does_it_once(project: Project) -> None:
    """A lost answer is asked for again: also of a selection that has no longer as many events as it had."""
    scope = Scope(selection=Selection(states=("machine",)), expected=20)
    first = do(project, Change("verify"), scope)
    before = rows(project)
    again = do(project, Change("verify"), scope)
    assert (again.action, again.events, again.kind) == (first.action, first.events, "verify")
    assert (first.repeated, again.repeated, rows(project)) == (False, True, before)
    undone, again = (undo(project.connection, key="u", **ANN) for _ in range(2))
    assert undone is not None
    assert again == replace(undone, repeated=True)
    assert rows(project)[1] == 1


def test_a_key_stands_for_one_action(project: Project) -> None:
    """What is asked for differently by the same key is not done, and not taken for done."""
    do(project, Change("verify"), Scope((1,)))
    for change, scope in ((Change("blank"), Scope((1,))), (Change("verify"), Scope((2,)))):
        with pytest.raises(ConflictError, match="another action"):
            do(project, change, scope)
    assert undo(project.connection, key="k", **ANN) is not None
    with pytest.raises(ConflictError, match="another action"):
        redo(project.connection, key="k", **ANN)


def test_a_selection_that_has_changed_is_left_alone(project: Project) -> None:
    """What somebody saw twenty of is not said of nineteen."""
    scope = Scope(selection=Selection(states=("machine",)), expected=20)
    do(project, Change("verify"), Scope((1,)), "one")
    before = rows(project)
    with pytest.raises(ConflictError, match="20 events and has 19 now"):
        do(project, Change("blank"), scope)
    assert rows(project) == before


def test_an_event_that_was_made_anew_is_not_mistaken_for_another(project: Project) -> None:
    """A page that is open names events by number; a number never comes back."""
    old = [row["id"] for row in project.connection.execute("SELECT id FROM events WHERE deployment = 2")]
    with transaction(project.connection):
        regroup(project.connection, 2)
    assert derived(project.connection) == worked_out(project.connection)
    new = [row["id"] for row in project.connection.execute("SELECT id FROM events WHERE deployment = 2")]
    assert len(new) == len(old)
    assert not set(new) & set(old)
    before = rows(project)
    with pytest.raises(ConflictError, match="is not there"):
        do(project, Change("blank"), Scope((1, old[-1])))
    with pytest.raises(ConflictError):
        do(project, Change("blank"), Scope(sequences=(1, 10**20)))
    assert rows(project) == before


def test_what_nobody_has_looked_at_is_not_verified(tmp_path: Path) -> None:
    """That would make it blank. What somebody sees there he says, and then it is his word."""
    with made_project(tmp_path / "p", Plan(deployments=1, sequences=4, analysed=False)) as project:
        with pytest.raises(UsageError, match="nothing to verify"):
            do(project, Change("verify"), Scope((1,)))
        assert rows(project) == [0, 0, 0, 0, 0]
        do(project, Change("relabel", FOX), Scope((1,)))
        assert shown(project, 1) == {FOX: 1}


@pytest.mark.parametrize(
    "wrong", [{}, {"events": (1,), "sequences": (1,)}, {"events": (1,), "expected": 1}, {"events": (), "sequences": ()}]
)
def test_a_scope_is_one_thing(wrong: dict[str, object]) -> None:
    """Nothing at all would mean everything."""
    with pytest.raises(UsageError):
        Scope(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "x" * 201, "\x00"])
def test_a_key_and_an_author_are_a_line_of_text(project: Project, text: str) -> None:
    """They are shown, and looked for."""
    for names in ({"key": text, "author": "Ann"}, {"key": "k", "author": text}):
        with pytest.raises(UsageError):
            act(project.connection, Change("verify"), Scope((1,)), made_at=START, **names)


def test_undo_goes_to_the_start_and_redo_to_the_end(project: Project) -> None:
    """Each state comes back exactly, also after a restart; what was undone before another action is gone for good."""
    changes = [Change("verify"), Change("relabel", FOX), Change("count", count=3), Change("blank"), Change("flag")]
    states = [derived(project.connection)["events"]]
    for n, change in enumerate(changes):
        do(project, change, Scope((1, 2)), f"k{n}")
        states.append(derived(project.connection)["events"])
    for n, state in enumerate(reversed(states[:-1])):
        assert undo(project.connection, key=f"u{n}", **ANN) is not None
        assert derived(project.connection)["events"] == state
    assert undo(project.connection, key="last", **ANN) is None
    for n, state in enumerate(states[1:]):
        assert redo(project.connection, key=f"r{n}", **ANN) is not None
        assert derived(project.connection)["events"] == state
    assert redo(project.connection, key="more", **ANN) is None
    undo(project.connection, key="back", **ANN)
    do(project, Change("unknown"), Scope((3,)), "new")
    assert redo(project.connection, key="too late", **ANN) is None
    assert [(each.kind, each.is_undone) for each in history(project.connection, most=2)] == [
        ("unknown", False),
        ("flag", True),
    ]


def test_what_is_meant_is_undone_whatever_others_did_since(project: Project) -> None:
    """By the key of the action: what was said after it, of the same event or of another, stands."""
    before = shown(project, 2)
    do(project, Change("blank"), Scope(events=(1,)), "mine")
    do(project, Change("relabel", FOX), Scope(events=(2,)), "theirs")
    undone = undo(project.connection, key="u1", of="mine", **ANN)
    assert undone is not None
    assert (undone.events, undone.author) == ((1,), "Ann")
    assert (shown(project, 1), set(shown(project, 2))) == ({FOX: 1, DEER: 2}, {FOX})
    assert undo(project.connection, key="u1", of="mine", **ANN) == replace(undone, repeated=True)
    with pytest.raises(ConflictError, match="undone it already"):
        undo(project.connection, key="u2", of="mine", **ANN)
    assert set(shown(project, 2)) == {FOX}
    with pytest.raises(ConflictError):
        undo(project.connection, key="u3", of="nobody's", **ANN)
    undo(project.connection, key="u4", **ANN)
    assert shown(project, 2) == before
    redo(project.connection, key="r1", of="mine", **ANN)
    with pytest.raises(ConflictError):
        redo(project.connection, key="r2", of="mine", **ANN)
    assert shown(project, 1) == {}
    assert derived(project.connection) == worked_out(project.connection)


def test_a_trial_leaves_nothing(project: Project) -> None:
    """It shows what would stand."""
    before = derived(project.connection), rows(project)
    with trial(project.connection):
        do(project, Change("blank"), Scope((1,)))
        assert shown(project, 1) == {}
    assert (derived(project.connection), rows(project)) == before


@pytest.mark.parametrize("table", ["actions", "undos", "words", "observations", "flags"])
def test_what_was_said_cannot_be_taken_back(project: Project, table: str) -> None:
    """By no statement, whoever writes it: not changed, not removed, not replaced."""
    do(project, Change("verify"), Scope((1,)), "a")
    do(project, Change("flag"), Scope((1,)), "b")
    undo(project.connection, key="u", **ANN)
    columns = [row["name"] for row in project.connection.execute(f"PRAGMA table_info({table})")]
    columns = [name for name in columns if name not in ("first_at", "last_at")]
    before = rows(project)
    statements = [f"UPDATE {table} SET {name} = {name}" for name in columns]  # noqa: S608 - names of tables
    statements += [f"DELETE FROM {table}", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"]  # noqa: S608 - names of tables
    for statement in statements:
        with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
            project.connection.execute(statement)
    if table in ("actions", "undos"):
        values = ", ".join("NULL" if name == "id" else name for name in columns)
        with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
            project.connection.execute(
                f"INSERT OR REPLACE INTO {table} SELECT {values} FROM {table}"  # noqa: S608 - names of tables
            )
    assert rows(project) == before


def test_a_picture_names_its_sequence(project: Project) -> None:
    """By its id, by its path from the project or the card, or where the file lies; what is not clear is not guessed."""
    folder = project.folder
    for name in (
        "d002/DCIM/100CTRAP/CTRP0004.JPG",
        "cards/d002/DCIM/100CTRAP/CTRP0004.JPG",
        str(folder / "cards/d002/DCIM/100CTRAP/CTRP0004.JPG"),
    ):
        assert sequence_of_media(project, name) == 22
    assert sequence_named(project.connection, "d002-000001") == 22
    for name in ("DCIM/100CTRAP/CTRP0004.JPG", "DCIM/none.JPG", "../../etc/passwd"):
        with pytest.raises(UsageError):
            sequence_of_media(project, name)
    project.connection.execute("UPDATE sequences SET sequence = 'd002-000001' WHERE id = 1")
    with pytest.raises(UsageError, match="not clear"):
        sequence_named(project.connection, "d002-000001")
    assert sequence_named(project.connection, "d002-000001", ("d001",)) == 1
    with pytest.raises(UsageError):
        sequence_named(project.connection, "d002-000001", ("d003",))


_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cameratrap.domain.review import Change
from cameratrap.store.project import edit_project
from cameratrap.store.review_actions import Scope, act, undo
with edit_project(Path(sys.argv[1])) as project:
    for n in range(int(sys.argv[2]), 10**6):
        change = Change("relabel", "Vulpes vulpes", count=n % 5 + 1) if n % 2 else Change("flag")
        signed = {"author": "Ann", "made_at": datetime.now(UTC)}
        act(project.connection, change, Scope((n % 10 + 1, n % 7 + 11)), key=f"k{n}", **signed)
        if n % 3 == 2:
            undo(project.connection, key=f"u{n}", **signed)
        print(n, flush=True)
"""


def test_a_killed_server_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """Cut at any moment: all that was told is there, and what follows from it is right."""
    folder = make_project(tmp_path / "p", Plan(sequences=20))
    for n, cut_s in enumerate((0.02, 0.05, 0.11)):
        told = _until_killed(folder, first=10000 * n, cut_s=cut_s)
        with read_project(folder) as project:
            found = project.connection.execute("SELECT key FROM actions UNION SELECT key FROM undos")
            keys = {row["key"] for row in found}
            assert {f"k{n}" for n in told} | {f"u{n}" for n in told if n % 3 == 2} <= keys
            assert derived(project.connection) == worked_out(project.connection)


def _until_killed(folder: Path, *, first: int, cut_s: float) -> list[int]:
    """What a process says it has stored before it is killed, so long after it said so for the first time."""
    command = [sys.executable, "-c", _WRITER, str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        time.sleep(cut_s)
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    return [int(line) for line in told.splitlines(keepends=True) if line.endswith("\n")]


def test_a_deployment_that_is_added_leaves_what_was_said(project: Project) -> None:
    """Words of a person stand over a model's that came later."""
    do(project, Change("relabel", FOX), Scope((1,)))
    fill_deployment(project, 5, Plan(sequences=4))
    with transaction(project.connection):
        add_word(project.connection, 1, WordRow("machine", "newest 3", START))
        settle(project.connection, [1])
    assert shown(project, 1) == {FOX: 2}
    assert derived(project.connection) == worked_out(project.connection)


def test_a_full_disk_is_said(project: Project) -> None:
    """And nothing of the action is kept."""
    pages = project.connection.execute("PRAGMA page_count").fetchone()[0]
    project.connection.execute(f"PRAGMA max_page_count = {pages}")
    told = []
    with pytest.raises(StoreError, match="full"):
        _relabel_for_ever(project, told)
    with pytest.raises(StoreError, match="full"):
        _relabel_for_ever(project, told)
    kept = [row["key"] for row in project.connection.execute("SELECT key FROM actions ORDER BY id")]
    assert kept == told
    assert derived(project.connection) == worked_out(project.connection)


def _relabel_for_ever(project: Project, told: list[str]) -> None:
    while True:
        key = f"k{len(told)}"
        act(project.connection, Change("relabel", FOX), Scope(tuple(range(1, 20))), key=key, **ANN)
        told.append(key)


def test_labels_of_another_program_are_tallied_whatever_they_are(project: Project) -> None:
    """Also one that is called as the bucket of a message is."""
    seen = tuple(ObservationRow(name, 1, START, START) for name in ("others", "'; --", "\x1b[31m", "code 12"))
    with transaction(project.connection):
        add_word(project.connection, 1, WordRow("machine", "m", START, (*seen, ObservationRow(FOX, 2, START, START))))
        add_word(project.connection, 2, WordRow("machine", "m", START, (ObservationRow(FOX, 1, START, START),) * 2))
        settle(project.connection, [1, 2])
    (day, *_) = tallied_days(project.connection, Rules(), Selection(deployments=("d001",)))
    tallies = {tally.taxon: tally.individuals for tally in day.tallies}
    assert tallies.items() >= {"others": 1, "'; --": 1, "\x1b[31m": 1, "code 12": 1, FOX: 2}.items()
    do(project, Change("verify"), Scope((1,)))
    assert len(standing(project, 2)) == 2
