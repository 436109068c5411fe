"""Whether a delivery proves that RockBLOCK sent it.

RockBLOCK signs each delivery with a JSON Web Token: RS256, issuer "Rock 7", no expiry, and as claims every field of
the body again, as text. The fields of the body are signed by nothing else, so each of them must equal its claim.
The token says that Ground Control relayed the message, not that the trap wrote it; and since it never expires, a
message that comes twice is the inbox's to notice. When it was issued is not looked at: a delivery is repeated hours
later, and a body kept in a file may be imported years later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cameratrap.errors import ProofError
from cameratrap.ground.signing_keys import KEY, public_key, read_keys

if TYPE_CHECKING:
    from jwt.types import Options

    from cameratrap.config.ground import Ground

ALGORITHM = "RS256"  # pinned: a token does not choose how it is checked
ISSUER = "Rock 7"
TOKEN = "JWT"  # noqa: S105 - the name of the field
MAX_TOKEN_BYTES = 8 * 1024
# Neither when it was issued nor for how long it is good: see above.
_OPTIONS: Options = {
    "require": ["iss"],
    "verify_iss": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_sub": False,
    "verify_jti": False,
}
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

    One that carries a token must verify under one of ``public_keys``, PEM files' bytes: keys change, and what was
    signed with the old one may come late. Without a key it is refused, since nobody can say whether it is true.
    ``required`` refuses one that carries no token.
    """

    public_keys: tuple[bytes, ...] = ()
    required: bool = False

    @classmethod
    def of(cls, ground: Ground) -> ProofPolicy:
        """What the configuration asks for. Raises ConfigError for a file that holds no key."""
        return cls(read_keys(ground.rockblock_public_keys, builtin=ground.builtin_key), ground.require_proof)


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
    if not policy.public_keys:
        raise ProofError(
            "the delivery's signature cannot be checked",
            why=f"ground.builtin_key is false and {KEY} names no key",
            hint=f"set ground.builtin_key, or name a key in {KEY}, then `cameratrap receive reverify`",
            unchecked=True,
        )
    claims = _claims(token, policy.public_keys)
    _compare(fields, {name: _text(name, claim) for name, claim in claims.items() if name not in _OF_THE_TOKEN})
    return True


def _claims(token: str, pems: Sequence[bytes]) -> dict[str, Any]:
    """What the token says, if it is signed with one of the keys. Raises ProofError."""
    if len(token) > MAX_TOKEN_BYTES:
        raise ProofError(f"the delivery's token has {len(token)} characters", why=f"{MAX_TOKEN_BYTES} are the limit")
    try:
        import jwt

        keys = [public_key(pem) for pem in pems]
    except ImportError as error:
        raise ProofError(
            "the delivery's signature cannot be checked",
            why=f"the library {error.name} is not installed",
            hint="pip install 'cameratrap[ground]', then `cameratrap receive reverify`",
            unchecked=True,
        ) from error
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], issuer=ISSUER, options=_OPTIONS)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise ProofError("the delivery's signature is false", why=str(error)) from error
        return claims
    raise ProofError(
        "the delivery's signature is false",
        why=f"it verifies under none of {len(keys)} known {'key' if len(keys) == 1 else 'keys'}",
        hint=f"if Ground Control has published a new key, add it to {KEY}, then `cameratrap receive reverify`",
    )


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
