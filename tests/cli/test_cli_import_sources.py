"""What `import` is given is recognised for what it is, and no option is dropped without a word."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.store.project import read_project
from cameratrap.store.project_read import StoredDeployment, deployments
from tests.card_maker import make_trap_card
from tests.fakes import jpeg

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return make_trap_card(Path("card"), monkeypatch)


def found(study: str = "study") -> list[StoredDeployment]:
    with read_project(Path(study)) as project:
        return deployments(project.connection)


def results(*folders: str) -> Path:
    """A file of MegaDetector's, of a picture in each folder."""
    images = [{"file": f"{folder}/1.jpg", "detections": [], "datetime": "2026:05:01 12:00:00"} for folder in folders]
    told = {"images": images, "detection_categories": {"1": "animal"}, "info": {"format_version": "1.4"}}
    Path("md.json").write_text(json.dumps(told))
    return Path("md.json")


def test_cards_and_projects_are_not_another_makers_folder(card: Path, capsys: Printed) -> None:
    """Neither a project, nor a part of a card, nor a folder that holds one or the other: what they know would be lost.

    Each is refused with what to import instead, and nothing is made; a foreign folder beside them is taken.
    """
    assert run(["-q", "import", "card", "--into", "study"]) == 0
    shutil.copytree(card, "media/card")
    shutil.copytree("study", "archive/old/study")
    for path, why, hint in (
        ("study", "study is a project", "export camtrap-dp"),
        ("study/cards", "holds the card study/cards/ridge_20270301", "one PATH each"),
        ("card/DCIM", "is a part of a card", str(card.resolve())),
        ("media", "holds the card media/card", "one PATH each"),
        ("archive", "holds", "one PATH each"),
    ):
        capsys.readouterr()
        assert run(["-q", "import", path, "--into", "other", "--no-detector"]) == 2, path
        told = capsys.readouterr().err
        assert why in told
        assert hint in told
    assert not list(Path("other").glob("cards/*"))
    assert found("other") == []


def test_a_card_of_a_loose_link_is_still_a_card(card: Path) -> None:
    """What is asked is what lies there: a link to a card is the card."""
    Path("link").symlink_to(card.resolve())
    assert run(["-q", "import", "link", "--into", "study"]) == 0
    assert [each.row.source for each in found()] == ["card"]


def test_what_was_labelled_in_both_places_is_told(card: Path, capsys: Printed) -> None:
    """Once, when it comes in; what was said last stands."""
    assert run(["-q", "import", "card", "--into", "study"]) == 0
    for folder, taxon in (("card", "Lynx lynx"), ("study", "Felis silvestris")):
        assert run(["-q", "--data", folder, "label", "--event", "1", "--taxon", taxon]) == 0
    capsys.readouterr()
    assert run(["import", "card", "--into", "study"]) == 0
    assert "1 sequence labelled on the card and in the project" in capsys.readouterr().err
    assert run(["import", "card", "--into", "study"]) == 0
    assert "labelled" not in capsys.readouterr().err
    assert run(["-q", "--data", "study", "events", "--json"]) == 0
    assert "Felis silvestris" in capsys.readouterr().out


def test_options_stand_over_what_a_megadetector_file_says(card: Path) -> None:
    """Beginning, end, position, station and session of its deployments, as they do for a folder; again nothing more."""
    del card
    options = ["--timezone", "+01:00", "--position", "46,7", "--start", "2026-03-01", "--end", "2026-06-01T12:00",
               "--station", "ridge-7", "--session", "spring"]  # fmt: skip
    for _ in range(2):
        assert run(["-q", "import", str(results("a")), "--into", "study", *options]) == 0
        (stored,) = found()
        row = stored.row
        assert (row.start.isoformat(), row.end.isoformat()) == (
            "2026-03-01T00:00:00+01:00",
            "2026-06-01T12:00:00+01:00",
        )
        assert (row.latitude, row.longitude, row.station, row.session) == (46.0, 7.0, "ridge-7", "spring")
    with read_project(Path("study")) as project:
        assert project.connection.execute("SELECT COUNT(*) FROM corrections").fetchone()[0] == 1


