"""The records that activity curves are drawn through: times of day of a taxon, by the clock or by the sun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import nan

from cameratrap.analysis.solar import EQUINOX, mean_anchors, solar_times
from cameratrap.app.activity_times import TimeOfDay, times_of_day
from cameratrap.app.fold import Rules
from cameratrap.app.studied import taxa_seen
from cameratrap.cli.activity_options import Kind
from cameratrap.cli.study import Study
from cameratrap.domain.deployed import Deployed
from cameratrap.errors import AnalysisError

Times = Mapping[str, Sequence[TimeOfDay]]
_MOST_NAMES = 8  # in a hint


@dataclass(frozen=True, slots=True)
class Sample:
    """A taxon's times of day, radians, and how many of its records have no solar time.

    ``polar``: on their day the sun did not rise or did not set. ``unplaced``: nobody wrote down where that was.
    """

    taxon: str
    times: tuple[float, ...]
    polar: int = 0
    unplaced: int = 0


@dataclass(frozen=True, slots=True)
class Samples:
    """A sample for each taxon, all in the same time, which ``axis`` names as a plot does.

    ``sun`` are sunrise and sunset in that time, radians, None where no place is known; ``night`` says what they are.
    """

    each: tuple[Sample, ...]
    axis: str
    sun: tuple[float, float] | None
    night: str


def read_samples(study: Study, taxa: Sequence[str], rules: Rules, kind: Kind) -> Samples:
    """When the independent events of ``taxa`` began. Raises AnalysisError for a taxon without any.

    ``rules.position`` is where a deployment stood that does not tell: a trap's card keeps it to itself.
    """
    deployments = [_placed(each, rules) for each in study.deployed]
    moments: dict[str, list[tuple[str, datetime]]] = {taxon: [] for taxon in taxa}
    for event in study.events(rules):
        moments[event.taxon].append((event.deployment, event.start))
    for taxon, found in moments.items():
        if not found:
            raise _nothing_of(taxon, taxa_seen(study.connection))
    times = {taxon: times_of_day(found, deployments) for taxon, found in moments.items()}
    return _by_the_clock(times, deployments) if kind == "clock" else _by_the_sun(times, kind)


def _placed(each: Deployed, rules: Rules) -> Deployed:
    if rules.position is None or each.latitude is not None:
        return each
    return replace(each, latitude=rules.position[0], longitude=rules.position[1])


def _nothing_of(taxon: str, seen: Sequence[str]) -> AnalysisError:
    names = ", ".join(seen[:_MOST_NAMES]) + (", \N{HORIZONTAL ELLIPSIS}" if len(seen) > _MOST_NAMES else "")
    hint = "it was seen, but not where and when the filters ask" if taxon in seen else f"there are {names or 'none'}"
    return AnalysisError(f"there is no record of {taxon}", hint=hint)


def _by_the_clock(times: Times, deployments: Sequence[Deployed]) -> Samples:
    every = [time for sample in times.values() for time in sample]
    zones = {str(each.zone) for each in deployments}
    axis = f"Clock time ({zones.pop()})" if len(zones) == 1 else "Clock time (standard time of each station)"
    sun = None if all(time.sunrise is None for time in every) else mean_anchors(*_suns(every))
    each = tuple(Sample(taxon, tuple(time.clock for time in sample)) for taxon, sample in times.items())
    return Samples(each, axis, sun, "Night (mean sunset to mean sunrise)")


def _by_the_sun(times: Times, kind: Kind) -> Samples:
    every = [time for sample in times.values() for time in sample]
    anchors, axis = EQUINOX, "Solar time (sun rises at 6:00, sets at 18:00)"
    if kind == "solar-average":
        anchors, axis = mean_anchors(*_suns(every)), "Solar time (sun rises and sets at its mean times)"
    each = tuple(_solar_sample(taxon, sample, anchors) for taxon, sample in times.items())
    return Samples(each, axis, anchors, "Night")


def _solar_sample(taxon: str, times: Sequence[TimeOfDay], anchors: tuple[float, float]) -> Sample:
    """Raises AnalysisError where none of the records has a solar time."""
    told = [time for time in times if time.sunrise is not None]
    polar = sum(time.is_polar for time in times)
    unplaced = len(times) - len(told) - polar
    if not told:
        raise AnalysisError(
            f"no record of {taxon} has a solar time",
            why=f"{unplaced} at places that nobody wrote down, {polar} on days without a sunrise or a sunset",
            hint="set station.latitude and station.longitude, or the deployments' positions" if unplaced else "",
        )
    solar = solar_times([time.clock for time in told], *_suns(told), anchors)
    return Sample(taxon, tuple(solar.tolist()), polar, unplaced)


def _suns(times: Sequence[TimeOfDay]) -> tuple[list[float], list[float]]:
    """Each record's sunrise and sunset, nan where there is none."""
    return (
        [nan if time.sunrise is None else time.sunrise for time in times],
        [nan if time.sunset is None else time.sunset for time in times],
    )
