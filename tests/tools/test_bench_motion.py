"""`tools/bench motion`: the truth is whole, every figure can be counted by hand, and the bars hold."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.replay.footage_compose import picture
from cameratrap.replay.footage_story import SceneAnimal

TOOLS = Path(__file__).parents[2] / "tools"


def _tool(name: str) -> Any:
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)


bench = _tool("bench_motion")
baseline, clips, cutouts, measure, rates, render, scoring, script, truth = (
    _tool(f"motion.{name}")
    for name in ("baseline", "clips", "cutouts", "measure", "rates", "render", "score", "script", "truth")
)
TRUTH = truth.read_truth()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(threads)


def test_every_interval_lies_within_its_recording() -> None:
    """Passes begin before they end, follow each other, and are over when the recording is."""
    for one in TRUTH.scripts:
        for each in one.passes:
            assert 0 <= each.path[0][0] <= each.start_s < each.end_s <= each.path[-1][0]
            assert each.end_s <= one.duration_s
        for before, after in pairwise(one.passes):
            assert before.end_s < after.start_s
    for clip in TRUTH.clips:
        assert all(0 <= start_s < end_s for start_s, end_s in (*clip.passes, *clip.unsure))
        assert len(clip.sha256) == 64


def test_the_halves_share_neither_places_nor_animals() -> None:
    """What chose the settings says nothing of the figures."""
    for parts in (lambda one: set(one.files), lambda one: {each.file for each in one.passes}):
        tuning, report = (
            set().union(*(parts(one) for one in TRUTH.scripts if one.half == half)) for half in ("tuning", "report")
        )
        assert tuning
        assert report
        assert not tuning & report


def test_the_truth_survives_being_written(tmp_path: Path) -> None:
    """What is read back is what was written."""
    truth.write_truth(TRUTH, tmp_path / "truth.json")
    assert truth.read_truth(tmp_path / "truth.json") == TRUTH
    assert (tmp_path / "truth.json").read_bytes() == truth.TRUTH.read_bytes()


def test_a_score_can_be_counted_by_hand() -> None:
    """Two passes, one found after 2 s; three stray frames make two triggers, those near an animal none."""
    expected = scoring.Expected(((10.0, 14.0), (50.0, 51.0)), ((9.0, 15.0), (49.0, 52.0)), 100.0)
    its = scoring.score(expected, [8.9, 9.5, 12.0, 15.9, 30.0, 31.0, 52.5])
    assert (its.passes, its.found, its.false) == (2, 1, 2)
    assert its.delays_s == (2.0,)
    assert its.free_s == pytest.approx(100 - 7 - 4)
    assert its.false_an_hour == pytest.approx(3600 * 2 / 89)


@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0, 100)))
def test_who_fires_more_finds_no_less(fired: list[float], more: list[float]) -> None:
    """Neither passes found nor what is free of animals shrinks with further firing."""
    expected = scoring.Expected(((10.0, 14.0), (50.0, 51.0)), ((9.0, 15.0), (49.0, 52.0)), 100.0)
    one, other = scoring.score(expected, fired), scoring.score(expected, [*fired, *more])
    assert other.found >= one.found
    assert other.free_s == one.free_s


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_the_interval_of_a_count_is_garwoods(count: int, low: float, high: float) -> None:
    """As printed in tables of the exact Poisson interval."""
    assert rates.poisson_interval(count) == pytest.approx((low, high), abs=2e-3)


def test_a_count_below_nothing_has_no_interval() -> None:
    """It is an error, not a rate."""
    with pytest.raises(ValueError, match="-1"):
        rates.poisson_interval(-1)


def drawn(light: str) -> np.ndarray:
    """The demonstration's waterhole without anybody, as luma of the small stream."""
    grey = np.asarray(picture((), light, seed=1, wind=0.0).image.convert("L"), np.float32)
    return np.asarray(cv2.resize(grey, (truth.WIDTH, truth.HEIGHT), interpolation=cv2.INTER_AREA), np.float32)


KINDS = {"guineafowl": -3.0, "jackal": 0.0, "zebra": 3.0}


def bodies(light: str) -> dict[tuple[str, Any], Any]:
    """The demonstration's animals, cut out along their own outlines."""
    shot = picture([SceneAnimal(kind, across_m, 9.0, 0.0) for kind, across_m in KINDS.items()], light, seed=1, wind=0.0)
    grey = np.asarray(shot.image.convert("L"), np.float32)
    cut = {}
    for number, kind in enumerate(KINDS):
        rows, columns = np.nonzero(shot.owner == number)
        window = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        cover = (shot.owner[window] == number).astype(np.float32)
        cut[kind, BOX] = cutouts.Cutout(grey[window], cover, float(np.median(grey)))
    return cut


BOX = (0.0, 0.0, 1.0, 1.0)


def passing(kind: str, start_s: float, way_s: float, high: float, wide: float) -> Any:
    path = ((start_s, -wide / 2, 0.7), (start_s + way_s, 1 + wide / 2, 0.7))
    return truth.Pass(start_s + 0.1, start_s + way_s - 0.1, kind, BOX, (wide, high), path)


