"""`review`: the page on which a person looks at what a card brought home, and corrects it."""

from __future__ import annotations

import getpass
import signal
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cameratrap.cli.context import Context
from cameratrap.cli.extras import needs_review
from cameratrap.errors import UsageError


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port of this machine (default: the first free from 8731).")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--author", metavar="NAME", help="Who signs the corrections (default: the name you are logged in with).")
@click.pass_obj
def review(ctx: Context, port: int | None, author: str | None, *, no_browser: bool) -> None:
    """Look at the events and correct them, in the browser of this machine.

    Use as: cameratrap --data PROJECT review. PROJECT may be a card: corrections are then kept beside its index, in
    review.db, and what the trap has written is not touched. Nobody else on the network can reach the page, and it
    needs no network. Every correction is stored when the page says so; Ctrl-C ends the server and loses none.
    """
    needs_review("jinja2", "starlette", "uvicorn")
    from cameratrap.web.serve import listening, open_review, serve

    name = _author(author)
    with listening(port) as on, open_review(ctx.data, author=name, taxa=ctx.taxa()) as opened, _ended_politely():
        serve(opened, on, ready=lambda address: _tell(ctx, address, name, browse=not no_browser))
    ctx.say("stopped; every correction is stored")


@contextmanager
def _ended_politely() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does, so that the index is closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _author(given: str | None) -> str:
    name = given if given is not None else _login()
    if not (name.strip() and name.isprintable() and len(name) <= 200):
        raise UsageError("a name to sign corrections with is needed", hint="give it with --author NAME")
    return name.strip()


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a system that does not know who is logged in
        return ""


def _tell(ctx: Context, address: str, author: str, *, browse: bool) -> None:
    click.echo(address)
    ctx.say(f"signed by {author}; Ctrl-C to stop")
    if browse and sys.stdout.isatty():
        webbrowser.open(address)
