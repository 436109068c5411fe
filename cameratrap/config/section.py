"""What every table of the configuration is.

The modules that define tables do without ``from __future__ import annotations``: annotations that are text are parsed
again at every start, and a trap's wake-up waits for it.
"""

import msgspec


class Section(msgspec.Struct, frozen=True):
    """A table of the configuration file."""
