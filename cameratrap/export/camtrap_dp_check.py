"""Whether what was written is Camtrap DP: every cell of every table, against the standard's own rules."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from cameratrap.domain.camtrap_dp import TABLES, parse
from cameratrap.errors import StoreError

_SHOWN = 10


def check_tables(folder: Path) -> None:
    """Read the tables as another program would. Raises StoreError naming what is wrong, by table and row."""
    found = chain.from_iterable(_problems(folder, name) for name in TABLES)
    problems = list(islice(found, _SHOWN + 1))
    if problems:
        raise StoreError(
            "what would be written is not as Camtrap DP wants it; nothing was written",
            why="\n  " + "\n  ".join(problems[:_SHOWN]) + ("\n  and more" if len(problems) > _SHOWN else ""),
            hint="`cameratrap project set DEPLOYMENT --setup NAME=VALUE` corrects what a deployment's setup holds",
        )


def _problems(folder: Path, name: str) -> Iterator[str]:
    fields = TABLES[name]
    unique: set[str] = set()
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if next(rows, []) != [field.name for field in fields]:
            yield f"{name}: its columns are not the standard's"
        for number, row in enumerate(rows, start=2):
            if name == "deployments" and row[0] in unique:
                yield f"{name} row {number}: deploymentID {row[0]!r} is there twice"
            unique.update(row[:1] if name == "deployments" else ())
            for field, text in zip(fields, row, strict=True):
                try:
                    parse(field, text)
                except ValueError as error:
                    yield f"{name} row {number} ({row[0]}): {error}"
