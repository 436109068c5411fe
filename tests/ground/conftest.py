"""Keys of the tests' own, and a delivery signed with them in the shape of RockBLOCK's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cameratrap.ground.proof import ProofPolicy

# The documented fields of a JSON delivery: numbers are numbers, the claims of its token are all texts.
DELIVERY: dict[str, Any] = {
    "momsn": 41,
    "data": "10aa0001",
    "serial": 20001,
    "iridium_latitude": "51.5200",
    "iridium_cep": "3.0",
    "imei": "300234010000001",
    "device_type": "ROCKBLOCK",
    "transmit_time": "26-06-01 22:25:31",
    "iridium_longitude": "-1.2500",
}
CLAIMS = {"iss": "Rock 7", "iat": 1780352731} | {name: str(value) for name, value in DELIVERY.items()}


def as_json(fields: dict[str, Any]) -> bytes:
    """A delivery as RockBLOCK writes it: coordinates as numbers, with the zeros at their end."""
    text = json.dumps(fields)
    for name in ("iridium_latitude", "iridium_longitude", "iridium_cep"):
        if name in fields:
            text = text.replace(f'"{name}": "{fields[name]}"', f'"{name}": {fields[name]}')
    return text.encode()


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def public_pem(private_key: rsa.RSAPrivateKey) -> bytes:
    return private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def policy(public_pem: bytes) -> ProofPolicy:
    return ProofPolicy((public_pem,))


@pytest.fixture
def delivery(private_key: rsa.RSAPrivateKey) -> Callable[..., bytes]:
    """A signed delivery; ``claims`` and ``fields`` replace what is signed and what stands in the body."""

    def build(
        *,
        claims: dict[str, Any] | None = None,
        fields: dict[str, Any] | None = None,
        key: Any = private_key,
        algorithm: str = "RS256",
    ) -> bytes:
        token = jwt.encode(CLAIMS if claims is None else claims, key, algorithm=algorithm)
        return as_json((DELIVERY if fields is None else fields) | {"JWT": token})

    return build


@pytest.fixture
def unsigned() -> dict[str, Any]:
    return dict(DELIVERY)


@pytest.fixture
def claims() -> dict[str, Any]:
    return dict(CLAIMS)


@pytest.fixture
def json_body() -> Callable[[dict[str, Any]], bytes]:
    return as_json
