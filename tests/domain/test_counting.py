"""Counts of a burst: MaxN by names that agree, with what is uncertain about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.counting import BurstCount, CountingRules, TaxonCount, count_burst
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.errors import TaxonError
from cameratrap.resources import builtin_taxa

TAXA = builtin_taxa()
FOX, LYNX, PERSON = "Vulpes vulpes", "Lynx lynx", "Homo sapiens"
RULES = CountingRules(TAXA, sure_score=0.8)
HERE, THERE, BESIDE = (0.1, 0.4, 0.1, 0.1), (0.8, 0.4, 0.1, 0.1), (0.3, 0.1, 0.1, 0.1)
Corners = tuple[float, float, float, float]


def one(taxon: str, box: Corners = HERE, score: float = 0.7) -> Detection:
    return Detection(taxon, taxon, score, BBox(*box))


def frame(*detections: Detection, doubtful: tuple[Detection, ...] = ()) -> DetectedFrame:
    return DetectedFrame(640, 480, detections, doubtful)


def counts(*frames: DetectedFrame, rules: CountingRules = RULES) -> dict[str, int]:
    return {each.taxon: each.count for each in count_burst(frames, rules).counts}


def bounds(*frames: DetectedFrame) -> dict[str, tuple[int, int, int]]:
    return {each.taxon: (each.count_low, each.count, each.count_high) for each in count_burst(frames, RULES).counts}


def test_a_burst_without_a_box_counts_nothing() -> None:
    assert count_burst([frame(), frame(doubtful=(one(FOX),))], RULES) == BurstCount((), ((), ()))
    assert count_burst([], RULES) == BurstCount((), ())


def test_one_animal_under_two_names_is_one() -> None:
    """Two frames say animal, one says fox, all at one place: one animal, without the finer name."""
    burst = [frame(one(FOX)), frame(one("animal")), frame(one("animal"))]
    assert counts(*burst) == {"animal": 1}
    assert counts(*burst[:1], *burst[:2]) == {FOX: 1}
    assert count_burst(burst, RULES).counted_as == (("animal",), ("animal",), ("animal",))


def test_a_name_that_could_not_be_linked_does_not_double_either() -> None:
    """A fox here, an animal far off a second later: one fox. Both in one frame: a fox and an animal."""
    assert counts(frame(one(FOX)), frame(one("animal", THERE))) == {FOX: 1}
    assert counts(frame(one(FOX), one("animal", THERE))) == {FOX: 1, "animal": 1}


def test_names_that_exclude_each_other_at_one_place_are_what_they_share() -> None:
    """A model that hesitates between two cats has seen a cat: across frames, and within one."""
    assert counts(frame(one(LYNX)), frame(one("Felis catus"))) == {"Felidae": 1}
    assert counts(frame(one(LYNX), one("Felis catus"))) == {"Felidae": 1}


def test_duplicates_are_told_as_such() -> None:
    """A box inside another, and one nearly the same, count once; the best of them stands for the animal."""
    inside = (0.12, 0.42, 0.05, 0.05)
    burst = [frame(one(FOX, score=0.9), one(FOX, (0.1, 0.4, 0.1, 0.09), 0.8), one(FOX, inside))]
    assert count_burst(burst, RULES) == BurstCount((TaxonCount(FOX, 1, 1, 1, 0.9, (0,)),), ((FOX, None, None),))


def test_the_count_is_the_most_seen_at_once() -> None:
    pair = frame(one(FOX), one(FOX, THERE))
    assert counts(frame(one(FOX)), pair, frame(one(FOX, BESIDE))) == {FOX: 2}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ([LYNX], "animal"),
        ([LYNX, "animal"], "animal"),
        ([LYNX, "Felidae"], "Felidae"),
        ([LYNX, LYNX], LYNX),
        ([FOX], FOX),
    ],
)
def test_a_rare_class_stands_when_enough_frames_agree(said: list[str], name: str) -> None:
    """Until then it is told by the name that so many frames support; it never vanishes, nor does a lone frame's."""
    rules = CountingRules(TAXA, {LYNX: 2})
    assert counts(*(frame(one(taxon, score=0.9 if taxon == LYNX else 0.3)) for taxon in said), rules=rules) == {name: 1}


def test_what_is_asked_of_a_family_is_asked_of_its_species() -> None:
    assert counts(frame(one(LYNX)), rules=CountingRules(TAXA, {"Felidae": 2})) == {"animal": 1}


def test_a_root_has_nothing_to_roll_up_to() -> None:
    rules = CountingRules(TAXA, {"animal": 3, PERSON: 3})
    assert counts(frame(one("animal"), one(PERSON, THERE)), rules=rules) == {"animal": 1, PERSON: 1}


