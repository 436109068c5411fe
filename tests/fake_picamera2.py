"""What picamera2 0.3.38 looks like to a driver, over a sensor that a test can break.

Read off its source, and kept where it matters to a driver: one event loop takes jobs in order, so that ``stop`` waits
behind a capture that does not come while ``close`` does not; a control that is not advertised is refused; frames carry
their own metadata; buffers come out of one memory and go back with the last release; a camera is open once. The event
loop, its "preview", runs from the first start, and a second thread, which hands it libcamera's finished frames, as long
as a camera is open; ``stop`` ends neither.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

PI_CONTROLS = {
    "AeEnable": (False, True, None),
    "ExposureTime": (30, 200_000, 20_000),
    "AnalogueGain": (1.0, 16.0, 1.0),
    "FrameDurationLimits": (10_000, 1_000_000, 33_333),
    "NoiseReductionMode": (0, 4, 0),
}
LOOK_S = 0.005  # the real one's is 0.2 s
AF_CONTROLS = {"AfMode": (0, 2, 0), "AfTrigger": (0, 1, 0), "LensPosition": (0.0, 32.0, 1.0)}


@dataclass
class Sensor:
    """The camera's hardware and the kernel's memory for it; it outlives every ``Picamera2`` that is opened on it.

    ``lives`` says for each time it is started how many frames it gives before it stalls, None for ever; beyond the
    list it never stalls. The ``refusals`` are raised by the next openings, starts, stops and readings of metadata.
    ``brightness`` is the scene's luma at this moment. ``ae_frames`` are the first frames of a run with an exposure
    that has not settled.
    """

    cameras: int = 1
    controls: dict[str, tuple[Any, Any, Any]] = field(default_factory=lambda: dict(PI_CONTROLS))
    interval_s: float = 0.01
    lives: deque[int | None] = field(default_factory=deque)
    refusals: deque[Exception] = field(default_factory=deque)
    start_refusals: deque[Exception] = field(default_factory=deque)
    stop_refusals: deque[Exception] = field(default_factory=deque)
    metadata_refusals: deque[Exception] = field(default_factory=deque)
    brightness: Callable[[], float] = lambda: 120.0
    ae_frames: int = 2
    ae_key: str = "AeLocked"
    memory: int = 64 << 20
    lores_size: tuple[int, int] | None = None
    hang: threading.Event | None = None
    users: int = 0
    opened: int = 0
    started: int = 0
    stopped: int = 0
    held: int = 0
    threads: list[threading.Thread] = field(default_factory=list)
    set: list[dict[str, Any]] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=dict)

    @property
    def awake(self) -> int:
        """How many of picamera2's threads look again and again whether there is something to do."""
        return sum(thread.is_alive() for thread in self.threads)

    @property
    def is_virtual(self) -> bool:
        """libcamera's virtual camera: no control but the frame's duration, no metadata but the time."""
        return "ExposureTime" not in self.controls


class Transform:
    def __init__(self, hflip: int = 0, vflip: int = 0) -> None:
        self.hflip, self.vflip = hflip, vflip


class Manager:
    """The thread that sees libcamera's finished frames; without it none comes."""

    def __init__(self, sensor: Sensor) -> None:
        self.sensor = sensor
        self.running = False
        self.cms = object()
        self.thread: threading.Thread

    def setup(self) -> None:
        self.running = True
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.sensor.threads.append(self.thread)
        self.thread.start()

    def cleanup(self) -> None:
        self.running = False
        self.thread.join()

    def _listen(self) -> None:
        while self.running:
            time.sleep(LOOK_S)


class Job:
    def __init__(self, function: Callable[[], tuple[bool, Any]]) -> None:
        self.function = function
        self.future: Future[Any] = Future()

    def execute(self) -> bool:
        try:
            done, result = self.function()
        except Exception as error:  # noqa: BLE001 - the real one does so, too
            self.future.set_exception(error)
            return True
        if done:
            self.future.set_result(result)
        return done


