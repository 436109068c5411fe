"""An LED on a GPIO pin that flashes for a person who stands before the trap."""

from __future__ import annotations

from typing import Any

from cameratrap.drivers.gpio import claim

_ON_S, _OFF_S = 0.12, 0.18  # slow enough to count


class Led:
    """``flash`` returns at once and replaces what still flashes. Raises DeviceError where the pin cannot be had."""

    def __init__(self, pin: int) -> None:
        def make(gpiozero: Any) -> Any:
            return gpiozero.LED(pin)

        self._led = claim(pin, make, device="LED", what="the LED's", key="led.pin")

    def flash(self, times: int) -> None:
        """Light it so many times."""
        self._led.blink(on_time=_ON_S, off_time=_OFF_S, n=times, background=True)

    def close(self) -> None:
        """Dark, and the pin given back."""
        self._led.off()
        self._led.close()
