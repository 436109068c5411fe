"""E-mails: Iridium's gateway with its attachment, RockBLOCK's lines, and any bytes at all."""

from __future__ import annotations

import base64
import contextlib
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.messages import MAX_DELIVERY_BYTES, MessageSource
from cameratrap.errors import DecodeError
from cameratrap.ground.email_message import parse

PAYLOAD = bytes.fromhex("10aa0001")
# The lines of the guide's section 6.1, with a day padded by a blank.
GATEWAY_TEXT = """MOMSN: 23
MTMSN: 0
Time of Session (UTC): Mon Jun  1 22:25:31 2026
Session Status: 00 - TRANSFER OK
Message Size (bytes): 4

Unit Location: Lat = 51.520000 Long = -1.250000
CEPradius = 3

Message is Attached.
"""
ROCKBLOCK_TEXT = """IMEI: 300234010000001
MOMSN: 41
Transmit Time: 2026-06-01T22:25:31Z UTC
Iridium Latitude: 51.5200
Iridium Longitude: -1.2500
Iridium CEP: 3.0
Iridium Session Status: 2
Data: 10aa0001
"""


def gateway_mail(text: str = GATEWAY_TEXT, payload: bytes | None = PAYLOAD, imei: str = "300234010000001") -> bytes:
    """An e-mail as Iridium's gateway sends it."""
    mail = EmailMessage()
    mail["From"] = "sbdservice@sbd.iridium.com"
    mail["Subject"] = f"SBD Msg From Unit: {imei}"
    mail.set_content(text)
    if payload is not None:
        mail.add_attachment(payload, maintype="application", subtype="x-zip-compressed", filename=f"{imei}_000023.sbd")
    return mail.as_bytes()


def test_a_mail_of_the_gateway() -> None:
    """Modem from the subject, numbers from the lines, payload from the attachment."""
    message = parse(gateway_mail())
    assert (message.imei, message.momsn, message.payload) == ("300234010000001", 23, PAYLOAD)
    assert message.transmit_time == datetime(2026, 6, 1, 22, 25, 31, tzinfo=UTC)
    assert (message.source, message.verified, message.session_status) == (MessageSource.EMAIL, None, 0)
    assert (message.latitude, message.longitude, message.cep_km) == (51.52, -1.25, 3.0)


def test_crlf_and_a_forward_are_read_the_same() -> None:
    """As it lies in a mailbox, and as a colleague passes it on."""
    expected = parse(gateway_mail())
    for mail in (
        gateway_mail().replace(b"\n", b"\r\n"),
        gateway_mail().replace(b"Subject: ", b"Subject: Fwd: "),
        gateway_mail().replace(b"Unit: 3", b"Unit:\n 3"),
    ):
        message = parse(mail)
        assert (message.imei, message.momsn, message.payload) == (expected.imei, expected.momsn, expected.payload)
        assert message.transmit_time == expected.transmit_time


def test_a_mailbox_check_has_no_attachment() -> None:
    """A message without payload, not an error."""
    text = GATEWAY_TEXT.replace("(bytes): 4", "(bytes): 0").replace("Message is Attached.\n", "")
    assert parse(gateway_mail(text, None)).payload == b""


def test_a_failed_session() -> None:
    """Its status is kept."""
    text = "MOMSN: 24\nTime of Session (UTC): Mon Jun  1 22:25:31 2026\nSession Status: 13 - Incomplete Session\n"
    assert parse(gateway_mail(text, None)).session_status == 13


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (gateway_mail(payload=PAYLOAD[:-1]), "announces 4 bytes and has 3"),
        (gateway_mail(payload=None), "announces 4 bytes and has 0"),
        (gateway_mail().replace(base64.b64encode(PAYLOAD), b"EKo*AQ=="), "not base64"),
        (gateway_mail(GATEWAY_TEXT.replace("MOMSN: 23", "MOMSN: 65536")), "MOMSN"),
        (gateway_mail(GATEWAY_TEXT.replace("MOMSN: 23\n", "")), "MOMSN"),
        (gateway_mail(GATEWAY_TEXT.replace("Jun  1", "Jun 31")), "day is out of range"),
        (gateway_mail(GATEWAY_TEXT.replace("Jun  1", "Foo  1")), "Time of Session"),
        (gateway_mail(imei="30023401000000"), "neither"),
        (gateway_mail("", bytes(1961)), "1961"),
        (b"Subject: hello\n\nworld\n", "neither"),
        (b"", "neither"),
        (b"x" * (MAX_DELIVERY_BYTES + 1), "at most"),
        (ROCKBLOCK_TEXT.replace("IMEI: 3", "IMEI: x").encode(), "15 digits"),
        (ROCKBLOCK_TEXT.replace("10aa0001", "10aa000").encode(), "hexadecimal"),
        (ROCKBLOCK_TEXT.replace("2026-06-01T22:25:31Z", "yesterday").encode(), "not understood"),
    ],
)
def test_a_mail_that_is_not_whole_is_refused(mail: bytes, why: str) -> None:
    """With the reason; never half a payload."""
    with pytest.raises(DecodeError, match=why):
        parse(mail)


