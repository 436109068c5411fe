"""What `activity` can be asked for, besides the filters and the plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TypeVar

import click

from cameratrap.cli.params import Number
from cameratrap.errors import UsageError

Kind = Literal["clock", "solar", "solar-average"]
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one call. ``adjust`` and ``bandwidth`` are None where R's own are to be taken."""

    kind: Kind
    records: bool
    points: int
    adjust: float | None
    bandwidth: float | None
    only_overlap: bool
    resamples: int
    seed: int
    centre: Literal["noon", "midnight"]

    def check(self, other: str | None, interval: float | None) -> None:
        """Raises UsageError for what does not go together."""
        if self.only_overlap and other is None:
            raise UsageError("--overlap needs two taxa", hint="name a second one after the first")
        if self.bandwidth is not None and other is not None:
            raise UsageError("--bandwidth is for one taxon", hint="--adjust divides the bandwidths of both")
        if self.records and interval is not None:
            raise UsageError("--records and --interval exclude each other", why="--records means an interval of 0")


_OPTIONS = (
    click.option(
        "--time",
        "kind",
        type=click.Choice(["clock", "solar", "solar-average"]),
        default="clock",
        show_default=True,
        help="By the clock; by the sun, which rises at 6:00 and sets at 18:00, or both at their mean.",
    ),
    click.option("--records", is_flag=True, help="Take every sighting, not only independent events."),
    click.option("--points", type=click.IntRange(2, 10001), default=129, show_default=True, help="Of the curve."),
    click.option("--adjust", type=Number(0.01, 100), metavar="X", help="Divide the bandwidth: above 1 is smoother."),
    click.option("--bandwidth", type=Number(0.01, 1e6), metavar="KAPPA", help="The kernel's concentration."),
    click.option("--overlap", "only_overlap", is_flag=True, help="Print how far the two overlap, not the curves."),
    click.option(
        "--resamples",
        type=click.IntRange(0, 100_000),
        default=1000,
        show_default=True,
        help="To reckon the overlap's interval by; 0 for none.",
    ),
    click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the resamples."),
    click.option(
        "--centre",
        type=click.Choice(["noon", "midnight"]),
        default="noon",
        show_default=True,
        help="The middle of the plot.",
    ),
)


def activity_options(command: _F) -> _F:
    """Add them to a command, which is handed an Asked as ``asked``."""
    names = Asked.__dataclass_fields__

    @wraps(command)
    def with_asked(*args: Any, **options: Any) -> Any:
        asked = Asked(**{name: options.pop(name) for name in names})
        return command(*args, asked=asked, **options)

    for option in reversed(_OPTIONS):
        with_asked = option(with_asked)
    return with_asked  # type: ignore[return-value]
