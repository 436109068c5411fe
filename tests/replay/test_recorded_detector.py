"""The recorded detections: complete, of this footage, and what the real model says."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.errors import ImageError, ModelError
from cameratrap.ports import Frame
from cameratrap.replay.footage import FOOTAGE_VERSION
from cameratrap.replay.footage_story import STORY_START, SceneAnimal, demo_story
from cameratrap.replay.footage_truth import Agreement, compare
from cameratrap.replay.recorded_detector import RecordedDetector, builtin_recording, parse_recording
from cameratrap.resources import builtin_taxa

REPOSITORY = Path(__file__).parents[2]
TOLERANCE = 0.05
"""By how much another build of the runtime, or of the JPEG encoder, may move a score."""


def _picture(name: str, size: tuple[int, int] = (1280, 960)) -> Frame:
    jpeg = BytesIO()
    Image.new("RGB", size).save(jpeg, "JPEG")
    return Frame(jpeg.getvalue(), STORY_START, name)


def _facts() -> dict[str, Any]:
    text = (REPOSITORY / "cameratrap" / "replay" / "data" / "demo-detections.json").read_text(encoding="utf-8")
    facts: dict[str, Any] = json.loads(text)
    return facts


def test_the_recording_covers_every_frame_of_the_story_and_nothing_else() -> None:
    """In the story's order."""
    assert list(builtin_recording().frames) == [frame.name for burst in demo_story() for frame in burst.frames]


def test_the_recording_was_made_on_this_version_of_the_footage() -> None:
    """Whoever changes the drawing raises FOOTAGE_VERSION and records anew: tools/record-demo."""
    assert builtin_recording().footage_version == FOOTAGE_VERSION


def test_every_score_reaches_the_stated_threshold_and_every_taxon_is_known() -> None:
    """The recording is of one model at one threshold, under labels of the taxa table."""
    model = builtin_recording().model
    for answer in builtin_recording().frames.values():
        assert [found.score for found in answer.detections] == sorted(
            (f.score for f in answer.detections), reverse=True
        )
        for found in answer.detections:
            assert found.score >= model.score_threshold
            assert model.labels[found.model_label] == found.taxon == builtin_taxa().resolve(found.taxon).name


def test_the_model_is_named_and_its_answers_are_marked_as_recorded() -> None:
    """Who reads the card can tell which model it was, and that it did not run."""
    detector = RecordedDetector()
    assert (detector.name, detector.version, detector.recorded) == (detector.model.name, detector.model.version, True)
    assert len(bytes.fromhex(detector.model.sha256)) == 32
    assert detector.model.licence == "Apache-2.0"


def test_a_frame_is_answered_by_its_name() -> None:
    """What was recorded comes back as it was."""
    assert RecordedDetector().detect(_picture("demo-14-2")) == builtin_recording().frames["demo-14-2"]


def test_a_frame_that_was_not_recorded_is_refused() -> None:
    """No answer is made up."""
    with pytest.raises(ImageError, match=r"no detections were recorded for IMG_0001\.JPG"):
        RecordedDetector().detect(_picture("IMG_0001.JPG"))


def test_a_picture_of_another_size_under_a_recorded_name_is_refused() -> None:
    """It cannot be the picture that the model saw."""
    with pytest.raises(ImageError, match="it is 640 x 480, not 1280 x 960"):
        RecordedDetector().detect(_picture("demo-14-2", (640, 480)))


@pytest.mark.parametrize("jpeg", [b"", b"not a picture", _picture("x").jpeg[:40]])
def test_a_picture_that_cannot_be_read_is_refused(jpeg: bytes) -> None:
    """The detector's port promises ImageError, whoever stands behind it."""
    with pytest.raises(ImageError, match="demo-14-2"):
        RecordedDetector().detect(Frame(jpeg, STORY_START, "demo-14-2"))


def _without(*path: str) -> str:
    facts = _facts()
    inner = facts
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return json.dumps(facts)


def _with_box(box: object) -> str:
    facts = _facts()
    facts["frames"]["demo-01-1"]["detections"][0]["bbox"] = box
    return json.dumps(facts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        json.dumps({**_facts(), "format": 2}),
        _without("format"),
        _without("frames"),
        _without("footage", "version"),
        _without("model", "sha256"),
        _without("frames", "demo-01-1", "width"),
        _with_box([0.9, 0.1, 0.2, 0.1]),
        _with_box([0.1, 0.1, 0.2]),
        _with_box(None),
    ],
)
def test_a_damaged_recording_is_refused_with_the_way_to_make_it_again(text: str) -> None:
    """Anything but a recording is a ModelError, never another exception."""
    with pytest.raises(ModelError) as caught:
        parse_recording(text)
    assert "tools/record-demo" in caught.value.hint


