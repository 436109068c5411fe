"""How far the battery has sunk, by its voltage at rest, and what the trap gives up for it.

The charge itself is not computed: a voltage tells it only roughly, and a trap needs four steps, not a percentage. Each
step has a voltage below which it is taken, and is taken back a hysteresis above it, which is more than the voltage
recovers by when the load that was given up is gone. So a battery that stays within it never makes the trap flap.

In the cold a battery that is as full shows less under its load. The voltages of the steps sink with the temperature,
down to the one at which the battery counts as empty: below that the converter or the battery's own protection cuts the
power, whatever the reason. That temperature is the coldest of a day (``app.power_watch``), and does not come and go.

The voltages per cell are of published charts: lead-acid at rest 12.2 V half full, 12.0 V a quarter, 11.6 V empty;
LiFePO4 13.0 V 30 %, 12.8 V 20 %, 12.0 V 10 %; those of the other chemistries, and
what the cold takes, are assumed: no measurement at a trap's load was found. All of them may be set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cameratrap.domain.batteries import Chemistry
from cameratrap.domain.saving import Saving

WARM_C, COLDEST_C = 20.0, -30.0
STEPS = (Saving.LAMP, Saving.BURST, Saving.INFERENCE, Saving.PICTURES)


class BatteryReading(Protocol):
    """Volts at the battery and degrees Celsius near it; None for what is not known."""

    @property
    def battery_v(self) -> float | None: ...

    @property
    def temperature_c(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, in volts: ``steps_v`` for each of STEPS at 20 degrees, and how many cells make a usual battery.

    ``cold_v_per_c`` is what it shows less for each degree below 20, and never less than ``empty_v``; more than
    ``full_v`` it does not show, even while it is charged in the cold.
    """

    usual: int
    steps_v: tuple[float, float, float, float]
    hysteresis_v: float
    cold_v_per_c: float
    empty_v: float
    full_v: float


CELLS: Mapping[Chemistry, Cell] = {
    Chemistry.LEAD_ACID: Cell(6, (12.2 / 6, 12.0 / 6, 11.8 / 6, 11.5 / 6), 0.05, 0.0015, 1.75, 2.75),
    Chemistry.LITHIUM_IRON_PHOSPHATE: Cell(4, (3.25, 3.20, 3.10, 3.00), 0.05, 0.004, 2.65, 3.8),
    Chemistry.LITHIUM_ION: Cell(1, (3.60, 3.50, 3.40, 3.30), 0.08, 0.004, 3.0, 4.35),
    Chemistry.NICKEL_METAL_HYDRIDE: Cell(8, (1.20, 1.17, 1.13, 1.08), 0.04, 0.002, 1.0, 1.7),
    Chemistry.LITHIUM_IRON_DISULFIDE: Cell(8, (1.45, 1.40, 1.33, 1.22), 0.05, 0.003, 0.9, 1.9),
    Chemistry.ALKALINE: Cell(8, (1.22, 1.15, 1.08, 1.00), 0.05, 0.003, 0.85, 1.7),
}


@dataclass(frozen=True, slots=True)
class BatteryPolicy:
    """The steps of a whole battery, in volts: the first is the highest. See ``Cell`` for the others."""

    steps_v: tuple[float, float, float, float]
    hysteresis_v: float
    cold_v_per_c: float = 0.0
    empty_v: float = 0.0
    full_v: float = 60.0

    @classmethod
    def of(cls, chemistry: Chemistry, cells: int | None = None) -> BatteryPolicy:
        """The default for so many cells in series, else for as many as are usual."""
        cell = CELLS[chemistry]
        count = cells or cell.usual
        first, second, third, last = (round(volts * count, 3) for volts in cell.steps_v)
        return cls(
            (first, second, third, last),
            round(cell.hysteresis_v * count, 3),
            cell.cold_v_per_c * count,
            round(cell.empty_v * count, 3),
            round(cell.full_v * count, 3),
        )

    def at(self, temperature_c: float | None) -> tuple[float, ...]:
        """The steps at a temperature; as in the warm where it is not known, which saves too early rather than late."""
        if temperature_c is None:
            return self.steps_v
        degrees = WARM_C - min(max(temperature_c, COLDEST_C), WARM_C)
        return tuple(max(volts - self.cold_v_per_c * degrees, min(self.empty_v, volts)) for volts in self.steps_v)

    def doubt(self, volts: float) -> str:
        """Why a gauge's word cannot be believed; "" where it can."""
        if 0 < volts <= self.full_v:
            return ""
        return f"{volts:g} V cannot be of this battery, which has {self.full_v:g} V at most (battery.chemistry, cells)"

    def saving(self, reading: BatteryReading, before: Saving) -> Saving:
        """What is given up now, after ``before``. Without a voltage it stays as it was."""
        volts = reading.battery_v
        if volts is None:
            return before
        steps = self.at(reading.temperature_c)
        least = max((step for step, at_v in zip(STEPS, steps, strict=True) if volts < at_v), default=Saving.NOTHING)
        most = max(
            (step for step, at_v in zip(STEPS, steps, strict=True) if volts < at_v + self.hysteresis_v),
            default=Saving.NOTHING,
        )
        return max(least, min(before, most))


def is_last_gasp(before: Saving, now: Saving) -> bool:
    """Whether the last step has just been taken: the day is told at once, while there is energy for it."""
    return now is Saving.PICTURES and before is not Saving.PICTURES
