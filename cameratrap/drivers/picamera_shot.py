"""One exposure as picamera2 gives it: what its metadata mean, and its pictures."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from cameratrap.drivers.camera_device import LUMA_SIZE
from cameratrap.errors import DeviceError

TROUBLE = (RuntimeError, OSError, ValueError, LookupError, MemoryError, CancelledError)
"""What picamera2 and libcamera raise for a camera that is missing, taken, out of memory or broken."""
_OLDEST_S = 60.0  # no frame waits longer than this to be fetched: a stamp from before is of another clock
_AE_CONVERGED, _AF_SCANNING = 2, 1  # libcamera's AeState and AfState


class PiShot:
    """The port Shot over picamera2's completed request."""

    def __init__(self, request: Any, controls: Mapping[str, Any], now_s: float) -> None:
        self._request = request
        try:
            with translated("gives no metadata"):
                metadata = request.get_metadata()
        except DeviceError:
            request.release()
            raise
        self.start_s = exposure_start_s(metadata, now_s)
        self.settled = has_settled(metadata, controls)

    def luma(self) -> Any:
        """Array (480, 640) uint8: the first plane of YUV420, or of NV12, without the padding of its rows."""
        with translated("gives no small picture"):
            return self._request.make_array("lores")[: LUMA_SIZE[1], : LUMA_SIZE[0]]

    def jpeg(self) -> bytes:
        """Encoded by picamera2 straight from the camera's memory."""
        encoded = BytesIO()
        with translated("gives no picture"):
            self._request.save("main", encoded, format="jpeg")
        return encoded.getvalue()

    def release(self) -> None:
        """Give the buffer back to the camera."""
        self._request.release()


def exposure_start_s(metadata: Mapping[str, Any], now_s: float) -> float:
    """When an exposure began, on the monotonic clock that shows ``now_s``.

    SensorTimestamp is in nanoseconds and of the end of the exposure: picamera2 itself takes ExposureTime off it and
    compares with CLOCK_MONOTONIC (``wait_for_timestamp_``), while libcamera's documentation says CLOCK_BOOTTIME, which
    is ahead by the time that a computer was suspended. A stamp ahead of ``now_s`` is of that clock. One that fits
    neither is no time at all, and the frame is taken for one of this moment.
    """
    stamp_s = metadata.get("SensorTimestamp", 0) / 1e9 - metadata.get("ExposureTime", 0) / 1e6
    if stamp_s > now_s:
        stamp_s -= time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return stamp_s if now_s - _OLDEST_S < stamp_s <= now_s else now_s


def has_settled(metadata: Mapping[str, Any], controls: Mapping[str, Any]) -> bool:
    """Whether automatic exposure and focus have come to rest; a camera without them always has.

    libcamera 0.5 says so in AeState, earlier ones in AeLocked.
    """
    if "AeEnable" in controls or "ExposureTime" in controls:
        rests = metadata.get("AeLocked", False) or metadata.get("AeState") == _AE_CONVERGED
        return bool(rests) and metadata.get("AfState") != _AF_SCANNING
    return True


@contextmanager
def translated(what: str, *, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """What picamera2 raises, as a DeviceError; ``but`` is let through."""
    try:
        yield
    except but:
        raise
    except TROUBLE as error:
        raise failed(what, error) from error


def failed(what: str, error: BaseException) -> DeviceError:
    """The error for a camera that did ``what``, because of ``error``, or what was under that."""
    cause = error.__cause__ or error
    no_memory = isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM)
    return DeviceError(
        f"the camera {what}",
        device="camera",
        why=str(cause) or type(cause).__name__,
        hint="the memory that cameras share is used up: take smaller pictures; a reboot clears what was not given back"
        if no_memory
        else "`rpicam-hello --list-cameras` shows whether it is found; no other program may be using it",
    )
