"""A RockBLOCK webhook delivery: form or JSON, signed or not, to a message.

What real deliveries look like, beyond the documented table: the JSON form gives the numbers as numbers and the form
body as text; ``iridium_session_status`` and ``JWT`` may be missing; ``data`` is empty for a mailbox check;
``transmit_time`` is ``YY-MM-DD HH:MM:SS``, year first, or ISO 8601 from newer devices. Cloudloop's own JSON is told
apart by its shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.errors import DecodeError
from cameratrap.ground import cloudloop
from cameratrap.ground.bodies import (
    check_size,
    flat_fields,
    imei_of,
    momsn_of,
    number_of,
    payload_of_hex,
    read_form,
    read_json,
    time_of,
)
from cameratrap.ground.proof import ProofPolicy, check

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


def parse(body: bytes, content_type: str, policy: ProofPolicy) -> ReceivedMessage:
    """The message in a delivery. ``content_type`` is the header as it came; without a known one the body decides.

    Raises DecodeError when the body is not a delivery, ProofError when it does not prove what it says.
    """
    check_size(body)
    if not _is_json(body, content_type):
        return _message(read_form(body), body, policy)
    values = read_json(body)
    if cloudloop.is_delivery(values):
        return cloudloop.message(values, body, policy)
    return _message(flat_fields(values), body, policy)


def _is_json(body: bytes, content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in (JSON_TYPE, FORM_TYPE):
        return media_type == JSON_TYPE
    return body.lstrip().startswith(b"{")


def _message(fields: Mapping[str, str], body: bytes, policy: ProofPolicy) -> ReceivedMessage:
    verified = check(fields, policy)
    for name in ("transmit_time", "data"):
        if name not in fields:
            raise DecodeError("the body is not a RockBLOCK delivery", why=f"it has no {name!r}")
    return ReceivedMessage(
        payload=payload_of_hex(fields["data"]),
        source=MessageSource.WEBHOOK,
        imei=imei_of(fields.get("imei")),
        momsn=momsn_of(fields.get("momsn")),
        transmit_time=time_of(fields["transmit_time"]),
        verified=verified,
        session_status=_status(fields.get("iridium_session_status")),
        latitude=number_of(fields.get("iridium_latitude"), 90),
        longitude=number_of(fields.get("iridium_longitude"), 180),
        cep_km=number_of(fields.get("iridium_cep"), 40_000),
        body=body,
    )


def _status(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 3 else None
