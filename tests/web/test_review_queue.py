"""No correction is lost or done twice, whatever becomes of the server, the network and the page."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameratrap.cli import run
from tests.project_maker import Plan, make_project
from tests.review_browser import LONGEST_MS, Person, actions, chromium, person, reviewing, rows, standing

from playwright.sync_api import Browser, Route, expect  # isort: skip - after the helper, which skips where it is missing

SMALL = Plan(deployments=1, sequences=12, media=1)
Did = tuple[object, dict[str, object]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "study", SMALL)


def did(project: Path) -> list[Did]:
    return [(kind, json.loads(str(detail))) for kind, detail in actions(project)]


def test_an_answer_that_is_lost_doubles_nothing(browser: Browser, project: Path) -> None:
    """The server did it and the page never heard of it: it asks again, by the same key, and it is done once."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if len(lost) < 3:
            lost.append(str(route.request.post_data))
            route.fetch()
            route.abort()
        else:
            route.continue_()

    with reviewing(project) as server, person(browser, server.address) as someone:
        someone.page.route("**/api/*", lose)
        someone.press("x", "ArrowRight", "u", "Control+z")
        someone.wait_until_sent()
    assert lost[0] == lost[1] == lost[2]
    assert [kind for kind, _ in did(project)] == ["blank", "unknown"]
    assert rows(project, "SELECT undone FROM undos") == [(1,)]


@pytest.mark.slow
def test_what_is_not_sent_outlives_the_page_and_waits_for_its_own_project(
    browser: Browser, project: Path, tmp_path: Path
) -> None:
    """Corrections made while the server is gone are kept when the page is closed, and sent to no other project."""
    other = make_project(tmp_path / "other", SMALL)
    untouched = standing(other)
    with reviewing(project) as server, person(browser, server.address) as someone:
        ids = someone.events()
        server.kill()
        someone.press("x", "ArrowRight", "u", "ArrowRight", "Enter")
        expect(someone.page.locator("#status")).to_contain_text("3 corrections not sent yet, kept in this browser")
        asked: list[str] = []
        someone.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        someone.page.close(run_before_unload=True)
        someone.page = someone.context.new_page()
        with reviewing(other, port=server.port):
            someone.page.goto(server.address)
            said = (
                "3 corrections of another project not sent yet, kept in this browser: start `cameratrap review --port"
            )
            expect(someone.page.locator("#status")).to_contain_text(said)
            someone.press("f")
            someone.wait_until_sent()
        assert asked == ["beforeunload"]
        with reviewing(project, port=server.port):
            someone.page.goto(server.address)
            someone.wait_until_sent()
    assert did(project) == [
        ("blank", {"events": [ids[0]]}),
        ("unknown", {"events": [ids[1]]}),
        ("verify", {"events": [ids[2]]}),
    ]
    assert [kind for kind, _ in did(other)] == ["flag"]
    assert [row[:5] for row in standing(other)] == [row[:5] for row in untouched]


@pytest.mark.slow
def test_an_open_page_sends_nothing_to_another_project(browser: Browser, project: Path, tmp_path: Path) -> None:
    """The server of another study at the same address has another token: the page says so, and keeps what it has."""
    other = make_project(tmp_path / "other", SMALL)
    with reviewing(project) as server, person(browser, server.address) as someone:
        server.kill()
        someone.press("x")
        with reviewing(other, port=server.port):
            said = "another project is at this address"
            expect(someone.page.locator("#status")).to_contain_text(said, timeout=LONGEST_MS)
        with reviewing(project, port=server.port):
            someone.wait_until_sent()
    assert [kind for kind, _ in did(project)] == ["blank"]
    assert did(other) == []


@pytest.mark.slow
def test_what_waits_belongs_to_the_study_and_not_to_its_folder(browser: Browser, project: Path, tmp_path: Path) -> None:
    """Another study that is put in its place gets none of it; the one that was moved away gets all."""
    with reviewing(project) as server, person(browser, server.address) as someone:
        server.kill()
        someone.press("ArrowRight", "x")
        moved = project.rename(tmp_path / "moved")
        make_project(project, SMALL)
        with reviewing(project, port=server.port):
            said = "another project is at this address"
            expect(someone.page.locator("#status")).to_contain_text(said, timeout=LONGEST_MS)
            someone.page.on("dialog", lambda dialog: dialog.accept())
            someone.page.reload()
            someone.wait_until_sent()
        with reviewing(moved, port=server.port):
            someone.page.reload()
            someone.wait_until_sent()
            expect(someone.page.locator("#gallery .event").nth(1)).to_have_attribute("data-blank", "1")
    assert did(project) == []
    assert [kind for kind, _ in did(moved)] == ["blank"]


@pytest.mark.slow
def test_two_pages_of_one_project_send_in_order_and_tell_each_other(browser: Browser, project: Path) -> None:
    """What is done on one page is seen on the other; both queues are one."""
    with reviewing(project) as server, person(browser, server.address) as someone:
        first = someone.page
        second = someone.context.new_page()
        second.goto(server.address)
        first.keyboard.press("x")
        second.keyboard.press("ArrowRight")
        second.keyboard.press("u")
        first.keyboard.press("ArrowRight")
        first.keyboard.press("f")
        for page in (first, second):
            expect(page.locator("#status")).to_have_attribute("data-unsent", "0")
            expect(page.locator("#gallery .event").nth(0)).to_have_attribute("data-blank", "1")
            expect(page.locator("#gallery .event").nth(1)).to_have_attribute("data-flagged", "1")
        assert [kind for kind, _ in did(project)] == ["blank", "unknown", "flag"]


