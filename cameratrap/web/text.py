"""What somebody else wrote, made fit to be looked at: labels, file names and EXIF are not ours to trust.

Jinja escapes what would be markup. This is for what is left: characters that hide, reorder or break the line they
stand in, and text without end.
"""

from __future__ import annotations

import re

LIMIT = 300  # characters of one text; a species list of another program has names of a hundred
# Control characters, lone surrogates, and those that set the direction of what follows (Unicode 16, UAX #9).
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(text: object, limit: int = LIMIT) -> str:
    """One line that shows as what it is: hidden characters as their codes, and no more than ``limit`` of it."""
    whole = str(text)
    shown = whole if len(whole) <= limit else whole[: limit - 1] + "\u2026"
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)
