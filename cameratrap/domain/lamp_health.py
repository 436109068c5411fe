"""Whether the infrared lamp still gives light, judged by the pictures that it was lit for.

A dead lamp leaves a trap that works by day and sees nothing at night, and its black pictures look like nights without
animals. One dark picture proves nothing (an open field gives no light back, a leaf hangs before the lens); several
bursts in a row do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LampHealth:
    """The lamp is ``dead`` after ``dead_bursts`` lit bursts in a row whose brightest picture is below ``dead_below``.

    Brightness is mean luma, 0 to 255. One lit burst that is bright shows that the lamp works.
    """

    dead_below: float = 8
    dead_bursts: int = 3
    dark_in_a_row: int = 0
    dead: bool = False

    def after(self, brightness: float) -> LampHealth:
        """The health once a lit burst was that bright."""
        if brightness >= self.dead_below:
            return replace(self, dark_in_a_row=0, dead=False)
        dark = self.dark_in_a_row + 1
        return replace(self, dark_in_a_row=dark, dead=self.dead or dark >= self.dead_bursts)
