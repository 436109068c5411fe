"""The options that choose events, the same for every command that takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import click

from cameratrap.cli.context import Context
from cameratrap.cli.params import Number
from cameratrap.domain.selection import LIGHTS, STATES, Selection
from cameratrap.errors import UsageError

_F = TypeVar("_F", bound=Callable[..., Any])
_DAY = click.DateTime(["%Y-%m-%d"])
_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "deployments": click.option("--deployment", "deployments", multiple=True, metavar="ID", help="Only of this one."),
    "stations": click.option("--station", "stations", multiple=True, metavar="ID", help="Only of this station."),
    "sessions": click.option("--session", "sessions", multiple=True, metavar="ID", help="Only of this session."),
    "taxa": click.option("--taxon", "taxa", multiple=True, metavar="NAME", help="Only what shows this taxon."),
    "since": click.option("--from", "since", type=_DAY, metavar="DAY", help="First day to show."),
    "until": click.option("--to", "until", type=_DAY, metavar="DAY", help="Last day to show."),
    "min_score": click.option("--min-score", type=Number(0, 1), metavar="SCORE", help="Best score of a model or more."),
    "max_score": click.option("--max-score", type=Number(0, 1), metavar="SCORE", help="The same or less."),
    "light": click.option("--light", type=click.Choice(LIGHTS), help="Only by day, or only by night."),
    "states": click.option(
        "--state",
        "states",
        type=click.Choice(STATES),
        multiple=True,
        help="Nobody has looked, a model, a person at a part, a person at all of it.",
    ),
    "is_blank": click.option(
        "--blank/--no-blank", "is_blank", default=None, help="Only where nothing is, or something."
    ),
    "is_flagged": click.option(
        "--flagged/--no-flagged", "is_flagged", default=None, help="Only what was flagged, or not."
    ),
}


def selection_options(command: _F) -> _F:
    """Add the filters to a command, which is handed a Selection as ``selection``.

    Of several filters all must hold; one that may be given several times means any of its values.
    """
    return selection_options_but()(command)


def selection_options_but(*left_out: str) -> Callable[[_F], _F]:
    """The same without those that set these fields of a Selection."""

    def add(command: _F) -> _F:
        names = [name for name in _OPTIONS if name not in left_out]

        @wraps(command)
        def with_selection(*args: Any, **options: Any) -> Any:
            given = {name: options.pop(name) for name in names}
            return command(*args, selection=_selection(given), **options)

        for name in reversed(names):
            with_selection = _OPTIONS[name](with_selection)
        return with_selection  # type: ignore[return-value]

    return add


def named_taxa(names: Collection[str]) -> tuple[str, ...]:
    """Names, vernaculars and synonyms as the taxa stand in the index; what the table does not have, as it is."""
    if not names:
        return ()
    taxa = click.get_current_context().ensure_object(Context).taxa()
    return tuple(dict.fromkeys(taxa.resolve(name).name if name in taxa else name for name in names))


def _selection(given: dict[str, Any]) -> Selection:
    """Raises UsageError for a name that is empty, which would mean all, and for days that end before they begin."""
    given |= {name: _date(given[name]) for name in ("since", "until") if name in given}
    if "taxa" in given:
        given["taxa"] = named_taxa(given["taxa"])
    chosen = Selection(**given)
    if chosen.since and chosen.until and chosen.since > chosen.until:
        raise UsageError(f"--from {chosen.since} is after --to {chosen.until}", hint="the first day goes to --from")
    return chosen


def _date(moment: datetime | None) -> object:
    return None if moment is None else moment.date()
