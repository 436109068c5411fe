"""What a camera's own background adds to what a detector says of each frame alone: `tools/bench scene`.

Measured on those frames of the real data that one camera took one after another. Our own detector is what tools/train
left of cameras held out; the published ones, or those named with --model, run here. The settings are those that ship;
below each table every camera is read with the settings that are best on all the others, too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import add
from pathlib import Path

import numpy as np
from bench_detect import DATA, HELD_OUT, other_models, our_model
from detection.figures import FIGURES, share
from detection.record import Record, from_held_out, from_model
from scene_second_look import SecondLook, second_looks
from scene_sequences import Answers, Reading, Sequences, alone, animals_of, in_sequence, on_an_animal, with_background
from trainer.dataset import Frame, read_frames, without_data
from trainer.held_out import read

from cameratrap.app.models import ModelFolder
from cameratrap.domain.detections import BBox, Detection
from cameratrap.errors import CameraTrapError
from cameratrap.vision.scene import SceneSettings

# What is tried where settings are chosen anew: around those that ship, from lax to strict.
_TRIED = tuple(
    SceneSettings(changed_likeness=changed, steady_likeness=steady, calm_likeness=calm)
    for changed, steady, calm in product((0.5, 0.6, 0.7, 0.8), (0.7, 0.8, 0.9), (0.3, 0.5))
)
_SHOWN = ("animals found", "false alarms", "number exact", "boxes met")
_PRETENDED_SCORE = 0.6
_PRETENDED_FIXTURES = 40
_SEED = 7


def main(arguments: Sequence[str]) -> int:
    """Print the tables as Markdown."""
    options = _options(arguments)
    try:
        for line in _tables(options):
            print(line, flush=True)
    except (CameraTrapError, ValueError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench scene", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--data", type=Path, default=DATA, help="the folder of real data (%(default)s)")
    option("--held-out", type=Path, default=HELD_OUT, help="what tools/train left (%(default)s)")
    option("--model", action="append", metavar="NAME", help="run this one, not the published ones; may be repeated")
    option("--no-models", action="store_true", help="run none: only what was held out")
    option("--score", type=float, help="believe what scores this much, instead of what each model says")
    option("--doubt", type=float, default=0.1, metavar="SCORE", help="where doubt begins (%(default)s)")
    options = parser.parse_args(arguments)
    if not all(0 < score <= 1 for score in (options.score or 1, options.doubt)):
        parser.error("--score and --doubt are above 0 and at most 1")
    if why := without_data(options.data):
        parser.error(why)
    return options


def _tables(options: argparse.Namespace) -> Iterator[str]:
    frames = read_frames(options.data)
    sequences = in_sequence(frames, options.data)
    views: Answers = {}
    for record, score, model in _records(options, frames, sequences):
        threshold = options.score or score
        doubting = [replace(answer, doubt_threshold=options.doubt) for answer in record.answers]
        answers = {answer.frame.path: answer.at(threshold) for answer in doubting}
        yield f"\n## {record.name}: believed from {threshold:.2f}, doubtful from {options.doubt:.2f}\n"
        yield from _by_camera(sequences, answers)
        yield _chosen_elsewhere(sequences, answers)
        if model:
            yield _second_look(second_looks(sequences, answers, model, threshold))
        views = views or answers
    yield from _pretended(sequences, views)


def _records(
    options: argparse.Namespace, frames: Sequence[Frame], sequences: Sequences
) -> Iterator[tuple[Record, float, ModelFolder | None]]:
    """Each detector's answers, the score from which it believes, and the model that can be asked again."""
    ours = our_model()
    yield from_held_out(read(options.held_out), frames, options.data, ours), ours.manifest.score_threshold, None
    wanted = [frame for its in sequences.values() for burst in its for frame in burst]
    for model in other_models(options):
        yield from_model(model, wanted, {}), model.manifest.score_threshold, model


