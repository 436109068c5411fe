from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cameratrap.errors import ImageError
from cameratrap.store.project_rows import MediaRow
from cameratrap.web.facts import exif_facts
from tests.project_maker import START
from tests.review_pages import one_event, pages_of, picture

_EXIF_IFD = 0x8769
MEDIA = MediaRow("d1/1", "a.jpg", START, width=64, height=48, size=1234567, infrared=True)


def tagged(main: dict[int, Any], exif: dict[int, Any]) -> bytes:
    tags = Image.Exif()
    tags.update(main)
    tags[_EXIF_IFD] = exif
    return picture(exif=tags)


def facts_of(tmp_path: Path, data: bytes) -> dict[str, str]:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    return {fact.name: fact.value for fact in exif_facts(path)}


def test_a_camera_s_words_are_told_as_a_person_reads_them(tmp_path: Path) -> None:
    main = {271: "RECONYX", 272: "HF2 PRO"}
    exif = {36867: "2026:06:01 05:12:09", 33434: IFDRational(1, 250), 37385: 25, 37888: IFDRational(-35, 10)}
    found = facts_of(tmp_path, tagged(main, exif))
    assert found["Make"] == "RECONYX"
    assert found["Taken"] == "2026:06:01 05:12:09"
    assert found["Exposure (s)"] == "1/250"
    assert found["Flash"] == "fired"
    assert found["Temperature (\u00b0C)"] == "-3.5"


@pytest.mark.parametrize("value", [IFDRational(1, 0), IFDRational(0, 1), IFDRational(2, 1)])
def test_a_number_that_cannot_be_is_left_out_or_told_as_it_is(tmp_path: Path, value: IFDRational) -> None:
    found = facts_of(tmp_path, tagged({}, {33434: value}))
    assert found.get("Exposure (s)", "") in ("", "0", "2", "nan")


def test_hostile_words_are_short_and_hide_nothing(tmp_path: Path) -> None:
    text = "<script>alert(1)</script>\u202e\r\n" + "x" * 5000
    comment = b"ASCII\0\0\0" + text.encode()
    with pages_of(one_event(tmp_path / "p", MEDIA, tagged({270: text, 271: text}, {37510: comment}))) as pages:
        told = {fact["name"]: fact["value"] for fact in pages.get("/api/facts/1").json()["facts"]}
        assert {"Make", "Description", "Comment"} <= set(told)
        for name in ("Make", "Description", "Comment"):
            assert "\u202e" not in told[name]
            assert "\n" not in told[name]
            assert len(told[name]) < 300
        assert "<script>alert" not in pages.text("/event/1")
        assert told["Size"] == "1,235 kB"
        assert told["Light"] == "infrared"


def test_what_cannot_be_read_is_said_and_the_rest_is_told(tmp_path: Path) -> None:
    with pages_of(one_event(tmp_path / "p", MEDIA, b"no picture")) as pages:
        told = {fact["name"]: fact["value"] for fact in pages.get("/api/facts/1").json()["facts"]}
        assert told["EXIF"] == "its EXIF cannot be read"
        assert told["File"] == "a.jpg"


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damaged_exif_ends_in_facts_or_in_an_error_of_ours(at: int, patch: bytes) -> None:
    import tempfile

    data = bytearray(tagged({271: "A" * 40, 272: "B" * 40}, {36867: "2026:06:01 05:12:09", 33434: IFDRational(1, 9)}))
    data[at : at + len(patch)] = patch
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jpg")
        path.write_bytes(data)
        try:
            found = exif_facts(path)
        except ImageError:
            return
        assert all(isinstance(fact.value, str) for fact in found)


def test_what_our_own_traps_write_for_programs_is_no_line_for_a_person(tmp_path: Path) -> None:
    assert "Comment" not in facts_of(tmp_path, tagged({}, {37510: b'ASCII\0\0\0{"v":1}'}))
    assert facts_of(tmp_path, tagged({}, {37510: b"ASCII\0\0\0by the stream"}))["Comment"] == "by the stream"


def test_a_png_has_facts_too(tmp_path: Path) -> None:
    stream = io.BytesIO()
    tags = Image.Exif()
    tags[271] = "Maker"
    Image.new("RGB", (8, 8)).save(stream, "PNG", exif=tags)
    assert facts_of(tmp_path, stream.getvalue()) == {"Make": "Maker"}
