"""The file of JSON Lines that a long run writes, and what an interrupted run needs to go on in it.

While a run is under way ``NAME.unfinished`` lies beside the file ``NAME`` and says what decides its lines: the model,
its thresholds, the rules. It goes when the last line is written. Lines reach the system one by one, so that a process
that is killed loses the one it was writing; after a power cut more may be missing or be zeros, at the end.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cameratrap.errors import UsageError
from cameratrap.store.durable import write_durably

UNFINISHED = ".unfinished"
Facts = Mapping[str, str | float | bool | None]


class ResultLines:
    """A context around one run: finished when it is left without an exception, unfinished otherwise."""

    def __init__(self, path: Path, facts: Facts, *, resume: bool = False) -> None:
        """Begin, or with ``resume`` go on, which an empty or missing file makes a beginning too.

        ``facts`` are what decides the lines, by the words that a person is told. Raises UsageError when the file
        cannot be written, another process is at it, or it is not one that was begun so and not finished.
        """
        self._sidecar = path.with_name(path.name + UNFINISHED)
        self._path = path
        self.resumed = resume and path.is_file() and path.stat().st_size > 0
        if self.resumed:
            self._check(facts)
        try:
            with ExitStack() as failed:
                self._file = failed.enter_context(path.open("r+b" if self.resumed else "ab"))
                self._lock()
                if not self.resumed:
                    self._begin(facts)
                failed.pop_all()
        except OSError as error:
            raise UsageError(f"cannot write to {path}", why=error.strerror or str(error)) from error

    def whole_lines(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Where each line begins and ends and the object in it, up to the first that is not whole."""
        self._file.seek(0)
        start = 0
        for line in self._file:
            result = _object(line)
            if result is None:
                return
            end = start + len(line)
            yield start, end, result
            start = end

    def cut(self, position: int) -> None:
        """Forget what lies from there on; what is written next stands there."""
        self._file.truncate(position)
        self._file.seek(position)

    def write(self, result: Mapping[str, Any]) -> None:
        """Add a line."""
        self._file.write(json.dumps(result, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._sidecar.unlink(missing_ok=True)
        self._file.close()

    def _begin(self, facts: Facts) -> None:
        if self._sidecar.is_file() and self._path.stat().st_size:
            hint = f"--resume goes on with it; to begin anew remove {self._sidecar.name}"
            raise UsageError(f"an interrupted run lies in {self._path}", hint=hint)
        write_durably(self._sidecar, b"{}")  # where that cannot be, nothing is lost yet
        self._file.truncate(0)
        write_durably(self._sidecar, json.dumps(facts, indent=1).encode())

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another process is writing {self._path}") from None

    def _check(self, facts: Facts) -> None:
        try:
            before = json.loads(self._sidecar.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self._path} is finished, or was not written by an interrupted run",
                why=f"there is no {self._sidecar.name} beside it",
                hint="leave --resume away to write it anew",
            ) from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._sidecar} cannot be read", why=str(error)) from error
        changed = [name for name in facts if not isinstance(before, dict) or before.get(name) != facts[name]]
        if changed:
            name = changed[0]
            was = before.get(name) if isinstance(before, dict) else None
            raise UsageError(
                f"{self._path} was begun otherwise",
                why=f"{name}: {json.dumps(was)} then, {json.dumps(facts[name])} now",
                hint=f"give the same options; to begin anew remove {self._sidecar.name} and leave --resume away",
            )


def _object(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("file"), str) else None