def _by_camera(sequences: Sequences, answers: Answers) -> Iterator[str]:
    head = ["camera", "frames", *_SHOWN, "believed, on an animal", "suppressed, on an animal"]
    yield f"| {' | '.join(head)} |\n|{' --- |' * len(head)}"
    before = {camera: alone(its, answers) for camera, its in sequences.items()}
    started = time.perf_counter()
    after = {camera: with_background(its, answers) for camera, its in sequences.items()}
    frames = sum(len(burst) for its in sequences.values() for burst in its)
    pace_ms = 1000 * (time.perf_counter() - started) / frames
    for camera in sequences:
        yield _row(camera, before[camera], after[camera])
    yield _row("**all**", reduce(add, before.values()), reduce(add, after.values()))
    yield f"\n{pace_ms:.1f} ms a frame for the background, in one thread."


def _row(name: str, before: Reading, after: Reading) -> str:
    cells = [name, str(len(after.judged))]
    for figure in _SHOWN:
        one, other = (share(reading.judged, FIGURES[figure]) for reading in (before, after))
        cells.append(f"{one.hits:.0f} → {other.hits:.0f} of {one.n}")
    cells += [
        f"{len(boxes)}, {sum(on_an_animal(*each) for each in boxes)}" for boxes in (after.believed, after.suppressed)
    ]
    return f"| {' | '.join(cells)} |"


def _chosen_elsewhere(sequences: Sequences, answers: Answers) -> str:
    """Each camera read with the settings by which most animals are found on the others at no more false alarms."""
    tried = [{camera: with_background(its, answers, one) for camera, its in sequences.items()} for one in _TRIED]
    total = Reading(())
    chosen = set()
    for camera in sequences:
        others = [reduce(add, (its[one] for one in sequences if one != camera)) for its in tried]
        best = max(range(len(tried)), key=lambda place: _worth(others[place]))
        chosen.add(best)
        total += tried[best][camera]
    figures = ((name, share(total.judged, FIGURES[name])) for name in _SHOWN)
    words = ", ".join(f"{name} {its.hits:.0f} of {its.n}" for name, its in figures)
    return f"With settings chosen on the other cameras ({len(chosen)} different ones): {words}."


def _worth(reading: Reading) -> tuple[float, float]:
    """Fewest false alarms, then most animals."""
    return -share(reading.judged, FIGURES["false alarms"]).hits, share(reading.judged, FIGURES["animals found"]).hits


def _second_look(looks: Sequence[SecondLook]) -> str:
    missed = [look for look in looks if look.frame.has_animal]
    empty = [look for look in looks if not look.frame.has_animal]
    return (
        f"A second look at {sum(look.places for look in looks)} places in {len(looks)} frames where nothing is "
        f"believed: animals found in {sum(look.met for look in missed)} of {len(missed)}, "
        f"false alarms {sum(look.reported for look in empty)} of {len(empty)}."
    )


def _pretended(sequences: Sequences, views: Answers) -> Iterator[str]:
    """Suppression by itself, whatever a detector says."""
    empty = {path: replace(seen, detections=(), doubtful=()) for path, seen in views.items()}
    drawn = {
        frame.path: replace(empty[frame.path], detections=animals_of(frame, _PRETENDED_SCORE))
        for its in sequences.values()
        for burst in its
        for frame in burst
    }
    reading = reduce(add, (with_background(its, drawn) for its in sequences.values()))
    animals = sum(len(seen.detections) for seen in drawn.values())
    yield "\n## Suppression, whatever the detector\n"
    yield f"Each animal drawn by eye as if it were found: {len(reading.suppressed)} of {animals} are suppressed."
    for camera, its in sequences.items():
        if len(its) > 2 * SceneSettings().same_bursts:
            yield f"A box put anywhere, as if it were found in each frame of {camera}: {_fixtures(its, empty):.0%} are."


def _fixtures(sequence: Sequence[Sequence[Frame]], empty: Answers) -> float:
    """The share that is suppressed of a box that is reported again and again at the same place."""
    random = np.random.default_rng(_SEED)
    shares = []
    for _ in range(_PRETENDED_FIXTURES):
        width, height = random.uniform(0.08, 0.3, 2)
        box = BBox(random.uniform(0, 1 - width), random.uniform(0, 1 - height), width, height)
        found = (Detection("animal", "animal", _PRETENDED_SCORE, box),)
        reported = {frame.path: replace(empty[frame.path], detections=found) for burst in sequence for frame in burst}
        shares.append(len(with_background(sequence, reported).suppressed) / len(reported))
    return float(np.mean(shares))
