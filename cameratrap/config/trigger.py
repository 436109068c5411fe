"""What makes the trap take pictures, when it may, and how many."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import Section
from cameratrap.domain.capture import PROFILES
from cameratrap.domain.commands import MAX_BURST, MAX_SPACING_S
from cameratrap.domain.schedule import PATTERN


class TriggerMode(StrEnum):
    """Which sensor decides."""

    PIR = "pir"
    MOTION = "motion"
    PIR_AND_MOTION = "pir_and_motion"


class TriggerSection(Section, frozen=True):
    """What makes the trap take pictures, and when it may."""

    mode: Annotated[
        TriggerMode, Meta(description="the PIR, motion in the camera's small pictures, or a PIR that motion confirms")
    ] = TriggerMode.PIR
    pin: Annotated[int, Meta(ge=0, le=27, description="BCM number of the pin that the PIR's output is wired to")] = 4
    settle_s: Annotated[
        float,
        Meta(
            ge=0, le=300, description="seconds after boot in which the PIR triggers by itself: up to 60 for an HC-SR501"
        ),
    ] = 60
    confirm_s: Annotated[
        float, Meta(ge=0.1, le=30, description="with pir_and_motion: seconds between the PIR and the motion, at most")
    ] = 2
    cooldown_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="seconds after a trigger in which others are only counted; a long one loses pairs",
        ),
    ] = 2
    flood_at_once: Annotated[
        int, Meta(ge=1, le=10000, description="triggers that are taken however fast they come, before flood_per_hour")
    ] = 60
    flood_per_hour: Annotated[
        float, Meta(ge=0, le=36000, description="triggers an hour that are taken for long; 0 is no limit")
    ] = 60
    timelapse_minutes: Annotated[
        int, Meta(ge=0, le=1440, description="a picture every so many full minutes of the day as well; 0 is none")
    ] = 0
    schedule: Annotated[
        tuple[Annotated[str, Meta(pattern=PATTERN)], ...],
        Meta(
            title='a list of windows such as "05:30-09:00" or "sunset-1:00..sunrise+1:00" (or dawn, dusk)',
            examples=[("05:30-09:00", "dusk-dawn")],
            description="when the trap is armed, in the station's standard time; an empty list is always",
        ),
    ] = ()


class BurstSection(Section, frozen=True):
    """The pictures of one trigger."""

    profile: Annotated[
        str,
        Meta(
            pattern=rf"^({'|'.join(PROFILES)})\Z",
            title="one of " + ", ".join(f'"{name}"' for name in PROFILES),
            description="how many pictures, how far apart, for what is studied",
        ),
    ] = "default"
    count: (
        Annotated[
            int, Meta(ge=1, le=MAX_BURST, examples=[3], description="pictures of a trigger, instead of the profile's")
        ]
        | None
    ) = None
    spacing_s: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=MAX_SPACING_S,
                examples=[1],
                description="seconds from the start of one picture to the next, instead of the profile's; less where a"
                " burst would take more than 80 s",
            ),
        ]
        | None
    ) = None


class MotionSection(Section, frozen=True):
    """Motion in the camera's small pictures. What is not set is as the motion detector was tuned."""

    least_area: (
        Annotated[
            float,
            Meta(ge=0.0001, le=0.5, examples=[0.001], description="share of the picture that what moves must fill"),
        ]
        | None
    ) = None
    times_noise: (
        Annotated[
            float,
            Meta(ge=1, le=50, examples=[6], description="how much stronger than usual there a change must be to count"),
        ]
        | None
    ) = None
    light_share: (
        Annotated[
            float,
            Meta(ge=0.05, le=1, examples=[0.4], description="share of the picture that changes at once if it is light"),
        ]
        | None
    ) = None


class LedSection(Section, frozen=True):
    """The light that tells a person at the trap what it notices, during `aim` only."""

    pin: (
        Annotated[
            int,
            Meta(ge=0, le=27, examples=[27], description="BCM number of the pin of an LED, where one is wired"),
        ]
        | None
    ) = None
