"""What each MO status of ``+SBDIX`` means for the sender.

Sources: Iridium ISU AT Command Reference, Rock Seven's page on SBDIX, and the 9601 reference for 33 and 34.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SECONDS_S = 10.0
REGISTRATION_S = 180.0  # "the ISU must wait 3 minutes since the last registration"
HOUR_S = 3600.0
HARDWARE_S = 6 * HOUR_S
DAY_S = 24 * HOUR_S


class Verdict(StrEnum):
    """What to do with the message after a session."""

    SENT = "sent"
    RETRY = "retry"
    PERMANENT = "permanent"


class Fault(StrEnum):
    """What a failure is a failure of, and so who can mend it: time, the network, the owner's account, or a hand."""

    SKY = "sky"
    NETWORK = "network"
    BUSY = "busy"
    ACCOUNT = "account"
    HARDWARE = "hardware"
    PAYLOAD = "payload"


@dataclass(frozen=True, slots=True)
class MoStatus:
    """One MO status. ``retry_after_s`` is the least wait the code itself asks for, None where it asks for none.

    ``uncertain`` is True where the gateway may hold the message although the session failed. That includes every
    code nobody has described: it says nothing of what arrived. ``fault`` is None where nothing failed.
    """

    code: int
    meaning: str
    verdict: Verdict
    fault: Fault | None = None
    retry_after_s: float | None = None
    uncertain: bool = False


def _sent(code: int, meaning: str) -> MoStatus:
    return MoStatus(code, meaning, Verdict.SENT)


def _retry(code: int, fault: Fault, meaning: str, after_s: float | None = None, *, uncertain: bool = False) -> MoStatus:
    return MoStatus(code, meaning, Verdict.RETRY, fault, after_s, uncertain)


def _permanent(code: int, meaning: str) -> MoStatus:
    return MoStatus(code, meaning, Verdict.PERMANENT, Fault.PAYLOAD)


_DESCRIBED = (
    _sent(0, "sent"),
    _sent(1, "sent, but the message waiting for the trap is too big"),
    _sent(2, "sent, but the location update was not accepted"),
    _sent(3, "sent (reserved)"),
    _sent(4, "sent (reserved)"),
    _retry(10, Fault.NETWORK, "the gateway says the call did not complete in time", uncertain=True),
    _retry(11, Fault.NETWORK, "the gateway's queue for this modem is full", HOUR_S),
    _permanent(12, "the message has too many segments"),
    _retry(13, Fault.NETWORK, "the gateway says the session did not complete", uncertain=True),
    _permanent(14, "a segment of the message has an invalid size"),
    _retry(15, Fault.ACCOUNT, "access denied: the modem is not provisioned or its line rental has ended", DAY_S),
    _retry(16, Fault.ACCOUNT, "the modem is locked (AT+CULK)", DAY_S),
    _retry(17, Fault.NETWORK, "the gateway did not answer in time", uncertain=True),
    _retry(18, Fault.SKY, "the radio link was lost during the session", uncertain=True),
    _retry(19, Fault.SKY, "the link failed during the session", uncertain=True),
    _retry(32, Fault.SKY, "no network service: no satellite in view"),
    _retry(33, Fault.HARDWARE, "antenna fault", HARDWARE_S),
    _retry(34, Fault.BUSY, "the radio was switched off", SECONDS_S),
    _retry(35, Fault.BUSY, "the modem was busy", SECONDS_S),
    _retry(36, Fault.BUSY, "three minutes must pass since the last registration", REGISTRATION_S),
    _retry(37, Fault.NETWORK, "the SBD service is temporarily disabled", HOUR_S),
    _retry(38, Fault.NETWORK, "traffic management: the network asks to wait", HOUR_S),
    _retry(64, Fault.HARDWARE, "band violation: the modem must be power-cycled", HARDWARE_S),
    _retry(65, Fault.HARDWARE, "PLL lock failure: check the modem's supply", HARDWARE_S),
)
_BY_CODE = {status.code: status for status in _DESCRIBED}


def classify(code: int) -> MoStatus:
    """The meaning of any MO status. 5 to 8 and 20 to 31 are failures although reserved; unknown codes are retried."""
    known = _BY_CODE.get(code)
    return known or _retry(code, Fault.NETWORK, "a failure the modem's manual does not describe", uncertain=True)
