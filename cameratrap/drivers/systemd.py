"""The port Supervisor over systemd's notification protocol (sd_notify(3)): datagrams to the socket it names.

It knows nothing of what progress is; whoever calls ``alive`` does. Where systemd does not listen, nothing is sent.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from cameratrap.errors import DeviceError

_MICROSECONDS = 1_000_000


class Systemd:
    """``environment`` is what systemd has handed over: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Raises DeviceError for a socket that there is no such."""
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._interval_s = _interval_s(environment) if self._address else None
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            # A service manager that does not read must not hold the trap up: what it misses, it misses.
            self._socket.setblocking(False)

    @property
    def interval_s(self) -> float | None:
        """How often at least it must hear ``alive``; None where nobody listens for it."""
        return self._interval_s

    def ready(self) -> None:
        """The trap is armed."""
        self._send("READY=1")

    def alive(self) -> None:
        """Something real was done."""
        if self._interval_s is not None:
            self._send("WATCHDOG=1")

    def status(self, line: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + " ".join(line.split()))

    def stopping(self) -> None:
        """It ends because it was asked to."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket is None or self._address is None:
            return
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError:
            # Nobody can be told; whoever does not hear from us any more restarts us.
            return


def _address(name: str) -> str | None:
    """sd_notify(3): a path, or an abstract socket's name after "@"."""
    if not name:
        return None
    if name[0] not in "/@" or len(name) < 2:
        raise DeviceError(
            "the service manager cannot be told anything",
            device="service manager",
            why=f"NOTIFY_SOCKET is {name!r}",
            hint="leave it to systemd to set it",
        )
    return "\0" + name[1:] if name[0] == "@" else name


def _interval_s(environment: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): the interval holds for the process that WATCHDOG_PID names, if it names one."""
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(microseconds) / _MICROSECONDS
