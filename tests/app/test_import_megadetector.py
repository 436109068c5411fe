"""Taking in results that other programs have written, of every version of the format, sound and hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cameratrap.app.import_megadetector import Placement, Taken, import_results, is_megadetector
from cameratrap.app.megadetector_results import Results, read_results
from cameratrap.domain.detections import BBox
from cameratrap.errors import CameraTrapError, StoreError, UsageError
from cameratrap.export.megadetector import megadetector_pieces
from cameratrap.export.sequences import ReadSequence, read_sequences
from cameratrap.resources import builtin_taxa
from cameratrap.store.project import Project, edit_project, passing_project
from cameratrap.store.project_read import deployments

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ZONE = timezone(timedelta(hours=2))
CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}
HERE = Placement(120)
BOX = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]}
# As the API of version 1.0 wrote it: numbers for the version, the highest score beside, no time of anything.
OLDEST = {
    "images": [
        {"file": "a/1.jpg", "max_detection_conf": 0.9, "detections": [BOX], "datetime": "2020:05:01 12:00:00"},
        {"file": "a/2.jpg", "max_detection_conf": 0.0, "detections": [], "datetime": "2020:05:01 12:00:01"},
    ],
    "detection_categories": CATEGORIES,
    "info": {"detection_completion_time": "2020-06-01 10:00:00", "format_version": "1.0"},
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with edit_project(tmp_path / "project", create=True) as project:
        yield project


def _file(tmp_path: Path, results: object) -> Path:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results), encoding="utf-8")
    return file


def _take(project: Project, tmp_path: Path, results: object, placement: Placement = HERE, **more: Any) -> Taken:
    return import_results(project, _file(tmp_path, results), tmp_path, placement, builtin_taxa(), now=NOW, **more)


def _read(tmp_path: Path, results: object) -> Results:
    return read_results(_file(tmp_path, results), builtin_taxa())


def _sequences(project: Project) -> list[ReadSequence]:
    return [each for d in deployments(project.connection) for each in read_sequences(project.connection, d.number)]


def _modern(**changes: Any) -> dict[str, Any]:
    info = {"format_version": "1.6", "detector": "md_v5a.0.0.pt", "detection_completion_time": "2026-05-26 19:11:27"}
    images = [{"file": "a/1.jpg", "datetime": "2026:05:01 12:00:00", "detections": [BOX]}]
    return {"info": info, "detection_categories": CATEGORIES, "images": images, **changes}


def _one(detection: dict[str, Any], **changes: Any) -> dict[str, Any]:
    image = {"file": "a/1.jpg", "datetime": "2026:05:01 12:00:00", "detections": [detection]}
    return _modern(images=[image], **changes)


def test_the_oldest_version_becomes_a_deployment(project: Project, tmp_path: Path) -> None:
    """Times are the station's, pictures a second apart are one sequence, and version 4's scores count from 0.8 on."""
    taken = _take(project, tmp_path, OLDEST)
    assert taken == Taken(("a",), (), 1, 2, 1)
    (sequence,) = _sequences(project)
    assert sequence.row.start == datetime(2020, 5, 1, 12, tzinfo=ZONE)
    assert [media.path for media in sequence.media.values()] == ["a/1.jpg", "a/2.jpg"]
    word = sequence.standing
    assert word is not None
    assert (word.method, word.classified_by, word.score_threshold) == ("machine", "MegaDetector", 0.8)
    assert word.classified_at == datetime(2020, 6, 1, 10, tzinfo=ZONE)
    assert [(each.taxon, each.count, each.score) for each in word.observations] == [("animal", 1, 0.9)]
    assert [each.bbox for each in word.detections] == [BBox(0.1, 0.2, 0.3, 0.4)]


def test_taking_the_same_file_in_again_changes_nothing(project: Project, tmp_path: Path) -> None:
    """Also one that does not tell when it was made."""
    for results in (OLDEST, _modern(info={"format_version": 1.2})):
        _take(project, tmp_path, results)
        before = _sequences(project)
        file = tmp_path / "results.json"
        again = import_results(project, file, tmp_path, Placement(120), builtin_taxa(), now=NOW + timedelta(days=1))
        assert (again.deployments, again.known) == ((), ("a",))
        assert (again.sequences, again.media, again.words) == (0, 0, 0)
        assert _sequences(project) == before


def test_a_file_that_has_grown_is_taken_further(project: Project, tmp_path: Path) -> None:
    """What is new joins the same deployment, which then lasts longer."""
    _take(project, tmp_path, _modern())
    later = {"file": "a/9.jpg", "datetime": "2026:05:09 12:00:00", "detections": []}
    taken = _take(project, tmp_path, _modern(images=[*_modern()["images"], later]))
    assert (taken.sequences, taken.media, taken.words) == (1, 1, 1)
    (deployment,) = deployments(project.connection)
    assert deployment.row.end == datetime(2026, 5, 9, 12, tzinfo=ZONE)


def test_pictures_that_the_project_has_get_a_further_word(project: Project, tmp_path: Path) -> None:
    """Another model's results lie on the sequences that are there."""
    _take(project, tmp_path, _modern())
    other = _modern(info={"detector": "other", "detection_completion_time": "2026-06-01 00:00:00"})
    other["images"][0]["detections"] = []
    taken = _take(project, tmp_path, other)
    assert (taken.deployments, taken.known, taken.sequences, taken.words) == (("a",), (), 0, 1)
    (sequence,) = _sequences(project)
    assert sequence.standing is not None
    assert (sequence.standing.classified_by, sequence.standing.observations) == ("other", ())


