"""A session as one table, for a message and for a mailbox check.

The theory it rests on:

* The modem answers commands in order. Answers that are late (from a command given up, or from a process that was killed
  in mid-session) therefore come before READY, and READY answers nothing but AT+SBDWB. What is heard after it is ours.
* AT+SBDWB stands before every AT+SBDIX that sends, and must answer 0: the modem keeps its buffer after a successful
  session, so a session without a fresh write would send yesterday's message again. No 0, no AT+SBDIX. A mailbox check
  sends nothing, so there the buffer must be known to be empty.
* After AT+SBDIX nothing is written until its answer came, or until its time is over and AT is answered again. A session
  may well last more than 30 s; a command written into it can abort it.
* AT+SBDWB waits 60 s for missing bytes and takes whatever is written meanwhile for payload, and answers 1 without OK.
  Getting back to a modem that says OK may take that long.
* AT+SBDS is the second witness, see ``outcome``: asked of the empty buffer, of the full one, and after the session.
* Reading the modem's buffer does not clear it, so a message that arrived damaged at the computer is read once more.
  Only the next session clears it: what an earlier one left there (its process was killed, its answer came too late) is
  read before that. Where it had been read already it is read twice, since nobody else remembers.

All set-up commands are wishes, not conditions: a modem that refuses or ignores them sends all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from cameratrap.sbd import commands


class Step(Enum):
    """Where a session stands. PREPARED, SAVED, CONCLUDE, COLLECT and FINISH are crossroads: it goes on at once."""

    SYNC = auto()
    ECHO_OFF = auto()
    DTR_IGNORED = auto()
    FLOW_OFF = auto()
    RING_OFF = auto()
    LIMIT = auto()
    SIGNAL = auto()
    EMPTY = auto()
    EMPTIED = auto()
    NUMBER = auto()
    NUMBERED = auto()
    CLEAN = auto()
    PREPARED = auto()
    SAVE = auto()
    SAVE_AGAIN = auto()
    SAVE_OUT = auto()
    SAVED = auto()
    RING = auto()
    WRITE = auto()
    LOAD = auto()
    LOADED = auto()
    CHECK = auto()
    CHECKED = auto()
    TRANSFER = auto()
    TRANSFERRED = auto()
    REFUSED = auto()
    RECOVER = auto()
    CONFIRM = auto()
    CONFIRMED = auto()
    CONCLUDE = auto()
    CLEAR = auto()
    RADIO_ON = auto()
    COLLECT = auto()
    READ = auto()
    READ_AGAIN = auto()
    READ_OUT = auto()
    FINISH = auto()


class Token(Enum):
    """What a line, a block, or the lack of one means to the session."""

    OK = auto()
    ERROR = auto()
    READY = auto()
    ZERO = auto()
    ONE = auto()
    WRONG = auto()
    SBDIX = auto()
    SBDS = auto()
    BLOCK = auto()
    DAMAGED = auto()
    TIMEOUT = auto()
    EXHAUSTED = auto()


_WORDS = {"OK": Token.OK, "ERROR": Token.ERROR, "READY": Token.READY, "0": Token.ZERO, "1": Token.ONE}


def word(line: str) -> Token | None:
    """The token that a line without values stands for. Any other number is one of SBDWB's complaints."""
    return _WORDS.get(line.upper()) or (Token.WRONG if line.isdigit() else None)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds the session waits. Tests shorten them; nothing in the field has a reason to.

    ``attention_s`` stands between two ATs to a modem that says nothing. ``load_s`` outlasts the modem's own 60 s for
    missing bytes. ``transfer_s`` outlasts AT+SBDST and the registration before it.
    """

    attention_s: float = 2.0
    answer_s: float = 4.0
    load_s: float = 70.0
    transfer_s: float = 120.0

    def patience_s(self, step: Step) -> float:
        """How long ``step`` waits."""
        if step in _PATIENT:
            return self.attention_s
        return {Step.LOAD: self.load_s, Step.TRANSFER: self.transfer_s}.get(step, self.answer_s)


def _wish(following: Step) -> Mapping[Token, Step]:
    return {Token.OK: following, Token.ERROR: following, Token.TIMEOUT: following}


def _ended(following: Step) -> Mapping[Token, Step]:
    """After an answer's last line there is only its OK to wait for."""
    return {Token.OK: following, Token.TIMEOUT: following}


def _reading(read: Step, again: Step, read_out: Step, following: Step) -> Mapping[Step, Mapping[Token, Step]]:
    """Reading the message to the trap that is in the modem, and once more where it came damaged."""
    repeat = dict.fromkeys((Token.DAMAGED, Token.ERROR, Token.TIMEOUT), again)
    return {
        read: {Token.BLOCK: read_out, **repeat, Token.EXHAUSTED: following},
        again: {Token.OK: read, Token.TIMEOUT: again, Token.EXHAUSTED: following},
        read_out: _wish(following),
    }


