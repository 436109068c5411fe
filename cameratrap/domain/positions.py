"""Where a deployment is said to have stood when its data are published.

A photograph's place can be used to find and harm what it shows. Where a sensitive taxon was seen, latitude and
longitude are given as the middle of a square of a tenth of a degree (about 11 km; the second of the four classes of
A. D. Chapman, Current Best Practices for Generalizing Sensitive Species Occurrence Data, GBIF 2020), with the
uncertainty that follows. That holds for every deployment of the station and of the same place: one that kept its
exact position would give the others away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, cos, hypot, radians

from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import TaxonError

SENSITIVE_STEP_DEG = 0.1
FARTHEST_M = 20_037_508  # half way round the equator: no place is farther off than that
# The longest that a degree is on the WGS 84 ellipsoid: of latitude at the poles, of longitude at the equator.
_LATITUDE_DEGREE_M = 111_694.0
_LONGITUDE_DEGREE_M = 111_320.0


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees north and east (WGS 84), and the radius of the circle that holds the place; None where nobody knows.

    ``step_deg`` is the side of the square that it was coarsened to, None for a place as it was measured.
    """

    latitude: float
    longitude: float
    uncertainty_m: int | None = None
    step_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A deployment's name, its station's, its position where that is known, and the taxa that were seen there."""

    deployment: str
    station: str
    position: Position | None
    taxa: frozenset[str]


def is_possible(latitude: float, longitude: float, uncertainty_m: int | None) -> bool:
    """Whether a position is somewhere on earth; what is not a number is nowhere."""
    within = 1 if uncertainty_m is None else uncertainty_m
    return -90 <= latitude <= 90 and -180 <= longitude <= 180 and 1 <= within <= FARTHEST_M


def coarsened(position: Position, step_deg: float = SENSITIVE_STEP_DEG) -> Position:
    """The nearest multiple of ``step_deg``, with an uncertainty that still holds the true place."""
    latitude, longitude = (_rounded(value, step_deg) for value in (position.latitude, position.longitude))
    nearest_equator = max(0.0, abs(latitude) - step_deg / 2)
    off_m = step_deg / 2 * hypot(_LATITUDE_DEGREE_M, _LONGITUDE_DEGREE_M * cos(radians(nearest_equator)))
    return Position(latitude, longitude, ceil(off_m) + (position.uncertainty_m or 0), step_deg)


def public_positions(places: Sequence[Place], is_sensitive: Callable[[str], bool]) -> dict[str, Position | None]:
    """The position to publish for each deployment."""
    guarded = [place for place in places if any(map(is_sensitive, place.taxa))]
    stations = {place.station for place in guarded}
    squares = {_square(place.position) for place in guarded if place.position is not None}
    return {
        place.deployment: coarsened(place.position)
        if place.position is not None and (place.station in stations or _square(place.position) in squares)
        else place.position
        for place in places
    }


def sensitive_in(taxa: TaxaTable) -> Callable[[str], bool]:
    """What says whether a label names a sensitive taxon, or something below one.

    A name that the table does not have is looked up by what it begins with: a subspecies by its species.
    """

    def is_sensitive(label: str) -> bool:
        words = label.split()
        for length in range(len(words), 0, -1):
            try:
                lineage = taxa.lineage(" ".join(words[:length]))
            except TaxonError:
                continue
            return any(taxon.sensitive for taxon in lineage)
        return False

    return is_sensitive


def spatial_extent(positions: Iterable[Position]) -> tuple[float, float, float, float] | None:
    """West, south, east and north of them all, None where there are none."""
    known = list(positions)
    if not known:
        return None
    east, north = [each.longitude for each in known], [each.latitude for each in known]
    return min(east), min(north), max(east), max(north)


def _rounded(value: float, step_deg: float) -> float:
    return round(round(value / step_deg) * step_deg, 6)


def _square(position: Position) -> tuple[float, float]:
    """Positions are one place where they are equal to about a metre."""
    return round(position.latitude, 5), round(position.longitude, 5)
