"""Two days at a trap, small enough to be played hundreds of times: its pictures, what each shows, its configuration.

Nothing here loads numpy, so that a process may play it in little memory.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.ports import Frame

FOX, BADGER, PERSON, CAR = "Vulpes vulpes", "Meles meles", "Homo sapiens", "vehicle"
WIDTH, HEIGHT = 80, 60
CONFIGURATION = """\
[station]
id = "ridge"
utc_offset = "+00:00"

[people]
person = "blur"
vehicle = "count"

[alerts]
taxa = ["Meles meles"]

[modem]  # what it may take by now depends on the hour
energy_j_per_day = 100000
"""


@dataclass(frozen=True, slots=True)
class Story:
    """``shows``: picture -> when it was taken (the station's time) and what it shows."""

    shows: Mapping[str, tuple[str, str | None]]

    def write(self, folder: Path) -> None:
        """The pictures, below ``folder / "story"``, and the configuration beside it."""
        (folder / "story").mkdir(parents=True)
        (folder / "cameratrap.toml").write_text(CONFIGURATION, encoding="utf-8")
        for seed, (name, (taken, _)) in enumerate(self.shows.items()):
            (folder / "story" / name).write_bytes(_jpeg(seed, datetime.fromisoformat(taken)))


WHOLE = Story(
    {
        "1.jpg": ("2026-06-01T05:00:00", FOX),
        "2.jpg": ("2026-06-01T05:00:01", FOX),
        "3.jpg": ("2026-06-01T12:00:00", PERSON),
        "4.jpg": ("2026-06-01T20:00:00", CAR),
        "5.jpg": ("2026-06-02T05:00:00", BADGER),
        "6.jpg": ("2026-06-02T05:00:01", BADGER),
        "7.jpg": ("2026-06-02T06:00:00", None),
    }
)
SHORT = Story({name: WHOLE.shows[name] for name in ("1.jpg", "2.jpg", "3.jpg", "5.jpg")})


@dataclass
class StoryDetector:
    """Knows each picture by its name. ``looking`` is called with the name before the answer."""

    name = "by-name"
    version = "1"
    sha256 = "0" * 64
    score_threshold = None
    looked: list[str] = field(default_factory=list)

    def detect(self, frame: Frame) -> DetectedFrame:
        self.looked.append(frame.name)
        _, shown = WHOLE.shows[frame.name]
        found = () if shown is None else (Detection(shown, shown, 0.9, BBox(0.2, 0.2, 0.4, 0.4)),)
        return DetectedFrame(WIDTH, HEIGHT, found)

    def close(self) -> None:
        pass


def _jpeg(seed: int, taken: datetime) -> bytes:
    """Noise, so that a picture is of several pages of a disk."""
    image = Image.frombytes("RGB", (WIDTH, HEIGHT), random.Random(seed).randbytes(3 * WIDTH * HEIGHT))
    exif = Image.Exif()
    exif[0x8769] = {0x9003: taken.strftime("%Y:%m:%d %H:%M:%S")}
    stream = BytesIO()
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()
