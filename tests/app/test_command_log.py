"""What the receiver's log says of each command, from the summaries that came since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cameratrap.app.command_log import LEAP, Answer, answers, command_states, highest_answered
from cameratrap.app.receive import InboxEntry, MessageStatus, Reading
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.domain.summaries import CommandOutcome, CommandReport, DailySummary
from cameratrap.store.inbox import StoredMessage
from cameratrap.store.sent_commands import SentCommand

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MADE = SentCommand("ridge", 7, "send-now", None, b"x", NOW)
AGAIN = "its number was used before; send it again"
DONE, REPEATED = CommandOutcome.DONE, CommandOutcome.REPEATED


def summary(sequence: int, *reports: CommandReport, station: str = "ridge", status: str = "decoded") -> InboxEntry:
    told = DailySummary(date(2026, 12, 1), sequence, commands=reports)
    stored = StoredMessage(sequence, NOW, ReceivedMessage(b"", MessageSource.FILE))
    return InboxEntry(stored, Reading(MessageStatus(status), station, told))


@pytest.mark.parametrize(
    ("sent", "reports", "state"),
    [
        (MADE, [], "made"),
        (replace(MADE, detail="no credit"), [], "not sent: no credit"),
        (replace(MADE, posted_at=NOW), [], "sent"),
        (replace(MADE, posted_at=NOW, detail="its answer was '?'"), [], "perhaps sent: its answer was '?'"),
        (MADE, [CommandReport(7, DONE)], "acknowledged by summary 1"),
        (MADE, [CommandReport(7, CommandOutcome.NOT_ALLOWED)], "refused by summary 1: not allowed"),
        (MADE, [CommandReport(7, REPEATED)], f"refused by summary 1: {AGAIN}"),
        (MADE, [CommandReport(7, DONE), CommandReport(7, REPEATED)], f"refused by summary 2: {AGAIN}"),
        (replace(MADE, posted_at=NOW), [CommandReport(8, DONE), CommandReport(None, CommandOutcome.FORGED)], "sent"),
    ],
)
def test_each_state_has_its_words(sent: SentCommand, reports: list[CommandReport], state: str) -> None:
    """An answer outweighs what is known of the sending; a number that was used twice may not have been this one's."""
    entries = [summary(number, report) for number, report in enumerate(reports, start=1)]
    (told,) = command_states([sent], answers(entries, "ridge"))
    assert str(told) == state


def test_only_the_stations_own_believed_summaries_answer() -> None:
    """Another station's, a quarantined one's and a copy's words do not count."""
    report = CommandReport(7, DONE)
    entries = [
        summary(1, report, station="valley"),
        summary(2, report, status="quarantined"),
        summary(3, report, status="duplicate"),
    ]
    assert answers(entries, "ridge") == []


def test_what_was_said_before_a_command_was_made_is_not_of_it() -> None:
    """A folder that was lost and made anew: the deliveries imported again tell of the first command of this number."""
    answer = Answer(CommandReport(7, DONE), 3, NOW - timedelta(seconds=1))
    assert [str(state) for state in command_states([MADE], [answer])] == ["made"]


def test_the_next_number_leaps_past_what_a_restored_log_has_forgotten() -> None:
    """After an answer to 9 comes at least 10; where 9 was called repeated, nobody knows how far the trap is."""
    assert highest_answered([]) == 0
    assert highest_answered([Answer(CommandReport(None, CommandOutcome.FORGED), 1, NOW)]) == 0
    assert highest_answered([Answer(CommandReport(9, DONE), 1, NOW), Answer(CommandReport(3, DONE), 2, NOW)]) == 9
    assert highest_answered([Answer(CommandReport(9, REPEATED), 1, NOW)]) == 9 + LEAP
