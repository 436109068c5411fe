"""What `summary` reads: lines, arguments and files, each with a name to call it by when it is wrong."""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cameratrap.errors import DecodeError, UsageError

FORMS = ("hex", "base64", "raw")
STDIN = "-"
HEX = re.compile(r"[0-9a-fA-F\s]+")
MOST_RAW_BYTES = 2**16  # far more than any message, so that a wrong file is refused without being read whole


@dataclass(frozen=True)
class Input:
    """One line, argument or file, and what to call it when it is wrong."""

    where: str
    data: bytes

    def text(self) -> str:
        """The text of a line. Raises UsageError."""
        try:
            return self.data.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise UsageError(
                "this is not text", why=f"it is not UTF-8: {error.reason} at byte {error.start + 1}"
            ) from None

    def message(self, form: str) -> bytes:
        """The bytes of a message written in ``form``, one of FORMS. Raises DecodeError, UsageError."""
        if form == "raw":
            return self.data
        text = self.text()
        try:
            return bytes.fromhex(text) if form == "hex" else base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error) as error:
            why = f"{error}; nor is it the name of a file" if self.where.startswith("message") else str(error)
            raise DecodeError(f"this is not {form}", why=why, hint="--format says how messages are written") from None


def lines(file: Path | None) -> Iterator[Input]:
    """The lines of a file or of stdin that are not blank. Raises UsageError for a file that cannot be read."""
    with _opened(file) as stream:
        of = "" if file is None or str(file) == STDIN else f" of {file}"
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield Input(f"line {number}{of}", line)


def messages(arguments: tuple[str, ...], form: str) -> Iterator[Input]:
    """Each argument as the message it is, or the messages in the file it names; stdin without arguments."""
    for number, argument in enumerate(arguments, 1):
        if not argument or (form != "raw" and argument != STDIN and _is_message(argument, form)):
            yield Input(f"message {number}", argument.encode())
        else:
            yield from _in_file(Path(argument), form)
    if not arguments:
        yield from _in_file(None, form)


def _in_file(file: Path | None, form: str) -> Iterator[Input]:
    if form != "raw":
        yield from lines(file)
        return
    with _opened(file) as stream:
        yield Input("stdin" if file is None else str(file), stream.read(MOST_RAW_BYTES))


@contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO]:
    if file is None and sys.stdin.isatty():
        raise UsageError("nothing to read", hint="name a file, pipe into this command, or give - to type")
    if file is None or str(file) == STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {file}", why=error.strerror or str(error)) from error
    with stream:
        yield stream


def _is_message(text: str, form: str) -> bool:
    """Whether an argument is a message. Hexadecimal digits always are: a file of such a name is written ./12ab."""
    return (form == "hex" and HEX.fullmatch(text) is not None) or not _exists(text)


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long for a name, or holding a zero byte
        return False
