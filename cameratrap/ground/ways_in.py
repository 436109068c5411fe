"""A file of any way in: which it is, is told by its content; a bare payload's modem, by its name.

A file is one part (an e-mail, a DirectIP frame, a raw payload, a webhook body), one part a line (hexadecimal payloads,
webhook bodies), DirectIP frames one behind the other, or a mailbox of e-mails. Each part stands for itself: one that
cannot be read does not cost the others.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePath

from cameratrap.domain.messages import MAX_DELIVERY_BYTES, MAX_PAYLOAD_BYTES, MessageSource, ReceivedMessage
from cameratrap.errors import DecodeError
from cameratrap.ground import directip, email_message, webhook
from cameratrap.ground.bodies import momsn_of, payload_of_hex
from cameratrap.ground.directip_frames import REVISION, cut_frames
from cameratrap.ground.proof import ProofPolicy

RAW_SUFFIX = ".sbd"
# Iridium's gateway and others name an attachment by its modem and message number: 300234060000000_000123.sbd.
_NAMED = re.compile(r"(?<![0-9])(?P<imei>[0-9]{15})_0*(?P<momsn>[0-9]{1,5})(?![0-9])")
_DIRECTIP_HEADER = bytes([directip.HEADER_ID, 0, directip.HEADER_LENGTH])
_HEX = re.compile(rb"(?:(?:0[xX])?[0-9A-Fa-f]{2}[ \t]*+)++")
_HEX_PREFIX = re.compile(r"(?<![0-9A-Fa-f])0[xX]")
_FORM = re.compile(rb"[A-Za-z_]+=[^\s]*")
_MAIL = re.compile(rb"From |[A-Za-z][A-Za-z0-9-]{0,60}:[ \t\r\n]")  # a mailbox's or a header's first line
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NEXT_MAIL = re.compile(rb"(?<=\n)\r?\n(?=From )")  # in a mailbox; a line of a text that begins so is quoted: >From


class Form(Enum):
    """What a part is."""

    JSON = auto()
    FORM = auto()
    MAIL = auto()
    DIRECTIP = auto()
    HEX = auto()
    RAW = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """One message's worth of a file; ``number`` is that of the line, the frame or the mail where a file has several."""

    file: str
    body: bytes
    form: Form
    number: int | None = None

    @property
    def name(self) -> str:
        """For a person: the file, and which of its parts where there are several."""
        return self.file if self.number is None else f"{self.file}:{self.number}"


def split_file(name: str, data: bytes) -> list[Part]:
    """The parts of a file; an empty file has none. A line that is nothing is read as what the first line is.

    Never raises: whether a part is a message shows when it is read.
    """
    data = _plain_text(data)
    if not data.strip(b"\r\n"):
        return []
    form = sniff(name, data)
    if form is Form.DIRECTIP:
        frames, rest = cut_frames(data)
        return _parts(name, form, [*frames, rest] if rest else frames)
    if form is Form.MAIL:
        return _parts(name, form, _NEXT_MAIL.split(data) if data.startswith(b"From ") else [data])
    lines = [(number, line.strip()) for number, line in enumerate(data.splitlines(), start=1) if line.strip()]
    by_line = len(lines) > 1 and data.isascii() and PurePath(name).suffix.lower() != RAW_SUFFIX
    first = _line_form(lines[0][1]) if by_line else None
    if first is None:
        return [Part(name, data, form)]
    return [Part(name, line, _line_form(line) or first, number) for number, line in lines]


def _plain_text(data: bytes) -> bytes:
    """JSON and other text as programs for Windows save it, without the mark of its encoding; all else as it is."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            with suppress(UnicodeDecodeError):
                text = data.decode(encoding)
                return text.encode("ascii") if text.isascii() else data
    return data


def _parts(name: str, form: Form, bodies: list[bytes]) -> list[Part]:
    if len(bodies) == 1:
        return [Part(name, bodies[0], form)]
    return [Part(name, body, form, number) for number, body in enumerate(bodies, start=1)]


def read_part(part: Part, policy: ProofPolicy) -> ReceivedMessage:
    """The message in a part. Raises DecodeError when there is none, ProofError when its proof is false or missing."""
    if part.form is Form.JSON:
        return webhook.parse(part.body, webhook.JSON_TYPE, policy)
    if part.form is Form.FORM:
        return webhook.parse(part.body, webhook.FORM_TYPE, policy)
    if part.form is Form.MAIL:
        return email_message.parse(part.body)
    if part.form is Form.DIRECTIP:
        return directip.message(part.body)
    return _bare(part)


def read_file(name: str, data: bytes, policy: ProofPolicy) -> list[ReceivedMessage]:
    """Every message of a file. Raises DecodeError or ProofError for the first part that has none."""
    return [read_part(part, policy) for part in split_file(name, data)]


def sniff(name: str, data: bytes) -> Form:
    """What ``data`` is. The name decides only that an ``.sbd`` file is a raw payload or DirectIP, and an ``.eml`` mail.

    DirectIP is known by its header's place or by its length, so that a torn frame and one of another kind are refused
    for what they are.
    """
    if data[:1] == bytes([REVISION]) and (data[3:6] == _DIRECTIP_HEADER or not cut_frames(data)[1]):
        return Form.DIRECTIP
    suffix = PurePath(name).suffix.lower()
    if suffix == RAW_SUFFIX:
        return Form.RAW
    if suffix == ".eml" or _MAIL.match(data.lstrip()):
        return Form.MAIL
    return _line_form(data.strip()) or (Form.JSON if data.lstrip().startswith(b"{") else Form.RAW)


def _line_form(line: bytes) -> Form | None:
    """What one line is, None if nothing that comes by the line."""
    if line.startswith(b"{") and line.endswith(b"}"):
        return Form.JSON
    if line.startswith(b"[") and line.endswith(b"]") and line.isascii():
        return Form.JSON  # and refused for being a list
    if _HEX.fullmatch(line):
        return Form.HEX
    return Form.FORM if _FORM.match(line) and b"imei=" in line else None


def _bare(part: Part) -> ReceivedMessage:
    """A payload without an envelope: whose it is stands in the file's name, if anywhere."""
    if len(part.body) > MAX_DELIVERY_BYTES:
        raise DecodeError(f"it has {len(part.body)} bytes", why=f"a delivery has at most {MAX_DELIVERY_BYTES}")
    if part.form is Form.HEX:
        payload = payload_of_hex("".join(_HEX_PREFIX.sub("", part.body.decode("ascii", "replace")).split()))
    elif len(part.body) <= MAX_PAYLOAD_BYTES:
        payload = part.body
    else:
        raise DecodeError(
            "no message is recognised in it",
            why=f"it has {len(part.body)} bytes, nothing known around them, and a payload at most {MAX_PAYLOAD_BYTES}",
        )
    named = _NAMED.search(PurePath(part.file).name)
    return ReceivedMessage(
        payload=payload,
        source=MessageSource.FILE,
        imei=named["imei"] if named else None,
        momsn=momsn_of(named["momsn"]) if named and part.number is None else None,
        body=part.body,
    )
