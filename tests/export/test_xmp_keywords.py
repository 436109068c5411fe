"""Keywords in copies of pictures: readable by others, and the picture byte for byte the same."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from unicodedata import category
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cameratrap.domain.selection import Selection
from cameratrap.errors import ImageError, UsageError
from cameratrap.export.keywords import check_output, keywords_of, write_keywords
from cameratrap.export.xmp import with_keywords, xmp_packet
from cameratrap.store.connection import transaction
from cameratrap.store.exif import segments
from cameratrap.store.project import edit_project, read_project
from cameratrap.store.project_rows import ObservationRow, WordRow
from tests.studied_project import HOSTILE, START, studied_project

_LI = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_SUBJECT = "{http://purl.org/dc/elements/1.1/}subject"
_HIERARCHY = "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
FOX = [("Species", "Vulpes vulpes"), ("Count", "2")]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return studied_project(tmp_path / "project")


def _jpeg(xmp: bytes = b"") -> bytes:
    exif = Image.Exif()
    exif[306] = "2026:06:01 05:00:00"
    exif[271] = "maker"
    buffer = io.BytesIO()
    options = {"xmp": xmp} if xmp else {}
    Image.effect_noise((64, 48), 50).convert("RGB").save(buffer, "JPEG", quality=80, exif=exif, **options)
    return buffer.getvalue()


def _packet(jpeg: bytes) -> bytes:
    (found,) = [part[4:].removeprefix(_XMP) for part in segments(jpeg) if part[4:].startswith(_XMP)]
    return found


def _values(packet: bytes, name: str) -> list[str]:
    root = ET.fromstring(packet.decode().removeprefix("\ufeff"))  # noqa: S314 - written by this test
    return [item.text or "" for each in root.iter(name) for item in each.iter(_LI)]


def test_the_picture_is_the_same_byte_for_byte() -> None:
    """Nothing but one segment is added: EXIF, tables and pixels stay as they were, and EXIF stays first."""
    before = _jpeg()
    after = with_keywords(before, FOX)
    parts = list(segments(after))
    assert [part for part in parts if not part[4:].startswith(_XMP)] == list(segments(before))
    assert len(parts) == len(list(segments(before))) + 1
    assert next(part for part in parts if part[1] == 0xE1)[4:8] == b"Exif"
    with Image.open(io.BytesIO(before)) as one, Image.open(io.BytesIO(after)) as other:
        assert one.tobytes() == other.tobytes()
        assert dict(one.getexif()) == dict(other.getexif())


def test_the_keywords_that_programs_read() -> None:
    """Levels by bars, by slashes, and taxa alone."""
    packet = _packet(with_keywords(_jpeg(), FOX))
    assert _values(packet, _HIERARCHY) == ["Species|Vulpes vulpes", "Count|2"]
    assert _values(packet, "{http://www.digikam.org/ns/1.0/}TagsList") == ["Species/Vulpes vulpes", "Count/2"]
    assert _values(packet, _SUBJECT) == ["Vulpes vulpes"]


def test_what_the_picture_brings_along_is_kept() -> None:
    """Its own keywords, and properties that this program knows nothing of; a keyword that is there is not doubled."""
    rating = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    rating += b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"'
    rating += b' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>mine</rdf:li></rdf:Bag>'
    rating += b"</dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    once = with_keywords(_jpeg(rating), FOX)
    assert _values(_packet(once), _SUBJECT) == ["mine", "Vulpes vulpes"]
    assert b'Rating="4"' in _packet(once)
    assert with_keywords(once, FOX) == once


@pytest.mark.parametrize(
    "xmp",
    [
        b"<x", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0"?><!doctype x SYSTEM "file:///etc/passwd"><x/>',
    ],
)  # fmt: skip
def test_a_packet_that_cannot_be_read_is_left_alone(xmp: bytes) -> None:
    """Rather no copy than one that has lost what it said; entities are not followed."""
    with pytest.raises(ImageError):
        with_keywords(_jpeg(xmp), FOX)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\x89PNG", _jpeg()[:100]])
def test_what_is_no_jpeg_is_refused(data: bytes) -> None:
    """Cut off or another format."""
    with pytest.raises(ImageError):
        with_keywords(data, FOX)


def test_keywords_that_do_not_fit_are_refused() -> None:
    """A segment has 64 KiB."""
    with pytest.raises(ImageError, match="do not fit"):
        with_keywords(_jpeg(), [("Species", f"{n:0>3000}") for n in range(30)])


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_any_label_makes_a_sound_packet(labels: list[str]) -> None:
    """One keyword a label, of two levels: nothing in it adds an element, a level or a line."""
    packet = xmp_packet([("Species", label) for label in labels])
    found = _values(packet, _HIERARCHY)
    assert 1 <= len(found) <= len(labels)
    assert all(each.count("|") == 1 and each.startswith("Species|") for each in found)
    assert not any(category(letter) in {"Cc", "Zl", "Zp"} for each in found for letter in each)


def test_what_is_said_of_a_sequence() -> None:
    """The taxon, how many, by whom; counts go by their taxon where there are several; nothing seen is a blank."""
    fox, boar = (ObservationRow(name, n, START, START) for name, n in (("Vulpes vulpes", 2), ("Sus scrofa", 5)))
    assert keywords_of(WordRow("human", "Ada", START, (fox,))) == [*FOX, ("IdentifiedBy", "human")]
    assert keywords_of(WordRow("machine", "m", START)) == [("Species", "blank"), ("IdentifiedBy", "machine")]
    assert ("Count of Sus scrofa", "5") in keywords_of(WordRow("human", "Ada", START, (fox, boar)))


def test_originals_are_never_touched(study: Path, tmp_path: Path) -> None:
    """Copies of what a person has seen lie by deployment; every original is as it was, to the byte and the time."""
    before = _state(study)
    with read_project(study) as project:
        check_output(project, tmp_path / "copies")
        written = list(write_keywords(project, tmp_path / "copies"))
    assert _state(study) == before
    assert all(each.problem == "" for each in written)
    copies = sorted(file.relative_to(tmp_path / "copies").as_posix() for file in (tmp_path / "copies").rglob("*.*"))
    assert copies == sorted(f"{each.deployment}/{each.path}" for each in written)
    assert {path.split("/")[-1] for path in copies} == {f"{n}-{i}.jpg" for n in (0, 1, 6) for i in (0, 1)}
    with (
        Image.open(tmp_path / "copies/wood 1/DCIM/0-0.jpg") as copy,
        Image.open(study / "cards/wood 1/DCIM/0-0.jpg") as own,
    ):
        assert copy.tobytes() == own.tobytes()


def test_also_what_no_person_has_seen(study: Path, tmp_path: Path) -> None:
    """By the model's word, and marked so; a clip is copied as it is, with its keywords beside it."""
    with read_project(study) as project:
        written = list(
            write_keywords(project, tmp_path / "copies", unreviewed=True, selection=Selection(deployments=("wood 1",)))
        )
    assert len(written) == 11
    packet = _packet((tmp_path / "copies/wood 1/DCIM/2-0.jpg").read_bytes())
    assert _values(packet, _HIERARCHY) == ["Species|blank", "IdentifiedBy|machine"]
    clip = tmp_path / "copies/wood 1/DCIM/8-0.mp4"
    assert clip.read_bytes() == (study / "cards/wood 1/DCIM/8-0.mp4").read_bytes()
    assert _values(clip.with_name("8-0.mp4.xmp").read_bytes(), _SUBJECT) == ["animal"]


