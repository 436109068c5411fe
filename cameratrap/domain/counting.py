"""From the boxes of one burst to counts per taxon that can be published, with what is uncertain about them.

A count is MaxN: the most seen at once in any one frame. What makes it more than the largest number of boxes:

- Boxes of one animal in one frame are one, and boxes of one animal in several frames agree on one name
  (``domain.individuals`` says which those are). It is the finest name that more than half of their scores stand
  behind: a fox that two of three frames call a fox is one; a fox here and a wolf there is a canid.
- A name never doubles a count. Where one frame says "Vulpes vulpes" and another "animal", and the two could not be
  linked, the burst shows one fox; it takes two boxes in one frame to make it a fox and an animal. Names that exclude
  each other are two animals also where no frame shows both.
- A name for which the rules ask for N frames stands only when N frames of the burst say it, or something finer. Until
  then it is rolled up to the nearest name that so many frames support, at last to its root: it never vanishes.

People, vehicles and animals are reckoned apart, whatever their boxes do: what one frame takes for a person and another
for an animal is told as both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cameratrap.domain.agreement import agreed_name, most_at_once
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.individuals import Individual, PlacedBox, distinct, individuals, is_one
from cameratrap.domain.taxa import TaxaTable

DEFAULT_SURE_SCORE = 0.65
_LEAST_WEIGHT = 1e-6  # of a vote: a box whose score has been rounded to nothing still says what it is


@dataclass(frozen=True, slots=True)
class CountingRules:
    """What counting needs to know besides the boxes.

    ``agree_frames`` asks for so many frames before a taxon, or one below it, stands; a name of the taxa table without
    an entry needs one. A root (animal, person, vehicle) has nothing to roll up to and always stands. From
    ``sure_score`` on a box is not doubted even if one frame alone shows it.
    """

    taxa: TaxaTable
    agree_frames: Mapping[str, int] = field(default_factory=dict)
    sure_score: float = DEFAULT_SURE_SCORE

    def may_be_one(self, one: str, other: str) -> bool:
        """Whether two names may be of one animal: they are the same, or one is an ancestor of the other."""
        return self.taxa.resolve(one) in self.taxa.lineage(other) or self.taxa.resolve(other) in self.taxa.lineage(one)

    def root(self, name: str) -> str:
        """What it is counted among: animals, people or vehicles."""
        return self.taxa.lineage(name)[-1].name


@dataclass(frozen=True, slots=True)
class TaxonCount:
    """How many of one taxon a burst shows: ``count_low <= count <= count_high``.

    ``count`` is MaxN of what is believed, at least 1. ``count_low`` is the same of the boxes that nobody doubts: those
    that score at least ``CountingRules.sure_score`` and those of an individual that two frames show; it may be 0.
    ``count_high`` includes the boxes too doubtful to be believed that may be this taxon and are not the same animal as
    another box. ``score`` is the best of the taxon's boxes; ``frames`` are the numbers of the frames that show it.
    """

    taxon: str
    count: int
    count_low: int
    count_high: int
    score: float
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BurstCount:
    """A burst's counts, by taxon in alphabetical order, and what each box was counted as.

    ``counted_as`` has a tuple for each frame and in it, for each of the frame's detections in their order, the taxon
    that the burst agreed on; None for a duplicate of another box.
    """

    counts: tuple[TaxonCount, ...]
    counted_as: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """One box that counts: as what, and whether nobody doubts it."""

    box: PlacedBox
    taxon: str
    sure: bool


def count_burst(
    frames: Sequence[DetectedFrame], rules: CountingRules, *, gone: Sequence[TaxonCount] = ()
) -> BurstCount:
    """Count one burst from its frames, in order of time; their ``detections`` are believed, their ``doubtful`` not.

    ``gone`` is what was counted in further frames that are not there any more. Raises TaxonError for a taxon that the
    table does not have.
    """
    support = _support(frames, rules.taxa)
    counted = [
        each
        for kind in _by_kind(_placed(frames), rules).values()
        for individual in individuals(frames, kind, rules.may_be_one)
        for each in _counted(individual, support, rules)
    ]
    places = {(each.box.frame, each.box.place): each.taxon for each in counted}
    counted_as = tuple(
        tuple(places.get((number, place)) for place in range(len(frame.detections)))
        for number, frame in enumerate(frames)
    )
    doubtful = _doubtful(frames, rules)
    at_once = most_at_once([*_per_frame(counted), {each.taxon: each.count for each in gone}], rules.taxa)
    tally = _Tally(counted, doubtful, {each.taxon: each for each in gone}, rules)
    return BurstCount(tuple(tally.of(taxon, at_once[taxon]) for taxon in sorted(at_once)), counted_as)


def _placed(frames: Sequence[DetectedFrame]) -> list[PlacedBox]:
    return [
        PlacedBox(number, place, detection)
        for number, frame in enumerate(frames)
        for place, detection in enumerate(frame.detections)
    ]


def _by_kind(boxes: Iterable[PlacedBox], rules: CountingRules) -> Mapping[str, list[PlacedBox]]:
    """Boxes of animals, of people and of vehicles apart."""
    kinds: defaultdict[str, list[PlacedBox]] = defaultdict(list)
    for box in boxes:
        kinds[rules.root(box.detection.taxon)].append(box)
    return kinds


def _support(frames: Sequence[DetectedFrame], taxa: TaxaTable) -> Mapping[str, int]:
    """In how many frames each taxon, or something below it, was named."""
    named = (
        {step.name for detection in frame.detections for step in taxa.lineage(detection.taxon)} for frame in frames
    )
    return Counter(name for names in named for name in names)


def _counted(individual: Individual, support: Mapping[str, int], rules: CountingRules) -> Iterator[_Counted]:
    """Its box in each frame, under the name that its boxes agree on and that the rules let stand."""
    votes = (
        (box.detection.taxon, max(box.detection.score, _LEAST_WEIGHT))
        for boxes in individual.boxes.values()
        for box in boxes
    )
    lineage = rules.taxa.lineage(agreed_name(votes, rules.taxa))
    needed = max(rules.agree_frames.get(step.name, 1) for step in lineage)
    name = next((step.name for step in lineage if support[step.name] >= needed), lineage[-1].name)
    for boxes in individual.boxes.values():
        sure = len(individual.boxes) > 1 or boxes[0].detection.score >= rules.sure_score
        yield _Counted(boxes[0], name, sure)


def _doubtful(frames: Sequence[DetectedFrame], rules: CountingRules) -> list[PlacedBox]:
    """The doubtful boxes that are not the same animal as a believed one, or as one less doubtful."""
    found = []
    for number, frame in enumerate(frames):
        boxes = (PlacedBox(number, place, detection) for place, detection in enumerate(frame.doubtful))
        alone = [group[0] for group in distinct(boxes, rules.may_be_one)]
        found += [
            box
            for box in alone
            if not any(is_one(believed, box.detection, rules.may_be_one) for believed in frame.detections)
        ]
    return found


@dataclass(frozen=True, slots=True)
class _Tally:
    """What a burst's counts are made from: this once for what is believed, once for each bound of each taxon."""

    counted: Sequence[_Counted]
    doubtful: Sequence[PlacedBox]
    gone: Mapping[str, TaxonCount]
    rules: CountingRules

    def of(self, taxon: str, count: int) -> TaxonCount:
        own = [each.box for each in self.counted if each.taxon == taxon]
        scores = [box.detection.score for box in own]
        if taxon in self.gone:
            scores.append(self.gone[taxon].score)
        frames = tuple(sorted({box.frame for box in own}))
        low, high = min(count, self._low(taxon)), max(count, self._high(taxon))
        return TaxonCount(taxon, count, low, high, max(scores), frames)

    def _low(self, taxon: str) -> int:
        gone = {name: each.count_low for name, each in self.gone.items()}
        sure = _per_frame(each for each in self.counted if each.sure)
        return most_at_once([*sure, gone], self.rules.taxa).get(taxon, 0)

    def _high(self, taxon: str) -> int:
        gone = {name: each.count if name != taxon else each.count_high for name, each in self.gone.items()}
        perhaps = [
            _Counted(box, taxon, sure=False)
            for box in self.doubtful
            if self.rules.may_be_one(box.detection.taxon, taxon)
        ]
        return most_at_once([*_per_frame([*self.counted, *perhaps]), gone], self.rules.taxa).get(taxon, 0)


def _per_frame(counted: Iterable[_Counted]) -> Iterable[Mapping[str, int]]:
    frames: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for each in counted:
        frames[each.box.frame][each.taxon] += 1
    return frames.values()
