"""Battery, load and temperature as a Witty Pi 4 measures them."""

from __future__ import annotations

from cameratrap.drivers.witty_pi import WittyPi
from cameratrap.ports import PowerReading


class WittyPiGauge:
    """The port PowerGauge over a Witty Pi's measurements; it closes the board."""

    def __init__(self, board: WittyPi) -> None:
        self._board = board

    def read(self) -> PowerReading:
        """Volts at its input, watts at its output, degrees at the board. Raises DeviceError."""
        volts, watts = self._board.input_v(), self._board.output_w()
        return PowerReading(volts, self._board.temperature_c(), load_w=round(watts, 3))

    def close(self) -> None:
        """Give the bus back."""
        self._board.close()
