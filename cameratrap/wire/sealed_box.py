"""Sealed boxes: data that only the holder of a private key opens, and that anyone with the public one can make.

    bytes 0-7    b"CTSEAL\x00\x01"
    bytes 8-39   the box's own public key (X25519, RFC 7748), drawn anew for each box
    ...          the data, AES-256 in GCM (NIST SP 800-38D)
    last 16      the tag

The AES key is HKDF-SHA256 (RFC 5869) of the two keys' shared secret, with both public keys as its salt. It is used
once, so that the nonce may be all zeros. What is sealed is not signed: a box says nothing of who made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cameratrap.errors import SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
MAGIC = b"CTSEAL\x00\x01"
OVERHEAD = len(MAGIC) + KEY_BYTES + 16
_NONCE = bytes(12)


def public_key_of(private: bytes) -> bytes:
    """The public key of a private one, 32 bytes each. Raises SealError."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(_checked(private)).public_key().public_bytes_raw()


def seal_box(public: bytes, data: bytes, *, ephemeral: bytes) -> bytes:
    """The box. ``ephemeral`` is 32 random bytes that are never used again. Raises SealError for what is no key."""
    own = public_key_of(ephemeral)
    return MAGIC + own + _cipher(ephemeral, public, own, public).encrypt(_NONCE, data, MAGIC)


def open_box(private: bytes, box: bytes) -> bytes:
    """The data. Raises SealError unless this very box was sealed to this key."""
    from cryptography.exceptions import InvalidTag

    if not box.startswith(MAGIC) or len(box) < OVERHEAD:
        raise SealError("this is no sealed file", why="it is cut off, or something else")
    own, sealed = box[len(MAGIC) : len(MAGIC) + KEY_BYTES], box[len(MAGIC) + KEY_BYTES :]
    try:
        return _cipher(private, own, own, public_key_of(private)).decrypt(_NONCE, sealed, MAGIC)
    except InvalidTag:
        raise SealError("the seal is broken", why="it was sealed to another key, or a byte was changed") from None


def _cipher(private: bytes, peer: bytes, own: bytes, public: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    try:
        shared = X25519PrivateKey.from_private_bytes(_checked(private)).exchange(
            X25519PublicKey.from_public_bytes(_checked(peer))
        )
    except ValueError as error:  # a point of low order: whatever the private key, everyone knows the secret
        raise SealError("this is not a key", why=str(error)) from error
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=own + public, info=b"cameratrap sealed box 1").derive(shared))


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise SealError("this is not a key", why=f"a key has {KEY_BYTES} bytes, this has {len(key)}")
    return key
