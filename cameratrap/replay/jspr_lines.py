"""The lines of JSPR, the protocol of the Iridium 9704, as the modem's side reads and writes them.

A request is ``GET|PUT target {json}`` and a carriage return, an answer ``code target {json}`` and one. The modem's JSON
reader is strict: it refuses a request without a space after a comma. Users report the same of colons, but the maker's
own library writes none after the colons of messageOriginate, so that this is an option here.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

OK = 200
UNSOLICITED = 299
API_NOT_SELECTED = 400
ALREADY_SET = 402
TOO_LONG = 403
UNKNOWN_TARGET = 404
MALFORMED = 405
NOT_ALLOWED = 406
BAD_JSON = 407
SIM_NOT_CONFIGURED = 410
INVALID_ACTION = 413
NOT_PROVISIONED = 418

CRC_BYTES = 2
Json = Mapping[str, object]

_REQUEST = re.compile(r"(GET|PUT) (\w{1,30}) (\{.*\})")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Request:
    """What the computer asks for."""

    method: Literal["GET", "PUT"]
    target: str
    body: Json

    def number(self, name: str) -> int:
        """The whole number of that name, -1 where there is none."""
        value = self.body.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else -1


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that cannot be read, and the code for it."""

    code: int
    target: str = "unknown"


def parse_request(line: bytes, *, space_after_colon: bool = False) -> Request | Refusal:
    """Read one line, without its carriage return. Hostile bytes are a Refusal."""
    match = _REQUEST.fullmatch(line.decode("ascii", "replace").strip("\n"))
    if match is None:
        return Refusal(MALFORMED)
    method, target, text = match.groups()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Refusal(BAD_JSON, target)
    if not _spaced(text, ",:" if space_after_colon else ","):
        return Refusal(BAD_JSON, target)
    return Request("GET" if method == "GET" else "PUT", target, body)


def _spaced(text: str, marks: str) -> bool:
    return re.search(rf"[{marks}](?! )", _STRING.sub('""', text)) is None


def line(code: int, target: str, body: Json | None = None) -> bytes:
    """One line of the modem's."""
    return f"{code} {target} {json.dumps(body or {}, separators=(',', ':'))}\r".encode("ascii")


def crc(payload: bytes) -> bytes:
    """CRC-16/XMODEM, high byte first: what follows every payload."""
    return binascii.crc_hqx(payload, 0).to_bytes(CRC_BYTES, "big")
