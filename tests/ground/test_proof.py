"""Whether a delivery proves itself: real signatures hold, every kind of forgery is refused."""

from __future__ import annotations

import base64
import builtins
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cameratrap.config.ground import Ground
from cameratrap.errors import ConfigError, ProofError
from cameratrap.ground.proof import MAX_TOKEN_BYTES, ProofPolicy
from cameratrap.ground.signing_keys import BUILTIN_FILE, public_key, read_keys
from cameratrap.ground.webhook import JSON_TYPE, parse

Delivery = Callable[..., bytes]
Body = Callable[[dict[str, Any]], bytes]


def _segment(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def test_a_signed_delivery_is_verified(delivery: Delivery, policy: ProofPolicy) -> None:
    """Signed by the key, issued by Rock 7, every claim equal to its field: verified."""
    assert parse(delivery(), JSON_TYPE, policy).verified is True


def test_a_real_delivery_verifies_with_the_published_key(shared_data: Path) -> None:
    """A capture of 2022 verifies; its latitude is 37.6630 in the token and the JSON number 37.6630 in the body."""
    folder = shared_data / "satellite" / "webhook"
    policy = ProofPolicy.of(Ground())
    message = parse((folder / "captured-2022-02-01.json").read_bytes(), JSON_TYPE, policy)
    assert message.verified is True
    assert (message.imei, message.momsn) == ("300234068036650", 932)


@pytest.mark.parametrize("digit", range(0, 72, 7))
def test_a_changed_digit_of_a_real_delivery_is_refused(shared_data: Path, digit: int) -> None:
    """Each changed digit of the data is noticed."""
    folder = shared_data / "satellite" / "webhook"
    policy = ProofPolicy.of(Ground())
    body = json.loads((folder / "captured-2022-02-01.json").read_bytes())
    data = body["data"]
    changed = data[:digit] + ("0" if data[digit] != "0" else "1") + data[digit + 1 :]
    with pytest.raises(ProofError, match="'data' is"):
        parse(json.dumps(body | {"data": changed}).encode(), JSON_TYPE, policy)


def test_coordinates_are_compared_by_value(delivery: Delivery, unsigned: dict[str, Any], policy: ProofPolicy) -> None:
    """A program on the way may have written 51.52 for 51.5200: the same place, still proved."""
    body = delivery(fields=unsigned | {"iridium_latitude": "51.52"})
    assert parse(body, JSON_TYPE, policy).latitude == 51.52


@pytest.mark.parametrize(("signed", "sent"), [("0031", "31"), ("31", "0031"), ("31", "31.0")])
def test_data_are_compared_as_text(
    delivery: Delivery, unsigned: dict[str, Any], claims: dict[str, Any], policy: ProofPolicy, signed: str, sent: str
) -> None:
    """Equal as numbers, different as messages: refused."""
    body = delivery(claims=claims | {"data": signed}, fields=unsigned | {"data": sent})
    with pytest.raises(ProofError, match="not what was signed"):
        parse(body, JSON_TYPE, policy)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imei", "300234010000002"),
        ("momsn", 42),
        ("transmit_time", "26-06-01 22:25:32"),
        ("data", "10aa0002"),
        ("iridium_latitude", "51.5201"),
        ("serial", 20002),
        ("device_type", "OTHER"),
    ],
)
def test_a_changed_field_is_refused(
    delivery: Delivery, unsigned: dict[str, Any], policy: ProofPolicy, name: str, value: object
) -> None:
    """Any field of the body that differs from its claim."""
    with pytest.raises(ProofError, match=f"{name!r} is"):
        parse(delivery(fields=unsigned | {name: value}), JSON_TYPE, policy)


@pytest.mark.parametrize("name", ["imei", "momsn", "transmit_time", "data", "iridium_cep"])
def test_a_field_that_is_not_claimed_is_refused(
    delivery: Delivery, claims: dict[str, Any], policy: ProofPolicy, name: str
) -> None:
    """What the message is read from must all be signed."""
    del claims[name]
    with pytest.raises(ProofError, match="not among its claims"):
        parse(delivery(claims=claims), JSON_TYPE, policy)


def test_an_added_status_is_refused(delivery: Delivery, unsigned: dict[str, Any], policy: ProofPolicy) -> None:
    """A field that is read, and that whoever passed the delivery on has added."""
    with pytest.raises(ProofError, match="iridium_session_status"):
        parse(delivery(fields=unsigned | {"iridium_session_status": 0}), JSON_TYPE, policy)


def test_a_field_that_nobody_reads_may_be_added(
    delivery: Delivery, unsigned: dict[str, Any], policy: ProofPolicy
) -> None:
    """A proxy's own note does not cost the message."""
    assert parse(delivery(fields=unsigned | {"relay": "west"}), JSON_TYPE, policy).verified is True


