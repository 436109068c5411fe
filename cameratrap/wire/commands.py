"""A command to a trap in 17 to 20 bytes, so that it costs one credit. It is always sealed.

The seal's clear bytes stand first (``wire.seal``); its counter is the command's number. Then, sealed:

    bytes 0-1   the last day on which it may be obeyed, days since EPOCH; 0: no such day
    byte 2      the command: its place in CODES
    ...         interval: days (1 byte). threshold: thousandths (2). burst: pictures (1), spacing in hundredths of a
                second plus one, 0 where it stays as it is (2). sleep until: day (2). repeat: first day (2), days (1).
                clear fault: its place in FAULTS (1).

CODES is append-only, and so are the layouts: a trap understands what it was sent years ago.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from cameratrap.domain.commands import (
    SCORE_STEPS,
    SPACING_STEPS,
    ClearFault,
    Command,
    CommandRangeError,
    Order,
    RepeatDays,
    SendNow,
    SetBurst,
    SetInterval,
    SetThreshold,
    SleepUntil,
)
from cameratrap.domain.summaries import FAULTS
from cameratrap.errors import DecodeError
from cameratrap.wire.seal import Direction, SealKey, SealNumber, open_message, seal_message, seal_number

VERSION = 1
EPOCH = date(2000, 1, 1)
KEY_ID = 1  # a trap has one key; the number only says that the message is sealed
MAX_NUMBER = 0xFFFF
MAX_DAY = EPOCH + timedelta(days=0xFFFF)

CODES: tuple[tuple[type[Command], int], ...] = (  # each with how many bytes follow its code
    (SendNow, 0),
    (SetInterval, 1),
    (SetThreshold, 2),
    (SetBurst, 3),
    (SleepUntil, 2),
    (RepeatDays, 3),
    (ClearFault, 1),
)


def seal_order(order: Order, key: SealKey, epoch: bytes) -> bytes:
    """The whole message. Raises CommandRangeError for a number or a day that no message holds.

    ``epoch`` is drawn at random for each order: then a number that was given twice by mistake, as by a database that
    was restored, still seals under another nonce.
    """
    if not 1 <= order.number <= MAX_NUMBER:
        raise CommandRangeError(f"a command's number is from 1 to {MAX_NUMBER}", why=f"it is {order.number}")
    body = (_day(order.expires) if order.expires else bytes(2)) + _command(order.command)
    return seal_message(key, SealNumber(KEY_ID, epoch, order.number), Direction.TO_TRAP, body, version=VERSION)


def prove(message: bytes, key: SealKey) -> int:
    """The number of a message that was sealed for the trap that has ``key``. Raises SealError where it was not."""
    open_message(key, Direction.TO_TRAP, message)
    return seal_number(message).counter


def open_order(message: bytes, key: SealKey) -> Order:
    """What the message says.

    Raises SealError where it proves nothing, DecodeError for a layout that is not known here, CommandRangeError for a
    value out of its range.
    """
    body = open_message(key, Direction.TO_TRAP, message)
    if message[0] >> 4 != VERSION or len(body) < 3 or body[2] >= len(CODES):
        raise _unknown()
    kind, size = CODES[body[2]]
    values = body[3:]
    if len(values) != size:
        raise _unknown()
    expires = _to_day(body[:2]) if any(body[:2]) else None
    return Order(seal_number(message).counter, _READERS[kind](values), expires)


def _unknown() -> DecodeError:
    return DecodeError("the command is not one this trap knows", hint="update the trap, or the sender")


def _command(command: Command) -> bytes:
    code = next(place for place, (kind, _) in enumerate(CODES) if isinstance(command, kind))
    return bytes([code]) + _values(command)


def _values(command: Command) -> bytes:
    match command:
        case SetInterval(days):
            return bytes([days])
        case SetThreshold(score):
            return _two(round(score * SCORE_STEPS))
        case SetBurst(count, spacing_s):
            return bytes([count]) + _two(0 if spacing_s is None else round(spacing_s * SPACING_STEPS) + 1)
        case SleepUntil(day):
            return _day(day)
        case RepeatDays(first, last):
            return _day(first) + bytes([(last - first).days + 1])
        case ClearFault(fault):
            return bytes([FAULTS.index(fault)])
        case SendNow():
            return b""


def _burst(values: bytes) -> SetBurst:
    spacing = _number(values[1:])
    return SetBurst(values[0], (spacing - 1) / SPACING_STEPS if spacing else None)


def _repeat(values: bytes) -> RepeatDays:
    first = _to_day(values[:2])
    return RepeatDays(first, first + timedelta(days=values[2] - 1))


def _fault(values: bytes) -> ClearFault:
    return ClearFault(FAULTS[values[0]] if values[0] < len(FAULTS) else f"number {values[0]}")


_READERS: dict[type[Command], Callable[[bytes], Command]] = {
    SendNow: lambda _: SendNow(),
    SetInterval: lambda values: SetInterval(values[0]),
    SetThreshold: lambda values: SetThreshold(_number(values) / SCORE_STEPS),
    SetBurst: _burst,
    SleepUntil: lambda values: SleepUntil(_to_day(values)),
    RepeatDays: _repeat,
    ClearFault: _fault,
}


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _number(values: bytes) -> int:
    return int.from_bytes(values, "big")


def _day(day: date) -> bytes:
    if not EPOCH < day <= MAX_DAY:
        raise CommandRangeError(f"a day is after {EPOCH} and up to {MAX_DAY}", why=f"it is {day}")
    return _two((day - EPOCH).days)


def _to_day(values: bytes) -> date:
    return EPOCH + timedelta(days=_number(values))
