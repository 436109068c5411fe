"""What the model file takes and gives beside its classes: known to training, export and tests, and free of torch."""

from __future__ import annotations

# Two networks over one picture, the second at half the size: the strides of the cells of both, in pixels of the whole.
STRIDES = (8, 16, 32, 16, 32, 64)
# Held to little, lest noise in the dark become texture: of 1 to 3 it found the most on the first of two halves.
LOCAL_CONTRAST = 1.5
