"""``cameratrap process``: find and count animals in pictures that are already taken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone
from pathlib import Path

import click
import msgspec

from cameratrap.app.images import EXTENSIONS, find_images
from cameratrap.app.picture_exif import parse_offset
from cameratrap.app.process import ProcessedImage, iso, process_images
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, table_options
from cameratrap.cli.params import Number
from cameratrap.wiring import open_detector

COLUMNS = ("file", "width", "height", "timestamp", "event", "detections", "counts", "error")
PARTLY_DONE = 3
_NAMED_FAILURES = 20


def _offset(_ctx: click.Context, _option: click.Parameter, value: str | None) -> timezone | None:
    zone = None if value is None else parse_offset(value)
    if value is not None and zone is None:
        raise click.BadParameter(f"'{value}' is not an offset such as +02:00")
    return zone


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--model", help="An installed model's name, a model folder, or a published .tflite file.")
@click.option("--timezone", "zone", callback=_offset, metavar="+HH:MM", help="Offset of times whose file states none.")
@click.option("--score", type=Number(0, 1), help="Least score that counts, instead of the model's own.")
@table_options
@click.pass_obj
def process(
    ctx: Context, paths: tuple[Path, ...], model: str | None, zone: timezone | None, score: float | None, out: Output
) -> int:
    """Find and count animals in pictures: files, or folders with all that is in them.

    Prints one line an image, in the order given and by name within a folder, each as soon as it is there. A file
    that cannot be read is named with the reason, the others are still done, and the exit status is 3. Pictures are
    only read. "event" names the first picture of those in one folder that show something and follow each other
    within the independence interval.
    """
    settings = ctx.config
    files = list(find_images(paths))
    if not files:
        ctx.say(f"there is no picture to process: no {', '.join(sorted(EXTENSIONS))} in what was given")
        return 0
    if score is not None:
        chosen = msgspec.structs.replace(settings.detector, score_threshold=score)
        settings = msgspec.structs.replace(settings, detector=chosen)
    detector = open_detector(settings, ctx.taxa(), model)
    try:
        interval = timedelta(minutes=settings.events.interval_minutes)
        results = process_images(files, detector, zone=zone, interval=interval, rule=settings.events.rule)
        return _report(ctx, out, results, files)
    finally:
        detector.close()


class _Failures:
    """Counts what failed and remembers the first of it, however much there is."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def watch(self, results: Iterable[ProcessedImage]) -> Iterator[ProcessedImage]:
        for result in results:
            if result.error is not None:
                self.count += 1
                if len(self.first) < _NAMED_FAILURES:
                    self.first.append(plain(f"{result.file}: {result.error}"))
            yield result


def _report(ctx: Context, out: Output, results: Iterator[ProcessedImage], files: list[Path]) -> int:
    failures = _Failures()
    with _progress(len(files), hidden=ctx.quiet) as shown:
        watched = shown(failures.watch(results))
        if out.form == "table":
            _write_lines(out, watched, max(len(plain(file)) for file in files))
        else:
            out.table(COLUMNS, (result.as_json() for result in watched))
    ctx.say(f"{len(files)} image{'s' if len(files) != 1 else ''}, {failures.count} could not be read")
    for line in failures.first:
        click.echo(f"  {line}", err=True)
    if failures.count > len(failures.first):
        click.echo(f"  and {failures.count - len(failures.first)} more", err=True)
    return PARTLY_DONE if failures.count else 0


def _write_lines(out: Output, results: Iterable[ProcessedImage], file_width: int) -> None:
    """A table for a person that shows each line at once: the names are known before, the rest has a known width.

    The boxes are left out: they are for programs.
    """
    with out.stream() as stream:
        stream.write(f"{'file':{file_width}}  width  height  {'timestamp':29}  {'event':{file_width}}  counts\n")
        for result in results:
            when = "" if result.timestamp is None else iso(result.timestamp)
            size = f"{result.width or '':>5}  {result.height or '':>6}"
            event = plain(result.event or "")
            line = f"{plain(result.file):{file_width}}  {size}  {when:29}  {event:{file_width}}  {_in_words(result)}"
            stream.write(line + "\n")
            stream.flush()


def _in_words(result: ProcessedImage) -> str:
    if result.error is not None:
        return plain(f"error: {result.error}")
    return plain(", ".join(f"{taxon} {count}" for taxon, count in (result.counts or {}).items()) or "-")


Wrap = Callable[[Iterable[ProcessedImage]], Iterator[ProcessedImage]]


@contextmanager
def _progress(total: int, *, hidden: bool) -> Iterator[Wrap]:
    """A bar on stderr where that is a terminal; nothing elsewhere. It gives way to the lines printed under it."""
    if hidden or not sys.stderr.isatty():
        yield iter
        return
    with click.progressbar(length=total, file=sys.stderr, label="images", show_pos=True) as bar:

        def shown(results: Iterable[ProcessedImage]) -> Iterator[ProcessedImage]:
            for result in results:
                if sys.stdout.isatty():
                    click.echo("\r\x1b[K", nl=False, err=True)
                yield result
                bar.update(1)

        yield shown
