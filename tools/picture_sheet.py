"""The paper of the README's picture: its colours, its type and its few shapes. See ``tools/picture``.

All lengths are pixels of the finished picture, which GitHub shows at about half its size: no text is smaller than 23.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, FINER = 1600, 720, 2
PAPER, INK, SOFT, HAIR = "#fbfaf7", "#1d2422", "#5c6461", "#d8d5cb"
ACCENT, TINT, EMPTY = "#0b6b63", "#bfdcd6", "#ffffff"
HEADING, BODY, SMALL, CODE, LABEL_HEIGHT = 32, 28, 26, 23, 38
Point = tuple[float, float]


class Sheet:
    """Paper to draw on; it is drawn finer and scaled down at the end."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """The sheet in its own size."""
        return self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def text(self, x: float, y: float, text: str, *, size: int = BODY, ink: str = INK, at: str = "ls",
             strong: bool = False, code: bool = False) -> float:  # fmt: skip
        """Write, with the anchor ``at`` in Pillow's terms; returns where text that starts at ``x`` ends."""
        font = _font(size * FINER, code=code)
        weight = size * FINER / 60 if strong else 0
        self._draw.text((x * FINER, y * FINER), text, ink, font, at, stroke_width=weight, stroke_fill=ink)
        return x + font.getlength(text) / FINER

    def box(self, x: float, y: float, width: float, height: float, *, fill: str | None = None,
            line: str | None = None, thick: float = 0, round_by: float = 3) -> None:  # fmt: skip
        corners = (x * FINER, y * FINER, (x + width) * FINER - 1, (y + height) * FINER - 1)
        self._draw.rounded_rectangle(corners, round_by * FINER, fill, line, round(thick * FINER))

    def line(self, points: Sequence[Point], ink: str, thick: float) -> None:
        self._draw.line([(x * FINER, y * FINER) for x, y in points], ink, round(thick * FINER), joint="curve")

    def circle(self, x: float, y: float, radius: float, ink: str) -> None:
        self._draw.circle((x * FINER, y * FINER), radius * FINER, ink)

    def picture(self, image: Image.Image, x: float, y: float, width: float, height: float) -> None:
        """Lay a picture down with its corners rounded."""
        size = round(width * FINER), round(height * FINER)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), 6 * FINER, 255)
        self._image.paste(image.resize(size, Image.Resampling.LANCZOS), (round(x * FINER), round(y * FINER)), mask)

    def heading(self, x: float, y: float, number: int, text: str) -> None:
        """A numbered step, from the baseline."""
        self.circle(x + 18, y - 11, 18, ACCENT)
        self.text(x + 18, y - 11, str(number), size=SMALL, ink=PAPER, at="mm", strong=True)
        self.text(x + 50, y, text, size=HEADING, strong=True)

    def label(self, x: float, y: float, text: str) -> None:
        """Words on a picture; see ``label_width``."""
        self.box(x, y, self.label_width(text), LABEL_HEIGHT, fill=ACCENT, round_by=4)
        self.text(x + 10, y + 28, text, size=SMALL, ink=PAPER)

    def label_width(self, text: str) -> float:
        """How wide such words are."""
        return _font(SMALL * FINER, code=False).getlength(text) / FINER + 20

    def key(self, x: float, y: float, fill: str, text: str) -> float:
        """What a colour stands for; returns where the words end."""
        self.box(x, y - 19, 20, 20, fill=fill, line=HAIR if fill == EMPTY else None, thick=1.5)
        return self.text(x + 30, y, text, size=SMALL, ink=SOFT)

    def arrow(self, start: Point, end: Point) -> None:
        """An arrow along one of the axes."""
        (x, y), length = end, abs(end[0] - start[0] + end[1] - start[1])
        right, down = (end[0] - start[0]) / length, (end[1] - start[1]) / length
        wings = [(x - 12 * right + side * down, y - 12 * down + side * right) for side in (-11, 11)]
        self.line([start, end], ACCENT, 4)
        self.line([wings[0], end, wings[1]], ACCENT, 4)

    def tick(self, x: float, y: float, word: str) -> None:
        """The sign that something was checked and holds, over the word for it."""
        self.circle(x, y, 34, ACCENT)
        self.line([(x - 15, y + 1), (x - 4, y + 12), (x + 16, y - 11)], PAPER, 6)
        self.text(x, y + 68, word, at="ms", ink=ACCENT, strong=True)

    def satellite(self, x: float, y: float) -> None:
        """A body, two panels, and waves towards the ground."""
        self.line([(x - 62, y), (x + 62, y)], INK, 3)
        for left in (x - 62, x + 24):
            self.box(left, y - 13, 38, 26, fill=PAPER, line=INK, thick=3)
            self.line([(left + 19, y - 13), (left + 19, y + 13)], INK, 2)
        self.box(x - 15, y - 19, 30, 38, fill=INK)
        for radius in (16, 28, 40):
            corners = [edge * FINER for edge in (x - radius, y + 20 - radius, x + radius, y + 20 + radius)]
            self._draw.arc(corners, 50, 130, ACCENT, 3 * FINER)


def _font(size: float, *, code: bool) -> ImageFont.FreeTypeFont:
    if code:
        try:
            return ImageFont.truetype("DejaVuSansMono.ttf", size)
        except OSError:
            pass  # each byte is centred in its cell, so a proportional font does as well
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
