"""From what was heard in a session to what may be claimed of it.

AT answers carry no checksum. One lost character turns ``+SBDIX: 18`` into ``+SBDIX: 1``, a failure into a success, and
a day into one that never arrives. So a claimed success is held against a second witness: the modem's message number
(MOMSN, ``AT+SBDS``), which "is incremented each time an SBD session is successfully completed". The witness may only
take a success away, because a duplicate costs a credit and a wrong success costs the day; it never makes one. And it
must know what it speaks of: an AT+SBDS that does not even notice that its buffer was filled counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cameratrap.sbd.commands import MOMSN_MODULUS, BufferStatus, SbdixReply
from cameratrap.sbd.status import Fault, Verdict, classify

UNCONFIRMED = "its message number does not confirm it"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """How one session ended. The first fields are those of ``ports.SendResult``; ``unread`` is whether a message to the
    trap lay in the modem and could not be read.

    ``answered`` is False where the modem never said OK, ``began`` where no session was asked for, so that nothing can
    have left; ``ring`` is whether the network announced a message. ``number_counts`` is what the session taught of the
    witness: True where the number went up, False where a success was doubted because it did not, None where nothing.
    """

    verdict: Verdict
    detail: str
    fault: Fault | None = None
    mo_status: int | None = None
    momsn: int | None = None
    retry_after_s: float | None = None
    uncertain: bool = False
    signal: int | None = None
    waiting: int = 0
    received: tuple[bytes, ...] = field(default=(), repr=False)
    unread: bool = False
    ring: bool = False
    answered: bool = True
    began: bool = True
    number_counts: bool | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The evidence: the answer to SBDIX or its refusal, and AT+SBDS before and after the write, and after the session.

    ``emptied`` is whether the modem confirmed that it emptied its buffer before ``before`` was asked.
    """

    reply: SbdixReply | None = None
    refused: bool = False
    emptied: bool = False
    before: BufferStatus | None = None
    filled: BufferStatus | None = None
    after: BufferStatus | None = None

    @property
    def number(self) -> int | None:
        """The message number before the session; None where the modem does not tell it."""
        known = self.filled or self.before
        return None if known is None else known.momsn

    @property
    def advanced(self) -> bool:
        """The message number went up by one: a session did succeed."""
        if self.number is None or self.after is None:
            return False
        return (self.number + 1) % MOMSN_MODULUS == self.after.momsn

    @property
    def stood_still(self) -> bool:
        return self.after is not None and self.number == self.after.momsn

    @property
    def blind(self) -> bool:
        """AT+SBDS says nothing of this modem's sessions: it missed the buffer's filling, or shows another count."""
        unmoved = self.emptied and self.before is not None and self.before.loaded
        unfilled = self.filled is not None and not self.filled.loaded
        elsewhere = self.stood_still and self.reply is not None and self.reply.momsn != self.number
        return self.number is None or unmoved or unfilled or elsewhere

    @property
    def safely_empty(self) -> bool:
        """A session begun now would send nothing. Where AT+SBDS is silent, AT+SBDD0's own answer has to do."""
        return self.emptied if self.before is None else not self.before.loaded

    @property
    def mt_left(self) -> bool:
        """An earlier session left a message to the trap in the modem, which the next one clears."""
        return self.before is not None and self.before.mt_loaded

    @property
    def mt_came(self) -> bool:
        """A message to the trap came in. Where the session's answer was lost, AT+SBDS says whether one is there."""
        if self.reply is None:
            return self.after is not None and self.after.mt_loaded
        return self.reply.mt_status == 1 and self.reply.mt_length > 0

    @property
    def mt_queued(self) -> int:
        return 0 if self.reply is None else self.reply.mt_queued


def judge(heard: Heard, *, number_counts: bool = True) -> SendOutcome:
    """What may be claimed once SBDIX was written. ``number_counts`` False: an earlier session unmasked the witness.

    The details of a success that the number does not confirm, and of a doubted one, contain ``UNCONFIRMED``.
    """
    if heard.reply is None:
        return _without_reply(heard)
    status = classify(heard.reply.mo_status)
    if status.verdict is Verdict.SENT:
        return _claimed_success(heard, heard.reply, number_counts)
    contradicted = heard.advanced
    return SendOutcome(
        verdict=Verdict.RETRY if contradicted else status.verdict,
        detail=f"MO status {status.code}: {status.meaning}",
        fault=status.fault,
        mo_status=status.code,
        retry_after_s=status.retry_after_s,
        uncertain=status.uncertain or contradicted,
    )


def _claimed_success(heard: Heard, reply: SbdixReply, number_counts: bool) -> SendOutcome:
    status = classify(reply.mo_status)
    if heard.advanced or heard.blind or not number_counts:
        unconfirmed = not number_counts and heard.after is not None and not heard.advanced
        return SendOutcome(
            Verdict.SENT,
            f"MO status {status.code}: {status.meaning}" + (f", but {UNCONFIRMED}" if unconfirmed else ""),
            mo_status=status.code,
            momsn=reply.momsn,
            number_counts=heard.advanced or None,
        )
    return SendOutcome(
        Verdict.RETRY,
        f"the modem answered {status.code} (sent), but {UNCONFIRMED}",
        Fault.NETWORK,
        mo_status=status.code,
        uncertain=True,
        number_counts=False,
    )


def _without_reply(heard: Heard) -> SendOutcome:
    if heard.refused:
        return SendOutcome(
            Verdict.RETRY, "the modem refused to start a session", Fault.BUSY, uncertain=not heard.stood_still
        )
    hope = ", but its message number went up: it probably succeeded" if heard.advanced else ""
    return SendOutcome(
        Verdict.RETRY, f"the modem did not say how the session ended{hope}", Fault.NETWORK, uncertain=True
    )
