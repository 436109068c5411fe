"""`tools/bench detect`: every figure can be counted by hand, and no frame has a say in its own threshold."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.models import ModelFolder, load_folder
from cameratrap.domain.detections import DetectedFrame, View
from cameratrap.drivers.tflite import TfliteDetector
from cameratrap.ports import Frame as Picture
from cameratrap.resources import builtin_taxa
from cameratrap.vision.heads import Candidates, detections
from cameratrap.vision.preprocess import Placement

REPOSITORY = Path(__file__).parents[2]
TOOLS = REPOSITORY / "tools"
OURS = REPOSITORY / "models" / "cameratrap-nano"
HELD_OUT = TOOLS / "trainer" / "held-out.json"


def _tool(name: str) -> Any:
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)


dataset, held_out = _tool("trainer.dataset"), _tool("trainer.held_out")
bursts, card, figures, intervals, people, readings, record, tables, thresholds = (
    _tool(f"detection.{name}")
    for name in ("bursts", "card", "figures", "intervals", "people", "readings", "record", "tables", "thresholds")
)


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> list[Any]:
    return list(dataset.read_frames(shared_data))


def frame(camera: str = "a", animals: int = 1, name: str = "x.jpg", **facts: Any) -> Any:
    """A trap frame with this many animals side by side."""
    boxes = tuple(dataset.Box(0, 0.1 * n, 0.4, 0.1 * n + 0.08, 0.6) for n in range(animals))
    made = dataset.Frame(
        path=Path(camera, name), source="s", camera=camera, kind="trap", licence="MIT", shippable=True, night=False,
        boxes=boxes, has_animal=animals > 0, count=animals, measured=True,
    )  # fmt: skip
    return replace(made, **facts)


@cache
def our_model() -> ModelFolder:
    return load_folder(OURS, builtin_taxa())


AWAY = (0.9, 0.9, 1.0, 1.0)


def judged(its: Any, reported: int) -> Any:
    """So many animals reported, exactly where the frame's are; further ones in a corner."""
    places = [box.corners for box in its.boxes] + [AWAY] * reported
    return figures.Judged(its, tuple(places[:reported]))


def answer(its: Any, fold: int, *scores: float, view: View | None = None) -> Any:
    """A detector's answer: animals of these scores, where ``judged`` puts them."""
    places = [box.corners for box in its.boxes] + [AWAY] * len(scores)
    boxes = [held_out.Found("animal", score, place) for score, place in zip(scores, places, strict=False)]
    return record.answer_of(its, fold, boxes, DetectedFrame(640, 480, (), view=view), our_model())


def test_figures_are_what_can_be_counted_by_hand() -> None:
    """Of three frames with animals two are seen, of two without one raises an alarm, and so on."""
    sample = [
        judged(frame("a", 2), 2),
        judged(frame("a", 1), 2),
        judged(frame("b", 1, night=True), 0),
        judged(frame("b", 3), 1),
        judged(frame("b", 4, count=None), 1),
        judged(frame("b", 0), 1),
        judged(frame("c", 0), 0),
    ]
    its = {name: (share.hits, share.n) for name, share in figures.figures(sample).items()}
    assert its == {
        "animals found": (4, 5),
        "found by day": (4, 4),
        "found at night": (0, 1),
        "false alarms": (1, 2),
        "number exact": (1, 4),
        "one wherever any is seen": (1, 4),
        "two and more: exact": (1, 2),
        "two and more: within one": (1, 2),
        "two and more: mean error": (-2, 2),
        "boxes met": (5, 11),
    }


def test_every_camera_counts_the_same_in_the_mean_of_cameras() -> None:
    """Nine frames of one camera and one of another: .9 over frames, .5 over cameras."""
    sample = [judged(frame("a", 1), 1)] * 9 + [judged(frame("b", 1), 0)]
    share = figures.figures(sample)["animals found"]
    assert (share.value, share.camera_mean) == pytest.approx((0.9, 0.5))


