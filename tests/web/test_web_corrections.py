from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cameratrap.domain.selection import Selection
from cameratrap.store.event_query import count
from cameratrap.store.project import read_project
from tests.card_maker import fingerprint, make_trap_card
from tests.project_maker import Plan, make_project
from tests.review_pages import ADDRESS, Pages, numbers, pages_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", Plan(deployments=1, sequences=24, blank=0.3))


@pytest.fixture
def pages(folder: Path) -> Iterator[Pages]:
    with pages_of(folder) as found:
        yield found


def act(pages: Pages, key: str, kind: str, **more: Any) -> Any:
    answer = pages.post("/api/act", {"key": key, "kind": kind, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_said_stands_and_the_model_s_word_beside_it(pages: Pages) -> None:
    number = numbers(pages.text("/?blank=no"))[0]
    before = pages.event(number)
    told = act(pages, "a", "relabel", taxon="Red_Fox", events=[number])
    after = pages.event(number)
    assert told["events"] == [{key: after[key] for key in told["events"][0]}]
    assert (after["state"], after["taxa"][0]["taxon"]) == ("verified", "Vulpes vulpes")
    assert after["by"]["author"] == "Ada"
    assert after["machine"] == before["machine"]
    html = pages.text(f"/event/{number}")
    assert "relabel" in html
    assert '<h2><span class="state" title="verified">' in html


def test_an_action_whose_answer_was_lost_is_sent_again_and_done_once(pages: Pages, folder: Path) -> None:
    first = act(pages, "same", "blank", events=[1])
    again = act(pages, "same", "blank", events=[1])
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert {**first, "repeated": True} == again
    with read_project(folder) as project:
        assert project.connection.execute("SELECT COUNT(*) FROM actions").fetchone()[0] == 1


def test_everything_is_undone_to_the_start_and_done_again(pages: Pages, folder: Path) -> None:
    events = numbers(pages.text("/"))
    at_first = [pages.event(number) for number in events]
    act(pages, "1", "verify", events=events)
    act(pages, "2", "unknown", events=events[:2])
    act(pages, "3", "flag", events=[events[0]])
    at_last = [pages.event(number) for number in events]
    kinds = [pages.post("/api/undo", {"key": f"u{number}"}).json()["kind"] for number in range(4)]
    assert kinds == ["flag", "unknown", "verify", None]
    assert [pages.event(number) for number in events] == at_first
    kinds = [pages.post("/api/redo", {"key": f"r{number}"}).json()["kind"] for number in range(4)]
    assert kinds == ["verify", "unknown", "flag", None]
    assert [pages.event(number) for number in events] == at_last


def test_undo_goes_on_after_a_restart(folder: Path) -> None:
    with pages_of(folder) as pages:
        before = pages.event(1)
        act(pages, "a", "blank", events=[1])
    with pages_of(folder, author="Bob") as pages:
        assert pages.event(1)["is_blank"]
        assert pages.post("/api/undo", {"key": "u"}).json()["kind"] == "blank"
        assert pages.event(1) == before


def test_all_of_a_selection_is_changed_and_nothing_else(pages: Pages, folder: Path) -> None:
    blank = numbers(pages.text("/?blank=yes"))
    others = [pages.event(number) for number in numbers(pages.text("/?blank=no"))]
    told = act(pages, "a", "verify", selection="blank=yes", expected=len(blank))
    assert sorted(event["id"] for event in told["events"]) == sorted(blank)
    assert told["total"] == len(blank)
    assert [pages.event(event["id"]) for event in others] == others
    with read_project(folder) as project:
        assert count(project.connection, Selection.from_query("blank=yes&state=verified")) == len(blank)


def test_a_selection_that_is_not_what_was_looked_at_is_left_alone(pages: Pages) -> None:
    before = [pages.event(number) for number in numbers(pages.text("/"))]
    answer = pages.post("/api/act", {"key": "a", "kind": "blank", "selection": "", "expected": len(before) - 1})
    assert answer.status_code == 409
    assert set(answer.json()) == {"error", "hint"}
    assert [pages.event(number) for number in numbers(pages.text("/"))] == before


@pytest.mark.parametrize(
    "body",
    [
        {}, [], "x", None, {"key": "k"}, {"key": "k", "kind": "explode", "events": [1]}, {"key": "k", "kind": "blank"},
        {"key": "k", "kind": "blank", "events": [1], "selection": ""}, {"key": "", "kind": "blank", "events": [1]},
        {"key": "k" * 300, "kind": "blank", "events": [1]}, {"key": "k", "kind": "relabel", "events": [1]},
        {"key": "k", "kind": "relabel", "taxon": "a\x00b", "events": [1]},
        {"key": "k", "kind": "relabel", "taxon": "x" * 300, "events": [1]},
        {"key": "k", "kind": "count", "count": 0, "events": [1]},
        {"key": "k", "kind": "count", "count": 1e300, "events": [1]}, {"key": "k", "kind": "blank", "events": ["1"]},
        {"key": "k", "kind": "blank", "events": [1], "surprise": 1},
        {"key": "k", "kind": "blank", "selection": "foo=1"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_reason(pages: Pages, body: object) -> None:
    before = pages.event(1)
    answer = pages.post("/api/act", body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert pages.event(1) == before


@pytest.mark.parametrize("number", [0, -1, 10**17, 10**30])
def test_an_event_that_is_not_there_is_no_fault(pages: Pages, number: int) -> None:
    """A page that was open while a card was brought in names events that are gone."""
    answer = pages.post("/api/act", {"key": "k", "kind": "blank", "events": [number]})
    assert answer.status_code in (400, 409)
    assert answer.json()["error"]


def test_a_body_that_is_no_json_is_refused(pages: Pages) -> None:
    headers = {"Origin": "http://127.0.0.1:8731", "X-Cameratrap": pages.token}
    for content in (b"{", b"\xff\xfe", b"[" * 100_000):
        assert pages.ask("POST", "/api/act", content=content, headers=headers).status_code == 400


def test_a_label_that_no_table_has_stands_as_it_was_typed(pages: Pages) -> None:
    label = '<b>"M7" \u202e\U0001f98a</b>'
    act(pages, "a", "relabel", taxon=label, events=[1])
    assert pages.event(1)["taxa"][0]["taxon"] == label
    assert "<b>" not in pages.text("/")


def test_a_card_is_reviewed_where_it_lies_and_stays_as_the_trap_left_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = make_trap_card(tmp_path / "card", monkeypatch)
    before = fingerprint(card)
    with pages_of(card) as pages:
        events = numbers(pages.text("/"))
        assert len(events) == 3
        picture = pages.event(events[0])["media"][0]["id"]
        assert pages.get(f"/thumb/{picture}").headers["content-type"] == "image/jpeg"
        act(pages, "a", "relabel", taxon="Lynx lynx", events=[events[0]])
    with pages_of(card) as pages:
        assert pages.event(events[0])["taxa"][0]["taxon"] == "Lynx lynx"
    assert {name: found for name, found in fingerprint(card).items() if "review.db" not in name} == before


def test_many_requests_at_once_are_each_answered_whole(folder: Path) -> None:
    """A page and its scripts ask side by side, in several tabs: SQLite sees one question at a time."""
    with pages_of(folder) as pages:
        events = numbers(pages.text("/"))

        async def all_at_once() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app=pages.app)
            headers = {"Origin": ADDRESS, "X-Cameratrap": pages.token}
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
                acts = [
                    client.post("/api/act", json={"key": f"k{number}", "kind": "blank", "events": [number]})
                    for number in events
                ]
                looks = [client.get(address) for address in ("/", "/event/1", "/thumb/1", "/api/taxa") * 5]
                return list(await asyncio.gather(*acts, *looks))

        answers = asyncio.run(all_at_once())
        assert {answer.status_code for answer in answers} <= {200, 404}  # there are no pictures
        assert all(pages.event(number)["is_blank"] for number in events)
