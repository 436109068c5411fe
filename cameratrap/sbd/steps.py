"""The sending session as one table.

The theory it rests on:

* The modem answers commands in order. Answers that are late (from a command given up, or from a process that was killed
  in mid-session) therefore come before READY, and READY answers nothing but AT+SBDWB. What is heard after it is ours.
* AT+SBDWB stands before every AT+SBDIX and must answer 0: the modem keeps its buffer after a successful session, so a
  session without a fresh write would send yesterday's message again. No 0, no AT+SBDIX.
* After AT+SBDIX nothing is written until its answer came, or until its time is over and AT is answered again. A session
  may well last more than 30 s; a command written into it can abort it.
* AT+SBDWB waits 60 s for missing bytes and takes whatever is written meanwhile for payload, and answers 1 without OK.
  Getting back to a modem that says OK may take that long.
* AT+SBDS before and after is the second witness, see ``outcome``. All set-up commands are wishes, not conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from cameratrap.sbd import commands


class Step(Enum):
    """Where a session stands."""

    SYNC = auto()
    ECHO_OFF = auto()
    FLOW_OFF = auto()
    RING_OFF = auto()
    LIMIT = auto()
    SIGNAL = auto()
    NUMBER = auto()
    NUMBERED = auto()
    CLEAN = auto()
    WRITE = auto()
    LOAD = auto()
    LOADED = auto()
    TRANSFER = auto()
    TRANSFERRED = auto()
    REFUSED = auto()
    RECOVER = auto()
    CONFIRM = auto()
    CONFIRMED = auto()
    CONCLUDE = auto()
    CLEAR = auto()
    RADIO_ON = auto()
    FINISH = auto()


class Token(Enum):
    """What a line, or the lack of one, means to the session."""

    OK = auto()
    ERROR = auto()
    READY = auto()
    ZERO = auto()
    ONE = auto()
    WRONG = auto()
    SBDIX = auto()
    SBDS = auto()
    TIMEOUT = auto()
    EXHAUSTED = auto()


WORDS = {
    "OK": Token.OK,
    "ERROR": Token.ERROR,
    "READY": Token.READY,
    "0": Token.ZERO,
    "1": Token.ONE,
    "2": Token.WRONG,
    "3": Token.WRONG,
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds the session waits. Tests shorten them; nothing in the field has a reason to.

    ``attention_s`` stands between two ATs to a modem that says nothing. ``load_s`` outlasts the modem's own 60 s for
    missing bytes. ``transfer_s`` outlasts AT+SBDST and the registration before it.
    """

    attention_s: float = 2.0
    answer_s: float = 5.0
    load_s: float = 70.0
    transfer_s: float = 120.0


def _wish(following: Step) -> Mapping[Token, Step]:
    return {Token.OK: following, Token.ERROR: following, Token.TIMEOUT: following}


# The whole machine: what leads where. A token that is not listed is noise in that step and changes nothing.
# EXHAUSTED stands for entering a step more often than TRIES allows.
TABLE: Mapping[Step, Mapping[Token, Step]] = {
    Step.SYNC: {Token.OK: Step.ECHO_OFF, Token.TIMEOUT: Step.SYNC, Token.EXHAUSTED: Step.FINISH},
    Step.ECHO_OFF: _wish(Step.FLOW_OFF),
    Step.FLOW_OFF: _wish(Step.RING_OFF),
    Step.RING_OFF: _wish(Step.LIMIT),
    Step.LIMIT: _wish(Step.SIGNAL),
    Step.SIGNAL: _wish(Step.NUMBER),
    Step.NUMBER: {
        Token.SBDS: Step.NUMBERED,
        Token.ERROR: Step.NUMBER,
        Token.TIMEOUT: Step.NUMBER,
        Token.EXHAUSTED: Step.CLEAN,
    },
    Step.NUMBERED: {Token.OK: Step.WRITE, Token.TIMEOUT: Step.WRITE},
    Step.CLEAN: {Token.OK: Step.WRITE, Token.TIMEOUT: Step.CLEAN, Token.EXHAUSTED: Step.FINISH},
    Step.WRITE: {
        Token.READY: Step.LOAD,
        Token.ERROR: Step.CLEAN,
        Token.WRONG: Step.CLEAN,
        Token.TIMEOUT: Step.CLEAN,
        Token.EXHAUSTED: Step.FINISH,
    },
    Step.LOAD: {
        Token.ZERO: Step.LOADED,
        Token.ONE: Step.CLEAN,
        Token.WRONG: Step.CLEAN,
        Token.ERROR: Step.CLEAN,
        Token.TIMEOUT: Step.CLEAN,
    },
    Step.LOADED: {Token.OK: Step.TRANSFER, Token.ERROR: Step.CLEAN, Token.TIMEOUT: Step.TRANSFER},
    Step.TRANSFER: {Token.SBDIX: Step.TRANSFERRED, Token.ERROR: Step.REFUSED, Token.TIMEOUT: Step.RECOVER},
    Step.TRANSFERRED: {Token.OK: Step.CONFIRM, Token.TIMEOUT: Step.RECOVER},
    Step.REFUSED: {Token.OK: Step.CONFIRM, Token.TIMEOUT: Step.REFUSED, Token.EXHAUSTED: Step.CONCLUDE},
    Step.RECOVER: {Token.OK: Step.CONFIRM, Token.TIMEOUT: Step.RECOVER, Token.EXHAUSTED: Step.CONCLUDE},
    Step.CONFIRM: {
        Token.SBDS: Step.CONFIRMED,
        Token.ERROR: Step.CONFIRM,
        Token.TIMEOUT: Step.CONFIRM,
        Token.EXHAUSTED: Step.CONCLUDE,
    },
    Step.CONFIRMED: {Token.OK: Step.CONCLUDE, Token.TIMEOUT: Step.CONCLUDE},
    Step.CLEAR: {
        Token.OK: Step.FINISH,
        Token.ONE: Step.CLEAR,
        Token.ERROR: Step.CLEAR,
        Token.TIMEOUT: Step.CLEAR,
        Token.EXHAUSTED: Step.FINISH,
    },
    Step.RADIO_ON: _wish(Step.FINISH),
}

SAYS: Mapping[Step, bytes] = {
    Step.SYNC: commands.ATTENTION,
    Step.ECHO_OFF: commands.ECHO_OFF,
    Step.FLOW_OFF: commands.FLOW_CONTROL_OFF,
    Step.RING_OFF: commands.RING_ALERT_OFF,
    Step.LIMIT: commands.SESSION_TIMEOUT,
    Step.SIGNAL: commands.LAST_SIGNAL,
    Step.NUMBER: commands.BUFFER_STATUS,
    Step.CLEAN: commands.ATTENTION,
    Step.TRANSFER: commands.INITIATE_SESSION,
    Step.REFUSED: commands.ATTENTION,
    Step.RECOVER: commands.ATTENTION,
    Step.CONFIRM: commands.BUFFER_STATUS,
    Step.CLEAR: commands.CLEAR_MO_BUFFER,
    Step.RADIO_ON: commands.RADIO_ON,
}

# How often a step is entered in one session. 40 times AT outlasts the modem's 60 s for missing bytes.
TRIES: Mapping[Step, int] = {
    Step.SYNC: 40,
    Step.NUMBER: 3,
    Step.CLEAN: 45,
    Step.WRITE: 3,
    Step.REFUSED: 5,
    Step.RECOVER: 15,
    Step.CONFIRM: 3,
    Step.CLEAR: 2,
}

PATIENT = frozenset({Step.SYNC, Step.CLEAN, Step.RECOVER, Step.REFUSED})
