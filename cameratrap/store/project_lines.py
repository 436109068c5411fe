"""Deployments and sequences of a project as lines of JSON, with all that holds of them, to be read back exactly.

Exchange formats know events and pictures, whole seconds, and one opinion; what a project knows beyond that travels in
these lines. What was said and no longer holds stays at home, and so does where the media lie.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime

import msgspec

from cameratrap.errors import StoreError
from cameratrap.store.project_rows import (
    DeploymentRow,
    MediaRow,
    SequenceRow,
    WordRow,
    add_media,
    add_sequence,
    add_word,
)

_EFFORT = ("day", "hours_armed", "hours_armed_night", "triggers", "blank", "suppressed", "health")


class DeploymentLine(msgspec.Struct, frozen=True, tag="deployment", tag_field="kind"):
    """A deployment, with when it could not see (start, end, why) and its effort by day (``effort_days``)."""

    row: DeploymentRow
    down: tuple[tuple[datetime, datetime, str], ...] = ()
    effort: tuple[Mapping[str, str | float | int | None], ...] = ()


class SequenceLine(msgspec.Struct, frozen=True, tag="sequence", tag_field="kind"):
    """A sequence of the deployment whose line came last. Detections name a picture by its place among ``media``."""

    row: SequenceRow
    media: tuple[MediaRow, ...] = ()
    words: tuple[WordRow, ...] = ()
    flagged: bool = False


Line = DeploymentLine | SequenceLine
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_decoder = msgspec.json.Decoder(Line)


def encode_line(line: Line) -> bytes:
    """One line, with its end."""
    return msgspec.json.encode(line) + b"\n"


def decode_line(text: bytes) -> Line:
    """Read one back. Raises StoreError saying what is wrong with it."""
    try:
        line: Line = _decoder.decode(text)
    except (ValueError, RecursionError) as error:  # msgspec raises kinds of ValueError
        raise StoreError("it is no line of a project", why=str(error)) from error
    for problem in _problems(line):
        raise StoreError("it is no line of a project", why=problem)
    return line


def deployment_line(connection: sqlite3.Connection, number: int, row: DeploymentRow) -> DeploymentLine:
    """The line of a deployment, described by ``row``; where it lies on this machine is nobody else's."""
    down = connection.execute("SELECT * FROM down WHERE deployment = ? ORDER BY julianday(start), id", (number,))
    effort = connection.execute("SELECT * FROM effort_days WHERE deployment = ? ORDER BY day", (number,))
    moment = datetime.fromisoformat
    return DeploymentLine(
        replace(row, source="camtrap-dp", root="", imported_at=row.start),
        tuple((moment(each["start"]), moment(each["end"]), each["why"]) for each in down),
        tuple({name: each[name] for name in _EFFORT} for each in effort),
    )


def sequence_line(
    row: SequenceRow, media: Mapping[int, MediaRow], words: tuple[WordRow, ...], *, flagged: bool
) -> SequenceLine:
    """The line of a sequence, its media by their numbers in the index; boxes in other media are left out."""
    places = {number: place for place, number in enumerate(media)}
    placed = tuple(
        replace(
            word,
            detections=tuple(
                replace(each, media=places[each.media]) for each in word.detections if each.media in places
            ),
        )
        for word in words
    )
    return SequenceLine(row, tuple(media.values()), placed, flagged)


def add_effort(connection: sqlite3.Connection, number: int, line: DeploymentLine) -> None:
    """Add a deployment's effort by day, within the caller's transaction."""
    marks = ", ".join("?" * (1 + len(_EFFORT)))
    connection.executemany(
        f"INSERT INTO effort_days (deployment, {', '.join(_EFFORT)}) VALUES ({marks})",
        [(number, *(day.get(name) for name in _EFFORT)) for day in line.effort],
    )


def add_line(connection: sqlite3.Connection, deployment: int, line: SequenceLine) -> int:
    """Add a sequence to a deployment, within the caller's transaction; returns its number.

    Raises StoreError for a box in a picture that the line does not have.
    """
    sequence = add_sequence(connection, deployment, line.row)
    media = [add_media(connection, deployment, sequence, row) for row in line.media]
    for word in line.words:
        if any(not 0 <= each.media < len(media) for each in word.detections):
            raise StoreError(f"the sequence {line.row.sequence!r} has a box in a picture that is not there")
        boxes = tuple(replace(each, media=media[each.media]) for each in word.detections)
        add_word(connection, sequence, replace(word, detections=boxes))
    return sequence


def _problems(line: Line) -> Iterator[str]:
    """What a type does not forbid, and readers of a project rely on."""
    for moment in _moments(line):
        if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            yield f"{moment} has no offset, or cannot be"
    if line.row.end < line.row.start:
        yield f"it ends ({line.row.end}) before it starts ({line.row.start})"
    if isinstance(line, DeploymentLine):
        yield from deployment_problems(line.row)
        return
    for seen in (each for word in line.words for each in word.observations):
        low, high = seen.count_low, seen.count_high
        if seen.count < 1 or (low is not None and low > seen.count) or (high is not None and high < seen.count):
            yield f"a count of {seen.count} cannot lie outside {low} to {high}"
        if seen.last_at < seen.first_at:
            yield f"{seen.taxon!r} is last seen ({seen.last_at}) before it is first seen ({seen.first_at})"


def deployment_problems(row: DeploymentRow) -> Iterator[str]:
    """What is wrong with a deployment that another program has told of."""
    if not row.deployment:
        yield "the deployment has no name"
    if abs(row.utc_offset_minutes) >= 24 * 60:
        yield f"utc_offset_minutes is {row.utc_offset_minutes}: more than a day"
    for name, value, most in (("latitude", row.latitude, 90), ("longitude", row.longitude, 180)):
        if value is not None and not abs(value) <= most:
            yield f"the {name} of {row.deployment!r} is {value}"


def _moments(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _moments(each)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _moments(getattr(value, name))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _moments(getattr(value, field.name))
