"""The refused log: bodies come back as they were, and the log stays small."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.errors import StoreError
from cameratrap.store import refused as module
from cameratrap.store.refused import MAX_BODY_BYTES, RefusedBody, RefusedLog

BODY = RefusedBody("in/log.json:3", b'{"JWT": "\xff\x00"}', "the signature is false", datetime(2026, 6, 2, tzinfo=UTC))


def test_a_body_comes_back_as_it_was(tmp_path: Path) -> None:
    """Any bytes, with their name, reason and time; nothing is made before it is needed."""
    log = RefusedLog(tmp_path / "refused")
    assert list(log.bodies()) == []
    assert not log.folder.exists()
    assert log.keep(BODY) is True
    assert list(RefusedLog(tmp_path / "refused").bodies()) == [BODY]


def test_the_same_body_again_is_one_file(tmp_path: Path) -> None:
    """As first refused, however often it is sent."""
    log = RefusedLog(tmp_path)
    log.keep(BODY)
    assert log.keep(replace(BODY, reason="other", refused_at=datetime(2026, 6, 3, tzinfo=UTC))) is True
    assert list(log.bodies()) == [BODY]


def test_the_oldest_make_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of forgeries does not fill the disk."""
    monkeypatch.setattr(module, "MAX_FILES", 3)
    log = RefusedLog(tmp_path)
    for number in range(5):
        body = replace(BODY, body=bytes([number]))
        log.keep(body)
        path = tmp_path / f"{body.sha256}.json"
        os.utime(path, ns=(number, number))
    assert [each.body for each in log.bodies()] == [b"\x02", b"\x03", b"\x04"]
    assert str(log.alarm()).endswith("; the log was full, 2 more were dropped")
    log.forget_dropped()
    assert "dropped" not in str(log.alarm())


def test_the_log_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few large ones weigh as much as many small ones; the newest stays."""
    monkeypatch.setattr(module, "MAX_LOG_BYTES", 3000)
    log = RefusedLog(tmp_path)
    for number in range(4):
        log.keep(replace(BODY, body=bytes([number]) * 1000))
        os.utime(tmp_path / f"{replace(BODY, body=bytes([number]) * 1000).sha256}.json", ns=(number, number))
    assert sum(path.stat().st_size for path in log.files()) <= 3000
    assert [each.body[0] for each in log.bodies()] == [2, 3]
    alarm = log.alarm()
    assert alarm is not None
    assert (alarm.count, alarm.dropped) == (2, 2)


def test_an_alarm_says_how_many_and_since_when(tmp_path: Path) -> None:
    """None as long as nothing was refused; an emptied log that lost something still is one."""
    log = RefusedLog(tmp_path / "refused")
    assert log.alarm() is None
    log.keep(BODY)
    log.keep(replace(BODY, body=b"2"))
    first = log.files()[0]
    os.utime(first, (1_780_000_000, 1_780_000_000))
    assert str(log.alarm()) == "2 deliveries refused since 2026-05-28T20:26:40+00:00"
    for body in list(log.bodies()):
        log.forget(body)
    assert log.alarm() is None
    (log.folder / "dropped").write_text("3")
    assert str(log.alarm()) == "0 deliveries refused; the log was full, 3 more were dropped"


def test_a_body_larger_than_a_delivery_is_not_kept(tmp_path: Path) -> None:
    """At the limit it is."""
    log = RefusedLog(tmp_path)
    assert log.keep(replace(BODY, body=bytes(MAX_BODY_BYTES + 1))) is False
    assert log.keep(replace(BODY, body=bytes(MAX_BODY_BYTES))) is True
    assert [len(each.body) for each in log.bodies()] == [MAX_BODY_BYTES]


def test_a_body_can_be_forgotten(tmp_path: Path) -> None:
    """Once it was taken in; twice does no harm."""
    log = RefusedLog(tmp_path)
    log.keep(BODY)
    log.forget(BODY)
    log.forget(BODY)
    assert list(log.bodies()) == []


def test_a_file_that_is_none_of_ours_is_said(tmp_path: Path) -> None:
    """It may be somebody's; it is left where it is."""
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(StoreError, match="not a refused body"):
        list(RefusedLog(tmp_path).bodies())


def test_a_body_that_another_process_drops_meanwhile(tmp_path: Path) -> None:
    """A listener and `reverify` work on one log."""
    log = RefusedLog(tmp_path)
    log.keep(BODY)
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")  # listed, and not there when it is looked at
    assert log.keep(replace(BODY, body=b"another")) is True
    assert len(log.files()) == 3
