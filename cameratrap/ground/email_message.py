"""Messages that come by e-mail: from Iridium's gateway, with an attachment, and from RockBLOCK, in the text.

Iridium (SBD Developers Guide, 6.1): subject ``SBD Msg From Unit: <IMEI>``, lines ``MOMSN: 23``, ``Time of Session
(UTC): Tue Aug 13 16:51:04 2002``, ``Session Status: 00 - TRANSFER OK``, ``Message Size (bytes): 351``, perhaps
``Unit Location: Lat = .. Long = ..`` and ``CEPradius = 3``, and the payload as one ``.sbd`` attachment; an empty
mailbox check has none. RockBLOCK: lines ``IMEI:``, ``MOMSN:``, ``Transmit Time:``, ``Data:`` in hexadecimal.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message

from cameratrap.domain.messages import MAX_DELIVERY_BYTES, MessageSource, ReceivedMessage
from cameratrap.errors import DecodeError
from cameratrap.ground.bodies import check_payload, imei_of, momsn_of, number_of, payload_of_hex, time_of

MAX_PARTS = 20
_SUBJECT = re.compile(r"SBD Msg From Unit:\s*([0-9]{15})(?![0-9])")
_SESSION_TIME = re.compile(
    r"^Time of Session \(UTC\): *[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9]{4})",
    re.MULTILINE,
)
_PLACE = re.compile(r"Lat = (-?[0-9.]{1,20})\s+Long = (-?[0-9.]{1,20})")
# Not strptime's %b, which follows the language of the machine.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse(data: bytes) -> ReceivedMessage:
    """The message in one e-mail, or in the text of a RockBLOCK one without its headers. Raises DecodeError."""
    if len(data) > MAX_DELIVERY_BYTES:
        raise DecodeError(f"the e-mail has {len(data)} bytes", why=f"a delivery has at most {MAX_DELIVERY_BYTES}")
    mail = message_from_bytes(data)
    subject = _SUBJECT.search(" ".join(str(mail.get("Subject", "")).split()))
    if subject:
        return _from_iridium(mail, subject[1], data)
    text = data.decode("utf-8", "replace") if "IMEI" in mail else _text(mail)
    return _from_rockblock(text.replace("\r\n", "\n"), data)


def _from_iridium(mail: Message, imei: str, body: bytes) -> ReceivedMessage:
    text = _text(mail)
    place = _PLACE.search(text)
    payload = _attachment(mail)
    size = _line(text, r"Message Size \(bytes\)")
    if size and size != str(len(payload)):
        raise DecodeError("the e-mail is not whole", why=f"it announces {size[:20]} bytes and has {len(payload)}")
    return ReceivedMessage(
        payload=payload,
        source=MessageSource.EMAIL,
        imei=imei_of(imei),
        momsn=momsn_of(_line(text, "MOMSN")),
        transmit_time=_session_time(text),
        session_status=_status(_line(text, "Session Status")),
        latitude=number_of(place[1], 90) if place else None,
        longitude=number_of(place[2], 180) if place else None,
        cep_km=number_of(_after(text, r"CEPradius = ([0-9.]{1,12})"), 40_000),
        body=body,
    )


def _from_rockblock(text: str, body: bytes) -> ReceivedMessage:
    data = _line(text, "Data")
    if data is None:
        raise DecodeError("the e-mail carries no message", why="it has neither Iridium's subject nor RockBLOCK's lines")
    return ReceivedMessage(
        payload=payload_of_hex(data),
        source=MessageSource.EMAIL,
        imei=imei_of(_line(text, "IMEI")),
        momsn=momsn_of(_line(text, "MOMSN")),
        transmit_time=time_of((_line(text, "Transmit Time") or "").removesuffix(" UTC")),
        session_status=_status(_line(text, "Iridium Session Status")),
        latitude=number_of(_line(text, "Iridium Latitude"), 90),
        longitude=number_of(_line(text, "Iridium Longitude"), 180),
        cep_km=number_of(_line(text, "Iridium CEP"), 40_000),
        body=body,
    )


def _text(mail: Message) -> str:
    """The plain text of every part that is one."""
    parts = [part for part in _parts(mail) if part.get_content_type() == "text/plain" and not _is_attached(part)]
    return "\n".join(_decoded(part).decode("utf-8", "replace") for part in parts).replace("\r\n", "\n")


def _parts(mail: Message) -> list[Message]:
    parts = [part for part in mail.walk() if not part.is_multipart()]
    if len(parts) > MAX_PARTS:
        raise DecodeError(f"the e-mail has {len(parts)} parts", why=f"a delivery has at most {MAX_PARTS}")
    return parts


def _is_attached(part: Message) -> bool:
    """Iridium names its attachment in either header, and calls its type application/x-zip-compressed."""
    headers = f"{part.get('Content-Disposition', '')} {part.get('Content-Type', '')}".lower()
    return ".sbd" in headers


def _attachment(mail: Message) -> bytes:
    attached = [part for part in _parts(mail) if _is_attached(part)]
    if len(attached) > 1:
        raise DecodeError(f"the e-mail has {len(attached)} messages attached", why="a delivery has one")
    return check_payload(_decoded(attached[0])) if attached else b""


def _decoded(part: Message) -> bytes:
    """A part's bytes; unlike the library's own decoding, broken base64 is an error and not half a payload."""
    content = part.get_payload()
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64" or not isinstance(content, str):
        decoded = part.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else b""
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError("the e-mail's attachment is not base64", why=str(error)) from error


def _line(text: str, name: str) -> str | None:
    found = _after(text, rf"^{name}:(.*)$")
    return None if found is None else found.strip()


def _after(text: str, pattern: str) -> str | None:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else None


def _status(text: str | None) -> int | None:
    """The number in ``00 - TRANSFER OK``."""
    found = re.match(r"[0-9]{1,3}(?![0-9])", text or "")
    return int(found[0]) if found else None


def _session_time(text: str) -> datetime:
    found = _SESSION_TIME.search(text)
    if not found or found[1] not in _MONTHS:
        raise DecodeError("the e-mail has no time", why="a line 'Time of Session (UTC): ...' is meant")
    day, hour, minute, second, year = (int(number) for number in found.groups()[1:])
    try:
        return datetime(year, _MONTHS.index(found[1]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise DecodeError("the session's time does not exist", why=str(error)) from error
