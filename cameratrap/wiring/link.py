"""The satellite modem and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from cameratrap.config import Config
    from cameratrap.domain.energy import PowerFigures
    from cameratrap.ports import SatelliteLink


def power_figures(config: Config) -> PowerFigures:
    """What the modem takes and may take. Raises ConfigError where that never pays for a session."""
    from cameratrap.domain.energy import PowerFigures

    modem = config.modem
    figures = PowerFigures(modem.session_w, modem.idle_w, modem.start_j, modem.energy_j_per_day, modem.reserve_j)
    if not figures.ever_pays:
        rest = f"less modem.reserve_j = {figures.reserve_j:g} this never pays for a session"
        needed = f"a start and a minute of one take {figures.least_j:.0f} J (modem.start_j, modem.session_w)"
        problem = ConfigProblem("modem.energy_j_per_day", f"{figures.day_j:g}", f"{rest}; {needed}")
        raise ConfigError([problem], hint="nothing could ever be sent: raise it, or lower modem.reserve_j")
    return figures


def open_link(config: Config, port: str | None = None, *, number_counts: bool = True) -> SatelliteLink:
    """The satellite modem at ``port``, else the configuration's. Raises DeviceError when it is missing or taken.

    ``number_counts`` is what the sessions before taught of a 9602's message number (`store.sessions.number_counts`).
    """
    if config.modem.type == "9704":
        from cameratrap.drivers.rockblock_9704 import RockBlock9704

        return RockBlock9704.open(
            port or config.modem.port,
            topic=config.modem.topic,
            power_pin=config.modem.power_pin,
            startup_s=config.modem.startup_s,
        )
    from cameratrap.drivers.rockblock_9602 import RockBlock9602

    return RockBlock9602.open(
        port or config.modem.port,
        baud=config.modem.baud,
        power_pin=config.modem.power_pin,
        startup_s=config.modem.startup_s,
        number_counts=number_counts,
    )
