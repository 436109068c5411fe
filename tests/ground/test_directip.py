"""DirectIP frames: the real samples, every order of elements, and any bytes at all."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import DecodeError
from cameratrap.ground.directip import Location, MoFrame, build, confirmation, message, parse

FRAME = MoFrame(
    cdr=1_234_567,
    imei="300234010000001",
    session_status=0,
    momsn=54321,
    mtmsn=7,
    session_time=datetime(2026, 6, 1, 22, 25, 31, tzinfo=UTC),
    payload=bytes.fromhex("10aa0001"),
    location=Location(51.52, -1.25, 3),
)
# The same, laid out by hand: revision, length; header; location, its west bit set; payload.
HEADER = bytes.fromhex(
    "01001c" + "0012d687" + b"300234010000001".hex() + "00" + "d431" + "0007" + "6a1e06db"
)  # fmt: skip
LOCATION = bytes.fromhex("03000b" + "01" + "33" + "79e0" + "01" + "3a98" + "00000003")
PAYLOAD = bytes.fromhex("020004" + "10aa0001")
GUIDES = "300034010123450"  # the modem of the guide's examples


def _frame(*elements: bytes) -> bytes:
    content = b"".join(elements)
    return b"\x01" + len(content).to_bytes(2, "big") + content


def test_a_frame_by_hand() -> None:
    """Every field where the guide puts it, and built to the same bytes."""
    assert parse(_frame(HEADER, LOCATION, PAYLOAD)) == FRAME
    assert build(FRAME) == _frame(HEADER, LOCATION, PAYLOAD)


@pytest.mark.parametrize("order", list(permutations([HEADER, LOCATION, PAYLOAD, b"\x55\x00\x02zz"])))
def test_elements_come_in_any_order(order: tuple[bytes, ...]) -> None:
    """An unknown element is skipped by its length, wherever it stands."""
    assert parse(_frame(*order)) == FRAME


@pytest.mark.parametrize(
    ("name", "imei", "status", "momsn", "time", "size"),
    [
        ("0-mo.sbd", "300234063904190", 0, 75, datetime(2015, 7, 9, 18, 15, 8, tzinfo=UTC), 22),
        ("guide-6-10-mo-ok.bin", GUIDES, 0, 54321, datetime(2005, 12, 30, 13, 45, 5, tzinfo=UTC), 70),
        ("guide-6-11-mo-failed.bin", GUIDES, 13, 54322, datetime(2005, 12, 30, 13, 45, 25, tzinfo=UTC), None),
    ],
)
def test_real_frames(
    shared_data: Path, name: str, imei: str, status: int, momsn: int, time: datetime, size: int | None
) -> None:
    """The samples give the values that the guide states, and are built to the same bytes again."""
    data = (shared_data / "satellite" / "directip" / name).read_bytes()
    frame = parse(data)
    assert (frame.imei, frame.session_status, frame.momsn, frame.session_time) == (imei, status, momsn, time)
    assert (None if frame.payload is None else len(frame.payload)) == size
    assert build(frame) == data


@pytest.mark.parametrize(
    "name",
    [
        "1-invalid.sbd",
        "guide-6-9-mo-confirmation.bin",
        "guide-7.1-10-mt.bin",
        "guide-7.1-11-mt-confirmation-corrected.bin",
    ],
)
def test_real_bytes_that_are_no_mobile_originated_message(shared_data: Path, name: str) -> None:
    """A text, and frames that go the other way: refused."""
    with pytest.raises(DecodeError):
        parse((shared_data / "satellite" / "directip" / name).read_bytes())


def test_the_answer_to_a_message() -> None:
    """One element of one byte: 1 where the gateway may forget the message."""
    assert confirmation(accepted=True) == bytes.fromhex("010004 050001 01")
    assert confirmation(accepted=False) == bytes.fromhex("010004 050001 00")


def test_a_failed_session_has_no_payload() -> None:
    """Status 13 and no payload element: None, which as a message is empty."""
    failed = _frame(HEADER[:22] + b"\x0d" + HEADER[23:])
    assert (parse(failed).payload, parse(failed).session_status) == (None, 13)
    assert (message(failed).payload, message(failed).session_status) == (b"", 13)


def test_south_and_west() -> None:
    """Bit 1 is south, bit 0 is west."""
    for flags, north, east in ((0, 1, 1), (1, 1, -1), (2, -1, 1), (3, -1, -1)):
        place = parse(_frame(HEADER, LOCATION[:3] + bytes([flags]) + LOCATION[4:])).location
        assert place == Location(north * 51.52, east * 1.25, 3)


def test_the_guides_length_of_the_location_is_read_too() -> None:
    """Its table prints 20: eleven bytes and nine that mean nothing."""
    long = bytes.fromhex("030014") + LOCATION[3:] + bytes(9)
    assert parse(_frame(HEADER, long, PAYLOAD)) == FRAME


@pytest.mark.parametrize("body", ["", "00", "ff" * 11, "00" * 12, "005affff" + "00" * 7])
def test_a_bad_location_does_not_cost_the_message(body: str) -> None:
    """Another length, or a place that is not on Earth: no location."""
    element = b"\x03" + (len(body) // 2).to_bytes(2, "big") + bytes.fromhex(body)
    frame = parse(_frame(HEADER, element, PAYLOAD))
    assert (frame.location, frame.payload) == (None, FRAME.payload)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing"),
        (b"\x01", "not with 01 and a length"),
        (b"\x02" + _frame(HEADER)[1:], "not with 01"),
        (_frame(HEADER, PAYLOAD)[:-1], "announces"),
        (_frame(HEADER, PAYLOAD) + b"\x00", "announces"),
        (_frame(HEADER, PAYLOAD[:-1]), "runs past"),
        (_frame(HEADER, b"\x02\x00"), "inside its own length"),
        (_frame(HEADER, PAYLOAD, PAYLOAD), "twice"),
        (_frame(PAYLOAD), "no header"),
        (_frame(), "nothing"),
        (_frame(b"\x01\x00\x1b" + HEADER[3:-1]), "27 bytes"),
        (_frame(HEADER[:7] + b"30023401000000x" + HEADER[22:]), "names no modem"),
        (_frame(HEADER, b"\x02\x07\xa9" + bytes(1961)), "1961 bytes"),
    ],
)
def test_a_broken_frame_is_refused(data: bytes, why: str) -> None:
    """Cut, prolonged, doubled, without its header: with the reason."""
    with pytest.raises(DecodeError, match=why):
        parse(data)


def test_every_cut_of_a_frame_is_refused() -> None:
    """A connection that breaks leaves no half message."""
    whole = build(FRAME)
    for length in range(len(whole)):
        with pytest.raises(DecodeError):
            parse(whole[:length])


def test_what_no_frame_can_carry_is_not_built() -> None:
    """A caller's mistake is a ValueError, not a frame that lies."""
    for wrong in (
        MoFrame(2**32, FRAME.imei, 0, 0, 0, FRAME.session_time),
        MoFrame(0, "1", 0, 0, 0, FRAME.session_time),
        MoFrame(0, FRAME.imei, 256, 0, 0, FRAME.session_time),
        MoFrame(0, FRAME.imei, 0, 65536, 0, FRAME.session_time),
        MoFrame(0, FRAME.imei, 0, 0, 0, datetime(1969, 1, 1, tzinfo=UTC)),
        MoFrame(0, FRAME.imei, 0, 0, 0, FRAME.session_time, payload=bytes(70_000)),
    ):
        with pytest.raises(ValueError, match=r"DirectIP|IMEI"):
            build(wrong)


