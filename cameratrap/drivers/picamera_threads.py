"""picamera2's own threads, which run only while the camera does.

It has two: one sees libcamera's finished frames, one hands them to who waits for them (its "preview", of which nothing
is shown). Both look every 0.2 s whether they should end, and picamera2 lets them run on while the camera is stopped
(read off 0.3.38): ten wake-ups a second of a trap that does nothing.
"""

from __future__ import annotations

from typing import Any


class CameraThreads:
    """Starts and stops ``camera``, an open Picamera2, with its threads."""

    def __init__(self, camera: Any) -> None:
        self._camera = camera
        self._manager = camera._cm
        # That thread lets go of libcamera when it ends; with us as the last that hold it, libcamera would start afresh.
        self._libcamera = self._manager.cms
        self._rest()

    def start(self) -> None:
        """Run the threads and the camera."""
        if not self._manager.running:
            self._manager.setup()
        self._camera.start()

    def stop(self) -> None:
        """Stop the camera, then the threads; that takes up to 0.2 s."""
        self._camera.stop()
        self._manager.running = False
        self._camera.stop_preview()
        self._rest()

    def _rest(self) -> None:
        self._manager.running = False
        self._manager.thread.join()
