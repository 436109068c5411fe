"""Plots as files: the size they have in print, text that stays text, and what a reader must be able to see."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.errors import AnalysisError

pytest.importorskip("matplotlib")

from cameratrap.analysis.accumulation import accumulation
from cameratrap.analysis.accumulation_chao import chao2
from cameratrap.analysis.activity import activity_curve
from cameratrap.analysis.effort import EffortDefinition
from cameratrap.analysis.history import Cell, History
from cameratrap.analysis.operation import Site
from cameratrap.analysis.overlap import overlap
from cameratrap.analysis.overlap_interval import Interval
from cameratrap.analysis.plots import COLOURS, COLUMN_MM, DASHES, NIGHT, PAGE_MM, Paper, told_apart
from cameratrap.analysis.plots_accumulation import accumulation_plot
from cameratrap.analysis.plots_activity import DayAxis, activity_plot
from cameratrap.analysis.plots_effort import effort_plot
from cameratrap.analysis.plots_history import history_plot
from cameratrap.analysis.plots_rates import rates_plot
from cameratrap.analysis.rates import Rate

ZONE = timezone(timedelta(hours=2))
START = datetime(2026, 4, 1, 12, tzinfo=ZONE)
DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script> $\\frac & \x1b[31m \u202e"
SVG = Paper("svg")


def deployments(stations: int = 3) -> list[Deployed]:
    down = (Span(START + 3 * DAY, START + 5 * DAY),)
    return [Deployed(f"d{n}", f"station {n}", START, START + 10 * DAY, ZONE, down) for n in range(stations)]


def found_history(names: tuple[str, ...] = ("o1", "o2", "o3")) -> History:
    sites = (Site("ridge"), Site("stream", session="2026"))
    return History(sites, names, ((1, 0, None), (None, 0, 4)), ((1.0, 1.0, None), (None, 1.0, 1.0)))


def rates() -> list[Rate]:
    return [
        Rate("ridge", "Vulpes vulpes", 5, 7, 50.0),
        Rate("stream", "Vulpes vulpes", 0, 0, 150.0),
        Rate("ridge", "Meles meles", 30, 30, 50.0),
        Rate("stream", "Meles meles", 0, 0, 150.0),
        Rate("pond", "Meles meles", 0, 0, None),
    ]


def every_plot(paper: Paper, name: str = "Vulpes vulpes") -> dict[str, bytes]:
    times = [1.0, 1.5, 5.5]
    estimate = overlap(times, [2.0, 4.0])
    curves = [(name, activity_curve(times)), ("Meles meles", activity_curve([2.0, 4.0]))]
    axis = DayAxis("Solar time", math.pi / 2, 3 * math.pi / 2)
    richness = chao2([1, 1, 2], 30)
    named = [Rate(name, name, 1, 1, 1.0)]
    there = [Deployed("d", name, START, START + DAY, ZONE)]
    return {
        "activity": activity_plot(curves, axis=axis, paper=paper, overlap=(estimate, Interval(0.1, 0.6, 0.95))),
        "effort": effort_plot(there, paper=paper),
        "history": history_plot(History((Site(name),), (name,), ((1,),), ((1.0,),)), paper=paper, occasion=name),
        "rates": rates_plot(named, paper=paper, place=name, effort=name),
        "accumulation": accumulation_plot(accumulation({"a": 2, "b": 1}, 30), paper=paper, expected=(name, richness)),
    }


def parsed(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - we have written it ourselves


def texts(svg: bytes) -> list[str]:
    return ["".join(each.itertext()) for each in parsed(svg).iter("{http://www.w3.org/2000/svg}text")]


def lightness(colour: str) -> float:
    """From 0, black, to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture(scope="module")
def svgs() -> dict[str, bytes]:
    """One of each kind."""
    return every_plot(SVG)


@pytest.mark.parametrize("width_mm", [COLUMN_MM, PAGE_MM])
def test_a_png_is_as_wide_as_it_was_asked_for_at_300_dots_an_inch(width_mm: float) -> None:
    """A journal's column and its page, with the resolution that journals ask for written in the file."""
    with Image.open(io.BytesIO(rates_plot(rates(), paper=Paper("png", width_mm)))) as image:
        assert image.width == pytest.approx(width_mm / 25.4 * 300, abs=1)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_an_svg_keeps_its_text_and_refers_to_nothing(svgs: dict[str, bytes]) -> None:
    """A page can hold it as it is: no declaration, no reference outside, no script; its words can be searched."""
    for picture in svgs.values():
        root = parsed(picture)
        assert float(root.get("width", "").removesuffix("pt")) == pytest.approx(COLUMN_MM / 25.4 * 72, abs=0.1)
        assert picture.startswith(b"<svg")
        assert picture.count(b"http") == picture.count(b"http://www.w3.org/")
        assert texts(picture)


