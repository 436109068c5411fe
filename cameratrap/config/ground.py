"""The receiver: whose deliveries it takes, and what proves them."""

from typing import Annotated

from msgspec import Meta

from cameratrap.config.section import PATH, Section


class Ground(Section, frozen=True):
    """The receiver."""

    stations: Annotated[
        dict[str, str],
        Meta(
            examples=[{"300000000000000": "ridge-1"}],
            description="modem IMEI -> station; when given, others are quarantined",
        ),
    ] = {}
    rockblock_public_keys: Annotated[
        tuple[str, ...],
        Meta(
            title="a list of paths",
            examples=[("ground-control-2027.pem",)],
            description="PEM files with keys that RockBLOCK signs its deliveries with, besides the built-in one",
            extra=PATH,
        ),
    ] = ()
    builtin_key: Annotated[
        bool, Meta(description="also trust the key that Ground Control had published when this version was made")
    ] = True
    require_proof: Annotated[bool, Meta(description="refuse deliveries that carry no signature")] = False
    rockblock_url: Annotated[
        str,
        Meta(
            pattern=r"^https://\S+\Z",
            title="a URL that begins with https://",
            description="where messages to traps are handed over",
        ),
    ] = "https://rockblock.rock7.com/rockblock/MT"
    rockblock_account: Annotated[
        str,
        Meta(
            description="private file with the account that pays for them: user and password, a line each;"
            " else ROCKBLOCK_USERNAME and ROCKBLOCK_PASSWORD in the environment",
            extra=PATH,
        ),
    ] = ""
