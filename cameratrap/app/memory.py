"""Keeping what a process holds close to what it needs, with the C library's allocator (glibc; elsewhere nothing).

A decoder takes tens of megabytes for a moment. By itself the allocator would keep such blocks for the next time, in
each thread, and the sum is what a small computer sees.
"""

from __future__ import annotations

import ctypes

# malloc.h: blocks of at least this size go back to the system as soon as they are freed.
_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 4_000_000


def return_large_blocks() -> None:
    """From now on large blocks are not kept. For the whole process."""
    _call("mallopt", _M_MMAP_THRESHOLD, _LARGE_BYTES)


def return_free_memory() -> None:
    """Give back what is free now."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
