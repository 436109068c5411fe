"""What every table of the configuration is.

The modules that define tables do without ``from __future__ import annotations``: annotations that are text are parsed
again at every start, and a trap's wake-up waits for it.
"""

import msgspec

# What a key's Meta says as ``extra`` where its text is a path, or a path if a slash is in it and a name otherwise.
# One that a file of the configuration gives is taken as seen from that file's folder.
PATH = {"path": "always"}
NAME_OR_PATH = {"path": "with a slash"}


class Section(msgspec.Struct, frozen=True):
    """A table of the configuration file."""
