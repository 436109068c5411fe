"""Scores become the finest taxon that they support, and never one beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.resources import builtin_taxa
from cameratrap.vision.rollup import Named, RollUp
from cameratrap.vision.specs import Label

TAXA = builtin_taxa()
THRESHOLD = 0.6
SPECIES = ["Athene cunicularia", "Bubo virginianus", "Corvus corax", "Pica pica", "Turdus merula", "Columba palumbus"]
# The model has two classes more, which mean nothing here: 0 and 7.
LABELS = {place: Label(f"the {name}", name, THRESHOLD) for place, name in enumerate(SPECIES, start=1)}
CLASSES = 8

some_scores = st.lists(st.floats(0, 1), min_size=CLASSES, max_size=CLASSES).map(
    lambda raw: np.array(raw) / max(sum(raw), 1.0)
)


def named(known: str = "Aves", **scores: float) -> Named | None:
    """``scores`` by the first letters of a species."""
    of_classes = np.zeros(CLASSES)
    for start, score in scores.items():
        (index,) = [index for index, label in LABELS.items() if label.taxon.startswith(start)]
        of_classes[index] = score
    return RollUp(LABELS, TAXA, score_threshold=THRESHOLD).name(of_classes, known)


def test_a_species_that_reaches_its_threshold_is_named() -> None:
    assert named(Athene=0.7, Corvus=0.2) == Named("Athene cunicularia", "the Athene cunicularia", 0.7)


@pytest.mark.parametrize(
    ("scores", "taxon"),
    [
        ({"Athene": 0.4, "Bubo": 0.3}, "Strigidae"),
        ({"Corvus": 0.4, "Pica": 0.4}, "Corvidae"),
        ({"Corvus": 0.3, "Pica": 0.2, "Turdus": 0.3}, "Passeriformes"),
    ],
)
def test_relatives_that_share_a_score_make_their_common_taxon(scores: dict[str, float], taxon: str) -> None:
    found = named(**scores)
    assert found is not None
    assert (found.taxon, found.support) == (taxon, pytest.approx(sum(scores.values())))
    assert found.label.removeprefix("the ").startswith(max(scores, key=lambda name: scores[name]))


def test_what_all_labels_have_in_common_is_no_finding() -> None:
    """A classifier of birds says bird of everything it is shown."""
    assert named(Athene=0.3, Columba=0.3, Turdus=0.4) is None
    assert named("animal", Athene=0.3, Columba=0.3, Turdus=0.4) is None


def test_what_the_model_means_by_other_classes_supports_nothing() -> None:
    scores = np.zeros(CLASSES)
    scores[[0, 7]] = 0.5
    assert RollUp(LABELS, TAXA, score_threshold=THRESHOLD).name(scores, "Aves") is None


@pytest.mark.parametrize("known", ["Corvidae", "Mammalia", "Athene cunicularia"])
def test_what_is_known_already_is_only_made_finer(known: str) -> None:
    """Neither contradicted nor repeated."""
    assert named(known, Athene=0.9) is None


def test_a_species_has_its_own_threshold() -> None:
    strict = LABELS | {1: Label("the owl", "Athene cunicularia", 0.95)}
    scores = np.zeros(CLASSES)
    scores[1] = 0.9
    found = RollUp(strict, TAXA, score_threshold=THRESHOLD).name(scores, "Aves")
    assert found is not None
    assert found.taxon == "Strigidae"


@given(some_scores)
def test_whatever_the_scores_what_is_named_holds_more_than_its_threshold(scores: np.ndarray) -> None:
    """And whatever lies below it holds less, so that nothing finer could be said."""
    support: dict[str, float] = {}
    for index, label in LABELS.items():
        for taxon in TAXA.lineage(label.taxon):
            support[taxon.name] = support.get(taxon.name, 0.0) + scores[index]
    found = RollUp(LABELS, TAXA, score_threshold=THRESHOLD).name(scores, "Aves")
    below_birds = {name for name in support if "Aves" in [taxon.name for taxon in TAXA.lineage(name)][1:]}
    supported = {name for name in below_birds if support[name] > THRESHOLD + 1e-9}
    if found is None:
        assert not supported
        return
    assert support[found.taxon] >= THRESHOLD - 1e-9
    assert not {name for name in supported if found.taxon in [taxon.name for taxon in TAXA.lineage(name)][1:]}
