"""A detector that is loaded when something is looked at: a second of work that comes after the pictures are safe."""

from __future__ import annotations

from collections.abc import Callable

from cameratrap.domain.detections import DetectedFrame
from cameratrap.ports import Detector, Frame


class LateDetector:
    """The port Detector. Each member may raise what opening it does: UsageError, ModelError, DeviceError."""

    def __init__(self, load: Callable[[], Detector]) -> None:
        self._load = load
        self._loaded: Detector | None = None

    @property
    def _detector(self) -> Detector:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    @property
    def name(self) -> str:
        """The model's name."""
        return self._detector.name

    @property
    def version(self) -> str:
        """The model's version."""
        return self._detector.version

    @property
    def sha256(self) -> str:
        """The model file's hash."""
        return self._detector.sha256

    @property
    def score_threshold(self) -> float | None:
        """The model's general threshold."""
        return self._detector.score_threshold

    def detect(self, frame: Frame) -> DetectedFrame:
        """Raises ImageError and ModelError as well."""
        return self._detector.detect(frame)

    def close(self) -> None:
        """Close it, if it was opened."""
        if self._loaded is not None:
            self._loaded.close()