def test_the_model_found_nearly_everything_and_the_comparison_says_what_it_missed() -> None:
    """The demonstration states this sentence; it must be worth stating, and not be perfect by construction."""
    agreement = compare(demo_story(), builtin_recording().frames, builtin_taxa())
    assert agreement.frames == 3 * len(demo_story())
    assert agreement.shown == sum(len(frame.animals) for burst in demo_story() for frame in burst.frames)
    assert agreement.found >= 0.9 * agreement.shown
    assert agreement.wrong <= 3
    assert str(agreement).startswith(f"the model found {agreement.found} of {agreement.shown} animals")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Elephantidae", "Elephantidae"), Agreement(2, 2, 0, 1, 1)),
        (("Loxodonta africana", "Elephantidae"), Agreement(2, 2, 0, 1, 1)),
        (("Elephantidae",), Agreement(2, 1, 0, 1, 0)),
        (("Elephantidae", "animal"), Agreement(2, 1, 1, 1, 0)),
        (("Elephantidae", "Equidae"), Agreement(2, 1, 1, 1, 0)),
        (("Elephantidae",) * 3, Agreement(2, 2, 1, 1, 0)),
        ((), Agreement(2, 0, 0, 1, 0)),
    ],
)
def test_an_answer_is_right_by_its_own_name_or_a_wider_one_below_animal(
    names: tuple[str, ...], expected: Agreement
) -> None:
    """Two elephants in a frame, and what several answers are worth."""
    animals = tuple(SceneAnimal("elephant", across, 12.0, 0.0) for across in (-2.0, 2.0))
    frame = replace(demo_story()[0].frames[0], animals=animals)
    found = tuple(Detection(name, name, 0.9, BBox(0.1, 0.1, 0.2, 0.2)) for name in names)
    story = [replace(demo_story()[0], frames=(frame,))]
    assert compare(story, {frame.name: DetectedFrame(1280, 960, found)}, builtin_taxa()) == expected


def _record_demo() -> ModuleType:
    loader = SourceFileLoader("record_demo", str(REPOSITORY / "tools" / "record_demo.py"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_real_model_still_says_what_was_recorded(shared_data: Path) -> None:
    """The model is run on every frame: the same taxa as often, and each score within the tolerance.

    A detection whose score stands within the tolerance of the threshold may be there or not.
    """
    tflite = pytest.importorskip("cameratrap.drivers.tflite", exc_type=ImportError)
    tool = _record_demo()
    weights = shared_data / "models" / Path(tool.MODEL).parent.name / Path(tool.MODEL).name
    try:
        tflite.interpreter_class()
    except ModelError as error:
        pytest.skip(f"{error}: {error.hint}")
    detector = tflite.TfliteDetector(tool.site_model(str(weights), builtin_taxa()), threshold=tool.THRESHOLD)
    recording = builtin_recording()
    assert (detector.name, detector.version) == (recording.model.name, recording.model.version)
    for frame in tool.frames():
        now, then = detector.detect(frame), recording.frames[frame.name]
        assert _certain(now, then) == _certain(then, now), frame.name
        for taxon in {found.taxon for found in then.detections}:
            pairs = zip(_scores(then, taxon), _scores(now, taxon), strict=False)
            assert all(abs(one - other) <= TOLERANCE for one, other in pairs), frame.name


def _scores(answer: DetectedFrame, taxon: str) -> list[float]:
    return sorted((found.score for found in answer.detections if found.taxon == taxon), reverse=True)


def _certain(answer: DetectedFrame, other: DetectedFrame) -> dict[str, int]:
    """How many of each taxon, left out those near the threshold that the other answer lacks."""
    floor = builtin_recording().model.score_threshold + TOLERANCE
    counts = Counter(found.taxon for found in answer.detections)
    sure = Counter(found.taxon for found in answer.detections if found.score > floor)
    theirs = Counter(found.taxon for found in other.detections)
    return {taxon: n for taxon in counts if (n := max(sure[taxon], min(counts[taxon], theirs[taxon])))}
