"""What every detector keeps to, whatever stands behind the port."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.app.models import load_folder
from cameratrap.drivers.detectors import with_classifier
from cameratrap.drivers.tflite import TfliteDetector
from cameratrap.errors import ImageError
from cameratrap.ports import Detector, Frame
from cameratrap.resources import builtin_taxa
from tests.fakes import NamedDetector
from tests.model_folders import classifier_folder, constant_folder, picture

AT = datetime(2026, 6, 1, tzinfo=UTC)


def tflite(folder: Path) -> Detector:
    return TfliteDetector(load_folder(constant_folder(folder / "m"), builtin_taxa()))


def classified(folder: Path) -> Detector:
    namer = load_folder(classifier_folder(folder / "namer"), builtin_taxa())
    return with_classifier(tflite(folder), namer, builtin_taxa())


def by_name(_: Path) -> Detector:
    return NamedDetector({"seen.jpg": {"Aves": 3}, "damaged.jpg": None})


@pytest.fixture(params=[tflite, classified, by_name], ids=["tflite", "classified", "fake"])
def detector(request: pytest.FixtureRequest, tmp_path: Path) -> Detector:
    make: Callable[[Path], Detector] = request.param
    return make(tmp_path)


def test_it_says_which_model_of_which_version_it_is(detector: Detector) -> None:
    """Every record names what made it."""
    assert detector.name
    assert detector.version


def test_it_names_taxa_of_the_table_best_first(detector: Detector) -> None:
    seen = detector.detect(Frame(picture(), AT, "seen.jpg"))
    assert seen.width > 0
    assert seen.height > 0
    assert len(seen.detections) == 3
    assert all(builtin_taxa().resolve(found.taxon).name == found.taxon for found in seen.detections)
    scores = [found.score for found in seen.detections]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_a_picture_that_cannot_be_read_is_an_image_error(detector: Detector) -> None:
    with pytest.raises(ImageError):
        detector.detect(Frame(picture()[:200], AT, "damaged.jpg"))


def test_the_same_picture_twice_is_the_same_answer_twice(detector: Detector) -> None:
    frame = Frame(picture(), AT, "seen.jpg")
    assert detector.detect(frame) == detector.detect(frame)


def test_it_can_be_closed(detector: Detector) -> None:
    detector.close()