@pytest.mark.parametrize(
    ("true", "reported", "met"),
    [
        ([(0.0, 0.0, 0.2, 0.2)], [(0.0, 0.0, 0.2, 0.2)] * 2, 1),
        ([(0.0, 0.0, 0.2, 0.2), (0.0, 0.0, 0.2, 0.22)], [(0.0, 0.0, 0.2, 0.2)], 1),
        ([(0.0, 0.0, 0.2, 0.2), (0.0, 0.0, 0.2, 0.22)], [(0.0, 0.0, 0.2, 0.2)] * 2, 2),
        ([(0.0, 0.0, 0.2, 0.2)], [(0.0, 0.0, 0.2, 0.41)], 0),
        ([(0.0, 0.0, 0.2, 0.2)], [(0.0, 0.0, 0.2, 0.4)], 1),
        ([(0.0, 0.0, 0.2, 0.2)], [], 0),
    ],
)
def test_boxes_meet_one_to_one(true: Sequence[Any], reported: Sequence[Any], met: int) -> None:
    """A box is met by one reported box alone, which meets no other, and by half of what they cover together."""
    its = frame(animals=0, boxes=tuple(dataset.Box(0, *corners) for corners in true), has_animal=True)
    assert figures.boxes_met(figures.Judged(its, tuple(reported))) == (met, len(true))


def test_a_box_that_nobody_is_sure_of_is_not_asked_for() -> None:
    unsure = frame(boxes=(dataset.Box(None, 0.1, 0.1, 0.2, 0.2), dataset.Box(2, 0.5, 0.1, 0.6, 0.2)))
    assert figures.boxes_met(figures.Judged(unsure, (unsure.boxes[0].corners,))) is None


SCORES = st.floats(0.05, 1).map(lambda score: round(score, 3))
BOXES = st.tuples(*[st.floats(0, 0.5)] * 2, *[st.floats(0.55, 1)] * 2)


@given(st.lists(st.tuples(st.sampled_from(["animal", "bird", "person"]), SCORES, BOXES), max_size=8), SCORES)
def test_a_record_read_at_a_threshold_is_what_the_device_reports_at_it(found: Any, threshold: float) -> None:
    """The one stands for the other whatever boxes overlap, so that nothing runs again for each threshold."""
    model = our_model()
    index = {label.name: number for number, label in model.labels.items()}
    boxes = [held_out.Found(*one) for one in found]
    read = record.answer_of(frame(), 0, boxes, DetectedFrame(640, 480, ()), model).at(threshold)
    candidates = Candidates(
        np.array([box for _, _, box in found], float).reshape(-1, 4),
        np.array([index[label] for label, _, _ in found], np.int64),
        np.array([score for _, score, _ in found], float),
    )
    whole, head = Placement(0, 0, 1, 1), model.manifest.output_spec
    assert read.detections == detections(candidates, model.labels, whole, head, score_threshold=threshold)


def test_a_model_run_here_is_recorded_as_the_device_would_report(frames: list[Any]) -> None:
    """As shipped a record says of real frames what the detector says, person and animal thresholds apart."""
    model = our_model()
    chosen = [one for one in frames if one.measured][::40] + [one for one in frames if one.camera == "jura"][::60]
    made = record.from_model(model, chosen, {})
    detector = TfliteDetector(model)
    for its in made.answers:
        seen = detector.detect(Picture(its.frame.path.read_bytes(), datetime(2026, 1, 1, tzinfo=UTC)))
        assert [(one.model_label, one.bbox) for one in its.at(None).detections] == [
            (one.model_label, pytest.approx(one.bbox)) for one in seen.detections
        ]
    detector.close()


def test_frames_that_are_not_there_are_named(frames: list[Any], shared_data: Path) -> None:
    """A file of other data, or of data in which a camera has another name, is refused."""
    model = our_model()
    name = frames[0].path.relative_to(shared_data).as_posix()
    for made in (held_out.Answer("images/none.jpg", "a", 0, ()), held_out.Answer(name, "another", 0, ())):
        with pytest.raises(ValueError, match="it is of other data"):
            record.from_held_out(held_out.HeldOut({}, 0.05, (made,)), frames, shared_data, model)


