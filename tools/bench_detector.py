"""What a detector finds on real camera-trap frames: `tools/bench detector --model NAME [--truth FILE] [--score X]`.

Frames are those of ``truth.csv`` that a camera trap took. A frame counts as found when any animal is reported in
it, whatever its name; a false alarm is an animal reported on a frame without one. Exact count is over the frames
with animals whose number is known.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cameratrap.app.models import find_model
from cameratrap.app.process import process_images
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.detectors import load_detector
from cameratrap.resources import builtin_taxa

DATA = Path(os.environ.get("CAMERATRAP_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
TRUTH = DATA / "images" / "truth.csv"


@dataclass(frozen=True, slots=True)
class Judged:
    """One frame: its light, how many animals are in it (None where nobody could say), and how many were reported."""

    light: str
    has_animal: bool
    count: int | None
    reported: int


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="tools/bench detector", description=__doc__)
    parser.add_argument("--model", required=True, help="installed name, model folder or published file")
    parser.add_argument("--truth", type=Path, default=TRUTH, help="truth.csv beside the pictures it describes")
    parser.add_argument("--score", type=float, help="least score that counts, instead of the model's own")
    options = parser.parse_args(argv)
    if not options.truth.is_file():
        parser.error(f"there is no {options.truth}; it is part of the real data, which is not in the repository")
    rows = _rows(options.truth)
    start = time.perf_counter()
    judged = judge(rows, options.truth.parent, options.model, options.score, builtin_taxa())
    elapsed_s = time.perf_counter() - start
    print(f"{options.model}: {len(judged)} frames, {1000 * elapsed_s / len(judged):.0f} ms a frame, all included")
    for light in ("day", "night", ""):
        print(_line(light or "all", [frame for frame in judged if light in ("", frame.light)]))
    return 0


def judge(
    rows: Sequence[dict[str, str]], folder: Path, model: str, score: float | None, taxa: TaxaTable
) -> list[Judged]:
    """Run the model over the frames and set what it reports beside what is there."""
    detector = load_detector(find_model(model, taxa), threshold=score)
    results = process_images((folder / row["kept"] for row in rows), detector)
    return [
        Judged(
            row["light"],
            row["has_animal"] == "1",
            int(row["count"]) if row["count"] else None,
            sum(taxa.is_animal(found.taxon) for found in result.detections or ()),
        )
        for row, result in zip(rows, results, strict=True)
    ]


def _rows(truth: Path) -> list[dict[str, str]]:
    with truth.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == "trap"]


def _line(name: str, frames: Sequence[Judged]) -> str:
    present = [frame for frame in frames if frame.has_animal]
    empty = [frame for frame in frames if not frame.has_animal]
    found, alarms = _seen(present), _seen(empty)
    counted = [frame for frame in present if frame.count is not None]
    exact = sum(frame.reported == frame.count for frame in counted)
    return (
        f"{name:5}  recall {_share(found, len(present))}  precision {_share(found, found + alarms)}"
        f"  false alarms {_share(alarms, len(empty))}  exact count {_share(exact, len(counted))}"
    )


def _seen(frames: Iterable[Judged]) -> int:
    return sum(frame.reported > 0 for frame in frames)


def _share(part: int, whole: int) -> str:
    return f"{part / whole if whole else 0:.2f} ({part}/{whole})"


if __name__ == "__main__":
    raise SystemExit(main())
