"""From a model's output tensors to detections. A new head is one function here and one entry in ``HEADS``.

Tensors come by role (``specs.ROLES``), as real numbers. A head turns them into ``Candidates``: boxes in fractions of
the *input tensor*, the model's class index, a score. ``detections`` does the rest for all of them: labels, thresholds,
suppression, the way back to the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.detections import BBox, Detection
from cameratrap.vision.nms import suppress
from cameratrap.vision.preprocess import Placement
from cameratrap.vision.specs import InputSpec, Label, OutputSpec

Tensors = Mapping[str, NDArray[Any]]

# exp() of this is far larger than any picture and still far from overflow.
_LARGEST_LOG_SIZE = 12.0
# Stands for a threshold of 0, which no score can exceed by a factor.
_LEAST_THRESHOLD = 1e-3


@dataclass(frozen=True, slots=True)
class Candidates:
    """``boxes`` is ``(n, 4)``: ``x0 y0 x1 y1`` in fractions of the input; ``classes`` and ``scores`` are ``(n,)``."""

    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]

    def only(self, chosen: NDArray[Any]) -> Candidates:
        """Those picked by a mask or by indices."""
        return Candidates(self.boxes[chosen], self.classes[chosen], self.scores[chosen])


def ssd(tensors: Tensors, _input: InputSpec, _output: OutputSpec) -> Candidates:
    """TFLite_Detection_PostProcess: boxes ``(1, n, 4)`` as ``ymin xmin ymax xmax``, classes and scores ``(1, n)``."""
    count = int(np.asarray(tensors["count"]).reshape(-1)[0])
    boxes = _rows(tensors["boxes"], 4)[: max(count, 0)]
    classes = np.asarray(tensors["classes"]).reshape(-1)[: len(boxes)]
    scores = np.asarray(tensors["scores"], dtype=np.float64).reshape(-1)[: len(boxes)]
    return Candidates(boxes[:, [1, 0, 3, 2]], np.rint(classes).astype(np.int64), scores)


@np.errstate(over="ignore", invalid="ignore")
def yolo(tensors: Tensors, input_spec: InputSpec, output_spec: OutputSpec) -> Candidates:
    """The YOLO family, without suppression inside the model.

    ``yolox``: ``(1, n, 5 + classes)``, centre and size still relative to the grid, objectness and class already 0..1.
    ``yolov5``: the same shape, boxes decoded. ``yolov8`` (and 11): ``(1, 4 + classes, n)``, no objectness.
    """
    raw = np.asarray(tensors["raw"], dtype=np.float64)
    table = raw.reshape(raw.shape[-2:])
    if output_spec.layout == "yolov8":
        table = table.T
        boxes, class_scores = table[:, :4], table[:, 4:]
    else:
        boxes, class_scores = table[:, :4], table[:, 5:] * table[:, 4:5]
    if output_spec.layout == "yolox":
        boxes = _on_grid(boxes, input_spec, output_spec.strides)
    if output_spec.layout == "yolox" or output_spec.coordinates == "pixels":
        boxes = boxes / np.array([input_spec.width, input_spec.height] * 2)
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    corners = np.concatenate([centre - half, centre + half], axis=1)
    classes = class_scores.argmax(axis=1)
    return Candidates(corners, classes.astype(np.int64), class_scores[np.arange(len(classes)), classes])


@np.errstate(over="ignore", invalid="ignore")
def class_scores(tensors: Tensors, output_spec: OutputSpec) -> NDArray[np.float64]:
    """The head ``classifier``: one probability a class, ``(n,)``. What is no number is no evidence: 0."""
    scores = np.asarray(tensors["scores"], dtype=np.float64).reshape(-1)
    if output_spec.scores == "logits":
        raised = np.exp(scores - np.max(scores, initial=-np.inf))
        scores = raised / raised.sum()
    return np.where(np.isfinite(scores), np.clip(scores, 0.0, 1.0), 0.0)


HEADS: Mapping[str, Callable[[Tensors, InputSpec, OutputSpec], Candidates]] = {"ssd": ssd, "yolo": yolo}


@lru_cache(maxsize=4)
def grid(input_spec: InputSpec, strides: tuple[int, ...]) -> NDArray[np.float64]:
    """YOLOX's grid, ``(n, 3)``: each cell's column, row and stride in pixels, row by row, finest stride first."""
    cells = []
    for stride in strides:
        rows, columns = np.mgrid[: input_spec.height // stride, : input_spec.width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], axis=1))
    return np.asarray(np.concatenate(cells), dtype=np.float64)


def detections(
    candidates: Candidates,
    labels: Mapping[int, Label],
    placement: Placement,
    output_spec: OutputSpec,
    *,
    score_threshold: float | None = None,
) -> tuple[Detection, ...]:
    """What is believed to be in the picture, best score first.

    A class without a label is left out, and so is what lies outside the picture or has no area in it.
    ``score_threshold`` replaces the labels' own. Values that are not numbers never get through.
    """
    return believed_and_doubtful(candidates, labels, placement, output_spec, score_threshold=score_threshold)[0]


def believed_and_doubtful(
    candidates: Candidates,
    labels: Mapping[int, Label],
    placement: Placement,
    output_spec: OutputSpec,
    *,
    score_threshold: float | None = None,
    doubt_threshold: float = 1.0,
) -> tuple[tuple[Detection, ...], tuple[Detection, ...]]:
    """What is believed, as ``detections``, and what scores at least ``doubt_threshold`` but too low for that.

    Of two boxes that overlap the one that exceeds its own threshold by the larger factor stays: scores of classes that
    are believed from different scores on do not compare. So what is doubtful never displaces what is believed.
    """
    thresholds = _by_class(candidates.classes, labels, score_threshold)
    finite = np.isfinite(candidates.boxes).all(axis=1) & np.isfinite(candidates.scores)
    chosen = finite & (candidates.scores >= np.minimum(thresholds, _doubt(thresholds, doubt_threshold)))
    looked_at, thresholds = candidates.only(chosen), thresholds[chosen]
    believed = looked_at.scores >= thresholds
    groups = np.zeros_like(looked_at.classes) if output_spec.nms_across_labels else looked_at.classes
    evidence = looked_at.scores / np.maximum(thresholds, _LEAST_THRESHOLD)
    stays = np.sort(suppress(looked_at.boxes, evidence, groups, output_spec.nms_iou))
    order = stays[np.argsort(-looked_at.scores[stays], kind="stable")]
    sure, unsure = order[believed[order]], order[~believed[order]]
    return (
        _as_detections(looked_at.only(sure), labels, placement),
        _as_detections(looked_at.only(unsure), labels, placement),
    )


def _doubt(thresholds: NDArray[np.float64], doubt_threshold: float) -> NDArray[np.float64]:
    """The score from which a class is doubtful; a class without a label is never looked at."""
    return np.where(np.isfinite(thresholds), doubt_threshold, np.inf)


def _as_detections(kept: Candidates, labels: Mapping[int, Label], placement: Placement) -> tuple[Detection, ...]:
    corners = np.clip(placement.to_image(kept.boxes), 0.0, 1.0)
    found = zip(corners.tolist(), kept.classes.tolist(), kept.scores.tolist(), strict=True)
    return tuple(
        Detection(labels[index].taxon, labels[index].name, min(score, 1.0), BBox(x0, y0, x1 - x0, y1 - y0))
        for (x0, y0, x1, y1), index, score in found
        if x1 > x0 and y1 > y0
    )


def _by_class(classes: NDArray[np.int64], labels: Mapping[int, Label], override: float | None) -> NDArray[np.float64]:
    """The score each candidate must reach; infinity for a class that has no label."""
    table = np.full(max(labels, default=0) + 1, np.inf)
    for index, label in labels.items():
        table[index] = label.score_threshold if override is None else override
    known = (classes >= 0) & (classes < len(table))
    return np.where(known, table[np.where(known, classes, 0)], np.inf)


def _on_grid(boxes: NDArray[np.float64], input_spec: InputSpec, strides: tuple[int, ...]) -> NDArray[np.float64]:
    cells = grid(input_spec, strides)
    centre = (boxes[:, :2] + cells[:, :2]) * cells[:, 2:]
    size = np.exp(np.minimum(boxes[:, 2:], _LARGEST_LOG_SIZE)) * cells[:, 2:]
    return np.concatenate([centre, size], axis=1)


def _rows(tensor: NDArray[Any], columns: int) -> NDArray[np.float64]:
    return np.asarray(tensor, dtype=np.float64).reshape(-1, columns)
