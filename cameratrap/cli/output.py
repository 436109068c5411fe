"""One way to print a table: for a person, as JSON Lines, as CSV, to stdout or to a file; the same columns in each."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

import click

from cameratrap.errors import UsageError

Form = Literal["table", "json", "csv"]
Row = Mapping[str, object]
_RESULTS = frozenset({".csv", ".json", ".jsonl", ".md", ".tsv", ".txt"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Output:
    """Where a command's data goes and in which form."""

    form: Form = "table"
    path: Path | None = None

    def table(
        self, columns: Sequence[str], rows: Iterable[Row], *, json_objects: Iterable[object] | None = None
    ) -> None:
        """Print ``rows``, each a mapping with the keys of ``columns``.

        ``json_objects`` replaces the rows under --json, where the interface promises a richer shape.
        """
        if self.form == "json":
            self.objects(rows if json_objects is None else json_objects)
            return
        with self.stream() as stream:
            if self.form == "csv":
                _write_csv(stream, columns, rows)
            else:
                _write_table(stream, columns, list(rows))

    def objects(self, objects: Iterable[object]) -> None:
        """Print one JSON object a line, each as soon as it is there."""
        with self.stream() as stream:
            for item in objects:
                stream.write(json.dumps(item, ensure_ascii=False) + "\n")
                stream.flush()

    @contextmanager
    def stream(self) -> Iterator[TextIO]:
        """The open destination."""
        if self.path is None:
            yield sys.stdout
            sys.stdout.flush()
            return
        try:
            file = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise UsageError(f"cannot write to {self.path}", why=error.strerror or str(error)) from error
        with file:
            yield file


def table_options(command: _F) -> _F:
    """Add --json, --csv and --output to a command, which is handed an Output as ``out``."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
    @click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
    @click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
    @wraps(command)
    def with_output(*args: Any, as_json: bool, as_csv: bool, output: Path | None, **options: Any) -> Any:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv exclude each other")
        if output is not None and not output.absolute().parent.is_dir():
            raise UsageError(
                f"cannot write to {output}",
                why=f"there is no folder {output.absolute().parent}",
                hint="make it first, or name another file",
            )
        _spare(output)
        form: Form = "json" if as_json else "csv" if as_csv else "table"
        return command(*args, out=Output(form, output), **options)

    return with_output  # type: ignore[return-value]


def _spare(output: Path | None) -> None:
    """Results go over old results, never over a picture or an index that a slip of the shell has named."""
    if output is None or output.suffix.lower() in _RESULTS:
        return
    from cameratrap.app.result_lines import UNFINISHED

    begun = output.with_name(output.name + UNFINISHED).is_file()
    if not begun and output.is_file() and output.stat().st_size:
        raise UsageError(
            f"{output} exists and is no table",
            hint=f"name a file that ends in {', '.join(sorted(_RESULTS))}, or remove it first",
        )


def plural(count: int, one: str, many: str = "") -> str:
    """``1 picture``, ``2 pictures``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def plain(value: object) -> str:
    """A cell as text that cannot move the cursor or reverse the line: names come from files and models."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | dict):
        value = json.dumps(value, ensure_ascii=False)
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _csv_cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is kept a text; numbers stay numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = plain(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _write_csv(stream: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_cell(row[column]) for column in columns])
        stream.flush()


def _write_table(stream: TextIO, columns: Sequence[str], rows: Sequence[Row]) -> None:
    cells = [[plain(row[column]) for column in columns] for row in rows]
    numeric = [all(isinstance(row[column], int | float | None) for row in rows) for column in columns]
    widths = [max([len(column), *(len(line[i]) for line in cells)]) for i, column in enumerate(columns)]
    text = io.StringIO()
    for line in [list(columns), *cells]:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        text.write("  ".join(padded).rstrip() + "\n")
    stream.write(text.getvalue())
