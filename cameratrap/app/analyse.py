"""A burst on the card, from its pictures to a model's word on it: what is found, counted, hidden and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cameratrap.app.look import LookSettings, look_at
from cameratrap.app.scene_memory import SceneMemory
from cameratrap.app.scenes import is_infrared
from cameratrap.domain.counting import TaxonCount
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.judged import Fate, JudgedBox
from cameratrap.domain.policy import ShownInPicture, Treatment, treatments
from cameratrap.errors import CameraTrapError, DeviceError, StoreError
from cameratrap.ports import Detector, Frame
from cameratrap.store.analyses import Analysis, Observation, PictureAnswer, stored_boxes, stored_observations
from cameratrap.store.bursts import Picture, picture_bytes, pictures_of
from cameratrap.store.card import Card
from cameratrap.store.media import sha256_of
from cameratrap.store.views import BurstView


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with a burst, and which part of the trap it was (a name of domain.summaries.FAULTS)."""

    error: str
    fault: str

    @classmethod
    def of(cls, error: CameraTrapError | MemoryError, what: str = "") -> Failure:
        """An error as a failure of the part that it comes from; ``what`` stands before its words."""
        if isinstance(error, MemoryError):
            return cls(f"{what}there is not enough memory", "detector")
        if isinstance(error, DeviceError):
            return cls(f"{what}{error}", "camera")
        return cls(f"{what}{error}", "card" if isinstance(error, StoreError) else "detector")


class Analyst:
    """Looks at bursts of one card with one detector. What it knows besides is on the card."""

    def __init__(self, card: Card, detector: Detector, settings: LookSettings) -> None:
        self._card = card
        self._detector = detector
        self._settings = settings
        self._rules = settings.counting_rules(detector.score_threshold)
        self._memory = SceneMemory(card.connection, settings.taxa)

    def analyse(self, burst: str, meanwhile: Callable[[], None] = lambda: None) -> tuple[Analysis, Failure | None]:
        """What the burst's pictures show, and what went wrong with any of them.

        Every picture is searched, whatever the others show. One that was blurred or removed is not searched again:
        what was found in it before stands. ``meanwhile`` is called after each: what cannot wait is done there.
        """
        pictures = pictures_of(self._card.connection, burst)
        found, failure = self._search(burst, pictures, meanwhile)
        if not pictures:
            failure = Failure("the camera gave no picture", "camera")
        try:
            return self._answer(burst, pictures, found), failure
        except (CameraTrapError, MemoryError) as error:
            return Analysis(), failure or Failure.of(error)

    def _search(
        self, burst: str, pictures: Sequence[Picture], meanwhile: Callable[[], None]
    ) -> tuple[list[_Found], Failure | None]:
        found: list[_Found] = []
        failure = None
        before = stored_boxes(self._card.connection, burst) if any(picture.is_treated for picture in pictures) else {}
        for picture in pictures:
            if picture.treatment is Treatment.DISCARD:
                continue
            if picture.is_treated:
                found.append(_found_before(picture, before.get(picture.id, [])))
                continue
            try:
                found.append(_Found(picture, self._detector.detect(self._reread(picture))))
            except (CameraTrapError, MemoryError) as error:
                unsearched = " (not searched for people)" if self._settings.policy.changes_pictures else ""
                failure = failure or Failure.of(error, f"{picture.path}{unsearched}: ")
            meanwhile()
        return found, failure

    def _reread(self, picture: Picture) -> Frame:
        """The picture as it now is on the card: what is counted is what an ecologist will open."""
        try:
            jpeg = picture_bytes(self._card.folder, picture)
        except OSError as error:
            raise StoreError("the picture cannot be read back", why=error.strerror or str(error)) from error
        if sha256_of(jpeg) != picture.sha256:
            raise StoreError("the picture on the card is not what was written", hint="is the card failing?")
        return Frame(jpeg, picture.captured_at, picture.source_name)

    def _answer(self, burst: str, pictures: Sequence[Picture], found: Sequence[_Found]) -> Analysis:
        frames = [each.frame for each in found]
        uses_scene = self._settings.background and any(frame.view is not None for frame in frames)
        scene = self._memory.before(burst) if uses_scene else None
        gone = self._gone(burst, pictures)
        looked = look_at(frames, self._rules, scene, gone=[_as_count(each) for each in gone])
        boxes = [(*here, *each.suppressed) for here, each in zip(looked.frames, found, strict=True)]
        decided = self._decide(pictures, found, boxes)
        answers = tuple(
            PictureAnswer(each.picture, each.frame.width, each.frame.height, self._with_hidden(here))
            for each, here in zip(found, boxes, strict=True)
        )
        view = _view(found, boxes, decided) if uses_scene else None
        return Analysis(answers, tuple(_observations(looked.counts, found, gone)), decided, view)

    def _gone(self, burst: str, pictures: Sequence[Picture]) -> list[Observation]:
        """What was counted in the burst where pictures of it were discarded: all that is known of them."""
        discarded = any(picture.treatment is Treatment.DISCARD for picture in pictures)
        return stored_observations(self._card.connection, burst) if discarded else []

    def _decide(
        self, pictures: Sequence[Picture], found: Sequence[_Found], boxes: Sequence[Sequence[JudgedBox]]
    ) -> Mapping[int, Treatment]:
        """What is done with each picture that is not kept as it is, by its number."""
        shown = [
            ShownInPicture(
                [box.detection for box in here if box.believed], [box.detection for box in here if not box.believed]
            )
            for here in boxes
        ]
        each = treatments(shown, self._settings.policy, self._settings.taxa)
        if Treatment.DISCARD in [*each, *(picture.treatment for picture in pictures)]:
            return {picture.id: Treatment.DISCARD for picture in pictures}
        return {
            one.picture.id: treatment
            for one, treatment in zip(found, each, strict=True)
            if treatment is not Treatment.KEEP
        }

    def _with_hidden(self, boxes: Sequence[JudgedBox]) -> tuple[JudgedBox, ...]:
        policy, taxa = self._settings.policy, self._settings.taxa
        return tuple(
            replace(box, hidden=policy.treatment_of(box.detection.taxon, taxa) is not Treatment.KEEP) for box in boxes
        )


