"""`tools/bench scene`: frames come in order of time, and each figure is of the frames it says."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.vision.preprocess import small_view

TOOLS = Path(__file__).parents[2] / "tools"


def _tool(name: str) -> Any:
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)


bench, dataset = _tool("bench_scene"), _tool("trainer.dataset")
sequences, second_look = _tool("scene_sequences"), _tool("scene_second_look")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Mapping[str, Sequence[Sequence[Any]]]:
    found: Mapping[str, Sequence[Sequence[Any]]] = sequences.in_sequence(dataset.read_frames(shared_data), shared_data)
    return found


def frame(path: str, *animals: tuple[float, float, float, float], label: int | None = 0) -> Any:
    return dataset.Frame(
        path=Path(path), source="s", camera="a", kind="trap", licence="MIT", shippable=True, night=False,
        boxes=tuple(dataset.Box(label, *corners) for corners in animals), has_animal=bool(animals),
        count=len(animals), measured=True,
    )  # fmt: skip


def found(x: float, y: float, width: float, height: float) -> Detection:
    return Detection("animal", "animal", 0.5, BBox(x, y, width, height))


def test_bursts_come_in_order_of_time(real: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    peru = [[one.path.stem for one in burst] for burst in real["peru:SDZG173"]]
    assert [len(burst) for burst in peru] == [3] * 18
    assert [name for burst in peru for name in burst] == sorted(name for burst in peru for name in burst)
    assert [len(burst) for burst in real["alka_squirrels"]] == [1, 5, 8]
    owls = [burst[0].path.stem for burst in real["owls R13"]]
    assert owls.index(next(name for name in owls if "20200403" in name)) == 0
    assert [("2021" in name) for name in owls] == sorted("2021" in name for name in owls)


def test_the_jura_frames_come_as_the_station_numbered_them(
    real: Mapping[str, Sequence[Sequence[Any]]], shared_data: Path
) -> None:
    order = sequences._jura_order(shared_data)
    places = [order[burst[0].path.name] for burst in real["jura"]]
    assert places == sorted(places)
    assert len(places) == 216


def test_frames_of_unknown_cameras_are_no_sequence(real: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    assert not set(real) & {"BUOW", "ENA24"}


@pytest.mark.parametrize(
    ("detection", "means"),
    [(found(0.1, 0.1, 0.3, 0.3), True), (found(0.1, 0.1, 0.3, 0.12), True), (found(0.6, 0.1, 0.3, 0.3), False)],
)
def test_a_box_means_the_animal_that_it_overlaps(detection: Detection, means: bool) -> None:
    assert sequences.on_an_animal(frame("a", (0.1, 0.1, 0.4, 0.4)), detection) is means
    assert not sequences.on_an_animal(frame("a"), detection)
    assert not sequences.on_an_animal(frame("a", (0.1, 0.1, 0.4, 0.4), label=2), detection)


def test_a_drawn_animal_as_if_it_were_found_means_itself() -> None:
    drawn = frame("a", (0.1, 0.2, 0.4, 1.0), (0.5, 0.0, 1.0, 0.3))
    animals = sequences.animals_of(drawn, 0.6)
    assert len(animals) == 2
    assert all(sequences.on_an_animal(drawn, animal) for animal in animals)


def test_a_reading_holds_what_was_believed_for_the_change_and_what_was_suppressed() -> None:
    """Where the detector doubts an animal that came into a still place, and reports a log that was always there."""
    rng = np.random.default_rng(3)
    ground = cv2.GaussianBlur(rng.integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 1.5)
    came = ground.copy()
    cv2.circle(came, (120, 30), 10, (250, 250, 250), -1)
    log, animal = found(0.1, 0.6, 0.2, 0.2), found(0.68, 0.16, 0.14, 0.18)
    burst = [[frame(f"{number}.jpg")] for number in range(7)] + [[frame("came.jpg", (0.68, 0.16, 0.82, 0.34))]]
    answers = {one.path: DetectedFrame(160, 120, (log,), view=small_view(ground)) for (one,) in burst}
    answers[Path("came.jpg")] = DetectedFrame(160, 120, (log,), (animal,), small_view(came))
    reading = sequences.with_background(burst, answers)
    assert [len(one.animals) for one in sequences.alone(burst, answers).judged] == [1] * 8
    assert [len(one.animals) for one in reading.judged] == [1, 1, 1, 1, 1, 0, 0, 1]
    assert [(one.path.name, detection) for one, detection in reading.believed] == [("came.jpg", animal)]
    assert [one.path.name for one, _ in reading.suppressed] == ["5.jpg", "6.jpg", "came.jpg"]


def test_what_a_second_look_finds_lies_where_it_looked() -> None:
    place = BBox(0.5, 0.2, 0.25, 0.4)
    box = second_look._outward(BBox(0.5, 0.5, 0.5, 0.25), place)
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0.625, 0.4, 0.125, 0.1))
    assert second_look._outward(BBox(0, 0, 1, 1), place) == place


def test_one_camera_of_the_real_data_reads_as_its_table_says(
    real: Mapping[str, Sequence[Sequence[Any]]], shared_data: Path
) -> None:
    """Each animal of these clips as a doubtful box: all are believed but the first, which has nothing beside it."""
    squirrels = {"alka_squirrels": real["alka_squirrels"]}
    answers = {
        one.path: DetectedFrame(640, 640, (), sequences.animals_of(one, 0.2), small_view(cv2.imread(str(one.path))))
        for burst in real["alka_squirrels"]
        for one in burst
    }
    head, row, total, _ = bench._by_camera(squirrels, answers)
    assert head.startswith("| camera | frames | animals found |")
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells[:3] == ["alka_squirrels", "14", "0 → 13 of 14"]
    assert cells[3] == "0 → 0 of 0"
    assert total.split("|")[2:] == row.split("|")[2:]


@pytest.mark.parametrize("options", [["--score", "1.5"], ["--doubt", "0"], ["--data", "/nowhere"], ["--what"]])
def test_wrong_options_are_refused(options: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, str(TOOLS / "bench.py"), "scene", *options], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "error" in run.stderr
    assert "Traceback" not in run.stderr
