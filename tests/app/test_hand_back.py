"""The power is handed back with an alarm, without one where it cannot be set, and never kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cameratrap.app.hand_back import hand_back
from cameratrap.errors import DeviceError

RINGS = datetime(2026, 6, 2, 0, 31, tzinfo=UTC)


class Controller:
    """Notes what it is told; ``fails`` how often."""

    def __init__(self, *, has_alarm: bool = True, fails: int = 0) -> None:
        self.has_alarm, self.fails, self.told = has_alarm, fails, list[datetime | None]()

    def power_off(self, wake_at: datetime | None) -> None:
        self.told.append(wake_at)
        if len(self.told) <= self.fails:
            raise DeviceError("the alarm cannot be set", device="alarm")

    def close(self) -> None:
        pass


def test_the_alarm_is_set() -> None:
    controller = Controller()
    assert hand_back(controller, RINGS) == (RINGS, None)
    assert controller.told == [RINGS]


def test_without_an_alarm_it_is_cut_all_the_same() -> None:
    """No clock to set, or one that refuses: the power goes, and the reason is told."""
    none = Controller(has_alarm=False)
    assert hand_back(none, RINGS) == (None, None)
    assert none.told == [None]
    broken = Controller(fails=1)
    alarm_at, error = hand_back(broken, RINGS)
    assert alarm_at is None
    assert "cannot be set" in str(error)
    assert broken.told == [RINGS, None]


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        (Controller(), [RINGS]),
        (Controller(has_alarm=False), ["noted", None]),
        (Controller(fails=1), [RINGS, "noted", None]),
    ],
)
def test_that_there_is_no_alarm_is_noted_before_the_power_goes(controller: Controller, expected: list[object]) -> None:
    """Afterwards there may be no time for it."""
    told: list[object] = controller.told  # type: ignore[assignment]
    hand_back(controller, RINGS, without_alarm=lambda: told.append("noted"))
    assert told == expected


def test_a_power_that_cannot_be_cut_is_an_error() -> None:
    with pytest.raises(DeviceError):
        hand_back(Controller(fails=2), RINGS)
