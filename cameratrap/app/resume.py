"""Where an interrupted run goes on: behind the last burst that is whole in its file of results."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameratrap.app.bursts import Mark, in_bursts
from cameratrap.app.process import EventGrouping
from cameratrap.app.result_lines import ResultLines
from cameratrap.errors import UsageError

# A scene forgets bursts sooner than this; what it then knows is what it knew.
_BURSTS_BEFORE = 60


@dataclass(frozen=True, slots=True)
class Resumed:
    """``done`` files have their lines, ``failed`` of them with an error.

    ``again`` are files to do once more: of a burst of which perhaps not every line was written. ``before`` are the
    bursts done last in that folder, from which the background is learned again.
    """

    done: int = 0
    failed: int = 0
    again: tuple[Path, ...] = ()
    before: tuple[tuple[Path, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    file: Path
    mark: Mark
    event: str | None
    failed: bool


def resume(lines: ResultLines, files: Iterator[Path], grouping: EventGrouping) -> Resumed:
    """Take the files that have their lines from ``files``, and cut off what is not whole.

    ``grouping`` is left as it was when the last of them was named. Raises UsageError where the lines are not of the
    files that come first.
    """
    kept = _Kept(grouping)
    perhaps: list[_Line] = []
    for burst in in_bursts(_lines(lines, files), lambda line: line.mark):
        kept.add(perhaps)
        perhaps = burst
    if perhaps and perhaps[0].mark.is_alone:
        kept.add(perhaps)
        perhaps = []
    lines.cut(kept.end)
    before = tuple(tuple(line.file for line in burst) for burst in kept.bursts)
    return Resumed(kept.done, kept.failed, tuple(line.file for line in perhaps), before)


class _Kept:
    """The lines that stay, burst by burst, as far as the rest of the run needs them."""

    def __init__(self, grouping: EventGrouping) -> None:
        self._grouping = grouping
        self.done = self.failed = self.end = 0
        self.bursts: deque[list[_Line]] = deque(maxlen=_BURSTS_BEFORE)

    def add(self, burst: list[_Line]) -> None:
        for line in burst:
            self.done, self.failed, self.end = self.done + 1, self.failed + line.failed, line.end
            if line.event is not None and line.mark.taken is not None:
                self._grouping.remember(line.file, line.mark.taken, line.event)
        if burst and not burst[0].mark.is_alone:
            if self.bursts and self.bursts[-1][0].mark.folder != burst[0].mark.folder:
                self.bursts.clear()
            self.bursts.append(burst)


def _lines(lines: ResultLines, files: Iterator[Path]) -> Iterator[_Line]:
    for number, (start, end, result) in enumerate(lines.whole_lines(), start=1):
        file = next(files, None)
        if file is None or str(file) != result["file"]:
            raise UsageError(
                f"the results are of other files: line {number} is of {result['file']}",
                why="that file is not among those given" if file is None else f"the file in that place is {file}",
                hint="give the same files and folders, or leave --resume away to write it anew",
            )
        taken = _time(result.get("timestamp"))
        joins = result.get("detections") is not None and "frames" not in result
        mark = Mark(file.parent, taken, is_alone=not joins or taken is None)
        yield _Line(start, end, file, mark, result.get("event"), result.get("error") is not None)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
