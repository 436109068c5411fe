"""Whether a delivery proves that RockBLOCK sent it.

RockBLOCK signs each delivery with a JSON Web Token: RS256, issuer "Rock 7", no expiry, and as claims every field of
the body again, as text. The fields of the body are signed by nothing else, so each of them must equal its claim.
The token says that Ground Control relayed the message, not that the trap wrote it; and since it never expires, a
message that comes twice is the inbox's to notice. When it was issued is not looked at: a delivery is repeated hours
later, and a body kept in a file may be imported years later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cameratrap.errors import ConfigError, ConfigProblem, ProofError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ALGORITHM = "RS256"  # pinned: a token does not choose how it is checked
ISSUER = "Rock 7"
TOKEN = "JWT"  # noqa: S105 - the name of the field
MAX_TOKEN_BYTES = 8 * 1024
MIN_KEY_BITS = 2048
KEY = "ground.rockblock_public_key"
_MAX_KEY_FILE_BYTES = 16 * 1024
_OF_THE_TOKEN = frozenset({"iss", "iat", "exp", "nbf", "aud", "sub", "jti"})
# What a message is made of: without these the token proves nothing worth having.
_ESSENTIAL = frozenset({"imei", "momsn", "transmit_time", "data"})
# What else this package reads from a delivery. A field that it does not read needs no proof.
_READ = _ESSENTIAL | {"iridium_session_status", "iridium_latitude", "iridium_longitude", "iridium_cep"}
# A body that went through a program on its way may say 37.663 where 37.6630 was signed. Never so for the data,
# where 0041 and 41 are two messages.
_SAME_BY_VALUE = frozenset({"iridium_latitude", "iridium_longitude", "iridium_cep"})
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,20})?")


@dataclass(frozen=True, slots=True)
class ProofPolicy:
    """What is asked of a webhook delivery.

    ``public_key_pem`` is the key deliveries are signed with, None where none is known: then one that carries a token
    is refused, since nobody can say whether it is true. ``required`` refuses one that carries none.
    """

    public_key_pem: bytes | None = None
    required: bool = False

    @classmethod
    def from_file(cls, path: str, *, required: bool = False) -> ProofPolicy:
        """Read the key from a PEM file; an empty ``path`` is no key. Raises ConfigError."""
        if not path:
            return cls(required=required)
        try:
            with Path(path).expanduser().open("rb") as file:
                pem = file.read(_MAX_KEY_FILE_BYTES)
        except OSError as error:
            raise _key_problem(path, f"a PEM file that can be read ({error.strerror})") from error
        if b"-----BEGIN PUBLIC KEY-----" not in pem:
            raise _key_problem(path, "a file with a line -----BEGIN PUBLIC KEY-----")
        with suppress(ImportError):  # without the library it is said of the first delivery that carries a token
            public_key(pem)
        return cls(pem, required)


def check(fields: Mapping[str, str], policy: ProofPolicy) -> bool | None:
    """True if the delivery's token proves ``fields``, None if it carries none and need not.

    ``fields`` are the body's, as text, the token under ``JWT``. Raises ProofError for everything else.
    """
    token = fields.get(TOKEN, "")
    if not token:
        if policy.required:
            raise ProofError(
                "the delivery carries no signature",
                why="ground.require_proof asks for one",
                hint="let RockBLOCK deliver as HTTP_JSON, which it signs",
            )
        return None
    if policy.public_key_pem is None:
        raise ProofError(
            "the delivery's signature cannot be checked",
            why=f"{KEY} names no key",
            hint=f"save Ground Control's published key to a file, name it in {KEY}, then `cameratrap receive reverify`",
        )
    _compare(fields, _claims(token, policy.public_key_pem))
    return True


def _claims(token: str, pem: bytes) -> dict[str, str]:
    """What the token says, if it is signed with the key. Raises ProofError."""
    try:
        import jwt

        key = public_key(pem)
    except ImportError as error:
        raise ProofError(
            "the delivery's signature cannot be checked",
            why=f"the library {error.name} is not installed",
            hint="pip install 'cameratrap[ground]', then `cameratrap receive reverify`",
        ) from error
    if len(token) > MAX_TOKEN_BYTES:
        raise ProofError(f"the delivery's token has {len(token)} characters", why=f"{MAX_TOKEN_BYTES} are the limit")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={
                "require": ["iss"],
                "verify_iss": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise ProofError("the delivery's signature is false", why=str(error)) from error
    return {name: _text(name, claim) for name, claim in claims.items() if name not in _OF_THE_TOKEN}


def _text(name: str, claim: Any) -> str:
    if not isinstance(claim, str):
        raise ProofError("the delivery's token is not RockBLOCK's", why=f"its claim {name[:40]!r} is not a text")
    return claim


def _compare(fields: Mapping[str, str], claims: Mapping[str, str]) -> None:
    """Every claim equals its field, and every field that is read is claimed. Raises ProofError."""
    for name in sorted(_ESSENTIAL | (_READ & fields.keys())):
        if name not in claims:
            raise ProofError("the delivery's token does not prove it", why=f"{name!r} is not among its claims")
    for name, claim in claims.items():
        if name not in fields:
            raise ProofError("the delivery is not what was signed", why=f"{name[:40]!r} is missing from the body")
        if not _same(name, claim, fields[name]):
            raise ProofError(
                "the delivery is not what was signed",
                why=f"{name[:40]!r} is {fields[name][:40]!r} in the body, {claim[:40]!r} in the token",
            )


def _same(name: str, claim: str, found: str) -> bool:
    if claim == found:
        return True
    decimal = _DECIMAL.fullmatch(claim) and _DECIMAL.fullmatch(found)
    return bool(name in _SAME_BY_VALUE and decimal and Decimal(claim) == Decimal(found))


@lru_cache(maxsize=4)
def public_key(pem: bytes) -> RSAPublicKey:
    """The key in a PEM file. Raises ConfigError for anything but an RSA key of a size that is still safe."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _key_problem("(its content)", "a PEM file with one RSA public key") from error
    if not isinstance(key, RSAPublicKey):
        raise _key_problem(type(key).__name__.strip("_"), "an RSA key")
    if key.key_size < MIN_KEY_BITS:
        raise _key_problem(f"{key.key_size} bits", f"an RSA key of at least {MIN_KEY_BITS} bits")
    return key


def _key_problem(found: str, expected: str) -> ConfigError:
    return ConfigError([ConfigProblem(KEY, found, expected)])
