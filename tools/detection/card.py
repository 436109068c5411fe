"""The figures of our own detector in the words of its model card, so that nobody types them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from detection.figures import Share, figures
from detection.people import people
from detection.readings import counted, frame_by_frame
from detection.record import Record
from detection.tables import Result, by_fold, exactly, frames_in_words, with_interval


def card(record: Record, results: Sequence[Result], photos: Record) -> Iterator[str]:
    """Two lines of ``model.toml``. Raises ValueError for one fold alone, which has no threshold of others."""
    if not results:
        raise ValueError("a card needs two folds or more, so that thresholds come from other cameras")
    yield f'measured_on = "{_measured_on(record)}"'
    yield f'results = "{" ".join(_results(record, results, photos))}"'


def _measured_on(record: Record) -> str:
    measured = record.only(lambda frame: frame.measured)
    return (
        f"Cross-validation over cameras: detectors of this recipe, each shown only cameras it had not learned from. "
        f"{frames_in_words(measured)} People on {len(record.answers) - len(measured.answers)} frames of a station in "
        "the Jura, held out whole. Thresholds of a fold come from the others. The shipped weights have learned from "
        "all of these frames; what is left to measure them on are photos of raccoons."
    )


def _results(record: Record, results: Sequence[Result], photos: Record) -> Iterator[str]:
    measured = record.only(lambda frame: frame.measured).answers
    shipped, looked = figures(frame_by_frame(measured, None)), figures(counted(measured, None))
    alone, trap = results[0], results[-1]
    yield f"Frame by frame at thresholds {by_fold(alone.thresholds)}: {_sentence(alone.shares)}"
    yield f"With the camera's background and counting, at {by_fold(trap.thresholds)}: {_sentence(trap.shares)}"
    yield f"At the thresholds shipped, for which these frames were looked at, frame by frame: {_sentence(shipped)}"
    yield f"With the background and counting at the thresholds shipped: {_sentence(looked)}"
    said = {name: exactly(its) for name, its in people(frame_by_frame(record.answers, None)).items()}
    yield (
        "Jura frames with people, at the thresholds shipped, exact 95 %: a person said on "
        f"{said['people: a person is said']}, an animal on "
        f"{said['people: an animal is said']}; with animals: an animal on {said['animals: an animal is said']}, a "
        f"person on {said['animals: a person is said']}."
    )
    raccoons = figures(frame_by_frame(photos.answers, None))
    yield (
        f"The shipped weights on raccoons, web photos they have not learned from: found on "
        f"{_of(raccoons['animals found'])}, boxes met {_of(raccoons['boxes met'])}."
    )


def _sentence(shares: Mapping[str, Share]) -> str:
    found, alarms = shares["animals found"], shares["false alarms"]
    return (
        f"animals found on {_of(found)}, 95 % over cameras {found.interval[0]:.2f} to {found.interval[1]:.2f}, mean "
        f"of cameras {found.camera_mean:.2f}; day {shares['found by day'].value:.2f}, night "
        f"{shares['found at night'].value:.2f}; false alarms on {_of(alarms)}; number exact "
        f"{with_interval(shares['number exact'])}, against {shares['one wherever any is seen'].value:.2f} for one "
        f"wherever it sees any; of {shares['two and more: exact'].n} frames with two and more exact "
        f"{shares['two and more: exact'].value:.2f}, within one {shares['two and more: within one'].value:.2f}, mean "
        f"error {shares['two and more: mean error'].value:+.1f}; boxes met (IoU 0.5) {_of(shares['boxes met'])}."
    )


def _of(share: Share) -> str:
    return f"{share.hits:g} of {share.n} ({share.value:.2f})"
