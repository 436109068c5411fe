"""A person at the review page: the program as its user starts it, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LONGEST_MS = 30_000
_STARTING_S = 30


def free_port() -> int:
    """One that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """`cameratrap review` of a folder, on one port however often it is started."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        options = ["--no-browser", "--port", str(self.port), "--author", "Ada"]
        self._command = [sys.executable, "-m", "cameratrap", "--data", str(folder), "review", *options]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait for the address that it prints."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == self.address

    def kill(self) -> None:
        """As a power cut ends it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As Ctrl-C ends it, where it runs."""
        assert self._end(signal.SIGINT) == 0

    def _end(self, by: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        os.kill(process.pid, by)
        with process:
            return process.wait(_STARTING_S)


@contextmanager
def reviewing(folder: Path, *, port: int | None = None) -> Iterator[Server]:
    """The server of a project, started; it is gone afterwards."""
    server = Server(folder, port=port)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody at the keyboard: ``complaints`` is what the browser's console said, ``asked`` what it asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.asked: list[str] = []
        context.set_default_timeout(LONGEST_MS)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def relabel(self, text: str) -> None:
        """Name what is chosen, as fast as a machine types."""
        self.press("r")
        self.page.keyboard.type(text)
        self.press("Enter")
        expect(self.page.locator("dialog#relabel")).not_to_be_visible()

    @property
    def event(self) -> int:
        """The event on the event page."""
        return int(self.page.locator("#player").get_attribute("data-event") or 0)

    def follow(self, *keys: str) -> int:
        """Press keys that lead to another event; its number."""
        before = self.event
        self.press(*keys)
        self.page.wait_for_function(
            "before => document.querySelector('#player')?.dataset.event != before", arg=str(before)
        )
        return self.event

    def cell(self, event: int) -> Locator:
        """An event in the gallery."""
        return self.page.locator(f"#gallery .event[data-event='{event}']")

    def events(self) -> list[int]:
        """Those in the gallery, in order."""
        found = self.page.locator("#gallery .event").evaluate_all("cells => cells.map(cell => cell.dataset.event)")
        return [int(each) for each in found]

    def wait_until_sent(self) -> None:
        """Until the server has everything, and refused none of it."""
        status = self.page.locator("#status")
        expect(status).to_have_attribute("data-unsent", "0", timeout=LONGEST_MS)
        expect(status).to_have_attribute("data-failed", "0")


@contextmanager
def person(browser: Browser, address: str) -> Iterator[Person]:
    """Somebody with a browser of their own who has opened the page."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    with closing(context):
        someone = Person(context)
        someone.page.goto(address)
        yield someone


def rows(folder: Path, query: str, *values: object) -> Sequence[tuple[object, ...]]:
    """What the index of a project holds."""
    with closing(sqlite3.connect(folder / "project.db")) as connection:
        return connection.execute(query, values).fetchall()


def standing(folder: Path) -> Sequence[tuple[object, ...]]:
    """How every event stands."""
    return rows(folder, "SELECT id, taxa, count, state, is_blank, flagged FROM events ORDER BY start_s, id")


def actions(folder: Path) -> Sequence[tuple[object, ...]]:
    """What was done, in order."""
    return rows(folder, "SELECT kind, detail FROM actions ORDER BY id")