def test_sidecars_alone(study: Path, tmp_path: Path) -> None:
    """No picture is copied."""
    with read_project(study) as project:
        list(write_keywords(project, tmp_path / "sidecars", sidecars=True))
    files = [file for file in (tmp_path / "sidecars").rglob("*") if file.is_file()]
    assert {"".join(file.suffixes) for file in files} == {".jpg.xmp"}
    first = (tmp_path / "sidecars/wood 1/DCIM/0-0.jpg.xmp").read_bytes()
    assert _values(first, _SUBJECT) == ["Vulpes vulpes"]


def test_a_picture_that_is_not_at_hand_is_named(study: Path, tmp_path: Path) -> None:
    """The others are still written."""
    (study / "cards/wood 1/DCIM/0-0.jpg").unlink()
    (study / "cards/wood 1/DCIM/0-1.jpg").write_bytes(b"no picture")
    with edit_project(study) as project, transaction(project.connection):
        project.connection.execute("UPDATE media SET state = 'removed' WHERE path = 'DCIM/1-0.jpg'")
    with read_project(study) as project:
        written = list(write_keywords(project, tmp_path / "copies", selection=Selection(deployments=("wood 1",))))
    assert {each.path for each in written if each.problem} == {"DCIM/0-0.jpg", "DCIM/0-1.jpg", "DCIM/1-0.jpg"}
    assert (tmp_path / "copies/wood 1/DCIM/6-0.jpg").is_file()


