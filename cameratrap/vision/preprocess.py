"""From a picture to the input tensor, and the way back for the boxes found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.detections import View
from cameratrap.vision.specs import InputSpec, Quantisation

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies inside the input tensor, in fractions of the tensor."""

    x: float
    y: float
    width: float
    height: float

    def to_image(self, boxes: Boxes) -> Boxes:
        """Boxes ``(n, 4)`` as ``x0 y0 x1 y1`` in fractions of the tensor, to the same in fractions of the picture."""
        return (boxes - self._offset) / self._size

    def to_input(self, boxes: Boxes) -> Boxes:
        """The inverse of ``to_image``."""
        return boxes * self._size + self._offset

    @property
    def _offset(self) -> Boxes:
        return np.array([self.x, self.y, self.x, self.y])

    @property
    def _size(self) -> Boxes:
        return np.array([self.width, self.height, self.width, self.height])


def fitted_size(width: int, height: int, spec: InputSpec) -> tuple[int, int]:
    """Width and height in pixels that a picture of this size has once it is inside the tensor."""
    if spec.resize == "stretch":
        return spec.width, spec.height
    scale = min(spec.width / width, spec.height / height)
    return max(1, min(spec.width, round(width * scale))), max(1, min(spec.height, round(height * scale)))


def pixel_table(spec: InputSpec, quantisation: Quantisation | None) -> NDArray[Any]:
    """What each pixel value 0..255 becomes in each channel: ``(256, 3)`` of the tensor's dtype.

    Normalising and quantising have only 256 outcomes a channel, so they are worked out once a model and not once a
    pixel. Integer tensors need ``quantisation``; their values are rounded and kept within the type's range.
    """
    real = (np.arange(256.0)[:, None] - np.asarray(spec.mean)) / np.asarray(spec.std)
    if not spec.dtype.endswith("int8"):
        return np.asarray(real, dtype=spec.dtype)
    if quantisation is None or quantisation.scale <= 0:
        raise ValueError(f"an input tensor of {spec.dtype} needs a quantisation scale above 0: {quantisation}")
    limits = np.iinfo(spec.dtype)
    stored = np.rint(real / quantisation.scale + quantisation.zero_point)
    return np.asarray(np.clip(stored, limits.min, limits.max), dtype=spec.dtype)


def prepare(image: Pixels, spec: InputSpec, table: NDArray[Any]) -> tuple[NDArray[Any], Placement]:
    """The input tensor for an upright picture ``(height, width, 3)`` in OpenCV's channel order, blue first.

    ``table`` is ``pixel_table``'s. Returns a contiguous tensor of ``spec.shape`` and where the picture lies in it.
    """
    height, width = image.shape[:2]
    fitted_width, fitted_height = fitted_size(width, height, spec)
    shrinks = fitted_width < width or fitted_height < height
    # Shrinking by linear interpolation skips pixels, and thin legs with them.
    resized: Any = cv2.resize(
        image, (fitted_width, fitted_height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    if spec.local_contrast:
        resized = _equalised(resized, spec.local_contrast)
    if spec.colour == "RGB":
        resized = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
    left, top = _corner(fitted_width, fitted_height, spec)
    canvas = np.full((spec.height, spec.width, 3), spec.pad, dtype=np.uint8)
    canvas[top : top + fitted_height, left : left + fitted_width] = resized
    tensor: NDArray[Any] = cv2.LUT(canvas, table[None])  # one pass in C, four times as fast as indexing the table
    if spec.layout == "NCHW":
        tensor = np.ascontiguousarray(tensor.transpose(2, 0, 1))
    placement = Placement(left / spec.width, top / spec.height, fitted_width / spec.width, fitted_height / spec.height)
    return tensor[None], placement


# Large enough for an animal that the detectors can find to cover some pixels, small enough to keep a hundred of them.
VIEW_SIDE = 160


def small_view(image: Pixels) -> View:
    """The picture, its longer side ``VIEW_SIDE`` pixels, in grey, and how colourful it is."""
    height, width = image.shape[:2]
    scale = VIEW_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    blue, green, red = cv2.split(small)
    brightest = cv2.max(cv2.max(blue, green), red).astype(np.float32)
    spread = brightest - cv2.min(cv2.min(blue, green), red)
    colour = float((spread / np.maximum(brightest, 1)).mean())
    return View(*size, cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).tobytes(), colour)


def _equalised(image: Pixels, limit: float) -> Pixels:
    """Contrast evened out over the picture (CLAHE, Zuiderveld 1994): an animal outside the flash is seen as one in it.

    Only the brightness is changed, in 8 x 8 regions, so the colours stay.
    """
    parts = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)
    parts[..., 0] = cv2.createCLAHE(limit, (8, 8)).apply(parts[..., 0])
    return np.asarray(cv2.cvtColor(parts, cv2.COLOR_YCrCb2BGR), dtype=np.uint8)


def _corner(fitted_width: int, fitted_height: int, spec: InputSpec) -> tuple[int, int]:
    if spec.align == "top-left":
        return 0, 0
    return (spec.width - fitted_width) // 2, (spec.height - fitted_height) // 2
