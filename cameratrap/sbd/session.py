"""Sending one message: bytes and time in, bytes and one outcome out.

What leads where, and why, stands in ``steps``; this is the machine that walks it. Whatever happens, a session ends by
its deadline. It never reads, sleeps or logs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cameratrap.sbd import commands
from cameratrap.sbd.lines import ReceiveBuffer, unsolicited
from cameratrap.sbd.outcome import Heard, SendOutcome, judge
from cameratrap.sbd.status import Verdict
from cameratrap.sbd.steps import PATIENT, SAYS, TABLE, TRIES, WORDS, Step, Timing, Token

RADIO_DISABLED = 34


class SendSession:
    """One attempt to send ``payload``. Feed it bytes and time until ``outcome`` is there.

    Raises EncodeError for a payload no modem or gateway would carry as it is. Times are one monotonic clock's seconds.
    """

    def __init__(self, payload: bytes, *, monotonic_s: float, deadline_s: float, timing: Timing | None = None) -> None:
        commands.check_payload(payload)
        self._payload = payload
        self._timing = timing or Timing()
        self._now_s = monotonic_s
        self._ends_s = monotonic_s + deadline_s
        # A transfer that would be given up half-way makes an uncertain message, and costs as much as a whole one.
        self._transfer_needs_s = min(self._timing.transfer_s, deadline_s / 2)
        self._buffer = ReceiveBuffer()
        self._outgoing = bytearray()
        self._entered: Counter[Step] = Counter()
        self._heard = Heard()
        self._signal: int | None = None
        self._ring = False
        self._mt_length = 0
        self._answered = False
        self._transferring = False
        self.outcome: SendOutcome | None = None
        self._step = Step.SYNC
        self._enter(Step.SYNC)

    @property
    def step(self) -> Step:
        """Where the session stands."""
        return self._step

    @property
    def wake_at_s(self) -> float:
        """When ``time_passes`` must be called at the latest, if no bytes arrive before."""
        return min(self._step_ends_s, self._ends_s)

    def bytes_to_send(self) -> bytes:
        """What is to be written now; it is handed out once."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def receive_data(self, data: bytes, monotonic_s: float) -> None:
        """Take in what arrived. Bytes that arrive in the same instant as a deadline are still in time."""
        self._now_s = max(self._now_s, monotonic_s)
        self._buffer.feed(data)
        while self.outcome is None and (line := self._buffer.next_line()) is not None:
            self._take(line)

    def time_passes(self, monotonic_s: float) -> None:
        """Let deadlines that are over take effect."""
        self._now_s = max(self._now_s, monotonic_s)
        if self.outcome is not None:
            return
        if self._now_s >= self._ends_s:
            self._finish("the time for this session was over")
        elif self._now_s >= self._step_ends_s:
            self._react(Token.TIMEOUT)

    def line_lost(self, why: str) -> None:
        """The serial line is gone: end with what is known."""
        if self.outcome is None:
            self._finish(why)

    def _take(self, line: str) -> None:
        news = unsolicited(line)
        if news is not None:
            self._ring = self._ring or news.ring
            self._signal = self._signal if news.signal is None else news.signal
            return
        token = WORDS.get(line) or self._note(line)
        self._answered = self._answered or token is Token.OK
        if token is not None:
            self._react(token)

    def _note(self, line: str) -> Token | None:
        """Keep what a line with values says; the token it stands for, if it stands for one."""
        if (reply := commands.SbdixReply.from_line(line)) is not None:
            if self._transferring:
                self._heard = replace(self._heard, reply=reply, refused=False)
                self._mt_length = reply.mt_length if reply.mt_status == 1 else 0
            return Token.SBDIX
        if (number := commands.next_momsn(line)) is not None:
            known = self._heard
            self._heard = (
                replace(known, number_after=number) if self._transferring else replace(known, number_before=number)
            )
            return Token.SBDS
        if (signal := commands.signal_quality(line)) is not None:
            self._signal = signal
        return None

    def _react(self, token: Token) -> None:
        following = TABLE[self._step].get(token)
        if following is not None:
            self._enter(following)

    def _enter(self, step: Step) -> None:
        self._step = step
        self._entered[step] += 1
        if self._entered[step] > TRIES.get(step, self._entered[step]):
            self._enter(TABLE[step][Token.EXHAUSTED])
        elif step is Step.CONFIRM and self._heard.number_before is None:
            self._enter(Step.CONCLUDE)
        elif step is Step.CONCLUDE:
            self._enter(self._after_transfer())
        elif step is Step.FINISH:
            self._finish(f"the modem did not take the message ({self._entered[Step.WRITE]} times offered)")
        elif step is Step.TRANSFER and self._ends_s - self._now_s < self._transfer_needs_s:
            self._finish("too little time was left to begin a session")
        else:
            self._say(step)

    def _say(self, step: Step) -> None:
        if step is Step.WRITE:
            self._outgoing += commands.write_binary(self._payload)
        elif step is Step.LOAD:
            self._outgoing += commands.binary_frame(self._payload)
        else:
            self._outgoing += SAYS.get(step, b"")
        self._transferring = self._transferring or step is Step.TRANSFER
        if step is Step.REFUSED:
            self._heard = replace(self._heard, refused=self._heard.reply is None)
        self._step_ends_s = self._now_s + self._patience_s(step)

    def _patience_s(self, step: Step) -> float:
        if step in PATIENT:
            return self._timing.attention_s
        long = {Step.LOAD: self._timing.load_s, Step.TRANSFER: self._timing.transfer_s}
        return long.get(step, self._timing.answer_s)

    def _after_transfer(self) -> Step:
        reply = self._heard.reply
        if judge(self._heard).verdict is Verdict.SENT:
            return Step.CLEAR
        return Step.RADIO_ON if reply is not None and reply.mo_status == RADIO_DISABLED else Step.FINISH

    def _finish(self, otherwise: str) -> None:
        """End. ``otherwise`` is the reason that holds where SBDIX was never written, so that nothing can have left."""
        outcome = judge(self._heard) if self._transferring else SendOutcome(Verdict.RETRY, otherwise)
        self.outcome = replace(
            outcome,
            answered=self._answered,
            began=self._transferring,
            signal=self._signal,
            ring=self._ring,
            mt_length=self._mt_length,
            cleared=self._step is Step.FINISH and 1 <= self._entered[Step.CLEAR] <= TRIES[Step.CLEAR],
        )
        self._step = Step.FINISH
        self._outgoing.clear()
