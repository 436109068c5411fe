from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.events import TriggerCause
from cameratrap.domain.selection import Selection
from cameratrap.store.connection import transaction
from cameratrap.store.event_pictures import frames
from cameratrap.store.event_query import numbers as selected
from cameratrap.store.project import edit_project, read_project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import DeploymentRow, MediaRow, SequenceRow, add_deployment, add_media, add_sequence
from cameratrap.web.event_page import FRAMES
from cameratrap.web.text import plain
from tests.project_maker import START, Plan, make_project
from tests.review_pages import Pages, numbers, one_event, pages_of, picture

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></script><svg onload=alert(1)>",
    "\u202eexe.gpj\u202c\u2066x",
    "{{ 7 * 7 }}{% raw %}",
    "' OR 1=1 --",
    "a|b|c",
    "very long " * 15,
    "new\u2028line\x85\x1b[31m",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("pages") / "project", Plan(deployments=3, sequences=60))


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[Pages]:
    with pages_of(folder) as found:
        yield found


class _Tags(HTMLParser):
    """The elements of a page, and nothing that stands inside an attribute or a text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.found


def data_of(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="event-data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def link(html: str, name: str) -> str | None:
    found = re.search(rf'id="{name}"[^>]*? href="([^"]+)"', html)
    return unescape(found[1]) if found else None


@pytest.mark.parametrize(
    "query", ["", "deployment=d002", "blank=no&taxon=Vulpes+vulpes&taxon=Sus+scrofa", "light=night"]
)
@pytest.mark.parametrize("size", [7, 60])
def test_the_pages_together_hold_the_selection_once_and_in_order(
    pages: Pages, folder: Path, query: str, size: int
) -> None:
    with read_project(folder) as project:
        wanted = selected(project.connection, Selection.from_query(query))
    found: list[int] = []
    address: str | None = f"/?{query}&size={size}"
    while address:
        html = pages.text(address)
        found += numbers(html)
        address = link(html, "page-next")
    assert found == wanted
    assert f'data-total="{len(wanted)}"' in html


def test_the_page_before_is_the_one_that_was_left(pages: Pages) -> None:
    first = pages.text("/?size=10")
    second = pages.text(link(first, "page-next") or "")
    assert numbers(pages.text(link(second, "page-previous") or "")) == numbers(first)


def test_every_choice_leads_to_as_many_events_as_it_says(pages: Pages) -> None:
    html = pages.text("/?blank=no")
    choices = re.findall(r'<a href="([^"]*)"[^>]*><bdi[^>]*>([^<]+)</bdi><span class="n">([\d,]+)</span></a>', html)
    assert {"d001", "d002", "d003", "unverified", "Vulpes vulpes", "flagged"} <= {name for _, name, _ in choices}
    for address, name, count in choices:
        if name != "blank":  # which is chosen otherwise, and so replaced
            assert f'data-total="{count}"' in pages.text(unescape(address)), name


def test_what_is_chosen_is_named_and_can_be_left_out(pages: Pages) -> None:
    html = pages.text("/?taxon=Vulpes+vulpes&hours=22-4&min_score=0.5")
    for query in ("min_score=0.5&amp;hours=22-4", "taxon=Vulpes+vulpes&amp;min_score=0.5"):
        assert f'href="/?{query}" title="Leave this out"' in html
    assert '<input type="hidden" name="taxon" value="Vulpes vulpes">' in html
    assert 'name="hours" aria-label="hours of the day" value="22-4"' in html


def test_nothing_found_is_said_and_so_is_a_project_without_events(pages: Pages, tmp_path: Path) -> None:
    assert "No event is in this selection" in pages.text("/?taxon=Panthera+leo")
    with pages_of(make_project(tmp_path / "empty", Plan(deployments=0))) as empty:
        assert "No events yet" in empty.text("/")


@pytest.mark.parametrize(
    "query",
    ["foo=1", "after=1", "after=1_2_3", "size=-1", "size=x", "from=yesterday", "hours=25-26", "min_score=2", "state=x"],
)
def test_a_wrong_address_is_a_page_that_says_what_is_wrong(pages: Pages, query: str) -> None:
    answer = pages.get(f"/?{query}")
    assert answer.status_code == 400
    assert 'data-page="problem"' in answer.text


def test_an_event_stands_with_its_pictures_boxes_and_words(pages: Pages) -> None:
    first = pages.text("/?blank=no")
    number = numbers(first)[0]
    html = pages.text(f"/event/{number}?blank=no")
    data = data_of(html)
    assert data == pages.get(f"/api/event/{number}?blank=no").json()
    assert data["next"] == numbers(first)[1]
    assert data["previous"] is None
    assert html.count('class="frame"') == len(data["media"])
    assert html.count('<g class="box counts">') == len(data["media"][0]["boxes"]) > 0
    assert data["machine"][0]["taxon"] == data["taxa"][0]["taxon"]
    assert "made-up 1" in html
    assert link(html, "event-next") == f"/event/{data['next']}?blank=no"


def test_one_picture_of_an_event_has_an_address(pages: Pages) -> None:
    media = pages.event(1)["media"]
    html = pages.text(f"/event/1/{media[1]['id']}")
    assert f'src="/thumb/{media[1]["id"]}?w=1920"' in html
    assert '<span id="frame-number">2</span>' in html


def test_an_event_opens_with_the_picture_that_shows_it_best(tmp_path: Path) -> None:
    """Not with the first, which may be empty or sealed."""
    folder = make_project(tmp_path / "p", Plan(deployments=1, sequences=2, media=3, blank=0.0))
    with edit_project(folder) as project:
        event = project.connection.execute("SELECT MAX(event) FROM sequences").fetchone()[0]
        pictures = [frame.media for frame in frames(project.connection, event)]
        project.connection.execute(
            "UPDATE detections SET media = ?, score = 0.99 WHERE media = ?", (pictures[1], pictures[0])
        )
    with pages_of(folder) as pages:
        assert f'src="/thumb/{pictures[1]}?w=1920"' in pages.text(f"/event/{event}")
        assert f'src="/thumb/{pictures[1]}?w=640"' in pages.text("/")
    with edit_project(folder) as project:
        project.connection.execute("UPDATE media SET state = 'sealed' WHERE id = ?", (pictures[1],))
    with pages_of(folder) as pages:
        assert f'src="/thumb/{pictures[3]}?w=1920"' in pages.text(f"/event/{event}")  # of the second burst
        assert f'src="/thumb/{pictures[3]}?w=640"' in pages.text("/")


def test_the_words_alone_are_for_a_script_that_has_added_one(pages: Pages) -> None:
    html = pages.text("/event/1/history")
    assert html.strip().startswith('<ol id="history">')
    assert "made-up 1" in html


def test_an_event_that_is_not_there_is_said(pages: Pages) -> None:
    assert pages.get("/event/123456").status_code == 404
    assert pages.get("/event/123456/history").status_code == 200
    assert pages.get("/api/event/123456").status_code == 404
    assert pages.get("/api/facts/123456").status_code == 404


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_shown_and_does_nothing(tmp_path: Path, text: str) -> None:
    """As a taxon, a model's name and a file's: no element comes of it, and nothing is hidden."""
    media = MediaRow(f"d1/{text}", f"{text.replace('/', '_').replace(chr(0), '')[:200]}.jpg", START)
    folder = one_event(tmp_path / "p", media, picture(), taxon=text, author=text)
    with pages_of(folder) as pages:
        plainly = one_event(tmp_path / "q", MediaRow("d1/1", "a.jpg", START), picture(), taxon="x", author="y")
        with pages_of(plainly) as other:
            for address in ("/", "/event/1", "/event/1/history"):
                html = pages.text(address)
                assert [tag for tag, _ in tags(html)] == [tag for tag, _ in tags(other.text(address))]
                assert not any(name.startswith("on") for _, attributes in tags(html) for name in attributes)
                assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x85]", re.sub(r'data-\w+="[^"]*"', "", html))
        assert pages.event(1)["taxa"] == [{"taxon": text, "count": 1}]
        assert data_of(pages.text("/event/1"))["taxa"] == [{"taxon": text, "count": 1}]
        chosen = pages.text("/?" + Selection(taxa=(text,)).to_query())
        assert numbers(chosen) == [1]


@given(st.text(max_size=500))
def test_a_line_shows_as_what_it_is(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable() or not set("\n\r\t\x00\u202e\u2066\u2028") & set(shown)
    assert len(shown) <= 6 * 300
    shown.encode()


def test_an_event_as_long_as_a_season_comes_a_part_at_a_time(tmp_path: Path) -> None:
    """A picture a minute is one event; its page stays as small as any other."""
    count = 2 * FRAMES + 10
    with edit_project(tmp_path / "p", create=True) as project, transaction(project.connection):
        connection = project.connection
        row = DeploymentRow("d1", "s1", 60, START, START + timedelta(days=9), "card", "cards/d1", START)
        deployment = add_deployment(connection, row)
        made = []
        for number in range(count):
            at = START + timedelta(minutes=number)
            made.append(add_sequence(connection, deployment, SequenceRow(f"b{number}", TriggerCause.TIMELAPSE, at, at)))
            add_media(connection, deployment, made[-1], MediaRow(f"m{number}", f"{number}.jpg", at))
        settle(connection, made)
        assert regroup(connection, deployment) == 1
    with pages_of(tmp_path / "p") as pages:
        found: list[int] = []
        address: str | None = "/event/1"
        while address:
            html = pages.text(address)
            found += [int(number) for number in re.findall(r'class="frame" data-media="(\d+)"', html)]
            later = re.search(r'href="([^"]+)">Later pictures', html)
            address = later[1] if later else None
        assert found == list(range(1, count + 1))
        assert f"of {count}" in html
        assert "Earlier pictures" in html


@pytest.mark.slow
def test_a_page_of_many_events_comes_as_fast_as_one_of_few(tmp_path: Path) -> None:
    """The server's time for a first page and for a change of the filter, of 100,000 pictures."""
    folder = make_project(tmp_path / "p", Plan(deployments=10, sequences=2000, media=5))
    with pages_of(folder) as pages:
        pages.text("/")
        for query in ("", "taxon=Vulpes+vulpes", "blank=no&light=night", "hours=22-4&min_score=0.9", "state=verified"):
            begun_s = time.perf_counter()
            pages.text(f"/?{query}")
            assert time.perf_counter() - begun_s < 0.5, query


def test_names_can_be_completed_from_what_the_project_has_and_from_the_table(pages: Pages) -> None:
    """All are there at once: a page that asks while somebody types takes the answer to an earlier question."""
    found = {each["name"]: each for each in pages.get("/api/taxa").json()}
    fox = found["Vulpes vulpes"]
    assert (fox["vernacular"], fox["is_own"]) == ("red fox", True)
    assert {"vulpes vulpes", "red fox"} <= set(fox["keys"])
    assert not found["Gulo gulo"]["is_own"]


def test_a_study_s_own_names_are_completed_too(tmp_path: Path) -> None:
    with pages_of(one_event(tmp_path / "p", MediaRow("d1/1", "a.jpg", START), None, taxon="Pine Marten M7")) as pages:
        own = {"name": "Pine Marten M7", "vernacular": "", "keys": ["pine marten m7"], "is_own": True}
        assert own in pages.get("/api/taxa").json()