def test_the_rules_count_alarms_each_in_its_way() -> None:
    """Of seven frames without animals three raise an alarm, all of one burst; one box beside an animal is away."""
    leaf = [frame("peru:SDZG173", 0, f"EK00000{n}.jpg") for n in (4, 5, 6)]
    still = [frame("peru:SDZG173", 0, f"EK00000{n}.jpg") for n in (7, 8, 9)]
    sample = [judged(one, 1) for one in leaf] + [judged(one, 0) for one in still] + [judged(frame("b", 0), 0)]
    assert thresholds.by_frame(sample) == pytest.approx(3 / 7)
    assert thresholds.by_burst(sample) == pytest.approx(1 / 3)
    beside = [judged(frame("c", 1), 2), judged(frame("d", 1), 1), judged(frame("e", 1, located=False), 2)]
    assert thresholds.by_background(sample + beside) == pytest.approx((4 + 1) / (9 + 1))
    assert thresholds.by_frame([]) == 1.0


@pytest.mark.parametrize("rule", ["frames", "bursts", "background"])
def test_a_threshold_never_comes_from_its_own_fold(rule: str) -> None:
    """The fold with alarms at .6 is read at the quiet fold's threshold, and the quiet one above those alarms."""
    loud = [answer(frame(f"loud{n}", 0), 0, 0.6) for n in range(20)]
    quiet = [answer(frame(f"quiet{n}", 0), 1) for n in range(20)]
    made = record.Record("x", tuple(loud + quiet))
    its = thresholds.crossed(made, readings.frame_by_frame, thresholds.RULES[rule])
    assert its == {0: thresholds.THRESHOLDS[0], 1: pytest.approx(0.61)}
    changed = record.Record("x", tuple(replace(one, ranked=quiet[0].ranked) for one in loud) + tuple(quiet))
    assert thresholds.crossed(changed, readings.frame_by_frame, thresholds.RULES[rule])[0] == its[0]


def test_the_threshold_is_the_least_at_which_alarms_are_rare() -> None:
    """Eight alarms in a hundred frames are tolerated, nine are not."""
    for alarms, expected in ((8, thresholds.THRESHOLDS[0]), (9, 0.41)):
        its = [answer(frame(f"c{n}", 0), 0, *([0.4] if n < alarms else [])) for n in range(100)]
        made = thresholds.pick(lambda at, its=its: readings.frame_by_frame(its, {0: at}), thresholds.by_frame)
        assert made == pytest.approx(expected)


def test_one_fold_alone_has_no_threshold() -> None:
    made = record.Record("x", (answer(frame(), 0, 0.5),))
    with pytest.raises(ValueError, match="one fold alone"):
        thresholds.crossed(made, readings.frame_by_frame, thresholds.by_frame)
    assert tables.results(made, "frames") == []


def test_cameras_are_drawn_and_not_frames() -> None:
    """A hundred frames of two cameras that disagree say as little as two frames do; alike cameras leave no doubt."""
    assert intervals.over_cameras([(50, 50), (0, 50)]) == (0.0, 1.0)
    assert intervals.over_cameras([(5, 10)] * 8) == (0.5, 0.5)
    many = intervals.over_cameras([(1, 1), (0, 1)] * 50)
    assert many == pytest.approx((0.4, 0.6), abs=0.02)
    assert many == intervals.over_cameras([(1, 1), (0, 1)] * 50)
    assert all(np.isnan(intervals.over_cameras([])))


def test_a_large_camera_moves_the_mean_of_cameras_no_more_than_a_small_one() -> None:
    """Drawn again, the mean of cameras is free of their sizes; the share of all frames is not."""
    sums = [(90.0, 90.0)] + [(0.0, 1.0), (1.0, 1.0)] * 10
    assert intervals.mean_over_cameras(sums) == intervals.mean_over_cameras([(1.0, 1.0), *sums[1:]])
    assert intervals.over_cameras(sums) != intervals.over_cameras([(1.0, 1.0), *sums[1:]])


def test_a_difference_is_drawn_on_both_sides_at_once() -> None:
    """Cameras that find as much at night as by day leave no difference, however unlike they are among themselves."""
    unlike = {"a": (9.0, 10.0), "b": (1.0, 10.0), "c": (4.0, 10.0)}
    assert intervals.of_difference(unlike, unlike) == (0.0, 0.0)
    low, high = intervals.of_difference({"a": (1.0, 2.0)}, {"b": (2.0, 2.0)})
    assert (low, high) == (-0.5, -0.5)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 60, 0.0, 0.0596), (60, 60, 0.9404, 1.0), (5, 10, 0.1871, 0.8129), (1, 10, 0.0025, 0.4450)],
)
def test_exact_intervals_are_those_of_the_books(hits: int, n: int, low: float, high: float) -> None:
    assert intervals.clopper_pearson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_intervals_hold_the_share_and_mirror(case: tuple[int, int]) -> None:
    hits, n = case
    low, high = intervals.clopper_pearson(hits, n)
    assert low <= hits / n <= high
    assert intervals.clopper_pearson(n - hits, n) == pytest.approx((1 - high, 1 - low), abs=1e-8)


