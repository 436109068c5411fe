from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cameratrap.store.project import edit_project
from cameratrap.store.project_rows import MediaRow, MediaState
from cameratrap.web.cache import Cache
from cameratrap.web.thumbnails import Thumbnails, fitting_width
from tests.project_maker import START
from tests.review_pages import add_event, one_event, pages_of, picture

MEDIA = MediaRow("d1/1", "DCIM/100CTRAP/CTRP0001.JPG", START)


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def huge_png() -> bytes:
    """A header that promises 4 000 million pixels, and nothing behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def test_an_original_comes_byte_for_byte(tmp_path: Path) -> None:
    data = picture()
    with pages_of(one_event(tmp_path / "p", MEDIA, data)) as pages:
        answer = pages.get("/media/1")
        assert answer.content == data
        assert answer.headers["content-type"] == "image/jpeg"


def test_a_clip_is_wound(tmp_path: Path) -> None:
    """A player asks for ranges, and for the rest of one."""
    data = bytes(range(256)) * 40
    clip = replace(MEDIA, path="DCIM/100CTRAP/CTRP0001.MP4", mediatype="video/mp4")
    with pages_of(one_event(tmp_path / "p", clip, data)) as pages:
        part = pages.get("/media/1", Range="bytes=100-199")
        assert (part.status_code, part.content) == (206, data[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
        assert part.headers["content-type"] == "video/mp4"
        assert pages.get("/media/1", Range="bytes=-10").content == data[-10:]
        assert pages.get("/media/1", Range=f"bytes={len(data)}-").status_code == 416
        assert '<video class="shot"' in pages.text("/event/1")
        assert pages.get("/thumb/1").status_code == 415


@pytest.mark.parametrize("mediatype", ["text/html", "image/svg+xml", "application/javascript", "x\r\nSet-Cookie: a=b"])
def test_what_a_browser_might_run_is_handed_over_as_a_file(tmp_path: Path, mediatype: str) -> None:
    page = b"<script>alert(1)</script>"
    with pages_of(one_event(tmp_path / "p", replace(MEDIA, mediatype=mediatype), page)) as pages:
        answer = pages.get("/media/1")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "set-cookie" not in answer.headers


def test_a_thumbnail_is_upright_small_and_without_tags(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # turned by a quarter
    exif[315] = "somebody"
    data = picture(1600, 1200, exif=exif)
    with pages_of(one_event(tmp_path / "p", MEDIA, data)) as pages:
        image = opened(pages.get("/thumb/1?w=320").content)
        assert image.size == (240, 320)
        assert not image.getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_shows_what_a_viewer_shows(tmp_path: Path, orientation: int) -> None:
    """Pillow's own way of turning a picture upright is the reference."""
    from PIL import ImageOps

    stored = Image.new("RGB", (64, 32), (0, 0, 0))
    stored.paste((255, 255, 255), (0, 0, 16, 16))
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "a.jpg"
    stored.save(path, exif=exif, quality=95)
    with Image.open(path) as image:
        expected = ImageOps.exif_transpose(image)
    thumbnails = Thumbnails(Cache(tmp_path / "cache"))
    found = opened(thumbnails.of(path, 320))
    thumbnails.close()
    assert found.size == expected.size
    for corner in ((4, 4), (found.width - 4, 4), (4, found.height - 4), (found.width - 4, found.height - 4)):
        assert (found.convert("L").getpixel(corner) > 128) == (expected.convert("L").getpixel(corner) > 128)


@pytest.mark.parametrize(("wish", "width"), [(0, 320), (320, 320), (321, 640), (1280, 1280), (99_999, 1920)])
def test_a_wish_becomes_one_of_few_widths(wish: int, width: int) -> None:
    assert fitting_width(wish) == width


@pytest.mark.parametrize("wish", ["", "abc", "-5", "1e9", "\u0663", "99999999999999999999"])
def test_a_wish_that_is_no_number_is_the_least(tmp_path: Path, wish: str) -> None:
    with pages_of(one_event(tmp_path / "p", MEDIA, picture(800, 600))) as pages:
        assert opened(pages.ask("GET", "/thumb/1", params={"w": wish}).content).size == (320, 240)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"<script>alert(1)</script>", "not a picture"),
        (picture(800, 600)[:2000], "cut off"),
        (b"\xff\xd8\xff\xe0" + b"\xff" * 5000, ""),
        (huge_png(), "too large"),
        (picture(form="GIF"), "GIF"),
    ],
    ids=["missing", "empty", "html", "cut", "noise", "bomb", "gif"],
)
def test_what_cannot_be_shown_says_why_in_its_place(tmp_path: Path, data: bytes | None, why: str) -> None:
    with pages_of(one_event(tmp_path / "p", replace(MEDIA, path="a.dat"), data)) as pages:
        for address in ("/thumb/1", "/difference/1"):
            answer = pages.get(address)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("image/svg+xml")
            told = " ".join(answer.text.replace("</text>", " ").split(">"))
            assert all(word in told for word in why.split())
            assert "<script" not in answer.text
        assert pages.get("/").status_code == 200
        assert pages.get("/event/1").status_code == 200


