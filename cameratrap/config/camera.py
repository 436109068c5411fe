"""What takes the pictures, and the light for them."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import NAME_OR_PATH, Section
from cameratrap.domain.capture import Focus
from cameratrap.domain.lighting import LampMode


class CameraType(StrEnum):
    """Which library drives it."""

    PICAMERA2 = "picamera2"
    USB = "usb"


class Standby(StrEnum):
    """What the camera does between bursts."""

    CLOSED = "closed"
    OPEN = "open"


class CameraSection(Section, frozen=True):
    """The camera."""

    type: Annotated[
        CameraType, Meta(description="a Raspberry Pi camera, or a USB camera (or a clip in its place) through OpenCV")
    ] = CameraType.PICAMERA2
    device: Annotated[
        str,
        Meta(
            description="which one: a Pi camera's number as `rpicam-hello --list-cameras` counts, a USB camera's"
            " /dev/videoN, or the path of a clip that is played as one; empty is the first",
            extra=NAME_OR_PATH,
        ),
    ] = ""
    width: Annotated[
        int,
        Meta(
            ge=640,
            le=9152,
            multiple_of=2,
            title="an even number from 640 to 9152",
            description="width of the pictures in pixels",
        ),
    ] = 2304
    height: Annotated[
        int,
        Meta(
            ge=480,
            le=6944,
            multiple_of=2,
            title="an even number from 480 to 6944",
            description="height of the pictures in pixels",
        ),
    ] = 1296
    quality: Annotated[int, Meta(ge=1, le=100, description="quality of the JPEG")] = 90
    rotated: Annotated[bool, Meta(description="the camera hangs upside down: turn the pictures by 180 degrees")] = False
    focus: Annotated[
        Focus, Meta(description="at focus_m, once when the camera starts, or always; for cameras with a motor")
    ] = Focus.FIXED
    focus_m: Annotated[float, Meta(ge=0.05, le=1000, description="metres at which a fixed focus is sharpest")] = 3
    standby: Annotated[
        Standby,
        Meta(description="between bursts: stopped, or running, which is quicker and takes power; motion keeps it open"),
    ] = Standby.CLOSED
    standby_fps: Annotated[
        float, Meta(ge=1, le=30, description="frames a second that it takes between bursts while it is running")
    ] = 5
    settle_s: Annotated[
        float, Meta(ge=0, le=10, description="seconds that exposure may take to settle before the first picture")
    ] = 0.5
    stall_s: Annotated[
        float, Meta(ge=1, le=60, description="seconds without a picture after which the camera is started again")
    ] = 5
    restarts: Annotated[
        int, Meta(ge=0, le=20, description="starts in a row without a picture after which it is given up")
    ] = 3


class LampSection(Section, frozen=True):
    """The infrared lamp, and the filter that keeps infrared out by day."""

    pin: (
        Annotated[
            int,
            Meta(
                ge=0, le=27, examples=[18], description="BCM number of the pin that lights the lamp, where there is one"
            ),
        ]
        | None
    ) = None
    mode: Annotated[LampMode, Meta(description="light it for bursts in the dark, never, or for every burst")] = (
        LampMode.AUTO
    )
    ir_cut_pin: (
        Annotated[
            int,
            Meta(
                ge=0, le=27, examples=[23], description="BCM number of the pin that is high by day, where one is wired"
            ),
        ]
        | None
    ) = None
    ir_cut_inverted: Annotated[bool, Meta(description="that pin is low by day and high at night")] = False
    dark_below: Annotated[
        float, Meta(ge=0, le=255, description="mean brightness of a picture without lamp below which it is night")
    ] = 40
    bright_above: Annotated[
        float, Meta(ge=0, le=255, description="mean brightness above which night ends; more than dark_below")
    ] = 80
    dead_below: Annotated[
        float, Meta(ge=0, le=255, description="mean brightness of lit pictures below which the lamp seems dead")
    ] = 8
    dead_bursts: Annotated[
        int, Meta(ge=1, le=100, description="lit bursts in a row that are so dark before it is told as dead")
    ] = 3

    @property
    def is_there(self) -> bool:
        """Whether there is a lamp that may be lit."""
        return self.pin is not None and self.mode is not LampMode.NEVER
