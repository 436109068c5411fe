"""Webhook bodies: what RockBLOCK and Cloudloop really send is read, anything else is refused cheaply."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.messages import MAX_PAYLOAD_BYTES, MessageSource
from cameratrap.errors import DecodeError, ProofError
from cameratrap.ground.bodies import MAX_BODY_BYTES, MAX_DEPTH, MAX_FIELDS, read_json, time_of
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.webhook import FORM_TYPE, JSON_TYPE, parse

Body = Callable[[dict[str, Any]], bytes]
ANY = ProofPolicy()
FORM = {
    "imei": "300234010000001",
    "device_type": "ROCKBLOCK",
    "serial": "20001",
    "momsn": "41",
    "transmit_time": "26-06-01 22:25:31",
    "iridium_latitude": "51.5200",
    "iridium_longitude": "-1.2500",
    "iridium_cep": "3.0",
    "iridium_session_status": "2",
    "data": "10aa0001",
}
CLOUDLOOP: dict[str, Any] = {
    "id": "00000000-0000-4000-8000-000000000000",
    "receivedAt": {"year": 2026, "month": 6, "day": 1, "hour": 22, "minute": 25, "second": 40},
    "identity": {"hardware": {"imei": "300234010000001"}, "thingId": "t"},
    "sbd": {
        "imei": "300234010000001",
        "cdrReference": "1",
        "momsn": 41,
        "mtmsn": 0,
        "sessionAt": {"year": 2026, "month": 6, "day": 1, "hour": 22, "minute": 25, "second": 31},
        "status": "SESSION_STATUS_OK",
        "location": {"latitude": 51.52, "longitude": -1.25, "cep": 3.0},
    },
    "message": "EKoAAQ==",
    "signature": "",
}
SENT = datetime(2026, 6, 1, 22, 25, 31, tzinfo=UTC)


def _form(fields: dict[str, str]) -> bytes:
    return urlencode(fields, quote_via=quote).encode()


def test_a_form_body() -> None:
    """Every field, in the shapes of the form: everything a text, the space in the time as %20."""
    message = parse(_form(FORM), FORM_TYPE, ANY)
    assert (message.imei, message.momsn, message.transmit_time) == ("300234010000001", 41, SENT)
    assert message.payload == bytes.fromhex("10aa0001")
    assert (message.latitude, message.longitude, message.cep_km) == (51.52, -1.25, 3.0)
    assert (message.source, message.verified, message.session_status) == (MessageSource.WEBHOOK, None, 2)
    assert message.body == _form(FORM)


def test_a_json_body_says_the_same(unsigned: dict[str, Any], json_body: Body) -> None:
    """Numbers instead of texts, no status: the same message but for what is not there."""
    form = parse(_form(FORM), FORM_TYPE, ANY)
    message = parse(json_body(unsigned), JSON_TYPE, ANY)
    assert message.session_status is None
    for name in ("imei", "momsn", "transmit_time", "payload", "latitude", "longitude", "cep_km", "source"):
        assert getattr(message, name) == getattr(form, name)


@pytest.mark.parametrize("content_type", ["", "text/plain", "Application/JSON; charset=UTF-8"])
def test_the_content_type_may_be_missing_or_decorated(
    unsigned: dict[str, Any], json_body: Body, content_type: str
) -> None:
    """Proxies lose and change it; the body then decides."""
    assert parse(json_body(unsigned), content_type, ANY).momsn == 41
    if "json" not in content_type.lower():
        assert parse(_form(FORM), content_type, ANY).momsn == 41


def test_real_bodies(shared_data: Path) -> None:
    """A form capture of 2022 and Cloudloop's documented example, as the guides state their values."""
    folder = shared_data / "satellite" / "webhook"
    form = parse((folder / "captured-2022-02-01.form").read_bytes(), FORM_TYPE, ANY)
    assert form.transmit_time == datetime(2022, 2, 1, 22, 22, 40, tzinfo=UTC)
    assert (form.imei, form.momsn, form.verified) == ("300234068036650", 376, None)
    assert form.payload.isalnum()
    assert len(form.payload) == 36
    body = (folder / "cloudloop-lingo-mo-doc-example.json").read_bytes()
    lingo = parse(body, JSON_TYPE, ANY)
    assert lingo.transmit_time == datetime(2023, 10, 18, 12, 26, 9, tzinfo=UTC)
    assert (lingo.imei, lingo.momsn, lingo.session_status, lingo.cep_km) == ("300234065366010", 5394, 0, 4.0)
    assert len(lingo.payload) == 19
    assert base64.b64encode(lingo.payload).decode() == json.loads(body)["message"]


