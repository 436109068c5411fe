"""`show`: one event or picture in the terminal: what it is, what is said of it, and how it looks."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.preview import Preview, preview_option
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.store.event_summaries import EventSummary
    from cameratrap.store.project import Project


@click.command()
@click.argument("what", metavar="EVENT|PATH")
@click.option("--all", "is_all", is_flag=True, help="Every picture of the event, not only the one that shows it best.")
@click.option("--no-boxes", is_flag=True, help="Without the boxes of what was found.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the event with its pictures and their boxes.")
@preview_option
@click.pass_obj
def show(ctx: Context, what: str, preview: Preview | None, *, is_all: bool, no_boxes: bool, as_json: bool) -> None:
    """Show an event, or the event of a picture, with the picture where the terminal can.

    Use as: cameratrap --data PROJECT show 12, or show DCIM/100CTRAP/CTRP0001.JPG. EVENT is the number that `events`
    and `label` know (column `review`). The path of each picture is always printed.
    """
    from cameratrap.app.project_source import open_source
    from cameratrap.store.event_summaries import summaries

    with open_source(ctx.data) as project:
        number, media = _meant(project, what)
        found = summaries(project.connection, [number])
        if not found:
            raise UsageError(f"there is no event {number}", hint="`cameratrap review` and `events` number them")
        if as_json:
            _print_json(project, found[0])
            return
        _print(ctx, project, found[0], _chosen(project, number, media, is_all=is_all), preview, has_boxes=not no_boxes)


def _meant(project: Project, what: str) -> tuple[int, int | None]:
    """The event, and the picture where one is named."""
    from cameratrap.store.review_names import media_named

    if what.isascii() and what.isdecimal() and len(what) < 19:
        return int(what), None
    media = media_named(project, what)
    query = "SELECT s.event FROM media m JOIN sequences s ON s.id = m.sequence WHERE m.id = ?"
    return int(project.connection.execute(query, (media,)).fetchone()["event"]), media


def _chosen(project: Project, event: int, media: int | None, *, is_all: bool) -> list[int]:
    """The places in the event of the pictures that are shown."""
    from cameratrap.store.event_pictures import covers, place_of

    if is_all:
        row = project.connection.execute("SELECT media FROM events WHERE id = ?", (event,)).fetchone()
        return list(range(row["media"]))
    if media is None:
        cover = covers(project.connection, [event]).get(event)
        media = cover.media if cover else None
    return [] if media is None else [place_of(project.connection, event, media)]


def _print(
    ctx: Context, project: Project, event: EventSummary, places: list[int], preview: Preview | None, *, has_boxes: bool
) -> None:
    from cameratrap.cli.event_lines import event_lines, frame_lines, lies_at
    from cameratrap.cli.terminal_picture import Pictures
    from cameratrap.errors import ImageError, StoreError
    from cameratrap.store.event_pictures import frames
    from cameratrap.web.text import plain

    pictures = Pictures(preview)
    columns, rows = shutil.get_terminal_size()
    for line in event_lines(event, ctx.taxa()):
        click.echo(line)
    for place in places:
        (frame,) = frames(project.connection, event.number, first=place, most=1)
        for line in frame_lines(frame, lies_at(frame, project), f"picture {place + 1} of {event.media}"):
            click.echo(line)
        if pictures.is_on:
            try:
                path = project.media_path(frame.root, frame.path)
                pictures.draw(path, frame, columns=columns, rows=max(1, rows - 8), has_boxes=has_boxes)
            except (ImageError, StoreError) as error:
                click.echo(plain(error))


def _print_json(project: Project, event: EventSummary) -> None:
    from cameratrap.store.event_pictures import frames
    from cameratrap.web.shapes import event_shape, media_shape

    media = [media_shape(frame) for frame in frames(project.connection, event.number, most=event.media)]
    click.echo(json.dumps(event_shape(event) | {"media": media}, ensure_ascii=False))
