"""A second model names what the first one found, where its scores support it; everything else stays as it was."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cameratrap.app.models import ModelFolder, load_folder
from cameratrap.config import Config
from cameratrap.config.tree import DetectorSection
from cameratrap.drivers import classifier as module
from cameratrap.drivers.classifier import TfliteClassifier
from cameratrap.drivers.detectors import load_detector, with_classifier
from cameratrap.errors import ModelError
from cameratrap.ports import Detector, Frame
from cameratrap.resources import builtin_taxa
from cameratrap.wiring import open_detector
from tests.model_folders import classifier_folder, constant_folder, ssd_outputs, write_folder

TAXA = builtin_taxa()
# Where the detector of ``constant_folder`` sees two birds and a person, in fractions: left, top, right, bottom.
FIRST, SECOND, PERSON = (0.1, 0.2, 0.3, 0.5), (0.6, 0.2, 0.9, 0.5), (0.0, 0.6, 0.2, 1.0)
Colour = tuple[int, int, int]


def load(folder: Path) -> ModelFolder:
    return load_folder(folder, TAXA)


def painted(width: int = 400, height: int = 200, **patches: Colour) -> Frame:
    """A black picture with the detector's boxes in colours, whose red, green and blue are the classifier's scores."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for name, box in (("first", FIRST), ("second", SECOND), ("person", PERSON)):
        left, top, right, bottom = (round(share * side) for share, side in zip(box, (width, height) * 2, strict=True))
        # A little more than the box, so that a crop of the model's proportions holds nothing else.
        pixels[max(top - 20, 0) : bottom + 20, max(left - 20, 0) : right + 20] = patches.get(name, (0, 0, 0))
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return Frame(stream.getvalue(), datetime(2026, 6, 1, tzinfo=UTC))


def open_both(folder: Path, scores: str = "probabilities") -> Detector:
    detector = load_detector(load(constant_folder(folder / "finder")))
    return with_classifier(detector, load(classifier_folder(folder / "namer", scores)), TAXA)


@pytest.mark.parametrize(
    ("colour", "taxon", "label"),
    [
        ((204, 20, 10), "Athene cunicularia", "bird > the Athene cunicularia"),
        ((115, 120, 10), "Strigidae", "bird > the Bubo virginianus"),
        ((10, 20, 200), "Columba palumbus", "bird > Columba palumbus (Wood Pigeon)"),
        ((100, 30, 120), "Aves", "bird"),  # owls 0.51, a pigeon 0.47: neither is supported
        ((40, 20, 10), "Aves", "bird"),
    ],
)
def test_a_bird_gets_the_finest_name_its_crop_supports(tmp_path: Path, colour: Colour, taxon: str, label: str) -> None:
    seen = open_both(tmp_path).detect(painted(first=colour))
    assert (seen.detections[0].taxon, seen.detections[0].model_label) == (taxon, label)


def test_only_names_change(tmp_path: Path) -> None:
    """Boxes, scores, their order, what is doubtful, the view: all as without the classifier; people keep their name."""
    frame = painted(first=(204, 20, 10), second=(10, 20, 200), person=(204, 20, 10))
    alone = load_detector(load(constant_folder(tmp_path / "alone"))).detect(frame)
    both = open_both(tmp_path).detect(frame)
    assert [found.taxon for found in alone.detections] == ["Aves", "Homo sapiens", "Aves"]
    assert [found.taxon for found in both.detections] == ["Athene cunicularia", "Homo sapiens", "Columba palumbus"]
    assert [(each.bbox, each.score) for each in both.detections] == [
        (each.bbox, each.score) for each in alone.detections
    ]
    assert (both.width, both.height, both.doubtful, both.view) == (
        alone.width,
        alone.height,
        alone.doubtful,
        alone.view,
    )


def test_records_name_both_models(tmp_path: Path) -> None:
    finder, namer = load(constant_folder(tmp_path / "finder")), load(classifier_folder(tmp_path / "namer"))
    both = with_classifier(load_detector(finder), namer, TAXA)
    assert (both.name, both.version) == ("finder+namer", "1.0+1.0")
    assert both.sha256 == f"{finder.manifest.sha256}+{namer.manifest.sha256}"
    assert both.score_threshold == 0.5
    both.close()


def test_it_costs_nothing_where_there_is_nothing_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = load(constant_folder(tmp_path / "finder", ssd_outputs((PERSON, 1, 0.9))))
    both = with_classifier(load_detector(finder), load(classifier_folder(tmp_path / "namer")), TAXA)

    def never(*_: object) -> None:
        raise AssertionError("the picture was read again")

    monkeypatch.setattr(module, "read_image", never)
    assert [found.taxon for found in both.detect(painted()).detections] == ["Homo sapiens"]


@pytest.mark.parametrize(("label", "named"), [("bird", "Athene cunicularia"), ("fox", "animal")])
def test_a_detectors_word_for_something_selects_it_too(tmp_path: Path, label: str, named: str) -> None:
    """A detector may say bird and be trusted with no more than "animal"."""
    folder = constant_folder(tmp_path / "finder", ssd_outputs((FIRST, 0, 0.9)))
    manifest = folder / "model.toml"
    coarse = f'label = "{label}"\ntaxon = "animal"'
    manifest.write_text(manifest.read_text().replace('label = "bird"\ntaxon = "Aves"', coarse))
    both = with_classifier(load_detector(load(folder)), load(classifier_folder(tmp_path / "namer")), TAXA)
    assert [found.taxon for found in both.detect(painted(first=(204, 20, 10))).detections] == [named]


