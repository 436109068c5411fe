"""What `process` prints: the lines for a person while it goes on, and at the end how much could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from cameratrap.app.processed import ProcessedFile, iso
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, plural

COLUMNS = ("file", "width", "height", "timestamp", "event", "detections", "counts", "error")
_NAMED_FAILURES = 20


class Tally:
    """Counts what was done and what failed, and remembers the first failures, however many there are."""

    def __init__(self, done: int = 0, failed: int = 0) -> None:
        """``done`` and ``failed`` are of an earlier part of the same run."""
        self.failed = failed
        self._done = done
        self._pictures = self._clips = 0
        self._first: list[str] = []

    def watch(self, results: Iterable[ProcessedFile]) -> Iterator[ProcessedFile]:
        """The same results, counted as they pass."""
        for result in results:
            if result.moments is None:
                self._pictures += 1
            else:
                self._clips += 1
            if result.error is not None:
                self.failed += 1
                if len(self._first) < _NAMED_FAILURES:
                    self._first.append(plain(f"{result.file}: {result.error}"))
            yield result

    def say(self, ctx: Context) -> None:
        """The last lines on stderr; what failed is named even where only errors are wanted."""
        clips = f" and {plural(self._clips, 'clip')}" if self._clips else ""
        earlier = f", {self._done} done earlier" if self._done else ""
        ctx.say(f"{plural(self._pictures, 'image')}{clips}{earlier}, {self.failed} could not be read")
        for line in self._first:
            click.echo(f"  {line}", err=True)
        if self.failed > len(self._first):
            click.echo(f"  and {self.failed - len(self._first)} more", err=True)


def write_table(out: Output, results: Iterable[ProcessedFile], file_width: int) -> None:
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


def _in_words(result: ProcessedFile) -> str:
    found = ", ".join(f"{taxon} {count}" for taxon, count in (result.counts or {}).items())
    if result.error is None:
        return plain(found or "-")
    return plain(f"{found}; error: {result.error}" if found else f"error: {result.error}")
