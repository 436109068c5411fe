from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cameratrap.store.event_pictures import pictures_like
from cameratrap.store.project import edit_project
from cameratrap.store.project_rows import MediaRow
from cameratrap.web.background import difference, median
from tests.project_maker import START, Plan, make_project
from tests.review_pages import add_event, pages_of

SIZE = (160, 120)


def scene(seed: int, *, animal: tuple[int, int, int, int] | None = None, light: float = 1.0) -> Image.Image:
    """The same place with other noise each time, and an animal in it where one is given."""
    place = np.random.default_rng(7).integers(40, 160, (SIZE[1] // 8, SIZE[0] // 8, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(place).resize(SIZE)).astype(float)
    noisy = pixels * light + np.random.default_rng(seed).normal(0, 3, pixels.shape)
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    if animal is not None:
        ImageDraw.Draw(image).rectangle(animal, fill=(235, 225, 215))
    return image


def brightness(image: Image.Image, box: tuple[int, int, int, int]) -> float:
    return float(np.asarray(image.crop(box).convert("L")).mean())


@given(st.lists(st.binary(min_size=12, max_size=12), min_size=1, max_size=9).filter(lambda found: len(found) % 2))
def test_the_median_is_numpy_s(pictures: list[bytes]) -> None:
    found = median([Image.frombytes("L", (4, 3), data) for data in pictures])
    arrays = [np.frombuffer(data, dtype=np.uint8) for data in pictures]
    assert list(found.tobytes()) == list(np.median(arrays, axis=0).astype(np.uint8))


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_what_has_changed_keeps_its_light_and_the_rest_is_dimmed(light: float) -> None:
    """By more or less light than the others had; an animal in two of the others leaves nothing in the background."""
    animal, elsewhere = (60, 40, 90, 70), (100, 20, 130, 50)
    others = [scene(seed, animal=elsewhere if seed < 2 else None) for seed in range(7)]
    shown = scene(99, animal=animal, light=light)
    found = difference(shown, others)
    assert found is not None
    inside, corner = (66, 46, 84, 64), (4, 80, 40, 116)
    assert brightness(found, inside) == pytest.approx(brightness(shown, inside), rel=0.02)
    for still in (corner, elsewhere):
        assert brightness(found, still) < 0.45 * brightness(shown, still)


def test_too_few_pictures_are_no_background() -> None:
    shown = scene(1)
    assert difference(shown, [scene(2), scene(3)]) is None
    assert difference(shown, [scene(2), scene(3), scene(4)]) is not None
    other_camera = [scene(seed).resize((160, 90)) for seed in range(9)]
    assert difference(shown, [scene(2), scene(3), *other_camera]) is None


def test_it_is_compared_with_its_own_camera_s_other_events_by_the_same_light(tmp_path: Path) -> None:
    with edit_project(make_project(tmp_path / "p", Plan(deployments=2, sequences=30))) as project:
        connection = project.connection
        connection.execute("UPDATE media SET infrared = id % 3 = 0")
        of_it = dict(connection.execute("SELECT m.id, s.event FROM media m JOIN sequences s ON s.id = m.sequence"))
        night = [number for number in of_it if number % 3 == 0]
        shown = night[8]
        found = [frame.media for frame in pictures_like(connection, shown, most=7)]
        assert len(found) == 7
        assert all(number % 3 == 0 for number in found)
        assert len({of_it[number] for number in found} | {of_it[shown]}) == 8
        here = {row[0] for row in connection.execute("SELECT id FROM media WHERE deployment = 1")}
        assert set(found) <= here


def test_the_page_shows_the_difference_or_says_why_not(tmp_path: Path) -> None:
    with edit_project(tmp_path / "p", create=True) as project:
        for number in range(5):
            stream = io.BytesIO()
            scene(number).save(stream, "JPEG", quality=92)
            media = MediaRow(f"m{number}", f"{number}.jpg", START + timedelta(hours=number))
            add_event(project, f"d{number}", media, stream.getvalue() if number != 3 else b"damaged")
        with pages_of(tmp_path / "p") as pages:
            assert "too few other pictures" in " ".join(pages.get("/difference/1").text.split())
        with project.connection:
            project.connection.execute("UPDATE media SET deployment = 1")
            project.connection.execute("UPDATE sequences SET deployment = 1, sequence = 'b' || id")
    with pages_of(tmp_path / "p") as pages:
        answer = pages.get("/difference/1")
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == SIZE
        assert pages.get("/difference/4").status_code == 404
