"""Rows of Camtrap DP's tables as text, every column in the schema's order."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cameratrap.domain.camtrap_dp import MISSING, TABLES, Field, whole_seconds

Row = Mapping[str, object]
# Programs stop at these in a table, whatever the quotes around them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\x85]")


class TableFile:
    """One table of a package while it is written; ``rows`` is how many it has."""

    def __init__(self, folder: Path, name: str) -> None:
        self._fields = TABLES[name]
        self._file = (folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([field.name for field in self._fields])
        self.rows = 0

    def write(self, row: Row) -> None:
        """Add a row; columns that it does not name stay empty."""
        self._writer.writerow([cell(field, row.get(field.name)) for field in self._fields])
        self.rows += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                 _trace: TracebackType | None) -> None:  # fmt: skip
        self._file.close()


def cell(field: Field, value: object) -> str:
    """A value as the standard writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return whole_seconds(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=True, sort_keys=True)
    return text_cell(str(value)) if field.kind == "string" else str(value)


def text_cell(text: str) -> str:
    """A text without what a table cannot hold; one that would be read as missing is put in brackets."""
    plain = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"({plain})" if plain in MISSING and plain else plain
