"""Names of different ranks: what they say of one animal, and how many they say were there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.agreement import agreed_name, most_at_once
from cameratrap.resources import builtin_taxa

TAXA = builtin_taxa()
FOX, WOLF, BADGER, CANID = "Vulpes vulpes", "Canis lupus", "Meles meles", "Canidae"


@pytest.mark.parametrize(
    ("votes", "name"),
    [
        ([(FOX, 0.4)], FOX),
        ([(FOX, 0.9), ("animal", 0.8), ("animal", 0.7)], "animal"),
        ([(FOX, 0.9), (FOX, 0.8), ("animal", 0.7)], FOX),
        ([(FOX, 0.5), (WOLF, 0.5)], CANID),
        ([(FOX, 0.6), (WOLF, 0.5)], FOX),
        ([(FOX, 0.6), (WOLF, 0.5), (BADGER, 0.3)], CANID),
        ([(FOX, 0.5), (BADGER, 0.5)], "Carnivora"),
        ([(FOX, 0.5), ("Aves", 0.5)], "animal"),
        ([(CANID, 0.5), (FOX, 0.5)], CANID),
    ],
)
def test_the_finest_name_that_outweighs_the_rest(votes: list[tuple[str, float]], name: str) -> None:
    """A coarser word does not contradict a finer one, but only what outweighs all the rest is said."""
    assert agreed_name(votes, TAXA) == name


@pytest.mark.parametrize(
    ("frames", "counts"),
    [
        ([], {}),
        ([{}], {}),
        ([{FOX: 1}, {FOX: 2}], {FOX: 2}),
        ([{FOX: 1}, {"animal": 1}], {FOX: 1}),
        ([{FOX: 1, "animal": 1}], {FOX: 1, "animal": 1}),
        ([{FOX: 1}, {"animal": 3}], {FOX: 1, "animal": 2}),
        ([{FOX: 1}, {BADGER: 1}], {FOX: 1, BADGER: 1}),
        ([{FOX: 1}, {BADGER: 1}, {"animal": 2}], {FOX: 1, BADGER: 1}),
        ([{FOX: 1}, {CANID: 1}, {"Carnivora": 1}, {"animal": 1}], {FOX: 1}),
        ([{FOX: 1, WOLF: 1}, {CANID: 3}], {FOX: 1, WOLF: 1, CANID: 1}),
        ([{"animal": 1}, {"Homo sapiens": 1}], {"animal": 1, "Homo sapiens": 1}),
    ],
)
def test_a_name_never_doubles_a_count(frames: list[dict[str, int]], counts: dict[str, int]) -> None:
    """An unnamed animal is counted beside a named one only where both are seen at once."""
    assert most_at_once(frames, TAXA) == counts


some_frames = st.lists(
    st.dictionaries(st.sampled_from([FOX, WOLF, BADGER, CANID, "Carnivora", "animal"]), st.integers(1, 4), max_size=4),
    min_size=1,
    max_size=5,
)


@given(some_frames)
def test_the_total_is_at_least_what_any_frame_shows(frames: list[dict[str, int]]) -> None:
    """And no name's share is more than the frames that say it, or something below it, can bear."""
    counts = most_at_once(frames, TAXA)
    assert sum(counts.values()) >= max(sum(frame.values()) for frame in frames)
    for name, count in counts.items():
        below = max(
            sum(n for other, n in frame.items() if TAXA.resolve(name) in TAXA.lineage(other)) for frame in frames
        )
        assert 0 < count <= below


@given(some_frames, st.data())
def test_saying_less_never_counts_more(frames: list[dict[str, int]], data: st.DataObject) -> None:
    """A frame that calls an animal by a coarser name leaves the number of animals as it is, or lowers it."""
    coarser = [dict(frame) for frame in frames]
    frame = data.draw(st.sampled_from([frame for frame in coarser if frame] or [{"animal": 1}]))
    name = data.draw(st.sampled_from(sorted(frame)))
    above = data.draw(st.sampled_from([taxon.name for taxon in TAXA.lineage(name)]))
    frame[name] -= 1
    frame[above] = frame.get(above, 0) + 1
    assert sum(most_at_once(coarser, TAXA).values()) <= sum(most_at_once(frames, TAXA).values())


@given(some_frames)
def test_more_of_the_same_frames_change_nothing(frames: list[dict[str, int]]) -> None:
    assert most_at_once(frames * 2, TAXA) == most_at_once(frames, TAXA)
    assert most_at_once(frames[::-1], TAXA) == most_at_once(frames, TAXA)
