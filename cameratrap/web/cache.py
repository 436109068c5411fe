"""Files that were made once and can be made again, kept in the user's cache up to a limit."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

CACHE_BYTES = 500_000_000  # some 10,000 pictures of a gallery
_SWEEP_EVERY = 200  # files between two looks at how much is kept


@dataclass
class Cache:
    """Files by what they were made from, in ``folder``; of more than ``limit`` bytes the oldest go.

    It only saves time: where it cannot be written, nothing is kept and nothing fails.
    """

    folder: Path
    limit: int = CACHE_BYTES
    _written: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: str) -> bytes | None:
        """What was kept under ``key``."""
        try:
            return self._path(key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keep it."""
        path = self._path(key)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
            Path(file.name).replace(path)
        with self._lock:
            self._written += 1
            is_due = self._written % _SWEEP_EVERY == 1
        if is_due:
            self.sweep()

    def sweep(self) -> None:
        """Remove the oldest until what is left is within the limit."""
        kept: list[tuple[float, int, Path]] = []
        for path in self.folder.rglob("*"):
            with suppress(OSError):
                status = path.stat()
                if path.is_file():
                    kept.append((status.st_mtime, status.st_size, path))
        left = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if left <= self.limit:
                return
            with suppress(OSError):
                path.unlink()
            left -= size

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key
