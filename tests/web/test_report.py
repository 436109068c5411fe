"""The report as a file to mail: whole, harmless, small enough, and silent on what is not to be told."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from math import tau
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from PIL import Image, ImageChops, ImageDraw, ImageStat

from cameratrap.analysis.activity import activity_curve
from cameratrap.analysis.plots import Paper
from cameratrap.analysis.plots_activity import DayAxis, activity_plot
from cameratrap.app.project_source import open_source
from cameratrap.app.studied import chosen_deployments as deployed_of
from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_record import Contributor, ProjectRecord, write_record
from cameratrap.store.project_rows import (
    DeploymentRow,
    DetectionRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_deployment,
    add_media,
    add_sequence,
    add_word,
)
from cameratrap.web.report_looked import models_of, reviewers_of
from tests.odd_projects import Study, odd_project, studies
from tests.project_maker import START, Plan, make_project
from tests.reports import Page, opened, report_of, report_on
from tests.studied_project import studied_project

FOX = "Vulpes vulpes"
WHOLE = BBox(0.3, 0.3, 0.4, 0.4)


def chequered(side: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """A picture of squares: the smaller they are, the more of it is edges."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for x in range(0, size[0], 2 * side):
        for y in range(0, size[1], 2 * side):
            draw.rectangle((x, y, x + side - 1, y + side - 1), fill="black")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


class Studio:
    """A project of one deployment; ``take`` adds a picture an hour, and what was said of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with edit_project(folder, create=True) as project, transaction(project.connection):
            row = DeploymentRow("d1", "s1", 60, START, START.replace(day=20), "card", "cards/d1", START)
            add_deployment(project.connection, row)
        (folder / "cards" / "d1").mkdir(parents=True)

    def take(self, data: bytes, machine: WordRow, human: WordRow | None = None, *, state: str = "present") -> None:
        with edit_project(self.folder) as project, transaction(project.connection):
            connection = project.connection
            number = connection.execute("SELECT COUNT(*) FROM sequences").fetchone()[0]
            at, name = START.replace(day=2 + number // 24, hour=number % 24), f"IMG_{number:04}.JPG"
            (self.folder / "cards" / "d1" / name).write_bytes(data)
            sequence = add_sequence(connection, 1, SequenceRow(f"b{number}", TriggerCause.PIR, at, at))
            add_media(connection, 1, sequence, MediaRow(f"d1/{name}", name, at, state=state))  # type: ignore[arg-type]
            for word in filter(None, (machine, human)):
                seen = tuple(replace(each, first_at=at, last_at=at) for each in word.observations)
                boxes = tuple(replace(each, media=number + 1) for each in word.detections)
                add_word(connection, sequence, replace(word, observations=seen, detections=boxes))
            settle(connection, [sequence])
            regroup(connection, 1)


def said(taxon: str = FOX, score: float = 0.8, *more: DetectionRow, box: BBox = WHOLE) -> WordRow:
    """A model's word: one of the taxon, and boxes besides."""
    seen = ObservationRow(taxon, 1, START, START, score=score)
    return WordRow("machine", "m 1", START, (seen,), (DetectionRow(0, taxon, taxon, score, box), *more))


def by_person(*taxa: str) -> WordRow:
    """A person's word."""
    return WordRow("human", "Ada", START, tuple(ObservationRow(taxon, 1, START, START) for taxon in taxa))


def test_everything_is_in_the_file_and_nothing_in_it_can_run(tmp_path: Path) -> None:
    """No script, no address but data, every element closed; the browser is told to load nothing besides."""
    html = report_of(make_project(tmp_path / "p", Plan(deployments=2, sequences=30, pictures=True)))
    page = Page(html)
    assert "default-src 'none'; img-src data:" in html
    assert {kind for kind, _ in page.images} == {"image/svg+xml", "image/jpeg"}
    assert "://" not in html


