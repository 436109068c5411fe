"""The modem's ON/OFF line on a GPIO pin, through gpiozero.

This file alone knows gpiozero's part in the modem, and the pauses the modem needs between on and off. It does not
decide when to switch, and it does not talk to the modem.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from cameratrap.drivers.gpio import claim

ON_S = 2.0  # SparkFun's library: "wait at least 2 s after power-on before off"
OFF_S = 2.5  # Iridium 9602 guide: off "for more than 2 s" before on


class PowerSwitch(Protocol):
    """Switches the modem on and off, and keeps the pauses it needs between the two."""

    def on(self) -> None: ...
    def off(self) -> None: ...
    def close(self) -> None: ...


class PowerPin:
    """The BCM pin that is high while the modem is on. The modem is switched off first, so that it starts afresh.

    When the program ends the pin floats: a pull-down resistor keeps the modem off between sessions. Raises DeviceError
    when the pin cannot be driven.
    """

    def __init__(
        self,
        pin: int,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pin = claim(
            pin,
            lambda gpiozero: gpiozero.OutputDevice(pin, initial_value=False),
            device=f"GPIO {pin}",
            what="the modem's power",
            key="modem.power_pin",
        )
        self._monotonic_s = monotonic_s
        self._wait = wait
        self._since_s = monotonic_s()

    def on(self) -> None:
        """Switch on, after the modem was off for long enough."""
        self._switch(self._pin.on, OFF_S, already=bool(self._pin.value))

    def off(self) -> None:
        """Switch off, after the modem was on for long enough."""
        self._switch(self._pin.off, ON_S, already=not self._pin.value)

    def close(self) -> None:
        """Give the pin back."""
        self._pin.close()

    def _switch(self, change: Callable[[], None], rest_s: float, *, already: bool) -> None:
        if already:
            return
        rested_s = self._monotonic_s() - self._since_s
        if rested_s < rest_s:
            self._wait(rest_s - rested_s)
        change()
        self._since_s = self._monotonic_s()
