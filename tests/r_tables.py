"""Reading what R packages wrote, and deployments as their tables give them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span

Cells = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class RMatrix:
    """A matrix that write.csv wrote; NA is None."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Cells


def read_matrix(path: Path) -> RMatrix:
    """A matrix with row and column names."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    cells = tuple(tuple(None if cell == "NA" else float(cell) for cell in line[1:]) for line in lines)
    return RMatrix(tuple(line[0] for line in lines), tuple(header[1:]), cells)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """A data frame, row by row."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def moment(text: str) -> datetime:
    """A time that R printed, which leaves midnight out."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    """A date such as 31/12/2009."""
    return datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=UTC).date()


def dated(station: str, setup: date, retrieval: date, problem: tuple[date, date] | None, session: str = "") -> Deployed:
    """A deployment of which only dates were noted: set up and fetched at noon; a problem lasts whole days."""
    down = (Span(_at(problem[0]), _at(problem[1]) + timedelta(days=1)),) if problem else ()
    noon = timedelta(hours=12)
    return Deployed(f"{station} {session}", station, _at(setup) + noon, _at(retrieval) + noon, UTC, down, session)


def _at(midnight: date) -> datetime:
    return datetime.combine(midnight, time(), tzinfo=UTC)


def camtraps(path: Path, *, problems: bool) -> list[Deployed]:
    """camtrapR's sample stations, of one season or of several."""
    return [
        dated(
            row["Station"],
            day(row["Setup_date"]),
            day(row["Retrieval_date"]),
            (day(row["Problem1_from"]), day(row["Problem1_to"])) if problems and row["Problem1_from"] else None,
            row.get("session", "").removesuffix(".0"),
        )
        for row in read_rows(path)
    ]
