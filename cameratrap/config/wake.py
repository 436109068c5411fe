"""A trap that its PIR, or an alarm, switches on for each visit."""

from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import Section


class WakeSection(Section, frozen=True):
    """`wake`: for a trap that its PIR switches on."""

    pin: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=27,
                examples=[22],
                description="BCM number of a pin that is high where the PIR switched it on; else the alarm tells",
            ),
        ]
        | None
    ) = None
    firmware_s: Annotated[
        float,
        Meta(ge=0, le=60, description="seconds from the PIR's edge to the kernel's start: assumed, measure it"),
    ] = 2.0
    rearm_s: Annotated[
        float,
        Meta(ge=0, le=600, description="seconds after the power is handed back until the PIR can switch on"),
    ] = 15.0
    linger_s: Annotated[
        float,
        Meta(ge=0, le=600, description="seconds it stays up after a trigger: a second one costs no boot"),
    ] = 5.0
    batch: Annotated[
        int, Meta(ge=1, le=1000, description="bursts that wait before the model is loaded and looks at them all")
    ] = 1
    transmit_s: Annotated[
        float, Meta(ge=60, le=7200, description="seconds that sending may take before it is broken off")
    ] = 1500.0
