"""The figures of a power forecast: each with its range, its unit, and where it comes from.

A figure is ``measured`` (on the trap's own parts), ``sourced`` (published by whoever made or measured the part) or
``assumed`` (nobody has measured it for this use). The forecast's range is made from ``low`` and ``high``, so that a
figure that is only assumed shows how little is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Basis(StrEnum):
    """How well a figure is known."""

    MEASURED = "measured"
    SOURCED = "sourced"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Figure:
    """One input: what is likely, and what it may be from ``low`` to ``high``, in ``unit``.

    More of every figure means more energy, or more time to the first picture.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    basis: Basis
    source: str
    meaning: str


_CNX = "CNX Software, 2021-12-09, Zero 2 W on Bullseye"
_KITTENLABS = "kittenlabs.de, boot of a Zero 2 W optimised"
_PI_DOCS = "Raspberry Pi documentation, power supplies"
_GEERLING = "jeffgeerling.com, power of a Pi 5 that is off"
_ROCKBLOCK = "RockBLOCK 9603 documentation"
_MODEL = "no measurement found"


def _figures(rows: tuple[tuple[str, float, float, float, str, Basis, str, str], ...]) -> dict[str, Figure]:
    return {row[0]: Figure(*row) for row in rows}


_S, _A = Basis.SOURCED, Basis.ASSUMED

