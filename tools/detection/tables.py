"""The figures of detectors as Markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from detection.figures import Share, figures
from detection.intervals import Interval, of_difference
from detection.people import LEAST_FRAMES, Cases, people
from detection.readings import READINGS, Thresholds, counted, frame_by_frame
from detection.record import Record
from detection.thresholds import RULES, by_frame, crossed, over_halves, pick

_LADDER = (0.2, 0.3, 0.4, 0.5)
_SHORT = ("animals found", "found by day", "found at night", "false alarms", "number exact", "boxes met")


@dataclass(frozen=True, slots=True)
class Result:
    """One detector in one reading, each fold at the threshold that the others choose."""

    detector: str
    reading: str
    thresholds: Mapping[int, float]
    shares: Mapping[str, Share]

    @property
    def night_less_day(self) -> tuple[float, Interval]:
        """How much less (or more) is found at night than by day."""
        night, day = self.shares["found at night"], self.shares["found by day"]
        return night.value - day.value, of_difference(night.by_camera, day.by_camera)


def results(record: Record, rule: str) -> list[Result]:
    """The detector in each reading; none where one fold alone has no other to take its threshold from."""
    if len(record.folds) < 2:
        return []
    return [
        Result(record.name, name, thresholds, figures(reading(record.answers, thresholds)))
        for name, reading in READINGS.items()
        for thresholds in [crossed(record, reading, RULES[rule])]
    ]


def frames_in_words(record: Record) -> str:
    """What the frames are that a detector was measured on."""
    frames = [answer.frame for answer in record.answers]
    present = [frame for frame in frames if frame.has_animal]
    empty = Counter(frame.camera for frame in frames if not frame.has_animal)
    folds = f"{len(record.folds)} fold{'s' if len(record.folds) != 1 else ''}"
    return (
        f"{len(frames)} frames of {len({frame.camera for frame in frames})} cameras and sites in {folds}: "
        f"{len(present)} with animals, {sum(frame.night for frame in present)} of them at night, and "
        f"{empty.total()} without, {max(empty.values(), default=0)} of one camera."
    )


def side_by_side(all_results: Sequence[Result]) -> Iterator[str]:
    """Every detector by itself, over frames, with 95 % over cameras."""
    first = [one for one in all_results if one.reading == next(iter(READINGS))]
    if first:
        yield "\n## Side by side, frame by frame\n"
        yield from _over_frames([one.detector for one in first], first)


def readings(all_results: Sequence[Result]) -> Iterator[str]:
    """One detector: alone, knowing the place, and counted; over frames, and as the mean of cameras."""
    if all_results:
        yield "\nAt thresholds that other cameras chose, over frames:\n"
        yield from _over_frames([one.reading for one in all_results], all_results)
        yield "\nThe same as the mean of cameras:\n"
        yield from _over_cameras([one.reading for one in all_results], all_results)


def _over_frames(names: Sequence[str], columns: Sequence[Result]) -> Iterator[str]:
    yield from _head(["", "n", *names])
    for figure, share in columns[0].shares.items():
        its = [one.shares[figure] for one in columns]
        yield _row([figure, str(share.n), *map(with_interval, its)])
        if figure == "found at night":
            yield _row(["night less day", "", *(_with(*one.night_less_day) for one in columns)])
    yield _row(["threshold of each fold", "", *(by_fold(one.thresholds) for one in columns)])


def _over_cameras(names: Sequence[str], columns: Sequence[Result]) -> Iterator[str]:
    yield from _head(["", "cameras", *names])
    for figure, share in columns[0].shares.items():
        its = [one.shares[figure] for one in columns]
        cells = [_with(one.camera_mean, one.camera_interval) for one in its]
        yield _row([figure, str(len(share.by_camera)), *cells])


def ladder(record: Record) -> Iterator[str]:
    """One detector, frame by frame: one threshold for all frames, and thresholds by each rule."""
    steps: dict[str, Thresholds] = {"as shipped": None}
    steps |= _ladder(record)
    best = _picked_here(record)
    steps[f"{best}, the least that suits all these frames"] = dict.fromkeys(record.folds, best)
    if len(record.folds) > 1:
        chosen = {name: crossed(record, frame_by_frame, rule) for name, rule in RULES.items()}
        steps |= {f"other folds, by {name}: {by_fold(its)}": its for name, its in chosen.items()}
    yield "\nFrame by frame at one threshold for all, and at those of the other folds by each rule:\n"
    yield from _head(["threshold", *_SHORT])
    for name, thresholds in steps.items():
        shares = figures(frame_by_frame(record.answers, thresholds))
        yield _row([name, *(_count(shares[figure]) for figure in _SHORT)])
    shares = figures(counted(record.answers, None))
    yield _row(["as shipped, with the background and counted", *(_count(shares[figure]) for figure in _SHORT)])


def _picked_here(record: Record) -> float:
    """The threshold that the frames themselves would choose: what no trap can know, and good to compare recipes by."""
    return pick(lambda at: frame_by_frame(record.answers, dict.fromkeys(record.folds, at)), by_frame)


def halves(record: Record, draws: int) -> Iterator[str]:
    """What each rule's threshold does on the other half of the cameras, over many random halves."""
    yield f"\nThe rules over {draws} random halves of the cameras, mean (standard deviation):\n"
    yield from _head(["rule", "threshold", "animals found", "false alarms"])
    for name, rule in RULES.items():
        tried = over_halves(record, rule, draws)
        yield _row([name, *(f"{mean:.2f} ({spread:.3f})" for mean, spread in tried)])


