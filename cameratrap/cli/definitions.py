"""What analyses share on the command line: which effort is meant, and saying which it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

import click

from cameratrap.analysis.effort import EffortDefinition
from cameratrap.cli.output import Form
from cameratrap.domain.events import IndependenceRule

_F = TypeVar("_F", bound=Callable[..., Any])
SHOWN_DECIMALS = 4


def definition_option(command: _F) -> _F:
    """Add --definition to a command, which is handed an EffortDefinition as ``definition``."""

    @click.option(
        "--definition",
        type=click.Choice([each.value for each in EffortDefinition]),
        default=EffortDefinition.EXACT.value,
        show_default=True,
        help="What counts as effort: from setup to retrieval; with half a day for each of these two days; or days from"
        " the first to the last picture.",
    )
    @wraps(command)
    def with_definition(*args: Any, definition: str, **options: Any) -> Any:
        return command(*args, definition=EffortDefinition(definition), **options)

    return with_definition  # type: ignore[return-value]


def definition_line(definition: EffortDefinition) -> str:
    """Every table of effort says which it is: published numbers depend on it."""
    return f"effort: {definition.value} ({definition.meaning})"


def shown(value: float | None, form: Form) -> float | None:
    """A number as far as a person reads it; whole in files, where others go on reckoning."""
    return value if value is None or form != "table" else round(value, SHOWN_DECIMALS)


def independence_line(interval: timedelta, rule: IndependenceRule) -> str:
    """When two sightings were taken to be independent."""
    return f"independence: {interval / timedelta(minutes=1):g} min since the {rule.value.replace('-', ' ')}"
