"""Lets the real picamera2 drive libcamera's virtual camera; import it before a camera is opened.

The virtual camera gives NV12 and nothing else, has no raw stream, and shares one buffer between the planes of a frame.
Where a Pi's camera would give RGB888 or YUV420, the frame is converted after picamera2 has done its own part, so that
everything else is picamera2 as it is: its configuration, its queue, its requests, its threads.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import libcamera
import numpy as np
from picamera2 import Picamera2
from picamera2.allocators import dmaallocator
from picamera2.request import CompletedRequest
from PIL import Image

_NATIVE = "NV12"
# libcamera names a pixel by its bytes from the last to the first, numpy and OpenCV from the first to the last.
_CONVERSIONS = {
    "RGB888": cv2.COLOR_YUV2BGR_NV12,
    "BGR888": cv2.COLOR_YUV2RGB_NV12,
    "XRGB8888": cv2.COLOR_YUV2BGRA_NV12,
    "XBGR8888": cv2.COLOR_YUV2RGBA_NV12,
}
_configure = Picamera2.configure_
_make_array = CompletedRequest.make_array


def _sizes_without_a_raw_stream(picamera: Any) -> list[dict[str, object]]:
    formats = picamera.camera.generate_configuration([libcamera.StreamRole.Viewfinder]).at(0).formats
    largest = [(str(pixel), formats.range(pixel).max) for pixel in formats.pixel_formats]
    return [{"format": name, "size": (size.width, size.height)} for name, size in largest]


def _two_planes(planes: list[Any]) -> Any:
    """One buffer of NV12 as libcamera wants it: two thirds are luma, the rest is colour."""
    first, second = planes[0], libcamera.FrameBuffer.Plane()
    luma = first.length * 2 // 3
    second.fd, second.offset, second.length = first.fd, luma, first.length - luma
    first.length = luma
    return libcamera.FrameBuffer([first, second])


def _configure_and_remember(picamera: Any, config: Any) -> None:
    """What was asked for is remembered: picamera2 itself replaces a format that the camera does not have."""
    streams = ("main", "lores") if isinstance(config, dict) else ()
    picamera.asked_for = {name: (config.get(name) or {}).get("format") for name in streams}
    _configure(picamera, config)


def _array_as_asked(request: Any, name: str) -> Any:
    frame = _make_array(request, name)
    asked = getattr(request.picam2, "asked_for", {}).get(name)
    if request.config[name]["format"] != _NATIVE or asked in (None, _NATIVE):
        return frame
    if asked == "YUV420":
        luma = frame.shape[0] * 2 // 3
        parts = (frame[:luma], frame[luma:, 0::2], frame[luma:, 1::2])
        return np.concatenate([part.ravel() for part in parts]).reshape(frame.shape)
    return cv2.cvtColor(frame, _CONVERSIONS[asked])


def _image(request: Any, name: str, width: int | None = None, height: int | None = None) -> Image.Image:
    picture = Image.fromarray(cv2.cvtColor(_make_array(request, name), cv2.COLOR_YUV2RGB_NV12))
    return picture.resize((width or picture.width, height or picture.height))


class _Buffers:
    Plane = libcamera.FrameBuffer.Plane

    def __new__(cls, planes: list[Any]) -> Any:
        return _two_planes(planes)


Picamera2._get_raw_modes = _sizes_without_a_raw_stream
Picamera2.configure_ = _configure_and_remember
CompletedRequest.make_array = _array_as_asked
CompletedRequest.make_image = _image
dmaallocator.libcamera = SimpleNamespace(FrameBuffer=_Buffers)
