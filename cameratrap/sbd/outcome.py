"""From what was heard in a session to what may be claimed of it.

AT answers carry no checksum. One lost character turns ``+SBDIX: 18`` into ``+SBDIX: 1``, a failure into a success, and
a day into one that never arrives. So the answer is held against a second witness: the modem's message number (MOMSN,
``AT+SBDS``), which "is incremented each time an SBD session is successfully completed". Where the two contradict each
other the message counts as unsent, because a duplicate costs a credit and a wrong success costs the day.
"""

from __future__ import annotations

from dataclasses import dataclass

from cameratrap.sbd.commands import MOMSN_MODULUS, SbdixReply
from cameratrap.sbd.status import Verdict, classify


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """How one session ended. The fields are those of ``ports.SendResult``, and what else was heard.

    ``answered`` is False where the modem never said OK, ``began`` where no session was asked for, so that nothing can
    have left; ``mt_length`` is the size of a message that came in with the
    session, ``ring`` whether the network announced one; ``cleared`` whether the modem's buffer was emptied afterwards.
    """

    verdict: Verdict
    detail: str
    mo_status: int | None = None
    momsn: int | None = None
    retry_after_s: float | None = None
    uncertain: bool = False
    answered: bool = True
    began: bool = True
    signal: int | None = None
    ring: bool = False
    mt_length: int = 0
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """The evidence: the answer to SBDIX, whether SBDIX was refused, and the MOMSN before and after it.

    ``number_before`` is None where the modem does not tell it; then there is no second witness.
    """

    reply: SbdixReply | None = None
    refused: bool = False
    number_before: int | None = None
    number_after: int | None = None

    @property
    def advanced(self) -> bool:
        """The message number went up by one: a session did succeed."""
        if self.number_before is None or self.number_after is None:
            return False
        return (self.number_before + 1) % MOMSN_MODULUS == self.number_after

    @property
    def stood_still(self) -> bool:
        return self.number_before is not None and self.number_before == self.number_after


def judge(heard: Heard) -> SendOutcome:
    """What may be claimed once SBDIX was written."""
    if heard.reply is None:
        return _without_reply(heard)
    status = classify(heard.reply.mo_status)
    if status.verdict is Verdict.SENT:
        return _claimed_success(heard, heard.reply)
    contradicted = heard.advanced
    return SendOutcome(
        verdict=Verdict.RETRY if contradicted else status.verdict,
        detail=f"MO status {status.code}: {status.meaning}",
        mo_status=status.code,
        retry_after_s=status.retry_after_s,
        uncertain=status.uncertain or contradicted,
    )


def _claimed_success(heard: Heard, reply: SbdixReply) -> SendOutcome:
    status = classify(reply.mo_status)
    # A modem whose AT+SBDS shows other numbers than its SBDIX does not count sessions there: no witness either way.
    counts_elsewhere = heard.stood_still and heard.number_before != reply.momsn
    if heard.number_before is None or heard.advanced or counts_elsewhere:
        return SendOutcome(
            Verdict.SENT, f"MO status {status.code}: {status.meaning}", mo_status=status.code, momsn=reply.momsn
        )
    return SendOutcome(
        Verdict.RETRY,
        f"the modem answered {status.code} (sent), but its message number does not confirm it",
        mo_status=status.code,
        uncertain=True,
    )


def _without_reply(heard: Heard) -> SendOutcome:
    if heard.advanced:
        return SendOutcome(
            Verdict.SENT, "the answer was lost, but the modem's message number went up", momsn=heard.number_before
        )
    if heard.refused:
        return SendOutcome(Verdict.RETRY, "the modem refused to start a session", uncertain=not heard.stood_still)
    return SendOutcome(Verdict.RETRY, "the modem did not say how the session ended", uncertain=True)
