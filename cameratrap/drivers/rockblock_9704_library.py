"""The maker's library at arm's length: its process, a pseudo-terminal for it, and the real serial line.

The library opens the pseudo-terminal; what it writes goes to the modem and what the modem says goes to it. So the port
stays ours, with its errors, its lock and its unplugging; a library that hangs is ended at the deadline; and the words
that it reads but does not pass on are heard on their way.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cameratrap.errors import DeviceError
from cameratrap.ports import SerialLink
from cameratrap.sbd.imt import LineReader, MessageAssembler, ModemLine

WORKER = Path(__file__).with_name("rockblock_9704_worker.py")
STEP_S = 0.02
READ_BYTES = 4096
MAX_WAITING = 65536


class NoReturnError(DeviceError):
    """The library did not return from a call in time."""


class LibraryProcess:
    """One life of the library. ``heard`` are the modem's lines since it was last emptied.

    ``on_complete`` is called with a message's number and whether it was sent, ``on_received`` with each message to the
    trap. Raises DeviceError when the library is not installed.
    """

    def __init__(
        self,
        line: SerialLink,
        *,
        device: str,
        on_complete: Callable[[int, bool], None],
        on_received: Callable[[bytes], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        if importlib.util.find_spec("rockblock9704") is None:
            raise DeviceError(
                "a RockBLOCK 9704 needs its maker's library, which is not installed",
                device=device,
                hint="install it: pip install 'cameratrap[rockblock9704]'",
            )
        self.heard: deque[ModemLine] = deque(maxlen=1000)
        self._line = line
        self._device = device
        self._on_complete = on_complete
        self._on_received = on_received
        self._monotonic_s = monotonic_s
        self._reader = LineReader()
        self._assembler = MessageAssembler()
        self._to_library = bytearray()
        self._told = bytearray()
        self._answers: deque[object] = deque()
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.port = os.ttyname(self._far)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(WORKER)],  # -P: nothing is imported from the folder it is started in
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
            )
        self._channel.setblocking(False)
        self._stopped = False

    def ask(self, what: str, *, until_s: float, **arguments: object) -> object:
        """The library's answer to one request.

        Raises NoReturnError at ``until_s``, and DeviceError when the line or the library's process is gone.
        """
        self._answers.clear()
        request = json.dumps({"do": what, **arguments}).encode("ascii") + b"\n"
        try:
            self._channel.sendall(request)
        except OSError as error:
            raise self._ended() from error
        while not self._answers:
            if self._monotonic_s() >= until_s:
                raise NoReturnError("the library of the RockBLOCK 9704 did not return", device=self._device, why=what)
            self.carry()
        return self._answers.popleft()

    def carry(self) -> None:
        """Carry bytes and events one step, of at most ``STEP_S`` seconds. Raises DeviceError."""
        arrived = self._line.read(STEP_S)
        for line in self._reader.feed(arrived):
            self.heard.append(line)
            if (payload := self._assembler.take(line)) is not None:
                self._on_received(payload)
        self._to_library += arrived
        del self._to_library[:-MAX_WAITING]  # what nobody reads is lost, as on a line without flow control
        with suppress(BlockingIOError):
            del self._to_library[: os.write(self._near, self._to_library)]
        with suppress(BlockingIOError):
            self._line.write(os.read(self._near, READ_BYTES))
        self._listen()

    def stop(self) -> None:
        """End the process, whatever it does. Stopping twice is harmless."""
        if self._stopped:
            return
        self._stopped = True
        self._process.kill()
        self._process.wait()
        self._channel.close()
        self._errors.close()
        os.close(self._near)
        os.close(self._far)

    def _listen(self) -> None:
        try:
            told = self._channel.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._ended() from error
        if not told:
            raise self._ended()
        self._told += told
        *lines, rest = bytes(self._told).split(b"\n")
        self._told = bytearray(rest)
        for message in map(json.loads, lines):
            if "answer" in message:
                self._answers.append(message["answer"])
            else:
                self._on_complete(message["id"], message["sent"])

    def _ended(self) -> DeviceError:
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return DeviceError(
            "the library of the RockBLOCK 9704 ended by itself",
            device=self._device,
            why=said[-1] if said else "without a word",
        )
