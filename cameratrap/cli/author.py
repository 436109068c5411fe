"""Who signs what is said of pictures."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cameratrap.errors import UsageError

_F = TypeVar("_F", bound=Callable[..., Any])


def author_option(command: _F) -> _F:
    """Add --author to a command, which is handed a name that can be signed with."""
    return click.option(
        "--author",
        metavar="NAME",
        callback=lambda _ctx, _option, given: signature(given),
        help="Who says so (default: who is logged in).",
    )(command)


def signature(given: str | None) -> str:
    """The name that was given, or the one somebody is logged in with. Raises UsageError where there is neither."""
    name = given if given is not None else _login()
    if not (name.strip() and name.isprintable() and len(name) <= 200):
        raise UsageError("a name to sign corrections with is needed", hint="give it with --author NAME")
    return name.strip()


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a system that does not know who is logged in
        return ""