def test_the_same_numbers_are_the_same_file(svgs: dict[str, bytes]) -> None:
    """No date and no random name in it: a plot under version control changes when its numbers do."""
    assert svgs == every_plot(SVG)
    first, second = (rates_plot(rates(), paper=Paper("png")) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("form", ["svg", "png"])
def test_hostile_names_are_only_text(form: str) -> None:
    """Markup, formulas, control characters and right-to-left marks in a taxon or a station's name."""
    for picture in every_plot(Paper("svg" if form == "svg" else "png"), HOSTILE).values():
        if form == "svg":
            assert b"<script" not in picture
            assert b"\x1b" not in picture
            assert "\u202e".encode() not in picture


def test_letters_that_the_typeface_lacks() -> None:
    """They stay letters in an SVG; a PNG full of empty boxes is refused, with what to do instead."""
    there = [Deployed("d", "\u9e7f\u5834", START, START + DAY, ZONE)]
    assert "\u9e7f\u5834" in texts(effort_plot(there, paper=SVG))
    with pytest.raises(AnalysisError) as raised:
        effort_plot(there, paper=Paper("png"))
    assert ".svg" in raised.value.hint


def test_one_style_does_not_leak_into_the_caller_s() -> None:
    """Whoever draws other plots in the same program finds matplotlib as it was left."""
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    effort_plot(deployments(1), paper=SVG)
    assert dict(mpl.rcParams) == before


def test_lines_and_shades_differ_without_colour() -> None:
    """Of the two curves one is dashed, and the shades lie at least a fifth of the way from black to white apart."""
    assert len(set(DASHES)) == len(COLOURS) == 2
    assert lightness(NIGHT) - max(map(lightness, COLOURS)) > 0.2


def test_activity_names_each_sample_and_the_overlap(svgs: dict[str, bytes]) -> None:
    """How many records there are is part of the curve; the estimator and its interval part of the overlap."""
    words = texts(svgs["activity"])
    assert "Vulpes vulpes (n = 3 events)" in words
    assert any(word.startswith("Overlap Dhat1 = 0.") and word.endswith("(95% CI 0.10 to 0.60)") for word in words)
    assert "Night" in words
    one = activity_plot([("Lynx lynx", activity_curve([1.0], kappa=5.0))], axis=DayAxis("Clock time"), paper=SVG)
    assert "Lynx lynx (n = 1 event)" in texts(one)
    assert not {"Night", "Overlap"} & set(texts(one))


def test_an_axis_around_midnight_begins_at_noon() -> None:
    """For animals of the night: the same curve, not cut in two."""
    curve = [("Meles meles", activity_curve([0.2, 6.1, 5.9]))]
    plots = [
        texts(activity_plot(curve, axis=DayAxis("t", 1.6, 4.7, centre), paper=SVG)) for centre in ("noon", "midnight")
    ]
    assert plots[0][:5] == ["0:00", "6:00", "12:00", "18:00", "24:00"]
    assert plots[1][:5] == ["12:00", "18:00", "0:00", "6:00", "12:00"]


def test_a_curve_of_few_points_is_drawn_whole() -> None:
    """Three points for a table say nothing of the peak between them: the picture reaches up to it all the same."""

    def ticks(points: int) -> list[str]:
        curve = activity_curve([1.5, 1.6, 1.7], points=points)
        return texts(activity_plot([("_Meles", curve)], axis=DayAxis(), paper=SVG))

    assert ticks(3) == ticks(129)
    assert " _Meles (n = 3 events)" in ticks(3)


def test_three_curves_are_too_many() -> None:
    """Two can be told apart without colour."""
    curve = ("Meles meles", activity_curve([0.2, 6.1, 5.9]))
    with pytest.raises(ValueError, match="not 3"):
        activity_plot([curve] * 3, axis=DayAxis(), paper=SVG)


def test_effort_says_each_station_s_days() -> None:
    """Ten days less two of down time, by the definition that the bars are drawn by."""
    words = texts(effort_plot(deployments(), paper=SVG))
    assert words.count("8.0") == 3
    assert {"station 0", "station 1", "station 2", "Operating", "Not able to see"} <= set(words)
    pictures = {"d0": Span(START, START + 5 * DAY)}
    calendar = texts(effort_plot(deployments(), paper=SVG, definition=EffortDefinition.CALENDAR, pictures=pictures))
    assert (calendar.count("6.0"), calendar.count("\u2013")) == (1, 2)


def test_cameras_at_one_station_lie_below_each_other() -> None:
    """Two that overlap in time make two thin bars, two that follow each other one thick line of bars."""

    def bars(second_start: datetime) -> set[float]:
        there = [
            Deployed("a", "ridge", START, START + 10 * DAY, ZONE),
            Deployed("b", "ridge", second_start, START + 20 * DAY, ZONE),
        ]
        root = parsed(effort_plot(there, paper=SVG))
        drawn = root.findall(".//*[@id='axes_1']//*[@style='fill: #0072b2']")
        tops = [float(line.split()[2]) for path in drawn for line in path.get("d", "").splitlines()[:1]]
        return set(tops)

    assert len(bars(START + 5 * DAY)) == 2
    assert len(bars(START + 10 * DAY)) == 1


def test_a_hundred_stations_fit_on_a_page() -> None:
    """Rows grow thinner and only some are named, rather than a sheet of a metre."""
    svg = effort_plot(deployments(150), paper=SVG)
    assert float(parsed(svg).get("height", "").removesuffix("pt")) / 72 * 25.4 <= 226
    names = [word for word in texts(svg) if word.startswith("station")]
    assert 30 <= len(names) <= 48


@pytest.mark.parametrize(("longest", "width_mm"), [(22, COLUMN_MM), (44, PAGE_MM)])
def test_rows_that_begin_alike_are_told_apart(longest: int, width_mm: float) -> None:
    """Names that are too long are cut where they are the same: at the end, in the middle or at the beginning."""
    beginning, end = (
        "Iredell_County_North_Carolina_Forest_Transect_",
        "__SESS_the_second_winter_of_the_second_study",
    )
    for rest in ("", end):
        there = [Deployed(f"d{n}", f"{beginning}{n:03}{rest}", START, START + DAY, ZONE) for n in range(20)]
        rows = [word for word in texts(effort_plot(there, paper=Paper("svg", width_mm))) if "\u2026" in word]
        assert len(set(rows)) == 20
        assert max(map(len, rows)) <= longest


def test_a_name_that_fits_stays_whole() -> None:
    """Beside longer ones too; the same station twice, in two sessions, is one name."""
    long = "x" * 60
    assert told_apart(["ridge", long, "ridge"], 22) == ["ridge", "x" * 7 + "\u2026" + "x" * 14, "ridge"]


@pytest.mark.parametrize(
    ("first", "days", "named"),
    [
        (datetime(2021, 9, 14, tzinfo=ZONE), 60, "2021"),
        (datetime(2021, 1, 1, tzinfo=ZONE), 365, "2021"),
        (datetime(2021, 11, 20, tzinfo=ZONE), 60, "2021\u20132022"),
        (datetime(2021, 6, 1, tzinfo=ZONE), 30, "2021-Jun"),
        (datetime(2021, 6, 4, tzinfo=ZONE), 1, "2021-06-04"),
    ],
)
def test_the_axis_of_effort_names_what_all_of_it_lies_in(first: datetime, days: int, named: str) -> None:
    """A year under months of that year, not the month of the last tick."""
    words = texts(effort_plot([Deployed("d", "ridge", first, first + days * DAY, ZONE)], paper=SVG))
    assert {word for word in words if word.startswith("2021")} == {named}


def test_the_axis_of_effort_is_of_the_days_that_are_asked_for() -> None:
    """Of a deployment of two years, one month."""
    there = [Deployed("d", "ridge", START, START + 700 * DAY, ZONE)]
    words = texts(effort_plot(there, paper=SVG, since=date(2027, 3, 1), until=date(2027, 3, 31)))
    assert "2027-Mar" in words


def test_effort_without_a_bar_has_no_numbers_for_dates() -> None:
    """Set up and fetched on one day: by that definition nothing stood, and the axis has nothing to tell."""
    there = [Deployed("d", "ridge", START, START + DAY / 4, ZONE)]
    words = texts(effort_plot(there, paper=SVG, definition=EffortDefinition.TRAP_NIGHTS))
    assert set(words) == {"ridge", "0.0", "days", "Operating", "Not able to see"}


def test_one_event_is_far_from_none() -> None:
    """However many the most are: no record, one, and the most are at least an eighth of black to white apart."""
    counts = (*range(14), None)
    found = History((Site("ridge"),), tuple(f"o{n}" for n in range(15)), (counts,), ((1.0,) * 15,))
    cells = parsed(history_plot(found, paper=SVG, cell=Cell.COUNT)).findall(".//*[@id='QuadMesh_1']//*[@style]")
    fills = [each.get("style", "").partition("fill: ")[2][:7] for each in cells]
    shades = [lightness(fill) for fill in fills if fill.startswith("#")]
    assert len(shades) >= 14
    assert shades[0] - shades[1] > 1 / 8
    assert shades[1] - shades[13] > 1 / 8
    assert shades[:14] == sorted(shades[:14], reverse=True)


def test_a_history_tells_not_seen_from_not_operating() -> None:
    """Three kinds of cells, named; counts have a scale that reaches the most there were."""
    words = texts(history_plot(found_history(), paper=SVG, occasion="Occasion of 7 days"))
    assert {"Recorded", "Not recorded", "Not operating", "Occasion of 7 days", "ridge", "stream__SESS_2026"} <= set(
        words
    )
    counts = texts(history_plot(found_history(), paper=SVG, cell=Cell.COUNT))
    assert {"Events", "1", "4"} <= set(counts)
    dates = texts(history_plot(found_history(("2026-04-01_2026-04-07", "x", "y")), paper=SVG))
    assert "2026-04-01" in dates


def test_a_long_history_is_an_image_inside_the_svg() -> None:
    """A hundred stations over a year are a small file, not a hundred thousand shapes."""
    sites = tuple(Site(f"s{n}") for n in range(100))
    occasions = tuple(f"o{n + 1}" for n in range(365))
    long = History(sites, occasions, ((0, 1, None) * 121 + (0, 0),) * 100, ((1.0,) * 365,) * 100)
    assert len(history_plot(long, paper=SVG)) < 500_000


def test_rates_show_the_places_without_a_record() -> None:
    """Hollow dots at zero: four places with effort make four dots, the one without has none."""
    svg = rates_plot(rates(), paper=SVG, effort="exact")
    words = texts(svg)
    assert {"Station", "Station without a record", "All together", "Events per 100 camera-days (exact)"} <= set(words)
    assert words.index("Meles meles") < words.index("Vulpes vulpes")  # the more abundant is on top
    dots = parsed(svg).findall(".//*[@id='axes_1']//{http://www.w3.org/2000/svg}use[@style]")
    hollow = [dot for dot in dots if dot.get("style", "").startswith("fill: #ffffff; stroke: #0072b2")]
    full = [dot for dot in dots if dot.get("style", "").startswith("fill: #0072b2; stroke: #0072b2")]
    assert (len(hollow), len(full)) == (2, 2)
    assert "Individuals per 100 camera-days" in texts(rates_plot(rates(), paper=SVG, by_individuals=True))


def test_accumulation_names_what_may_be_still_to_come() -> None:
    """The estimate by its name, with its interval; the units on the axis."""
    frequencies = {"a": 20, "b": 1, "c": 1, "d": 2}
    estimate = chao2(frequencies.values(), 30)
    svg = accumulation_plot(
        accumulation(frequencies, 30), paper=SVG, unit="Occasions of 5 days", expected=("Chao2", estimate)
    )
    words = texts(svg)
    assert "Occasions of 5 days" in words
    assert "Expected species (4 found)" in words
    assert any(word.startswith(f"Chao2 = {estimate.estimate:.1f} (95% CI") for word in words)


def test_nothing_to_draw_is_refused() -> None:
    """An empty picture would say that there was nothing, which nobody knows."""
    empty = History((), (), (), ())
    for draw in (
        lambda: effort_plot([], paper=SVG),
        lambda: history_plot(empty, paper=SVG),
        lambda: rates_plot([], paper=SVG),
        lambda: rates_plot([Rate("a", "b", 0, 0, None)], paper=SVG),
        lambda: accumulation_plot([], paper=SVG),
    ):
        with pytest.raises(AnalysisError, match="needs a"):
            draw()


def test_matplotlib_is_loaded_when_something_is_drawn() -> None:
    """The modules of the plots are imported without it, and drawing needs no display and no pyplot."""
    script = """
import sys
from cameratrap.analysis import plots, plots_accumulation, plots_activity, plots_effort, plots_history, plots_rates
assert "matplotlib" not in sys.modules
from cameratrap.analysis.accumulation import accumulation
plots_accumulation.accumulation_plot(accumulation({"a": 1}, 3), paper=plots.Paper())
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
