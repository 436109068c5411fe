"""A picture in a terminal: as pixels where the terminal can (sixel, kitty), as half-blocks elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from PIL import Image, ImageDraw

from cameratrap.cli.preview import Preview
from cameratrap.errors import ImageError, UsageError
from cameratrap.store.event_pictures import Box, Frame
from cameratrap.web.missing import why_missing
from cameratrap.web.thumbnails import small_picture

Size = tuple[int, int]
_UPPER_HALF = "\N{UPPER HALF BLOCK}"
_COUNTS, _DOES_NOT = (255, 214, 10), (150, 150, 150)
_LEVELS = (0, 95, 135, 175, 215, 255)  # of the colour cube of a terminal with 256 colours
_FINEST = 1280  # pixels; finer ones take long over a network, and a terminal shows no more of them


class Pictures:
    """Draws pictures where this process writes. ``preview``: see ``preview_option``; None is auto.

    Auto asks the terminal what it can, which takes a moment; it shows nothing where there is no terminal, or no colour
    is wanted. Within tmux or screen only half-blocks are sure to stay where they belong. Raises UsageError where blocks
    are asked for and cannot be written.
    """

    def __init__(self, preview: Preview | None) -> None:
        chosen = preview or "auto"
        if chosen == "halfblock" and not _can_write_blocks():
            why = f"what is written is {sys.stdout.encoding}"
            raise UsageError("half-blocks cannot be written here", why=why, hint="set a UTF-8 locale, or --preview off")
        self.is_on = chosen == "halfblock" or (chosen == "auto" and _may_colour() and _can_write_blocks())
        self._pixels: type[Any] | None = _protocol() if self.is_on and chosen == "auto" else None
        self._last: Any = None

    def draw(self, path: Path, frame: Frame, *, columns: int, rows: int, has_boxes: bool = True) -> None:
        """Draw it at the cursor, within so many cells. Raises ImageError for one that cannot be shown."""
        if self._pixels is None:
            picture = _fitting(path, frame, (columns, 2 * rows))
            text = "\n".join(half_blocks(boxed(picture, frame.boxes if has_boxes else ()), is_true=_is_true_colour()))
            sys.stdout.write(text + "\n")
        else:
            self._draw_pixels(path, frame, columns, rows, has_boxes=has_boxes)
        sys.stdout.flush()

    def forget(self) -> None:
        """Have the terminal drop the picture that was drawn last."""
        if self._last is not None:
            self._last.cleanup()
            self._last = None

    def _draw_pixels(self, path: Path, frame: Frame, columns: int, rows: int, *, has_boxes: bool) -> None:
        from rich.console import Console

        drawn = boxed(_fitting(path, frame, (_FINEST, _FINEST)), frame.boxes if has_boxes else ())
        self.forget()
        assert self._pixels is not None  # noqa: S101 - only where there is one
        self._last = self._pixels(drawn, width="auto", height="auto")
        Console(file=sys.stdout, force_terminal=True, no_color=False, width=columns, height=rows).print(self._last)


def boxed(picture: Image.Image, boxes: Iterable[Box]) -> Image.Image:
    """The picture with its boxes: yellow those that stand for an animal, grey the others."""
    pen, width = ImageDraw.Draw(picture), max(1, min(picture.size) // 150)
    for box in sorted(boxes, key=lambda box: box.counts):
        left, top = box.x * picture.width, box.y * picture.height
        corner = (min(left + box.width * picture.width, picture.width - 1), (box.y + box.height) * picture.height)
        lower = min(corner[1], picture.height - 1)
        if left <= corner[0] and top <= lower:
            pen.rectangle((left, top, corner[0], lower), outline=_COUNTS if box.counts else _DOES_NOT, width=width)
    return picture


def half_blocks(picture: Image.Image, *, is_true: bool) -> Iterator[str]:
    """The picture, two rows of pixels a line; in 24-bit colour, or the nearest of 256 colours."""
    colour = _true_colour if is_true else _of_256
    for top in range(0, picture.height, 2):
        line, last = "", ""
        for left in range(picture.width):
            upper, lower = _pixel(picture, left, top), _pixel(picture, left, min(top + 1, picture.height - 1))
            code = f"\x1b[38;{colour(upper)};48;{colour(lower)}m"
            line += ("" if code == last else code) + _UPPER_HALF
            last = code
        yield line + "\x1b[0m"


def _fitting(path: Path, frame: Frame, most: Size) -> Image.Image:
    if why_missing(frame.state) or frame.mediatype.startswith("video/"):
        raise ImageError(why_missing(frame.state) or "a clip is not shown in a terminal")
    picture = small_picture(path, max(most))
    scale = min(most[0] / picture.width, most[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _pixel(picture: Image.Image, left: int, top: int) -> tuple[int, int, int]:
    found = picture.getpixel((left, top))
    assert isinstance(found, tuple)  # noqa: S101 - the picture is in RGB
    return int(found[0]), int(found[1]), int(found[2])


def _true_colour(pixel: tuple[int, int, int]) -> str:
    return "2;{};{};{}".format(*pixel)


def _of_256(pixel: tuple[int, int, int]) -> str:
    """The nearer of the colour cube and the ramp of greys, of which pictures by night need every one."""
    steps = [min(range(6), key=lambda level: abs(_LEVELS[level] - part)) for part in pixel]
    grey = max(0, min(23, round((sum(pixel) / 3 - 8) / 10)))
    in_cube = sum((_LEVELS[step] - part) ** 2 for step, part in zip(steps, pixel, strict=True))
    as_grey = sum((8 + 10 * grey - part) ** 2 for part in pixel)
    red, green, blue = steps
    return f"5;{232 + grey if as_grey < in_cube else 16 + 36 * red + 6 * green + blue}"


def _is_true_colour() -> bool:
    return os.environ.get("COLORTERM", "") in ("truecolor", "24bit")


def _may_colour() -> bool:
    is_plain = os.environ.get("NO_COLOR") or click.get_current_context().color is False
    return sys.stdout.isatty() and not is_plain and os.environ.get("TERM", "dumb") != "dumb"


def _can_write_blocks() -> bool:
    try:
        _UPPER_HALF.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _protocol() -> type[Any] | None:
    """What textual-image draws with in this terminal, where that is pixels; it asks when it is imported."""
    is_shared = "TMUX" in os.environ or os.environ.get("TERM", "").startswith(("tmux", "screen"))
    if is_shared or not sys.stdin.isatty() or find_spec("textual_image") is None:
        return None
    logging.getLogger("textual_image").addHandler(logging.NullHandler())  # its warnings would be on the screen
    try:
        from textual_image import renderable
    except UnicodeDecodeError:  # somebody has typed where it expected an answer
        return None
    found: type[Any] = renderable.Image
    return found if found in (renderable.SixelImage, renderable.TGPImage) else None
