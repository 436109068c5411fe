"""The review on a terminal, by a person at a real one."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from tests.card_maker import fingerprint, make_trap_card
from tests.project_maker import Plan, make_project
from tests.terminal_person import Seat, seated

PLAN = Plan(deployments=1, sequences=110, media=2)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "study", PLAN)


def rows(project: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(project / "project.db")) as connection:
        return connection.execute(query).fetchall()


def standing(project: Path) -> list[tuple[Any, ...]]:
    """Everything that a correction could have changed."""
    return rows(project, "SELECT id, state, is_blank, flagged FROM events ORDER BY id") + rows(
        project, "SELECT event, taxon, count FROM event_taxa ORDER BY event, taxon"
    )


def did(project: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (kind, json.loads(detail)) for kind, detail in rows(project, "SELECT kind, detail FROM actions ORDER BY id")
    ]


@contextmanager
def reviewing(project: Path, *options: str, **terminal: Any) -> Iterator[Seat]:
    """A sitting that has begun."""
    arguments = ("--data", project, "review", "--terminal", "--author", "Ada", *options)
    with seated(*arguments, **terminal) as seat:
        seat.expect("\x1b[?1049h")
        yield seat


def test_fifty_corrections_are_stored_as_typed_and_undone_to_the_start(project: Path) -> None:
    """However fast they are typed, each is done once and in order, signed; and undo leads back to the beginning."""
    before, choice = standing(project), random.Random(6)
    typed = [choice.choice("xuf") for _ in range(50)]
    with reviewing(project, "--preview", "off") as seat:
        seat.type("".join(f"{key}n" for key in typed))
        seat.type("q")
        assert seat.end() == 0
        assert "50 corrections, stored and signed by Ada" in seat.text
    kinds = {"x": "blank", "u": "unknown", "f": "flag"}
    assert did(project) == [(kinds[key], {"events": [n + 1]}) for n, key in enumerate(typed)]
    assert rows(project, "SELECT DISTINCT author FROM actions") == [("Ada",)]
    assert standing(project) != before
    with reviewing(project, "--preview", "off") as seat:
        seat.type("\x1a" * 25 + "z" * 26)
        seat.expect("nothing is left to be undone")
        seat.type("q")
        assert seat.end() == 0
    assert standing(project) == before


def test_every_key_does_what_it_does_on_the_page(project: Path) -> None:
    """Enter verifies and goes on; X, U, R with completion, numbers, +, F and M each do one thing to what is in view."""
    shown = dict(rows(project, "SELECT event, taxon FROM event_taxa GROUP BY event HAVING COUNT(*) = 1"))
    first, second = [event for event in sorted(shown) if event > 1][:2]
    with reviewing(project, "--preview", "off") as seat:
        seat.type("\x1b[B" * (first - 1) + "\r")
        seat.expect(f"verify: event {first}")
        seat.type("n" * (second - first - 1) + "Rred fo\r")
        seat.expect("relabel as Vulpes vulpes")
        seat.type("12")
        seat.expect(f"count 12: event {second}")  # without another key: a pause means it
        seat.type("+f")
        seat.expect(f"flag: event {second}")
        seat.type("f-m0x")
        seat.expect(f"blank: event {second}")
        seat.type("q")
        assert seat.end() == 0
    events = {"events": [second]}
    assert did(project) == [
        ("verify", {"events": [first]}),
        ("relabel", {**events, "taxon": "Vulpes vulpes"}),
        ("count", {**events, "count": 12}),
        ("count", {**events, "count": 13}),
        ("flag", events),
        ("unflag", events),
        ("count", {**events, "count": 12}),
        ("relabel", {**events, "taxon": "Vulpes vulpes"}),
        ("blank", events),
        ("blank", events),
    ]


def test_a_kill_in_the_middle_loses_nothing_that_was_told(project: Path) -> None:
    """After kill -9 every correction that the screen had told is there, none is half there, and undo goes on."""
    before = standing(project)
    with reviewing(project, "--preview", "off") as seat:
        seat.type("xn" * 55)
        seat.expect("blank: event 9")
        seat.process.send_signal(signal.SIGKILL)
        seat.end()
    done = did(project)
    assert 9 <= len(done) < 55
    assert done == [("blank", {"events": [n + 1]}) for n in range(len(done))]
    assert rows(project, "PRAGMA integrity_check") == [("ok",)]
    blank = {event for (event,) in rows(project, "SELECT id FROM events WHERE state = 'verified' AND is_blank")}
    assert blank == {n + 1 for n in range(len(done))}
    with reviewing(project, "--preview", "off") as seat:
        seat.type("z" * (len(done) + 1))
        seat.expect("nothing is left to be undone")
    assert standing(project) == before


_FAILS = """
from cameratrap.cli.review_terminal_desk import ReviewDesk
def blank(self): raise ZeroDivisionError
ReviewDesk.blank = blank
from cameratrap.cli import main
main()
"""


@pytest.mark.parametrize("how", ["q", "\x03", "SIGTERM", "error"])
def test_whatever_ends_it_the_terminal_is_as_it_was(project: Path, how: str) -> None:
    """Keys are echoed and edited as before, the cursor is there and the other screen is left."""
    with reviewing(project, "--preview", "off", program=_FAILS if how == "error" else "") as seat:
        seat.expect("? for the keys")
        during = seat.settings
        if how.startswith("SIG"):
            seat.process.send_signal(getattr(signal, how))
        else:
            seat.type("x" if how == "error" else how)
        assert seat.end() == (1 if how == "error" else 0)
        after = seat.settings
        assert seat.heard.count(b"\x1b[?25h\x1b[?1049l") == 1
    with seated(program="pass") as fresh:
        assert after == fresh.settings != during


def test_it_ends_with_a_terminal_that_is_gone(project: Path) -> None:
    """Where the connection is cut, nothing goes on in its place, and what was said is stored."""
    with reviewing(project, "--preview", "off") as seat:
        seat.type("x")
        seat.expect("blank: event 1")
        seat.hang_up()
        seat.process.wait(20)
    assert did(project) == [("blank", {"events": [1]})]


@pytest.mark.parametrize(("columns", "rows_"), [(1, 1), (7, 3), (300, 100)])
def test_any_window_will_do(project: Path, columns: int, rows_: int) -> None:
    """In a window of any size, also one that changes, every key works."""
    with reviewing(project, "--preview", "halfblock", columns=columns, rows=rows_) as seat:
        seat.type("? xrfox")
        seat.resize(rows_, columns)
        seat.type("\rnq")
        assert seat.end() == 0
    assert [kind for kind, _ in did(project)] == ["blank", "relabel"]


def test_pictures_are_drawn_with_their_path_and_in_no_colour_only_if_asked(tmp_path: Path) -> None:
    """Half-blocks where the terminal can do no more; nothing but the path where NO_COLOR is set."""
    folder = make_project(tmp_path / "study", Plan(deployments=1, sequences=2, pictures=True))
    for asked, environment, is_drawn in [
        ("auto", {}, True), ("halfblock", {"NO_COLOR": "1"}, True), ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"TMUX": "/tmp/tmux"}, True),
    ]:  # fmt: skip
        with reviewing(folder, "--preview", asked, columns=120, **environment) as seat:
            seat.expect("? for the keys")
            seat.type("q")
            assert seat.end() == 0
            assert "CTRP000" in seat.text
            assert ("\N{UPPER HALF BLOCK}" in seat.text) == is_drawn


_BARE = """
import sys
sys.modules.update(dict.fromkeys(("jinja2", "numpy", "rich", "starlette", "textual_image", "uvicorn")))
from cameratrap.cli import main
main()
"""


def test_a_picture_that_cannot_be_where_it_is_said_to_be_stops_nobody(project: Path) -> None:
    """The sitting goes on past it, and so does `show`: an index that was tampered with is told, picture by picture."""
    with closing(sqlite3.connect(project / "project.db")) as connection, connection:
        connection.execute("UPDATE media SET path = '../../../../etc/passwd' || id WHERE sequence IN (3, 4)")
    with reviewing(project, "--preview", "halfblock") as seat:
        seat.type("n")
        seat.expect("is no path inside")
        seat.type("xnxq")
        assert seat.end() == 0
    assert did(project) == [("blank", {"events": [2]}), ("blank", {"events": [3]})]
    assert run(["--data", str(project), "show", "2", "--all", "--preview", "halfblock"]) == 0


def test_it_needs_nothing_but_the_base_installation(tmp_path: Path) -> None:
    """On the trap itself, or any machine without the extra `review`, pictures are half-blocks."""
    folder = make_project(tmp_path / "study", Plan(deployments=1, sequences=2, pictures=True))
    with reviewing(folder, program=_BARE) as seat:
        seat.expect("\N{UPPER HALF BLOCK}")
        seat.type("xq")
        assert seat.end() == 0
    assert [kind for kind, _ in did(folder)] == ["blank"]


def test_a_card_is_corrected_beside_what_the_trap_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of a card is kept in its review.db; of everything else on it not a byte changes."""
    card = make_trap_card(tmp_path / "card", monkeypatch)
    before = fingerprint(card)
    with reviewing(card, "--preview", "off") as seat:
        seat.type("uq")
        assert seat.end() == 0
    after = fingerprint(card)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"review.db"}


