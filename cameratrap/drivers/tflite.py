"""The TFLite runtime behind ``ports.Detector``: decode, run the model, read the head."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from cameratrap.app.images import StillImage, read_image
from cameratrap.app.models import ModelFolder
from cameratrap.domain.detections import DetectedFrame
from cameratrap.drivers.runtimes import AUTO
from cameratrap.drivers.tflite_model import TfliteModel
from cameratrap.errors import ImageError, ModelError
from cameratrap.ports import Frame
from cameratrap.vision.heads import HEADS, believed_and_doubtful
from cameratrap.vision.preprocess import Pixels, fitted_size, small_view
from cameratrap.vision.specs import InputSpec

_REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}


class TfliteDetector:
    """A detector that runs one model folder, loaded as ``model``. Not for several threads at once."""

    def __init__(
        self,
        model: ModelFolder,
        *,
        runtime: str = AUTO,
        threads: int = 1,
        delegate: bool = True,
        threshold: float | None = None,
    ) -> None:
        """Load the model. ``threshold`` replaces the manifest's scores, overall and by class: what scores less is
        neither believed nor doubtful, so that no background makes it count.

        Raises ModelError when the runtime is missing, the file cannot be run, is not what the manifest says or is
        no detector.
        """
        if model.manifest.output.head not in HEADS:
            raise ModelError(
                f"the model {model.name} is no detector",
                why=f"a {model.manifest.output.head} names what another model has found",
                hint="give it as detector.classifier beside a detector",
            )
        self._manifest = model.manifest
        self._labels = model.labels
        self._threshold = threshold
        self.model = TfliteModel(model, runtime=runtime, threads=threads, delegate=delegate)
        cv2.setNumThreads(threads)  # its own threads would wait for a processor that another detector has

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
        tensors, placement = self.model.run(pixels)
        doubt = self._manifest.doubt_threshold if self._threshold is None else None
        found, doubtful = believed_and_doubtful(
            HEADS[head.head](tensors, spec, head),
            self._labels,
            placement,
            head,
            score_threshold=self._threshold,
            doubt_threshold=1.0 if doubt is None else doubt,
        )
        return DetectedFrame(still.width, still.height, found, doubtful, small_view(pixels))

    def close(self) -> None:
        """Give the model's memory back."""
        self.model.close()


def decode(still: StillImage, spec: InputSpec) -> Pixels:
    """The upright picture, blue first, no larger than needed to fill the model's input.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that still leaves every pixel the model
    takes: of a 12-megapixel picture that saves four fifths of the decoding. Other pictures OpenCV decodes whole and
    then shrinks by skipping pixels, so twice as many are left of them each way: none that is half a pixel to the
    model is lost. Raises ImageError.
    """
    width, height = fitted_size(still.width, still.height, spec)
    spare = min(still.width / width, still.height / height) / (1 if still.format == "JPEG" else 2)
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
