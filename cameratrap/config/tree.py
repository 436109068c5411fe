"""The tree: every section and key with its type, range, meaning and default."""

from datetime import timezone
from typing import Annotated

import msgspec
from msgspec import Meta

from cameratrap.config.camera import CameraSection, LampSection
from cameratrap.config.card import CardSection
from cameratrap.config.ground import Ground
from cameratrap.config.modem import Modem
from cameratrap.config.plan import PlanSection
from cameratrap.config.power import BatterySection, PowerSection
from cameratrap.config.section import NAME_OR_PATH, PATH, Section
from cameratrap.config.trigger import BurstSection, LedSection, MotionSection, TriggerSection
from cameratrap.config.wake import WakeSection
from cameratrap.domain.commands import COMMAND_NAMES
from cameratrap.domain.events import IndependenceRule, standard_zone
from cameratrap.domain.policy import Treatment


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
            float, Meta(ge=-90, le=90, examples=[46], description="degrees north, for sunset; only whole ones are used")
        ]
        | None
    ) = None
    longitude: (
        Annotated[
            float, Meta(ge=-180, le=180, examples=[7], description="degrees east, for sunset; only whole ones are used")
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

    @property
    def place(self) -> tuple[float, float] | None:
        """Degrees north and east for the sun, whole ones: hours of daylight on a stolen card would tell finer ones."""
        if self.latitude is None or self.longitude is None:
            return None
        return float(round(self.latitude)), float(round(self.longitude))

    @property
    def is_told_finer(self) -> bool:
        """Whether the configuration has more of the position than is used, for whoever takes the trap to read."""
        return self.place is not None and self.place != (self.latitude, self.longitude)


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

    model: Annotated[
        str,
        Meta(
            description="an installed model's name, or the path of a model folder, with a slash in it",
            extra=NAME_OR_PATH,
        ),
    ] = "cameratrap-nano"
    classifier: Annotated[
        str,
        Meta(description="a second model that names what the first one found, by name or folder", extra=NAME_OR_PATH),
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
    every_days: Annotated[
        int, Meta(ge=1, le=31, description="days that share a message: 7 is one a week, with the days before in it")
    ] = 1
    low_battery_v: (
        Annotated[
            float,
            Meta(ge=0, le=60, examples=[11.8], description="battery voltage below which each day has its own message"),
        ]
        | None
    ) = None
    send_superseded: Annotated[
        bool, Meta(description="also send an older day's message when newer ones have told its tallies: for its health")
    ] = False


class Alerts(Section, frozen=True):
    """What is worth a message of its own, at once."""

    taxa: Annotated[
        tuple[str, ...],
        Meta(
            title="a list of taxa",
            examples=[("Homo sapiens", "Panthera tigris")],
            description="taxa to be told of at once; what belongs to one of them counts, too",
        ),
    ] = ()
    incident_minutes: Annotated[
        float, Meta(ge=1, le=1440, description="minutes without the taxon after which it is another incident")
    ] = 60
    min_score: Annotated[float, Meta(ge=0, le=1, description="least score that is worth an alert")] = 0.5
    per_day: Annotated[int, Meta(ge=0, le=100, description="alerts a day; the others are only counted")] = 3
    credits_per_month: Annotated[int, Meta(ge=0, le=1000, description="credits that alerts may cost a month")] = 30


class Seal(Section, frozen=True):
    """What proves that a message comes from the trap, and keeps it from other readers."""

    key_file: Annotated[
        str,
        Meta(description="the station's key; by default station.key in the data folder, if there is one", extra=PATH),
    ] = ""


class Commands(Section, frozen=True):
    """What the trap may be told from afar, by whoever has its key."""

    accept: Annotated[
        tuple[Annotated[str, Meta(pattern=rf"^({'|'.join(COMMAND_NAMES)})\Z")], ...],
        Meta(
            title="a list of " + ", ".join(COMMAND_NAMES),
            description="commands that the trap obeys; an empty list is none",
        ),
    ] = COMMAND_NAMES


class ClockSection(Section, frozen=True):
    """The trap's clock and the network's time."""

    check: Annotated[bool, Meta(description="ask the modem for the network's time whenever something is sent")] = True
    correct: Annotated[bool, Meta(description="set the system's clock where it is wrong; it needs the right to")] = (
        False
    )


class Config(msgspec.Struct, frozen=True):
    """The whole tree."""

    data: Annotated[str, Meta(description="the card's folder, or the receiver's", extra=PATH)] = ""
    taxa: Annotated[str, Meta(description="a taxa table to use instead of the built-in one", extra=PATH)] = ""
    station: Station = Station()
    events: Events = Events()
    detector: DetectorSection = DetectorSection()
    counting: Counting = Counting()
    people: People = People()
    summary: Summary = Summary()
    alerts: Alerts = Alerts()
    seal: Seal = Seal()
    modem: Modem = Modem()
    commands: Commands = Commands()
    clock: ClockSection = ClockSection()
    ground: Ground = Ground()
    trigger: TriggerSection = TriggerSection()
    burst: BurstSection = BurstSection()
    motion: MotionSection = MotionSection()
    led: LedSection = LedSection()
    plan: PlanSection = PlanSection()
    battery: BatterySection = BatterySection()
    power: PowerSection = PowerSection()
    camera: CameraSection = CameraSection()
    lamp: LampSection = LampSection()
    wake: WakeSection = WakeSection()
    card: CardSection = CardSection()
