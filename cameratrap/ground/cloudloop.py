"""A Cloudloop delivery in its "Lingo" JSON: nested, the time as numbers, the message in base64.

One that was sent over SBD has a header ``sbd``, with the session's numbers; one of a 9704, sent over IMT, has a header
``imt`` with the topic: then the modem is told by the device's identity, the time is when Cloudloop received it, and
there is no message number.

Its ``signature`` field is empty in Cloudloop's documented example and nothing says how it would be checked, so such
a delivery proves nothing. RockBLOCK's token covers the fields of RockBLOCK's own form and cannot prove one either: a
delivery that carries it all the same is refused, as a false proof.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.errors import DecodeError
from cameratrap.ground.bodies import Json, check_payload, imei_of, momsn_of, number_of
from cameratrap.ground.proof import TOKEN, ProofPolicy, check

SESSION_OK = "SESSION_STATUS_OK"
_TIME_PARTS = ("year", "month", "day", "hour", "minute", "second")


def is_delivery(values: Json) -> bool:
    """Whether a JSON object has Cloudloop's shape rather than RockBLOCK's."""
    return any(isinstance(values.get(name), dict) for name in ("identity", "sbd", "imt"))


def message(values: Json, body: bytes, policy: ProofPolicy) -> ReceivedMessage:
    """The message in a Cloudloop delivery. Raises DecodeError, and ProofError when ``policy`` requires a proof."""
    verified = check({TOKEN: str(values[TOKEN])} if values.get(TOKEN) else {}, policy)
    session, over_imt = values.get("sbd"), isinstance(values.get("imt"), dict)
    if not isinstance(session, dict):
        if not over_imt:
            raise DecodeError("the Cloudloop delivery is of no kind that is understood", why="no 'sbd' and no 'imt'")
        session = {"imei": _hardware_imei(values), "sessionAt": values.get("receivedAt")}
    place = _table(session.get("location"))
    return ReceivedMessage(
        payload=_payload(values.get("message")),
        source=MessageSource.WEBHOOK,
        imei=imei_of(session.get("imei")),
        momsn=None if over_imt else momsn_of(session.get("momsn")),
        transmit_time=_time(session.get("sessionAt")),
        verified=verified,
        session_status=0 if session.get("status") == SESSION_OK else None,
        latitude=number_of(place.get("latitude"), 90),
        longitude=number_of(place.get("longitude"), 180),
        cep_km=number_of(place.get("cep"), 40_000),
        body=body,
    )


def _hardware_imei(values: Json) -> Any:
    return _table(_table(values.get("identity")).get("hardware")).get("imei")


def _table(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _payload(text: Any) -> bytes:
    if text is None:
        return b""
    if not isinstance(text, str):
        raise DecodeError("the message is not base64", why=f"it is a {type(text).__name__}")
    try:
        return check_payload(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise DecodeError("the message is not base64", why=str(error)) from error


def _time(parts: Any) -> datetime:
    """UTC from ``{"year": 2023, "month": 10, ...}``; what is zero may be left out, as protocol buffers do."""
    if not isinstance(parts, dict):
        raise DecodeError(
            "the Cloudloop delivery has no time", why="it has no 'sessionAt', or over IMT no 'receivedAt'"
        )
    numbers = [parts.get(name, "0") for name in _TIME_PARTS]
    if not all(isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 4 for text in numbers):
        raise DecodeError("the session's time is not understood", why=str(parts)[:80])
    year, month, day, hour, minute, second = (int(text) for text in numbers)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise DecodeError("the session's time does not exist", why=str(error)) from error
