"""The tree: every section and key with its type, range, meaning and default."""

from __future__ import annotations

from datetime import timezone
from typing import Annotated

import msgspec
from msgspec import Meta

from cameratrap.domain.events import IndependenceRule, standard_zone
from cameratrap.domain.policy import Treatment


class Section(msgspec.Struct, frozen=True):
    """A table of the configuration file."""


class Station(Section, frozen=True):
    """Where the trap stands."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[\w.-]{0,40}\Z",
            title="up to 40 letters, digits and . _ -",
            description="name of the site, stored on the card",
        ),
    ] = ""
    utc_offset: Annotated[
        str,
        Meta(
            pattern=r"^[+-](0[0-9]|1[0-4]):(00|15|30|45)\Z",
            title="an offset from UTC such as +01:00",
            description="standard time of the station, without summer time",
        ),
    ] = "+00:00"
    latitude: (
        Annotated[
            float, Meta(ge=-90, le=90, examples=[46], description="degrees north, for sunset; whole degrees are enough")
        ]
        | None
    ) = None
    longitude: (
        Annotated[
            float, Meta(ge=-180, le=180, examples=[7], description="degrees east, for sunset; whole degrees are enough")
        ]
        | None
    ) = None

    @property
    def utc_offset_minutes(self) -> int:
        """The fixed offset from UTC."""
        sign = -1 if self.utc_offset[0] == "-" else 1
        return sign * (int(self.utc_offset[1:3]) * 60 + int(self.utc_offset[4:6]))

    @property
    def zone(self) -> timezone:
        """The station's standard time."""
        return standard_zone(self.utc_offset_minutes)


class Events(Section, frozen=True):
    """When two sightings are independent."""

    interval_minutes: Annotated[
        float, Meta(ge=0, le=1440, description="minutes without the taxon that separate two events")
    ] = 30
    rule: Annotated[
        IndependenceRule, Meta(description="the interval starts at the last record, or at the last independent one")
    ] = IndependenceRule.LAST_RECORD


class DetectorSection(Section, frozen=True):
    """The model on the device."""

    model: Annotated[str, Meta(description="an installed model's name, or the path of a model folder")] = (
        "cameratrap-nano"
    )
    classifier: Annotated[
        str, Meta(description="a second model that names what the first one found, by name or folder")
    ] = ""
    runtime: Annotated[
        str,
        Meta(
            pattern=r"^(auto|tflite-runtime|ai-edge-litert)\Z",
            title='one of "auto", "tflite-runtime", "ai-edge-litert"',
            description="what runs the models; auto takes the one that measured faster, of those installed",
        ),
    ] = "auto"
    threads: Annotated[int, Meta(ge=1, le=16, description="processor threads the model may use")] = 1
    score_threshold: (
        Annotated[
            float, Meta(ge=0, le=1, examples=[0.5], description="least score that counts, instead of the model's own")
        ]
        | None
    ) = None
    background: Annotated[
        bool, Meta(description="compare each picture with what this camera has seen before, by day and by infrared")
    ] = True


class Counting(Section, frozen=True):
    """From boxes to counts."""

    agree_frames: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=100)]],
        Meta(
            title="a table of taxa with whole numbers from 1 to 100",
            examples=[{"Lynx lynx": 2}],
            description="frames of a burst that must agree on a taxon; until then it is told by a coarser name",
        ),
    ] = {}


class People(Section, frozen=True):
    """What becomes of pictures that show people or vehicles. They are counted in any case."""

    person: Annotated[
        Treatment, Meta(description="keep the picture, blur them in it, keep only the count, or discard the burst")
    ] = Treatment.KEEP
    vehicle: Annotated[Treatment, Meta(description="the same for vehicles")] = Treatment.KEEP


class Summary(Section, frozen=True):
    """The daily message."""

    max_messages: Annotated[
        int, Meta(ge=1, le=8, description="messages a day may cost before its commonest taxa are merged into others")
    ] = 1


class Modem(Section, frozen=True):
    """The satellite modem."""

    port: Annotated[str, Meta(description="serial device of the modem")] = "/dev/serial0"
    baud: Annotated[int, Meta(ge=1200, le=230400, description="speed of the serial line")] = 19200
    attempts: Annotated[int, Meta(ge=1, le=20, description="failed sessions after which one `transmit` gives up")] = 4
    deadline_s: Annotated[float, Meta(ge=30, le=900, description="seconds a session may take")] = 180


class Ground(Section, frozen=True):
    """The receiver."""

    stations: Annotated[
        dict[str, str],
        Meta(
            examples=[{"300000000000000": "ridge-1"}],
            description="modem IMEI -> station; when given, others are quarantined",
        ),
    ] = {}
    rockblock_public_key: Annotated[
        str, Meta(description="PEM file with the key that RockBLOCK signs its deliveries with")
    ] = ""
    require_proof: Annotated[bool, Meta(description="refuse deliveries that carry no signature")] = False


class Config(msgspec.Struct, frozen=True):
    """The whole tree."""

    data: Annotated[str, Meta(description="the card's folder, or the receiver's")] = ""
    taxa: Annotated[str, Meta(description="a taxa table to use instead of the built-in one")] = ""
    station: Station = Station()
    events: Events = Events()
    detector: DetectorSection = DetectorSection()
    counting: Counting = Counting()
    people: People = People()
    summary: Summary = Summary()
    modem: Modem = Modem()
    ground: Ground = Ground()
