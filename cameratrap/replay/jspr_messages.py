"""What a 9704 does with messages: it takes them in segments, keeps them until the network answers or they are
cancelled, and says its own to the trap once.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cameratrap.replay import jspr_lines as jspr
from cameratrap.replay.jspr_lines import Json, Request, line
from cameratrap.replay.modem_emulator import MOMSN_MODULUS, MoMessage

ACKNOWLEDGED = "mo_ack_received"
ACCEPTED = "message_accepted"
MO_BYTES = 100_000
MESSAGE_IDS = 256
SEGMENT_BYTES = 1446
MT_TOPIC = 244
SKY_BACK_S = 1.0


@dataclass(frozen=True, slots=True)
class JsprPlan:
    """What becomes of one message. ``delivers`` None: as ``final`` says, else whether the gateway gets it.

    ``response`` is the answer to messageOriginate. ``takes_s`` passes between the payload and the final status, which
    never comes with ``answers`` False. ``on_cancel`` is the final status that a cancel leads to after
    ``cancel_takes_s``, "" for a cancel that changes nothing. Without ``sky`` no satellite is seen until the end.
    """

    final: str = ACKNOWLEDGED
    delivers: bool | None = None
    response: str = ACCEPTED
    takes_s: float = 0.0
    answers: bool = True
    on_cancel: str = "message_cancelled_in_transit"
    cancel_takes_s: float = 0.0
    sky: bool = True

    def reaches_gateway(self, final: str) -> bool:
        return final == ACKNOWLEDGED if self.delivers is None else self.delivers


@dataclass(slots=True)
class _Message:
    plan: JsprPlan
    topic: int
    size: int
    data: bytearray = field(default_factory=bytearray)
    delivered: bool = False


class JsprMessages:
    """The messages in one modem. ``after`` lets something be said later; ``sky`` is said when a satellite is back."""

    def __init__(
        self,
        deliver: Callable[[MoMessage], None],
        *,
        imei: str,
        momsn: int,
        plans: Iterable[JsprPlan],
        segment_bytes: int,
        after: Callable[[float, Callable[[], bytes]], None],
        sky: Callable[[], bytes],
    ) -> None:
        self.momsn = momsn
        self._deliver = deliver
        self._imei = imei
        self._plans = deque(plans)
        self._segment_bytes = segment_bytes
        self._after = after
        self._sky = sky
        self._next_id = self._next_mt_id = 0
        self._messages: dict[int, _Message] = {}

    @property
    def in_the_dark(self) -> bool:
        """Whether the message that is here, or else the next one, sees no satellite."""
        here = [message.plan for message in self._messages.values()] or list(self._plans)[:1]
        return any(not plan.sky for plan in here)

    def originate(self, request: Request, topics: Mapping[int, str]) -> bytes:
        """Take the announcement of a message, and ask for its first segment."""
        topic, size = request.number("topic_id"), request.number("message_length")
        if not jspr.CRC_BYTES < size <= MO_BYTES + jspr.CRC_BYTES:
            return line(jspr.NOT_ALLOWED, request.target)
        if topic not in topics:
            return line(jspr.NOT_PROVISIONED, request.target)
        plan = self._plans.popleft() if self._plans else JsprPlan()
        told: Json = {"topic_id": topic, "request_reference": request.number("request_reference")}
        if plan.response != ACCEPTED:
            return line(jspr.OK, request.target, {**told, "message_response": plan.response})
        number, self._next_id = self._next_id, (self._next_id + 1) % MESSAGE_IDS
        self._messages[number] = _Message(plan, topic, size)
        self._after(0.0, lambda: self._ask_segment(number))
        return line(jspr.OK, request.target, {**told, "message_id": number, "message_response": ACCEPTED})

    def segment(self, request: Request) -> bytes:
        """Take a segment; ask for the next one or begin to transmit."""
        number = request.number("message_id")
        message = self._messages.get(number)
        data = _decoded(request.body.get("data"))
        start = request.number("segment_start")
        if message is None or not data or start != len(message.data) or len(data) != request.number("segment_length"):
            return line(jspr.NOT_ALLOWED, request.target)
        message.data += data
        answer = line(jspr.OK, request.target, self._named(number))
        if len(message.data) < message.size:
            return answer + self._ask_segment(number)
        if jspr.crc(bytes(message.data[: -jspr.CRC_BYTES])) != message.data[-jspr.CRC_BYTES :]:
            return answer + self._end(number, "user_supplied_crc_error")
        if message.plan.answers:
            self._after(message.plan.takes_s, lambda: self._end(number, message.plan.final))
        elif message.plan.delivers:
            self._hand_over(message)
        return answer

    def cancel(self, request: Request) -> bytes:
        """Begin to cancel a message that is still here."""
        number = request.number("message_id")
        message = self._messages.get(number)
        if message is None or request.body.get("action") != "cancel":
            return line(jspr.INVALID_ACTION, request.target)
        plan = message.plan
        if plan.on_cancel:
            self._after(plan.cancel_takes_s, lambda: self._end(number, plan.on_cancel))
        return line(jspr.OK, request.target, {**self._named(number), "cancellation_response": "cancelling_message"})

    def terminate(self, payload: bytes) -> bytes:
        """Say a message to the trap, whole."""
        whole = payload + jspr.crc(payload)
        named: Json = {"topic_id": MT_TOPIC, "message_id": self._next_mt_id}
        self._next_mt_id = (self._next_mt_id + 1) % MESSAGE_IDS
        said = line(jspr.UNSOLICITED, "messageTerminate", {**named, "message_length_max": len(whole)})
        for start in range(0, len(whole), self._segment_bytes):
            part = whole[start : start + self._segment_bytes]
            where = {
                "segment_length": len(part),
                "segment_start": start,
                "data": base64.b64encode(part).decode("ascii"),
            }
            said += line(jspr.UNSOLICITED, "messageTerminateSegment", {**named, **where})
        return said + line(jspr.UNSOLICITED, "messageTerminateStatus", {**named, "final_mt_status": "complete"})

    def _ask_segment(self, number: int) -> bytes:
        message = self._messages[number]
        start = len(message.data)
        where: Json = {"segment_length": min(self._segment_bytes, message.size - start), "segment_start": start}
        return line(jspr.UNSOLICITED, "messageOriginateSegment", {**self._named(number), **where})

    def _named(self, number: int) -> Json:
        return {"topic_id": self._messages[number].topic, "message_id": number}

    def _end(self, number: int, final: str) -> bytes:
        """The message's end, once; what is said of it later is not said."""
        if number not in self._messages:
            return b""
        told = line(jspr.UNSOLICITED, "messageOriginateStatus", {**self._named(number), "final_mo_status": final})
        message = self._messages.pop(number)
        complete = len(message.data) == message.size
        if complete and not message.delivered and message.plan.reaches_gateway(final):
            self._hand_over(message)
        if not message.plan.sky:
            self._after(SKY_BACK_S, self._sky)
        return told

    def _hand_over(self, message: _Message) -> None:
        message.delivered = True
        self._deliver(MoMessage(self._imei, self.momsn, bytes(message.data[: -jspr.CRC_BYTES])))
        self.momsn = (self.momsn + 1) % MOMSN_MODULUS


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError:
        return b""
