"""Ways of running a model, side by side: each is measured, and one that cannot be run is an answer like the others."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cameratrap.app.images import read_image
from cameratrap.app.models import ModelFolder, load_folder
from cameratrap.drivers import model_bench
from cameratrap.drivers.bench_worker import INVOKES, Round, Took, peak_memory_mb
from cameratrap.drivers.model_bench import Measured, Times, cases, drawn_picture, measure
from cameratrap.drivers.runtimes import installed_runtimes
from cameratrap.resources import builtin_taxa
from tests.model_folders import classifier_folder, constant_folder, picture

TAXA = builtin_taxa()


@pytest.fixture
def finder(tmp_path: Path) -> ModelFolder:
    return load_folder(constant_folder(tmp_path / "finder"), TAXA)


def test_every_way_there_is_here_is_a_case(finder: ModelFolder) -> None:
    found = [(case.runtime, case.threads, case.delegate) for case in cases([finder], [1, 4])]
    runtimes = [runtime.name for runtime in installed_runtimes()]
    assert found == [(name, count, delegate) for name in runtimes for count in (1, 4) for delegate in (True, False)]


def test_detectors_and_classifiers_are_timed_in_every_round(tmp_path: Path, finder: ModelFolder) -> None:
    namer = load_folder(classifier_folder(tmp_path / "namer"), TAXA)
    chosen = [case for case in cases([finder, namer], [1]) if case.delegate][:2]
    steps: list[None] = []
    measured = measure(chosen, [picture(), picture(80, 60)], rounds=2, progress=lambda: steps.append(None))
    assert [each.case for each in measured] == chosen
    assert len(steps) == len(chosen) * 3
    for each in measured:
        assert each.error is None
        assert [(len(one.invoke), len(one.detect)) for one in each.rounds] == [(INVOKES, 2)] * 2
        assert each.invoke is not None
        assert each.detect is not None
        assert 0 < each.invoke.wall_ms < each.detect.wall_ms
        assert 0 < each.invoke.cpu_ms < each.detect.cpu_ms
        assert each.load_ms is not None
        assert each.load_ms > 0
        if sys.platform == "linux":
            assert each.peak_mb is not None
            assert each.peak_mb > 20


def test_what_cannot_be_run_is_an_answer_and_the_others_go_on(tmp_path: Path, finder: ModelFolder) -> None:
    """A file that is no model, a runtime that is not there, a picture that is none."""
    broken = replace(finder, weights=tmp_path / "broken.tflite")
    broken.weights.write_bytes(b"TFL3 and nothing else")
    (good, *_) = cases([finder], [1])
    measured = measure([replace(good, model=broken), replace(good, runtime="none"), good], [picture()], rounds=2)
    assert [each.error and each.error.split(":")[0] for each in measured] == [
        f"{broken.weights} cannot be run",
        "there is no runtime none",
        None,
    ]
    assert [len(each.rounds) for each in measured] == [0, 0, 2]
    (failed,) = measure([good], [b"no picture"], rounds=2)
    assert "it is not a picture" in str(failed.error)
    assert (failed.invoke, failed.detect, failed.ratio(measured[2])) == (None, None, None)


def test_a_process_that_is_killed_is_named(finder: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel does it with one that takes too much memory."""
    (case, *_) = cases([finder], [1])
    before = _children()

    def kill() -> None:
        for child in _children() - before:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        time.sleep(0.1)

    (measured,) = measure([case], [picture()], rounds=2, progress=kill)
    assert measured.error == f"the process ended with {-signal.SIGKILL}; perhaps it ran out of memory"


def test_one_that_never_answers_is_given_up(finder: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_bench, "DEADLINE_S", 0.0)
    (case, *_) = cases([finder], [1])
    (measured,) = measure([case], [picture()], rounds=2)
    assert measured.error == "no answer for 0 s"


def test_times_are_medians_and_a_ratio_is_of_the_processors(finder: ModelFolder) -> None:
    """Another program that keeps the processor busy lengthens the clock's time alone."""
    assert Times.of([Took(wall, 2 * wall) for wall in (9, 1, 3, 5, 7)]) == Times(wall_ms=5, spread_ms=4, cpu_ms=10)
    case = cases([finder], [1])[0]
    slow = Measured(case, rounds=[Round((Took(9, 6), Took(6, 6)), ()), Round((Took(60, 6), Took(6, 7)), ())])
    fast = Measured(case, rounds=[Round((Took(2, 2), Took(99, 2)), ())])
    assert slow.ratio(fast) == 3
    assert slow.detect is None


def test_the_drawn_picture_is_a_picture_and_always_the_same() -> None:
    still = read_image(drawn_picture(640, 480))
    assert (still.format, still.width, still.height) == ("JPEG", 640, 480)
    assert still.data == drawn_picture(640, 480)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a program's own high-water mark")
def test_memory_is_told_as_its_highest_so_far() -> None:
    before = peak_memory_mb()
    assert before is not None
    block = bytearray(b"x") * 50_000_000
    after = peak_memory_mb()
    assert after is not None
    assert after >= len(block) / 1e6


def _children() -> set[int]:
    """The processes whose parent this one is, which on Linux /proc tells."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(status.parent.name))
    return found
