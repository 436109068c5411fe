"""What the configuration wires, looked at as a whole without opening any of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError
from cameratrap.wiring.battery import check_volts
from cameratrap.wiring.camera import check_burst, check_camera, night_limits
from cameratrap.wiring.link import power_figures
from cameratrap.wiring.pins import check_pins
from cameratrap.wiring.switching import check_switching
from cameratrap.wiring.triggers import open_schedule

if TYPE_CHECKING:
    from cameratrap.config import Config


def check_wiring(config: Config) -> None:
    """Raises ConfigError that lists everything that would be refused once it is opened."""
    checks: tuple[Callable[[Config], object], ...] = (
        check_pins,
        check_camera,
        check_burst,
        night_limits,
        open_schedule,
        check_volts,
        check_switching,
        power_figures,
    )
    check_all(partial(check, config) for check in checks)


def check_all(checks: Iterable[Callable[[], object]]) -> None:
    """Make each check, whatever the others find. Raises one ConfigError with the problems of all."""
    found = []
    for check in checks:
        try:
            check()
        except ConfigError as error:
            found.append(error)
    if len(found) == 1:
        raise found[0]
    if found:
        raise ConfigError([problem for error in found for problem in error.problems])
