"""Plans to pixels: many training pictures at once, on the device that trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.dataset import Frame
from trainer.plan import CANVAS_HEIGHT, CANVAS_WIDTH, Extent, Layer, Plan

_PAD = 114
# Below this mean difference between a pixel's channels a frame is one of infrared light.
_GREY_SPREAD = 4.0


@dataclass(frozen=True, slots=True)
class Cache:
    """Every frame as it was read, ``(frames, 3, height, width)`` of uint8, and halved twice.

    Shrinking straight from the largest would skip pixels; the level nearest above the wanted size does not.
    """

    levels: tuple[Tensor, ...]
    extents: tuple[Extent, ...]
    grey: tuple[bool, ...]

    def to(self, device: torch.device) -> Cache:
        return Cache(tuple(level.to(device) for level in self.levels), self.extents, self.grey)


def load(frames: Sequence[Frame]) -> Cache:
    """Read and shrink the pictures. Raises ValueError for one that cannot be read."""
    canvases = np.full((len(frames), CANVAS_HEIGHT, CANVAS_WIDTH, 3), _PAD, dtype=np.uint8)
    extents, grey = [], []
    for canvas, frame in zip(canvases, frames, strict=True):
        image = cv2.imread(str(frame.path))
        if image is None:
            raise ValueError(f"{frame.path} cannot be read")
        height, width = image.shape[:2]
        scale = min(CANVAS_WIDTH / width, CANVAS_HEIGHT / height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        canvas[: size[1], : size[0]] = small
        extents.append(Extent(*size))
        spread = small.max(axis=2).astype(np.float32) - small.min(axis=2)
        grey.append(bool(spread.mean() < _GREY_SPREAD))
    first = torch.from_numpy(canvases).permute(0, 3, 1, 2).contiguous()
    return Cache((first, _halved(first), _halved(_halved(first))), tuple(extents), tuple(grey))


class Renderer:
    """Renders pictures of ``height`` by ``width`` pixels, BGR, 0..255, from a cache."""

    def __init__(self, cache: Cache, height: int, width: int, device: torch.device) -> None:
        self._cache, self._height, self._width, self._device = cache, height, width, device
        rows, columns = torch.meshgrid(
            torch.arange(height, device=device) + 0.5, torch.arange(width, device=device) + 0.5, indexing="ij"
        )
        self._columns, self._rows = columns, rows

    def render(self, plans: Sequence[Plan]) -> Tensor:
        """The pictures without any change of light, ``(plans, 3, height, width)``."""
        pictures = torch.full((len(plans), 3, self._height, self._width), float(_PAD), device=self._device)
        for depth in range(max(len(plan.layers) for plan in plans)):
            chosen = [index for index, plan in enumerate(plans) if depth < len(plan.layers)]
            layers = [plans[index].layers[depth] for index in chosen]
            self._compose(pictures, torch.tensor(chosen, device=self._device), layers)
        return pictures

    def _compose(self, pictures: Tensor, places: Tensor, layers: Sequence[Layer]) -> None:
        sizes = [self._cache.extents[layer.source] for layer in layers]
        numbers = torch.tensor(
            [
                (layer.scale, *layer.offset, *layer.window, layer.flip, layer.soft, size.width, size.height)
                for layer, size in zip(layers, sizes, strict=True)
            ],
            dtype=torch.float32,
            device=self._device,
        )
        scale, left, top, x0, y0, x1, y1, flip, soft, wide, tall = (part[:, None, None] for part in numbers.T)
        across, down = (self._columns - left) / scale, (self._rows - top) / scale
        across = torch.where(flip > 0, wide - across, across)
        inside = (across > 0) & (across < wide) & (down > 0) & (down < tall)
        window = (self._columns >= x0) & (self._columns < x1) & (self._rows >= y0) & (self._rows < y1)
        radius = ((2 * self._columns - x0 - x1) / (x1 - x0)) ** 2 + ((2 * self._rows - y0 - y1) / (y1 - y0)) ** 2
        # The ellipse reaches into the corners of the box and fades out before the window's edge.
        faded = ((1.45 - radius) / 0.5).clamp(0, 1)
        alpha = (inside & window) * torch.where(soft > 0, faded, torch.ones_like(faded))
        points = torch.stack([across / CANVAS_WIDTH, down / CANVAS_HEIGHT], dim=-1) * 2 - 1
        shown = self._sample(layers, points)
        under = pictures[places]
        shown = shown * torch.where(soft[:, None] > 0, _likeness(shown, under, alpha[:, None]), 1.0)
        pictures[places] = under + alpha[:, None] * (shown - under)

    def _sample(self, layers: Sequence[Layer], points: Tensor) -> Tensor:
        shown = torch.empty((len(layers), 3, self._height, self._width), device=self._device)
        levels = [min(max(int(-np.log2(max(layer.scale, 1e-3))), 0), len(self._cache.levels) - 1) for layer in layers]
        for level, canvases in enumerate(self._cache.levels):
            chosen = [index for index, its in enumerate(levels) if its == level]
            if chosen:
                sources = torch.tensor([layers[index].source for index in chosen], device=self._device)
                shown[chosen] = functional.grid_sample(
                    canvases[sources.to(canvases.device)].to(self._device).float(),
                    points[chosen],
                    mode="bilinear",
                    padding_mode="border",
                    align_corners=False,
                )
        return shown


def relight(pictures: Tensor, plans: Sequence[Plan], random: np.random.Generator) -> Tensor:
    """Other light, other sensors, other weather: infrared look, gain, contrast, tint, flash fall-off, blur, noise.

    One draw for each picture. Where a plan says grey the picture becomes grey, else one in four does.
    """
    count = len(pictures)
    device = pictures.device

    def column(values: object) -> Tensor:
        return torch.as_tensor(np.asarray(values), dtype=torch.float32, device=device)[:, None, None, None]

    grey = np.array([plan.grey for plan in plans]) | (random.random(count) < 0.25)
    infrared = column(grey)
    luma = (pictures * pictures.new_tensor([0.114, 0.587, 0.299])[:, None, None]).sum(dim=1, keepdim=True)
    x = pictures + infrared * (luma - pictures)
    x = x * (1 + (1 - infrared) * column(random.normal(0, 0.08, count)) * _tint(random, count, device))
    gain = np.where(grey, random.uniform(0.45, 1.3, count), random.uniform(0.65, 1.35, count))
    gamma = np.exp(random.normal(0, 0.2, count))
    x = 255 * (x.clamp(0, 255) / 255 + 1e-4).pow(column(gamma)) * column(gain)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = mean + (x - mean) * column(random.uniform(0.6, 1.25, count))
    x = _flash(x, column(np.where(grey & (random.random(count) < 0.5), random.uniform(0.2, 0.8, count), 0.0)))
    x = _blurred(x, random.random(count) < 0.25)
    x = x + torch.randn_like(x[:, :1]) * column(np.where(random.random(count) < 0.5, random.gamma(2, 3, count), 0.0))
    return x.clamp(0, 255)


def _likeness(shown: Tensor, under: Tensor, alpha: Tensor) -> Tensor:
    """The gain that brings what is pasted most of the way to the light of the place it is pasted on."""
    of_shown, of_under = ((picture * alpha).sum(dim=(1, 2, 3), keepdim=True) for picture in (shown, under))
    return (of_under / of_shown.clamp(min=1.0)).clamp(0.3, 2.5).sqrt()


def _tint(random: np.random.Generator, count: int, device: torch.device) -> Tensor:
    return torch.as_tensor(random.normal(0, 1, (count, 3, 1, 1)), dtype=torch.float32, device=device)


def _flash(x: Tensor, strength: Tensor) -> Tensor:
    """An infrared flash lights the middle and leaves the edges dark."""
    rows = torch.linspace(-1, 1, x.shape[2], device=x.device)[:, None]
    columns = torch.linspace(-1, 1, x.shape[3], device=x.device)[None, :]
    return x * (1 - strength * (rows**2 + columns**2) / 2)


def _blurred(x: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    if not chosen.any():
        return x
    kernel = torch.outer(*(x.new_tensor([1, 4, 6, 4, 1]) / 16,) * 2).expand(3, 1, 5, 5)
    picked = torch.as_tensor(chosen, device=x.device)
    soft = functional.conv2d(functional.pad(x[picked], (2, 2, 2, 2), mode="replicate"), kernel, groups=3)
    x = x.clone()
    x[picked] = soft
    return x


def _halved(pictures: Tensor) -> Tensor:
    half = torch.empty((*pictures.shape[:2], pictures.shape[2] // 2, pictures.shape[3] // 2), dtype=torch.uint8)
    for start in range(0, len(pictures), 64):
        part = functional.avg_pool2d(pictures[start : start + 64].float(), 2)
        half[start : start + 64] = part.round().to(torch.uint8)
    return half
