"""What models cost here: every installed runtime, with and without its delegate, on so many threads, side by side.

Each case is a process of its own (``bench_worker``), and the rounds go from one to the next, so that whatever else
the machine does falls on all of them alike.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from statistics import median, quantiles
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from cameratrap.app.models import ModelFolder
from cameratrap.drivers.bench_worker import Case, Failed, Loaded, Peak, Round, Took, serve
from cameratrap.drivers.runtimes import installed_runtimes

# Loading a model on a slow card, or one round of a large one on a Pi Zero.
DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Times:
    """Times in milliseconds: the median on the clock, how far the upper and the lower quartile are apart, and the
    median of the processor's time."""

    wall_ms: float
    spread_ms: float
    cpu_ms: float

    @classmethod
    def of(cls, calls: Sequence[Took]) -> Times:
        """Of two calls at least."""
        lower, middle, upper = quantiles([took.wall_ms for took in calls], n=4, method="inclusive")
        return cls(middle, upper - lower, median(took.cpu_ms for took in calls))


@dataclass
class Measured:
    """What one case gave; ``error`` says why it gave nothing."""

    case: Case
    load_ms: float | None = None
    rounds: list[Round] = field(default_factory=list)
    peak_mb: float | None = None
    error: str | None = None

    @property
    def invoke(self) -> Times | None:
        """The model alone."""
        return Times.of([took for one in self.rounds for took in one.invoke]) if self.rounds else None

    @property
    def detect(self) -> Times | None:
        """From a picture's bytes to the answer."""
        calls = [took for one in self.rounds for took in one.detect]
        return Times.of(calls) if len(calls) > 1 else None

    def ratio(self, other: Measured) -> float | None:
        """How many times the other's processor time the model alone takes. None where one of the two has none."""
        if self.invoke is None or other.invoke is None:
            return None
        return self.invoke.cpu_ms / other.invoke.cpu_ms


def cases(models: Iterable[ModelFolder], threads: Sequence[int]) -> list[Case]:
    """Every model in every way there is here."""
    runtimes = [runtime.name for runtime in installed_runtimes()]
    return [
        Case(model, runtime, count, delegate)
        for model in models
        for runtime in runtimes
        for count in threads
        for delegate in (True, False)
    ]


def measure(
    chosen: Sequence[Case], pictures: Sequence[bytes], rounds: int, *, progress: Callable[[], None] = lambda: None
) -> list[Measured]:
    """Run them side by side. ``progress`` is called once a case and round, and once a case for loading."""
    with ExitStack() as stack:
        workers = []
        for case in chosen:
            workers.append(stack.enter_context(_Worker(case, tuple(pictures))))
            workers[-1].load()
            progress()
        for number in range(rounds):
            first = number % max(len(workers), 1)
            for worker in workers[first:] + workers[:first]:
                worker.round()
                progress()
        for worker in workers:
            worker.finish()
        return [worker.measured for worker in workers]


def drawn_picture(width: int = 4056, height: int = 3040) -> bytes:
    """A JPEG of that size with shapes and grain in it, always the same: what decoding costs depends on both."""
    random = np.random.default_rng(1)
    coarse = random.integers(0, 255, (height // 64 + 1, width // 64 + 1, 3), np.uint8)
    shapes = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = random.integers(0, 24, (height, width, 1), np.uint8)
    return cv2.imencode(".jpg", cv2.add(shapes, np.repeat(grain, 3, axis=2)))[1].tobytes()


class _Worker:
    """The process of one case, seen from here. One that fails is asked no more."""

    def __init__(self, case: Case, pictures: tuple[bytes, ...]) -> None:
        self.measured = Measured(case)
        self._connection, its_end = multiprocessing.get_context("spawn").Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(its_end, case, pictures), daemon=True
        )
        self._its_end = its_end

    def __enter__(self) -> Self:
        self._process.start()
        self._its_end.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()
        self._process.close()
        self._connection.close()

    def load(self) -> None:
        """Wait until the model is there."""
        if isinstance(answer := self._answer(), Loaded):
            self.measured.load_ms = answer.load_ms

    def round(self) -> None:
        """One round, if it still runs."""
        if isinstance(answer := self._ask(another=True), Round):
            self.measured.rounds.append(answer)

    def finish(self) -> None:
        """The memory it took."""
        if isinstance(answer := self._ask(another=False), Peak):
            self.measured.peak_mb = answer.memory_mb

    def _ask(self, *, another: bool) -> object:
        if self.measured.error is not None:
            return None
        with suppress(OSError):  # it has ended; that it says nothing more is read next
            self._connection.send(another)
        return self._answer()

    def _answer(self) -> object:
        if not self._connection.poll(DEADLINE_S):
            self.measured.error = f"no answer for {DEADLINE_S:.0f} s"
            return None
        try:
            answer = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(1)
            self.measured.error = f"the process ended with {self._process.exitcode}; perhaps it ran out of memory"
            return None
        if isinstance(answer, Failed):
            self.measured.error = answer.why
        return answer
