"""Tables as comma-separated text, in pieces, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

AT_A_TIME = 1000  # rows that are held
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@")


def csv_pieces(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, exact: Collection[str] = ()
) -> Iterator[str]:
    """The table with a heading. A row has a value for each column, or none for those that say nothing of it.

    The columns of ``exact`` are written letter by letter: another program looks something up by them.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    coming = iter(rows)
    while some := list(islice(coming, AT_A_TIME)):
        writer.writerows(
            [str(row[column]) if column in exact else cell(row.get(column)) for column in columns] for row in some
        )
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def cell(value: object) -> str:
    """One cell: nothing for None, true or false, JSON for what has parts.

    A text that a spreadsheet would run as a formula is kept a text by an apostrophe before it: labels come from
    models, and names of files from anywhere.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, Mapping) else plain(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(text: str) -> str:
    """The text with a mark in place of control characters, ends of lines and what reverses a line."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
