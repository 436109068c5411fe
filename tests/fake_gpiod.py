"""A GPIO chip as gpiod shows it to a driver: lines with levels, pulls and edges, over real pipes that can be waited on.

Settings, events and their names are gpiod's own; only what goes to the kernel is not. As on some kernels, an output
that is freed stays at its level.
"""

from __future__ import annotations

import errno
import os
import select
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from gpiod import EdgeEvent, LineSettings
from gpiod.line import Bias, Direction, Edge, Value

_HEARD = {Edge.NONE: (), Edge.RISING: (1,), Edge.FALLING: (0,), Edge.BOTH: (0, 1)}
_PULLED = {Bias.PULL_UP: 1, Bias.PULL_DOWN: 0}


@dataclass
class Line:
    """``driven`` from outside, None where nothing is connected. ``outputs`` is every level it has had as an output."""

    driven: int | None = None
    user: str = ""
    settings: LineSettings = field(default_factory=LineSettings)
    is_output: bool = False
    level: int = 0
    outputs: list[int] = field(default_factory=list)
    request: Request | None = None

    def value(self) -> int:
        pulled = _PULLED.get(self.settings.bias, 0)
        return self.level if self.is_output else pulled if self.driven is None else self.driven

    def configure(self, settings: LineSettings) -> None:
        self.settings = settings
        if settings.direction is Direction.INPUT:
            self.is_output = False
        elif settings.direction is Direction.OUTPUT:
            self.is_output = True
            self.put(int(bool(settings.output_value)))

    def put(self, level: int) -> None:
        self.level = level
        self.outputs.append(level)


class Request:
    """A line that was claimed."""

    def __init__(self, line: Line, number: int) -> None:
        self.line, self.number = line, number
        self.fd, self._write = os.pipe()
        self.events: deque[EdgeEvent] = deque()
        self.refusal: OSError | None = None

    def edge(self, level: int, at_ns: int | None = None) -> None:
        """The line goes to ``level``."""
        self.line.driven = level
        if level in _HEARD[self.line.settings.edge_detection]:
            kind = EdgeEvent.Type.RISING_EDGE if level else EdgeEvent.Type.FALLING_EDGE
            self.events.append(EdgeEvent(kind.value, at_ns or time.monotonic_ns(), self.number, 0, 0))
            os.write(self._write, b"\0")

    def reconfigure_lines(self, config: dict[int, LineSettings]) -> None:
        self.line.configure(config[self.number])

    def get_value(self, number: int) -> Value:
        assert number == self.number
        return Value.ACTIVE if self.line.value() else Value.INACTIVE

    def set_value(self, number: int, value: Value) -> None:
        assert number == self.number
        self.line.put(int(bool(value)))

    def wait_edge_events(self, timeout: float) -> bool:
        return bool(select.select([self.fd], [], [], timeout)[0])

    def read_edge_events(self) -> list[EdgeEvent]:
        if self.refusal is not None:
            raise self.refusal
        return [self.events.popleft() for _ in os.read(self.fd, 64)]

    def release(self) -> None:
        assert self.line.request is self, "a request is released once"
        self.line.request, self.line.user = None, ""
        os.close(self.fd)
        os.close(self._write)


class Board:
    """Every chip of a machine; ``lines`` are those of each."""

    def __init__(self) -> None:
        self.lines = [Line() for _ in range(54)]
        self.buffer_sizes: list[int] = []

    def chip(self, path: str) -> Chip:
        return Chip(self, Path(path).read_text(encoding="ascii"))


class Chip:
    """An open chip."""

    def __init__(self, board: Board, label: str) -> None:
        self._board, self._label = board, label
        self.is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.is_open = False

    def get_info(self) -> Any:
        return SimpleNamespace(label=self._label)

    def get_line_info(self, number: int) -> Any:
        return SimpleNamespace(consumer=self._board.lines[number].user)

    def request_lines(self, config: dict[int, LineSettings], consumer: str, event_buffer_size: int) -> Request:
        assert self.is_open
        ((number, settings),) = config.items()
        line = self._board.lines[number]
        if line.user:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self._board.buffer_sizes.append(event_buffer_size)
        line.user = consumer
        line.request = Request(line, number)
        line.configure(settings)
        return line.request
