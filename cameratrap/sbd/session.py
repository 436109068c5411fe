"""One session with the satellite: bytes and time in, bytes and one outcome out.

What leads where, and why, stands in ``steps``; this is the machine that walks it. Whatever happens, a session ends by
its deadline. It never reads, sleeps or logs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cameratrap.sbd import commands
from cameratrap.sbd.commands import BufferStatus, SbdixReply
from cameratrap.sbd.lines import ReceiveBuffer, unsolicited
from cameratrap.sbd.outcome import Heard, SendOutcome, judge
from cameratrap.sbd.status import Fault, Verdict
from cameratrap.sbd.steps import READS, TABLE, TRIES, Step, Timing, Token, word, words

RADIO_DISABLED = 34


class SbdSession:
    """One attempt to send ``payload``, or to fetch what waits where it is None. Feed it until ``outcome`` is there.

    ``number_counts`` False: this modem's message number is known to be no witness. Raises EncodeError for a payload no
    modem or gateway would carry as it is. Times are one monotonic clock's seconds.
    """

    def __init__(
        self,
        payload: bytes | None,
        *,
        monotonic_s: float,
        deadline_s: float,
        timing: Timing | None = None,
        number_counts: bool = True,
    ) -> None:
        if payload is not None:
            commands.check_payload(payload)
        self._payload = payload
        self._timing = timing or Timing()
        self._now_s = monotonic_s
        self.ends_s = monotonic_s + deadline_s
        # A transfer that would be given up half-way makes an uncertain message, and costs as much as a whole one.
        self._transfer_needs_s = min(self._timing.transfer_s, deadline_s / 2)
        # A mailbox check moves no message of ours, and some modems count none for it.
        self._number_counts = number_counts and payload is not None
        self._buffer = ReceiveBuffer()
        self._outgoing = bytearray()
        self._entered: Counter[Step] = Counter()
        self._heard = Heard()
        self._signal: int | None = None
        self._ring = False
        self._received: dict[Step, bytes] = {}
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
        return min(self._step_ends_s, self.ends_s)

    def bytes_to_send(self) -> bytes:
        """What is to be written now; it is handed out once."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        # From here on a message may leave; a session that ends before sent nothing, and any answer heard before is old.
        self._transferring = self._transferring or self._step is Step.TRANSFER
        return data

    def receive_data(self, data: bytes, monotonic_s: float) -> None:
        """Take in what arrived. Bytes that arrive in the same instant as a deadline are still in time."""
        self._now_s = max(self._now_s, monotonic_s)
        self._buffer.feed(data)
        while self.outcome is None and self._take_next():
            pass
        # The payload is waited for, so a READY without a line end has none; one is not waited for.
        if self._step is Step.WRITE and self._buffer.unfinished().upper().endswith("READY"):
            self._buffer.clear()
            self._react(Token.READY)

    def time_passes(self, monotonic_s: float) -> None:
        """Let deadlines that are over take effect."""
        self._now_s = max(self._now_s, monotonic_s)
        if self.outcome is not None:
            return
        if self._now_s >= self.ends_s:
            self._finish("the time for this session was over", Fault.BUSY)
        elif self._now_s >= self._step_ends_s:
            self._react(self._last_word() or Token.TIMEOUT)

    def line_lost(self, why: str) -> None:
        """The serial line is gone for good: end with what is known."""
        if self.outcome is None:
            self._finish(why, Fault.HARDWARE)

    def line_back(self, monotonic_s: float) -> None:
        """The serial line was gone and is back. A transfer that was begun is waited for; anything else begins anew."""
        self._now_s = max(self._now_s, monotonic_s)
        self._buffer.clear()
        self._outgoing.clear()
        if self.outcome is None and not self._transferring:
            self._enter(Step.SYNC)

    def _take_next(self) -> bool:
        """Take the next line, or the block that answers AT+SBDRB; False where nothing is complete."""
        if self._step in READS:
            line = self._buffer.line_before_block()
            if line is None:
                return self._take_block()
        else:
            line = self._buffer.next_line()
        if line is not None:
            self._take(line)
        return line is not None

    def _take_block(self) -> bool:
        message = self._buffer.next_mt_message()
        if message is None:
            return False
        if message.intact:
            self._received[self._step] = message.payload
        self._react(Token.BLOCK if message.intact else Token.DAMAGED)
        return True

    def _last_word(self) -> Token | None:
        """What a line without an end says, where this step waits for such a word."""
        token = word(self._buffer.unfinished())
        if token is None or token not in TABLE[self._step]:
            return None
        self._buffer.clear()
        return token

    def _take(self, line: str) -> None:
        news = unsolicited(line)
        if news is not None:
            self._ring |= news.ring
            self._signal = self._signal if news.signal is None else news.signal
            return
        token = word(line) or self._note(line)
        self._answered = self._answered or token is Token.OK
        if token is not None:
            self._react(token)

    def _note(self, line: str) -> Token | None:
        """Keep what a line with values says; the token it stands for, if it stands for one."""
        if (reply := SbdixReply.from_line(line)) is not None:
            if not self._transferring:
                return None
            self._heard = replace(self._heard, reply=reply, refused=False)
            return Token.SBDIX
        if (status := BufferStatus.from_line(line)) is not None:
            self._note_status(status)
            return Token.SBDS
        if (signal := commands.signal_quality(line)) is not None:
            self._signal = signal
        if (rings := commands.rings(line)) is not None:
            self._ring |= rings
        return None

    def _note_status(self, status: BufferStatus) -> None:
        """An AT+SBDS is evidence only where it was asked for: a late one speaks of another moment."""
        if self._step is Step.NUMBER:
            self._heard = replace(self._heard, before=status)
        elif self._step is Step.CHECK:
            self._heard = replace(self._heard, filled=status)
        elif self._step is Step.CONFIRM:
            self._heard = replace(self._heard, after=status)

    def _react(self, token: Token) -> None:
        if self._step is Step.EMPTY and token in {Token.ZERO, Token.OK}:
            self._heard = replace(self._heard, emptied=True)
        if self._step is Step.TRANSFER and token is Token.ERROR and self._answers_ring:
            # AT+SBDIXA is what was refused; a plain session fetches the message as well.
            self._enter(Step.TRANSFER)
        elif (following := TABLE[self._step].get(token)) is not None:
            self._enter(following)

    def _enter(self, step: Step) -> None:
        self._step = step
        self._entered[step] += 1
        if self._entered[step] > TRIES.get(step, self._entered[step]):
            self._enter(TABLE[step][Token.EXHAUSTED])
        elif step in {Step.CHECK, Step.CONFIRM} and not self._asks_status(step):
            self._enter(Step.TRANSFER if step is Step.CHECK else Step.CONCLUDE)
        elif (onward := self._onward(step)) is not None:
            self._enter(onward)
        elif step is Step.FINISH:
            self._finish(f"the modem did not take the message ({TRIES[Step.WRITE]} times offered)")
        elif step is Step.TRANSFER and not self._transferring and self.ends_s - self._now_s < self._transfer_needs_s:
            self._finish("too little time was left to begin a session", Fault.BUSY)
        elif step is Step.RING and not self._heard.safely_empty:
            self._finish("the modem did not empty its buffer, and checking the mailbox would have sent what is in it")
        else:
            self._say(step)

    def _onward(self, step: Step) -> Step | None:
        """Where a crossroads leads; None for a step that waits."""
        reply = self._heard.reply
        if step is Step.PREPARED:
            return Step.SAVE if self._heard.mt_left and Step.SAVE not in self._received else Step.SAVED
        if step is Step.SAVED:
            return Step.RING if self._payload is None else Step.WRITE
        if step is Step.CONCLUDE:
            if reply is not None and reply.mo_status == RADIO_DISABLED:
                return Step.RADIO_ON
            sent = judge(self._heard, number_counts=self._number_counts).verdict is Verdict.SENT
            return Step.CLEAR if sent and self._payload is not None else Step.COLLECT
        if step is Step.COLLECT:
            return Step.READ if self._heard.mt_came else Step.FINISH
        return None

    def _asks_status(self, step: Step) -> bool:
        """Not of a modem that does not tell. A mailbox check only asks what came with an answer that was lost."""
        lost = step is Step.CONFIRM and self._heard.reply is None
        return self._heard.before is not None and (self._payload is not None or lost)

    @property
    def _answers_ring(self) -> bool:
        return self._ring and self._payload is None and self._entered[Step.TRANSFER] < 2

    def _say(self, step: Step) -> None:
        silent = step is Step.SYNC and self._entered[step] % commands.WORDS_ON_EVERY == 0
        self._outgoing += commands.WORDS_ON if silent else words(step, self._payload, answers_ring=self._answers_ring)
        if step is Step.REFUSED:
            self._heard = replace(self._heard, refused=self._heard.reply is None)
        if step in {Step.SAVE_AGAIN, Step.READ_AGAIN}:
            self._buffer.clear()
        self._step_ends_s = self._now_s + self._timing.patience_s(step)

    def _finish(self, otherwise: str, fault: Fault = Fault.HARDWARE) -> None:
        """End. ``otherwise`` is the reason that holds where SBDIX was never written, so that nothing can have left."""
        unbegun = SendOutcome(Verdict.RETRY, otherwise, fault)
        outcome = judge(self._heard, number_counts=self._number_counts) if self._transferring else unbegun
        self.outcome = replace(
            outcome,
            answered=self._answered,
            began=self._transferring,
            signal=self._signal,
            ring=self._ring,
            waiting=self._heard.mt_queued,
            received=tuple(filter(None, self._received.values())),
            unread=any(step not in self._received for step in READS & self._entered.keys()),
        )
        self._step = Step.FINISH
        self._outgoing.clear()
