"""Any file at all: a picture's facts, or a reason."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import tempfile
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cameratrap.app import images
from cameratrap.app.images import MAX_BYTES, MAX_DECODING_BYTES, open_image, read_image
from cameratrap.app.picture_exif import parse_offset
from cameratrap.errors import ImageError
from tests.model_folders import exif, picture


def refused(source: Path | bytes) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(source)
    return str(caught.value)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_says_its_size_and_time(form: str) -> None:
    """With an offset the time is aware, to the sub-second."""
    still = read_image(picture(form=form, exif=exif(offset="+02:00", subsecond="125")))
    assert (still.format, still.width, still.height) == (form, 40, 30)
    assert still.taken == datetime(2026, 6, 1, 5, 12, 9, 125_000, timezone(timedelta(hours=2)))


def test_a_time_without_an_offset_stays_without_one_until_a_zone_is_given() -> None:
    still = read_image(picture(exif=exif()))
    assert still.taken is not None
    assert still.taken.isoformat() == "2026-06-01T05:12:09"
    assert still.at(UTC).taken == datetime(2026, 6, 1, 5, 12, 9, tzinfo=UTC)
    assert read_image(picture(exif=exif(offset="-03:00"))).at(UTC).taken == datetime(2026, 6, 1, 8, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "2026:13:01 00:00:00", "    :  :     :  :", "", "yesterday"])
def test_a_clock_that_was_never_set_gives_no_time(taken: str) -> None:
    assert read_image(picture(exif=exif(taken))).taken is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_picture(orientation: int) -> None:
    still = read_image(picture(exif=exif(orientation=orientation)))
    assert (still.width, still.height) == ((30, 40) if orientation >= 5 else (40, 30))
    assert still.orientation == orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_is_upright(orientation: int) -> None:
    assert read_image(picture(exif=exif(orientation=orientation))).orientation == 1


def test_damaged_exif_hides_the_time_and_not_the_picture() -> None:
    data = picture(exif=exif(offset="+02:00"))
    at = data.index(b"Exif\0\0") + 6
    still = read_image(data[:at] + b"\xff" * 40 + data[at + 40 :])
    assert (still.width, still.taken) == (40, None)


@given(st.data())
def test_no_damage_to_a_header_is_worse_than_a_reason(data: st.DataObject) -> None:
    """Any bytes changed anywhere: facts or an ImageError, never another exception."""
    damaged = bytearray(picture(exif=exif(offset="+02:00", orientation=6)))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, min(400, len(damaged) - 1)))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageError):
        assert read_image(bytes(damaged)).width > 0


@given(st.binary(max_size=64), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]))
def test_any_bytes_are_refused_with_a_reason(data: bytes, start: bytes) -> None:
    assert refused(start + data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_picture_that_is_cut_off_is_refused(form: str, share: float) -> None:
    data = picture(400, 300, form=form)
    assert refused(data[: int(len(data) * share)])


def test_a_thumbnails_end_is_not_taken_for_the_pictures() -> None:
    """A JPEG inside EXIF has an end marker of its own."""
    tags = exif()
    tags[0x9286] = b"ASCII\0\0\0" + picture(8, 8)
    data = picture(400, 300, exif=tags)
    assert b"\xff\xd9" in data[:-2]
    assert "cut off" in refused(data[: len(data) // 2])
    assert read_image(data + b"\0" * 512).width == 400, "what a camera appends is no damage"


def test_a_header_that_promises_four_thousand_megapixels_is_refused_unread() -> None:
    """65500 x 65500 in the frame header, before anything is allocated."""
    data = bytearray(picture())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65500, 65500)
    assert "megapixels" in refused(bytes(data))


def test_a_png_that_promises_more_pixels_than_the_limit_is_refused() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    assert "the limit is 64 megapixels" in refused(data + struct.pack(">I", 0) + b"IEND\xaeB`\x82")


def test_ten_thousand_pieces_of_exif_are_refused_at_once() -> None:
    """Joining them would take minutes."""
    data = picture()
    piece = b"\xff\xe1" + struct.pack(">H", 60_002) + b"Exif\0\0" + bytes(59_994)
    start = time.monotonic()
    assert "500 segments" in refused(data[:2] + piece * 1000 + data[2:])
    assert time.monotonic() - start < 2


def test_an_animation_is_refused() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    assert "animation" in refused(stream.getvalue())


def test_files_are_named_with_what_they_are(tmp_path: Path) -> None:
    """Content is believed, names are not."""
    assert refused(written(tmp_path / "empty.jpg", b"")) == "the file is empty"
    assert "not a picture" in refused(written(tmp_path / "text.jpg", b"not a picture at all"))
    assert refused(written(tmp_path / "other.JPG", picture(form="PNG"))) == "the file is a PNG although named .jpg"
    assert read_image(written(tmp_path / "unnamed", picture(form="PNG"))).format == "PNG"
    assert "No such file" in refused(tmp_path / "missing.jpg")
    assert refused(tmp_path) == "the folder cannot be listed"


def test_nothing_that_could_block_is_waited_for(tmp_path: Path) -> None:
    """A pipe nobody writes to, a device without end, a link in a circle, a path with a NUL."""
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    assert "pipe" in refused(tmp_path / "pipe.jpg")
    assert "device" in refused(Path("/dev/zero"))
    assert "link" in refused(tmp_path / "circle.jpg")
    assert refused(Path("a\0b.jpg"))


def test_a_file_beyond_the_size_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "too large" in refused(path)


def test_a_file_without_permission_is_named() -> None:
    """Also where the tests run as root, who may read everything: for a moment they are somebody else."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = written(Path(folder, "secret.jpg"), picture())
        path.chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            assert "Permission denied" in refused(path)
        finally:
            os.seteuid(user)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """Not a byte, not a time: the file may be all there is."""
    path = written(tmp_path / "a.jpg", picture())
    path.chmod(0o444)
    before = path.stat()
    read_image(path)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size, before.st_ino) == (after.st_mtime_ns, after.st_size, after.st_ino)


