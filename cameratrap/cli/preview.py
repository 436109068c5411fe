"""How a command shows pictures in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

import click

Preview = Literal["auto", "halfblock", "off"]
_F = TypeVar("_F", bound=Callable[..., Any])


def preview_option(command: _F) -> _F:
    """Add --preview to a command, which is handed it as ``preview``, None where it was not given."""
    words = "Pictures in the terminal: as well as it can, as blocks, or not at all (default: auto)."
    return click.option("--preview", type=click.Choice(get_args(Preview)), help=words)(command)
