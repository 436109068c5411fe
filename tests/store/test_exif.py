"""The tags in a picture: read back whole, read by others, and not a bit of the picture changed."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cameratrap.domain.events import TriggerCause
from cameratrap.errors import ImageError
from cameratrap.store.exif import PictureTags, read_tags, tagged


def jpeg(width: int = 32, height: int = 24, **save: object) -> bytes:
    pixels = np.random.default_rng(width).integers(0, 255, (height, width, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **save)
    return stream.getvalue()


def tags(**changes: object) -> PictureTags:
    at = datetime(2026, 6, 1, 5, 12, 9, 123000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    facts = {
        "captured_at": at, "serial": "SN-1", "cause": TriggerCause.PIR, "burst": "20260601T051209-aa",
        "trigger_key": "boot:17", "position": 2, "of": 3, "source_sha256": "ab" * 32, "source_name": "Höhle/IMG 1.JPG",
        "deployment": "ridge_20260601", "boot_id": "b1", "monotonic_s": 17.25, "clock": "ok",
    }  # fmt: skip
    return PictureTags(**{**facts, **changes})  # type: ignore[arg-type]


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


def test_a_picture_says_when_by_whom_and_why_it_was_taken() -> None:
    """The standard tags that review tools read are there: local time, offset, sub-second, serial."""
    with Image.open(io.BytesIO(tagged(jpeg(), tags()))) as image:
        exif = image.getexif()
        inner = exif.get_ifd(0x8769)
    assert exif[0x010F] == "cameratrap"
    assert inner[0x9003] == "2026:06:01 05:12:09"
    assert inner[0x9011] == "-03:30"
    assert inner[0x9291] == "123"
    assert inner[0xA431] == "SN-1"
    assert exif[0x010E] == "pir, 2 of 3"
    assert 0x8825 not in exif, "no position in any picture"


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - given its zone below
    st.integers(-14 * 4, 14 * 4),
    st.sampled_from(TriggerCause),
    st.integers(1, 50),
)
@settings(max_examples=40)
def test_the_tags_read_back_as_they_were_written(
    at: datetime, quarters: int, cause: TriggerCause, position: int
) -> None:
    """All but the microseconds below a thousandth, which EXIF has no place for here."""
    at = at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    wanted = tags(captured_at=at, cause=cause, position=position, of=50)
    assert read_tags(tagged(jpeg(), wanted)) == wanted


def test_the_picture_itself_is_copied_byte_for_byte() -> None:
    plain = jpeg(quality=71)
    written = tagged(plain, tags())
    assert pixels(written) == pixels(plain)
    assert plain[plain.index(b"\xff\xda") :] == written[written.rindex(b"\xff\xda") :]


def test_an_old_exif_is_replaced_and_its_orientation_kept() -> None:
    """A camera that wrote EXIF of its own is corrected, not doubled; a picture that lies on its side still says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x9003] = "1970:01:01 00:00:00"
    written = tagged(jpeg(exif=exif), tags())
    assert written.count(b"Exif\x00\x00") == 1
    with Image.open(io.BytesIO(written)) as image:
        assert image.getexif()[0x0112] == 6
    assert read_tags(written) == tags()


def test_tagging_twice_is_tagging_once() -> None:
    once = tagged(jpeg(), tags())
    assert tagged(once, tags()) == once


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"GIF89a", b"\xff\xd8\xff\xe0\x00", jpeg()[:30]])
def test_what_is_no_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        tagged(data, tags())


@given(st.binary(max_size=300))
def test_any_bytes_are_tags_or_an_image_error(data: bytes) -> None:
    with pytest.raises(ImageError):
        read_tags(data)


def test_another_makers_picture_is_not_ours() -> None:
    with pytest.raises(ImageError, match="not written by this program"):
        read_tags(jpeg())