def test_a_path_that_leads_out_leads_nowhere(study: Path, tmp_path: Path) -> None:
    """Neither is anything read outside the deployment's folder nor written outside the copies."""
    with edit_project(study) as project, transaction(project.connection):
        for number, path in ((1, "../../project.db"), (2, "../../cards/wood 1/DCIM/0-1.jpg")):
            project.connection.execute("UPDATE media SET path = ? WHERE id = ?", (path, number))
    before = _state(study)
    with read_project(study) as project:
        written = list(
            write_keywords(
                project, tmp_path / "deep" / "copies", selection=Selection(deployments=("wood 1",)), unreviewed=True
            )
        )
    assert [each.path for each in written if each.problem] == ["../../project.db"]
    assert _state(study) == before
    assert {file.name for file in tmp_path.iterdir()} == {"project", "deep"}


def test_copies_do_not_go_among_originals(study: Path, tmp_path: Path) -> None:
    """Nor over anything that lies there."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with read_project(study) as project:
        for output in (study / "cards/wood 1/new", tmp_path / "full"):
            with pytest.raises(UsageError):
                check_output(project, output)


def test_exiftool_reads_the_same(tmp_path: Path) -> None:
    """What the field's own tools make of it, with a label that tries to break out."""
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        pytest.skip("needs exiftool: apt install libimage-exiftool-perl")
    file = tmp_path / "a.jpg"
    file.write_bytes(with_keywords(_jpeg(), [*FOX, ("Species", HOSTILE)]))
    told = subprocess.run(
        [exiftool, "-json", "-validate", "-HierarchicalSubject", "-TagsList", "-Subject", file],
        capture_output=True, check=True,
    )  # fmt: skip
    (found,) = json.loads(told.stdout)
    assert found["HierarchicalSubject"][:2] == ["Species|Vulpes vulpes", "Count|2"]
    assert found["Subject"][0] == "Vulpes vulpes"
    assert len(found["Subject"]) == 2
    assert "XMP" not in str(found["Validate"])


def _state(study: Path) -> dict[str, tuple[str, int]]:
    return {
        file.relative_to(study).as_posix(): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in (study / "cards").rglob("*")
        if file.is_file()
    }


def test_real_pictures_of_many_makers_stay_what_they_are(shared_data: Path) -> None:
    """Whatever segments a camera or a program has put before the picture, they are all there, in their order."""
    pictures = sorted((shared_data / "images").rglob("*.[jJ][pP][gG]"))[::8]
    assert len(pictures) > 20
    for file in pictures:
        before = file.read_bytes()
        after = with_keywords(before, FOX)
        kept = [[part for part in segments(data) if not part[4:].startswith(_XMP)] for data in (before, after)]
        assert kept[0] == kept[1], file
        assert "Vulpes vulpes" in _values(_packet(after), _SUBJECT)
