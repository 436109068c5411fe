"""Run the demonstration and draw the README's picture from what it gave; see ``tools/picture``.

Everything in the picture is a result of that run: pictures and detections of the card, the closed day's counts and
hours, the bytes that were sent, and the day as the receiver's inbox tells it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import combinations
from pathlib import Path

from picture_sheet import ACCENT, CODE, EMPTY, HAIR, HEIGHT, INK, LABEL_HEIGHT, PAPER, SMALL, SOFT, TINT, WIDTH, Sheet
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cameratrap.app.close_day import ClosedDay
from cameratrap.app.receive import read_inbox
from cameratrap.app.received_days import ReceivedDay, received_days
from cameratrap.cli.demo import MODEL
from cameratrap.cli.demo_plays import waterhole
from cameratrap.cli.journey import Journey
from cameratrap.config import Config
from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.detections import Detection
from cameratrap.domain.summaries import DailySummary
from cameratrap.ports import Detector
from cameratrap.replay.footage import FOOTAGE_VERSION
from cameratrap.resources import builtin_taxa
from cameratrap.store.bursts import all_pictures
from cameratrap.store.card import open_card
from cameratrap.store.connection import open_store
from cameratrap.store.inbox import INBOX_FILE, Inbox
from cameratrap.store.migrations import INBOX_MIGRATIONS
from cameratrap.wire.codec import decode, encode
from cameratrap.wiring import open_detector

PRODUCT = Path(__file__).parent / "readme" / "journey.png"
DAY = date(2026, 6, 2)  # the second day: its message has the first to carry again
MARGIN, GUTTER, LEFT, RIGHT, COLUMN = 40, 12, 600, 704, 374
FAR = WIDTH - MARGIN - COLUMN
Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the card and what was found in it."""

    burst: str
    at: datetime
    image: Image.Image
    detections: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the run gave of one day."""

    shots: tuple[Shot, ...]
    closed: DailySummary
    message: bytes
    received: ReceivedDay
    model: Detector


def gather(folder: Path) -> Facts:
    """Run the demonstration in an empty folder. Raises ValueError where receiver and card do not agree."""
    journey, detector = Journey(folder, waterhole()), open_detector(Config(), builtin_taxa(), MODEL)
    closed_days: dict[date, ClosedDay] = {}

    def note(what: object) -> None:
        if isinstance(what, ClosedDay):
            closed_days[what.summary.day] = what

    journey.photograph(detector, note)
    journey.transmit()
    journey.deliver_again()
    journey.receive()
    if not journey.compare().agree:
        raise ValueError("the receiver's table and the card do not agree: that is no picture for a README")
    closed = closed_days[DAY]
    return Facts(tuple(_shots(journey)), closed.summary, closed.messages[0], _received(journey), detector)


def _shots(journey: Journey) -> Iterator[Shot]:
    """The day's pictures on the card and what counts in them."""
    found = journey.found()
    with open_card(journey.card) as card:
        pictures = all_pictures(card.connection)
    for picture in pictures:
        if picture.captured_at.date() == DAY:
            with Image.open(journey.card / picture.path) as image:
                yield Shot(picture.burst, picture.captured_at, image.convert("RGB"), found[picture.source_name])


def _received(journey: Journey) -> ReceivedDay:
    connection = open_store(journey.receiver / INBOX_FILE, INBOX_MIGRATIONS, create=False)
    try:
        days = received_days(read_inbox(Inbox(connection), builtin_taxa(), journey.config.ground.stations))
    finally:
        connection.close()
    return next(each for each in days if each.day == DAY)


def choose(shots: Iterable[Shot]) -> tuple[Shot, list[Shot]]:
    """The picture with the most taxa, and from other bursts the three with the most animals, in order of time."""

    def worth(shot: Shot) -> tuple[int, float]:
        scores = [each.score for each in shot.detections]
        return len(scores), sum(scores) / max(len(scores), 1)

    ranked = sorted((shot for shot in shots if shot.detections), key=worth, reverse=True)
    key = max(ranked, key=lambda shot: (len({each.taxon for each in shot.detections}), -_crowded(shot)))
    best = {shot.burst: shot for shot in reversed(ranked) if shot.burst != key.burst}
    return key, sorted(sorted(best.values(), key=worth)[-3:], key=lambda shot: shot.at)