@pytest.mark.parametrize(("state", "word"), [("sealed", "unseal"), ("removed", "people")])
def test_what_was_sealed_or_removed_is_said_and_never_opened(tmp_path: Path, state: MediaState, word: str) -> None:
    with pages_of(one_event(tmp_path / "p", replace(MEDIA, state=state), picture())) as pages:
        for address in ("/media/1", "/thumb/1", "/difference/1"):
            answer = pages.get(address)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("image/svg+xml")
        for address in ("/", "/event/1"):
            html = pages.text(address)
            assert word in html
            assert "/thumb/1" not in html


@pytest.mark.parametrize("path", ["../../../secret.jpg", "/etc/passwd", "a\0b.jpg", "link.jpg"])
def test_no_path_of_the_index_leads_out_of_its_deployment(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(picture())
    with edit_project(tmp_path / "p", create=True) as project:
        add_event(project, "d1", replace(MEDIA, path="first.jpg"), picture())
        (tmp_path / "p" / "cards" / "d1" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        add_event(project, "d2", replace(MEDIA, path=path, media="d2/1"), None)
    with pages_of(tmp_path / "p") as pages:
        assert pages.get("/media/1").status_code == 200
        for address in ("/media/2", "/thumb/2", "/difference/2"):
            assert pages.get(address).status_code == 404
            assert pages.get(address).headers["content-type"].startswith("image/svg+xml")
        assert pages.get("/event/2").status_code == 200


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["pipe", "folder"])
def test_what_would_be_waited_for_without_end_is_not_opened(tmp_path: Path, make: Callable[[Path], None]) -> None:
    folder = one_event(tmp_path / "p", replace(MEDIA, path="a.jpg"), picture())
    place = folder / "cards" / "d1" / "a.jpg"
    place.unlink()
    make(place)
    with pages_of(folder) as pages:
        for address in ("/media/1", "/thumb/1", "/api/facts/1"):
            assert pages.get(address).status_code in (200, 404)


def test_a_browser_keeps_a_thumbnail_and_never_shows_another_project_s(tmp_path: Path) -> None:
    """The same number on the same port is another picture there."""
    folders = [
        one_event(tmp_path / name, MEDIA, picture(colour=colour))
        for name, colour in (("p", (9, 9, 9)), ("q", (200, 9, 9)))
    ]
    with pages_of(folders[0]) as pages:
        first = pages.get("/thumb/1")
        assert "no-cache" in first.headers["cache-control"]
        again = pages.get("/thumb/1", **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "no-cache" in pages.get("/media/1").headers["cache-control"]
    with pages_of(folders[1]) as pages:
        other = pages.get("/thumb/1", **{"If-None-Match": first.headers["etag"]})
        assert other.status_code == 200
        assert other.content != first.content


def test_a_picture_is_made_small_once(tmp_path: Path) -> None:
    """And again when the file is another."""
    path = tmp_path / "a.jpg"
    path.write_bytes(picture(800, 600))
    thumbnails = Thumbnails(Cache(tmp_path / "cache"))
    first = thumbnails.of(path, 320)
    assert [file.read_bytes() for file in (tmp_path / "cache").rglob("*") if file.is_file()] == [first]
    assert thumbnails.of(path, 320) == first
    path.write_bytes(picture(800, 600, colour=(250, 0, 0)))
    os.utime(path, (1, 1))
    assert thumbnails.of(path, 320) != first
    thumbnails.close()


def test_the_cache_never_grows_beyond_its_limit_and_keeps_the_newest(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=2500)
    for number in range(6):
        cache.put(f"{number:064}", b"x" * 1000)
        os.utime(next((tmp_path / "cache").rglob(f"{number:064}")), (number, number))
    cache.sweep()
    assert [cache.get(f"{number:064}") is not None for number in range(6)] == [False] * 4 + [True] * 2


def test_without_a_place_for_the_cache_pictures_are_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder would be")
    path = tmp_path / "a.jpg"
    path.write_bytes(picture())
    thumbnails = Thumbnails(Cache(tmp_path / "cache"))
    assert opened(thumbnails.of(path, 320)).size == (64, 48)
    thumbnails.close()
