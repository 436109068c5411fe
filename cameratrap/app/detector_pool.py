"""Several detectors of one model, for as many pictures at once, within a stated amount of memory.

A detector is for one thread at a time, and each holds the model's own memory. Decoders hold memory too: a camera's
JPEG next to none beyond the file, a large PNG all of its pixels. So a picture that takes more than what is set aside
for decoding is looked at alone, and the other detectors are closed until it is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cameratrap.app.memory import return_free_memory
from cameratrap.ports import Detector

# Room for two pictures of 24 megapixels as cameras write them, each some 18 MB in all.
DECODING_BYTES = 40_000_000


class DetectorPool:
    """Lends detectors of one model to threads."""

    def __init__(self, first: Detector, another: Callable[[], Detector]) -> None:
        """``another`` opens one more like ``first``, for a thread that comes when none is idle."""
        self._another = another
        self._idle = [first]
        self._lent = 0
        self._taken_bytes = 0
        self._change = threading.Condition()
        self._opening = threading.Lock()

    @contextmanager
    def detector(self, decoding_bytes: int) -> Iterator[Detector]:
        """A detector for a picture that takes so much memory to decode; waits until there is room for it.

        Raises ModelError when one more must be opened and cannot be.
        """
        with self._change:
            self._change.wait_for(lambda: not self._lent or self._taken_bytes + decoding_bytes <= DECODING_BYTES)
            self._lent += 1
            self._taken_bytes += decoding_bytes
            chosen = self._idle.pop() if self._idle else None
            if decoding_bytes > DECODING_BYTES:
                self._close_idle()
                return_free_memory()
        try:
            if chosen is None:
                chosen = self._open()
            yield chosen
        finally:
            with self._change:
                self._lent -= 1
                self._taken_bytes -= decoding_bytes
                if chosen is not None:
                    self._idle.append(chosen)
                self._change.notify_all()

    def close(self) -> None:
        """Close those that are not lent, ``first`` too."""
        with self._change:
            self._close_idle()

    def _open(self) -> Detector:
        with self._opening:  # loading a model may redirect what its runtime prints, for the whole process
            return self._another()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
