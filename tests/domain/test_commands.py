"""The list of commands and their ranges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from cameratrap.domain.commands import (
    ClearFault,
    Command,
    CommandRangeError,
    RepeatDays,
    SetBurst,
    SetInterval,
    SetThreshold,
)

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SetInterval(0),
        lambda: SetInterval(32),
        lambda: SetThreshold(1.001),
        lambda: SetThreshold(-0.5),
        lambda: SetThreshold(float("nan")),
        lambda: SetThreshold(0.12345),
        lambda: SetBurst(0),
        lambda: SetBurst(21),
        lambda: SetBurst(3, 60.5),
        lambda: SetBurst(3, 0.001),
        lambda: RepeatDays(DAY, date(2026, 11, 21)),
        lambda: RepeatDays(DAY, date(2026, 12, 23)),
        lambda: ClearFault("rain"),
    ],
)
def test_what_is_out_of_range_cannot_be_made(make: Callable[[], Command]) -> None:
    """A command that exists can be sent and carried out."""
    with pytest.raises(CommandRangeError):
        make()


def test_the_limits_themselves_are_in_range() -> None:
    """Both ends of each range, and the words a person reads."""
    made = [SetInterval(1), SetInterval(31), SetThreshold(0), SetThreshold(1), SetBurst(20, 60), RepeatDays(DAY, DAY)]
    assert [str(each) for each in made] == [
        "interval 1",
        "interval 31",
        "threshold 0",
        "threshold 1",
        "burst 20 60",
        "repeat 2026-11-22 2026-11-22",
    ]