@given(studies())
@settings(max_examples=8, deadline=None)
def test_any_project_has_a_report(study: Study) -> None:
    """Whatever names, offsets, words and gaps there are, the page is whole and harmless."""
    with TemporaryDirectory() as folder, odd_project(Path(folder) / "p", study) as project:
        Page(report_on(project))


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "a\u202eb"]
)
def test_hostile_names_are_only_text(tmp_path: Path, name: str) -> None:
    """A label, a station, a title and an author that are markup are read as what they are."""
    studio = Studio(tmp_path / "p")
    studio.take(chequered(8), said(name), WordRow("human", name, START, by_person(name).observations))
    write_record(studio.folder, ProjectRecord(title=name, description=name, contributors=(Contributor(title=name),)))
    page = Page(report_of(studio.folder))
    assert name.replace("\u202e", "\\u202e") in page.text
    assert len(page.photographs) == 1


def test_a_project_without_anything_says_so(tmp_path: Path) -> None:
    """No deployment, no animal, no position, no health, no model: a page all the same, without empty sections."""
    with edit_project(tmp_path / "p", create=True):
        pass
    text = Page(report_of(tmp_path / "p")).text
    assert "No deployment" in text
    assert "No model's word is on these pictures." in text
    assert "No person has reviewed them yet" not in text
    assert "Pictures on which" not in text


def test_models_and_reviewers_are_of_the_days_of_the_report(tmp_path: Path) -> None:
    """One sequence an hour for two days, the second day reviewed: a report of either says what was looked at then."""
    studio = Studio(tmp_path / "p")
    for number in range(25):
        studio.take(chequered(8), said(), by_person(FOX) if number == 24 else None)
    first, second = START.replace(day=2).date(), START.replace(day=3).date()
    with open_source(studio.folder) as project:
        deployed = deployed_of(project.connection, Selection())
        counts = [
            (
                [each.sequences for each in models_of(project, deployed, selection)],
                [each.sequences for each in reviewers_of(project, deployed, selection)],
            )
            for selection in (Selection(), Selection(until=first), Selection(since=second))
        ]
    assert counts == [([25], [1]), ([24], []), ([1], [1])]


def test_one_picture_makes_a_report(tmp_path: Path) -> None:
    """One deployment, one picture: its numbers, its picture, no curve, and why there is none."""
    studio = Studio(tmp_path / "p")
    studio.take(chequered(8), said())
    page = Page(report_of(studio.folder, title="The den at Ösi"))
    assert "The den at Ösi" in page.text
    assert "Vulpes vulpes red fox (1 event: fewer than 10 events)" in page.text
    assert "a model's word, score 0.80" in page.text
    assert "Nobody wrote down where the camera stood." in page.text
    assert "told nothing of their batteries" in page.text


def test_rates_are_those_of_the_definitions_it_names(tmp_path: Path) -> None:
    """Two events in one camera-day are 200 in 100; a taxon of the study that was not met has a row of zeros."""
    studio = Studio(tmp_path / "p")
    for _ in range(2):
        studio.take(chequered(8), said())
    studio.take(chequered(8), said("Meles meles"), by_person("Meles meles"))
    day = START.replace(day=2).date()
    page = Page(report_of(studio.folder, Selection(since=day, until=day)))
    assert "Vulpes vulpes red fox 2 2 200.00 200.00 1 of 1 0 %" in page.text
    assert "Meles meles European badger 1 1 100.00 100.00 1 of 1 100 %" in page.text
    later = Page(report_of(studio.folder, Selection(since=START.replace(day=5).date())))
    assert "Vulpes vulpes red fox 0 0 0.00 0.00 0 of 1 \N{EN DASH}" in later.text
    assert "Of the study, only: from 2026-06-05." in later.text


def test_positions_are_told_as_asked(tmp_path: Path) -> None:
    """Coarsened where a lynx was seen, exact where asked for, and with none nothing of a place is in the file."""
    folder = studied_project(tmp_path / "p", lynx_at_second=True)
    assert "dashed square" in Page(report_of(folder)).text
    assert "dashed square" not in Page(report_of(folder, positions="exact")).text
    alone = Selection(stations=("wood",))
    assert "52.12346° N, 1.65432° W" in Page(report_of(folder, alone, positions="exact")).text
    assert (
        "52.1° N, 1.7° W (to a tenth of a degree: sensitive taxa were seen there)"
        in Page(report_of(folder, alone)).text
    )
    none = report_of(folder, positions="none")
    assert "Positions are left out of this report." in Page(none).text
    assert "52." not in Page(none).text
    assert "<circle" not in none


