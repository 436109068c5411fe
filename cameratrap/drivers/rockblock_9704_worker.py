"""The maker's library for the RockBLOCK 9704, in a process that may be killed.

This file alone knows ``rockblock9704``. The library keeps everything in variables of its process, does not forget a
message it was never told the end of, and never returns from a call whose port is gone. So it runs here, asked in lines
of JSON on stdin, telling in lines of JSON on stdout, and whoever started it may end it at any time.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

POLL_S = 0.02  # the maker asks for one poll every 10 to 50 ms
CALL_S = 20  # a call that lasts longer will not return: the alarm ends the process, also where nobody waits for it
READ_BYTES = 65536
_OK = 1


class Worker:
    """Answers requests and tells what the library's callbacks tell."""

    def __init__(self, modem: Any, tell: Callable[[dict[str, object]], None]) -> None:
        self._modem = modem
        self._tell = tell
        self._started: int | None = None
        modem.set_mo_message_started_callback(self._on_started)
        modem.set_mo_message_complete_callback(self._on_complete)

    def answer(self, request: dict[str, Any]) -> None:
        """Do one request and tell its result as ``answer``."""
        handlers: dict[str, Callable[[], object]] = {
            "begin": lambda: self._begin(str(request["port"])),
            "send": lambda: self._send(bytes.fromhex(request["payload"]), int(request["topic"])),
            "cancel": lambda: self._modem.cancel_message(int(request["topic"]), int(request["id"])),
            "imei": self._modem.get_imei,
            "signal": self._modem.get_signal,
        }
        self._tell({"answer": handlers[request["do"]]()})

    def _begin(self, port: str) -> bool:
        began = bool(self._modem.begin(port))
        if not began:
            self._modem.end()  # a port that a failed begin left open makes every later one fail
        return began

    def _send(self, payload: bytes, topic: int) -> int | None:
        """The number the modem gave to the message, None where it did not take it."""
        self._started = None
        return self._started if self._modem.send_message_async(payload, topic) else None

    def _on_started(self, number: int) -> None:
        self._started = number

    def _on_complete(self, number: int, status: int) -> None:
        self._tell({"id": number, "sent": status == _OK})


def main() -> None:
    """Serve until stdin ends."""
    tell = _teller()
    from rockblock9704 import RockBlock9704

    modem = RockBlock9704()
    worker = Worker(modem, tell)
    waiting = bytearray()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], POLL_S)
        if ready:
            data = os.read(sys.stdin.fileno(), READ_BYTES)
            if not data:
                return
            waiting += data
        *requests, rest = bytes(waiting).split(b"\n")
        waiting = bytearray(rest)
        # The default action ends the process even while the library holds the interpreter.
        signal.alarm(CALL_S)
        for request in requests:
            worker.answer(json.loads(request))
        modem.poll()
        signal.alarm(0)


def _teller() -> Callable[[dict[str, object]], None]:
    """Writes to what was stdout; stdout itself becomes stderr, since the library prints."""
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return lambda told: _write(out, json.dumps(told).encode("ascii") + b"\n")


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
