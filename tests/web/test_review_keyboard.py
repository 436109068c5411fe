"""The review page in a real browser, from the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project_maker import Plan, make_project
from tests.review_browser import Person, Server, actions, chromium, person, reviewing, rows, standing

from playwright.sync_api import Browser, expect  # isort: skip - after the helper, which skips where it is missing

SMALL = Plan(deployments=2, sequences=24, media=3, pictures=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "study", SMALL)


@pytest.fixture
def server(project: Path) -> Iterator[Server]:
    with reviewing(project) as started:
        yield started


@pytest.fixture
def reviewer(browser: Browser, server: Server) -> Iterator[Person]:
    """Somebody at the gallery. Nothing may be complained of, and nothing fetched from anywhere else."""
    with person(browser, server.address) as someone:
        yield someone
        assert someone.complaints == []
        assert [each for each in someone.asked if not each.startswith(server.address)] == []


def did(project: Path) -> list[tuple[object, dict[str, object]]]:
    return [(kind, json.loads(str(detail))) for kind, detail in actions(project)]


def test_the_gallery_is_corrected_from_the_keyboard(reviewer: Person, project: Path) -> None:
    """Enter, X, U, R, a number, +, F and M each do one thing, to the event that is current."""
    ids = reviewer.events()
    reviewer.press("Enter", "x", "ArrowRight", "u", "ArrowRight")
    reviewer.relabel("red fox")
    reviewer.press("1", "2", "f", "Enter")
    reviewer.wait_until_sent()
    assert did(project) == [
        ("verify", {"events": [ids[0]]}),
        ("blank", {"events": [ids[1]]}),
        ("unknown", {"events": [ids[2]]}),
        ("relabel", {"events": [ids[3]], "taxon": "Vulpes vulpes"}),
        ("count", {"events": [ids[3]], "count": 12}),
        ("flag", {"events": [ids[3]]}),
    ]
    expect(reviewer.cell(ids[3])).to_contain_text("Vulpes vulpes")
    expect(reviewer.cell(ids[3])).to_contain_text("\u00d712")
    expect(reviewer.cell(ids[1])).to_have_attribute("data-blank", "1")


def test_what_the_screen_shows_at_once_is_what_the_server_then_says(reviewer: Person, server: Server) -> None:
    """An action changes the page before the server has answered; the answer, and a page loaded anew, say the same."""

    def seen() -> list[str]:
        cells = reviewer.page.locator("#gallery .event .taxa, #gallery .event .state")
        return [" ".join(each.split()) for each in cells.all_inner_texts()]

    reviewer.page.route("**/api/act", lambda _: None)  # no answer yet
    reviewer.press("x", "ArrowRight", "u", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "m", "ArrowRight")
    reviewer.press("ArrowRight", "4", "ArrowRight", "+", "ArrowRight", "Enter")
    assumed = seen()
    expect(reviewer.page.locator("#status")).to_have_class("is-waiting")
    reviewer.page.unroute("**/api/act")
    reviewer.wait_until_sent()
    assert seen() == assumed
    reviewer.page.reload()
    assert seen() == assumed


@pytest.mark.slow
def test_typing_triggers_no_key(reviewer: Person, project: Path) -> None:
    """What is written into a filter, or into the relabel box, corrects nothing."""
    reviewer.page.locator("#filters input[name=hours]").focus()
    reviewer.page.keyboard.type("xu3fm")
    reviewer.press("Escape", "r")
    reviewer.page.keyboard.type("xyzzy 3")
    reviewer.press("Escape")
    expect(reviewer.page.locator("dialog#relabel")).not_to_be_visible()
    reviewer.page.keyboard.down("x")
    reviewer.page.keyboard.down("x")  # leaned on
    reviewer.page.keyboard.up("x")
    reviewer.wait_until_sent()
    assert [kind for kind, _ in did(project)] == ["blank"]


@pytest.mark.slow
def test_several_are_chosen_with_shift_and_ctrl(reviewer: Person, project: Path) -> None:
    """Shift-click is everything between, Ctrl-click one more or one fewer; an action is for exactly those."""
    ids = reviewer.events()
    reviewer.cell(ids[2]).click()
    reviewer.cell(ids[6]).click(modifiers=["Shift"])
    reviewer.cell(ids[4]).click(modifiers=["ControlOrMeta"])
    reviewer.cell(ids[9]).click(modifiers=["ControlOrMeta"])
    expect(reviewer.page.locator("#selected")).to_contain_text("5 selected")
    reviewer.press("x")
    reviewer.wait_until_sent()
    assert did(project) == [("blank", {"events": [ids[n] for n in (2, 3, 5, 6, 9)]})]


def test_a_range_and_all_respect_the_filter(browser: Browser, server: Server, project: Path) -> None:
    """With a filter on, a range passes over what it hides, and `all` is what it finds on every page, and no more."""
    taxon = "Vulpes vulpes"
    wanted = [
        n for (n,) in rows(project, "SELECT event FROM event_taxa WHERE taxon = ? ORDER BY start_s, event", taxon)
    ]
    others = [row for row in standing(project) if row[0] not in wanted]
    assert len(wanted) > 3
    with person(browser, f"{server.address}?taxon=Vulpes+vulpes&size=3") as someone:
        assert someone.events() == wanted[:3]
        someone.press("Shift+ArrowRight", "Shift+ArrowRight", "f", "Escape", "Control+a", "Control+a")
        expect(someone.page.locator("#selected")).to_contain_text(f"all {len(wanted)} events")
        someone.relabel("Meles meles")
        someone.page.locator("dialog#confirm button[value=yes]").click()
        expect(someone.page.locator("#status")).to_contain_text(f"relabel as Meles meles: {len(wanted)} events")
        someone.wait_until_sent()
        assert someone.complaints == []
    assert did(project) == [
        ("flag", {"events": wanted[:3]}),
        ("relabel", {"selection": "taxon=Vulpes+vulpes", "expected": len(wanted), "taxon": "Meles meles"}),
    ]
    after = standing(project)
    assert [row for row in after if row[0] not in wanted] == others
    assert {(row[1], row[3]) for row in after if row[0] in wanted} == {("Meles meles", "verified")}


@pytest.mark.slow
def test_what_is_refused_is_said_and_kept_until_the_person_has_decided(
    browser: Browser, server: Server, project: Path
) -> None:
    """A filter that meanwhile finds other events changes none; a correction that failed does not vanish by itself."""
    with (
        person(browser, f"{server.address}?taxon=Vulpes+vulpes&size=3") as someone,
        person(browser, f"{server.address}?taxon=Vulpes+vulpes") as another,
    ):
        another.press("x")
        another.wait_until_sent()
        someone.press("Control+a", "Control+a", "u")
        someone.page.locator("dialog#confirm button[value=yes]").click()
        status = someone.page.locator("#status")
        expect(status).to_have_attribute("data-failed", "1")
        someone.page.reload()
        expect(someone.page.locator("#refused")).to_contain_text("Not done: unknown")
        someone.page.get_by_role("button", name="Leave it").click()
        expect(status).to_have_attribute("data-failed", "0")
    assert [kind for kind, _ in did(project)] == ["blank"]


@pytest.mark.slow
def test_an_event_is_corrected_and_the_next_one_comes(reviewer: Person, project: Path) -> None:
    """Open, look through the pictures, correct, Enter; E passes over what is verified; Escape leads back."""
    ids = reviewer.events()
    reviewer.press("o")
    reviewer.page.wait_for_selector("#player")
    first = reviewer.page.locator("#player img.shot").get_attribute("src")
    reviewer.press("ArrowRight")
    assert reviewer.page.locator("#player img.shot").get_attribute("src") != first
    assert reviewer.page.locator("#frame-number").inner_text() == "2"
    reviewer.press("x")
    assert reviewer.follow("Enter") == ids[1]
    assert reviewer.follow("ArrowUp") == ids[0]
    expect(reviewer.page.locator("#label")).to_have_attribute("data-state", "verified")
    assert reviewer.follow("Enter") == ids[1]  # it was verified: Enter only goes on
    reviewer.press("Enter")
    reviewer.page.wait_for_selector(f"#player[data-event='{ids[2]}']")
    assert reviewer.follow("Shift+e") == ids[1]
    assert reviewer.follow("Shift+e") == ids[0]
    assert reviewer.follow("e") == ids[2]
    reviewer.press("Escape")
    expect(reviewer.cell(ids[2])).to_have_class("event is-current")
    reviewer.wait_until_sent()
    assert [kind for kind, _ in did(project)] == ["blank", "verify"]


@pytest.mark.slow
def test_pictures_are_shown_as_one_likes(reviewer: Person) -> None:
    """Boxes, brightness, contrast, the difference to the background and playback."""
    reviewer.press("o")
    shot = reviewer.page.locator("#player .shot")
    reviewer.page.wait_for_selector("#player")
    reviewer.press("]", "]", "{")
    assert shot.evaluate("shot => shot.style.filter") == "brightness(120%) contrast(90%)"
    reviewer.press("b")
    expect(reviewer.page.locator("body")).to_have_class("no-boxes")
    reviewer.press("d")
    expect(shot).to_have_attribute("src", "/difference/1")
    reviewer.press("d", "Space")
    expect(reviewer.page.locator("#frame-number")).not_to_have_text("1")
    reviewer.press("Space")
    number = reviewer.page.locator("#frame-number").inner_text()
    reviewer.page.wait_for_timeout(600)
    expect(reviewer.page.locator("#frame-number")).to_have_text(number)
    reviewer.press("?")
    expect(reviewer.page.locator("dialog#help")).to_be_visible()


@pytest.mark.slow
def test_one_burst_of_an_event_is_corrected_by_itself(reviewer: Person, project: Path) -> None:
    """S means the burst of the shown picture: the event's other burst stays as the model left it."""
    (event,) = next(iter(rows(project, "SELECT id FROM events WHERE sequences = 2 ORDER BY start_s LIMIT 1")))
    first, second = (n for (n,) in rows(project, "SELECT id FROM sequences WHERE event = ? ORDER BY start_s", event))
    reviewer.page.goto(f"{reviewer.page.url}event/{event}")
    reviewer.press("ArrowRight", "ArrowRight", "ArrowRight", "s")
    reviewer.relabel("Meles meles")
    reviewer.wait_until_sent()
    assert did(project) == [("relabel", {"sequences": [second], "taxon": "Meles meles"})]
    expect(reviewer.page.locator("#label")).to_have_attribute("data-state", "partly")
    methods = "SELECT s.id, w.method FROM sequences s JOIN words w ON w.id = s.standing WHERE s.event = ? ORDER BY s.id"
    assert rows(project, methods, event) == [(first, "machine"), (second, "human")]


