"""One thread that sleeps until one of several file descriptors has something to read."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable


class EdgeThread:
    """Calls what belongs to a descriptor whenever that is readable, one after the other; asleep in between.

    The thread begins with the first descriptor. ``read`` reads it empty; where it raises OSError it is not called
    again, as the descriptor would be reported for ever.
    """

    def __init__(self) -> None:
        self._reads: dict[int, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._poll = select.epoll()
        self._end = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll.register(self._end, select.EPOLLIN)
        self._thread: threading.Thread | None = None

    def add(self, fd: int, read: Callable[[], None]) -> None:
        """From now on ``read`` is called in the thread when ``fd`` is readable."""
        with self._lock:
            self._reads[fd] = read
            self._poll.register(fd, select.EPOLLIN)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gpio edges", daemon=True)
                self._thread.start()

    def remove(self, fd: int) -> None:
        """No more calls for ``fd`` but the one that may be running; do so before it is closed."""
        with self._lock:
            if self._reads.pop(fd, None) is not None:
                self._poll.unregister(fd)

    def close(self) -> None:
        """End the thread, and wait for it. A second time is harmless."""
        if self._poll.closed:
            return
        os.eventfd_write(self._end, 1)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._poll.close()
        os.close(self._end)

    def _run(self) -> None:
        while True:
            for fd, _ in self._poll.poll():
                if fd == self._end:
                    return
                self._call(fd)

    def _call(self, fd: int) -> None:
        with self._lock:
            read = self._reads.get(fd)
        if read is None:
            return
        try:
            read()
        except OSError:
            self.remove(fd)
            report()


def report() -> None:
    """Tell of the exception at hand as of one that ends a thread, and go on: the other pins still have edges."""
    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
