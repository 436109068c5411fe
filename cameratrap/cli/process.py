"""``cameratrap process``: find and count animals in pictures and clips that are already taken."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cached_property
from itertools import chain
from pathlib import Path

import click
import msgspec

import cameratrap
from cameratrap.app.clips import CLIP_EXTENSIONS, SampleClip
from cameratrap.app.find_files import find_files
from cameratrap.app.images import EXTENSIONS
from cameratrap.app.look import LookSettings
from cameratrap.app.picture_exif import parse_offset
from cameratrap.app.process import EventGrouping, process_files
from cameratrap.app.processed import ProcessedFile
from cameratrap.app.result_lines import Facts, ResultLines
from cameratrap.app.resume import Resumed, resume
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, table_options
from cameratrap.cli.params import Number
from cameratrap.cli.process_report import COLUMNS, Tally, write_table
from cameratrap.cli.progress import is_shown, with_progress
from cameratrap.config import Config
from cameratrap.errors import UsageError
from cameratrap.ports import Detector
from cameratrap.wiring import look_settings, open_detector

PARTLY_DONE = 3


def _offset(_ctx: click.Context, _option: click.Parameter, value: str | None) -> timezone | None:
    zone = None if value is None else parse_offset(value)
    if value is not None and zone is None:
        raise click.BadParameter(f"'{value}' is not an offset such as +02:00")
    return zone


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path, readable=False))
@click.option("--model", help="An installed model's name, a model folder, or a published .tflite file.")
@click.option("--classifier", metavar="NAME", help="A second model that names what the first one found.")
@click.option("--timezone", "zone", callback=_offset, metavar="+HH:MM", help="Offset of times whose file states none.")
@click.option("--score", type=Number(0, 1), help="Least score that counts, instead of the model's own.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Files looked at at once.  [default: one a processor]")
@click.option(
    "--video-fps", type=Number(0.01, 60), default=1.0, show_default=True, help="Frames of a clip looked at a second."
)
@click.option("--no-videos", is_flag=True, help="Pass over clips.")
@click.option("--resume", "resumes", is_flag=True, help="Go on in --output FILE where a --json run was interrupted.")
@table_options
@click.pass_obj
def process(
    ctx: Context,
    paths: tuple[Path, ...],
    model: str | None,
    classifier: str | None,
    zone: timezone | None,
    score: float | None,
    jobs: int | None,
    video_fps: float,
    *,
    no_videos: bool,
    resumes: bool,
    out: Output,
) -> int:
    """Find and count animals in pictures and clips: files, or folders with all that is in them.

    Prints one line a file, in the order given and by name within a folder, while it goes on. A file that cannot be
    read is named with the reason, the others are still done, and the exit status is 3. Files are only read.

    "event" names the first file of those in one folder that show something and follow each other within the
    independence interval. Pictures of one folder within 3 seconds are one burst: their frames agree on names, and
    the background, which the folder's earlier bursts show, speaks for or against what was found (set
    detector.background to false to leave that out).

    Of a clip "frames" has what is in each frame that was looked at, by its "offset_s" from the beginning;
    "detections" are those of the frame that shows the most, and "counts" the most seen at once (MaxN).

    While a --json run writes --output FILE, FILE.unfinished lies beside it. After an interruption, a kill or a power
    cut, the same command with --resume does the rest.
    """
    if resumes and not _is_resumable(out):
        raise UsageError("--resume needs --json and --output FILE", hint="give the options of the run that stopped")
    if not any(os.path.lexists(path) for path in paths):
        raise UsageError(f"there is no {paths[0]}")
    request = _Request(ctx, paths, model, classifier, zone, score, jobs, None if no_videos else video_fps)
    passed_over: Counter[str] = Counter()
    files = request.files(passed_over)
    first = next(files, None)
    status = 0
    if first is None:
        ctx.say(f"there is nothing to process: no {', '.join(sorted(request.extensions))} in what was given")
    else:
        status = _run(request, chain([first], files), out, resumes=resumes)
    if passed_over:
        kinds = ", ".join(f"{count} {extension}" for extension, count in sorted(passed_over.items()))
        ctx.say(f"passed over, because their kind is not read: {kinds}")
    return status


@dataclass(frozen=True)
class _Request:
    """What was asked for. ``frame_rate`` is None where clips are passed over."""

    ctx: Context
    paths: Sequence[Path]
    model: str | None
    classifier: str | None
    zone: timezone | None
    score: float | None
    jobs: int | None
    frame_rate: float | None

    @cached_property
    def config(self) -> Config:
        config = self.ctx.config
        if self.score is None:
            return config
        return msgspec.structs.replace(
            config, detector=msgspec.structs.replace(config.detector, score_threshold=self.score)
        )

    @cached_property
    def settings(self) -> LookSettings:
        return look_settings(self.config, self.ctx.taxa())

    @property
    def extensions(self) -> frozenset[str]:
        return EXTENSIONS if self.frame_rate is None else EXTENSIONS | CLIP_EXTENSIONS

    def files(self, passed_over: Counter[str] | None = None) -> Iterator[Path]:
        clips = () if self.frame_rate is not None else CLIP_EXTENSIONS
        named = (path for path in self.paths if path.is_dir() or path.suffix.lower() not in clips)
        return find_files(named, self.extensions, passed_over)

    def open_detector(self) -> Detector:
        return open_detector(self.config, self.ctx.taxa(), self.model, self.classifier)

    def grouping(self) -> EventGrouping:
        return EventGrouping(timedelta(minutes=self.config.events.interval_minutes), self.config.events.rule)

    def facts(self, detector: Detector) -> Facts:
        """What decides the lines of this run."""
        section = self.config.detector
        return {
            "cameratrap": cameratrap.__version__,
            "model": f"{detector.name} {detector.version}",
            "sha256 of the model": detector.sha256,
            "score": section.score_threshold,
            "detector.runtime": section.runtime,
            "taxa": self.config.taxa,
            "detector.background": self.settings.background,
            "counting.agree_frames": json.dumps(dict(self.settings.agree_frames), sort_keys=True),
            "events.interval_minutes": self.config.events.interval_minutes,
            "events.rule": self.config.events.rule,
            "--timezone": None if self.zone is None else str(self.zone),
            "--video-fps": self.frame_rate,
        }

    def results(
        self, detector: Detector, files: Iterable[Path], grouping: EventGrouping, before: Sequence[Sequence[Path]]
    ) -> Generator[ProcessedFile, None, None]:
        return process_files(
            files,
            detector,
            zone=self.zone,
            settings=self.settings,
            grouping=grouping,
            before=before,
            jobs=self.jobs or max(1, _processors() // self.config.detector.threads),
            another=self.open_detector,
            sample=None if self.frame_rate is None else _sample_clip(),
            frame_rate=self.frame_rate or 1.0,
        )


def _run(request: _Request, files: Iterator[Path], out: Output, *, resumes: bool) -> int:
    grouping, known, lines = request.grouping(), Resumed(), None
    with ExitStack() as stack:
        detector = stack.enter_context(closing(request.open_detector()))
        facts = request.facts(detector)
        if out.path is not None and _is_resumable(out):
            lines = stack.enter_context(ResultLines(out.path, facts, resume=resumes))
            known = resume(lines, files, grouping) if lines.resumed else known
        results = stack.enter_context(
            closing(request.results(detector, chain(known.again, files), grouping, known.before))
        )
        tally = Tally(known.done, known.failed)
        watched = tally.watch(results)
        if is_shown(hidden=request.ctx.quiet):
            left = sum(1 for _ in request.files()) - known.done
            printed = out.path is None and sys.stdout.isatty()
            watched = with_progress(watched, left, "files", gives_way=printed)
        _write(request, out, lines, watched)
    tally.say(request.ctx)
    return PARTLY_DONE if tally.failed else 0


def _write(request: _Request, out: Output, lines: ResultLines | None, results: Iterable[ProcessedFile]) -> None:
    if lines is not None:
        for result in results:
            lines.write(result.as_json())
    elif out.form == "table":
        write_table(out, results, max(len(plain(file)) for file in request.files()))
    else:
        out.table(COLUMNS, (result.as_json() for result in results))


def _is_resumable(out: Output) -> bool:
    """Whether the lines go to a file that can be gone on with: not to a pipe or a device."""
    return out.form == "json" and out.path is not None and (out.path.is_file() or not out.path.exists())


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sample_clip() -> SampleClip:
    from cameratrap.drivers.clip_frames import sample_clip

    return sample_clip
