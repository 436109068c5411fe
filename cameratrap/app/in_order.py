"""Several things at once, their results in the order of the things."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
# So many are begun for each thread that one which takes long does not leave the others idle at once.
_BEGUN = 3


def in_order(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    threads: int,
    *,
    stop: Callable[[], None] = lambda: None,
) -> Generator[_Result, None, None]:
    """``work`` of each item, in ``threads`` threads, in the order of the items.

    Items are taken as they are needed, so that neither they nor the results pile up. What ``work`` raises is raised
    here in its turn. When nobody wants more results, or one has failed, what has not begun never does; ``stop`` is
    called first, to tell work that takes long. One thread is the caller's own.
    """
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="work") as executor:
        begun: deque[Future[_Result]] = deque()
        try:
            for item in items:
                begun.append(executor.submit(work, item))
                if len(begun) == _BEGUN * threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            stop()
            executor.shutdown(wait=False, cancel_futures=True)
