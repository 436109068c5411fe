"""The real runtime on model files made here: pictures go in, the boxes that are in them come out."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from cameratrap.app.images import read_image
from cameratrap.app.models import ModelFolder, find_model, load_folder
from cameratrap.drivers import runtimes
from cameratrap.drivers.detectors import inspector, load_detector
from cameratrap.drivers.tflite import TfliteDetector, decode
from cameratrap.drivers.tflite_model import inspect
from cameratrap.errors import ImageError, ModelError
from cameratrap.ports import Frame
from cameratrap.resources import builtin_taxa
from cameratrap.vision.specs import InputSpec
from tests.model_folders import TWO_BIRDS_AND_A_PERSON, constant_folder, echo_folder, exif, picture, write_folder
from tests.tiny_tflite import constant_model

TAXA = builtin_taxa()
# Six boxes of the echo model: centre x, centre y, width, height, objectness, bird, person; in 255ths.
ROWS = np.zeros((6, 7), np.uint8)
ROWS[1] = [102, 153, 51, 102, 255, 204, 0]  # a bird of 0.8 at x 0.3, y 0.4, 0.2 wide, 0.4 high
ROWS[4] = [204, 51, 51, 51, 255, 51, 230]  # a person of 0.9 at x 0.7, y 0.1, 0.2 wide and high
ROWS[5] = [204, 204, 51, 51, 128, 255, 0]  # a bird of just over 0.5


def load(folder: Path) -> ModelFolder:
    return load_folder(folder, TAXA)


def frame(data: bytes) -> Frame:
    return Frame(data, datetime(2026, 6, 1, tzinfo=UTC))


def png(pixels: np.ndarray, orientation: int = 1) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", exif=exif(orientation=orientation))
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_boxes_drawn_as_pixels_are_found(tmp_path: Path, dtype: str) -> None:
    """The whole way: decode, colour order, scale, quantise, invoke, dequantise, head, label, threshold."""
    detector = TfliteDetector(load(echo_folder(tmp_path / "echo", dtype)))
    seen = detector.detect(frame(png(ROWS.reshape(7, 2, 3))))
    assert (seen.width, seen.height) == (2, 7)
    found = [(each.taxon, each.model_label, each.bbox.as_list()) for each in seen.detections]
    assert found == [
        ("Homo sapiens", "person", [0.7, 0.1, 0.2, 0.2]),
        ("Aves", "bird", [0.3, 0.4, 0.2, 0.4]),
        ("Aves", "bird", [0.7, 0.7, 0.2, 0.2]),
    ]
    assert [each.score for each in seen.detections] == pytest.approx([230 / 255, 0.8, 128 / 255], abs=1e-6)


STORED_AS = {  # EXIF 2.32, tag 274: what stands at the stored picture's top left, and how it got there
    1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2), 6: lambda p: np.rot90(p, 1), 7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, -1),
}  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_that_hung_on_its_side_is_read_upright(tmp_path: Path, orientation: int) -> None:
    """All eight orientations give the boxes of the upright picture, and Pillow agrees on what upright is."""
    upright = ROWS.reshape(7, 2, 3)
    data = png(np.ascontiguousarray(STORED_AS[orientation](upright)), orientation)
    with Image.open(io.BytesIO(data)) as image:
        assert (np.asarray(ImageOps.exif_transpose(image)) == upright).all()
    detector = TfliteDetector(load(echo_folder(tmp_path / "echo")))
    seen = detector.detect(frame(data))
    assert (seen.width, seen.height) == (2, 7)
    assert seen.detections == detector.detect(frame(png(upright))).detections


def test_a_threshold_given_replaces_the_models(tmp_path: Path) -> None:
    model = load(echo_folder(tmp_path / "echo"))
    assert len(TfliteDetector(model, threshold=0.85).detect(frame(png(ROWS.reshape(7, 2, 3)))).detections) == 1


def test_what_scores_less_than_a_threshold_given_is_not_even_doubtful(tmp_path: Path) -> None:
    """Else a background would believe it after all; the model's own threshold leaves its doubt as it is."""
    folder = echo_folder(tmp_path / "echo")
    manifest = folder / "model.toml"
    doubting = "score_threshold = 0.6\ndoubt_threshold = 0.1"
    manifest.write_text(manifest.read_text().replace("score_threshold = 0.5", doubting, 1))
    pixels = frame(png(ROWS.reshape(7, 2, 3)))
    own = TfliteDetector(load(folder)).detect(pixels)
    given = TfliteDetector(load(folder), threshold=0.85).detect(pixels)
    assert len(own.doubtful) > 0
    assert (len(given.detections), given.doubtful) == (1, ())


def test_the_ssd_head_runs(tmp_path: Path) -> None:
    detector = TfliteDetector(load(constant_folder(tmp_path / "m")))
    seen = detector.detect(frame(picture()))
    assert [each.model_label for each in seen.detections] == ["bird", "person", "bird"]
    assert (detector.name, detector.version) == ("m", "1.0")


