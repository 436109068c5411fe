"""What moves and what does not, ours beside OpenCV's MOG2 on the same frames: `tools/bench motion`.

The truth is tools/motion/truth.json: when an animal passes in real clips, and in scripts that let real animals pass in
real empty pictures with wind, clouds, rain, insects, the lamp and the exposure. One half of the scripts, with cameras
and animals of their own, chose the settings of both (--choose shows it); the other half gives the figures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from operator import add
from pathlib import Path

import cv2
import msgspec
from detection.intervals import clopper_pearson
from motion.baseline import Mog2Settings
from motion.clips import clip_frames
from motion.measure import AREAS, Limit, Looked, look
from motion.rates import poisson_interval
from motion.render import frames, materials
from motion.score import TRIGGER_S, Expected, Score
from motion.truth import Truth, read_truth

DATA = Path(__file__).parents[2] / "shared" / "data"
# What the tuning half chose for MOG2 (--choose): as many passes as it can find, at the fewest false triggers.
CHOSEN, CHOSEN_LIMIT = Mog2Settings(history_s=20, threshold=40, columns=640), Limit(AREAS[1], frames=2)
_TRIED = tuple(
    Mog2Settings(history_s, threshold, columns)
    for history_s, threshold, columns in product((20, 100), (16, 40, 90), (640, 320))
)

STRATA = ("any", "fast", "close")

# What was expected of each recording, and what was said of it; by name.
Recordings = Mapping[str, tuple[Expected, Looked]]


def main(arguments: Sequence[str]) -> int:
    """Print the tables as Markdown."""
    options = _options(arguments)
    cv2.setNumThreads(1)
    try:
        for line in _choice(options.data) if options.choose else _tables(options.data):
            print(line, flush=True)
    except (OSError, msgspec.DecodeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench motion", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of real data (%(default)s)")
    parser.add_argument(
        "--choose", action="store_true", help="try the settings of MOG2 on the tuning half instead (some ten minutes)"
    )
    options = parser.parse_args(arguments)
    if not (options.data / "images").is_dir():
        parser.error(f"{options.data} is no folder of real data: name one with --data")
    return options


def recordings(truth: Truth, half: str, data: Path, others: Sequence[Mog2Settings]) -> Recordings:
    """Draw and look at the scripts of one half."""
    return {
        script.name: (
            Expected.of_script(script),
            look(frames(script, materials(script, data / "images")), script.fps, others),
        )
        for script in truth.scripts
        if script.half == half
    }


def clips(truth: Truth, data: Path, others: Sequence[Mog2Settings]) -> Recordings:
    """Look at the real clips."""
    looked = {clip: look(clip_frames(clip, data / "video"), clip.fps, others) for clip in truth.clips}
    return {clip.file: (Expected.of_clip(clip, its.times_s[-1]), its) for clip, its in looked.items()}


def ours(of: Recordings) -> Score:
    """Our score over all of them."""
    return reduce(add, (looked.ours(expected) for expected, looked in of.values()), Score())


def mog2(of: Recordings, number: int, limit: Limit) -> Score:
    """The score over all of them of one MOG2 at one limit."""
    return reduce(add, (looked.mog2(expected, number, limit) for expected, looked in of.values()), Score())


def _tables(data: Path) -> Iterator[str]:
    truth = read_truth()
    for title, of in (
        ("Scripted recordings, the half that chose nothing", recordings(truth, "report", data, [CHOSEN])),
        ("Real clips", clips(truth, data, [CHOSEN])),
    ):
        yield f"\n## {title}: {len(of)}\n"
        yield from _both(of)
        yield from _strata(truth, of)
        yield from _each(of)
        reasons = reduce(add, (looked.reasons for _, looked in of.values()))
        yield f"\nFrames by reason, ours: {', '.join(f'{reason} {count}' for reason, count in reasons.most_common())}."


def _both(of: Recordings) -> Iterator[str]:
    head = ["detector", "passes found", "false triggers an hour", "median delay (s)", "CPU ms a 640 x 480 frame"]
    yield f"| {' | '.join(head)} |\n|{' --- |' * len(head)}"
    count = sum(len(looked.times_s) for _, looked in of.values())
    yield _row("ours", ours(of), sum(looked.ours_cpu_s for _, looked in of.values()) / count)
    pace_s = sum(looked.mog2_cpu_s[0] for _, looked in of.values()) / count
    yield _row("MOG2 as chosen", mog2(of, 0, CHOSEN_LIMIT), pace_s)
    for area in AREAS[:16:3]:
        yield _row(f"MOG2 from {area:.2%} of the frame", mog2(of, 0, Limit(area, CHOSEN_LIMIT.frames)), pace_s)
    yield f"\nOne trigger holds for {TRIGGER_S:.0f} s; intervals are of 95 %, exact (passes and triggers independent)."


def _strata(truth: Truth, of: Recordings) -> Iterator[str]:
    """Small animals that cross in a second at most, and those right before the lens, by themselves."""
    names = {stratum: {each.name for each in truth.scripts if each.stratum == stratum} for stratum in STRATA}
    parts = {stratum: {name: of[name] for name in of if name in names[stratum]} for stratum in STRATA}
    if not any(parts.values()):
        return
    yield "\n| stratum | passes | ours: found, false | MOG2: found, false |\n| --- | --- | --- | --- |"
    for stratum, part in parts.items():
        one, other = ours(part), mog2(part, 0, CHOSEN_LIMIT)
        yield f"| {stratum} | {one.passes} | {one.found}, {one.false} | {other.found}, {other.false} |"


def _row(name: str, its: Score, pace_s: float) -> str:
    low, high = clopper_pearson(its.found, its.passes)
    least, most = (3600 * bound / its.free_s for bound in poisson_interval(its.false))
    delay = f"{statistics.median(its.delays_s):.1f}" if its.delays_s else "-"
    return (
        f"| {name} | {its.found} of {its.passes} ({low:.0%} to {high:.0%}) "
        f"| {its.false_an_hour:.0f} ({least:.0f} to {most:.0f}) | {delay} | {1000 * pace_s:.2f} |"
    )


def _each(of: Recordings) -> Iterator[str]:
    yield "\n| recording | passes | ours: found, false | MOG2: found, false |\n| --- | --- | --- | --- |"
    for name, (expected, looked) in of.items():
        one, other = looked.ours(expected), looked.mog2(expected, 0, CHOSEN_LIMIT)
        yield f"| {name} | {one.passes} | {one.found}, {one.false} | {other.found}, {other.false} |"


def _choice(data: Path) -> Iterator[str]:
    """Every setting of MOG2 that no other beats on the tuning half, in passes found or in false triggers."""
    of = recordings(read_truth(), "tuning", data, _TRIED)
    yield "| detector | passes found | false triggers an hour |\n| --- | --- | --- |"
    mine = ours(of)
    yield f"| ours | {mine.found} of {mine.passes} | {mine.false_an_hour:.0f} |"
    limits = [Limit(area, frames_in_a_row) for area in AREAS for frames_in_a_row in (1, 2, 3)]
    tried = [(mog2(of, number, limit), one, limit) for number, one in enumerate(_TRIED) for limit in limits]
    best = -1
    for its, one, limit in sorted(tried, key=lambda each: (each[0].false, -each[0].found)):
        if its.found > best:
            best = its.found
            name = (
                f"MOG2: {one.history_s:.0f} s, threshold {one.threshold:.0f}, {one.columns} columns, "
                f"{limit.least_area:.3%} in {limit.frames} frames"
            )
            yield f"| {name} | {its.found} of {its.passes} | {its.false_an_hour:.0f} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
