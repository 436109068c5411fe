"""From a stream of bytes to lines, and to the one binary block that is not made of lines.

A modem ends lines with CR LF, echoes with a bare CR and puts unsolicited lines wherever it likes between two others.
Nothing here waits: what is not complete yet is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cameratrap.sbd.commands import checksum

# The longest line a 9602 sends (AT+CGMR's version lines) is below 80 characters. What is longer is noise.
MAX_LINE = 256
# A 9602 receives 270 bytes, the oldest SBD modems 1960. A longer block is a misread length, not a message.
MAX_MT_BYTES = 2000

_LINE_END = re.compile(rb"[\r\n]")
_CIEV = re.compile(r"\+CIEV:\s*([01])\s*,\s*([0-5])")


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A line the modem sent unasked: a ring alert, its signal (0 to 5), or whether it sees the network."""

    ring: bool = False
    signal: int | None = None
    service: bool | None = None


@dataclass(frozen=True, slots=True)
class MtMessage:
    """A message to the trap as ``AT+SBDRB`` hands it over. ``intact`` is whether its checksum agrees."""

    payload: bytes = field(repr=False)
    intact: bool


def unsolicited(line: str) -> Unsolicited | None:
    """What an unsolicited line says, or None for any other line."""
    line = line.upper()
    if line == "SBDRING":
        return Unsolicited(ring=True)
    match = _CIEV.fullmatch(line)
    if match is None:
        return Unsolicited() if line.startswith("+AREG:") else None
    value = int(match[2])
    return Unsolicited(signal=value) if match[1] == "0" else Unsolicited(service=value > 0)


class ReceiveBuffer:
    """What has arrived and is not used up. At most one unfinished line of ``MAX_LINE`` bytes outlasts `next_line`."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._overlong = False

    def __len__(self) -> int:
        return len(self._data)

    def feed(self, data: bytes) -> None:
        self._data += data

    def next_line(self) -> str | None:
        """The next line that is not empty, without its end, or None. An overlong line is dropped whole."""
        while (end := _LINE_END.search(self._data)) is not None:
            line = bytes(self._data[: end.start()])
            del self._data[: end.end()]
            dropped, self._overlong = self._overlong or len(line) > MAX_LINE, False
            text = line.decode("ascii", errors="replace").strip()
            if text and not dropped:
                return text
        if len(self._data) > MAX_LINE:
            self._data.clear()
            self._overlong = True
        return None

    def unfinished(self) -> str:
        """The text of a line whose end has not arrived."""
        return "" if self._overlong else self._data.decode("ascii", errors="replace").strip()

    def clear(self) -> None:
        """Forget what has arrived."""
        self._data.clear()
        self._overlong = False

    def line_before_block(self) -> str | None:
        """The next line before a block: an echo, an unsolicited line, an answer instead of it. None where it begins.

        A block begins with its length, at most 2000, so with a byte of 0 to 7; no text contains such a byte.
        """
        begins = next((at for at, byte in enumerate(self._data) if byte <= MAX_MT_BYTES >> 8), len(self._data))
        block = bytes(self._data[begins:])
        text = self._data[:begins]
        # A block may follow a text that has no line end of its own, as an echo without one.
        self._data = text + b"\r" if block and text else text
        line = self.next_line()
        self._data += block
        return line

    def next_mt_message(self) -> MtMessage | None:
        """The block that answers ``AT+SBDRB``, by its length and never by lines; None while it is incomplete.

        Its bytes may well contain CR, LF, "OK" or "SBDRING". Take what `line_before_block` finds first.
        """
        if len(self._data) < 2:
            return None
        size = int.from_bytes(self._data[:2], "big")
        if len(self._data) < size + 4:
            return None
        payload, proof = bytes(self._data[2 : size + 2]), bytes(self._data[size + 2 : size + 4])
        del self._data[: size + 4]
        return MtMessage(payload, intact=checksum(payload) == proof)
