"""The battery and who measures it, and who switches the trap off and on again."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import Section
from cameratrap.domain.batteries import Chemistry


class Gauge(StrEnum):
    """What measures the battery."""

    NONE = "none"
    INA219 = "ina219"
    INA226 = "ina226"
    WITTY_PI_4 = "witty-pi-4"
    ADS1115 = "ads1115"


class Temperature(StrEnum):
    """Whose temperature is the trap's."""

    AUTO = "auto"
    GAUGE = "gauge"


class Controller(StrEnum):
    """What switches the trap off."""

    NONE = "none"
    HALT_PIN = "halt-pin"
    WITTY_PI_4 = "witty-pi-4"
    SYSTEMD = "systemd"


class PinMode(StrEnum):
    """Who drives the halt pin, and when."""

    SIGNAL = "signal"
    OVERLAY = "overlay"
    DONE = "done"


class BatterySection(Section, frozen=True):
    """The battery, and what is given up as it sinks."""

    gauge: Annotated[Gauge, Meta(description="what measures the battery")] = Gauge.NONE
    bus: Annotated[int, Meta(ge=0, le=31, description="number of the I2C bus: 1 is /dev/i2c-1")] = 1
    address: (
        Annotated[
            int, Meta(ge=3, le=119, examples=[64], description="the gauge's address on it, instead of its usual one")
        ]
        | None
    ) = None
    shunt_ohm: Annotated[
        float, Meta(ge=0.0005, le=10, description="ohms of an INA219's or INA226's shunt: R100 on a board is 0.1")
    ] = 0.1
    channel: Annotated[int, Meta(ge=0, le=3, description="input of an ADS1115 that the divider is wired to")] = 0
    divider: Annotated[
        float, Meta(ge=1, le=100, description="the battery's volts for one at the ADS1115's input: (R1 + R2) / R2")
    ] = 5.0
    temperature: Annotated[
        Temperature,
        Meta(description="the gauge's, or with auto the processor's where the gauge has none: it is warmer"),
    ] = Temperature.AUTO
    every_minutes: Annotated[
        float, Meta(ge=0.1, le=1440, description="minutes from one look at the battery to the next, at least")
    ] = 10
    chemistry: Annotated[Chemistry, Meta(description="what the cells are made of: it decides the volts below")] = (
        Chemistry.LITHIUM_ION
    )
    cells: (
        Annotated[int, Meta(ge=1, le=20, examples=[3], description="cells in series, instead of as many as are usual")]
        | None
    ) = None
    lamp_v: (
        Annotated[
            float, Meta(ge=0.5, le=60, examples=[12.2], description="volts below which the lamp stays dark, when warm")
        ]
        | None
    ) = None
    burst_v: (
        Annotated[
            float, Meta(ge=0.5, le=60, examples=[12.0], description="volts below which a burst is one picture, too")
        ]
        | None
    ) = None
    inference_v: (
        Annotated[
            float, Meta(ge=0.5, le=60, examples=[11.8], description="volts below which pictures are only stored, too")
        ]
        | None
    ) = None
    pictures_v: (
        Annotated[
            float,
            Meta(ge=0.5, le=60, examples=[11.5], description="volts below which only the daily message is left"),
        ]
        | None
    ) = None
    hysteresis_v: (
        Annotated[
            float, Meta(ge=0, le=10, examples=[0.3], description="volts above each of them at which it is taken back")
        ]
        | None
    ) = None
    cold_v_per_c: (
        Annotated[
            float, Meta(ge=0, le=0.5, examples=[0.009], description="volts that they sink for each degree below 20")
        ]
        | None
    ) = None
    empty_v: (
        Annotated[
            float, Meta(ge=0.5, le=60, examples=[10.5], description="volts below which they do not sink in the cold")
        ]
        | None
    ) = None
    usable_wh: (
        Annotated[
            float,
            Meta(ge=0.1, le=100000, examples=[30.6], description="watt-hours that a full battery gives: for days left"),
        ]
        | None
    ) = None


class PowerSection(Section, frozen=True):
    """Who switches the trap off, and on again at a time."""

    controller: Annotated[Controller, Meta(description="what switches the trap off when `wake` has done its work")] = (
        Controller.NONE
    )
    pin: (
        Annotated[
            int, Meta(ge=0, le=27, examples=[26], description="BCM number of the halt pin: signal and done drive it")
        ]
        | None
    ) = None
    pin_mode: Annotated[
        PinMode,
        Meta(
            description="signal: the circuit waits, then cuts; overlay: gpio-poweroff drives the pin once it is down;"
            " done: the circuit cuts at once, as a TPL5110 does"
        ),
    ] = PinMode.OVERLAY
    timer_minutes: Annotated[
        int, Meta(ge=0, le=1440, description="minutes after which the circuit switches on by itself; 0 is never")
    ] = 0
    rtc: Annotated[
        str,
        Meta(
            pattern=r"^(rtc[0-9]+)?\Z",
            title='a name under /sys/class/rtc such as "rtc0", or ""',
            description="real-time clock whose alarm switches the trap on, where it can",
        ),
    ] = "rtc0"