def test_pictures_carry_nothing_but_what_is_seen(tmp_path: Path) -> None:
    """A position in EXIF, a comment and a thumbnail stay in the original; the picture is no larger than 900 pixels."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 7.0, 24.0), 3: "W", 4: (1.0, 39.0, 15.0)})
    stream = io.BytesIO()
    Image.effect_noise((1800, 1200), 60).convert("RGB").save(stream, "JPEG", exif=exif, comment=b"52.1234 N 1.6543 W")
    studio = Studio(tmp_path / "p")
    studio.take(stream.getvalue(), said())
    (photograph,) = Page(report_of(studio.folder)).photographs
    image = opened(photograph)
    assert image.size == (900, 600)
    assert not image.getexif()
    assert not {"exif", "comment", "xmp", "icc_profile"} & image.info.keys()
    assert b"52.1234" not in photograph


def test_the_sharp_whole_and_verified_picture_is_taken(tmp_path: Path) -> None:
    """Of equal ones the sharper; of equally sharp ones that with the whole animal; a verified one before all."""
    shots = {"coarse": chequered(40), "fine": chequered(3), "cut": chequered(2), "other": chequered(12)}
    studio = Studio(tmp_path / "p")
    studio.take(shots["coarse"], said())
    studio.take(shots["fine"], said())
    studio.take(shots["cut"], said(box=BBox(0, 0.3, 0.4, 0.4)))
    assert _shown(studio.folder, shots) == "fine"
    studio.take(shots["other"], said(score=0.3), by_person(FOX))
    assert _shown(studio.folder, shots) == "other"


def _shown(folder: Path, shots: dict[str, bytes]) -> str:
    """Which of the originals the report's picture is nearest to."""
    (photograph,) = Page(report_of(folder)).photographs
    shown = opened(photograph)
    return min(shots, key=lambda name: sum(ImageStat.Stat(ImageChops.difference(shown, opened(shots[name]))).mean))


PERSON = DetectionRow(0, "Homo sapiens", "person", 0.2, BBox(0, 0, 0.2, 0.5), Fate.DOUBTFUL)


@pytest.mark.parametrize(
    ("machine", "human", "state"),
    [
        (said(FOX, 0.8, PERSON), None, "present"),
        (said(), by_person(FOX, "Homo sapiens"), "present"),
        (said(), by_person(FOX, "horse and rider"), "present"),
        (said(), by_person(FOX, "person on skis"), "present"),
        (said(), by_person(FOX, "vehicle"), "present"),
        (said(), None, "blurred"),
    ],
)
def test_nobody_is_shown_unless_asked_for(tmp_path: Path, machine: WordRow, human: WordRow | None, state: str) -> None:
    """A person whom a model only suspects, one a person has named, and one who was blurred are in no picture."""
    studio = Studio(tmp_path / "p")
    studio.take(chequered(8), machine, human, state=state)
    page = Page(report_of(studio.folder))
    assert not page.photographs
    assert "there is no picture that can be shown" in page.text
    assert Page(report_of(studio.folder, with_people=True)).photographs


def test_who_looked_and_saw_nobody_is_believed(tmp_path: Path) -> None:
    """What a model took for a person is shown once a person has said that it is a fox."""
    studio = Studio(tmp_path / "p")
    studio.take(chequered(8), said("Homo sapiens"), by_person(FOX))
    assert len(Page(report_of(studio.folder)).photographs) == 1


@pytest.mark.parametrize("state", ["sealed", "removed"])
def test_what_cannot_be_seen_is_not_missed(tmp_path: Path, state: str) -> None:
    """Sealed and removed pictures, and files that are gone or damaged, are no candidates."""
    studio = Studio(tmp_path / "p")
    studio.take(chequered(8), said(), state=state)
    studio.take(b"\xff\xd8 no picture", said())
    studio.take(chequered(8), said())
    (studio.folder / "cards" / "d1" / "IMG_0002.JPG").unlink()
    assert not Page(report_of(studio.folder)).photographs


