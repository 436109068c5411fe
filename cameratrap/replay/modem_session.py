"""How a session of an emulated modem goes, and what leaves it."""

from __future__ import annotations

from dataclasses import dataclass, field

LAST_SUCCESS = 4


@dataclass(frozen=True, slots=True)
class MoMessage:
    """What left the modem: a payload (empty for a mailbox check) under the number of its session."""

    imei: str
    momsn: int
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """How one AT+SBDIX goes. ``delivers`` None: as the status says, else whether the gateway gets the payload.

    ``takes_s`` passes before the answer; ``unsolicited`` is put in front of it. With ``answers`` False it never comes.
    """

    status: int = 0
    delivers: bool | None = None
    takes_s: float = 0.0
    unsolicited: bytes = b""
    answers: bool = True

    @property
    def reaches_gateway(self) -> bool:
        return self.status <= LAST_SUCCESS if self.delivers is None else self.delivers
