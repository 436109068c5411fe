"""Every layout of the YOLO family as a model file, in every type and order of its numbers, on the real runtime.

The files give their input back in the shape of an output, so that a test writes the output as a picture: what comes
back went through decoding, colours, scale or mean, quantisation both ways, and the head.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cameratrap.app.models import load_folder
from cameratrap.drivers.tflite import TfliteDetector
from cameratrap.ports import Frame
from cameratrap.resources import builtin_taxa
from tests.model_folders import write_folder
from tests.tiny_tflite import echo_model

SCALES = {
    "scale": "scale = 0.00392156862745098\nzero = 0",
    "mean": "mean = [0, 0, 0]\nstd = [255, 255, 255]",
}


@dataclass(frozen=True)
class Layout:
    """An output of ``answer`` ``(1, rows, columns)`` and the picture, ``height`` by ``width``, of as many values."""

    name: str
    height: int
    width: int
    answer: tuple[int, int, int]
    options: str = ""

    @property
    def manifest(self) -> str:
        return f'head = "yolo"\nlayout = "{self.name}"\n{self.options}[output.tensors]\nraw = "echo"'


# One stride of 2 pixels makes 2 x 3 cells of 4 + 1 + 7 values on 4 x 6 pixels.
YOLOX = Layout("yolox", 4, 6, (1, 6, 12), "strides = [2]\n")
YOLOV5 = Layout("yolov5", 4, 6, (1, 6, 12), 'coordinates = "fractions"\n')
YOLOV8 = Layout("yolov8", 4, 6, (1, 12, 6), 'coordinates = "fractions"\n')


def values(layout: Layout) -> np.ndarray:
    """The output in 255ths: a bird of 0.8 whose centre is at 0.5, 0.5, a third wide and half as high, and silence."""
    rows = np.zeros((6, 12))
    if layout.name == "yolox":  # in cell 4, the second of the lower row, at its left top; e ** 0 strides wide and high
        rows[4, :6] = [0.5, 0, 0, 0, 1, 0.8]
    else:
        rows[4, :6] = [0.5, 0.5, 1 / 3, 0.5, 1, 0.8]
    if layout.name == "yolov8":
        rows = np.delete(rows, 4, axis=1)
        return np.concatenate([rows, np.zeros((6, 1))], axis=1).T
    return rows


def png(layout: Layout, order: str) -> bytes:
    """A picture whose pixels, in the order in which the tensor holds them, are the output's values."""
    pixels = np.rint(values(layout) * 255).astype(np.uint8)
    shape = (layout.height, layout.width)
    pixels = pixels.reshape(*shape, 3) if order == "NHWC" else pixels.reshape(3, *shape).transpose(1, 2, 0)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("layout", [YOLOX, YOLOV5, YOLOV8], ids=lambda layout: layout.name)
@pytest.mark.parametrize("order", ["NHWC", "NCHW"])
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
@pytest.mark.parametrize("scale", SCALES)
def test_a_box_written_as_pixels_is_read_as_a_box(
    tmp_path: Path, layout: Layout, order: str, dtype: str, scale: str
) -> None:
    shape = (1, layout.height, layout.width, 3) if order == "NHWC" else (1, 3, layout.height, layout.width)
    quantisation = None if dtype == "float32" else (1 / 255, 0 if dtype == "uint8" else -128)
    weights = echo_model(shape, layout.answer, dtype, quantisation=quantisation)
    size = {"height": layout.height, "width": layout.width}
    folder = write_folder(tmp_path / "m", weights, dtype=dtype, output=layout.manifest, **size)
    manifest = folder / "model.toml"
    text = manifest.read_text().replace("scale = 1.0\nzero = 0", SCALES[scale]).replace('"NHWC"', f'"{order}"')
    manifest.write_text(text)
    detector = TfliteDetector(load_folder(folder, builtin_taxa()))
    (found,) = detector.detect(Frame(png(layout, order), datetime(2026, 6, 1, tzinfo=UTC))).detections
    assert (found.taxon, found.model_label) == ("Aves", "bird")
    assert found.score == pytest.approx(0.8, abs=1e-6)
    assert found.bbox.as_list() == pytest.approx([1 / 3, 0.25, 1 / 3, 0.5], abs=1 / 255)