def test_two_attachments_are_refused() -> None:
    """Which of them would be the message?"""
    mail = EmailMessage()
    mail["Subject"] = "SBD Msg From Unit: 300234010000001"
    mail.set_content(GATEWAY_TEXT)
    for name in ("a.sbd", "b.sbd"):
        mail.add_attachment(PAYLOAD, maintype="application", subtype="octet-stream", filename=name)
    with pytest.raises(DecodeError, match="2 messages attached"):
        parse(mail.as_bytes())


def test_a_mail_of_rockblock() -> None:
    """As a mail with its headers, and as its text alone."""
    mail = EmailMessage()
    mail["Subject"] = "Message 41 from RockBLOCK 20001"
    mail.set_content(ROCKBLOCK_TEXT)
    for data in (mail.as_bytes(), ROCKBLOCK_TEXT.encode(), ROCKBLOCK_TEXT.replace("\n", "\r\n").encode()):
        message = parse(data)
        assert (message.imei, message.momsn, message.payload) == ("300234010000001", 41, PAYLOAD)
        assert message.transmit_time == datetime(2026, 6, 1, 22, 25, 31, tzinfo=UTC)
        assert (message.latitude, message.longitude, message.cep_km) == (51.52, -1.25, 3.0)
        assert message.session_status == 2


def test_a_real_mail_of_rockblock(shared_data: Path) -> None:
    """A published one of 2023."""
    data = (shared_data / "satellite" / "email" / "rockblock-email-body-edgecollective.txt").read_bytes()
    message = parse(data)
    assert (message.imei, message.momsn, len(message.payload)) == ("300234065897350", 75, 24)
    assert message.transmit_time == datetime(2023, 1, 25, 0, 36, 18, tzinfo=UTC)
    assert (message.cep_km, message.session_status) == (544.0, 2)


@pytest.mark.parametrize("piece", ["Data:", "Data: \n", " ", "Lat = 1", "Time of Session (UTC):", "=?", "--x\n"])
def test_refusing_costs_little(piece: str) -> None:
    """The largest mail of any one piece takes well under a second or two: no quadratic search."""
    body = (f"Subject: SBD Msg From Unit: 300234010000001\n\n{piece * MAX_DELIVERY_BYTES}").encode()[
        :MAX_DELIVERY_BYTES
    ]
    begin = time.monotonic()
    with pytest.raises(DecodeError):
        parse(body)
    assert time.monotonic() - begin < 2


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_decode_error(data: bytes) -> None:
    """Nothing else gets out."""
    with contextlib.suppress(DecodeError):
        parse(data)


_HEADERS = ("Subject", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "IMEI", "MIME-Version")


@given(
    st.lists(st.tuples(st.sampled_from(_HEADERS), st.text(max_size=60)), max_size=6),
    st.sampled_from(["", GATEWAY_TEXT, ROCKBLOCK_TEXT]),
    st.binary(max_size=60),
)
def test_any_mail_is_a_message_or_a_decode_error(headers: list[tuple[str, str]], text: str, rest: bytes) -> None:
    """Headers of the right names with any value, known text, any end."""
    head = "".join(f"{name}: {value}\n" for name, value in headers)
    with contextlib.suppress(DecodeError):
        parse(head.encode("utf-8", "replace") + b"\n" + text.encode() + rest)


@given(st.integers(0, 600), st.binary(min_size=1, max_size=6))
def test_any_damage_is_a_message_or_a_decode_error(at: int, patch: bytes) -> None:
    """The same close to a real mail."""
    mail = bytearray(gateway_mail())
    mail[at : at + len(patch)] = patch
    with contextlib.suppress(DecodeError):
        parse(bytes(mail))
