"""What stands where a picture cannot: a picture that says why."""

from __future__ import annotations

import textwrap
from http import HTTPStatus
from xml.sax.saxutils import escape

from starlette.responses import Response

from cameratrap.web.text import plain


def placeholder(why: str, *, status: HTTPStatus = HTTPStatus.NOT_FOUND) -> Response:
    """A picture of the words ``why``; browsers show it although the status says that it is none."""
    lines = textwrap.wrap(plain(why, 160), 34)[:5]
    first = 120 - 11 * (len(lines) - 1)
    words = "".join(
        f'<text x="160" y="{first + 22 * number}">{escape(line)}</text>' for number, line in enumerate(lines)
    )
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240" viewBox="0 0 320 240">'
        '<rect width="320" height="240" fill="#3a3d40"/>'
        f'<g fill="#c9ced2" font-family="sans-serif" font-size="15" text-anchor="middle">{words}</g></svg>'
    )
    return Response(drawing, status, media_type="image/svg+xml")
