"""Handing a message for a modem to RockBLOCK's web service, which queues it until the modem has a session.

The answer is ``OK,<id>`` or ``FAILED,<code>,<text>``, and the text may hold commas (Ground Control, "Sending MT
message"). User and password travel in the body, over HTTPS alone, and to no other place: no redirection is followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cameratrap.errors import CameraTrapError, UsageError

USER_VARIABLE = "ROCKBLOCK_USERNAME"
PASSWORD_VARIABLE = "ROCKBLOCK_PASSWORD"  # noqa: S105 - the name of the variable
TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 4096
HINTS = {
    10: "are the user and the password those of the RockBLOCK account?",
    11: "is the modem in this account, and its IMEI right in ground.stations?",
    12: "the modem has no line rental: renew it in the RockBLOCK account",
    13: "the account has no credits left: buy some",
    14: "this should not be: please report it",
    15: "this should not be: please report it",
    16: "this should not be: please report it",
    99: "the service itself failed: try again later",
}


class PostError(CameraTrapError):
    """A message was not handed over; ``code`` is the service's. ``uncertain``: it may have been taken all the same."""

    def __init__(
        self, what: str, *, why: str = "", hint: str = "", code: int | None = None, uncertain: bool = False
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.code = code
        self.uncertain = uncertain


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays. Never printed or logged."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def read_account(file: Path | None, environment: Mapping[str, str] = os.environ) -> Account:
    """The account of ``file``, whose two lines are user and password, else of the environment. Raises UsageError."""
    if file is not None:
        return _from_file(file)
    user, password = environment.get(USER_VARIABLE, ""), environment.get(PASSWORD_VARIABLE, "")
    if not (user and password):
        raise UsageError(
            "no RockBLOCK account is given",
            hint=f"set {USER_VARIABLE} and {PASSWORD_VARIABLE}, or name a file with both in ground.rockblock_account",
        )
    return Account(user, password)


def _from_file(file: Path) -> Account:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        exposed = bool(stat.S_IMODE(file.stat().st_mode) & 0o077)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"the RockBLOCK account {file} cannot be read", why=why) from None
    if exposed:
        raise UsageError(f"others may read the RockBLOCK account {file}", hint=f"chmod 600 {file}")
    if len(lines) != 2 or not all(lines):
        raise UsageError(f"{file} is no RockBLOCK account", hint="its first line is the user, its second the password")
    return Account(*lines)


def post(url: str, account: Account, imei: str, payload: bytes) -> str:
    """Queue ``payload`` for the modem ``imei``; the service's id of it. Raises PostError with the service's reason."""
    if not url.startswith("https://"):
        raise PostError(f"nothing is sent to {url}", why="it is not HTTPS: anyone on the way could read the password")
    form = {"imei": imei, "username": account.user, "password": account.password, "data": payload.hex()}
    request = Request(url, urlencode(form).encode("ascii"), {"User-Agent": "cameratrap"})  # noqa: S310 - checked above
    try:
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S) as answer:
            said = answer.read(MAX_ANSWER_BYTES)
    except HTTPError as error:
        with error:
            raise _http_error(url, error) from None
    except URLError as error:
        raise PostError(f"{url} was not reached", why=str(error.reason)) from None
    except (OSError, HTTPException) as error:
        raise _uncertain(url, str(error) or type(error).__name__) from None
    return _read_answer(url, said.decode("utf-8", "backslashreplace").strip())


class _NoRedirect(HTTPRedirectHandler):
    """Sends the password nowhere but where it was meant to go: a redirection is the answer, and a refusal."""

    def redirect_request(
        self, _req: Request, _fp: IO[bytes], _code: int, _msg: str, _headers: HTTPMessage, _newurl: str
    ) -> None:
        return None


def _http_error(url: str, error: HTTPError) -> PostError:
    """A server that fails, or a proxy that no longer waits, may have passed the message on before."""
    why = f"it answered {error.code} {error.reason}"
    return _uncertain(url, why) if error.code >= 500 else PostError(f"{url} refused the message", why=why)


def _uncertain(url: str, why: str) -> PostError:
    hint = "`command STATION list` tells whether the trap did it; to say it again is another command and credit"
    return PostError(f"{url} did not say whether it took the message", why=why, hint=hint, uncertain=True)


def _read_answer(url: str, answer: str) -> str:
    word, _, rest = answer.partition(",")
    if word == "OK" and rest:
        return rest
    code, _, text = rest.partition(",")
    if word != "FAILED" or not code.strip().isdecimal():
        raise _uncertain(url, f"its answer was {answer[:60]!r}")
    number = int(code)
    hint = HINTS.get(number, "")
    raise PostError("RockBLOCK refused the message", why=f"{number} {text.strip()}".strip(), hint=hint, code=number)
