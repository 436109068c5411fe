"""Model folders for tests: a real manifest around a model file of a few hundred bytes, or around any bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.tiny_tflite import constant_model, echo_model

MANIFEST = """\
name = "{name}"
version = "1.0"
sha256 = "{sha256}"
licence = "Apache-2.0"
source = "made by a test"
score_threshold = {threshold}

[input]
height = {height}
width = {width}
dtype = "{dtype}"
layout = "NHWC"
resize = "stretch"
colour = "RGB"
scale = {scale}
zero = 0

[output]
{output}

[[labels]]
index = 0
label = "bird"
taxon = "Aves"

[[labels]]
index = 1
label = "person"
taxon = "Homo sapiens"
score_threshold = 0.8

[card]
trained_on = "nothing"
measured_on = "nothing"
"""
SSD_OUTPUT = 'head = "ssd"\nnms_iou = 0.5'
YOLO_OUTPUT = 'head = "yolo"\nlayout = "yolov5"\ncoordinates = "fractions"\n[output.tensors]\nraw = "echo"'


def write_folder(folder: Path, weights: bytes, **facts: Any) -> Path:
    """A model folder with these weights. ``facts`` replace what the manifest says."""
    given: dict[str, Any] = {
        "name": folder.name, "sha256": hashlib.sha256(weights).hexdigest(), "threshold": 0.5, "height": 8, "width": 8,
        "dtype": "uint8", "scale": 1.0, "output": SSD_OUTPUT,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(weights)
    (folder / "model.toml").write_text(MANIFEST.format(**given | facts), encoding="utf-8")
    return folder


def ssd_outputs(*found: tuple[tuple[float, float, float, float], int, float], room: int = 4) -> Mapping[str, Any]:
    """The four tensors of TFLite_Detection_PostProcess for ``(x0 y0 x1 y1, class, score)``, with ``room`` rows."""
    boxes, classes, scores = np.zeros((1, room, 4)), np.zeros((1, room)), np.zeros((1, room))
    for row, ((x0, y0, x1, y1), index, score) in enumerate(found):
        boxes[0, row], classes[0, row], scores[0, row] = (y0, x0, y1, x1), index, score
    tensors = {"boxes": boxes, "classes": classes, "scores": scores, "count": np.array([len(found)])}
    return {role: values.astype(np.float32) for role, values in tensors.items()}


TWO_BIRDS_AND_A_PERSON = ssd_outputs(
    ((0.1, 0.2, 0.3, 0.5), 0, 0.9), ((0.6, 0.2, 0.9, 0.5), 0, 0.7), ((0.0, 0.6, 0.2, 1.0), 1, 0.85)
)


def constant_folder(folder: Path, outputs: Mapping[str, Any] = TWO_BIRDS_AND_A_PERSON) -> Path:
    """A detector of the head ``ssd`` that says the same of every picture: two birds and a person."""
    return write_folder(folder, constant_model((1, 8, 8, 3), "uint8", outputs, quantisation=(1.0, 0)))


def echo_folder(folder: Path, dtype: str = "float32") -> Path:
    """A detector whose boxes are the pixels it is shown: each row of 7 channel values is one box of ``yolov5``.

    The input is 7 pixels high and 2 wide, so 42 values: six boxes of centre x, centre y, width, height, objectness
    and two classes, in 255ths.
    """
    quantisation = None if dtype == "float32" else (1 / 255, 0 if dtype == "uint8" else -128)
    weights = echo_model((1, 7, 2, 3), (1, 6, 7), dtype, quantisation=quantisation)
    return write_folder(folder, weights, height=7, width=2, dtype=dtype, scale=1 / 255, output=YOLO_OUTPUT)


CLASSIFIER_OUTPUT = """\
head = "classifier"
scores = "{scores}"

[classifier]
applies_to = ["Aves"]
applies_to_labels = ["bird"]
margins = {margins}

[[labels]]
index = 2
label = "Columba palumbus (Wood Pigeon)"
taxon = ["Columba palumbus azorica", "Columba palumbus"]
"""
OWLS = ("Athene cunicularia", "Bubo virginianus")


def classifier_folder(folder: Path, scores: str = "probabilities", margins: str = "[0.0]", **facts: Any) -> Path:
    """A classifier that says of a crop what its one pixel says: red a burrowing owl, green another, blue a pigeon."""
    dtype, quantisation = ("float32", None) if scores == "logits" else ("uint8", (1 / 255, 0))
    weights = echo_model((1, 1, 1, 3), (1, 3), dtype, quantisation=quantisation)
    output = CLASSIFIER_OUTPUT.format(scores=scores, margins=margins)
    given = {"height": 1, "width": 1, "dtype": dtype, "scale": 1 / 255, "threshold": 0.6, "output": output}
    manifest = write_folder(folder, weights, **given | facts) / "model.toml"
    text = manifest.read_text(encoding="utf-8")
    for (label, taxon), owl in zip((("bird", "Aves"), ("person", "Homo sapiens")), OWLS, strict=True):
        text = text.replace(f'label = "{label}"\ntaxon = "{taxon}"', f'label = "the {owl}"\ntaxon = "{owl}"')
    manifest.write_text(text, encoding="utf-8")
    return folder


def picture(width: int = 40, height: int = 30, form: str = "JPEG", **save: Any) -> bytes:
    """A small picture with something in it."""
    pixels = np.add.outer(np.arange(height) * 3, np.arange(width) * 2).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(np.stack([pixels, pixels.T.reshape(pixels.shape), pixels], axis=2)).save(stream, form, **save)
    return stream.getvalue()


def exif(taken: str = "2026:06:01 05:12:09", **tags: Any) -> Image.Exif:
    """EXIF with DateTimeOriginal; ``offset``, ``subsecond`` and ``orientation`` where given."""
    made = Image.Exif()
    detail = {36867: taken}
    if "offset" in tags:
        detail[36881] = tags["offset"]
    if "subsecond" in tags:
        detail[37521] = tags["subsecond"]
    made[0x8769] = detail
    if "orientation" in tags:
        made[274] = tags["orientation"]
    return made