def test_a_field_that_was_taken_out_is_refused(
    delivery: Delivery, unsigned: dict[str, Any], policy: ProofPolicy
) -> None:
    """A claim without its field."""
    del unsigned["serial"]
    with pytest.raises(ProofError, match="'serial' is missing"):
        parse(delivery(fields=unsigned), JSON_TYPE, policy)


@pytest.mark.parametrize("issuer", ["Rock 8", "rock 7", "", None, ["Rock 7", "Rock 8"]])
def test_another_issuer_is_refused(
    unsigned: dict[str, Any],
    claims: dict[str, Any],
    json_body: Body,
    private_key: rsa.RSAPrivateKey,
    policy: ProofPolicy,
    issuer: object,
) -> None:
    """The key may sign other things too."""
    claims["iss"] = issuer
    if issuer is None:
        del claims["iss"]
    signed = _segment({"alg": "RS256"}) + b"." + _segment(claims)
    signature = private_key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    token = signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    with pytest.raises(ProofError, match="false"):
        parse(json_body(unsigned | {"JWT": token.decode()}), JSON_TYPE, policy)


def test_another_key_is_refused(delivery: Delivery, policy: ProofPolicy) -> None:
    """Signed as it should be, by somebody else."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(ProofError, match="false"):
        parse(delivery(key=other), JSON_TYPE, policy)


def test_algorithm_none_is_refused(
    unsigned: dict[str, Any], claims: dict[str, Any], json_body: Body, policy: ProofPolicy
) -> None:
    """A token that says it needs no signature."""
    token = _segment({"alg": "none"}) + b"." + _segment(claims) + b"."
    with pytest.raises(ProofError, match="false"):
        parse(json_body(unsigned | {"JWT": token.decode()}), JSON_TYPE, policy)


def test_hs256_with_the_public_key_is_refused(
    unsigned: dict[str, Any], claims: dict[str, Any], json_body: Body, policy: ProofPolicy, public_pem: bytes
) -> None:
    """A token that uses the published key as a shared secret: the key is no secret."""
    signed = _segment({"alg": "HS256"}) + b"." + _segment(claims)
    mac = base64.urlsafe_b64encode(hmac.digest(public_pem, signed, hashlib.sha256)).rstrip(b"=")
    with pytest.raises(ProofError, match="false"):
        parse(json_body(unsigned | {"JWT": (signed + b"." + mac).decode()}), JSON_TYPE, policy)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_another_algorithm_of_the_same_key_is_refused(delivery: Delivery, policy: ProofPolicy, algorithm: str) -> None:
    """RS256 is pinned."""
    with pytest.raises(ProofError, match="false"):
        parse(delivery(algorithm=algorithm), JSON_TYPE, policy)


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "\u00e9.\u00e9.\u00e9", "A" * (MAX_TOKEN_BYTES + 1), "e30.e30.e30"]
)
def test_what_is_no_token_is_refused(
    unsigned: dict[str, Any], json_body: Body, policy: ProofPolicy, token: str
) -> None:
    """Anything at all in its place."""
    with pytest.raises(ProofError):
        parse(json_body(unsigned | {"JWT": token}), JSON_TYPE, policy)


def test_a_claim_that_is_no_text_is_refused(delivery: Delivery, claims: dict[str, Any], policy: ProofPolicy) -> None:
    """RockBLOCK's claims are texts; a number would be compared by another rule."""
    with pytest.raises(ProofError, match="not a text"):
        parse(delivery(claims=claims | {"momsn": 41}), JSON_TYPE, policy)


def test_how_old_a_token_is_does_not_matter(delivery: Delivery, claims: dict[str, Any], policy: ProofPolicy) -> None:
    """Deliveries come hours late and are imported years later, and the receiver's clock may be wrong."""
    for issued in (0, 32503680000):
        assert parse(delivery(claims=claims | {"iat": issued}), JSON_TYPE, policy).verified is True


def test_without_a_key_a_token_is_refused_and_its_absence_is_not(
    delivery: Delivery, unsigned: dict[str, Any], json_body: Body
) -> None:
    """Nobody can say whether the token is true; a delivery without one claims nothing."""
    with pytest.raises(ProofError, match="names no key") as caught:
        parse(delivery(), JSON_TYPE, ProofPolicy())
    assert "reverify" in caught.value.hint
    assert parse(json_body(unsigned), JSON_TYPE, ProofPolicy()).verified is None


@pytest.mark.parametrize("token", [None, ""])
def test_a_proof_can_be_required(
    unsigned: dict[str, Any], json_body: Body, public_pem: bytes, token: str | None
) -> None:
    """With ground.require_proof a delivery without a token, or with an empty one, is refused."""
    body = json_body(unsigned if token is None else unsigned | {"JWT": token})
    with pytest.raises(ProofError, match="no signature"):
        parse(body, JSON_TYPE, ProofPolicy((public_pem,), required=True))


