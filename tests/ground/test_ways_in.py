"""Files: each form is told by its content, and one bad line does not cost the others."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.messages import MAX_DELIVERY_BYTES, MAX_PAYLOAD_BYTES, MessageSource
from cameratrap.errors import DecodeError, ProofError
from cameratrap.ground.directip import MoFrame, build
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.ways_in import Form, read_file, read_part, sniff, split_file

ANY = ProofPolicy()
IMEI = "300234010000001"
PAYLOAD = bytes.fromhex("10aa0001")
DIRECTIP = build(MoFrame(1, IMEI, 0, 23, 0, datetime(2026, 6, 1, 22, 25, 31, tzinfo=UTC), PAYLOAD))
FORM = f"imei={IMEI}&momsn=41&transmit_time=26-06-01%2022%3A25%3A31&data=10aa0001".encode()
MAIL = (
    f"Received: from a by b\nSubject: SBD Msg From Unit: {IMEI}\n\n"
    "MOMSN: 5\nTime of Session (UTC): Mon Jun  1 22:25:31 2026\nSession Status: 00 - TRANSFER OK\n"
).encode()


def _json(unsigned: dict[str, Any]) -> bytes:
    return json.dumps(unsigned | {"iridium_latitude": None, "iridium_longitude": None, "iridium_cep": None}).encode()


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("mo.sbd", DIRECTIP, Form.DIRECTIP),
        ("mo.bin", DIRECTIP, Form.DIRECTIP),
        ("torn.bin", DIRECTIP[:-2], Form.DIRECTIP),
        ("mt.bin", bytes.fromhex("01000405000101"), Form.DIRECTIP),
        ("a.sbd", PAYLOAD, Form.RAW),
        ("a.sbd", b"3132", Form.RAW),
        ("a.sbd", b"Subject: x\n", Form.RAW),
        ("a", PAYLOAD, Form.RAW),
        ("a.eml", b"anything", Form.MAIL),
        ("a.txt", MAIL, Form.MAIL),
        ("a.txt", b"From x@y Mon Jun  1\nSubject: z\n", Form.MAIL),
        ("a.txt", f"\nIMEI: {IMEI}\n".encode(), Form.MAIL),
        ("a.txt", b"10aa0001\n", Form.HEX),
        ("a.txt", b"10 AA 00 01", Form.HEX),
        ("a", FORM, Form.FORM),
        ("a", b' {"imei": 1}\n', Form.JSON),
        ("a", b'{\n "imei": 1', Form.JSON),
        ("a", b"imei", Form.RAW),
        ("a", b"a=b", Form.RAW),
    ],
)
def test_what_a_file_is(name: str, data: bytes, form: Form) -> None:
    """By content; the name decides only for .sbd and .eml."""
    assert sniff(name, data) is form


def test_each_form_is_read(unsigned: dict[str, Any]) -> None:
    """One file of each way in gives its message, with the way in as its source."""
    for name, data, source in (
        ("a.bin", DIRECTIP, MessageSource.DIRECTIP),
        ("a.json", _json(unsigned), MessageSource.WEBHOOK),
        ("a.form", FORM, MessageSource.WEBHOOK),
        (f"{IMEI}_000023.sbd", PAYLOAD, MessageSource.FILE),
        ("a.hex", b"10aa0001\n", MessageSource.FILE),
    ):
        (message,) = read_file(name, data, ANY)
        assert (message.source, message.payload) == (source, PAYLOAD)
        assert message.body == data
    (mail,) = read_file("a.eml", MAIL, ANY)
    assert mail.body == MAIL
    assert (mail.source, mail.imei, mail.momsn) == (MessageSource.EMAIL, IMEI, 5)


@pytest.mark.parametrize(
    ("name", "imei", "momsn"),
    [
        (f"{IMEI}_000023.sbd", IMEI, 23),
        (f"in/box/{IMEI}_23.sbd", IMEI, 23),
        (f"{IMEI}_000000.sbd", IMEI, 0),
        (f"{IMEI}_065535.hex", IMEI, 65535),
        ("day.sbd", None, None),
        (f"9{IMEI}_23.sbd", None, None),
        (f"{IMEI}/day.sbd", None, None),
    ],
)
def test_whose_a_bare_payload_is(name: str, imei: str | None, momsn: int | None) -> None:
    """Only the file's own name says it."""
    data = b"10aa0001" if name.endswith("hex") else PAYLOAD
    (message,) = read_file(name, data, ANY)
    assert (message.imei, message.momsn, message.payload) == (imei, momsn, PAYLOAD)


