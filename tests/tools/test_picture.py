"""The README's picture: it is there, it is small, and it shows the demonstration as it is now. Else: tools/picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

from cameratrap.app.models import find_model
from cameratrap.cli.demo import MODEL
from cameratrap.domain.detections import BBox, Detection
from cameratrap.replay.footage import FOOTAGE_VERSION
from cameratrap.resources import builtin_taxa
from cameratrap.wire.codec import decode

TOOLS = Path(__file__).parents[2] / "tools"
PICTURE = TOOLS / "readme" / "journey.png"


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What the picture says it was made from."""
    with Image.open(PICTURE) as image:
        return {key: str(value) for key, value in image.info.items()}


def test_it_fits_the_readme() -> None:
    """A PNG of 1600 x 720, twice what a README shows, in at most 400 kB."""
    with Image.open(PICTURE) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (1600, 720))
    assert PICTURE.stat().st_size <= 400_000


def test_it_was_made_from_the_footage_and_the_model_of_today(told: dict[str, str]) -> None:
    """Other footage or another model need another picture."""
    manifest = find_model(MODEL, builtin_taxa()).manifest
    assert told["footage_version"] == str(FOOTAGE_VERSION)
    assert told["model"] == f"{manifest.name} {manifest.version}"
    assert told["model_sha256"] == manifest.sha256


def test_its_message_is_read_by_the_wire_format_of_today(told: dict[str, str]) -> None:
    """The bytes in the picture are a message of the day it shows, within one credit, and carry an earlier day."""
    message = bytes.fromhex(told["message"])
    summary = decode(message, builtin_taxa())
    assert len(message) <= 50
    assert summary.day.isoformat() == told["day"]
    assert summary.tallies
    assert summary.earlier


def test_the_chosen_pictures_show_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """First the one with most taxa and least overlap; then one a burst, those with most animals, in order of time."""
    monkeypatch.syspath_prepend(str(TOOLS))
    shot_of = import_module("picture").Shot
    start, blank = datetime(2026, 6, 2, tzinfo=UTC), Image.new("RGB", (4, 3))

    def shot(hour: int, burst: str, *found: tuple[str, float]) -> object:
        boxes = tuple(Detection(taxon, taxon, 0.9, BBox(x, 0.2, 0.2, 0.2)) for taxon, x in found)
        return shot_of(burst, start + timedelta(hours=hour), blank, boxes)

    crowded = shot(1, "a", ("Equidae", 0.1), ("Giraffidae", 0.2))
    apart = shot(2, "a", ("Equidae", 0.1), ("Giraffidae", 0.6))
    none, one, two = shot(3, "b"), shot(4, "c", ("Aves", 0.1)), shot(5, "d", ("Aves", 0.1), ("Aves", 0.5))
    three, also_one = shot(6, "e", ("Aves", 0.0), ("Aves", 0.3), ("Aves", 0.6)), shot(7, "e", ("Aves", 0.1))
    assert import_module("picture").choose([crowded, apart, none, also_one, three, two, one]) == (
        apart,
        [one, two, three],
    )


def test_labels_do_not_lie_on_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that another is in the way of goes below it; one that stands beside keeps its place."""
    monkeypatch.syspath_prepend(str(TOOLS))
    free = import_module("picture")._free
    placed = [(100.0, 200.0, 150.0), (100.0, 242.0, 150.0)]
    assert free(placed, 300.0, 200.0, 80.0) == (300.0, 200.0, 80.0)
    assert free(placed, 120.0, 190.0, 80.0) == (120.0, 284.0, 80.0)
    assert free([], 120.0, 190.0, 80.0) == (120.0, 190.0, 80.0)
