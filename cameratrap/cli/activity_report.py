"""Activity curves as rows, as sentences that name their definitions, and as a plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cameratrap.analysis.activity import FEW_RECORDS, ActivityCurve, activity_curve
from cameratrap.analysis.overlap import Estimator, Overlap, overlap
from cameratrap.analysis.overlap_interval import Interval, overlap_interval
from cameratrap.analysis.plots import Paper
from cameratrap.cli.activity_options import Asked
from cameratrap.cli.activity_samples import Sample, Samples
from cameratrap.cli.definitions import shown
from cameratrap.cli.output import Form, plural
from cameratrap.errors import AnalysisError

CURVE_COLUMNS = ("taxon", "hour", "density_per_hour", "radians", "density_per_radian")
OVERLAP_COLUMNS = (
    "taxon_a", "taxon_b", "n_a", "n_b", "time", "estimator", "adjust", "overlap", "ci_low", "ci_high", "ci_level",
    "resamples", "seed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Activity:
    """A curve for each sample, and of two how far they overlap; without an interval where none was asked for."""

    asked: Asked
    samples: Samples
    curves: tuple[ActivityCurve, ...]
    overlap: Overlap | None = None
    interval: Interval | None = None


def reckon(samples: Samples, asked: Asked) -> Activity:
    """Raises AnalysisError where a sample determines no curve, which names it."""
    is_alone = len(samples.each) == 1
    curves = tuple(_curve(each, asked, is_alone=is_alone) for each in samples.each)
    if is_alone:
        return Activity(asked, samples, curves)
    a, b = (each.times for each in samples.each)
    found = overlap(a, b, adjust=asked.adjust)
    if not asked.resamples:
        return Activity(asked, samples, curves, found)
    return Activity(
        asked, samples, curves, found, overlap_interval(a, b, found, seed=asked.seed, resamples=asked.resamples)
    )


def _curve(sample: Sample, asked: Asked, *, is_alone: bool) -> ActivityCurve:
    try:
        return activity_curve(sample.times, points=asked.points, adjust=asked.adjust or 1.0, kappa=asked.bandwidth)
    except AnalysisError as error:
        raise AnalysisError(
            f"no activity curve can be drawn through the records of {sample.taxon}",
            why=error.why or error.what,
            hint=error.hint if is_alone else "take more records of it, or draw the other taxon alone",
        ) from error


def curve_rows(activity: Activity, form: Form) -> Iterator[dict[str, object]]:
    """A row a point, one taxon after the other."""
    for sample, curve in zip(activity.samples.each, activity.curves, strict=True):
        for point in curve.points():
            values = (shown(value, form) for value in point)
            yield dict(zip(CURVE_COLUMNS, (sample.taxon, *values), strict=True))


def overlap_row(activity: Activity, found: Overlap, form: Form) -> dict[str, object]:
    """The overlap with all that defines it."""
    first, second = activity.samples.each
    interval = activity.interval
    values = (
        first.taxon, second.taxon, found.n_a, found.n_b, activity.asked.kind, found.estimator.value, found.adjust,
        shown(found.value, form),
        *((shown(interval.low, form), shown(interval.high, form), interval.level) if interval else (None,) * 3),
        *((activity.asked.resamples, activity.asked.seed) if interval else (None,) * 2),
    )  # fmt: skip
    return dict(zip(OVERLAP_COLUMNS, values, strict=True))


def sentences(activity: Activity) -> Iterator[str]:
    """What was reckoned, of how much, and by which definition."""
    for sample, curve in zip(activity.samples.each, activity.curves, strict=True):
        yield _of_curve(sample, curve, activity.asked)
        if curve.n < FEW_RECORDS:
            yield f"{sample.taxon}: fewer than {FEW_RECORDS} records say more of the kernel than of the animal"
    if activity.overlap:
        yield _of_overlap(activity, activity.overlap)
    yield f"times: {activity.samples.axis[0].lower()}{activity.samples.axis[1:]}"


def _of_curve(sample: Sample, curve: ActivityCurve, asked: Asked) -> str:
    kernel = "as given" if asked.bandwidth else "overlap::getBandWidth, kmax = 3"
    text = f"{sample.taxon}: n = {plural(curve.n, unit(asked))}, von Mises kernel, bandwidth {curve.bandwidth:.4f}"
    text += f" ({kernel})" + (f", divided by {curve.adjust:g}" if curve.adjust != 1 else "")
    for count, why in ((sample.polar, "the sun did not rise or did not set"), (sample.unplaced, "no position")):
        text += f"; {plural(count, unit(asked))} without a solar time ({why})" if count else ""
    return text


def _of_overlap(activity: Activity, found: Overlap) -> str:
    why = "both samples exceed 50" if found.estimator is Estimator.DHAT4 else "a sample has 50 records or fewer"
    text = f"overlap: {found.estimator.value} = {found.value:.4f} ({why}"
    text += f"; bandwidths divided by {found.adjust:g})" if found.adjust != 1 else ")"
    if activity.interval:
        low, high, level = activity.interval.low, activity.interval.high, activity.interval.level
        text += f", {100 * level:g} % interval {low:.4f} to {high:.4f}"
        text += f" (basic0 of {activity.asked.resamples} smoothed resamples, seed {activity.asked.seed})"
    return text


def unit(asked: Asked) -> str:
    """What one record is."""
    return "record" if asked.records else "event"


def picture(activity: Activity, paper: Paper) -> bytes:
    """The plot's file."""
    from cameratrap.analysis.plots_activity import DayAxis, activity_plot

    samples = activity.samples
    sunrise, sunset = samples.sun or (None, None)
    axis = DayAxis(samples.axis, sunrise, sunset, activity.asked.centre, unit(activity.asked), samples.night)
    named = [(sample.taxon, curve) for sample, curve in zip(samples.each, activity.curves, strict=True)]
    shared = (activity.overlap, activity.interval) if activity.overlap else None
    return activity_plot(named, axis=axis, paper=paper, overlap=shared)
