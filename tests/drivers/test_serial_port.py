"""The real pyserial on a pseudo-terminal."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameratrap.drivers.serial_port import SerialPort
from cameratrap.errors import DeviceError


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """The near end's descriptor and the far end's name."""
    near, far = os.openpty()
    tty.setraw(far)
    yield near, os.ttyname(far)
    os.close(near)
    os.close(far)


def test_bytes_go_both_ways_unchanged(pty: tuple[int, str]) -> None:
    """All 256 bytes pass in both directions: no translation of line ends, no flow control, no echo."""
    near, name = pty
    everything = bytes(range(256))
    port = SerialPort(name)
    port.write(everything)
    assert os.read(near, 1000) == everything
    os.write(near, everything)
    received = b""
    while len(received) < 256:
        received += port.read(1.0)
    assert received == everything
    port.close()
    port.close()


def test_reading_waits_no_longer_than_asked(pty: tuple[int, str]) -> None:
    """Silence ends after the given seconds with no bytes, and zero seconds do not wait."""
    port = SerialPort(pty[1])
    started = time.monotonic()
    assert port.read(0.0) == b""
    assert port.read(0.15) == b""
    assert 0.14 <= time.monotonic() - started < 1.0
    port.close()


def test_reading_returns_as_soon_as_there_is_something(pty: tuple[int, str]) -> None:
    """One byte ends the wait."""
    port = SerialPort(pty[1])
    os.write(pty[0], b"x")
    started = time.monotonic()
    assert port.read(5.0) == b"x"
    assert time.monotonic() - started < 1.0
    port.close()


def test_a_missing_port_is_named(tmp_path: Path) -> None:
    """It is exit status 4, names the port and says where to look."""
    with pytest.raises(DeviceError, match="ttyNone") as caught:
        SerialPort(str(tmp_path / "ttyNone"))
    assert caught.value.exit_status == 4
    assert "plugged in" in caught.value.hint


def test_a_port_this_user_may_not_open_tells_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commonest fault of a fresh Raspberry Pi: the hint is the command that ends it."""

    def refused(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(DeviceError) as caught:
        SerialPort("/dev/ttyS0")
    assert "dialout" in caught.value.hint


def test_a_port_in_use_is_refused(pty: tuple[int, str]) -> None:
    """Two programs on one modem garble each other; the second is told."""
    first = SerialPort(pty[1])
    with pytest.raises(DeviceError) as caught:
        SerialPort(pty[1])
    assert "another program" in caught.value.hint
    first.close()


def test_a_file_that_is_no_serial_port_is_refused(tmp_path: Path) -> None:
    """A regular file under the port's name is an error, not a modem that never answers."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DeviceError):
        SerialPort(str(tmp_path / "file"))


def test_a_cable_pulled_out_is_a_lost_device() -> None:
    """The other end goes away while the port is open: reading raises DeviceError at once."""
    near, far = os.openpty()
    tty.setraw(far)
    port = SerialPort(os.ttyname(far))
    os.close(far)
    os.close(near)
    with pytest.raises(DeviceError, match="is gone"):
        port.read(5.0)
    with pytest.raises(DeviceError, match="is gone"):
        port.write(b"AT\r")
    port.close()
