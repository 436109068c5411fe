"""What is different in a picture from what its camera sees when nothing is there.

The background is the median, pixel by pixel, of up to nine other pictures of the same camera by the same light,
nearest in time and each of another trigger: an animal that stands in fewer than half of them leaves no trace. Pillow
has no median over pictures, but it has the lesser and the greater of two, and a sorting network is made of nothing
else. Wind and the sun's way move the background, so this is for the eye, never for a number.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageStat

MOST = 9
FEWEST = 3
_FLOOR = 14  # grey levels: noise, and what JPEG adds
_GAIN = 8
_DIM = 0.3  # how much of its brightness what has not changed keeps


def median(pictures: Sequence[Image.Image]) -> Image.Image:
    """The median of an odd number of pictures of one size and mode, pixel by pixel and channel by channel."""
    row = list(pictures)
    for turn in range(len(row)):  # odd-even transposition sort: as many rounds as there are pictures
        for left in range(turn % 2, len(row) - 1, 2):
            lesser = ImageChops.darker(row[left], row[left + 1])
            row[left + 1] = ImageChops.lighter(row[left], row[left + 1])
            row[left] = lesser
    return row[len(row) // 2]


def difference(picture: Image.Image, others: Sequence[Image.Image]) -> Image.Image | None:
    """The picture, dimmed where it looks as it always does; None where the others are too few to tell.

    ``others`` of another shape are left out: the camera was another, or held otherwise.
    """
    alike = [other.convert("L") for other in others if _is_like(other, picture)][:MOST]
    alike = alike[: len(alike) - (len(alike) + 1) % 2]
    if len(alike) < FEWEST:
        return None
    grey = picture.convert("L")
    background = _as_bright_as(grey, median([other.resize(picture.size) for other in alike]))
    change = ImageChops.difference(grey, background).filter(ImageFilter.GaussianBlur(max(picture.size) / 320))
    mask = change.point([min(255, max(0, level - _FLOOR) * _GAIN) for level in range(256)])
    dimmed = grey.point([round(level * _DIM) for level in range(256)]).convert("RGB")
    return Image.composite(picture, dimmed, mask)


def _is_like(other: Image.Image, picture: Image.Image) -> bool:
    """Whether both have the same shape, to a hundredth."""
    return abs(other.width * picture.height - picture.width * other.height) * 100 <= picture.width * picture.height


def _as_bright_as(picture: Image.Image, background: Image.Image) -> Image.Image:
    """The background under the picture's exposure: their means made equal."""
    gain = (ImageStat.Stat(picture).mean[0] + 1) / (ImageStat.Stat(background).mean[0] + 1)
    return background.point([min(255, round(level * gain)) for level in range(256)])
