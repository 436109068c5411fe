"""Writes the scripted half of ``truth.json``: `tools/motion/script.py --data FOLDER`. The same seed, the same script.

Empties and animals of one camera are all in one half: "tuning" chose the settings, "report" gives the figures.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from motion.truth import HEIGHT, WIDTH, Corners, Event, Pass, Script, Truth, read_truth, write_truth

DATA = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Stratum:
    """From and to how high and how long a crossing is, and how wide an animal is drawn at most."""

    high: tuple[float, float]
    widest: float
    way_s: tuple[float, float]


# File, box, and how wide it is for its height.
Animal = tuple[str, Corners, float]

_SEED = 20261123
_FPS, _DURATION_S = 5.0, 120.0
_CALM_S, _APART_S = 12.0, 7.0
_PERU = "conservationtechlab+animl-py/examples/Peru/SDZG_1/EK0000{}.jpg"
_LILA = "microsoft+CameraTraps/test_images/test_images/{}.jpg"
_D04 = "microsoft+CameraTraps/api/synchronous/sample_input/test_images/S1_D04_R6_PICT0{}.jpg"
_SWEDEN = "leeth+swedish_wildlife_cam/test_data/{}.jpg"
_COYOTE = "IMG_0006_coyote-51472-{}.jpg"
_DAY = ("calm", "windy", "cloudy", "rainy")
_NIGHT = ("night", "lamp", "moths")
# Each place has recordings of the last two beside its weathers. Shares of the frame, and seconds.
_STRATA: dict[str, Stratum] = {
    "any": Stratum((0.05, 0.45), 0.6, (1.5, 22)),
    "fast": Stratum((0.05, 0.2), 0.25, (0.3, 1.0)),
    "close": Stratum((0.55, 0.95), 0.95, (0.6, 6)),
}

# Half, name, empties, which weathers.
_PLACES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("tuning", "camdeboo", (_LILA.format("snapshot_camdeboo_CDB_S1_C07_C07_R2_CDB_S1_C07_R2_IMAG5656"),), _DAY),
    ("tuning", "kruger", (_LILA.format("snapshot_kruger_KRU_S1_3_3_R1_KRU_S1_3_R1_IMAG0713"),), _DAY),
    ("tuning", "grass", (_LILA.format("snapshot_serengeti_S10_D12_D12_R2_S10_D12_R2_IMAG4854"),), ("windy", "cloudy")),
    ("tuning", "sweden", (_SWEDEN.format(20250824095436), _SWEDEN.format(20250803161906)), ("windy", "cloudy")),
    ("tuning", "sweden-night", (_SWEDEN.format(20250824213922),), _NIGHT),
    ("report", "kgalagadi", (_LILA.format("snapshot_kgalagadi_KGA_S1_B06_B06_R1_KGA_S1_B06_R1_IMAG2032"),), _DAY),
    ("report", "serengeti", (_D04.format(129), _D04.format(130), _D04.format(275)), (*_DAY, "sunny")),
    ("report", "peru", tuple(_PERU.format(n) for n in (12, "07", 10)), ("windy", "sunny")),
    ("report", "peru-dim", tuple(_PERU.format(n) for n in (28, 29, 33)), ("calm", "rainy", "sunny", "filter")),
    ("report", "peru-night", tuple(_PERU.format(n) for n in (19, 20)), _NIGHT),
    ("report", "coyote-night", (_COYOTE.format(405),), ("night", "lamp", "moths")),
)
# What comes of each weather in a recording: kind, how often, from and to how strong, from and to how long in seconds.
_WEATHERS: dict[str, tuple[tuple[str, int, float, float, float, float], ...]] = {
    "calm": (("exposure", 3, -0.12, 0.12, 5, 15), ("dusk", 1, 0.4, 0.7, 60, 100), ("wind", 1, 0.5, 1.5, 10, 20)),
    "windy": (("wind", 6, 1.5, 7.0, 4, 14),),
    "cloudy": (("cloud", 3, 0.25, 0.6, 12, 25), ("wind", 3, 1.0, 4.0, 4, 12)),
    "rainy": (("rain", 2, 10, 60, 15, 40), ("wind", 3, 1.0, 5.0, 4, 12)),
    "sunny": (("sun", 2, 1, 2, 18, 30), ("wind", 2, 1.0, 4.0, 4, 12)),
    "filter": (("filter", 2, 2, 2, 15, 25),),
    "night": (("wind", 3, 1.0, 4.0, 4, 12), ("exposure", 2, -0.12, 0.12, 5, 15)),
    "lamp": (("dark", 4, 1, 1, 5, 10),),
    "moths": (("insects", 2, 0.3, 1.5, 15, 40), ("wind", 1, 1.0, 4.0, 4, 12)),
    "fast": (("wind", 3, 1.0, 4.0, 4, 12),),
    "close": (("wind", 3, 1.0, 4.0, 4, 12), ("exposure", 2, -0.12, 0.12, 5, 15)),
}


def main(arguments: Sequence[str]) -> int:
    """Write the scripts beside the clips that are there already."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of real data (%(default)s)")
    images: Path = parser.parse_args(arguments).data / "images"
    paths = {str(path.relative_to(images)) for path in images.rglob("*.jpg")}
    scripts = tuple(
        _script(half, name, _found(files, paths), weather, _animals(images, half, night="night" in place))
        for half, place, files, weathers in _PLACES
        for weather in (*weathers, *(stratum for stratum in _STRATA if stratum in _WEATHERS))
        for name in _names(half, f"{place}-{weather}")
    )
    write_truth(Truth(read_truth().clips, scripts))
    return 0