def test_ctrl_z_takes_back_what_was_done_on_this_page(browser: Browser, project: Path) -> None:
    """A script, or another person, did something since: that stands; where it is theirs that goes, the page says so."""
    with reviewing(project) as server, person(browser, server.address) as someone:
        ids = someone.events()
        someone.press("x")
        someone.wait_until_sent()
        label = ["--data", str(project), "label", "--event", str(ids[3]), "--unknown", "--author", "a script"]
        assert run(["-q", *label]) == 0
        someone.press("Control+z")
        expect(someone.page.locator("#status")).to_have_text("undone: blank: 1 event, by Ada")
        someone.press("Control+z")
        expect(someone.page.locator("#status")).to_have_text("undone: unknown: 1 event, by a script")
        someone.press("Control+y", "Control+y")
        someone.wait_until_sent()
    assert rows(project, "SELECT action, undone FROM undos ORDER BY id") == [(1, 1), (2, 1), (1, 0), (2, 0)]


@pytest.mark.slow
def test_without_a_network_all_is_kept_until_there_is_one(browser: Browser, project: Path) -> None:
    """Offline means here that the browser reaches nothing, not even this machine."""
    with reviewing(project) as server, person(browser, server.address) as someone:
        someone.context.set_offline(True)
        someone.press("x", "ArrowRight", "u", "Control+z", "Control+z", "Control+Shift+z")
        expect(someone.page.locator("#status")).to_have_attribute("data-unsent", "5")
        someone.context.set_offline(False)
        someone.wait_until_sent()
    assert [kind for kind, _ in did(project)] == ["blank", "unknown"]
    assert rows(project, "SELECT action, undone FROM undos ORDER BY id") == [(2, 1), (1, 1), (1, 0)]


class Correcting:
    """A person who corrects one event after the other and remembers what they did."""

    def __init__(self, someone: Person, project: Path, seed: int) -> None:
        self.person = someone
        self.did: list[Did] = []
        self._rng = random.Random(seed)
        self._taxa = {event: str(taxa) for event, taxa in rows(project, "SELECT id, taxa FROM events")}

    def correct(self, event: int) -> None:
        """One thing is done to the current event, which is not left."""
        how = self._rng.choice((self._blank, self._unknown, self._relabel, self._count, self._verify))
        kind, fields = how(self._taxa[event])
        self.did.append((kind, {"events": [event]} | fields))

    def _blank(self, _: str) -> Did:
        self.person.press("x")
        return "blank", {}

    def _unknown(self, _: str) -> Did:
        self.person.press("u")
        return "unknown", {}

    def _relabel(self, _: str) -> Did:
        taxon = self._rng.choice(("Martes martes", "Felis silvestris", "an unheard-of beast"))
        self.person.relabel(taxon)
        return "relabel", {"taxon": taxon}

    def _count(self, taxa: str) -> Did:
        if not taxa or "|" in taxa:
            return self._blank(taxa)
        count = self._rng.randint(2, 30)
        self.person.press(*str(count))
        return "count", {"count": count}

    def _verify(self, _: str) -> Did:
        return "verify", {}  # by the Enter that follows


@pytest.mark.slow
def test_500_events_are_corrected_while_the_server_dies(browser: Browser, tmp_path: Path) -> None:
    """From the keyboard alone: no correction is lost or doubled, and undo leads back to how it was at first.

    Half are corrected in the gallery, half one by one. The server is killed as the power goes, in the middle of
    either and of the undoing, while the person goes on; it is started again on the same port.
    """
    project = make_project(tmp_path / "study", Plan(deployments=5, sequences=200, media=1))
    before, taxa_before = standing(project), rows(project, "SELECT * FROM event_taxa ORDER BY event, taxon")
    assert len(before) >= 500
    ids = [int(str(row[0])) for row in before][:500]
    with reviewing(project) as server, person(browser, f"{server.address}?size=50") as someone:
        correcting = Correcting(someone, project, seed=1)
        for n, event in enumerate(ids[:250]):
            if n % 50 == 0:
                someone.page.wait_for_selector(f"#gallery .event.is-current[data-event='{event}']")
            if n in (70, 190):
                server.kill()
            correcting.correct(event)
            someone.press("Enter")
            if n in (85, 199):  # it was gone for some events, and on the way to the next page
                server.start()
        someone.page.goto(f"{server.address}event/{ids[250]}")
        for n, event in enumerate(ids[250:]):
            someone.page.wait_for_selector(f"#player[data-event='{event}']", timeout=LONGEST_MS)
            correcting.correct(event)
            if n in (60, 200):
                server.kill()
            someone.press("Enter")
            if n in (60, 200):
                server.start()
        someone.wait_until_sent()
        assert did(project) == correcting.did
        assert {row[3] for row in standing(project)[:500]} == {"verified"}
        for n in range(len(correcting.did)):
            someone.press("Control+z")
            if n == 200:
                server.kill()
                server.start()
        someone.wait_until_sent()
    assert standing(project) == before
    assert rows(project, "SELECT * FROM event_taxa ORDER BY event, taxon") == taxa_before
    assert rows(project, "SELECT COUNT(*), SUM(undone) FROM undos") == [(len(correcting.did),) * 2]