@pytest.mark.slow
def test_undo_has_no_end_and_outlives_the_page(reviewer: Person, project: Path) -> None:
    """Ctrl+Z takes back one action after the other, also after a reload; Ctrl+Shift+Z does them again."""
    before = standing(project)
    reviewer.press("Enter", "x", "ArrowRight", "u", "f", "m")
    reviewer.wait_until_sent()
    done = standing(project)
    reviewer.press("Control+z", "Control+z")
    reviewer.wait_until_sent()
    reviewer.page.reload()
    reviewer.press(*["Control+z"] * 4)
    expect(reviewer.page.locator("#status")).to_contain_text("nothing is left to undo")
    reviewer.wait_until_sent()
    assert standing(project) == before
    reviewer.press(*["Control+Shift+z"] * 5)
    reviewer.wait_until_sent()
    assert standing(project) == done


HOSTILE = "<img src=x onerror=document.title='owned'>\u202e'\"&amp;{{7*7}}"


@pytest.mark.slow
def test_hostile_labels_run_nothing(browser: Browser, tmp_path: Path, make_hostile: Callable[[Path], Path]) -> None:
    """A label, a file name, EXIF and an author that are markup are seen as text, wherever the script writes them."""
    with reviewing(make_hostile(tmp_path / "study")) as server, person(browser, server.address) as someone:
        title = someone.page.title()
        someone.relabel("<script>alert(1)</script>")
        someone.press("ArrowRight", "m", "o")
        someone.page.wait_for_selector("#player")
        someone.press("ArrowRight", "ArrowLeft", "r")
        someone.page.keyboard.type("<b onclick=alert(2)>")
        expect(someone.page.locator("#relabel-choices")).to_contain_text("<b onclick")
        someone.press("Enter")
        someone.wait_until_sent()
        expect(someone.page.locator("#label .taxa")).to_contain_text("<b onclick=alert(2)>")
        assert someone.page.locator("#label b, #gallery b, img[src=x], script:not([src], [type])").count() == 0
        assert "\u202e" not in someone.page.inner_text("body")
        assert someone.page.title() != "owned"
        assert title != "owned"
        assert someone.complaints == []


@pytest.fixture
def make_hostile() -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return make_project(folder, Plan(deployments=1, sequences=6, pictures=True, taxa=(HOSTILE,), blank=0))

    return make
