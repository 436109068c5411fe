"""The TFLite runtime behind ``ports.Detector``: decode, prepare, invoke, read the head.

It alone knows the two packages that hold the same interpreter (``tflite_runtime`` up to Python 3.11,
``ai_edge_litert`` after it). What the numbers mean is the manifest's and the head's business.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.app.images import StillImage, read_image
from cameratrap.app.model_tensors import FileFacts, TensorFacts
from cameratrap.app.models import ModelFolder, check
from cameratrap.domain.detections import DetectedFrame
from cameratrap.errors import ImageError, ModelError
from cameratrap.ports import Frame
from cameratrap.vision.heads import HEADS, believed_and_doubtful
from cameratrap.vision.preprocess import Pixels, fitted_size, pixel_table, prepare, small_view
from cameratrap.vision.specs import InputSpec, Quantisation

RUNTIMES = ("tflite_runtime.interpreter", "ai_edge_litert.interpreter")
_REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}


class TfliteDetector:
    """A detector that runs one model folder. Not for several threads at once."""

    recorded = False

    def __init__(self, model: ModelFolder, *, threads: int = 1, threshold: float | None = None) -> None:
        """Load the model. ``threshold`` replaces the manifest's scores, overall and by class.

        Raises ModelError when no runtime is installed, the file cannot be run or is not what the manifest says.
        """
        self._manifest = model.manifest
        self._labels = model.labels
        self._threshold = threshold
        self._interpreter = _interpreter(model.weights, threads)
        check(model, lambda _: _facts(self._interpreter))
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = _outputs_by_role(model, self._interpreter)
        try:
            self._table = pixel_table(model.manifest.input_spec, _quantisation(self._input))
        except ValueError as error:
            raise ModelError(f"the model {model.name} cannot be fed", why=str(error)) from error

    @property
    def name(self) -> str:
        return self._manifest.name

    @property
    def version(self) -> str:
        return self._manifest.version

    @property
    def sha256(self) -> str:
        return self._manifest.sha256

    @property
    def score_threshold(self) -> float | None:
        return self._manifest.score_threshold if self._threshold is None else self._threshold

    def detect(self, frame: Frame) -> DetectedFrame:
        """Raises ImageError for a picture that cannot be read, ModelError when the runtime fails on it."""
        still = read_image(frame.jpeg)
        spec, head = self._manifest.input_spec, self._manifest.output_spec
        pixels = decode(still, spec)
        tensor, placement = prepare(pixels, spec, self._table)
        try:
            self._interpreter.set_tensor(self._input["index"], tensor)
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"the model {self.name} failed on a picture", why=str(error)) from error
        tensors = {role: self._output(details) for role, details in self._outputs.items()}
        candidates = HEADS[head.head](tensors, spec, head)
        doubt = self._manifest.doubt_threshold
        found, doubtful = believed_and_doubtful(
            candidates,
            self._labels,
            placement,
            head,
            score_threshold=self._threshold,
            doubt_threshold=1.0 if doubt is None else doubt,
        )
        return DetectedFrame(still.width, still.height, found, doubtful, small_view(pixels))

    def close(self) -> None:
        """Give the model's memory back."""
        self._interpreter = None

    def _output(self, details: dict[str, Any]) -> NDArray[Any]:
        values: NDArray[Any] = self._interpreter.get_tensor(details["index"])
        quantisation = _quantisation(details)
        if quantisation is None:
            return values
        return (values.astype(np.float64) - quantisation.zero_point) * quantisation.scale


def inspect(weights: Path) -> FileFacts:
    """The tensors of a model file. Raises ModelError when no runtime is installed or the file is no model."""
    return _facts(_interpreter(weights, 1))


def decode(still: StillImage, spec: InputSpec) -> Pixels:
    """The upright picture, blue first, no larger than needed to fill the model's input.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that still leaves every pixel the model
    takes: of a 12-megapixel picture that saves four fifths of the decoding. Raises ImageError.
    """
    width, height = fitted_size(still.width, still.height, spec)
    spare = min(still.width / width, still.height / height)
    flag = next((flag for factor, flag in _REDUCED.items() if factor <= spare), cv2.IMREAD_COLOR)
    try:
        pixels = cv2.imdecode(np.frombuffer(still.data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise ImageError("the picture cannot be decoded", why=error.err) from error
    if pixels is None:
        raise ImageError("the picture cannot be decoded", why="its data is damaged or cut off")
    return np.asarray(_upright(pixels, still.orientation), dtype=np.uint8)


def _upright(pixels: Any, orientation: int) -> Any:
    """Turn stored pixels upright by the EXIF orientation 1..8 (EXIF 2.32, tag 274)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _interpreter(weights: Path, threads: int) -> Any:
    make = interpreter_class()
    try:
        with _without_greeting():
            interpreter = make(model_path=str(weights), num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{weights} cannot be run", why=str(error).strip()) from error
    return interpreter


def interpreter_class() -> Any:
    """The runtime's Interpreter. Raises ModelError when none is installed."""
    reasons = []
    for module in RUNTIMES:
        try:
            return import_module(module).Interpreter
        except (ImportError, AttributeError) as error:
            reasons.append(str(error))
    raise ModelError("no TFLite runtime is installed", why="; ".join(reasons), hint="pip install 'cameratrap[detect]'")


@contextmanager
def _without_greeting() -> Iterator[None]:
    """The runtime writes an INFO line to the process's stderr, past Python; anything else it writes is passed on."""
    sys.stderr.flush()
    original = os.dup(2)
    try:
        with tempfile.TemporaryFile() as caught:
            os.dup2(caught.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(original, 2)
                caught.seek(0)
                for line in caught:
                    if not line.startswith(b"INFO:"):
                        os.write(2, line)
    finally:
        os.close(original)


def _facts(interpreter: Any) -> FileFacts:
    return FileFacts(
        tuple(_tensor_facts(details) for details in interpreter.get_input_details()),
        tuple(_tensor_facts(details) for details in interpreter.get_output_details()),
    )


def _tensor_facts(details: dict[str, Any]) -> TensorFacts:
    shape = tuple(int(length) for length in details["shape"])
    return TensorFacts(details["name"], shape, np.dtype(details["dtype"]).name)


def _outputs_by_role(model: ModelFolder, interpreter: Any) -> dict[str, dict[str, Any]]:
    outputs = interpreter.get_output_details()
    by_name = {details["name"]: details for details in outputs}
    return {
        role: outputs[reference] if isinstance(reference, int) else by_name[reference]
        for role, reference in model.manifest.roles.items()
    }


def _quantisation(details: dict[str, Any]) -> Quantisation | None:
    """An integer tensor's quantisation; None for a tensor of real numbers or one that states none."""
    scale, zero_point = details["quantization"]
    return Quantisation(float(scale), int(zero_point)) if scale else None