class Request:
    """A completed request: metadata and buffers of one exposure."""

    def __init__(self, camera: Picamera2, brightness: float, metadata: dict[str, Any]) -> None:
        self._camera, self._brightness, self._metadata = camera, brightness, metadata
        self._count = 1
        camera.sensor.held += 1

    def get_metadata(self) -> dict[str, Any]:
        if self._camera.sensor.metadata_refusals:
            raise self._camera.sensor.metadata_refusals.popleft()
        return dict(self._metadata)

    def make_array(self, name: str) -> Any:
        """YUV420: half as many rows again as the picture has, and padding at the end of each."""
        width, height = self._camera.camera_config[name]["size"]
        assert self._count > 0, "a released request's buffer is the camera's again"
        array = np.full((height * 3 // 2, width + 64), 128, np.uint8)
        array[:height, :width] = min(255, max(0, round(self._brightness)))
        return array

    def save(self, name: str, file_output: BytesIO, format: str | None = None) -> None:  # noqa: A002
        width, height = self._camera.camera_config[name]["size"]
        pixels = self.make_array(name)[:height, :width]
        quality = self._camera.options.get("quality", 90)
        Image.fromarray(pixels).save(file_output, format, quality=quality)

    def release(self) -> None:
        self._count -= 1
        if self._count < 0:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._camera.sensor.held -= 1
        self._camera.buffer_back()


class Picamera2:
    """One camera, open. ``sensor`` is put there by ``installed``."""

    sensor: Sensor

    def __init__(self, camera_num: int = 0) -> None:
        sensor = self.sensor
        self.is_open = False
        if sensor.hang is not None:
            sensor.hang.wait()
        if camera_num >= sensor.cameras:
            raise RuntimeError(f"No camera number {camera_num} found")
        if sensor.refusals:
            raise sensor.refusals.popleft()
        if sensor.users:
            raise RuntimeError("Camera __init__ sequence did not complete.") from RuntimeError(
                "Failed to acquire camera: Device or resource busy"
            )
        sensor.users += 1
        sensor.opened += 1
        self.is_open, self.started = True, False
        self.options: dict[str, Any] = {}
        self.camera_config: dict[str, Any] = {}
        self._cm = Manager(sensor)
        self._cm.setup()
        self._memory = 0
        self._jobs: list[Job] = []
        self._requests: list[Request] = []
        self._wake = threading.Condition()
        self._loop: threading.Thread | None = None
        self._ends = False
        self._free = 0
        self._given = 0
        self._life: int | None = None

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        return dict(self.sensor.controls)

    def create_still_configuration(
        self,
        main: dict[str, Any],
        lores: dict[str, Any] | None = None,
        raw: dict[str, Any] | None = {},  # noqa: B006 - the real one's default
        transform: Transform | None = None,
        buffer_count: int = 1,
        controls: dict[str, Any] = {},  # noqa: B006
        queue: bool = True,
    ) -> dict[str, Any]:
        return {
            "main": main,
            "lores": lores,
            "raw": raw,
            "transform": transform,
            "buffer_count": buffer_count,
            "controls": controls,
            "queue": queue,
        }

    def configure(self, configuration: dict[str, Any]) -> None:
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        main, lores = configuration["main"], dict(configuration["lores"])
        if any(small > large for small, large in zip(lores["size"], main["size"], strict=True)):
            raise RuntimeError("lores stream dimensions may not exceed main stream")
        lores["size"] = self.sensor.lores_size or lores["size"]
        needed = sum(w * h * 3 // 2 for w, h in (main["size"], lores["size"])) * configuration["buffer_count"]
        if needed > self.sensor.memory:
            raise OSError(12, "Cannot allocate memory")
        self.sensor.memory -= needed
        self._memory = needed
        self.camera_config = {**configuration, "lores": lores}
        self.sensor.configuration = self.camera_config
        self.set_controls(configuration["controls"])

    def camera_configuration(self) -> dict[str, Any]:
        return self.camera_config

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name in controls:
            if name not in self.sensor.controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self.sensor.set.append(controls)

    def start(self) -> None:
        if self.sensor.start_refusals:
            raise self.sensor.start_refusals.popleft()
        self._life = self.sensor.lives.popleft() if self.sensor.lives else None
        self._free, self._given, self.started = self.camera_config["buffer_count"], 0, True
        self.sensor.started += 1
        if self._loop is None:
            self._ends = False
            self._loop = threading.Thread(target=self._run, daemon=True)
            self.sensor.threads.append(self._loop)
            self._loop.start()

    def stop(self) -> None:
        """Behind every job that waits, as the real one."""
        if self.sensor.stop_refusals:
            raise self.sensor.stop_refusals.popleft()
        if self.started and self._loop is not None:
            self._dispatch(self._stop, wait=True, immediate=True)
        elif self.started:
            self._stop()

    def stop_preview(self) -> None:
        if self._loop is None:
            raise RuntimeError("No preview specified.")
        with self._wake:
            self._ends = True
            self._wake.notify()
        self._loop.join()
        self._loop = None

    def close(self) -> None:
        """Ends the event loop first, so that it waits behind nothing."""
        if not self.is_open:
            return
        if self._loop is not None:
            self.stop_preview()
        if self.started:
            self._stop()
        self._cm.cleanup()
        self.is_open = False
        self.sensor.users -= 1
        self.sensor.memory += self._memory if not self.sensor.held else 0  # what is held is lost until the next boot

    def capture_request(self, wait: bool | float | None = None) -> Any:
        return self._dispatch(self._capture, wait=wait is None or wait, immediate=False)

    def wait(self, job: Job, timeout: float | None = None) -> Any:
        return job.future.result(timeout)

    def buffer_back(self) -> None:
        with self._wake:
            self._free += 1

    def _dispatch(self, function: Callable[[], tuple[bool, Any]], *, wait: bool | float, immediate: bool) -> Any:
        job = Job(function)
        with self._wake:
            self._jobs.append(job)
            if immediate:
                self._wake.notify()
        return job.future.result(None if wait is True else wait) if wait else job

    def _capture(self) -> tuple[bool, Any]:
        return (True, self._requests.pop(0)) if self._requests else (False, None)

    def _stop(self) -> tuple[bool, Any]:
        self.started = False
        self.sensor.stopped += 1
        return True, None

    def _run(self) -> None:
        with self._wake:
            while not self._ends:
                self._wake.wait(self.sensor.interval_s)
                if self.started and self._cm.running and self._free and self._given != self._life:
                    self._requests.append(self._expose())
                while self._jobs and self._jobs[0].execute():
                    self._jobs.pop(0)
                while self._requests:  # queue=False: a frame that nobody asked for is not kept
                    self._requests.pop().release()
            while self._jobs:
                self._jobs.pop().future.set_exception(CancelledError())

    def _expose(self) -> Request:
        self._free -= 1
        self._given += 1
        metadata: dict[str, Any] = {"SensorTimestamp": time.monotonic_ns()}
        if not self.sensor.is_virtual:
            settled = self._given > self.sensor.ae_frames
            state = settled if self.sensor.ae_key == "AeLocked" else 2 if settled else 1
            metadata |= {"ExposureTime": 5000, "AnalogueGain": 2.0, "DigitalGain": 1.0, self.sensor.ae_key: state}
        return Request(self, self.sensor.brightness(), metadata)


@contextmanager
def installed(sensor: Sensor) -> Iterator[Sensor]:
    """picamera2 and libcamera are these, over ``sensor``; every camera must have been closed at the end."""
    with pytest.MonkeyPatch.context() as patch:
        camera = type("Picamera2", (Picamera2,), {"sensor": sensor})
        for name, content in (("picamera2", {"Picamera2": camera}), ("libcamera", {"Transform": Transform})):
            module = ModuleType(name)
            vars(module).update(content)
            patch.setitem(sys.modules, name, module)
        yield sensor
