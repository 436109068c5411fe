"""What the review page costs on a large project: `tools/bench review [--media N] [--rounds N] [--keep FOLDER]`.

`cameratrap review` is started on a made-up project of three pictures a sequence, and asked for pages of 50 events as a
browser asks: the first page, pages by each kind of filter, one in the middle of the project, one event, a correction.
The time is from the request to the last byte of the answer. Beside it stands a bare SELECT of the same 50 events with
nothing counted, joined or rendered, on a connection of its own; rounds alternate and the median counts.

Memory is the largest that the server has held at the end of all.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))  # the made-up projects are the tests'

from tests.project_maker import Plan, make_project

PAGE = 50
MEDIA = 3  # pictures a sequence
DEPLOYMENTS = 50
_EVENTS = "SELECT e.* FROM events e WHERE {} ORDER BY e.start_s, e.id LIMIT 50"
_BY_TAXON = """SELECT e.* FROM event_taxa t JOIN events e ON e.id = t.event WHERE t.taxon = 'Vulpes vulpes' AND {}
    ORDER BY t.start_s, t.event LIMIT 50"""


@dataclass(frozen=True)
class Question:
    """A page, and the bare question to the index for the same events."""

    name: str
    query: str
    bare: str


QUESTIONS = (
    Question("first page", "", _EVENTS.format("1")),
    Question("one taxon", "taxon=Vulpes+vulpes", _BY_TAXON.format("1")),
    Question("one deployment", "deployment=d007", _EVENTS.format("e.deployment = 7")),
    Question("unverified", "state=machine", _EVENTS.format("e.state = 'machine'")),
    Question("verified: none", "state=verified", _EVENTS.format("e.state = 'verified'")),
    Question("blank", "blank=yes", _EVENTS.format("e.is_blank")),
    Question("night, 22 to 4", "light=night&hours=22-4", _EVENTS.format("e.is_night AND (e.hour >= 22 OR e.hour < 4)")),
    Question("score from 0.98", "min_score=0.98", _EVENTS.format("e.score >= 0.98")),
    Question("taxon at night", "taxon=Vulpes+vulpes&light=night", _BY_TAXON.format("e.is_night")),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Make the project, ask, and print the table."""
    parser = argparse.ArgumentParser(
        prog="tools/bench review", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--media", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="make the project there, or use the one that is there")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as passing:
        folder = options.keep or Path(passing, "study")
        if not (folder / "project.db").is_file():
            began = time.perf_counter()
            make_project(folder, Plan(DEPLOYMENTS, max(1, options.media // MEDIA // DEPLOYMENTS), MEDIA))
            print(f"the project was made in {time.perf_counter() - began:.0f} s")
        _measure(folder, options.rounds)
    return 0


def _measure(folder: Path, rounds: int) -> None:
    with closing(sqlite3.connect(folder / "project.db")) as index, _server(folder) as server:
        media, events = index.execute("SELECT (SELECT COUNT(*) FROM media), (SELECT COUNT(*) FROM events)").fetchone()
        print(f"{media:,} media, {events:,} events, {(folder / 'project.db').stat().st_size / 1e6:,.0f} MB of index")
        cold_ms = _timed(lambda: server.get("/"))
        print(f"  {'the very first page after the start':36} {cold_ms:8.1f} ms")
        print(f"  {'':36} {'page':>8}    {'bare SELECT':>11}")
        for question in QUESTIONS:
            _compare(server, index, question, rounds)
        _compare(server, index, _middle(index, events), rounds)
        _one_event(server, index, rounds)
        print(f"  largest memory of the server: {server.largest_memory() / 1e6:.0f} MB")


def _compare(server: Server, index: sqlite3.Connection, question: Question, rounds: int) -> None:
    pages, bare = [], []
    for _ in range(rounds):
        pages.append(_timed(lambda: server.get(f"/?size={PAGE}&{question.query}".rstrip("&"))))
        bare.append(_timed(lambda: index.execute(question.bare).fetchall()))
    page_ms, bare_ms = median(pages), median(bare)
    print(f"  {question.name:36} {page_ms:8.1f} ms {bare_ms:11.2f} ms {page_ms / bare_ms:9.1f} times")


def _middle(index: sqlite3.Connection, events: int) -> Question:
    """The page after the event in the middle, by the address that the page before it would link to."""
    start_s, event = index.execute(
        "SELECT start_s, id FROM events ORDER BY start_s, id LIMIT 1 OFFSET ?", (events // 2,)
    ).fetchone()
    after = _EVENTS.format(f"(e.start_s, e.id) > ({start_s!r}, {event})")
    return Question("a page in the middle", f"after={start_s!r}_{event}", after)


def _one_event(server: Server, index: sqlite3.Connection, rounds: int) -> None:
    ids = [row[0] for row in index.execute("SELECT id FROM events ORDER BY start_s LIMIT ?", (rounds,))]
    shown = [_timed(partial(server.get, f"/event/{event}")) for event in ids]
    print(f"  {'one event, with its pictures':36} {median(shown):8.1f} ms")
    for what, events in (("a correction of one event", ids[:1]), (f"a correction of {rounds} events", ids)):
        print(f"  {what:36} {median(_corrected(server, events) for _ in ids):8.1f} ms")


def _corrected(server: Server, events: list[int]) -> float:
    """How long a correction took, which is taken back afterwards."""
    took_ms = _timed(lambda: server.post("/api/act", {"kind": "verify", "events": events}))
    server.post("/api/undo", {})
    return took_ms


def _timed(work: Callable[[], object]) -> float:
    """How long it took, in milliseconds."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


class Server:
    """A running `cameratrap review`, asked over one connection."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._pid = process.pid
        self._origin = address.rstrip("/")
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=600)
        found = re.search(r'name="cameratrap-token" content="([^"]+)"', self.get("/help").decode())
        assert found, "the page has no token"
        self._token = found[1]

    def get(self, path: str) -> bytes:
        """The whole answer."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, values: dict[str, object]) -> bytes:
        """The same of an action, under a key of its own."""
        headers = {"X-Cameratrap": self._token, "Origin": self._origin, "Content-Type": "application/json"}
        return self._ask("POST", path, json.dumps(values | {"key": str(uuid.uuid4())}), headers)

    def largest_memory(self) -> int:
        """In bytes, since the start."""
        status = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{path}: {answer.status}: {content[:300]!r}"
        return content


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "cameratrap", "-q", "--data", str(folder), "review", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with closing(Server(process, process.stdout.readline().strip())) as server:
                yield server
        finally:
            process.terminate()


if __name__ == "__main__":
    raise SystemExit(main())