def people_and_animals(record: Record, all_results: Sequence[Result]) -> Iterator[str]:
    """At the station held out whole: at the threshold that other cameras chose, as shipped, and along the ladder."""
    steps: dict[str, Thresholds] = {"other folds": all_results[0].thresholds} if all_results else {}
    steps |= {"as shipped": None, **_ladder(record)}
    rows = {name: people(frame_by_frame(record.answers, its)) for name, its in steps.items()}
    yield "\nPeople and animals at a station held out whole, 95 % exact:\n"
    yield from _head(["threshold", *rows["as shipped"]])
    for name, cases in rows.items():
        yield _row([name, *(exactly(its) for its in cases.values())])


def raccoons(records: Iterable[Record]) -> Iterator[str]:
    """Models as they are shipped, on photos that none here has learned from."""
    yield "\n## Raccoons, web photos that none has learned from, as shipped\n"
    yield from _head(["", "animals found", "boxes met"])
    for record in records:
        shares = figures(frame_by_frame(record.answers, None))
        yield _row([record.name, *(_count(shares[name]) for name in ("animals found", "boxes met"))])


def _ladder(record: Record) -> dict[str, Thresholds]:
    return {f"{threshold}": dict.fromkeys(record.folds, threshold) for threshold in _LADDER}


def _head(cells: Sequence[str]) -> Iterator[str]:
    yield _row(cells)
    yield _row(["---", *["---:"] * (len(cells) - 1)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def by_fold(thresholds: Mapping[int, float]) -> str:
    """The folds' thresholds in order."""
    return ", ".join(f"{thresholds[fold]:.2f}" for fold in sorted(thresholds))


def with_interval(share: Share) -> str:
    """A share over frames with its 95 % over cameras."""
    return _with(share.value, share.interval)


def _with(value: float, interval: Interval) -> str:
    return f"{value:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"


def _count(share: Share) -> str:
    return f"{share.value:.2f} ({share.hits:g}/{share.n})"


def exactly(cases: Cases) -> str:
    """A count with its exact interval, or why there is none."""
    if not cases.enough:
        return f"{cases.hits}/{cases.n}, fewer than {LEAST_FRAMES}: nothing is said"
    return f"{cases.hits}/{cases.n}: {_with(cases.hits / cases.n, cases.interval)}"
