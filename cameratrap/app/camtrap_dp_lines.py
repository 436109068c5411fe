"""A package that this program has written and nobody has changed: its lines give the project back exactly."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from cameratrap.app.package_files import PackageFiles
from cameratrap.errors import PackageError, StoreError
from cameratrap.store.project_lines import Line, decode_line

_MOST_LINE_BYTES = 64 * 1024 * 1024


def exact_lines(files: PackageFiles, descriptor: Mapping[str, Any]) -> str | None:
    """The file of the lines, None where there is none or a table is not as it was written: then the tables hold."""
    ours = descriptor.get("cameratrap")
    digests = ours.get("sha256") if isinstance(ours, dict) else None
    if not isinstance(digests, dict) or not digests:
        return None
    if not all(isinstance(name, str) and files.has(name) and files.digest(name) == of for name, of in digests.items()):
        return None
    return next((name for name in digests if name.endswith(".jsonl")), None)


def read_lines(files: PackageFiles, name: str) -> Generator[Line]:
    """The lines of a package. Raises PackageError naming the line that is not sound."""
    with files.open(name) as file:
        number = 0
        while text := file.readline(_MOST_LINE_BYTES):
            number += 1
            try:
                yield decode_line(text)
            except StoreError as error:
                raise PackageError(f"line {number} of {name} in {files.origin} is not sound", why=error.why) from error
