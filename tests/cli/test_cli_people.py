"""Real people at a real camera trap, through the model that ships: nobody it finds can be recognised on the card."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cameratrap.app.redact import BLOCKS
from cameratrap.cli import run
from cameratrap.store.bursts import all_pictures
from cameratrap.store.card import open_card
from cameratrap.store.media import sha256_of
from cameratrap.store.treatments import hidden_boxes

JURA = "train/images/jura_lynx_cameratrap"
PEOPLE, ANIMALS = 5, 2


@pytest.fixture
def jura(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The station's first pictures with people, and with an animal alone, as if taken an hour apart."""
    record = json.loads((shared_data / "train/annotations.json").read_text(encoding="utf-8"))
    shown: dict[str, set[int]] = {image["file_name"]: set() for image in record["images"]}
    names = {image["id"]: image["file_name"] for image in record["images"]}
    for box in record["annotations"]:
        shown[names[box["image_id"]]].add(box["category_id"])
    numbers = {each["name"]: each["id"] for each in record["categories"]}
    ours = {name: what for name, what in sorted(shown.items()) if f"train/{name}".startswith(JURA)}
    people = [name for name, what in ours.items() if numbers["person"] in what][:PEOPLE]
    animals = [name for name, what in ours.items() if what and not what & {numbers["person"], numbers["vehicle"]}]
    folder = tmp_path / "jura"
    folder.mkdir()
    for hour, name in enumerate([*people, *animals[:ANIMALS]]):
        exif = Image.Exif()
        taken = datetime(2026, 6, 1) + timedelta(hours=hour)  # noqa: DTZ001 - cameras write local times
        exif[0x8769] = {0x9003: taken.strftime("%Y:%m:%d %H:%M:%S")}
        with Image.open(shared_data / "train" / name) as image:
            image.save(folder / Path(name).name, quality="keep", exif=exif)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMERATRAP_STATION_ID", "jura")
    return folder


def table() -> list[dict[str, str]]:
    with Path("card/media.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def levels(pixels: NDArray[np.uint8]) -> int:
    """How often the brightness jumps along the middle of a part, the longer way."""
    height, width = pixels.shape
    line = pixels[:, width // 2] if height >= width else pixels[height // 2]
    return int((np.abs(np.diff(line.astype(int))) > 8).sum())


def test_people_whom_the_model_finds_are_blurred_on_the_card(
    jura: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each box is a few blocks, whatever was in it; they are tallied; a picture with nobody in it is not touched."""
    monkeypatch.setenv("CAMERATRAP_PEOPLE_PERSON", "blur")
    assert run(["--data", "card", "watch", "--replay", str(jura), "--model", "cameratrap-nano"]) == 0
    rows = table()
    blurred = [row for row in rows if row["people_policy"] == "blurred"]
    assert sum("Homo sapiens" in row["counts"] for row in rows) >= PEOPLE // 2, "the model finds most of them"
    for row in rows:
        assert sha256_of(Path("card", row["path"]).read_bytes()) == row["sha256"]
        assert ("Homo sapiens" in row["counts"]) <= (row in blurred)
    with open_card(Path("card")) as card:
        for picture in all_pictures(card.connection):
            data = (card.folder / picture.path).read_bytes()
            with Image.open(BytesIO(data)) as image:
                grey = np.asarray(image.convert("L"))
            for box in hidden_boxes(card.connection, picture.id):
                top, left = int(box.y * grey.shape[0]), int(box.x * grey.shape[1])
                part = grey[top : top + int(box.height * grey.shape[0]), left : left + int(box.width * grey.shape[1])]
                assert levels(part) <= 2 * BLOCKS
    capsys.readouterr()
    run(["--data", "card", "tally", "--csv"])
    assert "Homo sapiens" in capsys.readouterr().out


def test_people_whom_the_model_finds_are_only_counted(jura: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is left of a picture in which it found somebody; every other one is."""
    monkeypatch.setenv("CAMERATRAP_PEOPLE_PERSON", "count")
    assert run(["--data", "card", "watch", "--replay", str(jura), "--model", "cameratrap-nano"]) == 0
    rows = table()
    assert len(rows) == PEOPLE + ANIMALS
    for row in rows:
        assert Path("card", row["path"]).exists() == ("Homo sapiens" not in row["counts"])
