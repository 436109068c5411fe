"""A camera that is started again when it stalls: a bounded number of times, each told.

Frames stop after weeks, cables come loose, memory runs out. Closing a camera and opening it again cures most of that; a
new process, and at last a reboot, cure the rest, which whoever runs this program sees to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from math import inf

from cameratrap.domain.capture import Incident
from cameratrap.drivers.camera_device import CameraDevice, Shot
from cameratrap.errors import DeviceError

RESTART_PAUSE_S = 1.0
"""A USB camera that fell off the bus needs this long to be there again."""


class SteadyCamera:
    """Exposures of ``device``, for several threads. ``restarts``: how many in a row are tried before it is given up.

    ``missing`` is why it could not be opened, where it could not.
    """

    def __init__(
        self,
        device: CameraDevice,
        monotonic_s: Callable[[], float],
        *,
        stall_s: float,
        restarts: int,
        wait: Callable[[float], None] = time.sleep,
        missing: DeviceError | None = None,
    ) -> None:
        self.restarted = 0
        """How often it was closed and opened again, all in all."""
        self._device = device
        self._monotonic_s = monotonic_s
        self._stall_s = stall_s
        self._restarts = restarts
        self._wait = wait
        self._lock = threading.Lock()  # one thread at a time asks the device for an exposure, or starts it again
        self._waited_s = 0.0
        self._failures = 0
        self._broken = False
        self._incidents: list[Incident] = []
        if missing is not None:
            self._note(str(missing), recovered=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self._device.size

    def shot(self, timeout_s: float | None = None, *, fast: bool) -> Shot | None:
        """The next exposure; None when ``timeout_s`` passed, which it never does where that is None.

        Starts a camera that is not running. With ``fast`` exposures come as fast as they can. Raises DeviceError after
        the last restart.
        """
        end_s = inf if timeout_s is None else self._monotonic_s() + timeout_s
        with self._lock:
            while True:
                began_s = self._monotonic_s()
                try:
                    shot = self._running(min(end_s - began_s, self._stall_s - self._waited_s), fast=fast)
                except DeviceError as error:
                    self._restart(error)
                    continue
                if shot is not None:
                    self._works()
                    return shot
                self._waited_s += self._monotonic_s() - began_s
                if self._waited_s >= self._stall_s:
                    self._restart(DeviceError(f"no picture for {self._stall_s:g} s", device="camera"))
                elif self._monotonic_s() >= end_s:
                    return None

    def rest(self, *, standby: bool) -> None:
        """The burst is over: a camera on ``standby`` goes on slowly, another stops.

        What fails now costs no picture any more, and is a matter of the next start.
        """
        with self._lock:
            try:
                if standby:
                    self._device.pace(fast=False)
                else:
                    self._device.stop()
            except DeviceError as error:
                self._note(f"{error}; closed", recovered=False)
                self._device.close()

    def incidents(self) -> Sequence[Incident]:
        """What happened to it since this was last asked, each told once."""
        told, self._incidents = tuple(self._incidents), []
        return told

    def close(self) -> None:
        """Give the camera back."""
        with self._lock:
            self._device.close()

    def _running(self, timeout_s: float, *, fast: bool) -> Shot | None:
        self._device.start()
        if fast:
            self._device.pace(fast=True)
        return self._device.next_shot(max(timeout_s, 0.0))

    def _restart(self, error: DeviceError) -> None:
        """Close it, so that the next try opens it afresh. Raises DeviceError where that was tried often enough."""
        self._waited_s = 0.0
        self._device.close()
        most = self._restarts
        if self._failures >= most:
            self._failures = 0
            self._note(f"{error}; given up after {most} restarts", recovered=False)
            raise _given_up(error, most) from error
        self._failures += 1
        self.restarted += 1
        self._note(f"{error}; restart {self._failures} of {most}", recovered=False)
        self._wait(RESTART_PAUSE_S)

    def _works(self) -> None:
        self._waited_s, self._failures = 0.0, 0
        if self._broken:
            self._note("gives pictures again", recovered=True)

    def _note(self, what: str, *, recovered: bool) -> None:
        self._broken = not recovered
        self._incidents.append(Incident("camera", what, self._monotonic_s(), recovered))


def _given_up(error: DeviceError, restarts: int) -> DeviceError:
    return DeviceError(
        f"the camera does not answer after {restarts} restarts",
        device="camera",
        why=str(error),
        hint=error.hint or "check its cable; what a new start of the program does not cure, a reboot may",
    )
