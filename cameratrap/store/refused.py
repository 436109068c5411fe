"""The bodies that proved nothing: kept for a while, bounded, apart from the inbox.

A body that could not be checked because a key was missing can be tried again from here; one that was forged is
evidence. Each is one JSON file with the body in base64, named by the body's hash, so that the same body a thousand
times is one file.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.durable import make_folder_durably, write_durably

REFUSED_FOLDER = "refused"
MAX_FILES = 256
MAX_BODY_BYTES = 64 * 1024  # as large as a delivery may be; together at most 22 MiB


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


class RefusedLog:
    """The newest MAX_FILES refused bodies, in ``folder``, which is made when first needed."""

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
            for path in self.files()[:-MAX_FILES]:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"a refused body cannot be kept in {self.folder}", why=str(error)) from error
        return True

    def bodies(self) -> Iterator[RefusedBody]:
        """What is kept, oldest first. Raises StoreError for a file that is not one of ours."""
        for path in self.files():
            yield self.read(path)

    def files(self) -> list[Path]:
        """The file of each body, the one refused first at the head."""
        return sorted(self.folder.glob("*.json"), key=lambda path: (_modified_ns(path), path.name))

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

    def forget(self, refused: RefusedBody) -> None:
        """Drop a body that was taken in after all. Raises StoreError."""
        try:
            self._path(refused).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"a refused body cannot be dropped from {self.folder}", why=str(error)) from error

    def _path(self, refused: RefusedBody) -> Path:
        return self.folder / f"{refused.sha256}.json"


def _modified_ns(path: Path) -> int:
    """When a file was written; another process may just have dropped it."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
