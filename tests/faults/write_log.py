"""What a process wrote, as strace saw it: the operations on one folder, and every line that it said meanwhile."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from tests.faults.crash_disk import (
    Create,
    MakeFolder,
    Operation,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Unlink,
    Write,
)

# A "?" lets strace go on without a call that this kind of processor does not have.
OPENS = "openat,?open,?creat"
WRITES = "write,pwrite64,ftruncate"
SYNCS = "fsync,fdatasync"
NAMES = "?rename,?renameat,?renameat2,?unlink,?unlinkat,?mkdir,?mkdirat"
# What no code of ours is known to use; where it does, the model has to learn it first.
STRANGE = "writev,pwritev,pwritev2,truncate,fallocate,?rmdir,?link,linkat,?symlink,symlinkat,copy_file_range,sendfile"
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+|\?)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
_OUTPUTS = {"1", "2"}


@dataclass(frozen=True, slots=True)
class Said:
    """A whole line on stdout or stderr."""

    line: str


def needs_strace() -> str:
    """The path of strace; skips the test where it is missing or may not trace."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace (Debian: apt install strace)")
    works = subprocess.run([strace, "-f", "-o", "/dev/null", "true"], capture_output=True, check=False)
    if works.returncode:
        pytest.skip("strace may not trace here")
    return strace


def record(command: Sequence[str], root: Path, log: Path, **options: object) -> list[Operation | Said]:
    """Run a command and return what it did below ``root``, in order. Raises CalledProcessError where it fails."""
    traced = ",".join((OPENS, WRITES, SYNCS, NAMES, STRANGE))
    strace = [needs_strace(), "-f", "-y", "-qq", "-xx", "-s", "10000000", "-o", str(log), "-e", f"trace={traced}"]
    subprocess.run([*strace, *command], check=True, capture_output=True, **options)  # type: ignore[call-overload]
    with log.open(encoding="ascii") as lines:
        return list(_Reader(root).read(_whole_calls(lines)))


def _whole_calls(lines: Iterable[str]) -> Iterator[str]:
    """Calls that another thread's interrupted in the log, put together where they ended."""
    begun: dict[str, str] = {}
    for line in lines:
        thread = line.split(" ", 1)[0]
        if line.rstrip().endswith("<unfinished ...>"):
            begun[thread] = line.rstrip().removesuffix("<unfinished ...>")
        elif "resumed>" in line:
            yield begun.pop(thread) + line.split("resumed>", 1)[1]
        else:
            yield line


class _Reader:
    """Turns calls into operations on paths relative to ``root``; those on other files are left out."""

    def __init__(self, root: Path) -> None:
        self._root = PurePosixPath(root.resolve())
        self._inodes: dict[str, int] = {}
        self._sizes: dict[int, int] = {}
        self._last = 0
        self._said = dict.fromkeys(_OUTPUTS, b"")

    def read(self, lines: Iterable[str]) -> Iterator[Operation | Said]:
        for line in lines:
            call = _CALL.match(line)
            if call is None or call[3].startswith(("-", "?")):
                continue
            name, arguments, result = call.groups()
            if name == "write" and arguments.split("<")[0] in _OUTPUTS:
                yield from self._say(arguments.split("<")[0], _text(arguments)[: int(result)])
            else:
                yield from self._operations(name, arguments, int(result))

    def _say(self, output: str, data: bytes) -> Iterator[Said]:
        *lines, self._said[output] = (self._said[output] + data).split(b"\n")
        for line in lines:
            yield Said(line.decode())

    def _operations(self, name: str, arguments: str, result: int) -> Iterator[Operation]:
        paths = [self._relative(_decoded(each)) for each in _STRING.findall(arguments)]
        file = self._of_file(arguments)
        match name:
            case "openat" | "open" | "creat":
                yield from self._open(paths[-1], arguments)
            case "write" | "pwrite64" | "ftruncate" | "fsync" | "fdatasync":
                if file is not None:
                    yield self._change(name, file, arguments, result)
            case "mkdir" | "mkdirat":
                if paths[-1] is not None:
                    yield MakeFolder(paths[-1])
            case "unlink" | "unlinkat":
                if paths[-1] is not None and self._inodes.pop(paths[-1], None) is not None:
                    yield Unlink(paths[-1])
            case "rename" | "renameat" | "renameat2":
                yield from self._rename(*paths)
            case _:
                if file is not None or any(paths):
                    raise AssertionError(f"the model knows no {name}: {arguments[:200]}")

    def _open(self, path: str | None, arguments: str) -> Iterator[Operation]:
        if path is None or path.endswith("-shm"):  # which SQLite makes anew whenever nobody has the database open
            return
        if path not in self._inodes and "O_CREAT" in arguments:
            self._last += 1
            self._inodes[path] = self._last
            self._sizes[self._last] = 0
            yield Create(path, self._last)
        elif path in self._inodes and "O_TRUNC" in arguments:
            self._sizes[self._inodes[path]] = 0
            yield Truncate(self._inodes[path], 0)

    def _change(self, name: str, path: str, arguments: str, result: int) -> Operation:
        if name in ("fsync", "fdatasync"):
            return Sync(self._inodes[path], path) if path in self._inodes else SyncFolder(path)
        inode = self._inodes[path]
        if name == "ftruncate":
            self._sizes[inode] = int(arguments.rsplit(", ", 1)[1])
            return Truncate(inode, self._sizes[inode])
        offset = (
            int(arguments.rsplit(", ", 1)[1]) if name == "pwrite64" else self._sizes[inode]
        )  # nothing of ours seeks
        self._sizes[inode] = max(self._sizes[inode], offset + result)
        return Write(inode, offset, _text(arguments)[:result])

    def _rename(self, source: str | None, target: str | None) -> Iterator[Operation]:
        if source is None and target is None:
            return
        assert source is not None, "a file came in from outside"
        assert target is not None, "a file went out"
        self._inodes[target] = self._inodes.pop(source)
        yield Rename(source, target)

    def _of_file(self, arguments: str) -> str | None:
        """The file below the root that the first argument is the descriptor of."""
        file = _FILE.match(arguments)
        path = None if file is None else self._relative(_decoded(file[2]))
        return None if path is None or path.endswith("-shm") else path

    def _relative(self, path: str) -> str | None:
        whole = self._root / path  # the process stands in the root
        return str(whole.relative_to(self._root)) if whole.is_relative_to(self._root) else None


def _decoded(text: str) -> str:
    return bytes.fromhex(text.replace("\\x", "")).decode(errors="surrogateescape")


def _text(arguments: str) -> bytes:
    """The data of a write."""
    found = _STRING.search(arguments)
    assert found is not None, arguments
    return bytes.fromhex(found[1].replace("\\x", ""))
