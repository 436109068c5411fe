"""Serial lines with an emulated device at their far end: in memory, and on a pseudo-terminal.

The one in memory runs on virtual time and can be as bad as a line gets; the pseudo-terminal is a real one, so that
the real serial driver runs.
"""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from cameratrap.errors import DeviceError

READ_BYTES = 4096


class SerialDevice(Protocol):
    """What sits at the far end: bytes and time in, bytes out."""

    @property
    def wake_at_s(self) -> float | None: ...
    def feed(self, data: bytes, now_s: float = 0.0) -> bytes: ...
    def time_passes(self, now_s: float) -> bytes: ...


class VirtualClock:
    """Monotonic seconds that pass only when someone waits."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def __call__(self) -> float:
        return self._now_s

    def advance_to(self, moment_s: float) -> None:
        """Let time pass up to ``moment_s``; it never runs back."""
        self._now_s = max(self._now_s, moment_s)


class MemoryLine:
    """A SerialLink on virtual time.

    ``chunk``: how many bytes one read gives at most. ``delay_s``: how long each byte is on its way to the computer.
    ``lost_to_device`` and ``lost_from_device``: the positions of bytes, counted over the line's life, that vanish.
    ``breaks_after``: the line is gone once it has carried so many bytes in both directions together.
    """

    def __init__(
        self,
        device: SerialDevice,
        clock: VirtualClock,
        *,
        chunk: int = READ_BYTES,
        delay_s: float = 0.0,
        lost_to_device: Collection[int] = (),
        lost_from_device: Collection[int] = (),
        breaks_after: int | None = None,
    ) -> None:
        self._device = device
        self._clock = clock
        self._chunk = chunk
        self._delay_s = delay_s
        self._lost_to_device = lost_to_device
        self._lost_from_device = lost_from_device
        self._breaks_after = breaks_after
        self._arriving: deque[tuple[float, int]] = deque()
        self._written = 0
        self._answered = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        """Carry ``data`` to the device. Raises DeviceError once the line is gone."""
        for byte in data:
            self._check()
            if self._written not in self._lost_to_device:
                self._answer(self._device.feed(bytes([byte]), self._clock()))
            self._written += 1

    def inject(self, data: bytes) -> None:
        """Let ``data`` arrive as if the device had written it: garbage, or an unsolicited line."""
        self._answer(data)

    def read(self, timeout_s: float) -> bytes:
        """As SerialLink.read. Waiting costs virtual time only. Raises DeviceError once the line is gone."""
        self._check()
        ends_s = self._clock() + max(0.0, timeout_s)
        while not (arrived := self._arrived()):
            moment_s = min(ends_s, *self._events_s(), ends_s)
            self._clock.advance_to(moment_s)
            self._answer(self._device.time_passes(self._clock()))
            if self._clock() >= ends_s:
                return self._arrived()
        return arrived

    def close(self) -> None:
        """Give the line back."""
        self.closed = True

    def _arrived(self) -> bytes:
        taken = bytearray()
        while self._arriving and self._arriving[0][0] <= self._clock() and len(taken) < self._chunk:
            taken.append(self._arriving.popleft()[1])
        return bytes(taken)

    def _answer(self, data: bytes) -> None:
        for byte in data:
            if self._answered not in self._lost_from_device:
                self._arriving.append((self._clock() + self._delay_s, byte))
            self._answered += 1

    def _events_s(self) -> list[float]:
        device = [] if self._device.wake_at_s is None else [self._device.wake_at_s]
        return device + [moment_s for moment_s, _ in list(self._arriving)[:1]]

    def _check(self) -> None:
        if self.closed or (self._breaks_after is not None and self._written + self._answered >= self._breaks_after):
            raise DeviceError("the line is gone", device="memory line", why="it was closed or pulled out")


class PseudoTerminal:
    """A device on a pseudo-terminal, served by a thread. ``port`` is what a serial driver opens."""

    def __init__(self, device: SerialDevice, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._monotonic_s = monotonic_s
        # The far end is kept open here too: without it the near end reads an error until a driver opens the port.
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.port = os.ttyname(self._far)
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self.serve, name="emulated modem", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join()
        for descriptor in (self._near, self._far, self._wake_read, self._wake_write):
            os.close(descriptor)

    def stop(self) -> None:
        """End `serve`; safe from a signal handler or another thread."""
        os.write(self._wake_write, b"x")

    def serve(self) -> None:
        """Carry bytes until `stop`."""
        while True:
            wake_at_s = self._device.wake_at_s
            wait_s = None if wake_at_s is None else max(0.0, wake_at_s - self._monotonic_s())
            ready, _, _ = select.select([self._near, self._wake_read], [], [], wait_s)
            if self._wake_read in ready:
                return
            data = os.read(self._near, READ_BYTES) if self._near in ready else b""
            # What nobody reads is lost, as on a line without flow control; the device never waits.
            with suppress(BlockingIOError):
                os.write(self._near, self._device.feed(data, self._monotonic_s()))
