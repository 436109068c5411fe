"""Who may ask: this machine's browser, on our own page, and nobody who has lured it.

The page is served to one person on the loopback address. Another site that the same browser shows must not read
pictures through it nor correct anything: the Host is checked on every request (a name that was rebound to 127.0.0.1
is not ours), and what changes something must come from our own origin and carry the token that only our page has.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "X-Cameratrap"  # noqa: S105 - the header's name
NAMES = ("127.0.0.1", "localhost")
MAX_BODY = 5_000_000  # bytes of a correction: a hundred thousand numbers of events are 0.7 MB
_SAFE = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """ASGI middleware. ``port`` is the one we listen on; ``token`` is in our page's head."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in NAMES}
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on; either way under our headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refusal(scope["method"], Headers(scope=scope))
        await (refused or self._app)(scope, receive, send_guarded)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("this address is not ours", HTTPStatus.MISDIRECTED_REQUEST)
        if method in _SAFE:
            return None
        if headers.get("origin") != f"http://{host}":
            return _forbidden("it does not come from this page")
        if not hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), self._token):
            return _forbidden("the page is of an earlier start of the server", hint="load the page again")
        if not _has_fair_length(headers):
            return JSONResponse({"error": "the request is too long", "hint": ""}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return None


def _has_fair_length(headers: Headers) -> bool:
    """A body whose length nobody states could be without end; browsers always state it."""
    length = headers.get("content-length", "")
    return length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= MAX_BODY


def _forbidden(error: str, *, hint: str = "") -> Response:
    return JSONResponse({"error": error, "hint": hint}, HTTPStatus.FORBIDDEN)