def test_logits_become_probabilities(tmp_path: Path) -> None:
    """e ** 1 against e ** 0 twice is 0.58: owls together pass a threshold of 0.6, the one owl a lower one."""
    bird = painted(first=(255, 0, 0))
    assert open_both(tmp_path, "logits").detect(bird).detections[0].taxon == "Strigidae"
    namer = load(classifier_folder(tmp_path / "lower", "logits", threshold=0.51))
    both = with_classifier(load_detector(load(tmp_path / "finder")), namer, TAXA)
    assert both.detect(bird).detections[0].taxon == "Athene cunicularia"


def test_the_scores_of_several_crops_are_averaged(tmp_path: Path) -> None:
    """Close up it is an owl's red; with what is around it half of that is left."""
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[80:200, 40:120] = (204, 20, 10)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    frame = Frame(stream.getvalue(), datetime(2026, 6, 1, tzinfo=UTC))
    finder = load_detector(load(constant_folder(tmp_path / "finder", ssd_outputs(((0.1, 0.2, 0.3, 0.5), 0, 0.9)))))
    names = []
    for margins in ("[0.0]", "[1.0]", "[0.0, 1.0]"):
        namer = load(classifier_folder(tmp_path / margins, margins=margins, name="namer", threshold=0.51))
        names.append(with_classifier(finder, namer, TAXA).detect(frame).detections[0].taxon)
    assert names == ["Athene cunicularia", "Aves", "Aves"]


def test_a_small_animal_is_cut_out_of_the_whole_resolution(tmp_path: Path) -> None:
    """Of 4096 pixels a box of 82 is looked at in full, although the detector needs no more than 8."""
    width, height = 4096, 2048
    pixels = np.zeros((height, width, 3), np.uint8)
    left, top = round(0.1 * width), round(0.2 * height)
    pixels[top : top + 82, left : left + 82] = (204, 20, 10)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, subsampling=0)
    box = (left / width, top / height, (left + 82) / width, (top + 82) / height)
    finder = load_detector(load(constant_folder(tmp_path / "finder", ssd_outputs((box, 0, 0.9)))))
    both = with_classifier(finder, load(classifier_folder(tmp_path / "namer")), TAXA)
    frame = Frame(stream.getvalue(), datetime(2026, 6, 1, tzinfo=UTC))
    assert both.detect(frame).detections[0].taxon == "Athene cunicularia"


def test_each_model_has_its_place(tmp_path: Path) -> None:
    finder, namer = load(constant_folder(tmp_path / "finder")), load(classifier_folder(tmp_path / "namer"))
    with pytest.raises(ModelError, match="is no detector") as caught:
        load_detector(namer)
    assert caught.value.hint == "give it as detector.classifier beside a detector"
    with pytest.raises(ModelError, match="is no classifier"):
        TfliteClassifier(finder, TAXA)


@pytest.mark.parametrize(("given", "name"), [(None, "finder+namer"), ("", "finder"), ("other", "finder+other")])
def test_the_configuration_says_which_and_a_command_may_say_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, name: str
) -> None:
    monkeypatch.setenv("CAMERATRAP_MODELS", str(tmp_path))
    constant_folder(tmp_path / "finder")
    for each in ("namer", "other"):
        classifier_folder(tmp_path / each)
    config = Config(detector=DetectorSection(model="finder", classifier="namer"))
    assert open_detector(config, TAXA, classifier=given).name == name


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[classifier]\n", "[other]\n", "other: no such key"),
        ('applies_to = ["Aves"]', 'applies_to = ["Unicorns"]', "no taxon is called 'Unicorns'"),
        ('applies_to = ["Aves"]', "", "classifier.applies_to: is missing"),
        ("score_threshold = 0.6", "score_threshold = 0.5", "score_threshold: must be above 0.5"),
        ("score_threshold = 0.8", "score_threshold = 0.4", "labels[2].score_threshold: must be above 0.5"),
        ("margins = [0.0]", "margins = []", "classifier.margins: "),
        ('scores = "probabilities"', 'scores = "votes"', "output.scores: "),
        ('"Columba palumbus azorica", "Columba palumbus"', '"Columba palumbus azorica"', "labels[0].taxon: no taxon"),
        ('head = "classifier"', 'head = "ssd"', "the head classifier needs this table, another head has none"),
        ("index = 2", "index = 3", "labels: index 3 is listed, the file has 3 classes"),
    ],
)
def test_what_is_wrong_with_a_classifiers_manifest_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    manifest = classifier_folder(tmp_path / "namer") / "model.toml"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelError) as caught:
        TfliteClassifier(load(tmp_path / "namer"), TAXA)
    assert reason in str(caught.value)


def test_an_output_that_is_no_list_of_scores_is_refused(tmp_path: Path) -> None:
    text = (classifier_folder(tmp_path / "namer") / "model.toml").read_text()
    weights = (constant_folder(tmp_path / "finder") / "model.tflite").read_bytes()
    folder = write_folder(tmp_path / "wrong", weights)
    sha256 = load(tmp_path / "finder").manifest.sha256
    (folder / "model.toml").write_text(text.replace(load(tmp_path / "namer").manifest.sha256, sha256))
    with pytest.raises(ModelError, match="the head classifier needs shape"):
        TfliteClassifier(load(folder), TAXA)
