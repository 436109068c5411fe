"""The training of our own detector: what it learns from, how it is split, and what is kept of what it finds."""

from __future__ import annotations

import csv
import hashlib
import importlib
import sys
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

TOOLS = Path(__file__).parents[2] / "tools"
# What the card calls the repositories that the frames come from.
SOURCES = {
    "conservationtechlab/animl-py": "animl-py",
    "microsoft/CameraTraps": "CameraTraps",
    "leeth/swedish_wildlife_cam": "swedish_wildlife_cam",
    "drivendataorg/zamba": "zamba",
    "agentmorris/MegaDetector": "MegaDetector",
    "computorg/published-202204-deeplearning-occupancy-lynx": "Jura lynx study",
    "otobbie/animal_detection": "otobbie/animal_detection",
    "ThevinduSK/Elephants-Intrusion-Detection": "Elephants-Intrusion-Detection",
    "lightly-ai/coco128_yolo": "coco128",
}
LICENCES_WE_SHIP_UNDER = ("MIT", "CC BY", "Public Domain", "no known copyright restrictions", "CDLA-Permissive")


def _tool(name: str) -> Any:
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(f"trainer.{name}")


dataset, folds, held_out, measure, plan, classes, export, shipped = (
    _tool(name) for name in ("dataset", "folds", "held_out", "measure", "plan", "classes", "export", "shipped")
)


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> list[Any]:
    return list(dataset.read_frames(shared_data))


def frame(camera: str = "a", animals: int = 1, **facts: Any) -> Any:
    """A trap frame with this many animals side by side."""
    boxes = tuple(dataset.Box(0, 0.1 * n, 0.4, 0.1 * n + 0.08, 0.6) for n in range(animals))
    made = dataset.Frame(
        path=Path("x.jpg"), source="s", camera=camera, kind="trap", licence="MIT", shippable=True, night=False,
        boxes=boxes, has_animal=animals > 0, count=animals, measured=True,
    )  # fmt: skip
    return replace(made, **facts)


def test_no_camera_is_on_both_sides_of_a_real_split(frames: list[Any]) -> None:
    """Every measured frame is held out exactly once, and never while another of its camera is learned from."""
    for count in (2, 5):
        held_out = folds.assign_cameras(frames, count, seed=20)
        seen: list[Path] = []
        for fold in range(count):
            learn, away = folds.split(frames, held_out, fold)
            assert not {one.camera for one in learn} & {one.camera for one in away}
            assert len(learn) + len(away) == len(frames)
            seen += [one.path for one in away if one.measured]
        assert sorted(seen) == sorted(one.path for one in frames if one.measured)


def test_cameras_that_the_files_do_not_tell_apart_stay_together(frames: list[Any]) -> None:
    """All burrowing owls are one group: a third of them carry no camera's name."""
    assert {one.camera for one in frames if "BUOW" in str(one.path)} == {"BUOW"}
    assert {one.camera for one in frames if one.path.parent.name.startswith("jura")} == {"jura"}


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 9), min_size=1, max_size=12), st.integers(2, 6))
def test_any_split_holds_every_camera_out_once(cameras: dict[str, int], count: int) -> None:
    """Each camera has one fold within range, and the order of the frames does not matter."""
    made = [frame(name, n % 2) for name, many in cameras.items() for n in range(many)]
    held_out = folds.assign_cameras(made, count, seed=1)
    assert set(held_out) == set(cameras)
    assert set(held_out.values()) <= set(range(count))
    assert folds.assign_cameras(made[::-1], count, seed=1) == held_out


def test_real_boxes_lie_in_their_pictures(frames: list[Any]) -> None:
    """Every box is a box, inside, and of a class that exists; the numbers are those of the data's own README."""
    boxes = [box for one in frames for box in one.boxes]
    assert all(0 <= b.x0 < b.x1 <= 1 and 0 <= b.y0 < b.y1 <= 1 for b in boxes)
    assert {box.label for box in boxes} == {None, *range(len(classes.CLASSES))}
    traps = [one for one in frames if one.measured]
    assert len(traps) == 210
    # 159 by its README, and the three with the dove that corrections.csv adds.
    assert sum(one.has_animal for one in traps) == 162