@given(st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_read_as_it_is_written(minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    sign, rest = ("-", -minutes) if minutes < 0 else ("+", minutes)
    assert parse_offset(f"{sign}{rest // 60:02}:{rest % 60:02}") == zone


@pytest.mark.parametrize("text", ["", "02:00", "+2:00", "+15:00", "+01:60", "Z", "Europe/Paris", "+02:00 or so"])
def test_what_is_no_offset_is_none(text: str) -> None:
    assert parse_offset(text) is None


@pytest.mark.parametrize(
    ("form", "named"), [("GIF", "GIF"), ("BMP", "BMP"), ("TIFF", "TIFF or raw"), ("HEIC", "HEIC, AVIF or a clip")]
)
def test_a_picture_of_another_kind_is_named(form: str, named: str) -> None:
    """Whatever the file is called: a phone's HEIC is not damaged, it is not read."""
    data = b"\0\0\0\x18ftypheic" + bytes(500) if form == "HEIC" else picture(form=form)
    assert refused(data) == f"pictures of that kind are not read ({named})"


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_every_animation_is_refused(form: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, form, save_all=True, append_images=frames[1:])
    assert refused(stream.getvalue())


def test_a_jpeg_with_previews_is_the_picture_in_front() -> None:
    """Cameras append smaller copies (MPO); Pillow takes the file for one of several pictures."""
    stream = io.BytesIO()
    preview = Image.new("RGB", (8, 8))
    Image.open(io.BytesIO(picture())).save(stream, "MPO", save_all=True, append_images=[preview])
    still = read_image(stream.getvalue())
    assert (still.format, still.width, still.height) == ("JPEG", 40, 30)


def sized(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG, its header promising another size."""
    at = next(data.index(bytes([0xFF, marker])) for marker in (0xC0, 0xC2) if bytes([0xFF, marker, 0]) in data)
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def decoding_bytes(data: bytes) -> int:
    with open_image(data) as opened:
        return opened.decoding_bytes


def test_a_hundred_megapixels_are_refused_unread() -> None:
    assert "the limit is 64 megapixels" in refused(sized(picture(), 10_000, 10_000))


def test_a_cameras_jpeg_of_any_size_takes_little_to_decode() -> None:
    """It comes in one scan, and is decoded row by row at an eighth of its size: 48 megapixels in some MB."""
    assert decoding_bytes(sized(picture(), 8000, 6000)) < 10_000_000


@pytest.mark.parametrize(
    ("save", "samples"), [({"subsampling": 2}, 1.5), ({"subsampling": 1}, 2), ({"subsampling": 0}, 3)]
)
def test_a_progressive_jpeg_takes_all_its_coefficients(save: dict[str, int], samples: float) -> None:
    """Two bytes for each sample of each pixel, until the last scan: up to a stated limit, then it is refused."""
    data = picture(progressive=True, **save)
    assert decoding_bytes(sized(data, 3000, 2000)) == pytest.approx(2 * samples * 6_000_000, rel=1.0)
    assert decoding_bytes(sized(data, 3000, 2000)) > 2 * samples * 6_000_000
    assert "decoding it takes" in refused(sized(data, 8000, 6000))


def test_a_jpeg_in_one_scan_a_colour_is_held_whole_too() -> None:
    """Not progressive, but the decoder must wait for the last scan all the same: only its first scan is of one part."""
    data = bytearray(picture(subsampling=0))
    at = data.index(b"\xff\xda")
    data[at + 4] = 1
    assert decoding_bytes(sized(bytes(data), 3000, 2000)) > 36_000_000


def test_a_jpeg_of_ten_thousand_scans_is_refused() -> None:
    """Each takes a pass over every pixel, and a few bytes of the file."""
    data = picture(progressive=True)
    at = data.rindex(b"\xff\xda")
    assert "more than 100 scans" in refused(data[:at] + data[at:-2] * 200 + data[-2:])


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_picture_that_is_decoded_whole_has_a_limit_in_memory(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture(400, 300, form=form, **({"lossless": True} if form == "WEBP" else {}))
    needed = decoding_bytes(data)
    assert 3 * 400 * 300 < needed < 8 * 400 * 300
    monkeypatch.setattr(images, "MAX_DECODING_BYTES", needed - 1)
    assert "400 x 300; decoding it takes" in refused(data)


def test_the_limit_leaves_every_camera_its_pictures() -> None:
    """A JPEG of 24 megapixels and 40 MB; a progressive one of 24 megapixels and 8 MB; a PNG of 20 and 20 MB."""
    assert decoding_bytes(sized(picture(), 6000, 4000)) + 40_000_000 < MAX_DECODING_BYTES
    assert decoding_bytes(sized(picture(progressive=True), 6000, 4000)) + 8_000_000 < MAX_DECODING_BYTES
    assert MAX_DECODING_BYTES > 3 * 20_000_000 + 20_000_000


def test_pictures_are_read_in_several_threads() -> None:
    """Filters for warnings belong to the process: they are the same after many threads have set their own."""
    before = list(warnings.filters)
    data = picture(exif=exif(offset="+02:00"))
    with ThreadPoolExecutor(4) as executor:
        assert {still.width for still in executor.map(read_image, [data] * 200)} == {40}
    assert warnings.filters == before


@pytest.mark.parametrize("good_bytes", [0, 100, 5000])
def test_a_card_that_fails_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_bytes: int) -> None:
    """At the first byte, in the header, in the picture's data: a reason like any other, and no other exception."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() + (size if size and size > 0 else 10**6) > good_bytes:
                raise OSError(5, "Input/output error")
            return super().read(size)

    data = picture(400, 300)
    assert len(data) > 5000
    monkeypatch.setattr(images, "open_regular", lambda _: Failing(data))
    assert "Input/output error" in refused(tmp_path / "a.jpg")


def noisy_jpeg(**save: object) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((1280, 960), 60).convert("RGB").save(stream, "JPEG", quality=90, **save)
    return stream.getvalue()


@pytest.mark.parametrize("lost", [bytes(8192), b"\xff" * 8192, b"\xff\xc0" + bytes(30)])
def test_a_jpeg_whose_data_was_lost_inside_is_refused(lost: bytes) -> None:
    """What a failing card makes of a picture's middle: a decoder would show grey there, and no animal."""
    whole = noisy_jpeg()
    middle = len(whole) // 2
    assert "part of its data is missing" in refused(whole[:middle] + lost + whole[middle + len(lost) :])
    read_image(whole)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("save", [{}, {"optimize": True}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_picture_of_one_colour_is_not_taken_for_damaged(mode: str, save: dict[str, object]) -> None:
    """A cap on the lens; with tables of its own the file's data is nothing but zeros."""
    stream = io.BytesIO()
    Image.new(mode, (4000, 3000)).save(stream, "JPEG", **save)
    assert read_image(stream.getvalue()).width == 4000
