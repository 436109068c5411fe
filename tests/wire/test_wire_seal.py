"""The seal: what it lets through, and that nothing else gets through."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import SealError, StoreError
from cameratrap.wire.seal import (
    KEY_BYTES,
    MAX_COUNTER,
    OVERHEAD,
    CcmOpener,
    CcmSealer,
    Direction,
    SealKey,
    SealNumber,
    is_sealed,
    open_message,
    seal_message,
    seal_number,
)

KEY = SealKey(bytes(range(KEY_BYTES)))
OTHER = SealKey(bytes(range(1, KEY_BYTES + 1)))
NUMBER = SealNumber(3, bytes.fromhex("a1b2c3"), 0x0102)
BODY = b"what a day holds"
# Frozen: what a trap seals today is opened for ever. It begins with version 1, key id 3, epoch a1b2c3, counter 0102.
GOLDEN = "13a1b2c30102a2170de5ef484b3a72200c62f529a80cf554bdf2bc051c9b"
numbers = st.builds(SealNumber, st.integers(1, 15), st.binary(min_size=3, max_size=3), st.integers(0, MAX_COUNTER))


def _sealed(body: bytes = BODY, number: SealNumber = NUMBER) -> bytes:
    return seal_message(KEY, number, Direction.FROM_TRAP, body, version=1)


def test_the_construction_is_frozen() -> None:
    """One key, one number and one body give these bytes in every version of this program."""
    assert _sealed().hex() == GOLDEN
    assert open_message(KEY, Direction.FROM_TRAP, bytes.fromhex(GOLDEN)) == BODY


@pytest.mark.parametrize(
    ("key", "nonce", "clear", "body", "sealed"),
    [
        # RFC 3610, section 8, packet vectors 1 to 3: AES-128, nonce of 13 bytes, tag of 8.
        (
            "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
            "00000003020100a0a1a2a3a4a5",
            "0001020304050607",
            "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
            "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0",
        ),
        (
            "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
            "00000004030201a0a1a2a3a4a5",
            "0001020304050607",
            "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916",
        ),
        (
            "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
            "00000005040302a0a1a2a3a4a5",
            "0001020304050607",
            "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5",
        ),
    ],
)
def test_the_library_is_the_cipher_of_the_rfc(key: str, nonce: str, clear: str, body: str, sealed: str) -> None:
    """The construction rests on AES-CCM as RFC 3610 has it, with a tag of 8 bytes over the clear bytes too."""
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM

    cipher = AESCCM(bytes.fromhex(key), tag_length=8)
    assert cipher.encrypt(bytes.fromhex(nonce), bytes.fromhex(body), bytes.fromhex(clear)).hex() == sealed


def test_the_nonce_and_the_clear_bytes_are_as_documented() -> None:
    """Direction, key id, epoch, counter, zeros: 13 bytes; version and key id, epoch, counter: 6."""
    assert NUMBER.nonce(Direction.FROM_TRAP).hex() == "0103a1b2c30102000000000000"
    assert NUMBER.nonce(Direction.TO_TRAP).hex() == "0203a1b2c30102000000000000"
    assert NUMBER.clear(1).hex() == "13a1b2c30102"
    assert len(_sealed(b"")) == OVERHEAD == 14


@given(st.binary(max_size=330), numbers, st.sampled_from(Direction), st.integers(0, 15))
def test_what_was_sealed_opens(body: bytes, number: SealNumber, direction: Direction, version: int) -> None:
    """The body comes back, 14 bytes shorter; the version, the key id and the number can be read without the key."""
    message = seal_message(KEY, number, direction, body, version=version)
    assert open_message(KEY, direction, message) == body
    assert (len(message), message[0] >> 4, seal_number(message)) == (len(body) + OVERHEAD, version, number)


def test_any_flipped_bit_is_rejected() -> None:
    """Every bit of the message: the clear ones, the body's and the tag's."""
    sealed = _sealed()
    for bit in range(8 * len(sealed)):
        broken = bytearray(sealed)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            open_message(KEY, Direction.FROM_TRAP, bytes(broken))


@given(st.binary(max_size=60))
def test_no_other_bytes_open(message: bytes) -> None:
    """Whatever they are, hostile bytes are a SealError and nothing else."""
    with pytest.raises(SealError):
        CcmOpener([KEY]).open(message)


@pytest.mark.parametrize("length", range(OVERHEAD + len(BODY)))
def test_a_message_that_was_cut_off_is_rejected(length: int) -> None:
    """At every length; so is one that goes on."""
    with pytest.raises(SealError):
        open_message(KEY, Direction.FROM_TRAP, _sealed()[:length])
    with pytest.raises(SealError):
        open_message(KEY, Direction.FROM_TRAP, _sealed() + bytes(length + 1))


def test_another_key_or_direction_opens_nothing() -> None:
    """What the trap sent cannot be sent back to it as a command."""
    with pytest.raises(SealError, match="broken"):
        open_message(OTHER, Direction.FROM_TRAP, _sealed())
    with pytest.raises(SealError, match="broken"):
        open_message(KEY, Direction.TO_TRAP, _sealed())


@given(st.lists(numbers, min_size=2, max_size=20, unique=True))
def test_different_numbers_have_different_nonces(taken: list[SealNumber]) -> None:
    """Also those of different epochs with one counter, and of both directions."""
    nonces = Counter(number.nonce(direction) for number in taken for direction in Direction)
    assert set(nonces.values()) == {1}


def test_a_sealer_takes_a_number_for_each_message() -> None:
    """The same body twice is two messages, and each opens by itself with whichever key of the station sealed it."""
    taken = iter([NUMBER, SealNumber(3, NUMBER.epoch, 0x0103)])
    sealer = CcmSealer(KEY, lambda: next(taken))
    first, second = sealer.seal(BODY, version=1), sealer.seal(BODY, version=1)
    assert (first, second[6:] == first[6:]) == (bytes.fromhex(GOLDEN), False)
    opener = CcmOpener([OTHER, KEY])
    assert (opener.open(first), opener.open(second)) == (BODY, BODY)
    assert opener.key_of(first) is KEY
    assert CcmOpener([OTHER]).key_of(first) is None


def test_without_a_number_nothing_is_sealed() -> None:
    """A card that cannot store the number is an error, never a message."""

    def refuse() -> SealNumber:
        raise StoreError("the card is read-only")

    with pytest.raises(StoreError):
        CcmSealer(KEY, refuse).seal(BODY, version=1)


def test_a_message_that_is_not_sealed_is_told_by_its_first_byte() -> None:
    """Key id 0 is no key."""
    assert (is_sealed(b"\x10abc"), is_sealed(b""), is_sealed(_sealed())) == (False, False, True)
    with pytest.raises(SealError, match="not sealed"):
        seal_number(b"\x10" + bytes(30))


@pytest.mark.parametrize(
    ("key_id", "epoch", "counter"), [(0, 3, 0), (16, 3, 0), (1, 2, 0), (1, 3, -1), (1, 3, MAX_COUNTER + 1)]
)
def test_a_number_that_does_not_fit_is_refused(key_id: int, epoch: int, counter: int) -> None:
    """It would wrap and be another message's."""
    with pytest.raises(SealError):
        SealNumber(key_id, bytes(epoch), counter)


def test_a_version_that_does_not_fit_is_refused() -> None:
    """It would change the key id."""
    with pytest.raises(SealError, match="version"):
        seal_message(KEY, NUMBER, Direction.FROM_TRAP, BODY, version=16)


def test_a_key_never_shows_itself() -> None:
    """Printed, formatted, pickled or in an error: only its fingerprint."""
    secret = KEY.reveal()
    shown = f"{KEY} {KEY!r} {[KEY]} {KEY.fingerprint} {CcmOpener([KEY])!r} {CcmSealer(KEY, lambda: NUMBER)!r}"
    assert secret.hex() not in shown
    assert repr(secret) not in shown
    assert KEY.fingerprint in shown
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(SealError) as raised:
        SealKey(secret[:-1])
    assert secret[:8].hex() not in str(raised.value)


def test_keys_are_compared_by_what_they_are() -> None:
    """Two copies are one key; a key is equal to nothing else."""
    assert SealKey(KEY.reveal()) == KEY
    assert len({KEY, SealKey(KEY.reveal()), OTHER}) == 2
    assert KEY != OTHER
    assert KEY.reveal() != KEY
