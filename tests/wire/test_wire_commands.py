"""Commands as bytes: every one comes back, one credit each, and nothing that was changed on the way does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.commands import (
    COMMANDS,
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
from cameratrap.domain.credits import credits_for
from cameratrap.domain.summaries import FAULTS
from cameratrap.errors import DecodeError, SealError
from cameratrap.wire.commands import CODES, EPOCH, KEY_ID, MAX_DAY, VERSION, open_order, prove, seal_order
from cameratrap.wire.seal import Direction, SealKey, SealNumber, seal_message

KEY = SealKey(bytes(range(32)))
RANDOM = b"\x01\x02\x03"
DAYS = st.dates(EPOCH + timedelta(days=1), MAX_DAY)

commands: st.SearchStrategy[Command] = st.one_of(
    st.just(SendNow()),
    st.builds(SetInterval, st.integers(1, 31)),
    st.builds(SetThreshold, st.integers(0, 1000).map(lambda steps: steps / 1000)),
    st.builds(SetBurst, st.integers(1, 20), st.none() | st.integers(0, 6000).map(lambda steps: steps / 100)),
    st.builds(SleepUntil, DAYS),
    st.builds(
        lambda first, more: RepeatDays(first, first + timedelta(days=more)),
        st.dates(EPOCH + timedelta(days=1), MAX_DAY - timedelta(days=31)),
        st.integers(0, 30),
    ),
    st.builds(ClearFault, st.sampled_from(FAULTS)),
)
orders = st.builds(Order, st.integers(1, 65535), commands, st.none() | DAYS)


def sealed(body: bytes, version: int = VERSION) -> bytes:
    return seal_message(KEY, SealNumber(KEY_ID, RANDOM, 7), Direction.TO_TRAP, body, version=version)


@given(orders, st.binary(min_size=3, max_size=3))
def test_every_order_comes_back_for_one_credit(order: Order, epoch: bytes) -> None:
    """Number, command and last day; at most 20 bytes, and never one that a gateway would forward ("RB")."""
    message = seal_order(order, KEY, epoch)
    assert open_order(message, KEY) == order
    assert prove(message, KEY) == order.number
    assert len(message) <= 20
    assert credits_for(len(message)) == 1
    assert message[:2] != b"RB"


@pytest.mark.parametrize("order", [Order(1, SendNow()), Order(65535, SetBurst(3, 0.5), date(2026, 12, 1))])
def test_any_changed_bit_is_refused(order: Order) -> None:
    """Each bit of each byte, and each byte cut off or put on."""
    message = seal_order(order, KEY, RANDOM)
    damaged = [
        bytes(byte ^ (bit if place == at else 0) for place, byte in enumerate(message))
        for at in range(len(message))
        for bit in (1 << shift for shift in range(8))
    ]
    for each in [*damaged, message[:-1], message + b"\0", b""]:
        with pytest.raises(SealError):
            open_order(each, KEY)


@given(st.binary(max_size=270))
def test_random_bytes_prove_nothing(message: bytes) -> None:
    """Whatever comes, it is refused as unproved."""
    with pytest.raises(SealError):
        prove(message, KEY)


def test_what_the_trap_sent_is_no_command() -> None:
    """A message of the trap's own, sealed with the same key, sent back to it."""
    ours = seal_message(KEY, SealNumber(KEY_ID, RANDOM, 7), Direction.FROM_TRAP, b"\0\0\0", version=VERSION)
    with pytest.raises(SealError):
        open_order(ours, KEY)


@pytest.mark.parametrize("body", [b"", b"\0\0", b"\0\0\xff", b"\0\0\x00\x01", b"\0\0\x01", b"\0\0\x01\x03\x00"])
def test_a_layout_that_is_not_known_is_said_to_be_so(body: bytes) -> None:
    """Too short, too long, or a command of a version to come: proved, and not understood."""
    with pytest.raises(DecodeError) as caught:
        open_order(sealed(body), KEY)
    assert not isinstance(caught.value, SealError)


def test_another_version_is_not_read_as_this_one() -> None:
    """The version stands outside the seal and is covered by it."""
    with pytest.raises(DecodeError, match="not one this trap knows"):
        open_order(sealed(b"\0\0\0", version=2), KEY)


@pytest.mark.parametrize(
    "body", ["000001ff", "00000203e9", "0000031500", "000004", "00000527", "0000050001ff", "00000609", "00000100"]
)
def test_what_is_proved_and_out_of_range_is_told_apart(body: str) -> None:
    """A sender that is wrong, or of another version, is refused by range, never obeyed in part."""
    with pytest.raises((CommandRangeError, DecodeError)) as caught:
        open_order(sealed(bytes.fromhex(body)), KEY)
    assert not isinstance(caught.value, SealError)


@given(st.binary(max_size=6))
def test_any_proved_body_is_an_order_or_refused(rest: bytes) -> None:
    """What a friend sends by mistake raises nothing else."""
    try:
        order = open_order(sealed(b"\0\0" + rest), KEY)
    except (CommandRangeError, DecodeError):
        return
    assert seal_order(order, KEY, RANDOM) == sealed(b"\0\0" + rest)


def test_the_codes_are_frozen() -> None:
    """A trap in the forest understands what it was sent years ago: append, never reorder."""
    assert [(kind.name, size) for kind, size in CODES] == [
        ("send-now", 0),
        ("interval", 1),
        ("threshold", 2),
        ("burst", 3),
        ("sleep-until", 2),
        ("repeat", 3),
        ("clear-fault", 1),
    ]
    assert {kind for kind, _ in CODES} == set(COMMANDS)
    assert seal_order(Order(3, SetBurst(3, 0.5), date(2026, 12, 1)), KEY, RANDOM).hex()[:12] == "110102030003"


@pytest.mark.parametrize("order", [Order(0, SendNow()), Order(65536, SendNow()), Order(1, SleepUntil(EPOCH))])
def test_what_no_message_holds_is_refused_before_it_is_sealed(order: Order) -> None:
    """Numbers of two bytes, days of two bytes."""
    with pytest.raises(CommandRangeError):
        seal_order(order, KEY, RANDOM)
