"""Reading the text of strangers: JSON and form bodies with limits on size, depth and number of fields.

Numbers stay the text they were sent as. A signature covers "37.6630", which a float would turn into 37.663, and a
number of ten thousand digits costs nothing while nobody computes with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from cameratrap.domain.messages import MAX_MOMSN, MAX_PAYLOAD_BYTES, is_imei
from cameratrap.errors import DecodeError

MAX_BODY_BYTES = 64 * 1024  # forty times the largest real delivery
MAX_DEPTH = 6  # Cloudloop nests three deep
MAX_FIELDS = 64  # a RockBLOCK delivery has ten
# Matches an unfinished string too: else each of its quotes would be tried as a beginning, in quadratic time.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,20})?")
_CLOCK = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
_ROCKBLOCK_TIME = re.compile(rf"[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}")
_ISO_TIME = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(\.[0-9]{{1,9}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?")

Json = Mapping[str, Any]
Fields = Mapping[str, str]


def check_size(body: bytes) -> None:
    """Raises DecodeError for a body larger than any delivery."""
    if len(body) > MAX_BODY_BYTES:
        raise DecodeError(f"the body has {len(body)} bytes", why=f"a delivery has at most {MAX_BODY_BYTES}")


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``, numbers as text. Raises DecodeError; never recurses deeper than MAX_DEPTH."""
    check_size(body)
    _check_depth(body)
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are both
        raise DecodeError("the body is not JSON", why=str(error)) from error
    if not isinstance(value, dict):
        raise DecodeError(
            "the body is not a JSON object",
            why=f"it is a {type(value).__name__}",
            hint="a delivery is one object; where a file has several, each stands on a line of its own",
        )
    return value


def _check_depth(body: bytes) -> None:
    depth = 0
    for bracket in re.findall(rb"[\[\]{}]", _STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise DecodeError("the body is nested too deeply", why=f"a delivery is at most {MAX_DEPTH} levels deep")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name given twice would let one reader check the first and another use the second."""
    if len(pairs) > MAX_FIELDS:
        raise ValueError(f"an object has {len(pairs)} fields; a delivery has at most {MAX_FIELDS}")
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a field is given twice")
    return values


def read_form(body: bytes) -> dict[str, str]:
    """The fields of an application/x-www-form-urlencoded body. Raises DecodeError."""
    check_size(body)
    try:
        return _unique(
            parse_qsl(
                body.decode("ascii").strip(),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=MAX_FIELDS,
            )
        )
    except ValueError as error:
        raise DecodeError("the body is not a form", why=str(error)) from error


def flat_fields(values: Json) -> dict[str, str]:
    """The same fields when every value is a text; null counts as absent. Raises DecodeError for nested ones."""
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            raise DecodeError(f"the field {name[:40]!r} is a {type(value).__name__}", why="a text or a number is meant")
    return {name: value for name, value in values.items() if value is not None}


def imei_of(text: object) -> str:
    """A modem's number. Raises DecodeError."""
    if not isinstance(text, str) or not is_imei(text):
        raise DecodeError("the delivery names no modem", why=f"an IMEI has 15 digits, this is {str(text)[:40]!r}")
    return text


def momsn_of(text: object) -> int:
    """A message number. Raises DecodeError."""
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= MAX_MOMSN:
        return int(text)
    raise DecodeError("the message number is wrong", why=f"{str(text)[:40]!r} is no MOMSN from 0 to {MAX_MOMSN}")


def payload_of_hex(text: str) -> bytes:
    """Raises DecodeError for anything but pairs of hexadecimal digits, and for more than SBD can carry."""
    try:
        payload = bytes.fromhex(text)
    except ValueError as error:
        raise DecodeError("the data are not hexadecimal", why=str(error)) from error
    if len(payload) * 2 != len(text):
        raise DecodeError("the data are not hexadecimal", why="there are spaces in them")
    return check_payload(payload)


def check_payload(payload: bytes) -> bytes:
    """Raises DecodeError for more than SBD can carry."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise DecodeError(f"the payload has {len(payload)} bytes", why=f"SBD carries at most {MAX_PAYLOAD_BYTES}")
    return payload


def time_of(text: str) -> datetime:
    """UTC from ``22-02-01 22:25:31`` (year first, as RockBLOCK writes it) or ISO 8601. Raises DecodeError."""
    try:
        if _ROCKBLOCK_TIME.fullmatch(text):
            return datetime.strptime(text, "%y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        if _ISO_TIME.fullmatch(text):
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DecodeError(f"the time {text!r} does not exist", why=str(error)) from error
    raise DecodeError(f"the time {text[:40]!r} is not understood", why="YY-MM-DD HH:MM:SS or ISO 8601 is meant")


def number_of(text: object, limit: float) -> float | None:
    """A number of at most ``limit`` either side of zero, or None: a bad position must not cost the message."""
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    return value if abs(value) <= limit else None
