"""The best picture of each taxon, made small and clean: no tags, no position, nothing but what is seen.

Of the candidates the one is taken that is sharp where the animal is, large, whole and certain; one that a person has
verified before any that nobody has.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageFilter, ImageStat

from cameratrap.domain.detections import BBox
from cameratrap.errors import CameraTrapError
from cameratrap.store.event_portraits import Candidate, Candidates
from cameratrap.store.project import Project
from cameratrap.web.thumbnails import small_picture

WIDTHS = (900, 640, 420)  # pixels of the longer side; the first at which all of them fit
_QUALITY = 80
# The second derivative of brightness: much of it where edges are sharp, little where the animal moved.
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
_SHARP = 150.0  # its variance (grey levels squared) at which a picture is half as good as it can be
_LARGE = 0.15
_CUT_OFF = 0.5
_EDGE = 0.008  # of a picture: a box as near as that to its edge is of an animal that is not whole
_MIDDLE = BBox(0.2, 0.2, 0.6, 0.6)  # where nobody drew a box


@dataclass(frozen=True, slots=True)
class Portrait:
    """A taxon's best picture, as the address of an image within the page."""

    taxon: str
    candidate: Candidate
    width: int
    height: int
    data: str


@dataclass(frozen=True, slots=True)
class Portraits:
    """``left_out`` had a picture and no room, ``without`` had none that can be shown."""

    shown: Sequence[Portrait]
    left_out: Sequence[str]
    without: Sequence[str]


def portraits(project: Project, taxa: Sequence[str], candidates: Candidates, room_bytes: int) -> Portraits:
    """One for each taxon, as large as all of them have room; where even small ones have not, of the first taxa."""
    found = [(taxon, *best) for taxon in taxa if (best := _best(project, candidates.of(taxon)))]
    for width in WIDTHS:
        made = [_portrait(taxon, candidate, image, width) for taxon, candidate, image in found]
        if sum(len(each.data) for each in made) <= room_bytes:
            break
    fitting = list(_fitting(made, room_bytes))
    shown, has_one = {each.taxon for each in fitting}, {taxon for taxon, *_ in found}
    left_out = [taxon for taxon in taxa if taxon in has_one and taxon not in shown]
    return Portraits(fitting, left_out, [taxon for taxon in taxa if taxon not in has_one])


def _fitting(made: Sequence[Portrait], room_bytes: int) -> Iterator[Portrait]:
    for each in made:
        room_bytes -= len(each.data)
        if room_bytes < 0:
            return
        yield each


def _best(project: Project, found: Sequence[Candidate]) -> tuple[Candidate, Image.Image] | None:
    """A picture that is gone or damaged is no candidate."""
    best: tuple[tuple[bool, float], Candidate, Image.Image] | None = None
    for each in found:
        try:
            image = small_picture(project.media_path(each.root, each.path), WIDTHS[0])
        except CameraTrapError:
            continue
        worth = each.is_verified, picture_worth(image, each)
        if best is None or worth > best[0]:
            best = worth, each, image
    return None if best is None else (best[1], best[2])


def picture_worth(image: Image.Image, candidate: Candidate) -> float:
    """From 0 to 1: the product of how sharp, large, whole and certain the animal is."""
    box = candidate.boxes[0] if candidate.boxes else _MIDDLE
    sharp = _sharpness(image, box)
    worth: float = sharp / (sharp + _SHARP) * (min(box.area, _LARGE) / _LARGE) ** 0.5
    return worth * (1 if _is_whole(box) else _CUT_OFF) * (0.5 if candidate.score is None else candidate.score)


def _is_whole(box: BBox) -> bool:
    return min(box.x, box.y, 1 - box.x - box.width, 1 - box.y - box.height) > _EDGE


def _sharpness(image: Image.Image, box: BBox) -> float:
    """The variance of the Laplacian within the box, which is at least three pixels wide."""
    left, top = (min(int(at * size), size - 3) for at, size in ((box.x, image.width), (box.y, image.height)))
    right = max(left + 3, round((box.x + box.width) * image.width))
    bottom = max(top + 3, round((box.y + box.height) * image.height))
    return float(ImageStat.Stat(image.crop((left, top, right, bottom)).convert("L").filter(_LAPLACIAN)).var[0])


def _portrait(taxon: str, candidate: Candidate, image: Image.Image, width: int) -> Portrait:
    # On new paper: what a file says besides its pixels (a comment, a profile, a position) stays behind.
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    clean.thumbnail((width, width))
    stream = io.BytesIO()
    clean.save(stream, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    address = "data:image/jpeg;base64," + b64encode(stream.getvalue()).decode()
    return Portrait(taxon, candidate, clean.width, clean.height, address)
