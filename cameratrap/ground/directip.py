"""Iridium DirectIP, mobile-originated: a frame's bytes to a message, and back.

Header, payload and location are elements of one frame (Iridium SBD Developers Guide, 6.2). The guide's table prints 20
as the length of the location; real ones have 11 bytes, and both are read. Where confirmations are provisioned, the
gateway waits for one before it forgets the message.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from cameratrap.domain.messages import MAX_MOMSN, MessageSource, ReceivedMessage, is_imei
from cameratrap.errors import DecodeError
from cameratrap.ground.bodies import check_payload
from cameratrap.ground.directip_frames import build_frame, elements

HEADER_ID = 0x01
PAYLOAD_ID = 0x02
LOCATION_ID = 0x03
CONFIRMATION_ID = 0x05
HEADER_LENGTH = 28
LOCATION_LENGTHS = (11, 20)
_HEADER = struct.Struct(">I15sBHHI")
_LOCATION = struct.Struct(">BBHBHI")
_SOUTH, _WEST = 0b10, 0b01
_THOUSANDTHS_OF_MINUTES = 60_000  # in a degree


@dataclass(frozen=True, slots=True)
class Location:
    """Where Iridium believes the modem was: degrees, within ``cep_km`` kilometres."""

    latitude: float
    longitude: float
    cep_km: int


@dataclass(frozen=True, slots=True)
class MoFrame:
    """One mobile-originated session.

    ``cdr`` is the gateway's reference for the call. ``session_status`` 0, 1 and 2 are sessions that delivered their
    payload; ``payload`` is None for failed ones and for mailbox checks. ``session_time`` is UTC, whole seconds.
    """

    cdr: int
    imei: str
    session_status: int
    momsn: int
    mtmsn: int
    session_time: datetime
    payload: bytes | None = None
    location: Location | None = None


def parse(data: bytes) -> MoFrame:
    """The session in one frame. Raises DecodeError for anything but one whole frame with an MO header."""
    found = elements(data)
    if HEADER_ID not in found:
        ids = ", ".join(f"0x{number:02x}" for number in found) or "nothing"
        raise DecodeError("the DirectIP frame is no mobile-originated message", why=f"it has {ids} and no header 0x01")
    cdr, imei, status, momsn, mtmsn, time = _header(found[HEADER_ID])
    payload = found.get(PAYLOAD_ID)
    return MoFrame(
        cdr=cdr,
        imei=imei,
        session_status=status,
        momsn=momsn,
        mtmsn=mtmsn,
        session_time=datetime.fromtimestamp(time, UTC),
        payload=None if payload is None else check_payload(payload),
        location=_location(found.get(LOCATION_ID, b"")),
    )


def _header(body: bytes) -> tuple[int, str, int, int, int, int]:
    if len(body) != HEADER_LENGTH:
        raise DecodeError("the DirectIP header is wrong", why=f"it has {len(body)} bytes, not {HEADER_LENGTH}")
    cdr, imei, status, momsn, mtmsn, time = _HEADER.unpack(body)
    text = imei.decode("latin-1")
    if not is_imei(text):
        raise DecodeError("the DirectIP header names no modem", why=f"an IMEI has 15 digits, this is {text!r}")
    return cdr, text, status, momsn, mtmsn, time


def _location(body: bytes) -> Location | None:
    """None where there is none or it cannot be: a bad position must not cost the message."""
    if len(body) not in LOCATION_LENGTHS:
        return None
    flags, lat_degrees, lat_rest, lon_degrees, lon_rest, cep_km = _LOCATION.unpack(body[: _LOCATION.size])
    latitude = lat_degrees + lat_rest / _THOUSANDTHS_OF_MINUTES
    longitude = lon_degrees + lon_rest / _THOUSANDTHS_OF_MINUTES
    if latitude > 90 or longitude > 180:
        return None
    return Location(-latitude if flags & _SOUTH else latitude, -longitude if flags & _WEST else longitude, cep_km)


def build(frame: MoFrame) -> bytes:
    """The bytes of ``frame``, header, location, payload, as the gateway sends them.

    Raises ValueError for values that no frame can carry.
    """
    if not is_imei(frame.imei) or not 0 <= frame.momsn <= MAX_MOMSN:
        raise ValueError(f"an IMEI has 15 digits and a MOMSN is at most {MAX_MOMSN}: {frame}")
    time = int(frame.session_time.timestamp())
    try:
        header = (frame.cdr, frame.imei.encode(), frame.session_status, frame.momsn, frame.mtmsn, time)
        parts = [(HEADER_ID, _HEADER.pack(*header))]
        if frame.location is not None:
            parts.append((LOCATION_ID, _pack_location(frame.location)))
        if frame.payload is not None:
            parts.append((PAYLOAD_ID, frame.payload))
        return build_frame(parts)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"no DirectIP frame can carry this: {error}") from error


def confirmation(*, accepted: bool) -> bytes:
    """What the gateway is told of a message, where confirmations are provisioned: whether it may forget it."""
    return build_frame([(CONFIRMATION_ID, bytes([accepted]))])


def _pack_location(location: Location) -> bytes:
    flags = (_SOUTH if location.latitude < 0 else 0) | (_WEST if location.longitude < 0 else 0)
    lat_degrees, lat_rest = divmod(round(abs(location.latitude) * _THOUSANDTHS_OF_MINUTES), _THOUSANDTHS_OF_MINUTES)
    lon_degrees, lon_rest = divmod(round(abs(location.longitude) * _THOUSANDTHS_OF_MINUTES), _THOUSANDTHS_OF_MINUTES)
    return _LOCATION.pack(flags, lat_degrees, lat_rest, lon_degrees, lon_rest, location.cep_km)


def message(data: bytes) -> ReceivedMessage:
    """The message in one frame, which proves nothing: who may deliver is the network's to say. Raises DecodeError."""
    frame = parse(data)
    place = frame.location
    return ReceivedMessage(
        payload=frame.payload or b"",
        source=MessageSource.DIRECTIP,
        imei=frame.imei,
        momsn=frame.momsn,
        transmit_time=frame.session_time,
        session_status=frame.session_status,
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        cep_km=float(place.cep_km) if place else None,
        body=data,
    )
