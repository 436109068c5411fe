"""Several at once, in order, and never more begun than are soon wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.in_order import in_order


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 4))
def test_results_come_in_the_order_of_the_items(waits: list[int], threads: int) -> None:
    """However long each takes."""

    def work(item: tuple[int, int]) -> int:
        time.sleep(item[1] / 5000)
        return item[0]

    assert list(in_order(work, enumerate(waits), threads)) == list(range(len(waits)))


def test_several_run_at_once() -> None:
    """Each of three waits for the two others: one after the other they would never end."""
    meeting = threading.Barrier(3)
    assert len(list(in_order(lambda _: meeting.wait(timeout=5), range(3), 3))) == 3


def test_an_error_comes_in_its_turn_and_what_has_not_begun_never_does() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            raise ValueError("the third")
        time.sleep(0.01)
        return item

    results = in_order(work, range(1000), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="the third"):
        next(results)
    time.sleep(0.05)
    assert len(begun) < 12


@pytest.mark.parametrize("threads", [1, 2])
def test_whoever_stops_early_leaves_nothing_running(threads: int) -> None:
    """Work that takes long is told to stop, and items that nobody wants are not taken."""
    stopping = threading.Event()
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    def work(item: int) -> int:
        if item:
            stopping.wait(timeout=5)
        return item

    results = in_order(work, items(), threads, stop=stopping.set)
    assert next(results) == 0
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 2
    assert len(taken) <= 7
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("work")]
