"""A map that needs no tiles: where stations stood, to scale, with a graticule, a scale bar and north up.

Over the few kilometres of a study the Earth is flat: metres east and north of the middle, longitudes shortened by the
cosine of its latitude. What was coarsened is drawn as the square that it was coarsened to, so that nobody takes its
middle for the place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, cos, floor, log10, radians

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.positions import Position

WIDTH, HEIGHT, MARGIN = 640.0, 400.0, 44.0
_METRES = 111_320.0  # of a degree of latitude, nearly
_LEAST_M = 400.0  # no map is narrower: stations metres apart are one dot
_LETTER, _LINE = 6.6, 13.0  # how wide a letter of a name is at most, and how high
_LONGEST_NAME = 24
# Where the north arrow and the scale bar are drawn: left, top, right, bottom.
_NORTH, _BAR = (WIDTH - 36, 10.0, WIDTH - 16, 50.0), (WIDTH - 190, HEIGHT - 52, WIDTH - 12, HEIGHT - 24)
_LINES = 4  # of the graticule, at most, each way


_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A station: its place, the side of its square (0 for a dot), and where its name is written, "" for nowhere."""

    x: float
    y: float
    side: float
    name: str
    name_x: float = 0.0
    name_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the graticule: ``at`` on its axis, and the degrees it stands for."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Map:
    """Everything in units of a drawing of ``WIDTH`` by ``HEIGHT``; ``unnamed`` marks had no room for their names."""

    marks: Sequence[Mark]
    meridians: Sequence[Line]
    parallels: Sequence[Line]
    bar: float
    bar_label: str
    unnamed: int


@dataclass(frozen=True, slots=True)
class _Projection:
    latitude: float
    longitude: float
    scale: float  # units a metre

    def x(self, longitude: float) -> float:
        east = _short_way(longitude - self.longitude) * cos(radians(self.latitude)) * _METRES
        return WIDTH / 2 + east * self.scale

    def y(self, latitude: float) -> float:
        return HEIGHT / 2 - (latitude - self.latitude) * _METRES * self.scale


def draw_map(deployed: Sequence[Deployed], positions: Mapping[str, Position | None]) -> Map | None:
    """The stations whose positions may be told; None where there are fewer than two places, which is no map."""
    stations: dict[tuple[float, float], tuple[Position, dict[str, None]]] = {}
    for each in deployed:
        if place := positions.get(each.deployment):
            key = round(place.latitude, 4), round(place.longitude, 4)
            stations.setdefault(key, (place, {}))[1][each.station] = None
    if len(stations) < 2:
        return None
    projection = _projection([place for place, _ in stations.values()])
    dots = [_mark(projection, place, _name(list(names))) for place, names in stations.values()]
    marks = _named(sorted(dots, key=lambda mark: (mark.y, mark.x)))
    bar_m = _nice(0.22 * WIDTH / projection.scale)
    return Map(
        marks,
        _meridians(projection),
        _parallels(projection),
        bar_m * projection.scale,
        f"{bar_m:g} m" if bar_m < 1000 else f"{bar_m / 1000:g} km",
        sum(not mark.name for mark in marks),
    )


def _projection(places: Sequence[Position]) -> _Projection:
    """The largest that holds them all. Stations on both sides of the date line are neighbours."""
    first = places[0].longitude
    half = [(place.step_deg or 0) / 2 for place in places]
    east = [_short_way(place.longitude - first) for place in places]
    north = [place.latitude for place in places]
    west_end, east_end = (min(map(float.__sub__, east, half)), max(map(float.__add__, east, half)))
    south_end, north_end = (min(map(float.__sub__, north, half)), max(map(float.__add__, north, half)))
    latitude = (south_end + north_end) / 2
    across_m = max((east_end - west_end) * cos(radians(latitude)) * _METRES, _LEAST_M)
    up_m = max((north_end - south_end) * _METRES, _LEAST_M * HEIGHT / WIDTH)
    scale = min((WIDTH - 2 * MARGIN) / across_m, (HEIGHT - 2 * MARGIN) / up_m)
    return _Projection(latitude, _short_way(first + (west_end + east_end) / 2), scale)


def _short_way(degrees: float) -> float:
    """A difference of longitudes, from -180 up to 180."""
    return (degrees + 180) % 360 - 180


def _mark(projection: _Projection, place: Position, name: str) -> Mark:
    side = (place.step_deg or 0) * _METRES * projection.scale
    return Mark(projection.x(place.longitude), projection.y(place.latitude), side, name)


def _name(stations: Sequence[str]) -> str:
    """One label for all that stand at one place."""
    first, more = stations[0], len(stations) - 1
    short = first if len(first) <= _LONGEST_NAME else first[: _LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return f"{short} and {more} more" if more else short


def _named(marks: Sequence[Mark]) -> list[Mark]:
    """Each with its name where none is written yet: right, left, above or below it; nowhere where all is taken."""
    taken = [_NORTH, _BAR, *((mark.x - 6, mark.y - 6, mark.x + 6, mark.y + 6) for mark in marks)]
    named = []
    for mark in marks:
        found = next((place for place in _places(mark) if not any(_meet(place[3], other) for other in taken)), None)
        if found is None:
            named.append(Mark(mark.x, mark.y, mark.side, ""))
            continue
        x, y, anchor, box = found
        taken.append(box)
        named.append(Mark(mark.x, mark.y, mark.side, mark.name, x, y, anchor))
    return named


def _places(mark: Mark) -> list[tuple[float, float, str, _Box]]:
    wide, x, y = _LETTER * len(mark.name), mark.x, mark.y
    tries = (
        (x + 9, y + 4, "start", (x + 8, y - 7, x + 9 + wide, y + 6)),
        (x - 9, y + 4, "end", (x - 9 - wide, y - 7, x - 8, y + 6)),
        (x, y - 10, "middle", (x - wide / 2, y - 10 - _LINE, x + wide / 2, y - 8)),
        (x, y + 19, "middle", (x - wide / 2, y + 8, x + wide / 2, y + 22)),
    )
    return [place for place in tries if place[3][0] >= 4 and place[3][2] <= WIDTH - 4]


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _nice(most: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is not more."""
    power: float = 10 ** floor(log10(most))
    return next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-9))


def _meridians(projection: _Projection) -> list[Line]:
    span = WIDTH / (projection.scale * cos(radians(projection.latitude)) * _METRES)
    step, west = _nice(2 * span / _LINES), projection.longitude - span / 2
    degrees = [ceil(west / step) * step + n * step for n in range(floor(span / step) + 1)]
    return _lines([(projection.x(each), _short_way(each)) for each in degrees], WIDTH, step, "EW")


def _parallels(projection: _Projection) -> list[Line]:
    span = HEIGHT / (projection.scale * _METRES)
    step, south = _nice(2 * span / _LINES), projection.latitude - span / 2
    degrees = [ceil(south / step) * step + n * step for n in range(floor(span / step) + 1)]
    return _lines([(projection.y(each), each) for each in degrees], HEIGHT, step, "NS")


def _lines(found: Sequence[tuple[float, float]], length: float, step: float, letters: str) -> list[Line]:
    digits = max(0, -floor(log10(step)))
    return [
        Line(at, f"{abs(degrees):.{digits}f}\N{DEGREE SIGN} {letters[degrees < 0]}")
        for at, degrees in found
        if MARGIN / 2 < at < length - MARGIN / 2
    ]