def test_one_position_is_not_that_of_several_deployments(card: Path, capsys: Printed) -> None:
    """All of the file or nothing: the project is as it was."""
    del card
    options = ["--timezone", "+01:00", "--position", "46,7"]
    assert run(["-q", "import", str(results("a", "b")), "--into", "study", *options]) == 2
    assert "--position-file" in capsys.readouterr().err
    assert found() == []
    assert run(["-q", "import", str(results("a", "b")), "--into", "study", *options[:2]]) == 0
    assert len(found()) == 2


def test_our_own_file_says_what_its_deployments_are_called(card: Path, capsys: Printed) -> None:
    """A name for them would be dropped, and is refused; a position is a correction of them."""
    assert run(["-q", "import", str(card), "--into", "study"]) == 0
    export = ["-q", "--data", "study", "export", "megadetector", "-o", "own.json"]
    assert run([*export, "--folder", "study/cards"]) == 0
    again = ["-q", "import", "own.json", "--images", "study/cards", "--into", "other"]
    assert run([*again, "--deployment", "x"]) == 2
    assert "leave --deployment out" in capsys.readouterr().err
    assert found("other") == []
    assert run([*again, "--position", "46,7"]) == 0
    assert [each.row.latitude for each in found("other")] == [46.0]


@pytest.mark.parametrize(
    "options",
    [
        ("--start", "2026-03-01"), ("--end", "2026-06-01"), ("--position", "46,7"), ("--images", "."),
        ("--station", "x"), ("--timezone", "+01:00"), ("--model", "x"),
    ],
)  # fmt: skip
def test_options_that_a_package_does_not_hear_are_refused(
    card: Path, capsys: Printed, options: tuple[str, str]
) -> None:
    """A Camtrap DP package says what its deployments are: an option that would be dropped is named."""
    del card
    Path("package").mkdir()
    profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json"
    Path("package/datapackage.json").write_text(json.dumps({"profile": profile, "resources": []}))
    assert run(["-q", "import", "package", "--into", "study", *options]) == 2
    assert f"{options[0]} would have no effect" in capsys.readouterr().err


def test_options_that_other_sources_do_not_hear_are_refused(card: Path, capsys: Printed) -> None:
    """Each where it would be dropped."""
    Path("cam").mkdir()
    Path("cam/1.jpg").write_bytes(jpeg(1))
    for arguments, option in (
        ((str(card), "--images", "."), "--images"),
        (("cam", "--images", "."), "--images"),
        ((str(results("a")), "--model", "x"), "--model"),
        ((str(results("a")), "--results", "md.json"), "--results"),
    ):
        assert run(["-q", "import", *arguments, "--into", "study"]) == 2
        assert f"{option} would have no effect" in capsys.readouterr().err


def test_files_without_a_time_have_a_way_in(card: Path, capsys: Printed) -> None:
    """The refusal says which; and a file of results that tells the time of each is one."""
    del card
    Path("cam").mkdir()
    clip = b"RIFF" + (4).to_bytes(4, "little") + b"AVI "
    Path("cam/1.AVI").write_bytes(clip)
    os.utime("cam/1.AVI", (1_700_000_000, 1_700_000_000))
    assert run(["-q", "import", "cam", "--into", "study", "--no-detector"]) == 2
    told = capsys.readouterr().err
    assert "exiftool" in told
    assert "MegaDetector" in told
    file = results("cam")
    file.write_text(file.read_text().replace("1.jpg", "1.AVI"))
    assert run(["-q", "import", str(file), "--into", "study", "--timezone", "+01:00"]) == 0
    with read_project(Path("study")) as project:
        (row,) = project.connection.execute("SELECT captured_at, mediatype FROM media").fetchall()
    assert row["captured_at"] == "2026-05-01T12:00:00+01:00"
    assert row["mediatype"].startswith("video/")