def test_a_payload_is_not_touched() -> None:
    """Line ends and blanks at the ends of raw bytes belong to them."""
    payload = b"\n 10\r\n\x00 \n"
    assert read_file("a.sbd", payload, ANY)[0].payload == payload
    assert read_file("a", b"\x10" + payload, ANY)[0].payload == b"\x10" + payload


def test_a_file_of_lines(unsigned: dict[str, Any]) -> None:
    """Hexadecimal payloads and webhook bodies, one a line, with their line numbers; empty lines count."""
    data = b"10aa0001\n\n" + _json(unsigned) + b"\r\n" + FORM + b"\n"
    parts = split_file("log.txt", data)
    assert [part.name for part in parts] == ["log.txt:1", "log.txt:3", "log.txt:4"]
    assert [read_part(part, ANY).payload for part in parts] == [PAYLOAD] * 3


def test_a_modems_file_of_lines_has_no_message_numbers() -> None:
    """The name's number cannot be that of every line."""
    messages = read_file(f"{IMEI}_23.hex", b"10aa0001\n10aa0002\n", ANY)
    assert [(message.imei, message.momsn) for message in messages] == [(IMEI, None)] * 2


def test_a_bad_line_is_named_and_the_others_are_read() -> None:
    """A torn last line of a log."""
    parts = split_file("log.hex", b"10aa0001\n10aa000\n10aa0002\n")
    assert len(parts) == 3
    assert [read_part(parts[index], ANY).payload[-1] for index in (0, 2)] == [1, 2]
    with pytest.raises(DecodeError, match="hexadecimal"):
        read_part(parts[1], ANY)


def test_a_pretty_printed_body_is_one_message(unsigned: dict[str, Any]) -> None:
    """Its lines are not bodies."""
    pretty = json.dumps(json.loads(_json(unsigned)), indent=2).encode()
    assert [message.payload for message in read_file("a.json", pretty, ANY)] == [PAYLOAD]


def test_a_torn_frame_says_so() -> None:
    """It is not taken for a raw payload, although it is short enough for one."""
    with pytest.raises(DecodeError, match="not whole"):
        read_file("a.sbd", DIRECTIP[:-2], ANY)


def test_blanks_do_not_make_a_delivery_of_any_size() -> None:
    """What is kept of a delivery is bounded, its blanks too."""
    (part,) = split_file("a.hex", b"10" + b" " * MAX_DELIVERY_BYTES + b"aa")
    with pytest.raises(DecodeError, match="at most"):
        read_part(part, ANY)


def test_what_is_too_large_for_a_payload_is_nothing() -> None:
    """A picture among the files."""
    with pytest.raises(DecodeError, match="nothing known"):
        read_file("a.jpg", b"\xff\xd8" * MAX_PAYLOAD_BYTES, ANY)


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\r\n"])
def test_an_empty_file_has_no_messages(data: bytes) -> None:
    """And is no error here: who reads files says so."""
    assert split_file("a", data) == []


@given(
    st.sampled_from(["a", "a.sbd", "a.eml", "a.json", f"{IMEI}_7.sbd"]),
    st.binary(max_size=200) | st.text().map(str.encode),
)
def test_any_file_is_messages_or_an_error_of_ours(name: str, data: bytes) -> None:
    """Nothing else gets out."""
    for part in split_file(name, data):
        with contextlib.suppress(DecodeError, ProofError):
            read_part(part, ANY)