# fmt: off
FIGURES = _figures((
    ("zero_2_w_idle_w", 0.6, 0.6, 0.6, "W", _S, _CNX, "Zero 2 W idle as installed: 120 mA"),
    ("zero_2_w_tuned_idle_w", 0.375, 0.375, 0.375, "W", _S, _CNX, "the same without HDMI, USB, LEDs: 75 mA"),
    ("zero_2_w_halted_w", 0.13, 0.05, 0.275, "W", _A, f"{_PI_DOCS} give 55 mA for a Zero", "Zero 2 W halted, 5 V on"),
    ("zero_2_w_motion_w", 1.3, 1.0, 1.6, "W", _A, _MODEL, "Zero 2 W looking for motion in the camera's stream"),
    ("zero_2_w_active_w", 1.5, 1.3, 1.75, "W", _A, f"{_PI_DOCS} give 350 mA", "Zero 2 W at a trigger"),
    ("zero_2_w_stock_boot_j", 9.5, 9.5, 12.6, "J", _S, _KITTENLABS, "boot as installed"),
    ("zero_2_w_stock_boot_s", 12, 12, 20, "s", _S, _KITTENLABS, "boot as installed"),
    ("zero_2_w_tuned_boot_j", 1.438, 1.438, 3.5, "J", _S, _KITTENLABS, "boot tuned by hand"),
    ("zero_2_w_tuned_boot_s", 3.5, 3.5, 6, "s", _S, _KITTENLABS, "boot tuned by hand"),
    ("pi_4_idle_w", 3.0, 2.7, 3.0, "W", _S, f"{_PI_DOCS}: 0.60 A", "Pi 4 B idle as installed"),
    ("pi_4_tuned_idle_w", 2.7, 2.0, 3.0, "W", _A, _MODEL, "Pi 4 B idle without HDMI, USB, LEDs"),
    ("pi_4_halted_w", 0.115, 0.115, 1.9, "W", _S, f"{_PI_DOCS}: 23 mA; 380 mA in rpi-eeprom #184", "Pi 4 B halted"),
    ("pi_4_motion_w", 3.8, 3.3, 5.0, "W", _A, _MODEL, "Pi 4 B looking for motion in the camera's stream"),
    ("pi_4_active_w", 4.5, 3.5, 6.0, "W", _A, f"{_PI_DOCS} give 1.2 A under stress", "Pi 4 B at a trigger"),
    ("pi_4_stock_boot_j", 70, 50, 100, "J", _A, f"{_PI_DOCS} give 0.70 A, for 20 s", "boot as installed"),
    ("pi_4_stock_boot_s", 20, 15, 30, "s", _A, _MODEL, "boot as installed"),
    ("pi_4_tuned_boot_j", 28, 20, 50, "J", _A, _MODEL, "boot tuned by hand"),
    ("pi_4_tuned_boot_s", 8, 6, 14, "s", _A, _MODEL, "boot tuned by hand"),
    ("pi_5_idle_w", 3.0, 2.7, 3.6, "W", _A, _MODEL, "Pi 5 idle as installed"),
    ("pi_5_tuned_idle_w", 2.7, 2.4, 3.3, "W", _A, _MODEL, "Pi 5 idle without HDMI, USB, LEDs"),
    ("pi_5_halted_w", 0.02, 0.01, 0.02, "W", _S, f"{_GEERLING}, POWER_OFF_ON_HALT=1", "Pi 5 halted, 5 V on"),
    ("pi_5_motion_w", 4.0, 3.5, 5.5, "W", _A, _MODEL, "Pi 5 looking for motion in the camera's stream"),
    ("pi_5_active_w", 6.0, 4.5, 8.0, "W", _A, _MODEL, "Pi 5 at a trigger"),
    ("pi_5_stock_boot_j", 52, 40, 75, "J", _A, _MODEL, "boot as installed"),
    ("pi_5_stock_boot_s", 12, 9, 20, "s", _A, _MODEL, "boot as installed"),
    ("pi_5_tuned_boot_j", 30, 20, 52, "J", _A, _MODEL, "boot tuned by hand"),
    ("pi_5_tuned_boot_s", 7, 5, 12, "s", _A, _MODEL, "boot tuned by hand"),
    ("controller_w", 0.005, 0.001, 0.02, "W", _A, "none found for a Witty Pi 4", "what switches the Pi, and its PIR"),
    ("timer_w", 0.001, 0.0001, 0.002, "W", _A, "a TPL5110 takes 35 nA, an EKMB PIR 6 uA", "a timer or latch, its PIR"),
    ("camera_open_w", 0.5, 0.25, 1.25, "W", _A, f"{_PI_DOCS} budget 250 mA", "a camera kept running between triggers"),
    ("session_s", 3, 2, 6, "s", _A, _MODEL, "a trigger's capture, detection and storing"),
    ("lamp_j", 8, 4, 12, "J", _A, _MODEL, "infrared light for one trigger by night"),
    ("night_share", 0.5, 0.3, 0.7, "", _A, "depends on the species and the season", "share of triggers by night"),
    ("satellite_j", 60, 60, 600, "J/d", _A, f"{_ROCKBLOCK}: 62 J a start; modem.energy_j_per_day", "the modem, a day"),
    ("modem_idle_w", 0.225, 0.2, 0.25, "W", _S, f"{_ROCKBLOCK}: 40 to 50 mA", "a modem that is never switched off"),
    ("converter_loss", 0.13, 0.08, 0.2, "", _A, _MODEL, "share of the battery's energy that the 5 V converter takes"),
    ("camera_start_s", 1.0, 0.6, 1.5, "s", _A, _MODEL, "a closed camera to its first settled frame"),
    ("open_frame_s", 0.15, 0.05, 0.3, "s", _A, _MODEL, "an open camera to the next frame"),
    ("wake_start_s", 1.5, 1.0, 3.0, "s", _A, _MODEL, "from the end of the boot to the first frame"),
))
# fmt: on


def fixed(
    figures: Mapping[str, Figure], values: Mapping[str, float], sources: Mapping[str, str] | None = None
) -> dict[str, Figure]:
    """The same figures with some known: what was measured has no range any more.

    A source that begins with the word "sourced" or "assumed" says so itself; else the figure is taken as measured.
    """
    said = sources or {}
    return {**figures, **{name: _known(figures[name], value, said.get(name, "")) for name, value in values.items()}}


def _known(figure: Figure, value: float, source: str) -> Figure:
    first = source.partition(":")[0].strip().lower()
    basis = Basis(first) if first in set(Basis) else Basis.ASSUMED if not source else Basis.MEASURED
    return replace(figure, value=value, low=value, high=value, basis=basis, source=source or "set without a source")