def test_a_failed_picture_is_not_an_empty_one(project: Project, tmp_path: Path) -> None:
    """Nobody has looked at it, in whichever of the ways the format has."""
    at = {"datetime": "2026:05:01 12:00:00"}
    images = [
        {"file": "a/1.jpg", "failure": "Failure image access", "detections": None, **at},
        {"file": "b/1.jpg", "failure": "Failure image access", **at},
        {"file": "c/1.jpg", **at},
        {"file": "d/1.jpg", "failure": None, "detections": [], **at},
    ]
    _take(project, tmp_path, _modern(images=images))
    assert [(each.row.status, each.standing is None) for each in _sequences(project)] == [
        ("failed", True), ("failed", True), ("failed", True), ("analysed", False),
    ]  # fmt: skip


def test_a_video_is_a_sequence_counted_by_its_frames(project: Project, tmp_path: Path) -> None:
    """Two boxes in two frames may be one animal; two in one frame are two. The frames are kept."""
    boxes = [{**BOX, "frame_number": frame} for frame in (0, 20, 20)]
    clip = {
        "file": "a/1.mp4", "datetime": "2026:05:01 12:00:00", "frame_rate": 20, "frames_processed": [0, 20, 40],
        "detections": boxes,
    }  # fmt: skip
    _take(project, tmp_path, _modern(images=[clip, {**clip, "file": "a/2.mp4"}]))
    first, second = _sequences(project)
    assert first.standing is not None
    assert [each.count for each in first.standing.observations] == [2]
    (media,) = first.media.values()
    assert media.mediatype == "video/mp4"
    assert media.attributes == {"frame_rate": 20, "frames_processed": [0, 20, 40], "frame_numbers": [0, 20, 20]}
    assert second.row.start == first.row.start
    exported = "".join(megadetector_pieces(project, tmp_path, builtin_taxa(), version="1"))
    again = json.loads(exported)["images"][0]
    assert (again["frame_rate"], again["frames_processed"]) == (20.0, [0, 20, 40])
    assert sorted(each["frame_number"] for each in again["detections"]) == [0, 20, 20]


@pytest.mark.parametrize(
    ("classifications", "expected"),
    [
        ([["3", 0.9], ["1", 0.05]], "Vulpes vulpes"),  # "red fox" is found in the taxa table
        ([["4", 0.8]], "some rare beast"),  # what the table does not have keeps its name
        ([["3", 0.3]], "animal"),  # in doubt it is an animal
        ([["5", 0.99]], "animal"),  # "blank" is said of what a box is drawn round
        ([["99", 0.99]], "animal"),  # a class that the file does not explain
        ([], "animal"),
        (None, "animal"),
    ],
)
def test_a_class_names_the_taxon(project: Project, tmp_path: Path, classifications: object, expected: str) -> None:
    """The best class that the classifier was sure of, by the taxa table's name where that has one."""
    classes = {"1": "elk", "3": "red fox", "4": "some rare beast", "5": "blank"}
    results = _one({**BOX, "classifications": classifications}, classification_categories=classes)
    _take(project, tmp_path, results)
    (sequence,) = _sequences(project)
    assert sequence.standing is not None
    assert [each.taxon for each in sequence.standing.observations] == [expected]


