"""The published COCO weights of YOLOX-nano, read from their ONNX file into our network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from trainer.network import STRIDES, Detector

COCO_CLASSES = 80
# Under the data folder: the published weights.
START = Path("models/Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano.onnx")


def load_published(path: Path) -> Detector:
    """The published detector with its 80 classes. Raises ValueError for a file that is not this network."""
    published = _convolutions(path)
    detector = Detector([1] * COCO_CLASSES)
    ours = _in_order_of_use(detector)
    if len(published) != len(ours):
        raise ValueError(f"{path} has {len(published)} convolutions, YOLOX-nano has {len(ours)}")
    for conv, (stored, bias) in zip(ours, published, strict=True):
        weight = _unsorted(stored) if conv.kernel_size == (6, 6) else stored
        if conv.weight.shape != weight.shape or conv.bias is None:
            raise ValueError(f"{path}: a convolution of {tuple(weight.shape)} where {tuple(conv.weight.shape)} belongs")
        with torch.no_grad():
            conv.weight.copy_(weight)
            conv.bias.copy_(bias)
    return detector


def with_classes(published: Detector, sources: Sequence[Sequence[int]]) -> Detector:
    """A detector of ``len(sources)`` classes that says at first what the published one says.

    Class c is any of the COCO classes ``sources[c]``.
    """
    detector = Detector([len(indices) for indices in sources])
    known = published.state_dict()
    chosen = [index for indices in sources for index in indices]
    for level in range(len(STRIDES)):
        for part in ("weight", "bias"):
            name = f"heads.{level}.classes.{part}"
            known[name] = known[name][chosen]
    detector.load_state_dict(known)
    return detector


def _convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each convolution in the order of the graph."""
    import onnx

    graph = onnx.load(str(path)).graph
    held = {entry.name: np.array(onnx.numpy_helper.to_array(entry)) for entry in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    return [(torch.from_numpy(held[node.input[1]]), torch.from_numpy(held[node.input[2]])) for node in nodes]


def _in_order_of_use(detector: Detector) -> list[nn.Conv2d]:
    """Our convolutions in the order in which a picture meets them."""
    met: list[nn.Conv2d] = []
    hooks = [
        module.register_forward_hook(lambda module, _inputs, _output: met.append(module))
        for module in detector.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.no_grad():
        detector(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return met


def _unsorted(weight: Tensor) -> Tensor:
    """The first layer's ``(n, 12, 3, 3)`` over sorted pixels as ``(n, 3, 6, 6)`` over the picture itself.

    The groups of three channels are the pixels at even rows and columns, odd rows, odd columns, both odd.
    """
    whole = weight.new_zeros(weight.shape[0], 3, 6, 6)
    for group, (row, column) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        whole[:, :, row::2, column::2] = weight[:, 3 * group : 3 * group + 3]
    return whole
