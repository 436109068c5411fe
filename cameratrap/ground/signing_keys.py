"""The public keys that RockBLOCK's deliveries are checked with: the published one, and those the user names.

Ground Control publishes one key and may change it. Until the new one is configured nothing is lost: a delivery that no
key proves stays in the refused log, and `receive reverify` takes it in afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEY = "ground.rockblock_public_keys"
BUILTIN_FILE = Path(__file__).with_name("ground-control-public-key.pem")
MIN_KEY_BITS = 2048
_MAX_FILE_BYTES = 16 * 1024


def read_keys(paths: Iterable[str], *, builtin: bool) -> tuple[bytes, ...]:
    """The keys in the PEM files at ``paths``, the built-in one first if it counts. Raises ConfigError."""
    files = [Path(path).expanduser() for path in paths]
    return tuple(_read(file) for file in ([BUILTIN_FILE] if builtin else []) + files)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            pem = stream.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise _problem(str(file), f"a PEM file that can be read ({error.strerror})") from error
    if b"-----BEGIN PUBLIC KEY-----" not in pem:
        raise _problem(str(file), "a file with a line -----BEGIN PUBLIC KEY-----")
    with suppress(ImportError):  # without the library it is said of the first delivery that carries a token
        public_key(pem)
    return pem


@lru_cache(maxsize=16)
def public_key(pem: bytes) -> RSAPublicKey:
    """The key in a PEM file. Raises ConfigError for anything but an RSA key of a size that is still safe."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _problem("(its content)", "a PEM file with one RSA public key") from error
    if not isinstance(key, RSAPublicKey):
        raise _problem(type(key).__name__.strip("_"), "an RSA key")
    if key.key_size < MIN_KEY_BITS:
        raise _problem(f"{key.key_size} bits", f"an RSA key of at least {MIN_KEY_BITS} bits")
    return key


def _problem(found: str, expected: str) -> ConfigError:
    return ConfigError([ConfigProblem(KEY, found, expected)])
