"""Solar time: the time of day told by sunrise and sunset instead of by the clock.

Over a season, or between latitudes, the same hour of the clock is once day and once night. Anchored at both sunrise
and sunset, the clock's day is squeezed or stretched to the length of a standard day, and the night to that of a
standard night. Nouvellet et al. (2012), Journal of Zoology 286:179-184; Vazquez et al. (2019), Methods in Ecology and
Evolution 10:2057-2066.
"""

from __future__ import annotations

from math import pi

import numpy as np

from cameratrap.analysis.activity import Floats, Times

# Sunrise at 6:00 and sunset at 18:00, as overlap::sunTime and activity::transtime(type = "equinoctial") have them.
EQUINOX = (pi / 2, 3 * pi / 2)


def solar_times(clock: Times, sunrise: Times, sunset: Times, anchors: tuple[float, float] = EQUINOX) -> Floats:
    """The solar times of ``clock`` (n,), radians of the day, whose own day's sun rises and sets at the others (n,).

    ``anchors`` are when the sun rises and sets in the times that are returned, (n,) from 0 to 2 pi. A record at a
    place where the sun does not set, or does not rise, on that day has nan in ``sunrise`` and ``sunset``, and nan as
    its solar time.
    """
    rises, sets = anchors
    day, standard_day = (np.asarray(sunset) - sunrise) % (2 * pi), (sets - rises) % (2 * pi)
    since_sunrise = (np.asarray(clock) - sunrise) % (2 * pi)
    with np.errstate(divide="ignore", invalid="ignore"):  # a day of no length has no record in it
        by_day = rises + since_sunrise / day * standard_day
    by_night = sets + (since_sunrise - day) / (2 * pi - day) * (2 * pi - standard_day)
    solar: Floats = np.where(since_sunrise < day, by_day, by_night) % (2 * pi)
    return solar


def mean_anchors(sunrise: Times, sunset: Times) -> tuple[float, float]:
    """The records' mean sunrise and mean sunset, radians: with these, solar times stay near the clock's.

    The anchors of activity::transtime(type = "average"). Records without a sunrise, which are nan, do not count.
    """
    return mean_time(sunrise), mean_time(sunset)


def mean_time(times: Times) -> float:
    """The circular mean of times of day, from 0 to 2 pi radians, leaving out nan; nan where there is none."""
    values = np.asarray(times)
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan")
    return float(np.arctan2(np.mean(np.sin(known)), np.mean(np.cos(known))) % (2 * pi))
