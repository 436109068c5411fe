"""Fetching one published file: over HTTPS alone, never larger than allowed, and refused unless it has its hash."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cameratrap.errors import ModelError

# A model for a Raspberry Pi has a few megabytes; without a limit a server could fill the card.
MAX_BYTES = 100_000_000
SILENCE_S = 30.0
DEADLINE_S = 900.0
CHUNK = 1 << 16
NOT_HTTPS = "only HTTPS is fetched: elsewhere anyone on the way can read and change it"

# Told the bytes so far and in all, None where the server does not say.
Progress = Callable[[int, int | None], None]


def download(
    url: str,
    file: Path,
    sha256: str,
    *,
    max_bytes: int = MAX_BYTES,
    deadline_s: float = DEADLINE_S,
    progress: Progress = lambda _done, _whole: None,
) -> None:
    """Write what is at ``url`` to ``file``, which after an error may hold a part of it.

    Raises ModelError for a URL or a redirection that is not HTTPS, a server that cannot be reached, does not prove
    who it is, refuses or falls silent, for more than ``max_bytes``, for ``deadline_s`` passed, for a full disk, and
    for a file that has another sha256.
    """
    deadline = time.monotonic() + deadline_s
    digest = hashlib.sha256()
    try:
        with _open(url) as answer, file.open("wb") as copy:
            for chunk in _chunks(answer, url, max_bytes, progress):
                if time.monotonic() > deadline:
                    raise ModelError(f"{url} was not fetched", why=f"it took longer than {deadline_s:.0f} s")
                digest.update(chunk)
                copy.write(chunk)
    except (OSError, HTTPException) as error:
        raise _failed(url, error) from error
    if digest.hexdigest() != sha256:
        raise ModelError(
            f"what {url} holds is not what the catalogue describes",
            why=f"its sha256 is {digest.hexdigest()}, the catalogue says {sha256}",
            hint="it was replaced there or changed on its way; nothing was installed",
        )


class _OnlyHttps(HTTPRedirectHandler):
    """Follows a redirection only to where the line is still authenticated."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        if not newurl.startswith("https://"):
            fp.close()
            raise ModelError(f"{req.full_url} leads to {newurl}", why=NOT_HTTPS)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _open(url: str) -> HTTPResponse:
    if not url.startswith("https://"):
        raise ModelError(f"{url} was not fetched", why=NOT_HTTPS)
    request = Request(url, headers={"User-Agent": "cameratrap"})  # noqa: S310 - the scheme has just been checked
    answer: HTTPResponse = build_opener(_OnlyHttps).open(request, timeout=SILENCE_S)
    return answer


def _chunks(answer: HTTPResponse, url: str, max_bytes: int, progress: Progress) -> Iterator[bytes]:
    """The body, piece by piece. The stated length is not believed; what comes is counted."""
    whole, done = answer.length, 0
    while chunk := answer.read(CHUNK):
        done += len(chunk)
        if max(done, whole or 0) > max_bytes:
            raise ModelError(f"{url} is too large for a model", why=f"more than {max_bytes // 1_000_000} MB")
        progress(done, whole)
        yield chunk
    if whole is not None and done < whole:
        raise ModelError(f"{url} was not fetched", why=f"the line broke after {done} of {whole} bytes")


def _failed(url: str, error: OSError | HTTPException) -> ModelError:
    what = f"{url} was not fetched"
    if isinstance(error, HTTPError):
        error.close()
        return ModelError(what, why=f"the server answered {error.code} {error.reason}")
    if isinstance(error, TimeoutError):
        return ModelError(what, why=f"the server said nothing for {SILENCE_S:.0f} s")
    if isinstance(error, URLError):
        hint = "without a connection, fetch the file elsewhere and give its path: it is recognised by its sha256"
        return ModelError(what, why=str(error.reason), hint=hint)
    return ModelError(what, why=str(error) or type(error).__name__)