@pytest.mark.parametrize(
    ("category", "expected"),
    [("1", ["animal"]), ("2", ["Homo sapiens"]), ("3", ["vehicle"]), ("0", []), ("7", [])],
)
def test_a_category_is_a_taxon(project: Project, tmp_path: Path, category: str, expected: list[str]) -> None:
    """One that the file does not explain means no detection, as the format has it."""
    _take(project, tmp_path, _one({**BOX, "category": category}))
    (sequence,) = _sequences(project)
    assert sequence.standing is not None
    assert [each.taxon for each in sequence.standing.observations] == expected


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"detector": "md_v4.1.0.pb"}, 0.8), ({"detector": "md_v5b.0.0.pt"}, 0.2), ({}, 0.8),
        ({"detector": "x", "detector_metadata": {"typical_detection_threshold": 0.35}}, 0.35),
    ],
)  # fmt: skip
def test_boxes_count_from_the_score_that_the_file_recommends(tmp_path: Path, info: object, expected: float) -> None:
    """Else from what MegaDetector's authors recommend for the version."""
    assert _read(tmp_path, _modern(info=info)).threshold == expected


def test_a_threshold_of_ones_own_goes_first(project: Project, tmp_path: Path) -> None:
    """A box below it stays, in doubt, and counts for nothing."""
    _take(project, tmp_path, _modern(), threshold=0.95)
    (sequence,) = _sequences(project)
    assert sequence.standing is not None
    assert sequence.standing.observations == ()
    assert [each.fate for each in sequence.standing.detections] == ["doubtful"]


def test_the_time_is_told_by_the_picture_where_the_file_does_not(project: Project, tmp_path: Path) -> None:
    """By EXIF of the picture itself; AddaxAI writes it into its results."""
    (tmp_path / "a").mkdir()
    exif = Image.Exif()
    exif[306] = "2026:03:04 05:06:07"
    Image.new("RGB", (40, 30)).save(tmp_path / "a" / "1.jpg", exif=exif)
    addax = {"file": "a/2.jpg", "detections": [], "exif_metadata": [["DateTimeOriginal", "2026:03:04 05:06:08"]]}
    _take(project, tmp_path, _modern(images=[{"file": "a/1.jpg", "detections": [BOX]}, addax]))
    (sequence,) = _sequences(project)
    assert sequence.row.start == datetime(2026, 3, 4, 5, 6, 7, tzinfo=ZONE)
    first, second = sequence.media.values()
    assert (first.width, first.height) == (40, 30)
    assert second.captured_at == datetime(2026, 3, 4, 5, 6, 8, tzinfo=ZONE)


def test_a_local_time_needs_a_zone_and_any_other_does_not(project: Project, tmp_path: Path) -> None:
    """Nothing is guessed; where every time has its offset, the first says what the station's is."""
    nowhere = Placement(None)
    with pytest.raises(UsageError, match="by which clock"):
        _take(project, tmp_path, _modern(), nowhere)
    aware = {"file": "a/1.jpg", "datetime": "2026-05-01T12:00:00+05:30", "detections": []}
    _take(project, tmp_path, _modern(images=[aware]), nowhere)
    (deployment,) = deployments(project.connection)
    assert deployment.row.utc_offset_minutes == 330


def test_what_belongs_nowhere_is_named(project: Project, tmp_path: Path) -> None:
    """No time, no name, or no place inside the folder: never a path that leads out of it."""
    at = {"datetime": "2026:05:01 12:00:00", "detections": []}
    files = [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b.jpg",
        "a\\..\\..\\c.jpg",
        "a\0b.jpg",
        "a\nb.jpg",
        "a\ud800b.jpg",
        str(tmp_path),
    ]
    images = [*({"file": file, **at} for file in files), {"file": "a/1.jpg", "detections": []}]
    taken = _take(project, tmp_path, _modern(images=images))
    assert (taken.deployments, taken.media) == ((), 0)
    assert [file for file, _ in taken.passed_over] == [
        *(file.replace("\\", "/") for file in files), "a/1.jpg",
    ]  # fmt: skip


def test_absolute_and_windows_paths_inside_the_folder_are_found(project: Project, tmp_path: Path) -> None:
    """Both are valid by the format."""
    at = {"datetime": "2026:05:01 12:00:00", "detections": []}
    _take(
        project, tmp_path, _modern(images=[{"file": str(tmp_path / "a" / "1.jpg"), **at}, {"file": "a\\2.jpg", **at}])
    )
    (sequence,) = _sequences(project)
    assert [media.path for media in sequence.media.values()] == ["a/1.jpg", "a/2.jpg"]


def test_deployments_are_the_first_folders_or_one(project: Project, tmp_path: Path) -> None:
    """A name of one's own makes one of all; a name that other pictures have is refused, and nothing is changed."""
    at = {"datetime": "2026:05:01 12:00:00", "detections": []}
    results = _modern(images=[{"file": f, **at} for f in ("a/x/1.jpg", "b/1.jpg", "2.jpg")])
    assert _take(project, tmp_path, results).deployments == tuple(sorted(["a", "b", tmp_path.name]))
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(StoreError, match="a deployment a of other pictures"):
        import_results(project, _file(tmp_path, results), other, Placement(0), builtin_taxa(), now=NOW)
    named = Placement(0, "mine", "station", "spring")
    assert import_results(project, _file(tmp_path, results), other, named, builtin_taxa(), now=NOW).deployments == (
        "mine",
    )
    mine = next(each.row for each in deployments(project.connection) if each.row.deployment == "mine")
    assert (mine.station, mine.session, mine.source) == ("station", "spring", "megadetector")