def _names(half: str, name: str) -> tuple[str, ...]:
    """Each recording of the half that gives the figures is drawn twice."""
    return (name,) if half == "tuning" else (f"{name}-1", f"{name}-2")


def _found(files: Sequence[str], paths: set[str]) -> tuple[str, ...]:
    """The full name of each file. Raises ValueError where there is not exactly one."""
    found = []
    for file in files:
        (path,) = (path for path in paths if path.endswith(file))
        found.append(path)
    return tuple(found)


def _animals(images: Path, half: str, *, night: bool) -> list[Animal]:
    """The animals of one half: file, box, and how wide for their height. Every other camera is of the same half."""
    with (images / "truth.csv").open(newline="", encoding="utf-8") as file:
        frames = {row["kept"]: row for row in csv.DictReader(file)}
    cameras = sorted({row["camera"] for row in frames.values() if row["kind"] == "trap"})
    animals = []
    with (images / "boxes.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            frame = frames[row["kept"]]
            mine = (cameras.index(frame["camera"]) % 2 == 0) == (half == "tuning")
            if not mine or (frame["light"] == "night") != night or not _usable(row):
                continue
            left, top, right, bottom = (float(row[side]) for side in ("x0", "y0", "x1", "y1"))
            wide, high = (right - left) * int(frame["w"]), (bottom - top) * int(frame["h"])
            if min(left, top, 1 - right, 1 - bottom) > 0.005 and min(wide, high) >= 50:
                animals.append((row["kept"], (left, top, right, bottom), wide / high))
    return animals


def _usable(row: dict[str, str]) -> bool:
    return row["class"] == "animal" and row["quality"] == "tight" and "uncertain" not in row["note"]


def _script(
    half: str,
    name: str,
    files: tuple[str, ...],
    weather: str,
    animals: Sequence[Animal],
) -> Script:
    seed = int(np.random.default_rng([_SEED, *name.encode()]).integers(0, 2**31))
    random = np.random.default_rng(seed)
    events = tuple(event for kind in _WEATHERS[weather] for event in _events(random, *kind))
    stratum = weather if weather in _STRATA else "any"
    passes = _passes(random, events, animals, _STRATA[stratum])
    return Script(name, half, files, seed, _FPS, _DURATION_S, "night" in name, events, passes, stratum)


def _events(
    random: np.random.Generator, kind: str, often: int, least: float, most: float, short_s: float, long_s: float
) -> list[Event]:
    """So many events of a kind, one in each equal share of the recording. Every other switching is told."""
    share_s = (_DURATION_S - _CALM_S) / often
    events = []
    for number in range(often):
        length_s = min(float(random.uniform(short_s, long_s)), share_s - 1)
        start_s = _CALM_S + number * share_s + float(random.uniform(0, share_s - length_s))
        strength = float(random.uniform(least, most))
        if kind in {"sun", "filter"}:
            strength = float(min(number + 1, most) if kind == "sun" else most)
        start_s, end_s = round(start_s, 2), round(start_s + length_s, 2)
        events.append(Event(kind, start_s, end_s, round(strength, 3), told=number % 2 == 0))
    return events


def _passes(
    random: np.random.Generator,
    events: Sequence[Event],
    animals: Sequence[Animal],
    stratum: Stratum,
) -> tuple[Pass, ...]:
    passes: list[Pass] = []
    at_s = float(random.uniform(5, 15))
    while True:
        lit = [event for event in events if event.kind in {"dark", "filter"} and event.end_s > at_s - 6]
        if lit and random.random() < 0.5:  # this one arrives with the light
            at_s = max(at_s, lit[0].end_s - float(random.uniform(0, 1.0)))
        one = _pass(random, at_s, animals[int(random.integers(len(animals)))], stratum)
        if one.end_s > _DURATION_S - 3:
            return tuple(passes)
        if lit_part := _while_lit(one, events):
            passes.append(lit_part)
            at_s = lit_part.end_s
        at_s += _APART_S + float(random.exponential(9))


def _while_lit(one: Pass, events: Sequence[Event]) -> Pass | None:
    """The pass as far as there is light to see it by; None where that is less than a second."""
    start_s, end_s = one.start_s, one.end_s
    for event in events:
        if event.kind == "dark" and event.start_s < end_s and event.end_s > start_s:
            if event.start_s <= start_s:
                start_s = event.end_s
            else:
                end_s = event.start_s
    if end_s - start_s < min(1.0, one.end_s - one.start_s):
        return None
    return Pass(round(start_s, 2), round(end_s, 2), one.file, one.box, one.size, one.path, one.mirrored)


def _pass(random: np.random.Generator, start_s: float, animal: Animal, stratum: Stratum) -> Pass:
    """Across the frame, across with a rest, or out of one side and back into it; what is fast only crosses."""
    file, box, shape = animal
    high = float(np.exp(random.uniform(*np.log(stratum.high))))
    wide = min(high * shape * HEIGHT / WIDTH, stratum.widest)
    foot = 0.55 + 0.35 * float(random.uniform(0.2, 1)) + 0.1 * high
    y = float(np.clip(foot - high / 2, high / 2, 1 - high / 2))
    way_s = float(np.exp(random.uniform(*np.log(stratum.way_s))))
    out, rest = wide / 2, float(random.uniform(0.25, 0.75))
    kind = random.choice(["across", "rests", "peeks"], p=[0.6, 0.25, 0.15])
    if kind == "across" or way_s < _STRATA["any"].way_s[0]:
        path = [(0.0, -out, y), (way_s, 1 + out, y + 0.05 * float(random.uniform(-1, 1)))]
    elif kind == "rests":
        rest_s = float(random.uniform(2, 8))
        path = [(0.0, -out, y), (rest * way_s, rest, y), (rest * way_s + rest_s, rest, y), (way_s + rest_s, 1 + out, y)]
    else:
        inside = float(random.uniform(0.6, 1.3)) * wide
        turn_s = max(0.6, 0.3 * way_s)
        path = [(0.0, -out, y), (turn_s, inside - out, y), (turn_s + 1, inside - out, y), (2 * turn_s + 1, -out, y)]
    mirrored = bool(random.random() < 0.5)
    if mirrored:
        path = [(at_s, 1 - x, y) for at_s, x, y in path]
    return _seen(Pass(0, 0, file, box, (round(wide, 4), round(high, 4)), _rounded(path, start_s), mirrored))


def _rounded(path: Sequence[tuple[float, float, float]], start_s: float) -> tuple[tuple[float, float, float], ...]:
    return tuple((round(start_s + at_s, 2), round(x, 4), round(y, 4)) for at_s, x, y in path)


def _seen(one: Pass) -> Pass:
    """The pass with the interval in which at least two fifths of the animal's width are within the frame."""
    moments = np.arange(one.path[0][0], one.path[-1][0], 0.02)
    x = np.interp(moments, [knot[0] for knot in one.path], [knot[1] for knot in one.path])
    seen = moments[(x > -0.1 * one.size[0]) & (x < 1 + 0.1 * one.size[0])]
    start_s, end_s = round(float(seen[0]), 2), round(float(seen[-1]), 2)
    return Pass(start_s, end_s, one.file, one.box, one.size, one.path, one.mirrored)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
