"""What became of a station's commands, as far as its summaries have told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.app.receive import InboxEntry
from cameratrap.domain.summaries import CommandOutcome, CommandReport
from cameratrap.store.sent_commands import SentCommand

LEAP = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """A trap's word on a command, the number of the summary that brought it, and when that was transmitted.

    ``at`` is when it was received, where nothing tells when it was transmitted.
    """

    report: CommandReport
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CommandState:
    """A command of the log, and the trap's answer where one came."""

    sent: SentCommand
    answer: Answer | None

    def __str__(self) -> str:
        if self.answer is not None:
            by = f"by summary {self.answer.sequence}"
            outcome = self.answer.report.outcome
            if outcome is CommandOutcome.REPEATED:
                return f"refused {by}: its number was used before; send it again"
            return f"acknowledged {by}" if outcome is CommandOutcome.DONE else f"refused {by}: {outcome}"
        if self.sent.posted_at is not None:
            return f"perhaps sent: {self.sent.detail}" if self.sent.detail else "sent"
        return f"not sent: {self.sent.detail}" if self.sent.detail else "made"


def answers(entries: Iterable[InboxEntry], station: str) -> list[Answer]:
    """Every report of a station's summaries, in the order in which they arrived."""
    return [
        Answer(report, entry.reading.summary.sequence, _transmitted(entry))
        for entry in entries
        if entry.reading.status == "decoded" and entry.reading.station == station and entry.reading.summary
        for report in entry.reading.summary.commands
    ]


def _transmitted(entry: InboxEntry) -> datetime:
    return entry.stored.message.transmit_time or entry.stored.received_at


def command_states(log: Iterable[SentCommand], answered: Sequence[Answer]) -> list[CommandState]:
    """The log with its answers. What was transmitted before a command was made is said of another one.

    The trap says "repeated" of another message under the same number, never of the same bytes. Where it said both that
    and done, the number was given twice, by a log that had been lost, and which of the two was done nobody can tell.
    """
    return [CommandState(sent, _answer(sent, answered)) for sent in log]


def _answer(sent: SentCommand, answered: Sequence[Answer]) -> Answer | None:
    ours = [answer for answer in answered if answer.report.number == sent.number and answer.at >= sent.made_at]
    repeated = [answer for answer in ours if answer.report.outcome is CommandOutcome.REPEATED]
    return next(iter([*repeated, *ours]), None)


def highest_answered(answered: Iterable[Answer]) -> int:
    """The number that the next command must exceed for what the trap has said, 0 where it said nothing.

    A trap that calls a number repeated has obeyed a higher one and does not say which: this log was restored from a
    copy. A leap past whatever was lost costs nothing, since there are 65,535 numbers to a key.
    """
    return max((_at_least(answer.report) for answer in answered if answer.report.number), default=0)


def _at_least(report: CommandReport) -> int:
    return (report.number or 0) + (LEAP if report.outcome is CommandOutcome.REPEATED else 0)
