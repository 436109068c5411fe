"""One way of running one model, in a process of its own: it is loaded, then timed whenever it is asked to.

A process apart tells how much memory that way takes, and keeps two runtimes out of each other's way.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from cameratrap.app.images import read_image
from cameratrap.app.models import ModelFolder
from cameratrap.drivers.tflite import TfliteDetector, decode
from cameratrap.drivers.tflite_model import TfliteModel
from cameratrap.errors import CameraTrapError
from cameratrap.ports import Frame
from cameratrap.vision.heads import class_scores

INVOKES = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A model and a way of running it; ``delegate`` says whether XNNPACK may take the operations it knows."""

    model: ModelFolder
    runtime: str
    threads: int
    delegate: bool


@dataclass(frozen=True, slots=True)
class Took:
    """How long one call took, in milliseconds: on the clock, and of the processor, which is no longer where others
    keep it busy; with several threads it is the sum of theirs."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Round:
    """One turn: the model alone several times, and each picture from its bytes to the answer."""

    invoke: tuple[Took, ...]
    detect: tuple[Took, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is there. ``load_ms`` includes the runtime's own import."""

    load_ms: float


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be run in that way."""

    why: str


@dataclass(frozen=True, slots=True)
class Peak:
    """The most memory the process ever held, in megabytes; None where the system does not say."""

    memory_mb: float | None


def serve(connection: Connection, case: Case, pictures: tuple[bytes, ...]) -> None:
    """Load, say ``Loaded``, then a ``Round`` for each True that comes, and after False ``Peak``; or once ``Failed``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    try:
        start = time.perf_counter()
        model, detect = _load(case)
        connection.send(Loaded(1000 * (time.perf_counter() - start)))
        for data in pictures:
            detect(data)
        while connection.recv():
            connection.send(_round(model, detect, pictures))
        connection.send(Peak(peak_memory_mb()))
    except CameraTrapError as error:
        connection.send(Failed(str(error)))
    except (EOFError, BrokenPipeError):
        return  # whoever asked is gone


def _load(case: Case) -> tuple[TfliteModel, Callable[[bytes], object]]:
    """The loaded model, and what the program does with it and a picture."""
    manifest = case.model.manifest
    if manifest.classifier is None:
        detector = TfliteDetector(case.model, runtime=case.runtime, threads=case.threads, delegate=case.delegate)
        return detector.model, lambda data: detector.detect(Frame(data, datetime.fromtimestamp(0, UTC)))
    model = TfliteModel(case.model, runtime=case.runtime, threads=case.threads, delegate=case.delegate)

    def classify(data: bytes) -> object:
        tensors, _ = model.run(decode(read_image(data), manifest.input_spec))
        return class_scores(tensors, manifest.output_spec)

    return model, classify


def _round(model: TfliteModel, detect: Callable[[bytes], object], pictures: tuple[bytes, ...]) -> Round:
    return Round(
        tuple(_timed(model.invoke) for _ in range(INVOKES)),
        tuple(_timed(partial(detect, data)) for data in pictures),
    )


def _timed(call: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Took(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))


def peak_memory_mb() -> float | None:
    """Linux's high-water mark of this program; unlike that of ``resource`` it is not its parent's too."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) / 1000 if found else None
