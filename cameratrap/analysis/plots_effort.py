"""When each station's cameras stood and saw: a row a station, a bar a deployment, with its down time as gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from cameratrap.analysis.effort import EffortDefinition, as_counted, effort, total
from cameratrap.analysis.plots import COLOURS, FAINT, INK, QUIET, Paper, drawing, label_rows, rows_mm
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span, subtract, union
from cameratrap.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_THICKNESS = 0.7  # of a row
_SAW: dict[str, Any] = {"facecolor": COLOURS[0], "linewidth": 0.0}
_INSTANT = timedelta(seconds=1)  # what ends at midnight is of the day before
_BLIND: dict[str, Any] = {"facecolor": "white", "edgecolor": COLOURS[1], "hatch": "//////", "linewidth": 0.5}


def effort_plot(
    deployments: Sequence[Deployed],
    *,
    paper: Paper,
    definition: EffortDefinition = EffortDefinition.EXACT,
    pictures: Mapping[str, Span] | None = None,
    since: date | None = None,
    until: date | None = None,
) -> bytes:
    """The file's bytes. Bars are what ``definition`` counts; at a row's end stand the station's camera-days by it.

    ``pictures`` is each deployment's first to last picture, for the definition that needs them: a deployment without
    any then has no bar. Camera-days are those from ``since`` to ``until``, both included, and only they are shown.
    Deployments that overlap at one station lie below each other. Times are each station's standard time. Raises
    AnalysisError where there is no deployment.
    """
    if not deployments:
        raise AnalysisError("a plot of effort needs a deployment")
    stations: dict[str, list[Deployed]] = {}
    for each in sorted(deployments, key=lambda each: (each.station, each.start, each.deployment)):
        stations.setdefault(each.station, []).append(each)
    known = pictures or {}
    with drawing(paper, rows_mm(len(stations), 24)) as drawn:
        for row, there in enumerate(stations.values()):
            counted = [as_counted(each, definition, known.get(each.deployment)) for each in there]
            _bars(drawn.axes, row, [each for each in counted if each is not None])
            efforts = [
                effort(each, definition, pictures=known.get(each.deployment), since=since, until=until)
                for each in there
            ]
            days = total(efforts)
            _at_the_end(drawn.axes, row, "\N{EN DASH}" if days is None else f"{days:.1f}", INK)
        _frame(drawn.axes, list(stations), paper)
        _show_days(drawn.axes, since, until)
        _name_time(drawn.axes)
        _legend(drawn.figure)
    return drawn.content


def _bars(axes: Axes, row: int, deployments: Sequence[Deployed]) -> None:
    lanes = _lanes(deployments)
    thickness = _THICKNESS / (1 + max(lanes, default=0))
    for each, lane in zip(deployments, lanes, strict=True):
        where = (row - _THICKNESS / 2 + (lane + 0.05) * thickness, 0.9 * thickness)
        saw = subtract([each.span], each.down)
        axes.broken_barh(_extents(each, saw), where, **_SAW)
        axes.broken_barh(_extents(each, subtract([each.span], saw)), where, **_BLIND)


def _lanes(deployments: Sequence[Deployed]) -> list[int]:
    """For each, in order of their starts, the first lane that is free when it begins."""
    ends: list[datetime] = []
    lanes = []
    for each in deployments:
        lane = next((number for number, end in enumerate(ends) if end <= each.start), len(ends))
        ends[lane : lane + 1] = [each.end]
        lanes.append(lane)
    return lanes


def _extents(each: Deployed, spans: Sequence[Span]) -> Any:
    """Where spans begin on the station's wall clock, and how long they are."""
    return [(span.start.astimezone(each.zone).replace(tzinfo=None), span.length) for span in union(spans)]


def _at_the_end(axes: Axes, row: float, text: str, color: str) -> None:
    axes.text(1.015, row, text, transform=axes.get_yaxis_transform(), va="center_baseline", fontsize=7, color=color)


def _frame(axes: Axes, stations: Sequence[str], paper: Paper) -> None:
    axes.margins(x=0.01)
    label_rows(axes, stations, paper)
    _at_the_end(axes, -0.9, "days", QUIET)
    axes.grid(axis="x", color=FAINT, linewidth=0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _show_days(axes: Axes, since: date | None, until: date | None) -> None:
    """Of what is drawn, the part that counts."""
    if since is not None:
        axes.set_xlim(left=datetime.combine(since, time()))  # type: ignore[arg-type]
    if until is not None:
        axes.set_xlim(right=datetime.combine(until, time()) + timedelta(days=1))  # type: ignore[arg-type]


def _name_time(axes: Axes) -> None:
    """The year, month or day that all of what is shown lies in; matplotlib's own is that of the last tick alone."""
    from matplotlib.dates import num2date

    axes.xaxis.get_offset_text().set_visible(False)
    (left, right), (start, end) = axes.get_xlim(), axes.dataLim.intervalx
    if start <= end:
        first, last = num2date((max(left, start), min(right, end)))  # type: ignore[no-untyped-call]
        axes.set_xlabel(_shared(first, max(first, last - _INSTANT)))
    else:
        axes.set_xticks([])  # without a bar there is no time, and matplotlib would show numbers


def _shared(first: datetime, last: datetime) -> str:
    for form in ("%Y-%m-%d", "%Y-%b", "%Y"):
        if first.strftime(form) == last.strftime(form):
            return first.strftime(form)
    return f"{first:%Y}\N{EN DASH}{last:%Y}"


def _legend(figure: Figure) -> None:
    from matplotlib.patches import Patch

    kinds = [Patch(label="Operating", **_SAW), Patch(label="Not able to see", **_BLIND)]
    figure.legend(handles=kinds, loc="outside upper left", ncols=2, handlelength=1.6)
