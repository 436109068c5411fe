"""What a camera's own note in a picture says of its sequence: the layout of Reconyx HyperFire, by ExifTool's tables."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cameratrap.domain.events import TriggerCause

_HYPERFIRE = 0xF101
_WORDS = 0x29
_TRIGGER, _POSITION, _OF, _INFRARED = 0x06, 0x07, 0x08, 0x28
_CAUSES = {ord("M"): TriggerCause.PIR, ord("T"): TriggerCause.TIMELAPSE}


@dataclass(frozen=True, slots=True)
class CameraNote:
    """This picture is ``position`` of ``of`` that one trigger took; ``infrared``: its lamp was lit."""

    cause: TriggerCause
    position: int
    of: int
    infrared: bool

    def follows(self, before: CameraNote) -> bool:
        """Whether it is the next one of the same trigger."""
        return (self.cause, self.of, self.position) == (before.cause, before.of, before.position + 1)


def read_note(note: bytes) -> CameraNote | None:
    """The note of a HyperFire; None for any other camera's."""
    if len(note) < 2 * _WORDS:
        return None
    words = struct.unpack_from(f"<{_WORDS}H", note)
    cause = _CAUSES.get(words[_TRIGGER])
    if words[0] != _HYPERFIRE or cause is None:
        return None
    return CameraNote(cause, words[_POSITION], words[_OF], bool(words[_INFRARED]))
