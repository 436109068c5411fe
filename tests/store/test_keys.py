"""Key files: private, never written over, silent about what they hold."""

from __future__ import annotations

import json
import stat
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.errors import StoreError
from cameratrap.store.durable import PART
from cameratrap.store.keys import KEY_FILE, key_of_trap, new_key, read_key, write_key
from cameratrap.store.receiver_keys import keep_receiver_key, receiver_keys

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
KEY = new_key()


def test_a_key_comes_back(tmp_path: Path) -> None:
    """With when it was kept, and the station where it is a receiver's."""
    kept = write_key(tmp_path / "made" / "k.key", KEY, NOW, station="ridge ü/../1")
    assert read_key(kept.path) == kept
    assert (kept.key, kept.kept_at, kept.station) == (KEY, NOW, "ridge ü/../1")
    assert read_key(write_key(tmp_path / "t.key", KEY, NOW).path).station is None


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """From the first byte on, also where an earlier try left a file that anyone may read."""
    path = tmp_path / KEY_FILE
    left = path.with_name(path.name + PART)
    left.write_text("half")
    left.chmod(0o666)
    kept = write_key(path, KEY, NOW)
    assert (stat.S_IMODE(path.stat().st_mode), kept.is_exposed) == (0o600, False)
    path.chmod(0o640)
    assert kept.is_exposed


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    """Whatever lies there stays."""
    path = tmp_path / KEY_FILE
    path.write_text("a key of somebody else")
    with pytest.raises(StoreError, match="already"):
        write_key(path, KEY, NOW)
    assert path.read_text() == "a key of somebody else"


def _content(**changes: object) -> bytes:
    content = {"format": "cameratrap station key, version 1", "key": KEY.reveal().hex(), "kept_at": NOW.isoformat()}
    return json.dumps(content | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'"text"',
        _content()[:-1],
        _content(format="another"),
        _content(key=KEY.reveal().hex()[:-2]),
        _content(key=KEY.reveal().hex()[:-1] + "x"),
        _content(key=5),
        _content(kept_at="yesterday"),
        _content(kept_at=None),
    ],
)
def test_a_file_that_is_no_key_is_refused_and_says_nothing(tmp_path: Path, content: bytes) -> None:
    """Not even a traceback shows what it holds."""
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        read_key(path)
    shown = "".join(traceback.format_exception(raised.value)) + str(raised.value)
    assert KEY.reveal().hex()[:16] not in shown
    assert path.read_bytes() == content


def test_a_trap_without_a_key_has_none(tmp_path: Path) -> None:
    """But one whose configuration names a key never goes on without it."""
    assert key_of_trap("", tmp_path) is None
    with pytest.raises(StoreError, match="there is no key"):
        key_of_trap(str(tmp_path / "gone.key"), tmp_path)
    own = write_key(tmp_path / KEY_FILE, KEY, NOW)
    assert key_of_trap("", tmp_path) == own
    other = write_key(tmp_path / "other.key", new_key(), NOW)
    assert key_of_trap(str(other.path), tmp_path) == other


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be; it stays."""
    (tmp_path / "keys").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be kept"):
        write_key(tmp_path / "keys" / KEY_FILE, KEY, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_a_receiver_keeps_several_keys_of_a_station(tmp_path: Path) -> None:
    """The oldest first; one that is here already stays as it is, and a name never becomes a path."""
    later = NOW.replace(year=2027)
    second = keep_receiver_key(tmp_path, new_key(), "../ridge", later)
    first = keep_receiver_key(tmp_path, KEY, "../ridge", NOW)
    assert keep_receiver_key(tmp_path, KEY, "../ridge", later) == first
    assert receiver_keys(tmp_path) == [first, second]
    assert {path.parent for path in (first.path, second.path)} == {tmp_path / "keys"}


def test_two_stations_never_share_a_key(tmp_path: Path) -> None:
    """They would seal under one number."""
    keep_receiver_key(tmp_path, KEY, "ridge", NOW)
    with pytest.raises(StoreError, match="that of station 'ridge'"):
        keep_receiver_key(tmp_path, KEY, "ford", NOW)
    assert [each.station for each in receiver_keys(tmp_path)] == ["ridge"]


def test_a_key_of_nobody_among_the_receiver_s_is_refused(tmp_path: Path) -> None:
    """A trap's own file that was copied there by hand: it says how to do it."""
    write_key(tmp_path / "keys" / "copied.key", KEY, NOW)
    with pytest.raises(StoreError, match="names no station") as raised:
        receiver_keys(tmp_path)
    assert "key import" in raised.value.hint


def test_a_receiver_without_keys_has_none(tmp_path: Path) -> None:
    """And makes no folder to look."""
    assert receiver_keys(tmp_path / "receiver") == []
    assert list(tmp_path.iterdir()) == []
