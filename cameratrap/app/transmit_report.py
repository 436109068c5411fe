"""What one run of `transmit` did, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from cameratrap.domain.patience import HARDWARE, StandingFault
from cameratrap.errors import CameraTrapError, DeviceError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.outbox_message import OutboxMessage, OutboxState


@dataclass(frozen=True, slots=True)
class Attempt:
    """One session: the message as it stands afterwards, and how the session ended."""

    message: OutboxMessage
    result: SendResult

    @property
    def label(self) -> str:
        """What to call it before a person."""
        return self.message.label

    @property
    def credits(self) -> int:
        """What it costs if it got through."""
        return self.message.credits


@dataclass(frozen=True, slots=True)
class MailboxCheck:
    """One session that sent nothing."""

    result: SendResult
    credits: int
    label: str = "mailbox"


@dataclass(slots=True)
class TransmitReport:
    """What one run did.

    ``unsent`` were due and are not sent; ``waiting`` have their time later; ``superseded`` are not worth a credit any
    more. ``received`` counts the messages to the trap. ``device_error`` is why the modem could not be used;
    ``out_of_energy`` says that something was not tried because the energy for it was used up by then.
    """

    attempts: list[Attempt] = field(default_factory=list)
    mailbox: list[MailboxCheck] = field(default_factory=list)
    unsent: list[OutboxMessage] = field(default_factory=list)
    waiting: list[OutboxMessage] = field(default_factory=list)
    superseded: list[OutboxMessage] = field(default_factory=list)
    received: int = 0
    device_error: DeviceError | None = None
    out_of_energy: bool = False

    @property
    def sent(self) -> list[OutboxMessage]:
        return [attempt.message for attempt in self.attempts if attempt.message.state is OutboxState.SENT]

    @property
    def failures(self) -> list[Attempt]:
        """The sessions after which a message still waits."""
        return [attempt for attempt in self.attempts if attempt.message.state is OutboxState.QUEUED]

    @property
    def contact(self) -> bool:
        """Whether a session got through, so that the modem knows the network's time."""
        return any(each.result.status is SendStatus.SENT for each in self._made)

    @property
    def credits(self) -> tuple[int, int]:
        """The least and the most credits this run has cost: uncertain sessions may have cost theirs."""
        certain = sum(each.credits for each in self._made if each.result.status is SendStatus.SENT)
        return certain, certain + sum(each.credits for each in self._made if each.result.uncertain)

    @property
    def _made(self) -> list[Attempt | MailboxCheck]:
        return [*self.attempts, *self.mailbox]


class UnsentError(CameraTrapError):
    """Something that was due is still here, or never will be sent; the reason is the last session's."""

    def __init__(self, unsent: list[OutboxMessage], *, out_of_energy: bool = False) -> None:
        last = unsent[0]
        self.unsent = tuple(unsent)
        many = f"{len(unsent)} messages were" if len(unsent) > 1 else "one message was"
        not_tried = (
            "the energy that it may take by now is used up"
            if out_of_energy
            else "not tried, since an earlier session failed"
        )
        planned = f"next attempt at {last.next_attempt_at:%Y-%m-%d %H:%M:%S%z}" if last.next_attempt_at else ""
        if out_of_energy:
            planned = "it is tried as the day goes on, or tomorrow; `modem.energy_j_per_day` is what a day may take"
        super().__init__(
            f"{many} not sent",
            why=f"{last.label}: {last.detail or not_tried}",
            hint=planned or "it stays in the outbox as failed; `cameratrap transmit --dry-run` shows what is due",
        )


def resting_error(fault: StandingFault, held: list[OutboxMessage]) -> CameraTrapError:
    """What to say of messages that wait while the modem rests; a DeviceError where the modem itself is the reason."""
    what = "a message waits" if len(held) == 1 else f"{len(held)} messages wait"
    what += f" while the modem rests after its {fault.fault} fault"
    hint = f"it is tried again at {fault.next_at:%Y-%m-%d %H:%M:%S%z}; with --now at once"
    if fault.fault == HARDWARE:
        hint += ", or with another modem.type or modem.port"
        return DeviceError(what, device="modem", why=fault.detail, hint=hint)
    return CameraTrapError(what, why=fault.detail, hint=hint)
