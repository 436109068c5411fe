"""The bodies that proved nothing: kept for a while, bounded, apart from the inbox.

A body that could not be checked because a key was missing can be tried again from here; one that was forged is
evidence. Each is one JSON file with the body in base64, named by the body's hash, so that the same body a thousand
times is one file. While the log holds anything, or had to drop something, that is an alarm.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.durable import make_folder_durably, write_durably

REFUSED_FOLDER = "refused"
FORGOTTEN_FOLDER = "forgotten"  # within it: what a person has dropped
# A month of thirty traps, while nobody sees that the key has changed.
MAX_FILES = 1024
MAX_LOG_BYTES = 16 * 1024 * 1024
MAX_BODY_BYTES = 64 * 1024  # as large as a delivery may be
REVERIFY_HINT = (
    "`cameratrap receive reverify` takes them in once their key is in ground.rockblock_public_keys;"
    " with --forget it drops what is false"
)
_DROPPED = "dropped"  # how many bodies made way, as text


@dataclass(frozen=True, slots=True)
class RefusedBody:
    """One refused body: the name of the file or address it came from, why it was refused, and when."""

    name: str
    body: bytes
    reason: str
    refused_at: datetime

    @property
    def sha256(self) -> str:
        """Identifies the body."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class RefusedAlarm:
    """How many bodies the log holds, since when, and how many it had to drop."""

    count: int
    since: datetime | None
    dropped: int

    def __str__(self) -> str:
        deliveries = "1 delivery" if self.count == 1 else f"{self.count} deliveries"
        since = f" since {self.since.isoformat(timespec='seconds')}" if self.since else ""
        dropped = f"; the log was full, {self.dropped} more were dropped" if self.dropped else ""
        return f"{deliveries} refused{since}{dropped}"


class RefusedLog:
    """The newest refused bodies, at most MAX_FILES of MAX_LOG_BYTES, in ``folder``, which is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, refused: RefusedBody) -> bool:
        """Keep a body, and drop the oldest where there are too many; False if it is too large to be kept.

        One that is kept already stays as it was first refused. Raises StoreError.
        """
        if len(refused.body) > MAX_BODY_BYTES or self._path(refused).exists():
            return len(refused.body) <= MAX_BODY_BYTES
        record = {
            "refused_at": refused.refused_at.isoformat(),
            "name": refused.name,
            "reason": refused.reason,
            "body": base64.b64encode(refused.body).decode("ascii"),
        }
        try:
            make_folder_durably(self.folder)
            write_durably(self._path(refused), json.dumps(record, ensure_ascii=True, indent=1).encode("ascii"))
            self._make_room()
        except OSError as error:
            raise StoreError(f"a refused body cannot be kept in {self.folder}", why=str(error)) from error
        return True

    def _make_room(self) -> None:
        """Drop the oldest until the log is within its limits, and write down how many that were."""
        files = self.files()
        sizes = [_status(path)[1] for path in files]
        surplus, held = 0, sum(sizes)
        while len(files) - surplus > MAX_FILES or held > MAX_LOG_BYTES:
            files[surplus].unlink(missing_ok=True)
            held -= sizes[surplus]
            surplus += 1
        if surplus:
            write_durably(self.folder / _DROPPED, str(self._dropped() + surplus).encode("ascii"))

    def _dropped(self) -> int:
        try:
            return int((self.folder / _DROPPED).read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def alarm(self) -> RefusedAlarm | None:
        """What a person should know of the log, None where it is empty and always was large enough."""
        files, dropped = self.files(), self._dropped()
        if not files and not dropped:
            return None
        since = datetime.fromtimestamp(_status(files[0])[0] / 1e9, UTC) if files else None
        return RefusedAlarm(len(files), since, dropped)

    def forget_dropped(self) -> None:
        """Once a person knows that bodies made way, they are an alarm no longer. Raises OSError."""
        (self.folder / _DROPPED).unlink(missing_ok=True)

    def bodies(self) -> Iterator[RefusedBody]:
        """What is kept, oldest first. Raises StoreError for a file that is not one of ours."""
        for path in self.files():
            yield self.read(path)

    def files(self) -> list[Path]:
        """The file of each body, the one refused first at the head."""
        return sorted(self.folder.glob("*.json"), key=lambda path: (_status(path)[0], path.name))

    def read(self, path: Path) -> RefusedBody:
        """The body in one of the files. Raises StoreError for a file that is not one of ours."""
        try:
            record = json.loads(path.read_text(encoding="ascii"))
            return RefusedBody(
                name=str(record["name"]),
                body=base64.b64decode(record["body"], validate=True),
                reason=str(record["reason"]),
                refused_at=datetime.fromisoformat(record["refused_at"]),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            hint = "move it out of the folder"
            raise StoreError(f"{path} is not a refused body", why=str(error), hint=hint) from error

    def drop(self, refused: RefusedBody) -> None:
        """Take a body out of the log and its alarm, and keep it in a folder below, within the same limits. Raises
        StoreError.

        What is false today may be true under a key that is published tomorrow: moved back, it is tried again.
        """
        RefusedLog(self.folder / FORGOTTEN_FOLDER).keep(refused)
        self.forget(refused)

    def forget(self, refused: RefusedBody) -> None:
        """Drop a body that was taken in after all. Raises StoreError."""
        try:
            self._path(refused).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"a refused body cannot be dropped from {self.folder}", why=str(error)) from error

    def _path(self, refused: RefusedBody) -> Path:
        return self.folder / f"{refused.sha256}.json"


def _status(path: Path) -> tuple[int, int]:
    """When a file was written, in nanoseconds, and its bytes; another process may just have dropped it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
