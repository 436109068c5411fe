"""The supervisor's protocol against a socket such as systemd's: a path, an abstract name, nobody."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cameratrap.drivers.systemd import Systemd
from cameratrap.errors import DeviceError


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """NOTIFY_SOCKET, and the socket that systemd reads."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@cameratrap-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name if name[0] == "/" else "\0" + name[1:])
        listening.settimeout(5)
        yield name, listening


def test_it_says_what_systemd_understands(manager: tuple[str, socket.socket]) -> None:
    """One datagram each; a status is one line, whatever is in it."""
    name, listening = manager
    with closing(Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"})) as supervisor:
        supervisor.ready()
        supervisor.alive()
        supervisor.status("armed,\n 3 triggers\nREADY=1")
        supervisor.stopping()
        said = [listening.recv(4096).decode() for _ in range(4)]
    assert said == ["READY=1", "WATCHDOG=1", "STATUS=armed, 3 triggers READY=1", "STOPPING=1"]
    assert supervisor.interval_s == 60.0


@pytest.mark.parametrize(
    ("environment", "interval_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_only_where_it_is_ours(
    manager: tuple[str, socket.socket], environment: dict[str, str], interval_s: float | None
) -> None:
    """sd_watchdog_enabled(3): an interval in microseconds, for the process that it names, if it names one."""
    name, listening = manager
    with closing(Systemd({"NOTIFY_SOCKET": name, **environment})) as supervisor:
        supervisor.alive()
        supervisor.ready()
        first = listening.recv(100).decode()
    assert supervisor.interval_s == interval_s
    assert first == ("READY=1" if interval_s is None else "WATCHDOG=1")


def test_without_systemd_nothing_is_sent_and_nothing_fails() -> None:
    with closing(Systemd({})) as supervisor:
        supervisor.ready()
        supervisor.alive()
        supervisor.status("armed")
    assert supervisor.interval_s is None


def test_a_manager_that_has_gone_or_does_not_read_holds_nothing_up(tmp_path: Path) -> None:
    """A full socket, and one that is there no more: the trap goes on, and whoever misses us restarts us."""
    name = str(tmp_path / "notify")
    with (
        closing(Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000"})) as supervisor,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf,
    ):
        supervisor.alive()
        deaf.bind(name)
        for _ in range(5000):
            supervisor.alive()


@pytest.mark.parametrize("name", ["notify", "/", "@"])
def test_an_address_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="service manager"):
        Systemd({"NOTIFY_SOCKET": name})
