"""A message as it reached the ground, whichever way it came in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

IMEI_DIGITS = 15
MAX_MOMSN = 0xFFFF
# The largest mobile-originated message that Iridium SBD carries on any modem (340 bytes on a 9602 or 9603).
MAX_PAYLOAD_BYTES = 1960
# The largest delivery of any way in: an e-mail with a payload in base64 and the headers of many relays.
MAX_DELIVERY_BYTES = 256 * 1024


class MessageSource(StrEnum):
    """The way in."""

    WEBHOOK = "webhook"
    DIRECTIP = "directip"
    EMAIL = "email"
    FILE = "file"


def is_imei(text: str) -> bool:
    """Whether ``text`` is the 15-digit number that identifies a modem."""
    return len(text) == IMEI_DIGITS and text.isascii() and text.isdigit()


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message of one modem. An empty ``payload`` is a mailbox check or a session that failed.

    ``imei``, ``momsn`` (the modem's own message number, 0 to 65535) and ``transmit_time`` (aware) are None where the
    way in does not tell them. ``verified`` is True where a signature was checked, None where there was none to check;
    a message whose signature is false never becomes a ReceivedMessage. The position is where Iridium believes the
    modem was, in degrees, within ``cep_km`` kilometres. ``body`` is the whole delivery, byte for byte: it holds what no
    field does, the token above all, so that what was not checked when it came can be checked later.
    """

    payload: bytes
    source: MessageSource
    imei: str | None = None
    momsn: int | None = None
    transmit_time: datetime | None = None
    verified: bool | None = None
    session_status: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    cep_km: float | None = None
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.verified is False:
            raise ValueError("a message whose proof is false is refused, not received")
        if self.imei is not None and not is_imei(self.imei):
            raise ValueError(f"an IMEI has {IMEI_DIGITS} digits: {self.imei!r}")
        if self.momsn is not None and not 0 <= self.momsn <= MAX_MOMSN:
            raise ValueError(f"a MOMSN is from 0 to {MAX_MOMSN}: {self.momsn}")
        if self.transmit_time is not None and self.transmit_time.tzinfo is None:
            raise ValueError(f"a transmit time has an offset: {self.transmit_time}")
        if len(self.payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a payload has at most {MAX_PAYLOAD_BYTES} bytes: {len(self.payload)}")
        if len(self.body) > MAX_DELIVERY_BYTES:
            raise ValueError(f"a delivery has at most {MAX_DELIVERY_BYTES} bytes: {len(self.body)}")

    @property
    def payload_sha256(self) -> str:
        """Identifies the payload."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def body_sha256(self) -> str:
        """Identifies the delivery."""
        return hashlib.sha256(self.body).hexdigest()
