"""The processor's own thermometer, where nothing else measures a temperature.

It is warmer than the case by what the Pi is doing, and the case warmer than the battery: good for seeing frost come
and go, not for a temperature to publish.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cameratrap.ports import PowerGauge, PowerReading

THERMOMETER = Path("/sys/class/thermal/thermal_zone0/temp")


class WithProcessorTemperature:
    """The port PowerGauge: what ``gauge`` says, and the processor's temperature where it says none."""

    def __init__(self, gauge: PowerGauge, thermometer: Path = THERMOMETER) -> None:
        self._gauge = gauge
        self._thermometer = thermometer

    def read(self) -> PowerReading:
        """Raises DeviceError where the gauge does not answer; a missing thermometer must not cost the voltage."""
        reading = self._gauge.read()
        if reading.temperature_c is not None:
            return reading
        try:
            degrees_c = int(self._thermometer.read_text("ascii")) / 1000
        except (OSError, ValueError):
            return reading
        return replace(reading, temperature_c=degrees_c, temperature_from="processor")

    def close(self) -> None:
        """Give the gauge back."""
        self._gauge.close()
