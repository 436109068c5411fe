"""Serving the review page to this machine until it is told to stop."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import uvicorn

from cameratrap.app.project_source import open_for_review
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.store.project import identity
from cameratrap.web.app import build_app
from cameratrap.web.cache import Cache
from cameratrap.web.desk import Desk
from cameratrap.web.rendering import make_environment
from cameratrap.web.review import Review
from cameratrap.web.thumbnails import Thumbnails

HOST = "127.0.0.1"
FIRST_PORT = 8731
_PORTS = 20  # tried one after the other where none is asked for
_LEAVE_S = 3  # how long a request may go on once the server is to stop


@contextmanager
def open_review(folder: Path, *, author: str, taxa: TaxaTable, cache: Path | None = None) -> Iterator[Review]:
    """Everything the pages need, of a project or a card. Raises StoreError where it cannot be opened for a correction.

    Thumbnails are kept in ``cache``, the user's own by default.
    """
    thumbnails = Thumbnails(Cache(cache or platformdirs.user_cache_path("cameratrap") / "thumbnails"))
    try:
        with Desk(lambda: open_for_review(folder)) as desk:
            title = folder.resolve().name or str(folder)
            token, project_id = secrets.token_urlsafe(24), desk.ask_now(identity)
            yield Review(desk, thumbnails, taxa, make_environment(taxa), author, token, title, project_id)
    finally:
        thumbnails.close()


@contextmanager
def listening(port: int | None) -> Iterator[socket.socket]:
    """A socket on the loopback address, already taking connections: on ``port``, or the first that is free.

    Raises UsageError where none is.
    """
    for number in range(FIRST_PORT, FIRST_PORT + _PORTS) if port is None else [port]:
        # Only of a socket that names its protocol asyncio knows that answers must not wait for more (TCP_NODELAY).
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind((HOST, number))
            except OSError as error:
                if error.errno == errno.EADDRINUSE and port is None:
                    continue
                raise UsageError(
                    f"port {number} cannot be used",
                    why=error.strerror or str(error),
                    hint="name another with --port, or none and the first free one is taken",
                ) from error
            found.listen(128)
            yield found
            return
    raise UsageError(
        f"the ports {FIRST_PORT} to {FIRST_PORT + _PORTS - 1} are all in use", hint="name another with --port"
    )


def serve(review: Review, on: socket.socket, *, ready: Callable[[str], None]) -> None:
    """Answer until Ctrl-C or SIGTERM; ``ready`` is told the address first. Requests under way are finished."""
    port = on.getsockname()[1]
    config = uvicorn.Config(
        build_app(review, port=port),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_LEAVE_S,
    )
    ready(f"http://{HOST}:{port}/")
    try:
        uvicorn.Server(config).run(sockets=[on])
    except KeyboardInterrupt:  # uvicorn has stopped by then, and passes on what stopped it
        return
