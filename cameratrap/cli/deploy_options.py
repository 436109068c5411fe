"""What `deploy` can be told of how the camera hangs, and the kinds of values that takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timezone
from functools import wraps
from typing import Any, TypeVar

import click

from cameratrap.cli.params import Number
from cameratrap.domain.positions import FARTHEST_M
from cameratrap.store.deployment import FEATURES, Setup

METRES_OFF = click.IntRange(1, FARTHEST_M)
_YEARS = range(1970, 2200)  # a clock that was never set counts from 1970
_F = TypeVar("_F", bound=Callable[..., Any])


def deployment_name(text: str) -> str:
    """A name that can also be a file's."""
    if not re.fullmatch(r"[\w.-]{1,80}", text):
        raise click.BadParameter(f"{text!r} is not up to 80 letters, digits and . _ -.")
    return text


def moment(text: str) -> datetime:
    """A time such as 2026-06-01T09:30, in the station's standard time unless it has an offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time such as 2026-06-01T09:30.") from None
    if found.year not in _YEARS:
        raise click.BadParameter(f"{text!r} is not between {_YEARS[0]} and {_YEARS[-1]}.")
    return found


def at_station(given: datetime | None, zone: timezone) -> datetime:
    """A time that was given, or now, with the station's offset where it had none."""
    if given is None:
        return datetime.now(zone).replace(microsecond=0)
    return given if given.tzinfo is not None else given.replace(tzinfo=zone)


def degrees(text: str) -> tuple[float, float]:
    """Degrees north and east such as 46.5123,7.4321, somewhere on earth."""
    north, comma, east = text.partition(",")
    if not comma:
        raise click.BadParameter(f"{text!r} is not two numbers such as 46.5123,7.4321.")
    return Number(-90, 90).convert(north, None, None), Number(-180, 180).convert(east, None, None)


_OPTIONS = (
    click.option("--camera-id", metavar="ID", help="The camera's serial number."),
    click.option("--camera-model", metavar="NAME", help="Maker and model, as in RaspberryPi-Camera3NoIR."),
    click.option("--height", "camera_height", type=Number(0, 100), metavar="M", help="Metres above the ground."),
    click.option("--tilt", "camera_tilt", type=click.IntRange(-90, 90), metavar="DEG", help="-90 is straight down."),
    click.option("--heading", "camera_heading", type=click.IntRange(0, 360), metavar="DEG", help="90 is east."),
    click.option(
        "--distance",
        "detection_distance",
        type=Number(0, 1000),
        metavar="M",
        help="How far away a person still triggered it.",
    ),
    click.option("--setup-by", metavar="NAME", help="Who set it up."),
    click.option("--bait/--no-bait", "bait_use", default=None, help="Whether there is bait."),
    click.option("--feature", "feature_type", type=click.Choice(FEATURES), help="What it looks at."),
    click.option("--habitat", metavar="TEXT", help="A few words on the habitat."),
    click.option("--comments", "deployment_comments", metavar="TEXT", help="Anything else."),
)


def setup_options(command: _F) -> _F:
    """Add the options of the setup to a command, which is handed a Setup without a position as ``setup``."""

    @wraps(command)
    def with_setup(*args: Any, **options: Any) -> Any:
        given = {field.name: options.pop(field.name) for field in fields(Setup) if field.name in options}
        return command(*args, setup=Setup(**given), **options)

    wrapped: Any = with_setup
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]
