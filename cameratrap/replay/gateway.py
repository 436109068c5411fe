"""What stands between the satellite and the receiver: the gateway that turns a payload into a web request.

It charges for whatever it takes in, also where the modem never hears of it: ``rough_sessions`` are a sky under which
that happens.

Bodies have the shape of captured RockBLOCK deliveries (form and JSON). They carry no signature, since only Ground
Control can sign.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from cameratrap.domain.credits import credits_for
from cameratrap.replay.modem_emulator import MoMessage, SessionPlan
from cameratrap.sbd.status import Verdict, classify

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
    """Takes what modems send and hands it to ``receive``, each by its fate; when ``fates`` end, everything arrives.

    ``credits`` is what it has charged: for every message it took in once, whatever became of it afterwards.
    """

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
        self.credits = 0

    def accept(self, message: MoMessage) -> None:
        """Take in one message; hand this to an emulated modem as its ``deliver``."""
        self.credits += credits_for(len(message.payload))
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


def rough_sessions(seed: int, sessions: int, *, failing: float = 0.2) -> list[SessionPlan]:
    """So many sessions of which the share ``failing`` fails, in every way that has a status.

    Of those after which the modem cannot know, the gateway has the message in the first of every two, as real ones do
    in half of them or more.
    """
    chance = random.Random(seed)  # noqa: S311 - a sky and no secret
    failures = [status for status in range(5, 66) if classify(status).verdict is Verdict.RETRY]
    plans, uncertain = [], 0
    for _ in range(sessions):
        status = chance.choice(failures) if chance.random() < failing else 0
        doubtful = classify(status).uncertain
        uncertain += doubtful
        plans.append(SessionPlan(status, uncertain % 2 == 1 if doubtful else None, chance.uniform(6, 60)))
    return plans


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
