"""What a model takes and gives, as values: the part of its manifest that the arrays depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Dtype = Literal["uint8", "int8", "float16", "float32"]
Triple = tuple[float, float, float]

# The output tensors each head reads, in the order in which converters usually write them.
ROLES: Mapping[str, tuple[str, ...]] = {
    "ssd": ("boxes", "classes", "scores", "count"),
    "yolo": ("raw",),
    "classifier": ("scores",),
}


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The input tensor: one picture of ``height`` by ``width`` pixels in three channels.

    A pixel 0..255 of channel c means ``(pixel - mean[c]) / std[c]`` to the model, channels in the order of
    ``colour``. A ``letterbox`` keeps the picture's proportions and fills what is left with ``pad``; ``align`` says
    where the picture then lies. ``stretch`` does not keep them. Where ``local_contrast`` is not 0 the picture's
    contrast is evened out first, by no more than that (the clip limit of CLAHE).
    """

    height: int
    width: int
    dtype: Dtype
    layout: Literal["NHWC", "NCHW"] = "NHWC"
    resize: Literal["letterbox", "stretch"] = "letterbox"
    colour: Literal["RGB", "BGR"] = "RGB"
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    align: Literal["centre", "top-left"] = "centre"
    pad: int = 114
    local_contrast: float = 0.0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The tensor's shape, a batch of one."""
        if self.layout == "NHWC":
            return (1, self.height, self.width, 3)
        return (1, 3, self.height, self.width)


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """How to read the output tensors.

    ``layout`` and ``strides`` matter to the head ``yolo`` only; ``coordinates`` says whether its boxes are pixels of
    the input or fractions of it. Of two boxes that overlap by more than ``nms_iou`` the better stays: of one label, or
    of any two when ``nms_across_labels`` is set. ``scores`` says what a ``classifier`` gives.
    """

    head: Literal["ssd", "yolo", "classifier"]
    layout: Literal["", "yolox", "yolov5", "yolov8"] = ""
    coordinates: Literal["pixels", "fractions"] = "pixels"
    strides: tuple[int, ...] = (8, 16, 32)
    nms_iou: float = 0.5
    nms_across_labels: bool = False
    scores: Literal["probabilities", "logits"] = "probabilities"


@dataclass(frozen=True, slots=True)
class Label:
    """One class of the model: what the model calls it, what it is, and the score from which it is believed."""

    name: str
    taxon: str
    score_threshold: float


@dataclass(frozen=True, slots=True)
class Quantisation:
    """An integer tensor's meaning: ``real = scale * (stored - zero_point)``."""

    scale: float
    zero_point: int