def test_only_what_may_be_shipped_is_learned_from(frames: list[Any]) -> None:
    """No raccoon photo, no share-alike picture, nothing on an uploader's bare word, no animal that nobody located."""
    learned = dataset.for_training(frames)
    assert all(one.licence.removeprefix("repo ").startswith(LICENCES_WE_SHIP_UNDER) for one in learned)
    assert not any("BY-SA" in one.licence or "raccoon" in str(one.path) for one in learned)
    folders = {one.path.parent.name for one in learned}
    assert not folders & {"lion_thiganth", "gorilla_herman", "deer_pradeep"}
    assert {"jura_lynx_cameratrap", "animals_otobbie"} <= folders
    assert all(one.boxes or not one.has_animal for one in learned)
    # The one hare that nobody found: neither an example of a hare nor of an empty frame.
    assert not any("European_Hare" in one.path.name for one in learned)


@pytest.mark.parametrize(
    ("licence", "confidence", "may"),
    [
        ("CC BY 4.0", "high: authors' own camera trap", True),
        ("CC BY 4.0", "medium: uploader declares CC BY 4.0", False),
        ("CC BY-SA 2.0 (image), CC BY 4.0 (annotations)", "high: per-image licence", False),
        ("MIT (repo LICENSE)", "medium: web photos of unstated origin", False),
    ],
)
def test_licences(licence: str, confidence: str, may: bool) -> None:
    assert dataset.shippable(licence, confidence) is may


@pytest.mark.parametrize(
    ("word", "label"),
    [("red fox", "animal"), ("burrowing owl", "bird"), ("human", "person"), ("truck", "vehicle"), ("panda", "animal")],
)
def test_words_of_the_sources_find_their_class(word: str, label: str) -> None:
    assert classes.CLASSES[classes.class_of(word)].label == label


def test_a_word_nobody_placed_is_refused() -> None:
    with pytest.raises(Exception, match="teapot"):
        classes.class_of("teapot")


def test_plans_keep_boxes_in_the_picture_and_repeat_for_a_seed() -> None:
    """A box of a plan lies in the picture; the same generator draws the same plan; a whole frame keeps its boxes."""
    made = [frame("a", 2), frame("b", 0), frame("c", 1, kind="web"), frame("d", 1)]
    extents = [plan.Extent(640, 480)] * 4
    planner = plan.Planner(made, extents, [False, True, False, False], 320, 416)
    for number in range(200):
        drawn = planner.plan(np.random.default_rng(number))
        assert drawn == planner.plan(np.random.default_rng(number))
        for _, (x0, y0, x1, y1) in drawn.boxes:
            assert 0 <= x0 < x1 <= 416
            assert 0 <= y0 < y1 <= 320
    whole = planner.faithful(0)
    assert whole.boxes[0][1] == pytest.approx((0, 0.4 * 312, 0.08 * 416, 0.6 * 312))


