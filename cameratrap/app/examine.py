"""One file, looked at: what it is, when it was taken, what a detector finds in it. For several threads at once.

A file that cannot be read is a result like the others: it says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from threading import Event

from cameratrap.app.clips import CLIP_EXTENSIONS, ClipFrame, SampleClip, clip_taken
from cameratrap.app.detector_pool import DetectorPool
from cameratrap.app.images import open_image
from cameratrap.domain.detections import DetectedFrame
from cameratrap.errors import ImageError
from cameratrap.ports import Detector, Frame


@dataclass(frozen=True, slots=True)
class Examined:
    """What one file gave. ``frames`` is None, and ``error`` says why, where nothing in it could be read.

    A picture is one frame. A clip is those that were sampled, each ``offsets_s`` after its beginning; one that broke
    off has frames and an error. ``taken`` is aware where the file or the caller gives an offset.
    """

    file: Path
    width: int | None = None
    height: int | None = None
    taken: datetime | None = None
    frames: tuple[DetectedFrame, ...] | None = None
    offsets_s: tuple[float, ...] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Examiner:
    """Looks at files with the detectors of a pool.

    ``zone`` is where times without an offset are taken to be. ``sample`` gives the frames of a clip, ``frame_rate``
    of them a second; without it clips are not known.
    """

    pool: DetectorPool
    zone: tzinfo | None = None
    sample: SampleClip | None = None
    frame_rate: float = 1.0
    stopping: Event = field(default_factory=Event)

    def examine(self, file: Path) -> Examined:
        """Raises ModelError where the model fails."""
        if self.sample is not None and file.suffix.lower() in CLIP_EXTENSIONS:
            return self._clip(file, self.sample)
        return self._picture(file)

    def _picture(self, file: Path) -> Examined:
        result = Examined(file)
        try:
            with open_image(file) as opened, self.pool.detector(opened.decoding_bytes) as detector:
                still = opened.read().at(self.zone)
                result = Examined(file, still.width, still.height, still.taken)
                found = _detect(detector, file, still.data, still.taken)
        except ImageError as error:
            return replace(result, error=str(error))
        return replace(result, frames=(found,))

    def _clip(self, file: Path, sample: SampleClip) -> Examined:
        taken: datetime | None = None
        frames: list[tuple[ClipFrame, DetectedFrame]] = []
        reason: str | None = None
        try:
            taken = self._at(clip_taken(file))
            for frame in sample(file, self.frame_rate):
                frames.append((replace(frame, jpeg=b""), self._clip_frame(file, frame, taken)))
                if self.stopping.is_set():
                    break
        except ImageError as error:
            reason = str(error)
        if not frames:
            return Examined(file, taken=taken, error=reason)
        first = frames[0][0]
        offsets = tuple(frame.offset_s for frame, _ in frames)
        return Examined(file, first.width, first.height, taken, tuple(found for _, found in frames), offsets, reason)

    def _clip_frame(self, file: Path, frame: ClipFrame, taken: datetime | None) -> DetectedFrame:
        with self.pool.detector(len(frame.jpeg) + 3 * frame.width * frame.height) as detector:
            found = _detect(detector, file, frame.jpeg, taken)
        # A background is made of bursts; a long clip's views would only take memory.
        return replace(found, view=None)

    def _at(self, taken: datetime | None) -> datetime | None:
        return taken if taken is None or self.zone is None else taken.replace(tzinfo=self.zone)


def _detect(detector: Detector, file: Path, jpeg: bytes, taken: datetime | None) -> DetectedFrame:
    # A frame has a time because a camera's has; a detector does not look at it, and it goes nowhere else.
    when = datetime.min.replace(tzinfo=UTC) if taken is None else taken if taken.tzinfo else taken.replace(tzinfo=UTC)
    return detector.detect(Frame(jpeg, when, str(file)))
