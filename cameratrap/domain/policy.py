"""What becomes of pictures that show people or vehicles. Whatever it is, they are counted, apart from the animals.

============  ==========================================================================================
``keep``      Nothing: the picture stays as it is.
``blur``      Their boxes are made unrecognisable in the picture on the card; all else in it stays.
``count``     The picture is removed from the card. Its time, its boxes and what was counted stay.
``discard``   All pictures of the burst are removed, since people whom one of them shows are likely in the others
              too, and so is all that is known of them but the burst's time and its counts.
============  ==========================================================================================

A doubtful box is never enough to remove a picture, which may be of an animal after all; it is blurred under any of
these but ``keep``. So is a box that the background speaks against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the configuration, which a process that only sends reads too, needs nothing but the four words
    from cameratrap.domain.detections import Detection
    from cameratrap.domain.taxa import TaxaTable


class Treatment(StrEnum):
    """What is done with a picture, the mildest first."""

    KEEP = "keep"
    BLUR = "blur"
    COUNT = "count"
    DISCARD = "discard"

    @property
    def strictness(self) -> int:
        """Its place among them."""
        return list(Treatment).index(self)


@dataclass(frozen=True, slots=True)
class PeoplePolicy:
    """The treatment of each class; a horse and its rider are people."""

    person: Treatment = Treatment.KEEP
    vehicle: Treatment = Treatment.KEEP

    def treatment_of(self, taxon: str, taxa: TaxaTable) -> Treatment:
        """What is done because of one detection. Raises TaxonError for a taxon that the table does not have."""
        if taxa.is_person(taxon):
            return self.person
        return self.vehicle if taxa.is_vehicle(taxon) else Treatment.KEEP

    @property
    def changes_pictures(self) -> bool:
        """Whether there is anything that is not kept as it is."""
        return {self.person, self.vehicle} != {Treatment.KEEP}


@dataclass(frozen=True, slots=True)
class ShownInPicture:
    """What one picture shows: the detections that are believed, and those that are not."""

    believed: Sequence[Detection]
    doubted: Sequence[Detection] = ()


def treatments(pictures: Sequence[ShownInPicture], policy: PeoplePolicy, taxa: TaxaTable) -> list[Treatment]:
    """What is done with each picture of one burst, the strictest that anything in it asks for."""
    each = [_of_picture(picture, policy, taxa) for picture in pictures]
    return [Treatment.DISCARD] * len(each) if Treatment.DISCARD in each else each


def _of_picture(picture: ShownInPicture, policy: PeoplePolicy, taxa: TaxaTable) -> Treatment:
    asked = [policy.treatment_of(found.taxon, taxa) for found in picture.believed]
    if any(policy.treatment_of(found.taxon, taxa) is not Treatment.KEEP for found in picture.doubted):
        asked.append(Treatment.BLUR)
    return max(asked, key=lambda treatment: treatment.strictness, default=Treatment.KEEP)