def test_it_is_as_small_as_it_was_asked_to_be(tmp_path: Path) -> None:
    """Pictures get smaller, then fewer, and the page says of which taxa; without room for its tables it is refused."""
    studio = Studio(tmp_path / "p")
    for n, taxon in enumerate((FOX, "Meles meles", "Sus scrofa")):
        stream = io.BytesIO()
        Image.effect_noise((1200, 900), 90 + n).convert("RGB").save(stream, "JPEG", quality=95)
        studio.take(stream.getvalue(), said(taxon))
    large = report_of(studio.folder)
    widths = {opened(each).width for each in Page(large).photographs}
    assert widths == {900}
    smaller = report_of(studio.folder, limit_bytes=len(large) * 2 // 3)
    assert len(smaller.encode()) <= len(large) * 2 // 3
    assert {opened(each).width for each in Page(smaller).photographs} < {640, 420}
    few = report_of(studio.folder, limit_bytes=200_000)
    assert len(few.encode()) <= 200_000
    assert 0 < len(Page(few).photographs) < 3
    assert "there is no picture of" in Page(few).text
    with pytest.raises(UsageError, match="no room for its tables"):
        report_of(studio.folder, limit_bytes=10_000)


def test_thousands_of_records_leave_room_for_pictures() -> None:
    """A curve's ticks are painted once they are many: the plot of a season is no larger than that of a month."""
    rng = Random(1)
    few, many = ([rng.uniform(0, tau) for _ in range(n)] for n in (900, 20_000))
    sizes = [
        len(activity_plot([(FOX, activity_curve(times, kappa=20))], axis=DayAxis(), paper=Paper("svg")))
        for times in (few, many)
    ]
    assert sizes[1] < 60_000
    assert sizes[1] < sizes[0]


def test_health_is_told_day_by_day(tmp_path: Path) -> None:
    """Volts from first to last and the lowest, the coldest and the warmest, restarts and days with a fault."""
    studio = Studio(tmp_path / "p")
    days = [(1, 12.6, 4, 20), (2, 11.8, -3, 18), (3, 12.1, 0, 25), (7, None, None, None)]
    with edit_project(studio.folder) as project, transaction(project.connection):
        for day, volts, coldest, warmest in days:
            _tell(project, day, {"battery_v": volts, "temperature_min_c": coldest, "temperature_max_c": warmest})
    html = report_of(studio.folder)
    text = Page(html).text
    assert "12.60 to 12.10, lowest 11.80 -3 to 25 4 lamp on 4 days" in text
    assert html.count('class="spark"') == 2


@pytest.mark.parametrize(
    "told", ['{"battery_v": NaN, "restarts": Infinity, "faults": "x"}', "[]", '{"battery_v": "12"}']
)
def test_health_that_is_no_number_is_left_out(tmp_path: Path, told: str) -> None:
    """Another program's package may say anything; the page is made, and says that nothing was told."""
    studio = Studio(tmp_path / "p")
    with edit_project(studio.folder) as project, transaction(project.connection):
        project.connection.execute(
            "INSERT INTO effort_days (deployment, day, health) VALUES (1, '2026-06-01', ?)", (told,)
        )
    assert "told nothing of their batteries" in Page(report_of(studio.folder)).text


def _tell(project: Project, day: int, health: dict[str, object]) -> None:
    told = json.dumps(health | {"faults": ["lamp"], "restarts": 1})
    project.connection.execute(
        "INSERT INTO effort_days (deployment, day, health) VALUES (1, ?, ?)", (f"2026-06-{day:02}", told)
    )


def test_blanks_and_models_are_named(tmp_path: Path) -> None:
    """Two of three looked at are blank, one nobody has looked at; the model with its hash and its threshold."""
    studio = Studio(tmp_path / "p")
    model = WordRow("machine", "nano 2", START, model_sha256="ab" * 32, score_threshold=0.35)
    studio.take(chequered(8), model)
    studio.take(chequered(8), model, by_person())
    studio.take(chequered(8), replace(said(), classified_by="nano 2", model_sha256="ab" * 32, score_threshold=0.35))
    text = Page(report_of(studio.folder)).text
    assert "d1 3 2 67 % 0 1 \N{EN DASH}" in text
    assert f"nano 2 {'ab' * 32} 0.35 3" in text
    assert "Ada 2026-06-01 2026-06-01 1" in text
