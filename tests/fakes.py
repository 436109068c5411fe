"""Small stand-ins for the ports, and pictures to play through them."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.errors import ImageError
from cameratrap.ports import Frame, SendResult


def jpeg(seed: int, *, taken: datetime | None = None, width: int = 48, height: int = 36) -> bytes:
    """A small picture, different for each seed, with an EXIF time where one is given."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    exif = Image.Exif()
    if taken is not None:
        exif[0x8769] = {0x9003: taken.strftime("%Y:%m:%d %H:%M:%S")}
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def write_pictures(folder: Path, pictures: Mapping[str, tuple[int, datetime | None]]) -> None:
    """Write ``name -> (seed, time)`` as JPEG files."""
    for name, (seed, taken) in pictures.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(seed, taken=taken))


class SendingLink(ABC):
    """The rest of a SatelliteLink where only ``send`` matters: a look into the mailbox is a session without payload."""

    @abstractmethod
    def send(self, payload: bytes, *, deadline_s: float) -> SendResult: ...

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        return self.send(b"", deadline_s=deadline_s)

    def imei(self, *, deadline_s: float) -> str:
        raise AssertionError("sending needs no number")

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:
        raise AssertionError("sending needs no time")

    def close(self) -> None:
        raise AssertionError("whoever opened the link closes it")


class NamedDetector:
    """A detector that knows what each picture shows by its name: ``{"a/1.jpg": {"Vulpes vulpes": 2}}``.

    A name that is missing shows nothing; a name mapped to None cannot be read.
    """

    name = "by-name"
    version = "1"
    sha256 = "0" * 64
    score_threshold = None

    def __init__(self, answers: Mapping[str, Mapping[str, int] | None]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def detect(self, frame: Frame) -> DetectedFrame:
        self.asked.append(frame.name)
        answer = self.answers.get(frame.name, {})
        if answer is None:
            raise ImageError("the picture is damaged")
        shown = [taxon for taxon, count in answer.items() for _ in range(count)]
        found = [
            Detection(taxon, taxon, round(0.9 - 0.01 * n, 2), BBox(0.1 * n, 0.1, 0.1, 0.1))
            for n, taxon in enumerate(shown)
        ]
        return DetectedFrame(48, 36, tuple(found))

    def close(self) -> None:
        pass


class FrameDetector(NamedDetector):
    """A detector that gives a whole answer for each picture by its name; one that is missing shows nothing."""

    name = "by-frame"
    score_threshold = 0.5

    def __init__(self, frames: Mapping[str, DetectedFrame | None]) -> None:
        super().__init__({name: None for name, frame in frames.items() if frame is None})
        self.frames = frames

    def detect(self, frame: Frame) -> DetectedFrame:
        nothing = super().detect(frame)
        return self.frames.get(frame.name) or nothing
