"""What `power plan` forecasts for, and the figures that are known better than the built-in ones."""

from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import Section
from cameratrap.domain.power_plan import BOARDS, Boot


class PlanSection(Section, frozen=True):
    """The battery forecast of `power plan`."""

    board: Annotated[
        str,
        Meta(
            pattern=rf"^({'|'.join(BOARDS)})\Z",
            title="one of " + ", ".join(f'"{board}"' for board in BOARDS),
            description="the Raspberry Pi",
        ),
    ] = "zero-2-w"
    boot: Annotated[
        Boot, Meta(description="the system as installed, or tuned for a quick boot and without what is not needed")
    ] = Boot.STOCK
    on_hours: Annotated[
        float,
        Meta(ge=0.1, le=24, description="hours a day that the Pi has power, where a controller cuts it otherwise"),
    ] = 24
    events_per_day: Annotated[float, Meta(ge=0, le=10000, description="animals that trigger it a day")] = 30
    false_ratio: Annotated[
        float, Meta(ge=0, le=1000, description="triggers without an animal for each one with an animal")
    ] = 2
    temperature_c: Annotated[
        float, Meta(ge=-60, le=60, description="degrees Celsius that the battery has while it is drawn from")
    ] = 20
    figures: Annotated[
        dict[str, Annotated[float, Meta(ge=0)]],
        Meta(
            title="a table of figures with numbers from 0",
            examples=[{"zero_2_w_idle_w": 0.55}],
            description="figures known better than the built-in ones: `cameratrap power plan --figures` lists them",
        ),
    ] = {}
    sources: Annotated[
        dict[str, str],
        Meta(
            title="a table of texts",
            examples=[{"zero_2_w_idle_w": "measured: INA219, 12 h"}],
            description='where each of plan.figures comes from; "sourced: ..." and "assumed: ..." are no measurements',
        ),
    ] = {}