def test_a_cloudloop_body() -> None:
    """Nested JSON, the payload in base64, the time as numbers."""
    message = parse(json.dumps(CLOUDLOOP).encode(), JSON_TYPE, ANY)
    assert (message.imei, message.momsn, message.transmit_time) == ("300234010000001", 41, SENT)
    assert message.payload == bytes.fromhex("10aa0001")
    assert (message.latitude, message.longitude, message.cep_km, message.session_status) == (51.52, -1.25, 3.0, 0)


def test_a_cloudloop_body_of_a_9704() -> None:
    """Over IMT: the modem from the device's identity, the time of receipt, no session, no message number."""
    imt = {name: value for name, value in CLOUDLOOP.items() if name != "sbd"} | {"imt": {"topic": 244}}
    message = parse(json.dumps(imt).encode(), JSON_TYPE, ANY)
    assert (message.imei, message.momsn, message.session_status) == ("300234010000001", None, None)
    assert message.transmit_time == datetime(2026, 6, 1, 22, 25, 40, tzinfo=UTC)
    assert message.payload == bytes.fromhex("10aa0001")


def test_a_cloudloop_time_may_leave_zeros_out() -> None:
    """Midnight has no hour, minute or second in JSON made from protocol buffers."""
    session = CLOUDLOOP["sbd"] | {"sessionAt": {"year": 2026, "month": 6, "day": 1}}
    message = parse(json.dumps(CLOUDLOOP | {"sbd": session}).encode(), JSON_TYPE, ANY)
    assert message.transmit_time == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"message": "%%%"},
        {"message": 7},
        {"message": base64.b64encode(bytes(MAX_PAYLOAD_BYTES + 1)).decode()},
        {"sbd": None},
        {"sbd": None, "imt": {"topic": 244}, "identity": {"hardware": {"imei": "12"}}},
        {"sbd": None, "imt": {"topic": 244}, "identity": {"hardware": []}},
        {"sbd": None, "imt": {"topic": 244}, "receivedAt": None},
        {"sbd": CLOUDLOOP["sbd"] | {"momsn": 70000}},
        {"sbd": CLOUDLOOP["sbd"] | {"imei": "12"}},
        {"sbd": CLOUDLOOP["sbd"] | {"sessionAt": {"year": 2026, "month": 13, "day": 1}}},
        {"sbd": CLOUDLOOP["sbd"] | {"sessionAt": "now"}},
        {"sbd": CLOUDLOOP["sbd"] | {"sessionAt": {"year": [2026]}}},
    ],
)
def test_a_wrong_cloudloop_body_is_refused(change: dict[str, Any]) -> None:
    """Each for its own reason, never with another exception."""
    with pytest.raises(DecodeError):
        parse(json.dumps(CLOUDLOOP | change).encode(), JSON_TYPE, ANY)


def test_a_mailbox_check_has_an_empty_payload() -> None:
    """``data`` is empty, and the delivery is a message none the less."""
    assert parse(_form(FORM | {"data": ""}), FORM_TYPE, ANY).payload == b""
    assert parse(json.dumps(FORM | {"data": ""}).encode(), JSON_TYPE, ANY).payload == b""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22-02-01 22:25:31", datetime(2022, 2, 1, 22, 25, 31, tzinfo=UTC)),
        ("2023-03-14T09:00:14Z", datetime(2023, 3, 14, 9, 0, 14, tzinfo=UTC)),
        ("2023-03-14T09:00:14+02:00", datetime(2023, 3, 14, 7, 0, 14, tzinfo=UTC)),
        ("2023-03-14 09:00:14", datetime(2023, 3, 14, 9, 0, 14, tzinfo=UTC)),
        ("2023-03-14T09:00:14.250Z", datetime(2023, 3, 14, 9, 0, 14, 250000, tzinfo=UTC)),
    ],
)
def test_both_ways_to_write_a_time(text: str, expected: datetime) -> None:
    """The year stands first in both: read as a day, 22-02-01 would be 22 February 2001."""
    assert time_of(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "22-13-01 00:00:00", "2023-02-30T00:00:00Z", "01-02-2022 00:00:00", "now", "0001-01-01T00:00:00+14:00",
     "22-02-01 22:25", "２２-02-01 22:25:31"],  # noqa: RUF001 - digits that are no ASCII
)  # fmt: skip
def test_a_time_that_is_none_is_refused(text: str) -> None:
    """Never guessed."""
    with pytest.raises(DecodeError):
        time_of(text)