@pytest.mark.parametrize(
    "results",
    [
        [], "x", {}, {"images": []}, {"images": {}, "detection_categories": {}}, _modern(images=[1]),
        _modern(images=[{"detections": []}]), _modern(images=[{"file": 7, "detections": []}]),
        _modern(detection_categories={"1": 5}), _modern(detection_categories=[]),
        _one({**BOX, "conf": 1.5}), _one({**BOX, "conf": "0.9"}), _one({**BOX, "conf": True}),
        _one({**BOX, "conf": None}), _one({**BOX, "bbox": [0, 0, 1]}), _one({**BOX, "bbox": [0.5, 0.5, 0.9, 0.9]}),
        _one({**BOX, "bbox": [-0.5, 0, 0.2, 0.2]}), _one({**BOX, "bbox": "0"}), _one({**BOX, "bbox": [0, 0, 0, 0]}),
        _one({**BOX, "bbox": [0, 0, 1e999, 1]}), _one({**BOX, "bbox": [10**400, 0.1, 0.2, 0.2]}),
        _modern(images=[{"file": "a.jpg", "detections": each} for each in ([BOX], [])]),
        _one({**BOX, "classifications": 5}),
        _one({**BOX, "classifications": [["1"]]}), _one({**BOX, "classifications": [["1", 2]]}),
        _one({**BOX, "frame_number": -1}), _one([]), _modern(info=[]),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_not_sound_is_refused_whole(project: Project, tmp_path: Path, results: object) -> None:
    """An error that says where, and a project as it was."""
    with pytest.raises(StoreError):
        _take(project, tmp_path, results)
    assert _sequences(project) == []


def test_a_box_may_stand_out_by_rounding(tmp_path: Path) -> None:
    """It is cut to the picture."""
    results = _read(tmp_path, _one({**BOX, "bbox": [-0.001, 0.5, 0.5, 0.5005]}))
    (found,) = results.files[0].found or ()
    assert found.bbox == BBox(0.0, 0.5, 0.499, 0.5)


@pytest.mark.parametrize(
    "text", ["", "{", "\x00", "[1]", '{"images": [], "images": []}', '{"images": NaN}', "[" * 5000]
)
def test_what_is_no_json_is_refused(project: Project, tmp_path: Path, text: str) -> None:
    """As an error of one sentence."""
    file = tmp_path / "results.json"
    file.write_text(text)
    with pytest.raises(StoreError):
        import_results(project, file, tmp_path, Placement(0), builtin_taxa(), now=NOW)
    assert not is_megadetector(file) or text.startswith("{")


def test_files_of_the_format_are_known_by_how_they_begin(tmp_path: Path) -> None:
    """In whichever order their keys are; other JSON is not taken for it."""
    assert is_megadetector(_file(tmp_path, OLDEST))
    assert is_megadetector(_file(tmp_path, _modern()))
    for other in ({"images": [{"file_name": "a.jpg"}], "annotations": []}, {"file": "a.jpg"}, [], {"resources": []}):
        assert not is_megadetector(_file(tmp_path, other))
    assert not is_megadetector(tmp_path)
    assert not is_megadetector(tmp_path / "missing")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_PLACES: tuple[tuple[Any, ...], ...] = (
    ("info",), ("info", "detector"), ("info", "detector_metadata"), ("info", "cameratrap"), ("images",),
    ("images", 0), ("images", 0, "file"), ("images", 0, "detections"), ("images", 0, "detections", 0),
    ("images", 0, "detections", 0, "bbox"), ("images", 0, "detections", 0, "conf"), ("images", 0, "datetime"),
    ("images", 0, "detections", 0, "classifications"), ("images", 0, "exif_metadata"), ("images", 0, "frame_rate"),
    ("images", 0, "frames_processed"), ("detection_categories",), ("images", 0, "detections", 0, "category"),
)  # fmt: skip


@settings(max_examples=200)
@given(place=st.sampled_from(_PLACES), value=_json)
def test_any_value_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: object
) -> None:
    """Never another exception than the one that a person is told."""
    results: Any = deepcopy(_modern())
    holder = results
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    folder = tmp_path_factory.mktemp("any")
    with passing_project(folder) as project, suppress(CameraTrapError):
        _take(project, folder, results)
