"""What really happened to a trap in simulation, in order, as its surroundings saw it: the other side of its own word.

It lies in a file, so that it takes no memory, and is read when the season is over (``bench_season_reckoning``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


class Journal:
    """Lines of a kind, a moment in seconds since the season began, and whatever belongs to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8")

    def note(self, kind: str, at_s: float, *what: object) -> None:
        """Add a line."""
        self._file.write(json.dumps([kind, at_s, *what]) + "\n")

    def entries(self) -> Iterator[list[object]]:
        """Every line so far, in order."""
        self._file.flush()
        with self._path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)

    def close(self) -> None:
        """Nothing more happens."""
        self._file.close()