def test_filters_choose_the_events(project: Path) -> None:
    """Only what they mean is walked through."""
    wanted = rows(project, "SELECT event FROM event_taxa WHERE taxon = 'Vulpes vulpes' ORDER BY start_s, event")
    with reviewing(project, "--preview", "off", "--taxon", "red fox") as seat:
        seat.type("f" + "nf" * (len(wanted) - 1))
        seat.expect(f"flag: event {wanted[-1][0]}")
        seat.type("n")
        seat.expect("this is the last event")
    assert [detail["events"] for _, detail in did(project)] == [list(each) for each in wanted]


def test_where_there_is_nothing_to_see_that_is_said_and_is_no_failure(project: Path, tmp_path: Path) -> None:
    """An empty result is exit status 0; what to do is told, and the terminal is not taken over for it."""
    nothing_yet = make_project(tmp_path / "new", Plan(deployments=0))
    for folder, options, told in [(project, ("--taxon", "wolf"), "leave a filter out"), (nothing_yet, (), "import")]:
        with seated("--data", folder, "review", "--terminal", *options) as seat:
            assert seat.end() == 0
            assert told in seat.text
            assert b"\x1b[?1049h" not in seat.heard


def test_without_a_terminal_it_names_the_command_for_scripts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(project), "review", "--terminal"]) == 2
    assert "cameratrap label" in capsys.readouterr().err
    with seated("--data", project, "review", "--terminal", TERM="dumb") as seat:
        assert seat.end() == 2
        assert "cameratrap label" in seat.text


@pytest.mark.parametrize("options", [["--terminal", "--port", "8000"], ["--preview", "off"], ["--terminal", "x"]])
def test_options_that_do_not_go_together_are_wrong_usage(project: Path, options: list[str]) -> None:
    assert run(["--data", str(project), "review", *options]) == 2
