"""Sealed boxes: opened by the one key they were sealed to, byte for byte, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.errors import SealError
from cameratrap.wire.sealed_box import MAGIC, OVERHEAD, open_box, public_key_of, seal_box

PRIVATE, EPHEMERAL = bytes(range(32)), bytes(range(100, 132))
PUBLIC = public_key_of(PRIVATE)
# A box that has been released is opened for ever.
GOLDEN = bytes.fromhex(
    "43545345414c00017d9c24316539825c1896e57f28197746793ce60cbee3ad47da9d07b85fa55e2a"
    "85c63e0f664de90cc2dc9612a2374fa60cd670"
)


@settings(max_examples=40)
@given(st.binary(max_size=500), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_is_opened_as_it_was(data: bytes, ephemeral: bytes) -> None:
    """Any bytes, any key of the box, and a fixed number of bytes more."""
    box = seal_box(PUBLIC, data, ephemeral=ephemeral)
    assert open_box(PRIVATE, box) == data
    assert len(box) == len(data) + OVERHEAD
    assert box.startswith(MAGIC)


def test_a_box_of_the_first_version_is_opened() -> None:
    """And made the same way."""
    assert open_box(PRIVATE, GOLDEN) == b"fox"
    assert seal_box(PUBLIC, b"fox", ephemeral=EPHEMERAL) == GOLDEN


@given(st.integers(0, 8 * (OVERHEAD + 20) - 1))
def test_no_bit_can_be_changed(bit: int) -> None:
    """In the key, the data or the tag."""
    box = bytearray(seal_box(PUBLIC, b"x" * 20, ephemeral=EPHEMERAL))
    box[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        open_box(PRIVATE, bytes(box))


@pytest.mark.parametrize("box", [b"", MAGIC, MAGIC + bytes(48), bytes(100), b"\xff\xd8\xff"])
def test_what_is_no_box_is_said_to_be_none(box: bytes) -> None:
    """Cut off, all zeros (a key of low order), or a picture."""
    with pytest.raises(SealError):
        open_box(PRIVATE, box)


def test_another_key_opens_nothing_and_a_wrong_one_seals_nothing() -> None:
    """Nor is one taken that has not 32 bytes, or that would make the secret known to everybody."""
    with pytest.raises(SealError):
        open_box(bytes(range(1, 33)), seal_box(PUBLIC, b"data", ephemeral=EPHEMERAL))
    for public in (b"", PUBLIC[:-1], bytes(32)):
        with pytest.raises(SealError):
            seal_box(public, b"data", ephemeral=EPHEMERAL)
