"""The media of a Camtrap DP package: where each lies, and whether everybody may see it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from cameratrap.domain.events import TriggerCause
from cameratrap.domain.package_names import address, media_path, safe_name, safe_path
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import TaxonError
from cameratrap.export.camtrap_dp_cells import Row
from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project_rows import MediaRow

_METHODS = {
    TriggerCause.PIR: "activityDetection", TriggerCause.MOTION: "activityDetection",
    TriggerCause.TIMELAPSE: "timeLapse",
}  # fmt: skip
_STATES = {
    "sealed": "sealed: only the owner of its key can open it",
    "removed": "removed on the trap, to protect people",
    "blurred": "made unrecognisable in part, to protect people",
}
_WEB = re.compile(r"https?://", re.IGNORECASE)


def capture_method(cause: TriggerCause) -> str | None:
    """The standard's word for what triggered; it has none for pictures taken by hand."""
    return _METHODS.get(cause)


def shows_people(sequence: ReadSequence, taxa: TaxaTable) -> bool:
    """Whether people or vehicles are on a sequence's pictures, as far as anybody knows: unseen ones may show some."""
    return sequence.standing is None or any(_is_person(taxa, each.taxon) for each in sequence.standing.observations)


def is_public(media: MediaRow, *, people: bool) -> bool:
    """Whether everybody may see a picture."""
    return not people and media.state == "present" and media.attributes.get("filePublic") is not False


def file_path(deployment: str, media: MediaRow, prefix: str) -> str:
    """Its address on the web, below ``prefix`` or where it came from; else where it lies in the package, if it does."""
    if prefix:
        return address(prefix, f"{safe_name(deployment)}/{safe_path(media.path)}")
    if _WEB.match(media.path) and ".." not in media.path:
        return media.path
    return media_path(deployment, media.path)


def media_cells(deployment: str, media: MediaRow, cause: TriggerCause, *, path: str, public: bool) -> Row:
    """One row of the table. What the standard's columns cannot hold of a picture is under its EXIF names."""
    attributes = media.attributes
    return {
        "mediaID": media.media,
        "deploymentID": deployment,
        "captureMethod": capture_method(cause),
        "timestamp": media.captured_at,
        "filePath": path,
        "filePublic": public,
        "fileName": attributes.get("fileName") or PurePosixPath(media.path).name,
        "fileMediatype": media.mediatype,
        "exifData": {**_exif(attributes.get("exifData")), **_measured(media)} or None,
        "favorite": attributes.get("favorite"),
        "mediaComments": attributes.get("mediaComments") or _STATES.get(media.state),
    }


def _is_person(taxa: TaxaTable, label: str) -> bool:
    try:
        return not taxa.is_animal(label)
    except TaxonError:
        return False


def _measured(media: MediaRow) -> dict[str, object]:
    found: dict[str, object] = {"ImageWidth": media.width, "ImageHeight": media.height, "FileSize": media.size}
    if fraction := media.captured_at.microsecond:
        found["SubSecTimeOriginal"] = f"{fraction:06}".rstrip("0")
    return {name: value for name, value in found.items() if value is not None}


def _exif(found: object) -> dict[str, object]:
    """What another program told of it, without the place: that is the deployment's to publish, or not."""
    return {name: value for name, value in found.items() if "GPS" not in name} if isinstance(found, dict) else {}
