"""Cards of a trap made up for tests: recorded pictures played through the trap itself, with a detector by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cameratrap import wiring
from cameratrap.cli import run
from tests.fakes import NamedDetector, write_pictures

FIRST = datetime(2027, 3, 1, 5, 0, 0)  # noqa: DTZ001 - cameras write local times
SEEN: Mapping[str, Mapping[str, int]] = {"1.jpg": {"Vulpes vulpes": 1}, "3.jpg": {"Meles meles": 2}}


def make_trap_card(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    pictures: int = 3,
    station: str = "ridge",
    seen: Mapping[str, Mapping[str, int]] = SEEN,
    seed: int = 0,
) -> Path:
    """The card of ``station`` with one picture a day, at 05:00 UTC from 1 March 2027; ``1.jpg`` is the first.

    Made again with more ``pictures`` and the same ``seed``, it is the same card that has grown.
    """
    source = folder.with_name(f"{folder.name}-pictures")
    write_pictures(source, {f"{n}.jpg": (seed + n, FIRST + timedelta(days=n - 1)) for n in range(1, pictures + 1)})
    with monkeypatch.context() as patched:
        patched.setattr(wiring, "open_detector", lambda *_: NamedDetector(seen))
        patched.setenv("CAMERATRAP_STATION_ID", station)
        assert run(["-q", "--data", str(folder), "watch", "--replay", str(source)]) == 0
    return folder


def fingerprint(folder: Path) -> Mapping[str, tuple[str, int]]:
    """Of each file its sha256 and the time of its last change: what an original must keep."""
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
