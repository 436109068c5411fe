"""What every kind of camera does for the trap: one exposure after the other, each held until it is released."""

from __future__ import annotations

from typing import Any, Protocol

LUMA_SIZE = (640, 480)
"""Width and height of the stream for motion and brightness."""
FRESH_S = 1.0
"""A frame that was asked for earlier is still of use if it is not older than this when it is fetched."""


class Shot(Protocol):
    """One exposure, which the device holds until it is released: always, and soon."""

    @property
    def start_s(self) -> float:
        """When it began, on this boot's monotonic clock."""
        ...

    @property
    def settled(self) -> bool:
        """Whether exposure and focus had come to rest."""
        ...

    def luma(self) -> Any:
        """Array (480, 640) uint8. Raises DeviceError."""
        ...

    def jpeg(self) -> bytes:
        """The picture in full, without EXIF of ours. Raises DeviceError."""
        ...

    def release(self) -> None: ...


class CameraDevice(Protocol):
    """What a kind of camera must do. Each call raises DeviceError where the camera does not answer."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures, once it is open: it may not give those that were asked for."""
        ...

    def open(self) -> None:
        """Find it, so that one that is missing is known at once."""
        ...

    def start(self, *, at_once: bool = False) -> None:
        """Open it where it is not, and have it expose one frame after the other.

        With ``at_once`` the first frame is asked for here, and is the next shot however old it is by then.
        """
        ...

    def pace(self, *, fast: bool) -> None:
        """As many frames a second as it can, or the few that watching for motion needs."""
        ...

    def next_shot(self, timeout_s: float) -> Shot | None:
        """The next exposure, None when ``timeout_s`` passed."""
        ...

    def stop(self) -> None:
        """Take no frames, and as little power as it can; ``start`` goes on."""
        ...

    def close(self) -> None:
        """Give the camera back; it may have been closed. Never raises: it may be the camera that hangs."""
        ...
