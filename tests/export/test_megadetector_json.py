"""MegaDetector's file of detections: by its own rules, and read back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.app.import_megadetector import Placement, import_results, is_megadetector
from cameratrap.errors import StoreError, UsageError
from cameratrap.export.megadetector import CATEGORIES, megadetector_pieces
from cameratrap.export.sequences import ReadSequence, read_sequences
from cameratrap.resources import builtin_taxa
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project, read_project
from cameratrap.store.project_read import deployments
from cameratrap.store.project_rows import add_down
from cameratrap.store.review_actions import Change, Scope, act
from tests.project_maker import Plan, make_project
from tests.studied_project import HOSTILE, studied_project

REPOSITORY = Path(__file__).parents[2]
VALIDATOR = REPOSITORY / "tools" / "megadetector-check"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studied_project(tmp_path_factory.mktemp("study") / "project")


def _export(project: Path, folder: Path | None = None) -> Path:
    file = project.parent / "detections.json"
    with read_project(project) as opened:
        pieces = megadetector_pieces(opened, folder or project, builtin_taxa(), version="1.0")
        file.write_text("".join(pieces), encoding="utf-8")
    return file


def _results(study: Path) -> dict[str, Any]:
    loaded = json.loads(_export(study).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _image(results: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in results["images"] if each["file"].endswith(name))


def test_it_keeps_the_rules_of_the_format(study: Path) -> None:
    """Also those that its validator does not look at: ranges of boxes and scores, and their order."""
    results = _results(study)
    assert results["info"]["format_version"] == "1.6"
    assert results["detection_categories"] == CATEGORIES
    classes = results["classification_categories"]
    assert all(number.isdecimal() and name.strip() for number, name in classes.items())
    assert not {name.casefold() for name in classes.values()} & set(CATEGORIES.values())
    for image in results["images"]:
        _check_image(image, classes)


def _check_image(image: dict[str, Any], classes: dict[str, str]) -> None:
    assert image["file"].startswith("cards/")
    assert "\\" not in image["file"]
    if image.get("failure") is not None:
        assert isinstance(image["failure"], str)
        assert image["detections"] is None
        return
    scores = [each["conf"] for each in image["detections"]]
    assert scores == sorted(scores, reverse=True)
    for each in image["detections"]:
        assert isinstance(each["conf"], float)
        assert 0 <= each["conf"] <= 1
        assert each["category"] in CATEGORIES
        x, y, width, height = each["bbox"]
        assert all(isinstance(value, float) for value in each["bbox"])
        assert min(x, y) >= 0
        assert min(width, height) > 0
        assert max(x + width, y + height) <= 1.000001
        said = each.get("classifications", [])
        assert [score for _, score in said] == sorted((score for _, score in said), reverse=True)
        assert all(number in classes for number, _ in said)
    if image["file"].endswith(".mp4"):
        assert image["frame_rate"] >= 0
        assert all(each["frame_number"] in image["frames_processed"] for each in image["detections"])


def test_it_says_what_the_model_found(study: Path) -> None:
    """A taxon below animal is a class; a person is a person; a doubtful box is there with its low score."""
    results = _results(study)
    names = results["classification_categories"]
    fox = _image(results, "wood 1/DCIM/0-0.jpg")["detections"]
    assert [(each["category"], each["conf"]) for each in fox] == [("1", 0.75), ("1", 0.75)]
    assert {names[each["classifications"][0][0]] for each in fox} == {"Vulpes vulpes"}
    assert [each["conf"] for each in _image(results, "wood 1/DCIM/0-1.jpg")["detections"]] == [0.2]
    assert _image(results, "wood 1/DCIM/2-0.jpg")["detections"] == []
    people = _image(results, "wood 1/DCIM/3-0.jpg")["detections"]
    assert {each["category"] for each in people} == {"2", "3"}
    assert not any("classifications" in each for each in people)
    assert HOSTILE in names.values()


def test_a_box_that_was_set_aside_is_no_detection(study: Path) -> None:
    """A thing that always stands there scores high: another program would take it for an animal."""
    text = _export(study).read_text(encoding="utf-8")
    results = json.loads(text)
    assert "Sus scrofa" not in results["classification_categories"].values()
    assert all(each["conf"] != 0.95 for image in results["images"] for each in image["detections"] or ())
    assert '"fate": "fixture"' in text


def test_what_was_not_looked_at_failed(study: Path) -> None:
    """Nobody is told that it is empty; a video says so by the frames, too."""
    results = _results(study)
    assert _image(results, "wood 1/DCIM/4-0.jpg")["failure"] == "not analysed"
    assert _image(results, "wood 1/DCIM/5-0.jpg")["failure"] == "failed"
    clip = _image(results, "wood 1/DCIM/7-0.mp4")
    assert (clip["failure"], clip["frames_processed"]) == ("not analysed", [])


def test_no_position_is_in_it(study: Path) -> None:
    """Neither a position nor what was said of it leaves with a file of boxes."""
    text = _export(study).read_text(encoding="utf-8")
    assert "52.123" not in text
    assert "latitude" not in text


def test_files_are_named_from_the_folder_that_is_opened(study: Path) -> None:
    """Timelapse and AddaxAI are given a folder, which may be a part of the project, or hold it."""
    results = json.loads(_export(study, study.parent).read_text(encoding="utf-8"))
    assert results["images"][0]["file"].startswith("project/cards/")
    with pytest.raises(UsageError, match="does not lie in"):
        _export(study, study / "cards" / "moor")


def test_reading_it_back_gives_the_same_project(study: Path, tmp_path: Path) -> None:
    """Words, boxes, sequences, media, and the deployments but for their positions; a second time changes nothing."""
    file = _export(study)
    assert is_megadetector(file)
    with edit_project(tmp_path / "again", create=True) as project:
        taken = import_results(project, file, study, Placement(None), builtin_taxa(), now=NOW)
        assert taken.passed_over == ()
        repeated = import_results(project, file, study, Placement(None), builtin_taxa(), now=NOW)
        assert (repeated.deployments, repeated.sequences, repeated.media, repeated.words) == ((), 0, 0, 0)
        assert repeated.known == taken.deployments
    with read_project(study) as before, read_project(tmp_path / "again") as after:
        was, now = (
            {each.row.deployment: each for each in deployments(project.connection)} for project in (before, after)
        )
        assert was.keys() == now.keys()
        for name, each in was.items():
            assert now[name].row == replace(
                each.row, source="megadetector", root=now[name].row.root, imported_at=NOW,
                latitude=None, longitude=None, coordinate_uncertainty=None,
            )  # fmt: skip
            assert list(_told(before.connection, each.number)) == list(_told(after.connection, now[name].number))
            for row in after.connection.execute("SELECT path FROM media WHERE deployment = ?", (now[name].number,)):
                assert after.media_path(now[name].row.root, row["path"]).is_file()


def test_rates_and_flags_come_back(tmp_path: Path) -> None:
    """Hours armed and when it could not see decide every rate; a flag that was taken away here stays away."""
    study = make_project(tmp_path / "study", Plan(deployments=1))
    with edit_project(study) as project, transaction(project.connection):
        first, day = project.connection.execute("SELECT start FROM deployments").fetchone()[0], "2026-06-01"
        start = datetime.fromisoformat(first)
        add_down(project.connection, 1, [(start, start + timedelta(hours=2), "battery")])
        project.connection.execute(
            "INSERT INTO effort_days VALUES (1, ?, 1.5, NULL, 7, 2, 1, ?)", (day, '{"battery_v": 12.1}')
        )
    with edit_project(study) as project:
        act(project.connection, Change("flag"), Scope(events=(1,)), key="k", author="Ada", made_at=NOW)
    file = _export(study)
    with edit_project(tmp_path / "again", create=True) as again, read_project(study) as before:
        import_results(again, file, study, Placement(None), builtin_taxa(), now=NOW)
        assert _effort(again) == _effort(before) != []
        assert [each.flagged for each in read_sequences(again.connection, 1)] == [
            each.flagged for each in read_sequences(before.connection, 1)
        ]
        act(again.connection, Change("unflag"), Scope(events=(1,)), key="k", author="Bob", made_at=NOW)
        import_results(again, file, study, Placement(None), builtin_taxa(), now=NOW)
        assert not any(each.flagged for each in read_sequences(again.connection, 1))


@pytest.mark.parametrize(
    "damage",
    [
        {"down": [["2026-06-01T00:00:00", "2026-06-01T01:00:00+00:00", "x"]]},
        {"effort": [{"day": "no day", "health": "{}"}]},
        {"effort": [{"day": "2026-06-01", "health": "{"}]},
        {"effort": [{"day": "2026-06-01", "health": "{}", "hours_armed": "many"}]},
        {"effort": [{"day": "2026-06-01", "health": "{}"}] * 2},
        {"effort": 1},
    ],
)
def test_effort_that_is_not_sound_is_refused_whole(study: Path, tmp_path: Path, damage: dict[str, Any]) -> None:
    """Nothing of the file is taken over then."""
    results = _results(study)
    results["info"]["cameratrap"]["deployments"][0] |= damage
    file = tmp_path / "damaged.json"
    file.write_text(json.dumps(results), encoding="utf-8")
    with edit_project(tmp_path / "again", create=True) as project:
        with pytest.raises(StoreError, match="is damaged"):
            import_results(project, file, study, Placement(None), builtin_taxa(), now=NOW)
        assert deployments(project.connection) == []


def _effort(project: Project) -> list[tuple[object, ...]]:
    """What every rate is reckoned by."""
    tables = ("SELECT * FROM down", "SELECT * FROM effort_days")
    return [tuple(row) for table in tables for row in project.connection.execute(table)]


def test_a_project_of_more_than_a_handful_comes_back(tmp_path: Path) -> None:
    """More sequences than are read at a time, each with words of many taxa."""
    study = make_project(tmp_path / "large", Plan(deployments=1, sequences=1200, media=1))
    with edit_project(tmp_path / "again", create=True) as project:
        taken = import_results(project, _export(study), study, Placement(None), builtin_taxa(), now=NOW)
        assert (taken.sequences, taken.words) == (1200, 1200)
        with read_project(study) as before:
            assert list(_told(before.connection, 1)) == list(_told(project.connection, 1))


def test_an_empty_project_is_a_sound_file(tmp_path: Path) -> None:
    """No deployment, no image."""
    with edit_project(tmp_path / "empty", create=True):
        pass
    results = _results(tmp_path / "empty")
    assert results["images"] == []
    assert results["info"]["detector"] == "none"


@pytest.mark.slow
def test_megadetectors_own_validator_finds_no_fault(study: Path, tmp_path: Path) -> None:
    """Its function, not its command line, which is silent on an invalid file; an invalid one proves that it looks."""
    if not (REPOSITORY / ".venv-megadetector" / ".cameratrap").is_file():
        pytest.skip("needs MegaDetector's validator: run tools/megadetector-check --setup")
    with edit_project(tmp_path / "empty", create=True):
        pass
    bad = tmp_path / "bad.json"
    bad.write_text('{"info": {"format_version": 1.6}, "detection_categories": {}, "images": []}')
    good = [_export(study), _export(tmp_path / "empty")]
    checked = subprocess.run([VALIDATOR, *good], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr
    assert subprocess.run([VALIDATOR, bad], capture_output=True, check=False).returncode == 1


def _told(connection: Any, deployment: int) -> Iterator[ReadSequence]:
    """Numbers in the index are each project's own: media go by their names."""
    for sequence in read_sequences(connection, deployment):
        numbers = {number: position for position, number in enumerate(sequence.media)}
        words = [
            word and replace(word, detections=tuple(replace(box, media=numbers[box.media]) for box in word.detections))
            for word in (sequence.standing, sequence.machine)
        ]
        media = dict(enumerate(sequence.media.values()))
        yield replace(sequence, event=None, media=media, standing=words[0], machine=words[1])
