"""What a Camtrap DP package says of one deployment, as a project has it: each event a sequence, with its words.

An event's own observations say what stands. A person's among them make all of them a person's word; those of a model
are its word, beside it. Where an event has none of its own, the observations of its media are rolled up: of each
taxon the most in any one picture. Media that belong to no event are sequences by the time between them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cameratrap.app.camtrap_dp_staged import Row
from cameratrap.domain.camtrap_dp import NOT_STATED, TRAITS
from cameratrap.domain.detections import BBox
from cameratrap.domain.events import BURST_GAP, Source, TriggerCause
from cameratrap.store.project_lines import SequenceLine
from cameratrap.store.project_rows import DetectionRow, MediaRow, ObservationRow, SequenceRow, WordRow

AsMedia = Callable[[Row], MediaRow]
_BOX = ("bboxX", "bboxY", "bboxWidth", "bboxHeight")
_LOOK_BACK = 8  # events that overlap: among so many before a picture the one that holds it is looked for


@dataclass(slots=True)
class _Event:
    name: str
    own: list[Row] = field(default_factory=list)
    media: list[Row] = field(default_factory=list)
    of_media: list[Row] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        moments: list[datetime] = [row["timestamp"] for row in self.media] + [row["eventStart"] for row in self.own]
        return min(moments)

    @property
    def end(self) -> datetime:
        moments: list[datetime] = [row["timestamp"] for row in self.media] + [row["eventEnd"] for row in self.own]
        return max(moments)


def sequences(media: Sequence[Row], observations: Sequence[Row], as_media: AsMedia) -> list[SequenceLine]:
    """The sequences of one deployment, in order of time, from its rows, which are in order of time.

    Observations have, as ``label``, what they show in the project's words. ``as_media`` makes a row the project's.
    """
    events = _events(observations)
    of_media: dict[str, list[Row]] = defaultdict(list)
    for row in observations:
        if row.get("mediaID"):
            of_media[row["mediaID"]].append(row)
    left = _place(media, events, of_media)
    loose = [_Event(str(group[0]["mediaID"]), media=group) for group in _bursts(left)]
    found = [each for each in (*events.values(), *loose) if each.media or each.own]
    for each in found:
        each.of_media = [row for picture in each.media for row in of_media[picture["mediaID"]]]
    found.sort(key=lambda each: (each.start, each.name))
    return [_line(each, name, as_media) for each, name in zip(found, _unique(found), strict=True)]


def _events(observations: Sequence[Row]) -> dict[str, _Event]:
    """By their ids, those without one by when they were."""
    events: dict[str, _Event] = {}
    for row in observations:
        is_own = row["observationLevel"] == "event"
        if not (is_own or row.get("eventID")):
            continue
        name = _event_name(row)
        event = events.setdefault(name, _Event(name))
        if is_own:
            event.own.append(row)
    return events


def _event_name(row: Row) -> str:
    return str(row.get("eventID") or f"{row['eventStart'].isoformat()}/{row['eventEnd'].isoformat()}")


def _place(media: Sequence[Row], events: dict[str, _Event], of_media: dict[str, list[Row]]) -> list[Row]:
    """Give each picture to its event, by id or by time; returns those that have none."""
    timed = sorted((event for event in events.values() if event.own), key=lambda event: event.start)
    spans = [(event.start, event.end, event) for event in timed]
    left: list[Row] = []
    at = 0
    for row in media:
        named = next((each["eventID"] for each in of_media[row["mediaID"]] if each.get("eventID")), None)
        while at < len(spans) and spans[at][0] <= row["timestamp"]:
            at += 1
        around = (event for _, end, event in reversed(spans[max(0, at - _LOOK_BACK) : at]) if row["timestamp"] <= end)
        event = events[named] if named else next(around, None)
        (left if event is None else event.media).append(row)
    return left


def _bursts(media: Sequence[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in media:
        if group and (
            row["timestamp"] - group[-1]["timestamp"] > BURST_GAP
            or row.get("captureMethod") != group[-1].get("captureMethod")
        ):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _unique(found: Sequence[_Event]) -> Iterator[str]:
    """Their names; a picture's id may be an event's, too."""
    known: set[str] = set()
    for each in found:
        name, again = each.name, 1
        while name in known:
            again += 1
            name = f"{each.name} ({again})"
        known.add(name)
        yield name


def _line(event: _Event, name: str, as_media: AsMedia) -> SequenceLine:
    words = tuple(_words(event))
    methods = {row.get("captureMethod") for row in event.media}
    cause = TriggerCause.TIMELAPSE if methods == {"timeLapse"} else TriggerCause.PIR
    row = SequenceRow(name, cause, event.start, event.end, status="analysed" if words else "captured")
    return SequenceLine(row, tuple(as_media(each) for each in event.media), words)


def _words(event: _Event) -> Iterator[WordRow]:
    """The model's, then the person's."""
    own = [row for row in event.own if row["observationType"] != "unclassified"]
    seen = [row for row in event.of_media if row["observationType"] != "unclassified"]
    by_person = any(row.get("classificationMethod") != "machine" for row in own)
    machine_own = [row for row in own if row.get("classificationMethod") == "machine"]
    machine_seen = [row for row in seen if row.get("classificationMethod") == "machine"]
    person_seen = [row for row in seen if row.get("classificationMethod") != "machine"]
    if machine_own or machine_seen:
        observations = _counted(machine_own) if machine_own else _rolled_up(machine_seen)
        yield _word("machine", machine_own or machine_seen, observations, _boxes(event, machine_seen))
    if by_person:
        yield _word("human", own, _counted(own), _boxes(event, person_seen))
    elif person_seen and not own:
        yield _word("human", person_seen, _rolled_up(person_seen), _boxes(event, person_seen))


def _word(
    method: Source, rows: Sequence[Row], observations: Sequence[ObservationRow], boxes: Iterable[DetectionRow]
) -> WordRow:
    """Who said it last speaks for all."""
    last = max(rows, key=lambda row: row.get("classificationTimestamp") or row["eventEnd"])
    at = last.get("classificationTimestamp") or last["eventEnd"]
    return WordRow(method, last.get("classifiedBy") or NOT_STATED, at, tuple(observations), tuple(boxes))


def _counted(rows: Sequence[Row]) -> list[ObservationRow]:
    return [_observation(row, row.get("count") or 1) for row in rows if row["observationType"] != "blank"]


def _rolled_up(rows: Sequence[Row]) -> list[ObservationRow]:
    """MaxN over the media, each taxon with each set of traits apart."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["observationType"] != "blank":
            groups[row["label"], json.dumps(_traits(row), sort_keys=True)].append(row)
    found = []
    for group in groups.values():
        at_once: Counter[Any] = Counter()
        for row in group:
            at_once[row.get("mediaID")] += row.get("count") or 1
        best = max(group, key=lambda row: row.get("classificationProbability") or 0.0)
        starts, ends = [row["eventStart"] for row in group], [row["eventEnd"] for row in group]
        whole = {**best, "eventStart": min(starts), "eventEnd": max(ends)}
        found.append(_observation(whole, max(at_once.values())))
    return found


def _observation(row: Row, count: int) -> ObservationRow:
    start, end = row["eventStart"], row["eventEnd"]
    score = row.get("classificationProbability")
    return ObservationRow(row["label"], count, start, max(start, end), score=score, attributes=_traits(row))


def _traits(row: Row) -> dict[str, object]:
    return {name: row[name] for name in TRAITS if row.get(name) is not None}


def _boxes(event: _Event, rows: Sequence[Row]) -> Iterator[DetectionRow]:
    places = {row["mediaID"]: place for place, row in enumerate(event.media)}
    for row in rows:
        x, y, width, height = (row.get(name) for name in _BOX)
        if x is None or y is None or width is None or height is None or x >= 1 or y >= 1:
            continue
        name, score = row["label"], row.get("classificationProbability")
        box = BBox(x, y, min(width, 1 - x), min(height, 1 - y))
        # A box that nobody scored was drawn without doubt.
        yield DetectionRow(places[row["mediaID"]], name, name, 1.0 if score is None else score, box, counted_as=name)
