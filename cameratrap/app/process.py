"""Run a detector over pictures and clips that are already taken: one result a file, in order, while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from itertools import chain, islice
from pathlib import Path
from typing import NoReturn

from cameratrap.app.bursts import Answering, apart, in_bursts, mark_of
from cameratrap.app.clips import SampleClip
from cameratrap.app.detector_pool import DetectorPool
from cameratrap.app.examine import Examiner
from cameratrap.app.in_order import in_order
from cameratrap.app.look import LookSettings
from cameratrap.app.memory import return_large_blocks
from cameratrap.app.processed import ProcessedFile
from cameratrap.domain.events import DEFAULT_INTERVAL, IndependenceRule
from cameratrap.ports import Detector


def process_files(
    files: Iterable[Path],
    detector: Detector,
    *,
    zone: tzinfo | None = None,
    settings: LookSettings | None = None,
    grouping: EventGrouping | None = None,
    before: Sequence[Sequence[Path]] = (),
    jobs: int = 1,
    another: Callable[[], Detector] | None = None,
    sample: SampleClip | None = None,
    frame_rate: float = 1.0,
) -> Generator[ProcessedFile, None, None]:
    """Each file in the order given; a file that cannot be read is one result like the others.

    ``jobs`` files are looked at at once. For more than one, ``another`` opens further detectors, and ``detector`` is
    closed with them. A few results wait for their turn, and those of a burst for each other; nothing grows with the
    number of files. ``zone`` is where times without an offset are taken to be. With ``sample`` clips are looked at,
    ``frame_rate`` frames a second. ``before`` are bursts that were done earlier: the background is learned from them
    and nothing said of them. Raises ModelError where the model fails.
    """
    return_large_blocks()
    grouping = grouping or EventGrouping()
    answering = Answering(settings or LookSettings(), detector.score_threshold)
    pool = DetectorPool(detector, another or _no_other)
    examiner = Examiner(pool, zone, sample, frame_rate)
    examined = in_order(examiner.examine, chain(*before, files), jobs, stop=examiner.stopping.set)
    try:
        for earlier in before:
            answering.learn(list(islice(examined, len(earlier))))
        for burst in in_bursts(examined, mark_of):
            for answer in answering.answer(burst):
                yield grouping.named(answer)
    finally:
        examined.close()
        if another is not None:
            pool.close()


@dataclass
class EventGrouping:
    """Names the event of each file in one pass, folder by folder: a folder stands for a deployment.

    Files that show something belong together until the independence interval has passed without one; the taxa
    are not told apart here, as they are in the tables of a card. A clock that jumps back by more than the
    interval opens a new event.
    """

    interval: timedelta = DEFAULT_INTERVAL
    rule: IndependenceRule = IndependenceRule.LAST_RECORD
    _open: dict[Path, tuple[datetime, str]] = field(default_factory=dict)

    def named(self, result: ProcessedFile) -> ProcessedFile:
        """The result with its event, where it shows something and has a time."""
        if not result.detections or result.timestamp is None:
            return result
        return replace(result, event=self.event_of(Path(result.file), result.timestamp))

    def remember(self, file: Path, taken: datetime, event: str) -> None:
        """A file that was named in an earlier run. Files are remembered in the order in which they were named."""
        if event == str(file) or self.rule is IndependenceRule.LAST_RECORD:
            self._open[file.parent] = (taken, event)

    def event_of(self, file: Path, taken: datetime) -> str:
        """The event of a file that shows something: the name of the file that began it."""
        mark = self._open.get(file.parent)
        joins = mark is not None and apart(mark[0], taken) < self.interval
        event = mark[1] if mark is not None and joins else str(file)
        if not joins or self.rule is IndependenceRule.LAST_RECORD:
            self._open[file.parent] = (taken, event)
        return event


def _no_other() -> NoReturn:
    raise ValueError("more than one job needs a way to open another detector")
