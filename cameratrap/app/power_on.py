"""The ports as a trap sees them that was just switched on: its trigger is over already, its first burst under way.

Nothing heavy may be imported here: this is loaded before the first frame is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import SimpleQueue

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.errors import CameraTrapError, DeviceError
from cameratrap.ports import Camera, Clock, EndOfTriggers, Frame, Trigger, TriggerSource


class UnderWay:
    """The port Camera that takes the burst of ``trigger`` from now on, in a thread, while the program still loads."""

    def __init__(self, camera: Camera, trigger: Trigger, profile: BurstProfile) -> None:
        self._camera = camera
        self._key: str | None = trigger.key
        self._frames: SimpleQueue[Frame | CameraTrapError | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._capture, args=(trigger, profile), name="first-burst", daemon=True)
        self._thread.start()

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        """The burst that is under way where it is of this trigger, else another. Raises DeviceError."""
        if trigger.key != self._key:
            self._thread.join()
            yield from self._camera.capture_burst(trigger, profile)
            return
        self._key = None
        while (frame := self._frames.get()) is not None:
            if isinstance(frame, CameraTrapError):
                raise frame
            yield frame

    @property
    def waits(self) -> bool:
        """Whether nobody has asked for the burst that is under way, so that its pictures are in memory alone."""
        return self._key is not None

    def incidents(self) -> Sequence[Incident]:
        """The camera's."""
        return self._camera.incidents()

    def close(self) -> None:
        """Let the burst end, and close the camera."""
        self._thread.join()
        self._camera.close()

    def _capture(self, trigger: Trigger, profile: BurstProfile) -> None:
        try:
            for frame in self._camera.capture_burst(trigger, profile):
                self._frames.put(frame)
        except CameraTrapError as error:
            self._frames.put(error)
        finally:
            self._frames.put(None)


class LateCamera:
    """The port Camera that is opened, by ``opened``, for the first burst that is asked for: mostly there is none."""

    def __init__(self, opened: Callable[[], Camera]) -> None:
        self._opened = opened
        self._camera: Camera | None = None

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        """The camera's. Raises DeviceError."""
        if self._camera is None:
            self._camera = self._opened()
        return self._camera.capture_burst(trigger, profile)

    def incidents(self) -> Sequence[Incident]:
        """The camera's, once there is one."""
        return self._camera.incidents() if self._camera else ()

    def close(self) -> None:
        """Close it, where it was opened."""
        if self._camera is not None:
            self._camera.close()


class NoCamera:
    """The port Camera where there is none: each burst fails with the reason, and is counted."""

    def __init__(self, error: DeviceError) -> None:
        self._error = error

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:  # noqa: ARG002
        """Raises the reason."""
        raise self._error

    def incidents(self) -> Sequence[Incident]:
        """What there is not, nothing happens to."""
        return ()

    def close(self) -> None:
        """Nothing is held open."""


class PowerOnTriggers:
    """The port TriggerSource: ``first``, which switched the trap on, then what comes ``live`` while it is up.

    It ends ``linger_s`` after the last trigger was asked for.
    """

    def __init__(self, first: Trigger | None, live: TriggerSource | None, clock: Clock, *, linger_s: float) -> None:
        self._first = first
        self._live = live
        self._clock = clock
        self._linger_s = linger_s
        self._ends_s: float | None = None

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next trigger. Raises EndOfTriggers when the trap need not stay up for another."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if timeout_s == 0:
            return self._live.wait(0) if self._live else None
        now_s = self._clock.monotonic_s()
        self._ends_s = now_s + self._linger_s if self._ends_s is None else self._ends_s
        left_s = self._ends_s - now_s
        if self._live is None or left_s <= 0:
            raise EndOfTriggers
        trigger = self._live.wait(left_s if timeout_s is None else min(left_s, timeout_s))
        if trigger is not None:
            self._ends_s = None
        return trigger

    def suppressed(self) -> Mapping[str, int]:
        """What the live source has not passed on."""
        return self._live.suppressed() if self._live else {}

    def incidents(self) -> Sequence[Incident]:
        """What happened to the live source."""
        return self._live.incidents() if self._live else ()

    def close(self) -> None:
        """Close the live source."""
        if self._live is not None:
            self._live.close()
