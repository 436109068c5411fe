"""What is done with the pictures of a burst, by what they show."""

from __future__ import annotations

import pytest

from cameratrap.domain.detections import BBox, Detection
from cameratrap.domain.policy import PeoplePolicy, ShownInPicture, Treatment, treatments
from cameratrap.resources import builtin_taxa

TAXA = builtin_taxa()
KEEP, BLUR, COUNT, DISCARD = Treatment
FOX, PERSON, VEHICLE = "Vulpes vulpes", "Homo sapiens", "vehicle"


def shown(*believed: str, doubted: tuple[str, ...] = ()) -> ShownInPicture:
    def found(taxon: str) -> Detection:
        return Detection(taxon, taxon, 0.5, BBox(0, 0, 1, 1))

    return ShownInPicture([found(taxon) for taxon in believed], [found(taxon) for taxon in doubted])


@pytest.mark.parametrize("asked", Treatment)
def test_each_class_has_its_own_treatment(asked: Treatment) -> None:
    """People, also on horseback, by theirs; vehicles by theirs; an animal is never treated."""
    pictures = [shown(FOX), shown(PERSON), shown("horse and rider", FOX), shown(VEHICLE)]
    alone = [treatments([each], PeoplePolicy(person=asked), TAXA)[0] for each in pictures]
    assert alone == [KEEP, asked, asked, KEEP]
    alone = [treatments([each], PeoplePolicy(vehicle=asked), TAXA)[0] for each in pictures]
    assert alone == [KEEP, KEEP, KEEP, asked]


def test_the_strictest_that_a_picture_asks_for_is_done() -> None:
    policy = PeoplePolicy(person=BLUR, vehicle=COUNT)
    assert treatments([shown(PERSON, VEHICLE), shown(PERSON), shown()], policy, TAXA) == [COUNT, BLUR, KEEP]


def test_a_burst_is_discarded_whole() -> None:
    """A person whom one picture shows is likely in its neighbours, where nobody found one."""
    assert treatments([shown(), shown(PERSON), shown(FOX)], PeoplePolicy(person=DISCARD), TAXA) == [DISCARD] * 3


@pytest.mark.parametrize("asked", [BLUR, COUNT, DISCARD])
def test_a_doubtful_person_is_blurred_and_costs_no_picture(asked: Treatment) -> None:
    assert treatments([shown(FOX, doubted=(PERSON,)), shown()], PeoplePolicy(person=asked), TAXA) == [BLUR, KEEP]
    assert treatments([shown(doubted=(PERSON,))], PeoplePolicy(vehicle=asked), TAXA) == [KEEP]


def test_only_the_default_changes_nothing() -> None:
    assert not PeoplePolicy().changes_pictures
    assert PeoplePolicy(vehicle=BLUR).changes_pictures
    assert sorted(Treatment, key=lambda treatment: treatment.strictness) == [KEEP, BLUR, COUNT, DISCARD]
