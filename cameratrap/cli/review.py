"""`review`: the page, or the terminal, on which a person looks at what a card brought home, and corrects it."""

from __future__ import annotations

import signal
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cameratrap.cli.author import author_option
from cameratrap.cli.context import Context
from cameratrap.cli.extras import needs_review
from cameratrap.cli.filters import selection_options
from cameratrap.cli.preview import Preview, preview_option
from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port of this machine (default: the first free from 8731).")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--terminal", is_flag=True, help="Here in the terminal, one event at a time: also over ssh.")
@preview_option
@author_option
@selection_options
@click.pass_obj
def review(
    ctx: Context,
    port: int | None,
    author: str,
    preview: Preview | None,
    selection: Selection,
    *,
    no_browser: bool,
    terminal: bool,
) -> None:
    """Look at the events and correct them, in the browser of this machine or in the terminal.

    Use as: cameratrap --data PROJECT review. PROJECT may be a card: corrections are then kept beside its index, in
    review.db, and what the trap has written is not touched. Nobody else on the network can reach the page, and it
    needs no network. Every correction is stored when the page says so; Ctrl-C ends the server and loses none. With
    filters it begins with the events that they mean; on the page they can be changed. In the terminal the keys are
    those of the page, and ? lists them.
    """
    if terminal:
        if port is not None:
            raise UsageError("--port is for the page", hint="leave it out, or --terminal")
        from cameratrap.cli.review_terminal import review_in_terminal

        review_in_terminal(ctx, selection, author, preview)
        return
    if preview is not None:
        raise UsageError("--preview is for --terminal")
    needs_review("jinja2", "starlette", "uvicorn")
    from cameratrap.web.serve import listening, open_review, serve

    query = f"?{selection.to_query()}" if selection else ""
    with listening(port) as on, open_review(ctx.data, author=author, taxa=ctx.taxa()) as opened, _ended_politely():
        serve(opened, on, ready=lambda address: _tell(ctx, address + query, author, browse=not no_browser))
    ctx.say("stopped; every correction is stored")


@contextmanager
def _ended_politely() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does, so that the index is closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(ctx: Context, address: str, author: str, *, browse: bool) -> None:
    click.echo(address)
    ctx.say(f"signed by {author}; Ctrl-C to stop")
    if browse and sys.stdout.isatty():
        webbrowser.open(address)
