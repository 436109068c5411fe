"""An event and one of its pictures in a few lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import StoreError
from cameratrap.store.event_pictures import Frame
from cameratrap.store.event_summaries import EventSummary, Shown
from cameratrap.store.project import Project
from cameratrap.web.missing import why_missing
from cameratrap.web.text import plain


def event_lines(event: EventSummary, taxa: TaxaTable) -> Iterator[str]:
    """What the event is, what stands, what the newest model said, and who has said what stands."""
    light = {True: "night", False: "day", None: ""}[event.is_night]
    facts = (event.deployment, event.station, _times(event), light, event.cause.value)
    yield f"event {event.number}: " + ", ".join(plain(fact) for fact in facts if fact)
    yield f"shows    {_shown(event.shown, taxa) or ('nothing' if event.is_blank else 'not said yet')}"
    if event.machine:
        yield f"a model  {_shown(event.machine, taxa)}"
    said = f" by {plain(event.said.author)}, {event.said.at:%Y-%m-%d %H:%M}" if event.said else ""
    yield f"state    {event.state}{said}{', flagged' if event.is_flagged else ''}"


def lies_at(frame: Frame, project: Project) -> Path | StoreError:
    """Where a picture is, or why it cannot be there: an index that was tampered with still has other pictures."""
    try:
        return project.media_path(frame.root, frame.path)
    except StoreError as error:
        return error


def frame_lines(frame: Frame, where: Path | StoreError, place: str) -> Iterator[str]:
    """Which picture it is, ``place`` among how many, and where it lies."""
    why = why_missing(frame.state)
    yield f"{place}, {frame.captured_at:%H:%M:%S}{f', {why}' if why else ''}"
    yield plain(where, limit=4096)


def _times(event: EventSummary) -> str:
    end = "" if event.end == event.start else f" to {event.end:%H:%M:%S}"
    return f"{event.start:%Y-%m-%d %H:%M:%S}{end} {event.start:%z}"


def _shown(found: Iterable[Shown], taxa: TaxaTable) -> str:
    return ", ".join(_one(shown, taxa) for shown in found)


def _one(shown: Shown, taxa: TaxaTable) -> str:
    vernacular = taxa.resolve(shown.taxon).vernacular_en if shown.taxon in taxa else ""
    everyday = f" ({plain(vernacular)})" if vernacular not in ("", shown.taxon) else ""
    score = "" if shown.score is None else f" {shown.score:.2f}"
    return f"{shown.count} {plain(shown.taxon)}{everyday}{score}"
