"""The options that say what a day of a study is, and how days become occasions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any, Literal, TypeVar

import click

from cameratrap.analysis.cameras import Cameras
from cameratrap.analysis.effort import EffortDefinition
from cameratrap.analysis.occasions import Occasions
from cameratrap.cli.definitions import definition_option
from cameratrap.cli.params import Number, day

_F = TypeVar("_F", bound=Callable[..., Any])
_DAYS = click.IntRange(1, 3660)


def _day1(_ctx: click.Context, _param: click.Parameter, text: str) -> Literal["station", "survey"] | date:
    return "station" if text == "station" else "survey" if text == "survey" else day(text)


_OPTIONS = (
    click.option("--occasion-days", "days", type=_DAYS, default=1, show_default=True, help="Days of an occasion."),
    click.option(
        "--day1",
        default="station",
        show_default=True,
        metavar="station|survey|DAY",
        callback=_day1,
        help="Occasions begin at each station's setup, at the first setup of all, or on a day.",
    ),
    click.option(
        "--buffer",
        "buffer_days",
        type=click.IntRange(0, 3660),
        default=0,
        metavar="DAYS",
        help="Leave out so many days after setup.",
    ),
    click.option(
        "--max-days",
        type=_DAYS,
        metavar="DAYS",
        help="No more than so many days of a station, counted from the first setup of all where --day1 is a day.",
    ),
    click.option(
        "--min-active-days",
        type=Number(0, 3660, min_open=True),
        metavar="DAYS",
        help="An occasion with less effort is missing.",
    ),
    click.option("--whole-occasions", "only_whole", is_flag=True, help="So is one of which a day is missing."),
)


def occasion_options(command: _F) -> _F:
    """Add them to a command, which is handed Occasions as ``occasions``."""
    names = ("days", "day1", "buffer_days", "max_days", "min_active_days", "only_whole")

    @wraps(command)
    def with_occasions(*args: Any, **options: Any) -> Any:
        occasions = Occasions(**{name: options.pop(name) for name in names})
        return command(*args, occasions=occasions, **options)

    for option in reversed(_OPTIONS):
        with_occasions = option(with_occasions)
    return with_occasions  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class MatrixOptions:
    """How the operation matrix under a history is made."""

    definition: EffortDefinition
    cameras: Cameras
    start_hour: int
    as_camtrapr: bool


def matrix_options(command: _F) -> _F:
    """Add --definition, --cameras, --start-hour and --as-camtrapr, handed over as ``how``."""

    @click.option(
        "--start-hour",
        type=click.IntRange(0, 23),
        default=0,
        metavar="HOUR",
        help="Days begin at this hour: 12 keeps nights whole.",
    )
    @click.option(
        "--cameras",
        type=click.Choice([each.value for each in Cameras if each is not Cameras.SEPARATE]),
        default=Cameras.UNION.value,
        show_default=True,
        help="What several cameras at a station make of a day.",
    )
    @definition_option
    @click.option(
        "--as-camtrapr",
        is_flag=True,
        help="Equal camtrapR to the last digit, also in what it loses at the edges of days.",
    )
    @wraps(command)
    def with_matrix(
        *args: Any, definition: EffortDefinition, cameras: str, start_hour: int, as_camtrapr: bool, **options: Any
    ) -> Any:
        how = MatrixOptions(definition, Cameras(cameras), start_hour, as_camtrapr)
        return command(*args, how=how, **options)

    return with_matrix  # type: ignore[return-value]
