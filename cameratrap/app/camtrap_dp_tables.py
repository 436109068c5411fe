"""The tables of a Camtrap DP package, read row by row, each cell against the standard's rules."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import IO, Any

from cameratrap.app.package_files import PackageFiles
from cameratrap.domain.camtrap_dp import TABLES, Field, parse
from cameratrap.errors import PackageError

Row = Mapping[str, Any]
_SHOWN = 10
_DELIMITERS = (",", ";", "\t", "|")
# A few bytes of an archive may unpack to any number: one line is held at a time, and a table ends somewhere.
_LONGEST_LINE = 1 << 20
_MOST_CHARACTERS = 16 << 30


def read_table(files: PackageFiles, descriptor: Mapping[str, Any], name: str) -> Generator[Row]:
    """The rows of a table: every column of the standard by its name, None where a cell is missing.

    Columns that are not the standard's are passed over; those that it does not require may be absent. Raises
    PackageError naming what is wrong, by row.
    """
    resource = _resource(files, descriptor, name)
    problems: list[str] = []
    for path in _paths(files, resource, name):
        with files.open(path) as file, _text(file, path, resource) as text:
            yield from _rows(text, resource, name, problems)
    if problems:
        raise _refusal(files, problems)


def _rows(text: IO[str], resource: Mapping[str, Any], name: str, problems: list[str]) -> Iterator[Row]:
    """The rows that are sound, as long as nothing was wrong; afterwards only what else is wrong is looked for."""
    number = 1
    try:
        rows = csv.reader(_bounded(text), delimiter=_delimiter(resource))
        header = next(rows, [])
        problems += _missing(header, name)
        if problems:
            return
        columns = [(header.index(field.name), field) for field in TABLES[name] if field.name in header]
        for number, cells in enumerate(rows, start=2):
            if not cells:
                continue
            row, wrong = _parsed(cells, len(header), columns)
            problems += [f"{name} row {number}: {each}" for each in wrong]
            if len(problems) > _SHOWN:
                return
            if not problems:
                yield row
    except (csv.Error, UnicodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        problems.append(f"{name} after row {number}: {error}")


def _delimiter(resource: Mapping[str, Any]) -> str:
    dialect = resource.get("dialect")
    told = dialect.get("delimiter") if isinstance(dialect, dict) else None
    return told if told in _DELIMITERS else ","


def _bounded(text: IO[str]) -> Iterator[str]:
    left = _MOST_CHARACTERS
    while line := text.readline(_LONGEST_LINE):
        left -= len(line)
        if len(line) == _LONGEST_LINE or left < 0:
            raise csv.Error(f"there are more than {_LONGEST_LINE} characters in a line, or {_MOST_CHARACTERS} in all")
        yield line


def _parsed(cells: Sequence[str], width: int, columns: Sequence[tuple[int, Field]]) -> tuple[Row, list[str]]:
    row: dict[str, Any] = {}
    if len(cells) != width:
        return row, [f"it has {len(cells)} cells where the heading has {width}"]
    wrong = []
    for place, field in columns:
        try:
            row[field.name] = parse(field, cells[place])
        except ValueError as error:
            wrong.append(str(error))
    return row, wrong


def _missing(header: Sequence[str], name: str) -> list[str]:
    required = [field.name for field in TABLES[name] if field.required and field.name not in header]
    twice = sorted({column for column in header if header.count(column) > 1})
    return [f"{name} has no column {column}" for column in required] + [
        f"{name} has the column {column!r} twice" for column in twice
    ]


def _resource(files: PackageFiles, descriptor: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    resources = descriptor.get("resources")
    for each in resources if isinstance(resources, list) else []:
        if isinstance(each, dict) and each.get("name") == name:
            return each
    raise PackageError(f"{files.origin} has no table {name!r}", why="its descriptor names none")


def _paths(files: PackageFiles, resource: Mapping[str, Any], name: str) -> list[str]:
    path = resource.get("path")
    paths: list[str] = []
    for each in path if isinstance(path, list) else [path]:
        if not isinstance(each, str) or "://" in each:
            hint = "fetch its tables first, and write their paths into the descriptor"
            raise PackageError(f"the table {name!r} of {files.origin} is no file in it: {each!r}"[:200], hint=hint)
        paths.append(each)
    return paths


def _text(file: IO[bytes], path: str, resource: Mapping[str, Any]) -> IO[str]:
    plain = gzip.GzipFile(fileobj=file) if path.endswith(".gz") else file
    encoding = str(resource.get("encoding") or "utf-8").lower()
    if encoding in ("utf-8", "utf8"):
        encoding = "utf-8-sig"  # spreadsheets put a mark before the first column
    try:
        return io.TextIOWrapper(plain, encoding=encoding, newline="")
    except LookupError as error:
        raise PackageError(f"{path} is in an encoding that nobody knows: {encoding[:40]!r}") from error


def _refusal(files: PackageFiles, problems: Sequence[str]) -> PackageError:
    shown = "\n  ".join(problems[:_SHOWN]) + ("\n  and more" if len(problems) > _SHOWN else "")
    return PackageError(f"{files.origin} is not as Camtrap DP wants it; nothing was taken over", why="\n  " + shown)
