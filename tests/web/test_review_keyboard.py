"""The review page in a real browser, from the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cameratrap.domain.completion import completions
from cameratrap.resources import builtin_taxa
from cameratrap.store.project import read_project
from cameratrap.store.project_rows import MediaRow
from cameratrap.store.project_taxa import standing_taxa
from tests.project_maker import START, Plan, make_project
from tests.review_browser import Person, Server, actions, chromium, person, reviewing, rows, standing
from tests.review_pages import one_event

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


# Whatever the page asks from now on is answered late, as by a server that is busy with something large.
BUSY = """() => {
  const asked = window.fetch;
  window.fetch = async (...what) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return asked(...what);
  };
}"""


def test_a_name_is_for_the_event_it_was_typed_at_however_busy_the_server_is(reviewer: Person, project: Path) -> None:
    """What stands in the box at Enter is taken, at once; the next key is for the next event, and the next box new."""
    ids = reviewer.events()
    reviewer.relabel("red fox")
    reviewer.page.evaluate(BUSY)
    reviewer.press("ArrowRight", "r")
    reviewer.page.keyboard.type("meles meles", delay=10)
    reviewer.press("Enter", "ArrowRight", "x", "ArrowRight", "r")
    reviewer.page.keyboard.type("sus scrofa")
    reviewer.press("Enter", "Escape", "ArrowRight", "r")
    reviewer.page.wait_for_timeout(600)
    expect(reviewer.page.locator("dialog#relabel")).to_be_visible()
    reviewer.press("Escape")
    reviewer.wait_until_sent()
    assert did(project) == [
        ("relabel", {"events": [ids[0]], "taxon": "Vulpes vulpes"}),
        ("relabel", {"events": [ids[1]], "taxon": "Meles meles"}),
        ("blank", {"events": [ids[2]]}),
        ("relabel", {"events": [ids[3]], "taxon": "Sus scrofa"}),
    ]


@pytest.mark.slow
def test_a_name_is_kept_as_written_where_the_server_s_are_not_there(
    browser: Browser, server: Server, project: Path
) -> None:
    """Nothing is guessed from those used last: the server knows what is meant by a name in full."""
    with person(browser, server.address) as someone:
        someone.relabel("red fox")
        someone.wait_until_sent()
        someone.page.route("**/api/taxa", lambda route: route.abort())
        someone.page.reload()
        someone.press("ArrowRight")
        someone.relabel("meles meles")
        someone.wait_until_sent()
    assert [detail["taxon"] for _, detail in did(project)] == ["Vulpes vulpes", "Meles meles"]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["fox", "FOX", "red_deer", "mel", "a", "s", "wild b", "bennett's", "zzzz", "", " "])
def test_the_page_completes_a_name_as_the_terminal_does(reviewer: Person, project: Path, text: str) -> None:
    """The same names in the same order, of a person who has used none yet."""
    with read_project(project) as opened:
        wanted = completions(text, builtin_taxa(), standing_taxa(opened.connection))
    matched = """async (text) => {
      const { Taxa } = await import("/static/taxa.js");
      const taxa = new Taxa();
      taxa.learn(document);
      for (let tries = 0; tries < 100 && !taxa.matches("vulpes").length; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return taxa.matches(text).map(({ name, vernacular }) => [name, vernacular]);
    }"""
    assert [tuple(each) for each in reviewer.page.evaluate(matched, text)] == wanted


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


def test_what_is_pressed_on_the_way_to_the_next_event_is_for_neither(reviewer: Person, project: Path) -> None:
    """E looks for an event first: until that is here no key corrects the one that is left, nor the one that comes."""
    ids = reviewer.events()
    reviewer.press("o")
    reviewer.page.wait_for_selector("#player")
    reviewer.page.evaluate(BUSY)
    assert reviewer.follow("e", "x", "3") == ids[1]
    reviewer.page.wait_for_timeout(900)  # longer than a number is waited for
    reviewer.press("x")
    reviewer.wait_until_sent()
    assert did(project) == [("blank", {"events": [ids[1]]})]


@pytest.mark.slow
def test_who_goes_elsewhere_meanwhile_is_not_carried_away(reviewer: Person) -> None:
    """E and, before its answer, ArrowUp or Escape: the later key decides."""
    ids = reviewer.events()
    reviewer.press("ArrowRight", "o")
    reviewer.page.wait_for_selector("#player")
    reviewer.page.evaluate(BUSY)
    reviewer.press("e", "Escape")
    reviewer.page.wait_for_timeout(1000)
    assert reviewer.event == ids[1]
    assert reviewer.follow("e", "ArrowUp") == ids[0]
    reviewer.page.wait_for_timeout(1000)
    assert reviewer.event == ids[0]


@pytest.mark.slow
def test_the_keys_lead_through_all_pictures_of_a_long_event(browser: Browser, tmp_path: Path) -> None:
    """A page has 200 of them; the arrow that goes past the last leads to the next page, and back."""
    folder = make_project(tmp_path / "study", Plan(deployments=1, sequences=1, media=202, blank=0))
    with reviewing(folder) as server, person(browser, f"{server.address}event/1/200") as someone:
        number = someone.page.locator("#frame-number")
        expect(number).to_have_text("200")
        someone.press("ArrowRight")
        expect(number).to_have_text("201")
        someone.press("ArrowRight")
        expect(number).to_have_text("202")
        someone.press("ArrowRight")
        expect(someone.page.locator("#status")).to_contain_text("this is the last picture")
        someone.press("ArrowLeft", "ArrowLeft")
        expect(number).to_have_text("200")


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
def test_a_clip_that_the_browser_cannot_play_is_said_to_be_one(browser: Browser, tmp_path: Path) -> None:
    """As soon as the page is there, and again after looking at another picture: not a black field."""
    clip = MediaRow("d1/1", "DCIM/100CTRAP/CTRP0001.AVI", START, mediatype="video/x-msvideo")
    folder = one_event(tmp_path / "study", clip, b"RIFF no clip")
    with reviewing(folder) as server, person(browser, f"{server.address}event/1") as someone:
        expect(someone.page.locator("#player .placeholder")).to_contain_text("cannot play the clip")
        someone.press("d", "d")
        expect(someone.page.locator("#player .placeholder")).to_contain_text("cannot play the clip")


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