def _crowded(shot: Shot) -> float:
    """How much of the picture lies in more than one box: names are read best where nothing overlaps."""
    overlap = 0.0
    for one, other in combinations([each.bbox for each in shot.detections], 2):
        width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        overlap += max(width, 0) * max(height, 0)
    return overlap


def compose(facts: Facts) -> Image.Image:
    """The whole picture."""
    sheet = Sheet()
    _trap(sheet, facts)
    _message(sheet, facts)
    _table(sheet, RIGHT, 2, "The day's counts", facts.closed)
    _table(sheet, FAR, 4, "The researcher's table", facts.received)
    sheet.tick((RIGHT + COLUMN + FAR) / 2, 540, "agree")
    sheet.arrow((MARGIN + LEFT + 14, 393), (RIGHT - 14, 393))
    sheet.arrow((RIGHT + 18, 366), (RIGHT + 18, 318))
    sheet.arrow((FAR + 18, 318), (FAR + 18, 366))
    return sheet.finished()


def _trap(sheet: Sheet, facts: Facts) -> None:
    key, others = choose(facts.shots)
    sheet.heading(MARGIN, 62, 1, "The trap finds the animals")
    sheet.text(MARGIN + LEFT, 62, f"{_day(key.at)}, {key.at:%H:%M}", size=SMALL, ink=SOFT, at="rs")
    _shot_at(sheet, key, MARGIN, 84, LEFT, 380, least=1.0)
    width = (LEFT - 2 * GUTTER) / 3
    for number, shot in enumerate(others):
        x = MARGIN + number * (width + GUTTER)
        _shot_at(sheet, shot, x, 84 + 380 + GUTTER, width, 128, least=0.6)
        sheet.text(x, 634, f"{shot.at:%H:%M}", size=SMALL, ink=SOFT)
    sheet.text(MARGIN, HEIGHT - MARGIN, f"Drawn footage, boxes by {facts.model.name}", size=SMALL, ink=SOFT)


def _shot_at(sheet: Sheet, shot: Shot, x: float, y: float, width: float, height: float, *, least: float) -> None:
    """The picture, cut around its animals to at least that share of its width, with boxes, and names if it is large."""
    cut = _cut(shot, width / height, least)
    sheet.picture(shot.image.crop(cut), x, y, width, height)
    scale = width / (cut[2] - cut[0])
    labels: list[Place] = []
    for each in sorted(shot.detections, key=lambda each: each.bbox.y + each.bbox.height):
        box = each.bbox
        left, top = x + (box.x * shot.image.width - cut[0]) * scale, y + (box.y * shot.image.height - cut[1]) * scale
        wide, high = box.width * shot.image.width * scale, box.height * shot.image.height * scale
        sheet.box(left, top, wide, high, line=PAPER, thick=3 if width == LEFT else 2, round_by=4)
        if width == LEFT:
            name = f"{each.taxon} {each.score:.2f}"
            long = sheet.label_width(name)
            labels.append(_free(labels, min(left, x + width - long), top + high + 6, long))
            sheet.label(*labels[-1][:2], name)


def _free(labels: Iterable[Place], x: float, y: float, width: float) -> Place:
    """A place for a label, left, top and width: there or, where another one is in the way, below that one."""
    for left, top, wide in sorted(labels, key=lambda label: label[1]):
        if left < x + width and x < left + wide and abs(top - y) < LABEL_HEIGHT + 4:
            y = top + LABEL_HEIGHT + 4
    return x, y, width


