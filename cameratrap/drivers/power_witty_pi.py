"""Switching off and on again by a Witty Pi 4.

The board cuts the power some seconds after the Pi's serial output falls, which it does when the system is down
(``enable_uart=1``), provided that it was told before, on GPIO 17, that the system had come up. UUGear's own daemon
tells it at every start; without that daemon it is told here, just before the shutdown. Being told twice does no harm.

The board takes any byte on the Pi's own serial output for the begin of a shutdown, and forgets for its delay of 7 s
that the system is up: with this board the modem belongs on a USB port.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cameratrap.drivers.gpio import claim
from cameratrap.drivers.power_systemd import shut_down
from cameratrap.drivers.rtc_alarm import seconds_until
from cameratrap.drivers.witty_pi import WittyPi
from cameratrap.errors import DeviceError

SYSTEM_UP_PIN = 17
OWN_PINS = (4, SYSTEM_UP_PIN)  # on GPIO 4 the board asks for a shutdown: its button, and its low-voltage guard
PULSES, HALF_PULSE_S = 2, 0.1
MAX_DAYS = 27  # the alarm has a day of the month and no month: further ahead it would ring in the wrong one


class WittyPiPower:
    """The port PowerController over a Witty Pi 4; it closes the board. ``now`` tells how far off an alarm is."""

    has_alarm = True

    def __init__(
        self,
        board: WittyPi,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._board = board
        self._now = now
        self._wait = wait

    def power_off(self, wake_at: datetime | None) -> None:
        """Set the alarm by the board's own clock, then shut down; the board cuts the power. Raises DeviceError."""
        if wake_at is None:
            self._clear_if_possible()
        else:
            self.set_alarm(wake_at)
        self._tell_that_it_is_up()
        shut_down()

    def close(self) -> None:
        """Give the bus back."""
        self._board.close()

    def set_alarm(self, wake_at: datetime) -> None:
        """Ring when the board's clock has gone on by the time that is left. Raises DeviceError.

        That clock may show UTC or local time, as whoever set it chose: only the time until then is the same.
        """
        ahead = timedelta(seconds=seconds_until(wake_at, self._now(), self._board.name))
        if ahead > timedelta(days=MAX_DAYS):
            why = f"{ahead.days} days ahead; it can be {MAX_DAYS} at most"
            raise DeviceError("an alarm cannot be set", device=self._board.name, why=why, hint="is the clock right?")
        rings = self._board.clock() + ahead
        self._board.set_alarm(rings.day, rings.hour, rings.minute, rings.second)

    def _clear_if_possible(self) -> None:
        """An alarm that cannot be cleared wakes the trap once too often; the power is cut all the same."""
        try:
            self._board.set_alarm(0, 0, 0, 0)
        except DeviceError:
            return

    def _tell_that_it_is_up(self) -> None:
        pin = claim(
            SYSTEM_UP_PIN,
            lambda gpiozero: gpiozero.OutputDevice(SYSTEM_UP_PIN, initial_value=False),
            device="Witty Pi",
            what="the Witty Pi's",
            key='fixed: nothing else may use GPIO 17 with power.controller = "witty-pi-4"',
        )
        try:
            for _ in range(PULSES):
                pin.on()
                self._wait(HALF_PULSE_S)
                pin.off()
                self._wait(HALF_PULSE_S)
        finally:
            pin.close()