def test_a_share_of_nothing_has_no_interval() -> None:
    for hits, n in ((0, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="no share"):
            intervals.clopper_pearson(hits, n)


def test_of_fewer_than_sixty_frames_nothing_is_said() -> None:
    """People and animals at the station, and the words for too few of them."""
    person = frame("jura", 0, boxes=(dataset.Box(2, 0.1, 0.1, 0.3, 0.9),))
    sample = [figures.Judged(person, (), person=True)] * 59 + [judged(frame("jura", 1), 1)] * 60
    sample += [judged(frame("elsewhere", 1), 1)] * 5
    its = people.people(sample)
    assert {name: (cases.hits, cases.n) for name, cases in its.items()} == {
        "people: a person is said": (59, 59),
        "people: an animal is said": (0, 59),
        "animals: an animal is said": (60, 60),
        "animals: a person is said": (0, 60),
    }
    assert tables.exactly(its["people: a person is said"]) == "59/59, fewer than 60: nothing is said"
    assert tables.exactly(its["animals: a person is said"]) == "0/60: 0.00 (0.00 to 0.06)"


def test_real_frames_fall_into_bursts_of_one_camera(frames: list[Any]) -> None:
    """Each frame is in one burst, in order; the camera in Peru took eighteen triplets."""
    measured = [one for one in frames if one.measured]
    groups = bursts.bursts(measured)
    assert sorted(one.path for group in groups for one in group) == sorted(one.path for one in measured)
    assert all(len({one.camera for one in group}) == 1 for group in groups)
    peru = [group for group in groups if group[0].camera == "peru:SDZG173"]
    assert [len(group) for group in peru] == [3] * 18
    names = [one.path.name for group in peru for one in group]
    assert names == sorted(names)
    assert [len(group) for group in groups if group[0].camera == "alka_squirrels"] == [1, 5, 8]
    assert all(len(group) == 1 for group in groups if group[0].camera in dataset.SITES_OF_UNKNOWN_CAMERAS)


def test_a_fixture_is_suppressed_once_it_is_known_and_only_where_the_camera_is() -> None:
    """The same box on the same picture, burst after burst: an alarm at first, later none; of unknown cameras always."""
    grey = np.random.default_rng(1).integers(0, 256, (120, 160), dtype=np.uint8)
    view = View(160, 120, grey.tobytes(), 0.4)
    for camera, fewer in (("one", True), (dataset.SITES_OF_UNKNOWN_CAMERAS[0], False)):
        its = [answer(frame(camera, 0, f"{n:03}.jpg"), 0, 0.5, view=view) for n in range(12)]
        alone = readings.frame_by_frame(its, {0: 0.3})
        known = readings.with_background(its[::-1], {0: 0.3})
        assert [one.count for one in alone] == [1] * 12
        assert [one.frame.path.name for one in known] == [f"{n:03}.jpg" for n in range(12)]
        assert known[0].count == 1
        assert (known[-1].count == 0) is fewer


def test_two_boxes_of_one_animal_are_counted_once() -> None:
    """A head inside its body is the same animal; one beside it is another."""
    boxes = [
        held_out.Found("animal", 0.9, (0.1, 0.1, 0.5, 0.5)),
        held_out.Found("animal", 0.6, (0.15, 0.15, 0.25, 0.25)),
        held_out.Found("animal", 0.5, (0.6, 0.1, 0.9, 0.5)),
    ]
    its = record.answer_of(frame(), 0, boxes, DetectedFrame(640, 480, ()), our_model())
    assert [one.count for one in readings.frame_by_frame([its], {0: 0.3})] == [3]
    assert [one.count for one in readings.counted([its], {0: 0.3})] == [2]


def two_folds() -> Any:
    """Forty frames of as many cameras in two folds: three in four found, none falsely; the station in the Jura, too."""
    made = [answer(frame(f"c{n}", 1, night=n % 4 == 0), n % 2, *([0.5] if n % 4 else [])) for n in range(40)]
    made += [answer(frame(f"e{n}", 0), n % 2) for n in range(20)]
    made += [answer(frame("jura", 1, f"{n}.jpg", measured=False), 0, 0.9) for n in range(60)]
    return record.Record("made-up", tuple(made))


def test_the_tables_say_what_was_counted() -> None:
    """Figures by reading with their intervals, the folds' thresholds, and people only where frames are enough."""
    made = two_folds()
    measured = made.only(lambda its: its.measured)
    its = tables.results(measured, "background")
    assert [one.reading for one in its] == list(readings.READINGS)
    lines = list(tables.readings(its))
    assert "| found by day | 30 | 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) |" in lines
    assert "| night less day |  | -1.00 (-1.00 to -1.00) |" in "\n".join(lines)
    assert "| threshold of each fold |  | 0.05, 0.05 | 0.05, 0.05 | 0.05, 0.05 |" in lines
    assert any(line.startswith("| animals found | 40 | 0.75 (0.6") for line in tables.side_by_side(its))
    assert any("| 0.75 (30/40) | 1.00 (30/30) | 0.00 (0/10) | 0.00 (0/20) |" in one for one in tables.ladder(measured))
    assert "| 0/0, fewer than 60: nothing is said |" in "\n".join(tables.people_and_animals(made, its))
    assert "| 60/60: 1.00 (0.94 to 1.00) |" in "\n".join(tables.people_and_animals(made, its))
    assert len(list(tables.halves(measured, 2))) == 3 + len(thresholds.RULES)


def test_a_card_is_toml_with_the_figures_in_it() -> None:
    """What is printed can be pasted; for one fold alone there is no card."""
    made = two_folds()
    its = tables.results(made.only(lambda frame: frame.measured), "background")
    text = tomllib.loads("\n".join(card.card(made, its, made)))
    assert "60 frames of 60 cameras and sites in 2 folds: 40 with animals, 10 of them at night" in text["measured_on"]
    assert "animals found on 30 of 40 (0.75)" in text["results"]
    assert "with animals: an animal on 60/60: 1.00 (0.94 to 1.00)" in text["results"]
    with pytest.raises(ValueError, match="two folds or more"):
        list(card.card(made, [], made))


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark as a person would."""
    return subprocess.run(  # noqa: PLW1510 - its exit status is what the tests look at
        [sys.executable, str(TOOLS / "bench.py"), *arguments], capture_output=True, text=True, timeout=240
    )


def test_missing_data_and_missing_results_are_named(tmp_path: Path, shared_data: Path) -> None:
    result = bench("detect", "--data", str(tmp_path))
    assert (result.returncode, result.stdout) == (2, "")
    assert "truth.csv" in result.stderr
    result = bench("detect", "--data", str(shared_data), "--held-out", str(tmp_path / "none.json"))
    assert (result.returncode, result.stdout) == (1, "")
    assert "none.json" in result.stderr


@pytest.mark.slow
def test_the_card_of_our_model_is_what_is_measured(shared_data: Path) -> None:
    """Nobody typed the figures of models/cameratrap-nano: they are those of tools/trainer/held-out.json."""
    result = bench("detect", "--data", str(shared_data), "--card")
    assert (result.returncode, result.stderr) == (0, "")
    shipped = tomllib.loads((OURS / "model.toml").read_text(encoding="utf-8"))["card"]
    assert tomllib.loads(result.stdout) == {key: shipped[key] for key in ("measured_on", "results")}


def test_every_camera_trap_frame_was_held_out_once(frames: list[Any], shared_data: Path) -> None:
    """The committed results are whole, of this data, and small."""
    made = held_out.read(HELD_OUT)
    wanted = [
        one for one in dataset.read_frames(shared_data) if one.measured or (one.camera == "jura" and one.kind == "trap")
    ]
    assert sorted(one.file for one in made.answers) == sorted(
        one.path.relative_to(shared_data).as_posix() for one in wanted
    )
    assert HELD_OUT.stat().st_size < 300_000