def test_boxes_of_two_labels_are_kept_side_by_side_for_thresholds_to_come(tmp_path: Path) -> None:
    """Of three cells that see one place as bird, bird and animal, the best bird stays, and the animal beside it."""
    path = tmp_path / "x.png"
    cv2.imwrite(str(path), np.full((48, 64, 3), 90, np.uint8))
    raw = np.zeros((1, sum((48 // each) * (64 // each) for each in shipped.STRIDES), 5 + len(classes.CLASSES)))
    for cell, label, score in ((18, 1, 0.9), (19, 1, 0.7), (20, 0, 0.8), (40, 2, 0.04)):
        # Each cell puts its box at the middle of the third row's third cell: 20 pixels right, 20 down, 16 x 16.
        raw[0, cell, :4] = (2.5 - cell % 8, 2.5 - cell // 8, np.log(2), np.log(2))
        raw[0, cell, 4], raw[0, cell, 5 + label] = 1.0, score
    spec = measure.input_spec(48, 64)
    (found,) = measure.judge([frame(path=path)], lambda _: raw, spec)
    assert [(one.label, one.score) for one in found] == [("bird", 0.9), ("animal", 0.8)]
    assert found[0].corners == pytest.approx((12 / 64, 12 / 48, 28 / 64, 28 / 48))


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.jpg cannot be read"):
        measure.judge([frame(path=tmp_path / "none.jpg")], lambda tensor: tensor, measure.input_spec(48, 64))


fractions = st.floats(0, 1).map(lambda value: round(value, 4))
found = st.builds(
    held_out.Found,
    st.sampled_from([one.label for one in classes.CLASSES]),
    st.floats(0.05, 1).map(lambda value: round(value, 3)),
    st.tuples(fractions, fractions, fractions, fractions),
)
answers = st.lists(st.tuples(st.text(min_size=1), st.lists(found, max_size=4)), max_size=5)


@given(answers)
def test_what_was_held_out_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, made: Any) -> None:
    """Facts, frames and boxes survive the file, scores to three places and corners to four."""
    path = tmp_path_factory.mktemp("held-out") / "held-out.json"
    its = tuple(held_out.Answer(name, name, len(name) % 2, tuple(boxes)) for name, boxes in made)
    result = held_out.HeldOut({"recipe": {"seed": 20}, "classes": ["animal"]}, 0.05, its)
    held_out.write(path, result)
    assert held_out.read(path) == result


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"facts": 1, "least_score": 0.05, "answers": []}',
        '{"facts": {}, "least_score": 0.05, "answers": [{"file": "a"}]}',
        '{"facts": {}, "least_score": 0, "answers": [{"file": "a", "camera": "b", "fold": 0, "found": [["c", 1, 0]]}]}',
    ],
)  # fmt: skip
def test_a_file_that_training_did_not_write_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.json is not what tools/train writes"):
        held_out.read(path)


def test_a_camera_held_out_in_two_folds_is_refused(tmp_path: Path) -> None:
    """What one detector learned from must not be measured as another's held-out frame."""
    path = tmp_path / "held-out.json"
    both = tuple(held_out.Answer(f"{fold}.jpg", "one camera", fold, ()) for fold in (0, 1))
    held_out.write(path, held_out.HeldOut({}, 0.05, both))
    with pytest.raises(ValueError, match="one camera is held out in more than one fold"):
        held_out.read(path)


def test_a_manifest_of_another_network_is_named() -> None:
    """The export refuses a model.toml whose size, colours or labels are not those it was trained with."""
    labels = [{"index": n, "label": one.label, "taxon": one.taxon} for n, one in enumerate(classes.CLASSES)]
    right: dict[str, Any] = {
        "input": {
            "height": 384, "width": 512, "dtype": "float32", "layout": "NHWC", "resize": "letterbox",
            "align": "top-left", "colour": "BGR", "scale": 1, "zero": 0, "pad": 114,
            "local_contrast": shipped.LOCAL_CONTRAST,
        },
        "output": {"layout": "yolox", "strides": list(shipped.STRIDES)},
        "labels": labels,
    }  # fmt: skip
    assert export.disagreements(right, 384, 512) == []
    assert export.disagreements(right, 416, 416) == ["input.height must be 416", "input.width must be 416"]
    assert "labels must be" in export.disagreements(right | {"labels": labels[1:]}, 384, 512)[0]
    wider = [label | {"taxon": "animal"} if label["label"] == "bird" else label for label in labels]
    assert export.disagreements(right | {"labels": wider}, 384, 512) == []
    narrower = [label | {"taxon": "Strigidae"} if label["label"] == "bird" else label for label in labels]
    assert export.disagreements(right | {"labels": narrower}, 384, 512) == ["bird cannot be Strigidae"]


OURS = Path(__file__).parents[2] / "models" / "cameratrap-nano"


def test_the_shipped_model_is_what_its_manifest_and_its_card_say(frames: list[Any]) -> None:
    """Size, hash, input and labels agree, and the card names each source of frames with how many there were."""
    manifest = tomllib.loads((OURS / "model.toml").read_text(encoding="utf-8"))
    weights = (OURS / "model.tflite").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == manifest["sha256"]
    assert len(weights) <= export.LARGEST_BYTES
    assert export.disagreements(manifest, manifest["input"]["height"], manifest["input"]["width"]) == []
    card = manifest["card"]["trained_on"]
    learned = dataset.for_training(frames)
    assert f"{len(learned):,} frames" in card
    used = Counter(one.source for one in learned)
    assert set(used) == set(SOURCES)
    for source, count in used.items():
        parts = [str(sum(one.source == source and one.kind == kind for one in learned)) for kind in ("trap", "crop")]
        assert SOURCES[source] in card
        assert str(count) in card or all(part in card for part in parts)


def test_corrections_are_of_frames_that_exist(frames: list[Any]) -> None:
    """Each row of corrections.csv turns one frame listed as empty into one with the animal that is there."""
    rows = csv.DictReader(dataset.CORRECTIONS.read_text(encoding="utf-8").splitlines())
    names = {row["kept"] for row in rows}
    corrected = [one for one in frames if one.path.name in names]
    assert len(corrected) == len(names)
    assert all(one.has_animal and one.count == 1 and one.measured for one in corrected)