@pytest.mark.parametrize("name", ["imei", "momsn", "transmit_time", "data"])
def test_each_essential_field_must_be_there(name: str) -> None:
    """A form cut off on its way is not a message."""
    with pytest.raises(DecodeError):
        parse(_form({key: value for key, value in FORM.items() if key != name}), FORM_TYPE, ANY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imei", "30023401000000"),
        ("imei", "30023401000000x"),
        ("imei", "٣٠٠٢٣٤٠١٠٠٠٠٠٠١"),
        ("momsn", "65536"),
        ("momsn", "-1"),
        ("momsn", "4.1"),
        ("momsn", "9" * 5000),
        ("data", "10a"),
        ("data", "xx"),
        ("data", "10 aa"),
        ("data", "00" * (MAX_PAYLOAD_BYTES + 1)),
    ],
)
def test_a_wrong_field_is_refused(name: str, value: str) -> None:
    """In both forms of the body, as DecodeError."""
    with pytest.raises(DecodeError):
        parse(_form(FORM | {name: value}), FORM_TYPE, ANY)
    with pytest.raises(DecodeError):
        parse(json.dumps(FORM | {name: value}).encode(), JSON_TYPE, ANY)


def test_a_bad_position_does_not_cost_the_message() -> None:
    """It is a fact beside the message; out of range or no number, it is unknown."""
    message = parse(_form(FORM | {"iridium_latitude": "91", "iridium_longitude": "nan"}), FORM_TYPE, ANY)
    assert (message.latitude, message.longitude) == (None, None)
    assert message.payload


def test_a_field_twice_is_refused() -> None:
    """One reader would take the first, another the second."""
    with pytest.raises(DecodeError, match="twice"):
        parse(_form(FORM) + b"&imei=300234010000002", FORM_TYPE, ANY)
    with pytest.raises(DecodeError, match="twice"):
        parse(b'{"imei": "300234010000001", "imei": "300234010000002"}', JSON_TYPE, ANY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"imei": NaN}',
        b"\xff\xfe",
        b'{"imei": {"a": 1}}',
        b'{"imei": ["300234010000001"]}',
        b'{"imei": true}',
        b"[" * 30000,
        b'{"a":' * 30000,
        b'{"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
        b"{" + b",".join(b'"f%d": 1' % n for n in range(MAX_FIELDS + 1)) + b"}",
        b'{"momsn": ' + b"9" * 60000 + b"}",
        b'{"a": "' + b"x" * MAX_BODY_BYTES + b'"}',
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_body_that_is_no_delivery_is_refused(body: bytes) -> None:
    """Other JSON, broken JSON, nested, long and huge: refused with a reason."""
    with pytest.raises(DecodeError):
        parse(body, JSON_TYPE, ANY)


@pytest.mark.parametrize("body", [b"", b"imei", b"\xff=1", b"a=1&" * 1000, b"imei=%ff", b"a" * (MAX_BODY_BYTES + 1)])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    """The same for forms."""
    with pytest.raises(DecodeError):
        parse(body, FORM_TYPE, ANY)


@pytest.mark.parametrize("piece", [b'"', b'\\"', b'"\\', b"[", b"]", b'"[', b"{}", b"\\"])
def test_refusing_costs_little(piece: bytes) -> None:
    """The largest body of any one piece is refused in well under a second: no quadratic search."""
    body = (b'{"a": ' + piece * MAX_BODY_BYTES)[:MAX_BODY_BYTES]
    begin = time.monotonic()
    with pytest.raises(DecodeError):
        read_json(body)
    assert time.monotonic() - begin < 1


@given(st.binary(max_size=300), st.sampled_from([JSON_TYPE, FORM_TYPE, ""]))
def test_any_bytes_are_a_message_or_an_error_of_ours(body: bytes, content_type: str) -> None:
    """Nothing else gets out."""
    with contextlib.suppress(DecodeError, ProofError):
        parse(body, content_type, ANY)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*FORM, "JWT", "sbd", "identity", "message", "sessionAt"]), inner, max_size=6
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_a_message_or_an_error_of_ours(public_pem: bytes, value: object) -> None:
    """Of the right names and any shape."""
    with contextlib.suppress(DecodeError, ProofError):
        parse(json.dumps(value).encode(), JSON_TYPE, ProofPolicy((public_pem,)))
