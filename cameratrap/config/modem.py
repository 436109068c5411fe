"""The modem: where it is, how long it may take, and what it may use."""

from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import Section


class Modem(Section, frozen=True):
    """The satellite modem."""

    type: Annotated[
        str,
        Meta(
            pattern=r"^(9602|9704)\Z",
            title='"9602" or "9704" (a 9603 is a "9602")',
            description="the RockBLOCK's modem",
        ),
    ] = "9602"
    port: Annotated[str, Meta(description="serial device of the modem")] = "/dev/serial0"
    baud: Annotated[
        int, Meta(ge=1200, le=230400, description="speed of a 9602's serial line; a 9704's is always 230400")
    ] = 19200
    topic: Annotated[
        int, Meta(ge=64, le=65535, description="topic of the messages of a 9704: where Cloudloop delivers them")
    ] = 244
    attempts: Annotated[int, Meta(ge=1, le=20, description="failed sessions after which one `transmit` gives up")] = 4
    deadline_s: Annotated[float, Meta(ge=30, le=900, description="seconds a session may take")] = 180
    power_pin: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=27,
                examples=[17],
                description="BCM number of the pin on the modem's ON/OFF line, where it is wired",
            ),
        ]
        | None
    ) = None
    startup_s: Annotated[
        float, Meta(ge=10, le=600, description="seconds the modem may take to answer after it was switched on")
    ] = 240
    session_w: Annotated[float, Meta(ge=0, le=20, description="watts that the modem takes in a session")] = 0.95
    idle_w: Annotated[float, Meta(ge=0, le=20, description="watts that it takes while it waits for the next")] = 0.225
    start_j: Annotated[
        float, Meta(ge=0, le=1000, description="joules to start it; 0 where it is never switched off")
    ] = 62
    energy_j_per_day: Annotated[
        float, Meta(ge=150, le=1000000, description="joules that it may take a day; then the rest waits for tomorrow")
    ] = 600
    reserve_j: Annotated[
        float,
        Meta(
            ge=0,
            le=1000000,
            description="joules of these that alerts leave to the summaries, and the summaries to alerts",
        ),
    ] = 120
    mailbox_every_days: Annotated[
        int,
        Meta(
            ge=0,
            le=31,
            description="days without contact after which a credit is spent to look for commands; 0 is never",
        ),
    ] = 0
