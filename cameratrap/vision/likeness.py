"""How alike small views of one place are, by parts, whatever the light did between them.

A view is turned into its *texture*: what is left of it between a fine and a coarse blur, so that neither the noise of
a pixel nor the slope of a shadow or a lamp matters. Two windows of texture are as alike as they correlate: 1 for the
same, 0 for strangers. More or less gain changes nothing. The noise that any two pictures differ by is added to both
sides of the correlation, so two flat windows are alike, and a flat and a textured one are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.detections import BBox, View

# Grey values (0 to 255), one for each pixel of a view: (height, width).
Texture = NDArray[np.float32]

_FINE_PX, _COARSE_PX = 0.8, 6.0
# The variance of a texture, grey values squared, that says nothing: two greys of noise once a view is made small.
_NOISE = 4.0
# The frame is divided into cells of this side: as large on a view as an animal that fills a hundredth of it.
_CELL_PX = 16
# As large as an animal that a detector does not see any more in the whole frame.
FINE_CELL_PX = 8
# A box is compared with a little of what is around it, which gives the outline its contrast, and never on so few
# pixels that they correlate by chance.
_MARGIN = 0.15
_LEAST_WINDOW_PX = 8.0


def texture(view: View) -> Texture:
    """What is between the fine and the coarse in a view."""
    grey = np.frombuffer(view.grey, np.uint8).reshape(view.height, view.width).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _FINE_PX) - cv2.GaussianBlur(grey, (0, 0), _COARSE_PX), np.float32)


class Comparison:
    """One frame beside others of the same size. A box is in fractions of the frame."""

    def __init__(self, here: Texture, others: Sequence[Texture]) -> None:
        self._here = here
        self._others = others

    def box(self, box: BBox) -> NDArray[np.float32]:
        """How alike each of the others is within the box: ``(n,)``, each at most 1."""
        where = window(box, self._here.shape)
        return _correlation(lambda values: np.asarray(values.mean(axis=(-2, -1))), *self._cut(where))

    def around(self, box: BBox, chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """How alike the most similar of the chosen others is, in each cell of the frame that the box does not touch."""
        cells = self.cells[chosen].max(axis=0, initial=-1.0)
        rows, columns = (
            slice(side.start // _CELL_PX, -(-side.stop // _CELL_PX)) for side in window(box, self._here.shape)
        )
        elsewhere = np.ones(cells.shape, dtype=bool)
        elsewhere[rows, columns] = False
        return np.asarray(cells[elsewhere])

    def contrast(self, box: BBox) -> float:
        """How much there is to compare by within the box: the texture's standard deviation in grey values."""
        return float(self._here[window(box, self._here.shape)].std())

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width of the frames in pixels."""
        return self._here.shape

    @property
    def others(self) -> int:
        """How many others there are."""
        return len(self._others)

    @cached_property
    def cells(self) -> NDArray[np.float32]:
        """How alike each of the others is in each square cell of the frame: ``(n, rows, columns)``.

        What is left over at the right and the bottom is in no cell.
        """
        return self._in_cells(_CELL_PX)

    def fine_cells(self) -> NDArray[np.float32]:
        """The same in cells of ``FINE_CELL_PX``."""
        return self._in_cells(FINE_CELL_PX)

    def _in_cells(self, cell_px: int) -> NDArray[np.float32]:
        rows, columns = (side // cell_px for side in self._here.shape)

        def mean(values: Texture) -> Texture:
            whole = values[..., : rows * cell_px, : columns * cell_px]
            # Rows first: whole lines of memory are added up, which takes a fifth of the time.
            strips = whole.reshape(*whole.shape[:-2], rows, cell_px, columns * cell_px).sum(axis=-2)
            return np.asarray(strips.reshape(*strips.shape[:-1], columns, cell_px).mean(axis=-1) / cell_px)

        return _correlation(mean, *self._cut((slice(None), slice(None))))

    def _cut(self, where: tuple[slice, slice]) -> tuple[Texture, Texture]:
        """A window of this frame, ``(h, w)``, and the same of the others, ``(n, h, w)``."""
        here = self._here[where]
        return here, np.array([other[where] for other in self._others], np.float32).reshape(-1, *here.shape)


def window(box: BBox, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of a texture of that shape on which a box is compared."""
    height, width = shape
    return _side(box.y, box.height, height), _side(box.x, box.width, width)


def _side(start: float, length: float, pixels: int) -> slice:
    margin = max(_MARGIN * length * pixels, (_LEAST_WINDOW_PX - length * pixels) / 2)
    first, last = start * pixels - margin, (start + length) * pixels + margin
    return slice(max(0, int(first)), min(pixels, int(np.ceil(last))))


def _correlation(mean: Callable[[Texture], Texture], here: Texture, others: Texture) -> NDArray[np.float32]:
    mean_here, mean_others = mean(here), mean(others)
    together = mean(here * others) - mean_here * mean_others
    spread = np.maximum(mean(here * here) - mean_here**2, 0) + _NOISE
    spreads = np.maximum(mean(others * others) - mean_others**2, 0) + _NOISE
    return np.asarray((together + _NOISE) / np.sqrt(spread * spreads))