def test_people_and_animals_are_reckoned_apart() -> None:
    """At one place, in one frame or in two: neither takes the other's name, box or count."""
    assert counts(frame(one(FOX), one(PERSON))) == {FOX: 1, PERSON: 1}
    assert counts(frame(one(FOX)), frame(one(PERSON))) == {FOX: 1, PERSON: 1}
    assert counts(frame(one("vehicle", (0.1, 0.1, 0.8, 0.8)), one(PERSON))) == {"vehicle": 1, PERSON: 1}


def test_a_count_is_certain_by_its_score_or_by_a_second_frame() -> None:
    """A weak box of one frame alone may be nothing; a strong one, or one seen twice, is there."""
    assert bounds(frame(one(FOX, score=0.7))) == {FOX: (0, 1, 1)}
    assert bounds(frame(one(FOX, score=0.8))) == {FOX: (1, 1, 1)}
    assert bounds(frame(one(FOX)), frame(one(FOX))) == {FOX: (1, 1, 1)}
    assert bounds(frame(one(FOX), one(FOX, THERE)), frame(one(FOX))) == {FOX: (1, 2, 2)}


def test_what_is_doubtful_may_be_one_more() -> None:
    """Unless it overlaps what is believed, or cannot be of that taxon; alone it is no count at all."""
    assert bounds(frame(one(FOX), doubtful=(one(FOX, THERE, 0.2),))) == {FOX: (0, 1, 2)}
    assert bounds(frame(one(FOX), doubtful=(one("animal", THERE, 0.2),))) == {FOX: (0, 1, 2)}
    assert bounds(frame(one(FOX), doubtful=(one(FOX, HERE, 0.2),))) == {FOX: (0, 1, 1)}
    assert bounds(frame(one(FOX), doubtful=(one("Aves", THERE, 0.2),))) == {FOX: (0, 1, 1)}
    assert bounds(frame(one(FOX), doubtful=(one(PERSON, THERE, 0.2),))) == {FOX: (0, 1, 1)}
    twice = (one(FOX, THERE, 0.2), one(FOX, (0.81, 0.4, 0.1, 0.1), 0.1))
    assert bounds(frame(one(FOX), doubtful=twice)) == {FOX: (0, 1, 2)}


def test_frames_that_are_gone_still_count() -> None:
    """What was counted in them is one frame more, of which no box is left."""
    gone = [TaxonCount(FOX, 2, 1, 3, 0.9, ())]
    assert count_burst([frame(one(FOX))], RULES, gone=gone).counts == (TaxonCount(FOX, 2, 1, 3, 0.9, (0,)),)
    assert count_burst([frame(one("animal"))], RULES, gone=gone).counts == (TaxonCount(FOX, 2, 1, 3, 0.9, ()),)
    assert count_burst([], RULES, gone=gone).counts == (TaxonCount(FOX, 2, 1, 3, 0.9, ()),)


def test_an_unknown_taxon_is_said() -> None:
    with pytest.raises(TaxonError, match="griffin"):
        count_burst([frame(one("griffin"))], RULES)


taxa = st.sampled_from([FOX, LYNX, "Felidae", "animal", PERSON, "vehicle"])
places = st.builds(lambda x, y, side: (x, y, side, side), *(st.floats(0, 0.7), st.floats(0, 0.7), st.floats(0.05, 0.3)))
detections = st.builds(one, taxa, places, st.floats(0, 1))
bursts = st.lists(
    st.builds(
        lambda found, doubtful: frame(*found, doubtful=tuple(doubtful)),
        st.lists(detections, max_size=5),
        st.lists(detections, max_size=3),
    ),
    max_size=4,
)


@given(bursts, st.dictionaries(taxa, st.integers(1, 4)))
def test_every_burst_has_counts_within_their_bounds(burst: list[DetectedFrame], agree: dict[str, int]) -> None:
    """0 <= low <= count <= high; no more of a kind than boxes of it; a burst with a box of a kind counts one of it."""
    rules = CountingRules(TAXA, agree, 0.8)
    count = count_burst(burst, rules)
    for each in count.counts:
        assert 0 <= each.count_low <= each.count <= each.count_high
        assert each.count >= 1
    for kind in ("animal", PERSON, "vehicle"):
        shown = [sum(rules.root(found.taxon) == kind for found in each.detections) for each in burst]
        counted = sum(each.count for each in count.counts if rules.root(each.taxon) == kind)
        assert (max(shown, default=0) > 0) == (counted > 0)
        assert counted <= sum(shown)
    for each, names in zip(burst, count.counted_as, strict=True):
        assert len(names) == len(each.detections)
        for found, name in zip(each.detections, names, strict=True):
            assert name is None or rules.root(name) == rules.root(found.taxon)


@given(bursts)
def test_no_doubtful_box_changes_a_count(burst: list[DetectedFrame]) -> None:
    without = [frame(*each.detections) for each in burst]
    assert counts(*burst) == counts(*without)
    assert count_burst(burst, RULES).counted_as == count_burst(without, RULES).counted_as
