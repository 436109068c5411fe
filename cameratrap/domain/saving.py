"""What a trap gives up as its battery sinks, the least valuable for the science first.

The lamp costs most and animals by day are still seen without it; one picture of a burst tells nearly as much as three;
pictures that are only stored can be looked at when the card comes home; and the daily message is kept to the last,
since it says that the trap is still there.
"""

from __future__ import annotations

from enum import IntEnum


class Saving(IntEnum):
    """Each level gives up what the ones before it do, and one thing more."""

    NOTHING = 0
    LAMP = 1
    BURST = 2
    INFERENCE = 3
    PICTURES = 4
