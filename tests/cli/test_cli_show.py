from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from cameratrap.cli import run
from cameratrap.cli.event_lines import event_lines, frame_lines
from cameratrap.cli.terminal_picture import boxed, half_blocks
from cameratrap.domain.events import TriggerCause
from cameratrap.resources import builtin_taxa
from cameratrap.store.event_pictures import Box, Frame
from cameratrap.store.event_summaries import EventSummary, Said, Shown
from tests.project_maker import Plan, make_project
from tests.terminal_person import seated

AT = datetime(2026, 6, 1, 5, tzinfo=UTC)
HOSTILE = "\x1b]0;owned\x07\r\u202egnp.exe\x9b2J"
EVENT = EventSummary(
    12, "d1", "s1", TriggerCause.PIR, AT, AT + timedelta(seconds=9), True, 1, 2, 1, (Shown("Vulpes vulpes", 2),),
    (Shown("animal", 1, 0.875),), 0.875, "verified", False, True, Said("Ada", AT),
)  # fmt: skip
FRAME = Frame(1, "cards/d1", "DCIM/1.JPG", AT, 1, "image/jpeg", "present", 4, 4, 9, None)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = Plan(deployments=1, sequences=4, blank=0.0, pictures=True)
    return make_project(tmp_path_factory.mktemp("shown") / "study", plan)


def test_half_blocks_are_two_rows_of_pixels_a_line() -> None:
    """The upper row is the colour of the block and the lower one what is behind it; an odd last row is there twice."""
    picture = Image.new("RGB", (3, 3))
    picture.putdata([(255, 0, 0)] * 2 + [(0, 255, 0)] + [(0, 0, 255)] * 3 + [(128, 128, 128)] * 3)
    assert list(half_blocks(picture, is_true=True)) == [
        "\x1b[38;2;255;0;0;48;2;0;0;255m\u2580\u2580\x1b[38;2;0;255;0;48;2;0;0;255m\u2580\x1b[0m",
        "\x1b[38;2;128;128;128;48;2;128;128;128m\u2580\u2580\u2580\x1b[0m",
    ]
    assert list(half_blocks(picture, is_true=False)) == [
        "\x1b[38;5;196;48;5;21m\u2580\u2580\x1b[38;5;46;48;5;21m\u2580\x1b[0m",
        "\x1b[38;5;244;48;5;244m\u2580\u2580\u2580\x1b[0m",
    ]


def test_boxes_are_drawn_where_they_are_also_beyond_the_edge() -> None:
    """One that counts lies over one that does not; what is outside of the picture is left out."""
    boxes = [Box(0.0, 0.0, 0.5, 0.5, "fox", 0.9, True), Box(0.5, 0.5, 4.0, 4.0, "fox", 0.9, False)]
    picture = boxed(Image.new("RGB", (20, 20)), [*boxes, Box(3.0, 3.0, 1.0, 1.0, "fox", 0.9, True)])
    assert [picture.getpixel(at) for at in ((0, 0), (10, 5), (10, 10), (19, 19), (5, 5), (15, 15))] == [
        (255, 214, 10), (255, 214, 10), (255, 214, 10), (150, 150, 150), (0, 0, 0), (0, 0, 0),
    ]  # fmt: skip


def test_an_event_in_words() -> None:
    assert list(event_lines(EVENT, builtin_taxa())) == [
        "event 12: d1, s1, 2026-06-01 05:00:00 to 05:00:09 +0000, night, pir",
        "shows    2 Vulpes vulpes (red fox)",
        "a model  1 animal 0.88",
        "state    verified by Ada, 2026-06-01 05:00, flagged",
    ]
    blank = replace(EVENT, shown=(), machine=(), is_blank=True, said=None, is_flagged=False, end=AT)
    assert list(event_lines(blank, builtin_taxa()))[1:] == ["shows    nothing", "state    verified"]
    unlooked = replace(blank, is_blank=False, state="unlooked")
    assert list(event_lines(unlooked, builtin_taxa()))[1] == "shows    not said yet"