def recording(light: str, seed: int, *events: Any) -> tuple[Any, Any]:
    """Thirty seconds of a small animal, a quick one and a slow one in that weather, and what it is drawn from."""
    passes = (
        passing("guineafowl", 4, 4, 0.09, 0.08),
        passing("jackal", 12, 1.6, 0.2, 0.25),
        passing("zebra", 17, 8, 0.4, 0.35),
    )
    made = truth.Script(light, "report", (light,), seed, 5.0, 34.0, light == "night", events, passes)
    return made, render.Materials((drawn(light),), bodies(light))


@pytest.fixture(scope="module")
def small_set() -> list[tuple[Any, Any]]:
    event = truth.Event
    return [
        recording("noon", 3, event("wind", 8, 13, 9.0), event("cloud", 14, 24, 0.5), event("rain", 25.5, 33, 40)),
        recording("night", 5, event("dark", 9, 11.8, 1.0, told=True), event("insects", 25.5, 33, 1.5)),
    ]


def test_the_same_script_gives_the_same_frames(small_set: list[tuple[Any, Any]]) -> None:
    """And the switching that is told comes with the frame that follows it."""
    made, drawn_from = small_set[1]
    one, other = (list(islice(render.frames(made, drawn_from), 70)) for _ in range(2))
    assert all(np.array_equal(here.luma, there.luma) for here, there in zip(one, other, strict=True))
    assert [shown.at_s for shown in one if shown.light_switched] == [9.0, 11.8]
    assert {shown.luma.shape for shown in one} == {(480, 640)}


def test_the_bars_hold_on_a_small_set_of_our_own(small_set: list[tuple[Any, Any]]) -> None:
    """At least MOG2's passes at no more than half its false triggers, and 2 ms a frame.

    Of five false triggers in a minute of the worst weather one more or less is chance; the real pictures say the rate.
    """
    of = {
        made.name: (
            scoring.Expected.of_script(made),
            measure.look(render.frames(made, drawn_from), made.fps, [bench.CHOSEN]),
        )
        for made, drawn_from in small_set
    }
    _bars(of, chance=1)
    assert bench.ours(of).found == bench.ours(of).passes == 6


def _bars(of: Any, *, chance: int = 0) -> None:
    mine, theirs = bench.ours(of), bench.mog2(of, 0, bench.CHOSEN_LIMIT)
    assert mine.found >= theirs.found
    assert mine.false <= 0.5 * theirs.false + chance
    frames = sum(len(looked.times_s) for _, looked in of.values())
    assert sum(looked.ours_cpu_s for _, looked in of.values()) / frames <= 0.002


def test_mog2_is_given_its_light_switch() -> None:
    """Told of it or by itself, it takes the new light for its background: it is not beaten by a straw man."""
    random = np.random.default_rng(1)
    place = cv2.GaussianBlur(random.uniform(0, 255, (480, 640)).astype(np.float32), (0, 0), 3)
    for told in (True, False):
        mog2 = baseline.Mog2(bench.CHOSEN, 5.0)
        areas = [
            mog2.look((place if n < 20 else 0.3 * place).astype(np.uint8), light_switched=told and n == 20)
            for n in range(40)
        ]
        assert max(areas) <= bench.CHOSEN_LIMIT.least_area


@pytest.mark.slow
def test_the_bars_hold_on_the_half_that_chose_nothing(shared_data: Path) -> None:
    """Real empties with real animals that pass, and the real clips: recall, false triggers, cost."""
    _bars(bench.recordings(TRUTH, "report", shared_data, [bench.CHOSEN]))
    of = bench.clips(TRUTH, shared_data, [bench.CHOSEN])
    assert bench.ours(of).found >= bench.mog2(of, 0, bench.CHOSEN_LIMIT).found
    assert bench.ours(of).false <= 1


def test_what_is_fast_or_close_is_a_stratum_of_each_half() -> None:
    """Small animals that cross within a second, large ones right before the lens: enough of each to tell."""
    for half, least in (("tuning", 25), ("report", 60)):
        scripts = [one for one in TRUTH.scripts if one.half == half]
        fast, close = ([p for one in scripts if one.stratum == name for p in one.passes] for name in bench.STRATA[1:])
        assert min(len(fast), len(close)) >= least
        assert all(one.path[-1][0] - one.path[0][0] <= 1.01 and one.size[1] <= 0.2 for one in fast)
        assert all(one.size[1] >= 0.55 for one in close)


@pytest.mark.slow
def test_the_script_writes_the_truth_that_is_committed(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seed and the same pictures: the same passes."""
    written: list[Any] = []
    monkeypatch.setattr(script, "write_truth", written.append)
    assert script.main(["--data", str(shared_data)]) == 0
    assert written == [TRUTH]


def test_a_clip_that_is_another_one_is_refused(tmp_path: Path) -> None:
    """The truth says nothing of it."""
    (tmp_path / TRUTH.clips[0].file).write_bytes(b"another")
    with pytest.raises(OSError, match="not the clip"):
        list(clips.clip_frames(TRUTH.clips[0], tmp_path))


def test_without_the_data_the_bench_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that names no data is a mistake in the call."""
    with pytest.raises(SystemExit) as caught:
        bench.main(["--data", str(tmp_path)])
    assert caught.value.code == 2
    assert "--data" in capsys.readouterr().err


def test_a_picture_that_is_missing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, no traceback."""
    (tmp_path / "images").mkdir()
    assert bench.main(["--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")