def _cut(shot: Shot, ratio: float, least: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part to be shown, in the picture's own pixels."""
    boxes = [each.bbox for each in shot.detections]
    left, right = min(b.x for b in boxes), max(b.x + b.width for b in boxes)
    top, bottom = min(b.y for b in boxes), max(b.y + b.height for b in boxes)
    w, h = shot.image.size
    width = min(w, max(least * w, 1.15 * (right - left) * w, 1.15 * (bottom - top) * h * ratio))
    height = width / ratio
    x = min(max((left + right) / 2 * w - width / 2, 0), w - width)
    y = min(max((top + bottom) / 2 * h - height / 2, 0), h - height)
    return round(x), round(y), round(x + width), round(y + height)


def _message(sheet: Sheet, facts: Facts) -> None:
    sheet.heading(RIGHT, 62, 3, "One satellite message")
    sheet.satellite(WIDTH - MARGIN - 64, 84)
    x = sheet.text(RIGHT, 142, f"{len(facts.message)} bytes", size=60, ink=ACCENT, strong=True)
    sheet.text(x + 16, 142, f"of the {CREDIT_BYTES} that one credit buys")
    _bytes(sheet, facts.message, 172)
    x = sheet.key(RIGHT, 296, ACCENT, "the day itself")
    for earlier in _told(facts.message).earlier:
        x = sheet.key(x + 32, 296, TINT, f"{_day(earlier.day)} again, at no cost")
    sheet.key(x + 32, 296, EMPTY, "unused")


def _told(message: bytes) -> DailySummary:
    told = decode(message, builtin_taxa())
    assert isinstance(told, DailySummary)
    return told


def _bytes(sheet: Sheet, message: bytes, top: float) -> None:
    """A cell for each byte of the credit: those of the day, those that carry an earlier one, those left over."""
    in_row, gap = CREDIT_BYTES // 2, 3
    own = len(encode(replace(_told(message), earlier=()), builtin_taxa())[0])
    width = (WIDTH - MARGIN - RIGHT + gap) / in_row - gap
    for number in range(CREDIT_BYTES):
        x, y = RIGHT + number % in_row * (width + gap), top + number // in_row * (43 + gap)
        byte = message[number : number + 1].hex()
        fill, ink = (ACCENT, PAPER) if number < own else (TINT, INK) if byte else (EMPTY, INK)
        sheet.box(x, y, width, 43, fill=fill, line=None if byte else HAIR, thick=1.5)
        sheet.text(x + width / 2, y + 22, byte, size=CODE, ink=ink, at="mm", code=True)


def _table(sheet: Sheet, x: float, number: int, title: str, told: DailySummary | ReceivedDay) -> None:
    sheet.heading(x, 404, number, title)
    columns = (x + 228, x + COLUMN)
    for right, name in zip(columns, ("events", "individuals"), strict=True):
        sheet.text(right, 448, name, size=SMALL, ink=SOFT, at="rs")
    sheet.text(x, 448, _day(told.day), size=SMALL, ink=SOFT)
    y, row = 461.0, 184 / len(told.tallies)
    for tally in sorted(told.tallies, key=lambda tally: tally.taxon):
        sheet.line([(x, y), (x + COLUMN, y)], HAIR, 1.5)
        sheet.text(x, y + 0.74 * row, tally.taxon)
        for right, count in zip(columns, (tally.events, tally.individuals), strict=True):
            sheet.text(right, y + 0.74 * row, str(count), at="rs")
        y += row
    sheet.line([(x, y), (x + COLUMN, y)], INK, 2)
    hours = f"Armed {told.effort.hours_armed:.3g} h, {told.effort.hours_armed_night:.3g} h of it at night"
    sheet.text(x, HEIGHT - MARGIN, hours, size=SMALL, ink=SOFT)


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def save(picture: Image.Image, facts: Facts, path: Path) -> None:
    """Write it with what it was made from, so that a test can tell when the demonstration has moved on."""
    told = PngInfo()
    told.add_text("footage_version", str(FOOTAGE_VERSION))
    told.add_text("model", f"{facts.model.name} {facts.model.version}")
    told.add_text("model_sha256", facts.model.sha256)
    told.add_text("day", DAY.isoformat())
    told.add_text("message", facts.message.hex())
    picture.quantize(256, kmeans=4, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True, pnginfo=told)


def main() -> int:
    """Run, draw, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=PRODUCT, help="where to write it (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cameratrap-picture-") as folder:
        facts = gather(Path(folder))
    save(compose(facts), facts, options.output)
    sys.stderr.write(f"{options.output}: {options.output.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
