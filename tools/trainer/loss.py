"""Which cell answers for which animal, and what it pays for being wrong.

The assignment is YOLOX's SimOTA: a box takes the few cells that cost it least, as many as the boxes they already
propose overlap it well. The whole batch is worked out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from trainer.network import decode
from trainer.plan import Plan

# A cell may answer for a box from within this many strides of the box's centre.
_CENTRE_RADIUS = 2.5
_IOU_COST, _BOX_WEIGHT = 3.0, 5.0
_CANDIDATES = 10
_FAR, _NEVER = 1e5, 1e9


@dataclass(frozen=True, slots=True)
class Targets:
    """What is in each picture of a batch, padded to the largest number of boxes.

    ``boxes`` ``(batch, most, 4)`` as centre and size in pixels, ``labels`` and ``real`` ``(batch, most)``; ``ignored``
    ``(batch, most, 4)`` as corners, empty ones of zeros.
    """

    boxes: Tensor
    labels: Tensor
    real: Tensor
    ignored: Tensor

    @classmethod
    def of(cls, plans: Sequence[Plan], device: torch.device) -> Targets:
        most = max(1, *(len(plan.boxes) for plan in plans))
        doubtful = max(1, *(len(plan.ignored) for plan in plans))
        boxes, labels = torch.zeros(len(plans), most, 4), torch.zeros(len(plans), most, dtype=torch.long)
        real, ignored = torch.zeros(len(plans), most, dtype=torch.bool), torch.zeros(len(plans), doubtful, 4)
        for row, plan in enumerate(plans):
            for place, (label, (x0, y0, x1, y1)) in enumerate(plan.boxes):
                boxes[row, place] = torch.tensor([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0])
                labels[row, place], real[row, place] = label, True
            for place, corners in enumerate(plan.ignored):
                ignored[row, place] = torch.tensor(corners)
        return cls(boxes.to(device), labels.to(device), real.to(device), ignored.to(device))


def loss(said: Tensor, cells: Tensor, targets: Targets) -> Tensor:
    """The loss of a batch: ``said`` is the detector's output, ``cells`` its grid."""
    said = said.float()
    boxes = decode(said[..., :4], cells)
    objectness, classes = said[..., 4], said[..., 5:]
    answers, overlap = assign(boxes.detach(), objectness.detach(), classes.detach(), cells, targets)
    positive = answers >= 0
    responsible = max(int(positive.sum()), 1)
    counts = positive | ~_in_doubt(cells, targets.ignored)
    of_objects = functional.binary_cross_entropy_with_logits(objectness, positive.float(), reduction="none")
    total = (of_objects * counts).sum()
    if positive.any():
        picture, _ = positive.nonzero(as_tuple=True)
        wanted = targets.boxes[picture, answers[positive]]
        labels = targets.labels[picture, answers[positive]]
        total = total + _BOX_WEIGHT * (1 - iou(boxes[positive], wanted) ** 2).sum()
        quality = functional.one_hot(labels, classes.shape[-1]) * overlap[positive][:, None]
        total = total + functional.binary_cross_entropy_with_logits(classes[positive], quality, reduction="sum")
    return total / responsible


@torch.no_grad()
def assign(
    boxes: Tensor, objectness: Tensor, classes: Tensor, cells: Tensor, targets: Targets
) -> tuple[Tensor, Tensor]:
    """For each cell of each picture the box it answers for (-1: none) and how well it overlaps that box now."""
    overlap = iou(targets.boxes[:, :, None], boxes[:, None])
    inside, central = _nearness(cells, targets.boxes)
    may = (inside | central) & targets.real[:, :, None]
    score = (objectness.sigmoid()[..., None] * classes.sigmoid()).sqrt().clamp(1e-6, 1 - 1e-6)
    others = -torch.log1p(-score)
    chosen = targets.labels[:, :, None].expand(-1, -1, score.shape[1])
    by_class = score.transpose(1, 2).gather(1, chosen)
    cost = others.sum(dim=-1)[:, None] - by_class.log() + torch.log1p(-by_class)
    cost = cost - _IOU_COST * overlap.clamp(min=1e-8).log() + _FAR * ~(inside & central)
    cost = torch.where(may, cost, torch.full_like(cost, _NEVER))
    taken = _cheapest(cost, torch.where(may, overlap, torch.zeros_like(overlap))) & may
    # A cell wanted by several boxes answers for the one it suits best.
    best = torch.where(taken, cost, torch.full_like(cost, 2 * _NEVER)).argmin(dim=1)
    answers = torch.where(taken.any(dim=1), best, torch.full_like(best, -1))
    return answers, overlap.gather(1, best[:, None]).squeeze(1)


def iou(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of boxes given as centre and size; the leading dimensions broadcast."""
    low = torch.maximum(one[..., :2] - one[..., 2:] / 2, other[..., :2] - other[..., 2:] / 2)
    high = torch.minimum(one[..., :2] + one[..., 2:] / 2, other[..., :2] + other[..., 2:] / 2)
    shared = (high - low).clamp(min=0).prod(dim=-1)
    together = one[..., 2:].prod(dim=-1) + other[..., 2:].prod(dim=-1) - shared
    return shared / together.clamp(min=1e-6)


def _cheapest(cost: Tensor, overlap: Tensor) -> Tensor:
    """Mask of each box's cheapest cells: as many as its ten best overlaps add up to, at least one."""
    some = min(_CANDIDATES, cost.shape[-1])
    wanted = overlap.topk(some, dim=-1).values.sum(dim=-1).int().clamp(min=1)
    cheap = cost.topk(some, dim=-1, largest=False).indices
    rank = torch.arange(some, device=cost.device)
    within = rank < wanted[..., None]
    return torch.zeros_like(cost, dtype=torch.bool).scatter(-1, cheap, within)


def _nearness(cells: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Which cells' middles lie in each box, and which near its centre: two ``(batch, boxes, cells)``."""
    stride = cells[:, 2]
    middle = (cells[:, :2] + 0.5) * stride[:, None]
    away = (middle - boxes[:, :, None, :2]).abs()
    inside = (away < boxes[:, :, None, 2:] / 2).all(dim=-1)
    return inside, (away.amax(dim=-1) < _CENTRE_RADIUS * stride)


def _in_doubt(cells: Tensor, ignored: Tensor) -> Tensor:
    """Cells whose middle lies in a region that nobody vouches for, ``(batch, cells)``."""
    middle = ((cells[:, :2] + 0.5) * cells[:, 2:])[None, None]
    within = (middle >= ignored[:, :, None, :2]) & (middle < ignored[:, :, None, 2:])
    return within.all(dim=-1).any(dim=1)
