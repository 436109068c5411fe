"""Real pictures through `process` and `watch --replay`: a camera in Peru, counted from the pictures by eye."""

from __future__ import annotations

import csv
import io
import json
import shutil
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from PIL import Image

from cameratrap import wiring
from cameratrap.cli import run
from tests.fakes import NamedDetector

PERU = "images/conservationtechlab+animl-py/examples/Peru/SDZG_1"
YOLOX = "models/Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano_float16_quantize.tflite"

# First picture of each burst of three, and its time, read by eye from the stamp that the camera burnt into it.
BURSTS = {
    4: "07-02 02:54:52", 7: "07-02 11:44:51", 10: "07-02 12:06:46", 13: "07-02 22:21:49", 16: "07-03 15:58:41",
    19: "07-03 22:24:18", 22: "07-04 07:49:13", 25: "07-04 09:24:59", 28: "07-04 15:03:04", 31: "07-05 00:44:37",
    34: "07-05 12:41:41", 37: "07-06 00:25:33", 40: "07-06 07:11:30", 43: "07-06 16:51:04", 46: "07-06 17:26:42",
    49: "07-07 20:14:03", 55: "07-08 08:24:18", 58: "07-10 04:16:55",
}  # fmt: skip
# What a person sees in them: the day's triggers, the blank ones, and (taxon, events, individuals).
BY_EYE = {
    "2014-07-02": (4, 2, {("Mazama", 1, 1), ("Cuniculus paca", 1, 1)}),
    "2014-07-03": (2, 2, set()),
    "2014-07-04": (3, 3, set()),
    "2014-07-05": (2, 2, set()),
    "2014-07-06": (4, 2, {("Tapiridae", 1, 1), ("Panthera onca", 1, 1)}),
    "2014-07-07": (1, 0, {("small mammal", 1, 1)}),
    "2014-07-08": (1, 1, set()),
    "2014-07-09": (0, 0, set()),
    "2014-07-10": (1, 0, {("Cuniculus paca", 1, 1)}),
}
SEEN = {
    4: "Mazama",
    13: "Cuniculus paca",
    37: "Tapiridae",
    46: "Panthera onca",
    49: "small mammal",
    58: "Cuniculus paca",
}
ZONE = timezone(timedelta(hours=-5))