def test_the_same_picture_gives_the_same_answer(tmp_path: Path) -> None:
    detector = TfliteDetector(load(echo_folder(tmp_path / "echo")))
    picture_frame = frame(png(ROWS.reshape(7, 2, 3)))
    first = detector.detect(picture_frame)
    detector.detect(frame(picture()))
    assert detector.detect(picture_frame) == first


@pytest.mark.parametrize(("side", "decoded"), [(32, 64), (64, 64), (200, 256), (256, 256), (300, 512), (600, 512)])
def test_a_large_jpeg_is_decoded_no_larger_than_it_must_be(side: int, decoded: int) -> None:
    """At a half, a quarter or an eighth while that still fills the model's input; the size told is the picture's."""
    still = read_image(picture(512, 512))
    assert decode(still, InputSpec(side, side, "uint8")).shape == (decoded, decoded, 3)
    assert (still.width, still.height) == (512, 512)


@pytest.mark.parametrize("data", [b"", b"no picture", picture(400, 300)[:3000]])
def test_a_picture_that_cannot_be_read_is_an_image_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ImageError):
        TfliteDetector(load(constant_folder(tmp_path / "m"))).detect(frame(data))


def test_the_runtime_is_not_heard(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its greeting goes to the process's stderr, where only what matters to a user is said."""
    TfliteDetector(load(constant_folder(tmp_path / "m")))
    assert capfd.readouterr().err == ""


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", b"TFL3 but not really")
    with pytest.raises(ModelError, match="cannot be run"):
        TfliteDetector(load(folder))


def test_tensors_that_differ_from_the_manifest_are_refused(tmp_path: Path) -> None:
    weights = (constant_folder(tmp_path / "m") / "model.tflite").read_bytes()
    folder = write_folder(tmp_path / "n", weights, height=16, dtype="int8")
    with pytest.raises(ModelError) as caught:
        TfliteDetector(load(folder))
    assert "[1, 16, 8, 3]" in str(caught.value)
    assert "int8" in str(caught.value)


def test_an_integer_input_that_states_no_quantisation_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", constant_model((1, 8, 8, 3), "uint8", TWO_BIRDS_AND_A_PERSON))
    with pytest.raises(ModelError, match="quantisation"):
        TfliteDetector(load(folder))


def test_a_file_says_its_tensors(tmp_path: Path) -> None:
    facts = inspect(constant_folder(tmp_path / "m") / "model.tflite")
    assert [(each.name, each.shape, each.dtype) for each in facts.inputs] == [("image", (1, 8, 8, 3), "uint8")]
    assert [each.name for each in facts.outputs] == ["boxes", "classes", "scores", "count"]


def test_without_a_runtime_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "MODULES", dict.fromkeys(runtimes.MODULES, "no_such_runtime"))
    assert inspector() is None
    with pytest.raises(ModelError) as caught:
        load_detector(load(constant_folder(tmp_path / "m")))
    assert caught.value.hint == "pip install 'cameratrap[detect]'"


def test_finding_and_checking_models_needs_no_numpy() -> None:
    """`models list` works with the base install: the manifest's room imports neither numpy, OpenCV nor a runtime."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['numpy', 'cv2', 'tflite_runtime', 'ai_edge_litert']))\n"
        "import cameratrap.app.models, cameratrap.cli.models, cameratrap.cli.process\n"
        "from cameratrap.drivers.detectors import inspector; assert inspector() is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


CATALOGUED = {
    "ssd-mobilenet-v1-coco": "Pawandeep-prog+realtime_object_detection/ssd_mobilenet_v1_1_metadata_1.tflite",
    "yolox-nano-coco-fp16": "Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano_float16_quantize.tflite",
    "yolox-nano-coco-dynamic": "Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano_dynamic_range_quantize.tflite",
}


@pytest.mark.parametrize("name", CATALOGUED)
def test_a_published_model_finds_the_raccoon_where_it_is(shared_data: Path, name: str) -> None:
    """Its box overlaps the one drawn by hand by more than half; COCO has no raccoon, so it is an animal."""
    with (shared_data / "images" / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["species"] == "raccoon" and row["count"] == "1"][:12]
    detector = TfliteDetector(find_model(str(shared_data / "models" / CATALOGUED[name]), TAXA))
    assert detector.name == name
    overlaps = [_best_overlap(detector, shared_data / "images" / row["kept"], row["boxes_xyxy_norm"]) for row in rows]
    assert sum(overlap > 0.5 for overlap in overlaps) >= 8


def _best_overlap(detector: TfliteDetector, path: Path, drawn: str) -> float:
    x0, y0, x1, y1 = json.loads(drawn)[0]
    best = 0.0
    for found in detector.detect(frame(path.read_bytes())).detections:
        box = found.bbox
        wide = min(x1, box.x + box.width) - max(x0, box.x)
        high = min(y1, box.y + box.height) - max(y0, box.y)
        shared = max(wide, 0) * max(high, 0)
        if TAXA.is_animal(found.taxon):
            best = max(best, shared / ((x1 - x0) * (y1 - y0) + box.width * box.height - shared))
    return best