# A position on the grid of the frame, so that it is not rounded.
_GRID = st.integers(-90 * 60_000, 90 * 60_000).map(lambda thousandths: thousandths / 60_000)
_FRAMES = st.builds(
    MoFrame,
    cdr=st.integers(0, 2**32 - 1),
    imei=st.from_regex(r"[0-9]{15}", fullmatch=True),
    session_status=st.integers(0, 255),
    momsn=st.integers(0, 65535),
    mtmsn=st.integers(0, 65535),
    session_time=st.integers(0, 2**32 - 1).map(lambda s: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    payload=st.none() | st.binary(max_size=340),
    location=st.none() | st.builds(Location, latitude=_GRID, longitude=_GRID, cep_km=st.integers(0, 2**32 - 1)),
)


@given(_FRAMES)
def test_parse_undoes_build(frame: MoFrame) -> None:
    """Any frame comes back; a position within a millionth of a degree."""
    again = parse(build(frame))
    if frame.location is not None and again.location is not None:
        assert again.location.latitude == pytest.approx(frame.location.latitude, abs=1e-6)
        assert again.location.longitude == pytest.approx(frame.location.longitude, abs=1e-6)
    assert (again.location is None) == (frame.location is None)
    assert (again.imei, again.momsn, again.mtmsn, again.cdr) == (frame.imei, frame.momsn, frame.mtmsn, frame.cdr)
    assert (again.payload, again.session_time, again.session_status) == (
        frame.payload,
        frame.session_time,
        frame.session_status,
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_a_decode_error(data: bytes) -> None:
    """Nothing else gets out."""
    with contextlib.suppress(DecodeError):
        parse(data)


@given(st.binary(max_size=120), st.integers(0, 60), st.binary(max_size=4))
def test_any_damage_is_a_frame_or_a_decode_error(content: bytes, at: int, patch: bytes) -> None:
    """The same close to real frames: right length, patched anywhere."""
    whole = bytearray(build(FRAME) + content)
    whole[at : at + len(patch)] = patch
    whole[1:3] = (len(whole) - 3).to_bytes(2, "big")
    with contextlib.suppress(DecodeError):
        parse(bytes(whole))
