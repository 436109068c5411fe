"""What somebody at a terminal looks at, one event at a time, and what they say of it.

Nothing is drawn here and no key is known: each method does one thing to the project or goes somewhere, and returns the
line that says so. Methods raise CameraTrapError for what cannot be done, and nothing has changed then.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from cameratrap.domain.completion import completions
from cameratrap.domain.review import Change, taxon_name
from cameratrap.domain.selection import Selection, State
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.store import review_actions
from cameratrap.store.event_pictures import Frame, covers, frames, place_of
from cameratrap.store.event_query import neighbours
from cameratrap.store.event_summaries import EventSummary, summaries
from cameratrap.store.project import Project
from cameratrap.store.project_taxa import standing_taxa
from cameratrap.store.review_actions import Done, Scope
from cameratrap.web.text import plain

_UNVERIFIED: tuple[State, ...] = ("unlooked", "machine", "partly")
_MOST_RECENT = 12


class _Signed(TypedDict):
    key: str
    author: str
    made_at: datetime


class ReviewDesk:
    """The events of ``selection`` in ``project``, from event ``first`` on; corrections are signed by ``author``."""

    def __init__(self, project: Project, selection: Selection, first: int, taxa: TaxaTable, author: str) -> None:
        self.project = project
        self.taxa = taxa
        self.done = 0
        self._selection = selection
        self._author = author
        self._recent: list[str] = []
        self.go(first)

    @property
    def event(self) -> EventSummary:
        """The event that is shown, as it stands now."""
        found = summaries(self.project.connection, [self._number])
        if not found:
            raise UsageError(
                f"event {self._number} is not there any more",
                why="events are numbered anew when a card is brought in or a clock corrected",
                hint="begin again",
            )
        return found[0]

    @property
    def frame(self) -> Frame | None:
        """The picture that is shown; None of an event without any."""
        return next(iter(frames(self.project.connection, self._number, first=self.place, most=1)), None)

    def go(self, event: int) -> None:
        """Show another event, from the picture that shows it best."""
        self._number = event
        self.is_burst = False
        self._meant: str | None = None
        cover = covers(self.project.connection, [event]).get(event)
        self.place = place_of(self.project.connection, event, cover.media) if cover else 0

    def step(self, by: int) -> str:
        """The event before (-1) or after (1) this one."""
        beside = neighbours(self.project.connection, self._selection, self._number)[by > 0]
        if beside is None:
            return f"this is the {'last' if by > 0 else 'first'} event"
        self.go(beside)
        return ""

    def next_unverified(self) -> str:
        """The next event of which no person has seen all."""
        wanted = replace(self._selection, states=self._selection.states or _UNVERIFIED)
        following = neighbours(self.project.connection, wanted, self._number)[1]
        if following is None:
            return "no later event is unverified"
        self.go(following)
        return ""

    def turn(self, by: int) -> str:
        """The picture before or after this one."""
        self.place = max(0, min(self.event.media - 1, self.place + by))
        return ""

    def toggle_burst(self) -> str:
        """Whether what is said is for the burst of the picture that is shown, or for all of the event."""
        if self.event.sequences < 2:
            return "the event is one burst"
        self.is_burst = not self.is_burst
        return "what you say is for the burst of this picture only" if self.is_burst else "it is for all of the event"

    def next_taxon(self) -> str:
        """Which of several taxa a count or another name is for."""
        names = [shown.taxon for shown in self.event.shown]
        if len(names) < 2:
            return "the event shows no other taxon"
        following = 0 if self._meant not in names else names.index(self._meant) + 1
        self._meant = names[following] if following < len(names) else None
        return f"count and relabel mean {plain(self._meant)}" if self._meant else "all taxa are meant"

    def verify(self) -> str:
        """It is as it stands; then the next event. What a person has said of all of it needs no other word."""
        event = self.event
        if event.state == "unlooked":
            return "nobody has said what this is yet: R to name it, X if there is nothing"
        told = ""
        if self.is_burst or event.state != "verified":
            told = self._act(Change("verify"))
        return "; ".join(filter(None, (told, self.step(1))))

    def blank(self) -> str:
        """Nothing is there."""
        return self._act(Change("blank"))

    def unknown(self) -> str:
        """Something is there that nobody can name."""
        return self._act(Change("unknown"))

    def relabel(self, text: str) -> str:
        """It is this taxon."""
        taxon, is_known = taxon_name(text, self.taxa)
        told = self._act(Change("relabel", taxon, self._meant or ""))
        self._recent = [taxon, *(each for each in self._recent if each != taxon)][:_MOST_RECENT]
        return told if is_known else f"{told}; it is not in the taxa table, and stands as you wrote it"

    def most_common(self) -> str:
        """Everything it shows is the taxon of which it shows the most."""
        shown = self.event.shown
        if not shown:
            return "the event shows no taxon"
        return self._act(Change("relabel", max(shown, key=lambda each: each.count).taxon))

    def count(self, number: int) -> str:
        """So many are there; 0 is blank."""
        if number == 0:
            return self.blank()
        return self._act(Change("count", self._meant or "", count=number))

    @property
    def counted(self) -> int:
        """How many of the taxon that is meant stand now."""
        counts = [shown.count for shown in self.event.shown if self._meant in (None, shown.taxon)]
        return max(counts, default=1)

    def flag(self) -> str:
        """Somebody should look at it again, or need not any more."""
        return self._act(Change("unflag" if self.event.is_flagged else "flag"))

    def undo(self) -> str:
        """Take the newest action back, and show what it was done to."""
        return self._turned(review_actions.undo(self.project.connection, **self._signed()), "undone")

    def redo(self) -> str:
        """Do again what was undone last."""
        return self._turned(review_actions.redo(self.project.connection, **self._signed()), "done again")

    def completions(self, text: str) -> list[tuple[str, str]]:
        """Names that ``text`` may begin, with vernaculars; for nothing typed those used last."""
        if text.strip():
            return completions(text, self.taxa, standing_taxa(self.project.connection))
        return [(name, self.taxa.resolve(name).vernacular_en if name in self.taxa else "") for name in self._recent]

    def _act(self, change: Change) -> str:
        frame = self.frame if self.is_burst else None
        scope = Scope(events=(self._number,)) if frame is None else Scope(sequences=(frame.sequence,))
        review_actions.act(self.project.connection, change, scope, **self._signed())
        self.done += 1
        self._meant = None
        what = {"relabel": f"relabel as {plain(change.taxon)}", "count": f"count {change.count}"}
        return f"{what.get(change.kind, change.kind)}: {'one burst' if frame else f'event {self._number}'}"

    def _turned(self, done: Done | None, word: str) -> str:
        if done is None:
            return f"nothing is left to be {word}"
        self._show_one_of(done.events)
        return f"{word}: {done.kind}"

    def _show_one_of(self, events: Collection[int]) -> None:
        if events and self._number not in events:
            self.go(min(events))

    def _signed(self) -> _Signed:
        return {"key": uuid.uuid4().hex, "author": self._author, "made_at": datetime.now().astimezone()}