@pytest.mark.parametrize("text", ["10AA0001", "10 aa 00 01", "0x10aa0001", "0X10AA0001\r\n", "0x10 0xaa 0x00 0x01"])
def test_hexadecimal_as_people_write_it(text: str) -> None:
    """Capitals, spaces, prefixes."""
    (message,) = read_file("a.txt", text.encode(), ANY)
    assert message.payload == bytes.fromhex("10aa0001")


@pytest.mark.parametrize("text", ["0x", "0x1", "100x11", "0x10 0xa", "10 0x 11"])
def test_what_only_looks_hexadecimal_is_not(text: str) -> None:
    """A prefix stands before a byte and nowhere else."""
    with contextlib.suppress(DecodeError):
        (message,) = read_file("a.txt", text.encode(), ANY)
        assert message.payload == text.encode()


def test_frames_one_behind_the_other() -> None:
    """As a listener's log holds them: each is a message, a torn one at the end costs no other."""
    frames = [build(MoFrame(1, IMEI, 0, momsn, 0, datetime(2026, 6, 2, tzinfo=UTC), PAYLOAD)) for momsn in (1, 2, 3)]
    assert [message.momsn for message in read_file("mo.bin", b"".join(frames), ANY)] == [1, 2, 3]
    parts = split_file("mo.bin", b"".join(frames) + frames[0][:-1])
    assert [part.name for part in parts] == ["mo.bin:1", "mo.bin:2", "mo.bin:3", "mo.bin:4"]
    assert [read_part(part, ANY).momsn for part in parts[:3]] == [1, 2, 3]
    with pytest.raises(DecodeError, match="not whole"):
        read_part(parts[3], ANY)


def test_a_mailbox_of_mails() -> None:
    """Each begins with a line From; one that is no message costs no other."""
    mail = f"From gateway Mon Jun  1 22:25:31 2026\nSubject: x\n\nIMEI: {IMEI}\nMOMSN: %s\n"
    mail += "Transmit Time: 2026-06-01T22:25:31Z UTC\nData: 10aa0001\n>From here on nothing\n\n"
    box = (mail % 1 + "From x\nSubject: hello\n\nFromage\n\n" + mail % 2).encode()
    parts = split_file("inbox.mbox", box)
    assert [part.name for part in parts] == ["inbox.mbox:1", "inbox.mbox:2", "inbox.mbox:3"]
    assert [read_part(parts[number], ANY).momsn for number in (0, 2)] == [1, 2]
    with pytest.raises(DecodeError, match="neither"):
        read_part(parts[1], ANY)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_mark_of_an_encoding_is_no_part_of_a_delivery(unsigned: dict[str, Any], encoding: str) -> None:
    """As editors and shells of Windows write it, one or several lines of it."""
    text = _json(unsigned).decode()
    for count in (1, 2):
        messages = read_file("a.json", "\r\n".join([text] * count).encode(encoding), ANY)
        assert [message.imei for message in messages] == [IMEI] * count


def test_a_payload_that_begins_like_a_mark_stays_as_it_is() -> None:
    for payload in (b"\xef\xbb\xbf\x80", b"\xff\xfe\x00\xd8", b"\xef\xbb\xbf\xc3\xa9"):
        (message,) = read_file("a.sbd", payload, ANY)
        assert message.payload == payload


@pytest.mark.parametrize("layout", ["[{}]", "[\n{}\n]"])
def test_a_list_of_deliveries_is_named_as_one(unsigned: dict[str, Any], layout: str) -> None:
    """It is no payload of a wire version to come."""
    with pytest.raises(DecodeError, match="not a JSON object: it is a list") as caught:
        read_file("a.json", layout.replace("{}", _json(unsigned).decode()).encode(), ANY)
    assert "line of its own" in caught.value.hint