def test_a_required_proof_shuts_cloudloop_out_too() -> None:
    """Otherwise a forger would only have to write in another shape."""
    with pytest.raises(ProofError, match="no signature"):
        parse(b'{"identity": {}, "sbd": {}}', JSON_TYPE, ProofPolicy(required=True))


def test_a_token_proves_nothing_in_cloudloops_shape(delivery: Delivery, policy: ProofPolicy) -> None:
    """Neither a false one nor a true one of another delivery: what claims a proof that is none is refused."""
    for token in ("x.y.z", 7, json.loads(delivery())["JWT"]):
        body = json.dumps({"identity": {}, "sbd": {"imei": "300234010000001", "momsn": 1}, "JWT": token}).encode()
        with pytest.raises(ProofError):
            parse(body, JSON_TYPE, policy)


def test_without_the_library_the_error_says_what_to_install(
    delivery: Delivery, policy: ProofPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base installation has no cryptography; a token then cannot be checked, and is not believed."""
    real_import = builtins.__import__

    def without_jwt(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jwt":
            raise ModuleNotFoundError("No module named 'jwt'", name="jwt")
        return real_import(name, *args, **kwargs)

    body = delivery()
    monkeypatch.setattr(builtins, "__import__", without_jwt)
    with pytest.raises(ProofError, match="jwt is not installed") as caught:
        parse(body, JSON_TYPE, policy)
    assert "cameratrap[ground]" in caught.value.hint


def test_the_tokens_of_the_library_are_what_is_tested(private_key: rsa.RSAPrivateKey) -> None:
    """The fixture signs with RS256 and no further header, as RockBLOCK does."""
    token = jwt.encode({"iss": "Rock 7"}, private_key, algorithm="RS256")
    assert jwt.get_unverified_header(token)["alg"] == "RS256"


def _pem_of(kind: str) -> bytes:
    if kind == "elliptic":
        key = ec.generate_private_key(ec.SECP256R1())
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - it is refused for that
    return small.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(("kind", "expected"), [("elliptic", "an RSA key"), ("small", "at least 2048")])
def test_a_key_that_cannot_be_rockblocks_is_a_wrong_configuration(tmp_path: Path, kind: str, expected: str) -> None:
    """Said when the configuration is read, not at the first delivery."""
    path = tmp_path / "key.pem"
    path.write_bytes(_pem_of(kind))
    with pytest.raises(ConfigError, match=expected):
        read_keys([str(path)], builtin=False)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_that_holds_no_key_is_a_wrong_configuration(tmp_path: Path, content: bytes) -> None:
    """An empty file, another text, a broken key."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ground\.rockblock_public_keys"):
        read_keys([str(path)], builtin=False)


def test_a_private_key_is_refused(tmp_path: Path, private_key: rsa.RSAPrivateKey) -> None:
    """A receiver has no business with one."""
    path = tmp_path / "key.pem"
    path.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigError, match="BEGIN PUBLIC KEY"):
        read_keys([str(path)], builtin=True)


def test_a_missing_key_file_is_a_wrong_configuration(tmp_path: Path) -> None:
    """Named, with the reason."""
    with pytest.raises(ConfigError, match="No such file"):
        read_keys([str(tmp_path / "absent.pem")], builtin=True)


def test_old_and_new_key_hold_side_by_side(
    delivery: Delivery, public_pem: bytes, private_key: rsa.RSAPrivateKey
) -> None:
    """After a change of keys: what either of them signed is verified, in whatever order they are named."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other_pem = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for keys in ((public_pem, other_pem), (other_pem, public_pem)):
        for signer in (private_key, other):
            assert parse(delivery(key=signer), JSON_TYPE, ProofPolicy(keys)).verified is True


def test_a_key_that_has_changed_is_said_with_what_to_do(delivery: Delivery) -> None:
    """Under none of the known keys: refused, and the hint names the list and `receive reverify`."""
    with pytest.raises(ProofError, match="under none of 1 known key") as caught:
        parse(delivery(), JSON_TYPE, ProofPolicy.of(Ground()))
    assert "ground.rockblock_public_keys" in caught.value.hint
    assert "receive reverify" in caught.value.hint


def test_the_builtin_key_can_be_left_out(public_pem: bytes, tmp_path: Path) -> None:
    """And stands before the others where it is not."""
    path = tmp_path / "key.pem"
    path.write_bytes(public_pem)
    assert read_keys([str(path)], builtin=False) == (public_pem,)
    assert read_keys([str(path)], builtin=True) == (BUILTIN_FILE.read_bytes(), public_pem)
    assert ProofPolicy.of(Ground(builtin_key=False)).public_keys == ()


def test_the_builtin_key_is_the_published_one(shared_data: Path) -> None:
    """Number for number."""
    published = (shared_data / "satellite" / "webhook" / "ground-control-public-key.pem").read_bytes()
    (builtin,) = read_keys([], builtin=True)
    assert public_key(builtin).public_numbers() == public_key(published).public_numbers()
