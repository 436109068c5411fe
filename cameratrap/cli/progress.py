"""How far a long command is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

_Item = TypeVar("_Item")


def is_shown(*, hidden: bool) -> bool:
    """Whether a bar has somebody to look at it."""
    return not hidden and sys.stderr.isatty()


def with_progress(items: Iterable[_Item], total: int, label: str, *, gives_way: bool) -> Iterator[_Item]:
    """The items, and a bar on stderr with the time that is left and how many are done a second.

    With ``gives_way`` it is taken away before each item, which is going to be printed to the same terminal.
    """
    start = time.monotonic()
    with click.progressbar(
        length=total, file=sys.stderr, label=label, show_pos=True, item_show_func=lambda speed: speed
    ) as bar:
        for number, item in enumerate(items, start=1):
            if gives_way:
                click.echo("\r\x1b[K", nl=False, err=True)
            yield item
            bar.update(1, f"{number / max(time.monotonic() - start, 0.001):.1f}/s")
