"""What a network says of frames: prepared and read by the same code that runs on the device.

What it is worth is for `tools/bench detect` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.detections import BBox
from cameratrap.vision.heads import detections, yolo
from cameratrap.vision.preprocess import pixel_table, prepare
from cameratrap.vision.specs import InputSpec, Label, OutputSpec
from trainer.classes import CLASSES
from trainer.dataset import Frame
from trainer.held_out import Corners, Found
from trainer.shipped import LOCAL_CONTRAST, STRIDES

# From the prepared input tensor to the raw output tensor.
Network = Callable[[NDArray[np.float32]], NDArray[Any]]
# No threshold worth having lies below this.
LEAST_SCORE = 0.05
# Boxes of different labels are kept side by side: which of them stays depends on thresholds that are chosen later.
_OUTPUT = OutputSpec("yolo", "yolox", strides=STRIDES, nms_across_labels=False)
_LABELS = {index: Label(trained.label, trained.taxon, LEAST_SCORE) for index, trained in enumerate(CLASSES)}


def input_spec(height: int, width: int) -> InputSpec:
    """The input our models take: BGR, 0..255, letterboxed to the top left, the contrast evened out."""
    return InputSpec(
        height, width, "float32", layout="NCHW", colour="BGR", align="top-left", local_contrast=LOCAL_CONTRAST
    )


def judge(frames: Iterable[Frame], network: Network, spec: InputSpec) -> list[tuple[Found, ...]]:
    """Everything the network finds in each frame, best first. Raises ValueError for a picture that cannot be read."""
    table = pixel_table(spec, None)
    return [_found(frame, network, spec, table) for frame in frames]


def _found(frame: Frame, network: Network, spec: InputSpec, table: NDArray[Any]) -> tuple[Found, ...]:
    image = cv2.imread(str(frame.path))
    if image is None:
        raise ValueError(f"{frame.path} cannot be read")
    tensor, placement = prepare(np.asarray(image, dtype=np.uint8), spec, table)
    candidates = yolo({"raw": network(tensor)}, spec, _OUTPUT)
    return tuple(
        Found(one.model_label, one.score, _corners(one.bbox))
        for one in detections(candidates, _LABELS, placement, _OUTPUT)
    )


def _corners(box: BBox) -> Corners:
    return box.x, box.y, box.x + box.width, box.y + box.height