@pytest.fixture
def peru(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the pictures with the stamped times in their EXIF, and the station's configuration."""
    folder = tmp_path / "peru"
    folder.mkdir()
    for first, stamp in BURSTS.items():
        for n in range(3):
            at = datetime.strptime(f"2014-{stamp}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE) + timedelta(seconds=n / 2)
            name = f"EK{first + n:06d}.jpg"
            (folder / name).write_bytes(stamped((shared_data / PERU / name).read_bytes(), at))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMERATRAP_STATION_ID", "SDZG_1")
    monkeypatch.setenv("CAMERATRAP_STATION_UTC_OFFSET", "-05:00")
    return folder


def stamped(data: bytes, at: datetime) -> bytes:
    """The same picture with an EXIF time, as the camera would have written it had the study kept it."""
    exif = Image.Exif()
    exif[0x8769] = {0x9003: at.strftime("%Y:%m:%d %H:%M:%S"), 0x9291: f"{at.microsecond // 1000:03d}"}
    with Image.open(io.BytesIO(data)) as image:
        stream = io.BytesIO()
        image.save(stream, "JPEG", exif=exif, quality="keep")
    return stream.getvalue()


def plain_table(name: str) -> list[dict[str, str]]:
    """A table of the card as someone without our program reads it."""
    return list(csv.DictReader(io.StringIO(Path("card", name).read_text(encoding="utf-8"))))


Read = Callable[..., list[dict[str, str]]]


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Read:
    def rows(*command: str) -> list[dict[str, str]]:
        capsys.readouterr()
        assert run(["--data", "card", *command, "--csv"]) == 0
        return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    return rows


def test_a_card_of_real_pictures_is_right_by_eye(peru: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a detector that sees what a person sees, every table says what was counted by eye; twice is once."""
    answers = {f"EK{first + n:06d}.jpg": {taxon: 1} for first, taxon in SEEN.items() for n in range(3)}
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector(answers))
    for _ in range(2):
        assert run(["--data", "card", "watch", "--replay", str(peru)]) == 0
        tallies: dict[str, set[tuple[str, int, int]]] = {}
        for row in read("tally"):
            found = {(row["taxon"], int(row["events"]), int(row["individuals"]))} if row["taxon"] else set()
            tallies.setdefault(row["day"], set()).update(found)
        assert tallies == {day: found for day, (_, _, found) in BY_EYE.items()}
        assert Counter(row["taxon"] for row in read("events")) == Counter(SEEN.values())
        effort = plain_table("effort.csv")
        assert {row["day"]: (int(row["triggers"]), int(row["blank"])) for row in effort} == {
            day: (triggers, blank) for day, (triggers, blank, _) in BY_EYE.items()
        }
        # 02:54:52 to midnight, full days, and midnight to 04:16:56.
        assert [row["hours_armed"] for row in effort] == ["21.09", *["24.00"] * 7, "4.28"]
        media = plain_table("media.csv")
        assert [(row["position"], row["of"]) for row in media] == [("1", "3"), ("2", "3"), ("3", "3")] * 18
        assert len(list(Path("card/DCIM").rglob("*.JPG"))) == 54


def test_a_card_made_by_a_real_model_is_right_by_hand_count(
    peru: Path, shared_data: Path, read: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tables are what follows, by a count written out here, from what the model says of each picture by itself."""
    model = str(shared_data / YOLOX)
    assert run(["process", str(peru), "--model", model, "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected: Counter[tuple[str, str]] = Counter()
    for first in range(0, 54, 3):
        burst = said[first : first + 3]
        for taxon in {taxon for picture in burst for taxon in picture["counts"]}:
            # No two bursts of this camera with the same taxon are within half an hour: a burst is an event.
            expected[burst[0]["timestamp"][:10], taxon] += max(p["counts"].get(taxon, 0) for p in burst)
    assert sum(expected.values()) >= 4, "the model sees something in these pictures"
    assert run(["--data", "card", "watch", "--replay", str(peru), "--model", model]) == 0
    found = {(row["day"], row["taxon"]): int(row["individuals"]) for row in read("tally") if row["taxon"]}
    assert found == dict(expected)


def a_png() -> bytes:
    """A real PNG of one pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0\0\0")), (b"IEND", b""))
    packed = (struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c)) for kind, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def header_only_jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x00\x3f\x00" + b"\x00" * 9 + b"\xff\xd9"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + scan


def test_hostile_files_among_real_ones(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A truncated, an empty, a renamed, a huge and a text file are named with a reason; the rest is done; exit 3."""
    real = sorted((shared_data / PERU).glob("*.jpg"))[:3]
    for path in real:
        shutil.copy(path, tmp_path)
    hostile = {
        "a-truncated.jpg": real[0].read_bytes()[:50_000],
        "b-empty.jpg": b"",
        "c-png.jpg": a_png(),
        "d-huge.jpg": header_only_jpeg(65500, 65500),
        "e-text.jpg": b"field notes",
    }
    for name, content in hostile.items():
        (tmp_path / name).write_bytes(content)
    assert run(["process", str(tmp_path), "--model", str(shared_data / YOLOX), "--json"]) == 3
    printed = capsys.readouterr()
    results = {Path(each["file"]).name: each for each in map(json.loads, printed.out.splitlines())}
    assert list(results) == sorted([*hostile, *(path.name for path in real)])
    for name, reason in zip(hostile, ("cut off", "empty", "PNG", "too large", "not a picture"), strict=True):
        assert results[name]["detections"] is None
        assert reason in results[name]["error"]
        assert name in printed.err
    for path in real:
        assert results[path.name]["error"] is None
        assert isinstance(results[path.name]["counts"], dict)


@pytest.mark.slow
def test_every_real_image_is_classified_and_counted(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of the images: one line each, in order, none failing."""
    files = [
        str(path) for path in sorted((shared_data / "images").rglob("*")) if path.suffix.lower() in (".jpg", ".png")
    ]
    assert run(["process", str(shared_data / "images"), "--model", str(shared_data / YOLOX), "--json"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(results) == 326
    assert sorted(each["file"] for each in results) == sorted(files)
    keys = ["file", "width", "height", "timestamp", "event", "detections", "counts", "error"]
    assert all(list(each) == keys and each["error"] is None for each in results)
    assert sum(bool(each["counts"]) for each in results) > 100