# The whole machine: what leads where. A token that is not listed is noise in that step and changes nothing.
# EXHAUSTED stands for entering a step more often than TRIES allows.
TABLE: Mapping[Step, Mapping[Token, Step]] = {
    Step.SYNC: {Token.OK: Step.ECHO_OFF, Token.TIMEOUT: Step.SYNC, Token.EXHAUSTED: Step.FINISH},
    Step.ECHO_OFF: _wish(Step.DTR_IGNORED),
    Step.DTR_IGNORED: _wish(Step.FLOW_OFF),
    Step.FLOW_OFF: _wish(Step.RING_OFF),
    Step.RING_OFF: _wish(Step.LIMIT),
    Step.LIMIT: _wish(Step.SIGNAL),
    Step.SIGNAL: _wish(Step.EMPTY),
    Step.EMPTY: {**_wish(Step.NUMBER), Token.ONE: Step.NUMBER, Token.ZERO: Step.EMPTIED},
    Step.EMPTIED: _ended(Step.NUMBER),
    Step.NUMBER: {
        Token.SBDS: Step.NUMBERED,
        Token.ERROR: Step.NUMBER,
        Token.TIMEOUT: Step.NUMBER,
        Token.EXHAUSTED: Step.CLEAN,
    },
    Step.NUMBERED: _ended(Step.PREPARED),
    Step.CLEAN: {Token.OK: Step.PREPARED, Token.TIMEOUT: Step.CLEAN, Token.EXHAUSTED: Step.FINISH},
    Step.RING: _wish(Step.TRANSFER),
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
    Step.LOADED: {Token.OK: Step.CHECK, Token.ERROR: Step.CLEAN, Token.TIMEOUT: Step.CHECK},
    Step.CHECK: {Token.SBDS: Step.CHECKED, Token.ERROR: Step.TRANSFER, Token.TIMEOUT: Step.TRANSFER},
    Step.CHECKED: _ended(Step.TRANSFER),
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
    Step.CONFIRMED: _ended(Step.CONCLUDE),
    Step.CLEAR: {
        Token.OK: Step.COLLECT,
        Token.ONE: Step.CLEAR,
        Token.ERROR: Step.CLEAR,
        Token.TIMEOUT: Step.CLEAR,
        Token.EXHAUSTED: Step.COLLECT,
    },
    Step.RADIO_ON: _wish(Step.COLLECT),
    **_reading(Step.SAVE, Step.SAVE_AGAIN, Step.SAVE_OUT, Step.SAVED),
    **_reading(Step.READ, Step.READ_AGAIN, Step.READ_OUT, Step.FINISH),
}

SAYS: Mapping[Step, bytes] = {
    Step.SYNC: commands.ATTENTION,
    Step.ECHO_OFF: commands.ECHO_OFF,
    Step.DTR_IGNORED: commands.DTR_IGNORED,
    Step.FLOW_OFF: commands.FLOW_CONTROL_OFF,
    Step.RING_OFF: commands.RING_ALERT_OFF,
    Step.LIMIT: commands.SESSION_TIMEOUT,
    Step.SIGNAL: commands.LAST_SIGNAL,
    Step.EMPTY: commands.CLEAR_MO_BUFFER,
    Step.NUMBER: commands.BUFFER_STATUS,
    Step.CLEAN: commands.ATTENTION,
    Step.SAVE: commands.READ_BINARY,
    Step.SAVE_AGAIN: commands.ATTENTION,
    Step.RING: commands.RING_STATUS,
    Step.CHECK: commands.BUFFER_STATUS,
    Step.TRANSFER: commands.INITIATE_SESSION,
    Step.REFUSED: commands.ATTENTION,
    Step.RECOVER: commands.ATTENTION,
    Step.CONFIRM: commands.BUFFER_STATUS,
    Step.CLEAR: commands.CLEAR_MO_BUFFER,
    Step.RADIO_ON: commands.RADIO_ON,
    Step.READ: commands.READ_BINARY,
    Step.READ_AGAIN: commands.ATTENTION,
}

# How often a step is entered in one session. 40 times AT outlasts the modem's 60 s for missing bytes.
TRIES: Mapping[Step, int] = {
    Step.SYNC: 40,
    Step.NUMBER: 2,
    Step.CLEAN: 45,
    Step.SAVE: 2,
    Step.SAVE_AGAIN: 5,
    Step.WRITE: 3,
    Step.REFUSED: 5,
    Step.RECOVER: 15,
    Step.CONFIRM: 3,
    Step.CLEAR: 2,
    Step.READ: 2,
    Step.READ_AGAIN: 5,
}

READS = frozenset({Step.SAVE, Step.READ})  # what AT+SBDRB answers is a block, not lines
_PATIENT = frozenset({Step.SYNC, Step.CLEAN, Step.RECOVER, Step.REFUSED, Step.SAVE_AGAIN, Step.READ_AGAIN})


def words(step: Step, payload: bytes | None, *, answers_ring: bool) -> bytes:
    """What is said on entering ``step``: its own command, or what is sent or was heard decides."""
    if payload is not None and step is Step.WRITE:
        return commands.write_binary(payload)
    if payload is not None and step is Step.LOAD:
        return commands.binary_frame(payload)
    if step is Step.TRANSFER and answers_ring:
        return commands.ANSWER_RING
    return SAYS.get(step, b"")
