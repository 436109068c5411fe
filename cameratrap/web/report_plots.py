"""The plots of a report: those that the commands draw, put into the page as images that refer to nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

from cameratrap.analysis.activity import FEW_RECORDS, activity_curve
from cameratrap.analysis.plots import PAGE_MM, Paper
from cameratrap.analysis.plots_activity import DayAxis, activity_plot
from cameratrap.analysis.plots_effort import effort_plot
from cameratrap.analysis.plots_rates import rates_plot
from cameratrap.analysis.rates import Rate
from cameratrap.analysis.solar import mean_anchors
from cameratrap.app.activity_times import TimeOfDay, times_of_day
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.positions import Position
from cameratrap.errors import AnalysisError
from cameratrap.web.report_asked import Asked
from cameratrap.web.report_numbers import Numbers

COMMONEST = 4  # taxa whose activity is drawn
_MOST_TAXA, _MOST_STATIONS = 25, 120  # of the plot of rates: beyond it nobody tells the dots apart
_WIDE, _NARROW = Paper("svg", PAGE_MM), Paper("svg", 85)


@dataclass(frozen=True, slots=True)
class Activity:
    """A taxon's curve as an image, or why there is none."""

    taxon: str
    n: int
    image: str = ""
    why_not: str = ""


def effort_image(numbers: Numbers, asked: Asked) -> str:
    """When each station's cameras stood and could see; "" where there are none."""
    if not numbers.deployed:
        return ""
    since, until = asked.selection.since, asked.selection.until
    definition, pictures = asked.definition, numbers.pictures
    return _image(
        effort_plot(numbers.deployed, paper=_WIDE, definition=definition, pictures=pictures, since=since, until=until)
    )


def rates_image(numbers: Numbers, asked: Asked) -> str:
    """The rates of animals station by station; "" where there is one station, of which the table says all."""
    rates = _drawn(numbers)
    if len({rate.place for rate in rates}) < 2 or not any(rate.effort_days for rate in rates):
        return ""
    return _image(rates_plot(rates, paper=_WIDE, effort=asked.definition.value))


def _drawn(numbers: Numbers) -> list[Rate]:
    taxa = {each.rate.taxon for each in numbers.animals[:_MOST_TAXA]}
    places = list(dict.fromkeys(rate.place for rate in numbers.by_station))
    if len(places) > _MOST_STATIONS:
        return []
    return [rate for rate in numbers.by_station if rate.taxon in taxa]


def activities(numbers: Numbers, positions: Mapping[str, Position | None]) -> list[Activity]:
    """The commonest animals, one curve each, by the clock.

    The night that is shaded is of the positions as they may be told: sunset by the minute would give a place away.
    """
    deployed = [_placed(each, positions.get(each.deployment)) for each in numbers.deployed]
    return list(_activities(numbers, deployed))


def _activities(numbers: Numbers, deployed: Sequence[Deployed]) -> Iterator[Activity]:
    for each in numbers.animals[:COMMONEST]:
        taxon = each.rate.taxon
        times = times_of_day(numbers.moments[taxon], deployed)
        if len(times) < FEW_RECORDS:
            yield Activity(taxon, len(times), why_not=f"fewer than {FEW_RECORDS} events")
            continue
        try:
            curve = activity_curve([time.clock for time in times])
        except AnalysisError as error:
            yield Activity(taxon, len(times), why_not=str(error))
            continue
        sunrise, sunset = _sun(times)
        axis = DayAxis("Clock time (standard time of the station)", sunrise, sunset)
        yield Activity(taxon, len(times), _image(activity_plot([(taxon, curve)], axis=axis, paper=_NARROW)))


def _placed(each: Deployed, position: Position | None) -> Deployed:
    latitude, longitude = (None, None) if position is None else (position.latitude, position.longitude)
    return replace(each, latitude=latitude, longitude=longitude)


def _sun(times: Sequence[TimeOfDay]) -> tuple[float | None, float | None]:
    """The mean sunrise and sunset, None where no place is known or the sun does neither."""
    if all(time.sunrise is None for time in times):
        return None, None
    sunrise = [nan if time.sunrise is None else time.sunrise for time in times]
    return mean_anchors(sunrise, [nan if time.sunset is None else time.sunset for time in times])


def _image(svg: bytes) -> str:
    """As an image and not as markup: what is in it can do nothing, and its names meet no others."""
    return "data:image/svg+xml;base64," + b64encode(svg).decode()
