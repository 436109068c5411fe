"""The memory card: what is done when it fills, and who may look at what is on it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import PATH, Section


class OnFull(StrEnum):
    """What makes room on a card that is full."""

    DROP_BLANKS = "drop-blanks"
    KEEP = "keep"


class CardSection(Section, frozen=True):
    """The memory card: what is done when it fills, and who may look at what is on it."""

    min_free_mb: Annotated[
        int,
        Meta(
            ge=16, le=100000, description="room in MB that pictures leave to the counts, the messages and their index"
        ),
    ] = 200
    warn_free_pct: Annotated[
        int, Meta(ge=0, le=90, description="per cent of the card free below which it is told as a fault")
    ] = 10
    on_full: Annotated[
        OnFull,
        Meta(
            description="remove pictures in which nothing was found, the oldest first; or keep what is stored. Where"
            " there is no room then, new pictures are counted and not kept, whatever they show"
        ),
    ] = OnFull.DROP_BLANKS
    seal_pictures_to: Annotated[
        str,
        Meta(
            description="public picture key: pictures are sealed to it once they were looked at; none keeps them open",
            extra=PATH,
        ),
    ] = ""
