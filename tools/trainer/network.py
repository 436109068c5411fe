"""YOLOX-nano as a network of our own, in the form in which it is trained and shipped.

The architecture is that of "YOLOX: Exceeding YOLO Series in 2021" (Ge et al., arXiv 2107.08430): a depthwise CSP
backbone, a path-aggregation neck, a decoupled head without anchors. Three things differ in form and not in what is
computed. Batch normalisation is folded into the convolutions, as the published weights have it. The first layer's
sorting of pixels into four channel groups and its 3 x 3 kernel are one 6 x 6 kernel of stride two. The three poolings
of 5, 9 and 13 pixels are one of 5, applied one to three times.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
# Channels after each stage of the backbone, and of the head.
STEM, STAGES, HEAD = 16, (32, 64, 128, 256), 64


class Convolution(nn.Module):
    """A convolution with bias and SiLU, padded so that stride one keeps the size."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        padding = (size - 1) // 2
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(self.conv(x))


class Separable(nn.Sequential):
    """3 x 3 within each channel, then 1 x 1 across them."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(Convolution(inputs, inputs, 3, stride, groups=inputs), Convolution(inputs, outputs, 1))


class Bottleneck(nn.Module):
    """1 x 1, then 3 x 3; ``shortcut`` adds the input."""

    def __init__(self, channels: int, *, shortcut: bool) -> None:
        super().__init__()
        self.reduce = Convolution(channels, channels, 1)
        self.spread = Separable(channels, channels)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.spread(self.reduce(x))
        return x + y if self.shortcut else y


class CrossStage(nn.Module):
    """Half of the channels pass the bottlenecks, half pass by; both are mixed again (CSP)."""

    def __init__(self, inputs: int, outputs: int, depth: int, *, shortcut: bool = True) -> None:
        super().__init__()
        half = outputs // 2
        self.through = Convolution(inputs, half, 1)
        self.past = Convolution(inputs, half, 1)
        self.blocks = nn.Sequential(*(Bottleneck(half, shortcut=shortcut) for _ in range(depth)))
        self.mix = Convolution(2 * half, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        through, past = self.through(x), self.past(x)
        mixed: Tensor = self.mix(torch.cat([self.blocks(through), past], dim=1))
        return mixed


class Pooling(nn.Module):
    """Maxima over 5, 9 and 13 pixels beside the input: what is near and what is around (SPP)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = Convolution(channels, channels // 2, 1)
        self.after = Convolution(channels * 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        views = [self.before(x)]
        for _ in range(3):
            views.append(functional.max_pool2d(views[-1], 5, stride=1, padding=2))
        pooled: Tensor = self.after(torch.cat(views, dim=1))
        return pooled


class Backbone(nn.Module):
    """Features at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 6, 2)
        first, second, third, last = STAGES
        self.stage2 = nn.Sequential(Separable(STEM, first, 2), CrossStage(first, first, 1))
        self.stage3 = nn.Sequential(Separable(first, second, 2), CrossStage(second, second, 3))
        self.stage4 = nn.Sequential(Separable(second, third, 2), CrossStage(third, third, 3))
        self.stage5 = nn.Sequential(Separable(third, last, 2), Pooling(last), CrossStage(last, last, 1, shortcut=False))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        fine = self.stage3(self.stage2(self.stem(x)))
        middle = self.stage4(fine)
        return fine, middle, self.stage5(middle)


class Neck(nn.Module):
    """Carries what the coarse levels know to the fine ones and back (PAFPN)."""

    def __init__(self) -> None:
        super().__init__()
        _, fine, middle, coarse = STAGES
        self.narrow5 = Convolution(coarse, middle, 1)
        self.down4 = CrossStage(2 * middle, middle, 1, shortcut=False)
        self.narrow4 = Convolution(middle, fine, 1)
        self.down3 = CrossStage(2 * fine, fine, 1, shortcut=False)
        self.step3 = Separable(fine, fine, 2)
        self.up4 = CrossStage(2 * fine, middle, 1, shortcut=False)
        self.step4 = Separable(middle, middle, 2)
        self.up5 = CrossStage(2 * middle, coarse, 1, shortcut=False)

    def forward(self, levels: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        fine, middle, coarse = levels
        narrow5 = self.narrow5(coarse)
        narrow4 = self.narrow4(self.down4(torch.cat([_double(narrow5), middle], dim=1)))
        out3 = self.down3(torch.cat([_double(narrow4), fine], dim=1))
        out4 = self.up4(torch.cat([self.step3(out3), narrow4], dim=1))
        out5 = self.up5(torch.cat([self.step4(out4), narrow5], dim=1))
        return out3, out4, out5


class Head(nn.Module):
    """What one level says of each cell as logits, ``(batch, 5 + classes, rows, columns)``: box, objectness, classes."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.stem = Convolution(inputs, HEAD, 1)
        self.of_class = nn.Sequential(Separable(HEAD, HEAD), Separable(HEAD, HEAD))
        self.classes = nn.Conv2d(HEAD, classes, 1)
        self.of_box = nn.Sequential(Separable(HEAD, HEAD), Separable(HEAD, HEAD))
        self.box = nn.Conv2d(HEAD, 4, 1)
        self.objectness = nn.Conv2d(HEAD, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        stem = self.stem(x)
        classes = self.classes(self.of_class(stem))
        of_box = self.of_box(stem)
        return torch.cat([self.box(of_box), self.objectness(of_box), classes], dim=1)


class Detector(nn.Module):
    """The whole: pictures ``(batch, 3, height, width)``, BGR, 0..255, sides multiples of 32.

    A class may be one of several kinds: ``kinds[c]`` of them, and it is as likely as the likeliest. So a class that
    stands for ten published ones is known from the first step on, and no kind needs a label of its own.

    Returns logits ``(batch, cells, 5 + classes)``, cells row by row, finest stride first: the centre's offset and the
    logarithm of the size in strides, objectness, classes.
    """

    def __init__(self, kinds: Sequence[int]) -> None:
        super().__init__()
        self.kinds = tuple(kinds)
        self.backbone = Backbone()
        self.neck = Neck()
        self.heads = nn.ModuleList(Head(channels, sum(kinds)) for channels in STAGES[1:])

    def forward(self, x: Tensor) -> Tensor:
        levels: Sequence[Tensor] = self.neck(self.backbone(x))
        each = [head(level).flatten(2) for head, level in zip(self.heads, levels, strict=True)]
        said = torch.cat(each, dim=2).transpose(1, 2)
        if all(kinds == 1 for kinds in self.kinds):
            return said
        parts = said.split([5, *self.kinds], dim=2)
        return torch.cat([parts[0], *(part.amax(dim=2, keepdim=True) for part in parts[1:])], dim=2)


class Deployed(nn.Module):
    """A detector's answer as it is shipped: objectness and classes as probabilities, boxes relative to the grid."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, x: Tensor) -> Tensor:
        said: Tensor = self.detector(x)
        return torch.cat([said[..., :4], said[..., 4:].sigmoid()], dim=2)


class Pair(nn.Module):
    """What is shipped: a detector that answers for some classes, and one for all that sees half the size.

    The cells of the second come after those of the first, and their strides are twice as long. Of a class that it
    does not answer for, the first says 0.
    """

    def __init__(self, first: Detector, second: Detector, of_first: Sequence[int]) -> None:
        super().__init__()
        self.first, self.second = Deployed(first), Deployed(second)
        answers = torch.zeros(len(first.kinds))
        answers[list(of_first)] = 1
        self.register_buffer("answers", torch.cat([torch.ones(5), answers]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.first(x) * self.answers, self.second(functional.avg_pool2d(x, 2))], dim=1)


def grid(height: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Each cell's column, row and stride in pixels, ``(cells, 3)``, in the order of the detector's output."""
    parts = []
    for stride in STRIDES:
        rows, columns = torch.meshgrid(
            torch.arange(height // stride, device=device), torch.arange(width // stride, device=device), indexing="ij"
        )
        parts.append(torch.stack([columns.flatten(), rows.flatten(), torch.full_like(rows, stride).flatten()], dim=1))
    return torch.cat(parts).float()


def decode(boxes: Tensor, cells: Tensor) -> Tensor:
    """Raw boxes ``(..., cells, 4)`` to centre x, centre y, width, height in pixels of the input."""
    stride = cells[:, 2:]
    centre = (boxes[..., :2] + cells[:, :2]) * stride
    # A size beyond any picture says nothing more, and its exponential would overflow in half precision.
    return torch.cat([centre, boxes[..., 2:].clamp(max=8.0).exp() * stride], dim=-1)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
