"""Detectors for several threads, and room for what their pictures take to decode."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.detector_pool import DECODING_BYTES, DetectorPool
from cameratrap.domain.detections import DetectedFrame
from cameratrap.errors import ModelError
from cameratrap.ports import Frame

SMALL = DECODING_BYTES // 3
LARGE = 2 * DECODING_BYTES


class Closable:
    name, version, sha256, score_threshold = "closable", "1", "0" * 64, None

    def __init__(self) -> None:
        self.closed = False

    def detect(self, _frame: Frame) -> DetectedFrame:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def test_a_detector_is_lent_to_one_at_a_time_and_used_again() -> None:
    first = Closable()
    pool = DetectorPool(first, Closable)
    with pool.detector(SMALL) as one, pool.detector(SMALL) as other:
        assert one is first
        assert other is not first
    with pool.detector(SMALL) as again:
        assert again in (one, other)


def test_a_large_picture_is_looked_at_alone() -> None:
    """It waits for the others and they for it; detectors that are idle meanwhile are closed, and opened anew after."""
    pool = DetectorPool(Closable(), Closable)
    with pool.detector(SMALL) as one, pool.detector(SMALL) as other:
        pass
    told: list[str] = []

    def large() -> None:
        with pool.detector(LARGE):
            told.append("large begins")
            time.sleep(0.05)
            told.append("large ends")

    def small() -> None:
        with pool.detector(SMALL):
            told.append("small")

    with pool.detector(SMALL):
        threads = [threading.Thread(target=large)]
        threads[0].start()
        time.sleep(0.05)
        assert told == []
    while not told:
        time.sleep(0.001)
    threads.append(threading.Thread(target=small))
    threads[1].start()
    for thread in threads:
        thread.join(timeout=5)
    assert told == ["large begins", "large ends", "small"]
    assert one.closed is not other.closed


@given(st.lists(st.integers(0, 2 * DECODING_BYTES), min_size=1, max_size=12))
def test_there_is_always_room_for_the_next(sizes: list[int]) -> None:
    """Whatever comes, several threads get through, and what they take together is within the room or one picture's."""
    pool = DetectorPool(Closable(), Closable)
    inside: list[int] = []
    problems: list[list[int]] = []

    def work(own: list[int]) -> None:
        for size in own:
            with pool.detector(size):
                inside.append(size)
                together = list(inside)
                if len(together) > 1 and sum(together) > DECODING_BYTES:
                    problems.append(together)
                inside.remove(size)

    threads = [threading.Thread(target=work, args=(sizes[place::3],)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert problems == []


def test_a_detector_that_cannot_be_opened_leaves_the_others_their_turn() -> None:
    def fails() -> Closable:
        raise ModelError("the model is gone")

    pool = DetectorPool(Closable(), fails)
    with pool.detector(SMALL), pytest.raises(ModelError), pool.detector(SMALL):
        pass
    with pool.detector(LARGE):
        pass


def test_closing_closes_all_that_are_idle() -> None:
    opened = [Closable()]
    pool = DetectorPool(opened[0], lambda: opened.append(Closable()) or opened[-1])
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(pool.detector(SMALL))
    pool.close()
    assert [each.closed for each in opened] == [True] * 3
