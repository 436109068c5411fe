"""The pin that tells a gated trap, for as long as it is on, that its PIR switched it on and no alarm did."""

from __future__ import annotations

from cameratrap.drivers.gpio import claim


def is_high(pin: int) -> bool:
    """The level of the BCM ``pin``, pulled down. Raises DeviceError."""
    device = claim(
        pin,
        lambda gpiozero: gpiozero.DigitalInputDevice(pin, pull_up=False),
        device="PIR",
        what="the wake",
        key="wake.pin",
    )
    try:
        return bool(device.is_active)
    finally:
        device.close()
