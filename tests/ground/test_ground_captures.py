"""Every real capture: what it is, that it is read as that, and that it can be written byte for byte again."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from cameratrap.config.ground import Ground
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.errors import DecodeError
from cameratrap.ground import directip
from cameratrap.ground.directip_frames import build_frame, elements
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.ways_in import read_part, split_file

MESSAGES = {
    "directip/0-mo.sbd": (MessageSource.DIRECTIP, "300234063904190", 75, 22, None),
    "directip/guide-6-10-mo-ok.bin": (MessageSource.DIRECTIP, "300034010123450", 54321, 70, None),
    "directip/guide-6-11-mo-failed.bin": (MessageSource.DIRECTIP, "300034010123450", 54322, 0, None),
    "email/rockblock-email-body-edgecollective.txt": (MessageSource.EMAIL, "300234065897350", 75, 24, None),
    "webhook/captured-2022-02-01.form": (MessageSource.WEBHOOK, "300234068036650", 376, 36, None),
    "webhook/captured-2022-02-01.json": (MessageSource.WEBHOOK, "300234068036650", 932, 36, True),
    "webhook/cloudloop-lingo-mo-doc-example.json": (MessageSource.WEBHOOK, "300234065366010", 5394, 19, None),
}
OTHERS = {
    "directip/1-invalid.sbd": "a text that is no frame",
    "directip/guide-6-9-mo-confirmation.bin": "the receiver's answer to a message",
    "directip/guide-7.1-10-mt.bin": "a message to a modem",
    "directip/guide-7.1-11-mt-confirmation-corrected.bin": "the gateway's answer to one",
    "webhook/ground-control-public-key.pem": "the key",
}


def _read(folder: Path, name: str) -> ReceivedMessage:
    (part,) = split_file(name, (folder / "satellite" / name).read_bytes())
    return read_part(part, ProofPolicy.of(Ground()))


def test_every_capture_is_listed_here(shared_data: Path) -> None:
    """A new one must be given its test. Those of the 9704's serial line are tested beside its driver."""
    folder = shared_data / "satellite"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in names if not name.startswith("jspr/")} == {*MESSAGES, *OTHERS}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_capture_is_read_as_what_it_is(shared_data: Path, name: str) -> None:
    """Its way in, modem, message number, size of the payload and proof, with the key that is built in."""
    message = _read(shared_data, name)
    found = (message.source, message.imei, message.momsn, len(message.payload), message.verified)
    assert found == MESSAGES[name]


@pytest.mark.parametrize("name", [name for name in OTHERS if name.startswith("directip/guide")])
def test_a_frame_that_goes_the_other_way_is_no_message(shared_data: Path, name: str) -> None:
    """Refused for what it is."""
    with pytest.raises(DecodeError, match="no mobile-originated message"):
        _read(shared_data, name)


def test_frames_come_out_byte_for_byte(shared_data: Path) -> None:
    """Messages from their fields; what goes the other way from its elements, and the receiver's own answer."""
    folder = shared_data / "satellite" / "directip"
    for name in ("0-mo.sbd", "guide-6-10-mo-ok.bin", "guide-6-11-mo-failed.bin"):
        data = (folder / name).read_bytes()
        assert directip.build(directip.parse(data)) == data
    for path in folder.glob("*.bin"):
        assert build_frame(elements(path.read_bytes()).items()) == path.read_bytes()
    assert directip.confirmation(accepted=True) == (folder / "guide-6-9-mo-confirmation.bin").read_bytes()


def test_the_payload_stands_in_each_delivery_as_it_was_read(shared_data: Path) -> None:
    """Written back as the way in writes it, it is found in the bytes of the capture."""
    for name in MESSAGES:
        message = _read(shared_data, name)
        forms = (message.payload, message.payload.hex().encode(), base64.b64encode(message.payload))
        assert any(form in message.body for form in forms), name


def test_the_form_comes_out_byte_for_byte(shared_data: Path) -> None:
    """From the fields of the message, and those beside them that no field of it holds."""
    message = _read(shared_data, "webhook/captured-2022-02-01.form")
    assert message.transmit_time is not None
    fields = {
        "imei": message.imei,
        "device_type": "ROCKBLOCK",
        "serial": "16949",
        "momsn": str(message.momsn),
        "transmit_time": message.transmit_time.strftime("%y-%m-%d %H:%M:%S"),
        "iridium_latitude": str(message.latitude),
        "iridium_longitude": str(message.longitude),
        "iridium_cep": str(message.cep_km),
        "data": message.payload.hex(),
    }
    assert urlencode(fields, quote_via=quote).encode() == message.body


def test_a_capture_in_other_clothes_is_the_same_message(shared_data: Path) -> None:
    """The signed delivery with its fields in another order, indented, still proves itself."""
    body = (shared_data / "satellite" / "webhook" / "captured-2022-02-01.json").read_text()
    numbers = dict(re.findall(r'"(\w+)":(-?[0-9.]+)', body))
    shuffled = dict(sorted(json.loads(body, parse_float=str, parse_int=str).items()))
    text = json.dumps(shuffled, indent=2)
    for name, number in numbers.items():
        text = text.replace(f'"{name}": "{number}"', f'"{name}": {number}')
    (part,) = split_file("a.json", text.encode())
    assert read_part(part, ProofPolicy.of(Ground())).verified is True
