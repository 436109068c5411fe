"""An Iridium 9704 modem made of bytes and time: what a RockBLOCK 9704 answers, including what goes wrong in the field.

It keeps what hurts: nothing is sent before the API version, the SIM and the state are set, an accepted message stays
with the modem until the network has an answer or it is cancelled, a cancelled one may be delivered all the same, and
a message to the trap is said once, to whoever listens.

``python -m cameratrap.replay.emulator_process --model 9704`` runs one on a pseudo-terminal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from cameratrap.replay import jspr_lines as jspr
from cameratrap.replay.jspr_lines import Json, Refusal, Request, line
from cameratrap.replay.jspr_messages import SEGMENT_BYTES, JsprMessages, JsprPlan
from cameratrap.replay.modem_emulator import MoMessage

MAX_LINE = 8192
VERSION = {"major": 1, "minor": 7, "patch": 0}
TOPICS: Mapping[int, str] = {244: "RAW", 313: "PURPLE", 314: "PINK", 315: "RED", 316: "ORANGE", 317: "YELLOW"}


class JsprEmulator:
    """One modem. ``deliver`` is called with every payload that reaches the gateway.

    Messages follow ``plans`` in turn and then succeed. ``topics`` are those the account has; none before the first
    provisioning. ``silent`` requests are never answered. ``first_malformed``: the first line of all is refused, as
    after power-up, when rubbish is on the line.
    """

    def __init__(
        self,
        deliver: Callable[[MoMessage], None],
        *,
        imei: str = "300258060000000",
        plans: Iterable[JsprPlan] = (),
        mt_queue: Iterable[bytes] = (),
        momsn: int = 0,
        signal: int = 4,
        topics: Mapping[int, str] = TOPICS,
        segment_bytes: int = SEGMENT_BYTES,
        space_after_colon: bool = False,
        silent: Iterable[str] = (),
        first_malformed: bool = False,
    ) -> None:
        self.imei = imei
        self.signal = signal
        self.topics = dict(topics)
        self.requests: list[Request] = []
        self._messages = JsprMessages(
            deliver,
            imei=imei,
            momsn=momsn,
            plans=plans,
            segment_bytes=segment_bytes,
            after=self._after,
            sky=self._announce,
        )
        self._mt_queue = deque(mt_queue)
        self._space_after_colon = space_after_colon
        self._silent = frozenset(silent)
        self._first_malformed = first_malformed
        self._buffer = bytearray()
        self._api = False
        self._sim = "none"
        self._state = "inactive"
        self._events: list[tuple[float, Callable[[], bytes]]] = []
        self._now_s = 0.0

    @property
    def wake_at_s(self) -> float | None:
        """When ``time_passes`` has something to say, if nothing is written before; None for never."""
        return min((at_s for at_s, _ in self._events), default=None)

    def feed(self, data: bytes, now_s: float = 0.0) -> bytes:
        """Take what the computer wrote; return what the modem writes."""
        answer = bytearray(self.time_passes(now_s))
        self._buffer += data
        while (end := self._buffer.find(b"\r")) >= 0:
            request = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            answer += self._run(request)
            answer += self.time_passes(self._now_s)
        if len(self._buffer) > MAX_LINE:
            self._buffer.clear()
            answer += line(jspr.TOO_LONG, "unknown")
        return bytes(answer)

    def time_passes(self, now_s: float) -> bytes:
        """Return what the modem writes because of the time: final statuses, and messages to the trap."""
        self._now_s = max(self._now_s, now_s)
        said = bytearray()
        while due := [event for event in self._events if event[0] <= self._now_s]:
            first = min(due, key=lambda event: event[0])
            self._events.remove(first)
            said += first[1]()
        return bytes(said)

    def _after(self, delay_s: float, say: Callable[[], bytes]) -> None:
        self._events.append((self._now_s + delay_s, say))

    def _run(self, text: bytes) -> bytes:
        if self._first_malformed:
            self._first_malformed = False
            return line(jspr.MALFORMED, "unknown")
        request = jspr.parse_request(text, space_after_colon=self._space_after_colon)
        if isinstance(request, Refusal):
            return line(request.code, request.target)
        self.requests.append(request)
        if request.target in self._silent:
            return b""
        if not self._api and request.target != "apiVersion":
            return line(jspr.API_NOT_SELECTED, request.target)
        return self._get(request) if request.method == "GET" else self._put(request)

    def _get(self, request: Request) -> bytes:
        active: Json = {"active_version": VERSION} if self._api else {}
        known: dict[str, Json] = {
            "apiVersion": {"supported_versions": [VERSION, {"major": 1, "minor": 6, "patch": 1}], **active},
            "simConfig": {"interface": self._sim},
            "simStatus": {"card_present": True, "sim_connected": self._sim != "none", "iccid": "8988169000000000000"},
            "operationalState": {"state": self._state, "reason": 0},
            "constellationState": self._constellation(),
            "hwInfo": {"hw_version": "0x0601", "serial_number": "000000", "imei": self.imei, "board_temp": 19},
            "messageProvisioning": {
                "provisioning": [
                    {
                        "topic_id": topic,
                        "topic_name": name,
                        "priority": "Medium",
                        "discard_time_seconds": 21600,
                        "max_queue_depth": 8,
                    }
                    for topic, name in self.topics.items()
                ]
            },
        }
        if request.target == "messageProvisioning" and not self.topics:
            return line(jspr.NOT_PROVISIONED, request.target)
        if request.target not in known:
            return line(jspr.UNKNOWN_TARGET, request.target)
        return line(jspr.OK, request.target, known[request.target])

    def _put(self, request: Request) -> bytes:
        handlers = {
            "apiVersion": self._put_api,
            "simConfig": self._put_sim,
            "operationalState": self._put_state,
            "messageOriginate": self._originate,
            "messageOriginateSegment": self._messages.segment,
            "messageOriginateStatus": self._messages.cancel,
        }
        handler = handlers.get(request.target)
        return line(jspr.UNKNOWN_TARGET, request.target) if handler is None else handler(request)

    def _put_api(self, request: Request) -> bytes:
        if self._api:
            return line(jspr.ALREADY_SET, request.target)
        self._api = True
        return line(jspr.OK, request.target, {"supported_versions": [VERSION], "active_version": VERSION})

    def _put_sim(self, request: Request) -> bytes:
        if self._sim == request.body.get("interface"):
            return line(jspr.ALREADY_SET, request.target)
        self._sim = str(request.body.get("interface"))
        status = {"card_present": True, "sim_connected": True, "iccid": "8988169000000000000"}
        return line(jspr.OK, request.target, {"interface": self._sim}) + line(jspr.UNSOLICITED, "simStatus", status)

    def _put_state(self, request: Request) -> bytes:
        wanted = request.body.get("state")
        if wanted == "active" and self._sim == "none":
            return line(jspr.SIM_NOT_CONFIGURED, request.target)
        if wanted == self._state or wanted not in {"active", "inactive"}:
            return line(jspr.NOT_ALLOWED, request.target)
        self._state = str(wanted)
        if wanted == "active":
            self._after(0.0, self._announce)
        told = line(jspr.UNSOLICITED, request.target, {"state": self._state, "reason": 0})
        return line(jspr.OK, request.target, {"state": self._state}) + told

    def _constellation(self) -> Json:
        visible = self.signal > 0 and self._state == "active" and not self._messages.in_the_dark
        level: Json = {"signal_level": -116 + self.signal} if visible else {}
        return {"constellation_visible": visible, "signal_bars": self.signal if visible else 0, **level}

    def _announce(self) -> bytes:
        """What an active modem says by itself: the sky, and what waits for the trap where it sees a satellite."""
        sky = self._constellation()
        said = line(jspr.UNSOLICITED, "constellationState", sky)
        while self._mt_queue and sky["constellation_visible"]:
            said += self._messages.terminate(self._mt_queue.popleft())
        return said

    def receive(self, payload: bytes) -> bytes:
        """A message to the trap arrives now; return what the modem writes, which keeps it until it sees a satellite."""
        self._mt_queue.append(payload)
        return self._announce() if self._state == "active" else b""

    def _originate(self, request: Request) -> bytes:
        if self._state != "active":
            return line(jspr.NOT_ALLOWED, request.target)
        return self._messages.originate(request, self.topics)
