"""Run the demonstration, take its card into a project, review a part of it, and photograph the pages of that.

See ``tools/screenshots``. What is on the pictures is a result of that run: the detector's labels, a person's
corrections made by the program's own commands, and the numbers that follow.
"""

from __future__ import annotations

import argparse
import functools
import operator
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from cameratrap.cli.demo import MODEL
from cameratrap.cli.demo_plays import waterhole
from cameratrap.cli.journey import Journey
from cameratrap.config import Config
from cameratrap.resources import builtin_taxa
from cameratrap.store.bursts import all_pictures
from cameratrap.store.card import open_card
from cameratrap.store.project_record import Contributor, ProjectRecord, write_record
from cameratrap.wiring import open_detector

PRODUCTS = Path(__file__).parent / "readme"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTH, GUTTER = 1400, 24
REVIEW_HEIGHT = 860
A4 = (794, 1123)  # pixels of CSS, 96 to the inch
MOST_BYTES = 300_000
COLOURS = (256, 192, 128)
AUTHOR = "Ada"
REVIEWED_UNTIL = date(2026, 6, 2)  # the third day is left as the model has it
RECORD = ProjectRecord(
    title="The waterhole in June",
    description="Three days at a waterhole, drawn by this program and counted by its detector.",
    contributors=(Contributor(title="Ada", role="principalInvestigator"),),
)


def make_project(folder: Path) -> Path:
    """The demonstration's card in a project, of which a person has reviewed two days."""
    journey, project = Journey(folder / "demo", waterhole()), folder / "waterhole"
    with closing(open_detector(Config(), builtin_taxa(), MODEL)) as detector:
        journey.photograph(detector, lambda _: None)
    _command("import", str(journey.card), "--into", str(project))
    write_record(project, RECORD)
    play = journey.play
    deployment, place = (
        f"{play.name}_{play.start:%Y%m%d}",
        [f"{play.station[name]}" for name in ("latitude", "longitude")],
    )
    _command(*_of(project), "project", "set", deployment, "--position", ",".join(place), "--author", AUTHOR)
    for picture, taxon, count in _reviewed(journey):
        said = ["--taxon", taxon, "--count", f"{count}"] if count else ["--blank"]
        _command(*_of(project), "label", "--media", picture, *said, "--author", AUTHOR)
    return project


def _reviewed(journey: Journey) -> Iterator[tuple[str, str, int]]:
    """For each burst of the days a person looks at, one picture of it and how many of what were drawn.

    Bursts of several taxa stay as the model has them: one command says one taxon.
    """
    with open_card(journey.card) as card:
        pictures = [each for each in all_pictures(card.connection) if each.captured_at.date() <= REVIEWED_UNTIL]
    bursts = {picture.burst: picture.path for picture in pictures}
    drawn = journey.play.shown or {}
    for burst, path in bursts.items():
        frames = [Counter(body.taxon for body in drawn[each.source_name]) for each in pictures if each.burst == burst]
        most: Counter[str] = functools.reduce(operator.or_, frames)
        if len(most) <= 1:
            taxon, count = most.popitem() if most else ("", 0)
            yield path, taxon, count


def _of(project: Path) -> tuple[str, str]:
    return "--data", str(project)


def _command(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "cameratrap", "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)


def photograph_review(browser: Browser, project: Path) -> Image.Image:
    """The gallery as it opens."""
    page = browser.new_page(viewport={"width": WIDTH, "height": REVIEW_HEIGHT}, color_scheme="dark")
    with _reviewing(project) as address:
        page.goto(address, wait_until="networkidle")
        return _image(page.screenshot())


@contextmanager
def _reviewing(project: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "cameratrap", *_of(project), "review", "--no-browser", "--author", AUTHOR]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield re.sub(r"\s", "", server.stdout.readline())
        finally:
            server.terminate()


def photograph_report(browser: Browser, project: Path, folder: Path) -> Image.Image:
    """Two pages' worth of it side by side, as it prints: how it begins, and its pictures."""
    file = folder / "report.html"
    _command(*_of(project), "report", "--output", str(file))
    page = browser.new_page(viewport={"width": A4[0], "height": A4[1]}, device_scale_factor=2)
    page.emulate_media(media="print")
    page.goto(file.as_uri())
    page.add_style_tag(content="body { padding: 40px }")  # the margins that paper has
    whole = _image(page.screenshot(full_page=True))
    pictures = page.get_by_role("heading", name="Pictures", exact=True).bounding_box()
    assert pictures is not None
    sheet = Image.new("RGB", (2 * WIDTH, round(WIDTH * A4[1] / A4[0])), "#8b9290")
    for x, top in ((0, 0), (WIDTH + GUTTER, min(2 * pictures["y"] - 40, whole.height - 2 * A4[1]))):
        part = whole.crop((0, round(top), whole.width, round(top) + 2 * A4[1]))
        sheet.paste(part.resize((WIDTH - GUTTER, sheet.height)), (x, 0))
    return sheet.resize((WIDTH, sheet.height // 2))


def _image(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


def save(image: Image.Image, path: Path) -> None:
    """In as many colours as there is room for. Raises ValueError for a file that is too large for a README."""
    for colours in COLOURS:
        image.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    else:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {MOST_BYTES}")
    print(f"{path}: {image.width} x {image.height}, {path.stat().st_size} bytes")


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=PRODUCTS, help="folder (default: %(default)s)")
    output: Path = parser.parse_args().output
    if CHROMIUM is None:
        print("error: there is no Chromium\nhint: on Debian: apt install chromium", file=sys.stderr)
        return 4
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        project = make_project(folder)
        with closing(playwright.chromium.launch(executable_path=CHROMIUM)) as browser:
            save(photograph_review(browser, project), output / "review.png")
            save(photograph_report(browser, project, folder), output / "report.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