def _view(
    found: Sequence[_Found], boxes: Sequence[Sequence[JudgedBox]], decided: Mapping[int, Treatment]
) -> BurstView | None:
    """The view to remember: of the pictures that stay as they are the latest with the fewest animals in it."""
    candidates = [
        (sum(box.believed for box in here), -place, each.picture.id, each.frame.view)
        for place, (each, here) in enumerate(zip(found, boxes, strict=True))
        if each.frame.view is not None and each.picture.id not in decided
    ]
    if not candidates:
        return None
    _, _, media, view = min(candidates, key=lambda each: each[:2])
    return BurstView(media, view, is_infrared(view))


@dataclass(frozen=True, slots=True)
class _Found:
    """What a detector says of a picture; ``suppressed`` is what the background spoke against when it was looked at."""

    picture: Picture
    frame: DetectedFrame
    suppressed: tuple[JudgedBox, ...] = ()


def _found_before(picture: Picture, boxes: Sequence[JudgedBox]) -> _Found:
    """What was found earlier in a picture that is not what it was; without a view it stands as it was judged then."""
    frame = DetectedFrame(
        picture.width or 1,
        picture.height or 1,
        tuple(box.detection for box in boxes if box.believed),
        tuple(box.detection for box in boxes if box.fate is Fate.DOUBTFUL),
    )
    return _Found(picture, frame, tuple(box for box in boxes if box.fate.suppressed))


def _as_count(observation: Observation) -> TaxonCount:
    low, high = observation.count_low, observation.count_high
    return TaxonCount(observation.taxon, observation.count, low, high, observation.score or 0.0, ())


def _observations(
    counts: Sequence[TaxonCount], found: Sequence[_Found], gone: Sequence[Observation]
) -> Iterator[Observation]:
    """The burst's counts, each from the first to the last picture that shows the taxon or, while it was there, did."""
    before = {each.taxon: each for each in gone}
    for count in counts:
        times = [found[frame].picture.captured_at for frame in count.frames]
        if count.taxon in before:
            times += [before[count.taxon].first_at, before[count.taxon].last_at]
        low, high = count.count_low, count.count_high
        yield Observation(count.taxon, count.count, low, high, count.score, min(times), max(times))