def test_names_that_others_gave_cannot_move_the_cursor() -> None:
    """Labels, authors, stations and paths are shown as what they are."""
    hostile = replace(
        EVENT, deployment=HOSTILE, station=HOSTILE, shown=(Shown(HOSTILE, 1),), machine=(Shown(HOSTILE, 1, 0.5),),
        said=Said(HOSTILE, AT),
    )  # fmt: skip
    lines = [*event_lines(hostile, builtin_taxa()), *frame_lines(FRAME, Path(HOSTILE), "picture 1 of 2")]
    assert "owned" in "".join(lines)
    assert all(line.isprintable() for line in lines)


def test_an_event_and_a_picture_are_shown_with_their_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its number an event is shown with the picture that shows it best, by a picture's path with that one."""
    assert run(["--data", str(project), "show", "1"]) == 0
    out = capsys.readouterr().out
    best = project / "cards/d001/DCIM/100CTRAP/CTRP0001.JPG"
    assert out.startswith("event 1: d001")
    assert str(best) in out
    assert "\x1b" not in out
    assert run(["--data", str(project), "show", str(best.with_name("CTRP0002.JPG"))]) == 0
    assert "picture 2 of" in capsys.readouterr().out
    assert run(["--data", str(project), "show", "1", "--all"]) == 0
    assert capsys.readouterr().out.count("CTRP000") >= 3
    assert run(["--data", str(project), "show", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["id"] == 1
    assert told["media"][0]["boxes"]


@pytest.mark.parametrize("what", ["99", "0", "DCIM/none.JPG", "9" * 30, ""])
def test_what_is_not_there_is_named(project: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(project), "show", what]) == 2
    assert what in capsys.readouterr().err


def test_boxes_are_in_the_picture_unless_they_are_not_wanted(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks the yellow of a box is there; also where the output is a file, if blocks are asked for."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert run(["--data", str(project), "show", "1", "--preview", "halfblock"]) == 0
    assert "2;255;214;10" in capsys.readouterr().out
    assert run(["--data", str(project), "show", "1", "--preview", "halfblock", "--no-boxes"]) == 0
    assert "2;255;214;10" not in capsys.readouterr().out


def test_a_picture_that_cannot_be_read_is_told_and_the_next_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_project(tmp_path / "study", Plan(deployments=1, sequences=1, pictures=True))
    first = folder / "cards/d001/DCIM/100CTRAP/CTRP0001.JPG"
    first.write_bytes(b"\xff\xd8 no picture")
    assert run(["--data", str(folder), "show", "1", "--all", "--preview", "halfblock"]) == 0
    out = capsys.readouterr().out
    assert str(first) in out
    assert out.count("picture ") >= 3
    assert "\u2580" in out


def test_blocks_that_cannot_be_written_are_no_riddle(project: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with seated("--data", project, "show", "1", "--preview", "halfblock", **plain) as seat:
        assert seat.end() == 2
        assert "UTF-8" in seat.text


_ASKS_KITTY = re.compile(rb"\x1b_G[^;]*?i=(\d+)")


def _kitty_answer(asked: re.Match[bytes]) -> bytes:
    return b"\x1b_Gi=" + asked[1] + b";OK\x1b\\"


@pytest.mark.parametrize("can", ["sixel", "kitty"])
def test_in_a_terminal_that_can_it_is_drawn_in_pixels(project: Path, can: str) -> None:
    """The terminal answers what textual-image asks, in that order: its attributes (4 is sixel), and kitty's protocol.

    Older versions ask for the one and then for the other, newer ones for both at once.
    """
    pytest.importorskip("textual_image", reason="needs what the extra `review` installs")
    attributes = "\x1b[?62;4c" if can == "sixel" else "\x1b[?62;c"
    with seated("--data", project, "show", "1", "--preview", "auto") as seat:
        seat.expect("\x1b[c")
        asks_both = _ASKS_KITTY.search(seat.heard)
        if can == "kitty" and asks_both:
            seat.type(_kitty_answer(asks_both))
        seat.type(attributes)
        if can == "kitty" and not asks_both:
            seat.expect("\x1b\\")
            asked = _ASKS_KITTY.search(seat.heard)
            assert asked
            seat.type(_kitty_answer(asked))
        assert seat.end() == 0
        assert (b"\x1bP0;0;0q" if can == "sixel" else "\U0010eeee".encode()) in seat.heard
        assert "\u2580" not in seat.heard.decode()
        assert "CTRP0001.JPG" in seat.text
