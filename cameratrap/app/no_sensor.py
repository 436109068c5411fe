"""The port TriggerSource where the sensor cannot be had: nothing triggers, and that is told as a fault."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from cameratrap.domain.capture import Incident
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, Trigger

CAMERA, PIR = "camera", "pir"


class NoSensor:
    """Stands in for the sensor that ``error`` tells of, which is down from now on."""

    def __init__(self, error: DeviceError, clock: Clock) -> None:
        device = CAMERA if error.device == CAMERA else PIR
        self._incidents = [Incident(device, str(error), clock.monotonic_s(), recovered=False)]
        self._never = threading.Event()

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """None, when ``timeout_s`` has passed."""
        self._never.wait(timeout_s)
        return None

    def suppressed(self) -> Mapping[str, int]:
        """What is not there sees nothing."""
        return {}

    def incidents(self) -> Sequence[Incident]:
        """That it is not there, told once."""
        told, self._incidents = tuple(self._incidents), []
        return told

    def close(self) -> None:
        """Nothing is held open."""
