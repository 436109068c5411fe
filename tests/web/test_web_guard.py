from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.project_maker import Plan, make_project
from tests.review_pages import ADDRESS, PORT, Pages, pages_of

UNDO = {"key": "k"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with pages_of(make_project(tmp_path_factory.mktemp("guard") / "project", Plan(deployments=1))) as found:
        yield found


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "", "[::1]"])
def test_a_name_that_was_rebound_to_this_machine_gets_nothing(pages: Pages, host: str) -> None:
    for address in ("/", "/media/1", "/static/review.css", "/api/event/1"):
        assert pages.get(address, Host=host).status_code == 421


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}"])
def test_our_own_names_are_answered(pages: Pages, host: str) -> None:
    assert pages.get("/", Host=host).status_code == 200
    assert pages.post("/api/undo", UNDO, Host=host, Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://127.0.0.1:{PORT}"},
        {"Origin": f"http://localhost:{PORT}"},
        {"X-Cameratrap": "another"},
        {"X-Cameratrap": ""},
    ],
)
def test_another_site_changes_nothing(pages: Pages, headers: dict[str, str]) -> None:
    answer = pages.post("/api/undo", UNDO, **headers)
    assert answer.status_code == 403
    assert answer.json()["error"]


def test_a_token_that_is_no_ascii_is_wrong_and_no_fault(pages: Pages) -> None:
    headers = {"Origin": ADDRESS.encode(), "X-Cameratrap": "tök".encode("latin-1")}
    assert pages.ask("POST", "/api/undo", json=UNDO, headers=headers).status_code == 403


def test_a_form_of_another_site_changes_nothing(pages: Pages) -> None:
    """It can neither set our header nor tell the token."""
    assert pages.ask("POST", "/api/undo", data=UNDO).status_code == 403


def test_a_body_without_end_is_refused_before_it_is_read(pages: Pages) -> None:
    headers = {"Origin": ADDRESS, "X-Cameratrap": pages.token}

    async def drops() -> AsyncIterator[bytes]:
        yield b" "

    for content in (drops(), b" " * 6_000_000):
        assert pages.ask("POST", "/api/act", content=content, headers=headers).status_code == 413


def test_looking_changes_nothing(pages: Pages) -> None:
    """What corrects is never a GET."""
    for address in ("/api/act", "/api/undo", "/api/redo"):
        assert pages.get(address).status_code == 405


@pytest.mark.parametrize("address", ["/", "/event/1", "/media/1", "/thumb/1", "/api/event/1", "/nowhere", "/static/x"])
def test_every_answer_forbids_what_a_page_of_ours_never_does(pages: Pages, address: str) -> None:
    headers = pages.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_the_pages_have_nothing_that_the_policy_would_forbid(pages: Pages) -> None:
    for address in ("/", "/event/1", "/help", "/?foo=1"):
        html = pages.get(address).text
        assert " style=" not in html
        assert "onclick=" not in html
        assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in html


def test_the_token_is_another_at_every_start(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", Plan(deployments=1, sequences=1))
    tokens = []
    for _ in range(2):
        with pages_of(folder) as pages:
            assert pages.token in pages.text("/")
            tokens.append(pages.token)
    assert len(set(tokens)) == 2


@pytest.mark.parametrize(
    "address",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/desk.py", "/static//etc/passwd", "/media/../1",
        "/media/1%2f..%2f..", "/thumb/-1", "/media/1e3", "/media/99999999999999999999999999", "/event/0x1",
        "/event/1/2/3", "/media/%00",
    ],
)  # fmt: skip
def test_an_address_leads_to_what_is_ours_or_to_nothing(pages: Pages, address: str) -> None:
    answer = pages.get(address)
    assert answer.status_code == 404
    assert "import" not in answer.text
