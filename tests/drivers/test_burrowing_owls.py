"""The published model of birds behind a detector, on real owls: the owl, its family or order, or bird, and no other."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameratrap.app.images import read_image
from cameratrap.app.models import find_model
from cameratrap.domain.detections import BBox, Detection
from cameratrap.drivers.classifier import TfliteClassifier
from cameratrap.resources import builtin_taxa

TAXA = builtin_taxa()
BIRDS = "models/google-coral+test_data/mobilenet_v2_1.0_224_inat_bird_quant.tflite"
OWL = {"Athene cunicularia", "Strigidae", "Strigiformes"}


@pytest.fixture
def birds(shared_data: Path) -> TfliteClassifier:
    """The iNaturalist birds of the catalogue."""
    return TfliteClassifier(find_model(str(shared_data / BIRDS), TAXA), TAXA)


def drawn_boxes(images: Path, taxon: str) -> Iterator[tuple[Path, Detection]]:
    """Each box that was drawn by eye around one of them, as a detector of birds would give it."""
    with (images / "boxes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["taxon"] == taxon and row["x0"]:
                x0, y0, x1, y1 = (float(row[name]) for name in ("x0", "y0", "x1", "y1"))
                yield images / row["kept"], Detection("Aves", "bird", 0.9, BBox(x0, y0, x1 - x0, y1 - y0))


def names(birds: TfliteClassifier, images: Path, taxon: str) -> Counter[str]:
    """What they were called, "Aves" where no better name was found."""
    found: Counter[str] = Counter()
    for path, box in drawn_boxes(images, taxon):
        named = birds.name(read_image(path), [box]).get(box)
        found[named.taxon if named else box.taxon] += 1
    return found


@pytest.mark.slow
def test_a_burrowing_owl_is_never_said_to_be_another_bird(shared_data: Path, birds: TfliteClassifier) -> None:
    """Of 116 boxes on 60 frames a few are named, all of them rightly."""
    found = names(birds, shared_data / "images", "burrowing owl")
    assert found.total() == 116
    assert not found.keys() - OWL - {"Aves"}
    assert found["Athene cunicularia"] >= 1


@pytest.mark.parametrize("taxon", ["paca", "cougar"])
def test_a_mammal_that_a_detector_took_for_a_bird_gets_no_birds_name(
    shared_data: Path, birds: TfliteClassifier, taxon: str
) -> None:
    """The threshold was chosen on mammals and people: one in a hundred of them got one."""
    found = names(birds, shared_data / "images", taxon)
    assert found.keys() == {"Aves"}
