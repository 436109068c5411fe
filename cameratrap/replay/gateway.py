"""What stands between the satellite and the receiver: the gateway that turns a payload into a web request.

Bodies have the shape of captured RockBLOCK deliveries (form and JSON). They carry no signature, since only Ground
Control can sign.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from cameratrap.replay.modem_emulator import MoMessage

BodyFormat = Literal["json", "form"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the gateway has it. ``transmit_time`` is aware; RockBLOCK tells it in UTC, to the second."""

    imei: str
    momsn: int
    payload: bytes = field(repr=False)
    transmit_time: datetime


class Fate(StrEnum):
    """What becomes of one delivery: HOLD keeps it back until the next one has gone through."""

    DELIVER = "deliver"
    DUPLICATE = "duplicate"
    HOLD = "hold"
    DROP = "drop"


class Gateway:
    """Takes what modems send and hands it to ``receive``, each by its fate; when ``fates`` end, everything arrives."""

    def __init__(
        self,
        receive: Callable[[Delivery], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        fates: Iterable[Fate] = (),
    ) -> None:
        self._receive = receive
        self._now = now
        self._fates = iter(fates)
        self._held: list[Delivery] = []

    def accept(self, message: MoMessage) -> None:
        """Take in one message; hand this to an emulated modem as its ``deliver``."""
        delivery = Delivery(message.imei, message.momsn, message.payload, self._now())
        fate = next(self._fates, Fate.DELIVER)
        if fate is Fate.HOLD:
            self._held.append(delivery)
            return
        for _ in range({Fate.DROP: 0, Fate.DUPLICATE: 2}.get(fate, 1)):
            self._receive(delivery)
        self.release()

    def release(self) -> None:
        """Deliver what is held back."""
        held, self._held = self._held, []
        for delivery in held:
            self._receive(delivery)


def webhook_fields(delivery: Delivery, *, serial: int = 0) -> dict[str, str | int | float]:
    """The fields of a RockBLOCK webhook. The position is 0, 0: nothing is known of where an emulated modem is."""
    return {
        "imei": delivery.imei,
        "device_type": "ROCKBLOCK",
        "serial": serial,
        "momsn": delivery.momsn,
        "transmit_time": delivery.transmit_time.astimezone(UTC).strftime("%y-%m-%d %H:%M:%S"),
        "iridium_latitude": 0.0,
        "iridium_longitude": 0.0,
        "iridium_cep": 0.0,
        "iridium_session_status": 0,
        "data": delivery.payload.hex(),
    }


def webhook_body(delivery: Delivery, form: BodyFormat = "json") -> bytes:
    """The body of the web request, as HTTP_JSON or HTTP_POST sends it."""
    fields: Mapping[str, str | int | float] = webhook_fields(delivery)
    if form == "json":
        return json.dumps(fields, separators=(",", ":")).encode("ascii")
    return urlencode(fields, quote_via=quote).encode("ascii")


class WebhookFolder:
    """Writes each delivery as a file of its own, ``<imei>_<momsn>_<n>.json`` or ``.form``, whole or not at all."""

    def __init__(self, folder: Path, form: BodyFormat = "json") -> None:
        self._folder = folder
        self._form: BodyFormat = form
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, delivery: Delivery) -> None:
        body = webhook_body(delivery, self._form)
        copy = 0
        while (path := self._path(delivery, copy)).exists():
            copy += 1
        part = path.with_suffix(".part")
        part.write_bytes(body)
        part.rename(path)

    def _path(self, delivery: Delivery, copy: int) -> Path:
        return self._folder / f"{delivery.imei}_{delivery.momsn:06d}_{copy}.{self._form}"
