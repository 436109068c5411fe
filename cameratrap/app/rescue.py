"""A burst that no index takes in: its pictures are made safe as files, which say everything that a row would.

The index may be damaged, or of a newer version. What is in the camera then is not lost with it: once there is an index
again, the sweep takes the files in from their own tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cameratrap.app.taking import burst_name, picture_tags
from cameratrap.domain.capture import BurstProfile
from cameratrap.errors import StoreError
from cameratrap.ports import Camera, Clock, Trigger
from cameratrap.store.card import RECORD, Deployment, sole_writer
from cameratrap.store.deployment import read_record
from cameratrap.store.exif import tagged
from cameratrap.store.media import PictureFolder


def rescue_burst(
    folder: Path,
    camera: Camera,
    trigger: Trigger,
    profile: BurstProfile,
    clock: Clock,
    *,
    deployment: Deployment,
    boot_id: str,
    serial: str,
    last_path: str | None = None,
) -> Sequence[str]:
    """Photograph ``trigger`` into DCIM without the index; returns the paths, durable when this returns.

    Each picture is durable before the next is taken. ``deployment`` is the trap's own, ``last_path`` the greatest path
    that the index was last known to have. Raises StoreError where the card cannot be written or is not for these
    pictures, DeviceError as the camera does, with what came before on the card.
    """
    name = _deployment_on(folder, deployment)
    saved = []
    with sole_writer(folder, "watch"):
        pictures = PictureFolder(folder, last_path)
        for frame in camera.capture_burst(trigger, profile):
            tags = picture_tags(
                frame,
                trigger,
                clock.quality(),
                burst=burst_name(trigger),
                deployment=name,
                boot_id=boot_id,
                serial=serial,
            )
            saved.append(pictures.save(tagged(frame.jpeg, tags)).path)
    return saved


def _deployment_on(folder: Path, own: Deployment) -> str:
    """The card's, where it tells. Raises StoreError where that is another station's or has ended."""
    path = folder / RECORD
    try:
        found = read_record(path) if path.is_file() else own
    except StoreError:  # as damaged as the index is: the files are the trap's own all the same
        return own.deployment
    if found.station != own.station:
        raise StoreError(f"{folder} is the card of station {found.station!r}", hint="the pictures were not added to it")
    if found.end is not None:
        raise StoreError(f"the deployment {found.deployment} has ended", hint="the pictures were not added to it")
    return found.deployment
