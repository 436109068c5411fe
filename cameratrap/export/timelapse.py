"""The table that Timelapse (S. Greenberg, University of Calgary) reads with *File > Import data from a CSV file*.

It finds a picture by ``RelativePath`` and ``File`` as its own database has them, with Windows' backslashes, and sets
its fields; pictures that are not in its image set are passed over. It refuses a table with a column that its template
(.tdb) does not have, so the columns can be chosen; a template is the study's own and is not made here. ``DateTime`` is
local time as the camera told it. ``Species`` holds all taxa of the picture's sequence, ``Count`` the largest of their
counts: a picture has one row, because Timelapse takes further rows for copies of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError
from cameratrap.export.cells import csv_pieces
from cameratrap.export.chosen import EVERYTHING, chosen_sequences
from cameratrap.export.media_files import MediaFiles
from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project import Project
from cameratrap.store.project_read import StoredDeployment
from cameratrap.store.project_rows import MediaRow

# By these Timelapse finds a picture.
KEYS = ("File", "RelativePath")
# Each with the type of field that it wants in the template.
COLUMNS = {
    "DateTime": "DateTime, in every template",
    "DeleteFlag": "DeleteFlag, in every template",
    "Species": "Note, or MultiChoice with the taxa",
    "Count": "Counter",
    "Counts": "Note: each taxon with its count",
    "Blank": "Flag: somebody or the model has looked, and nothing is there",
    "Reviewed": "Flag: a person has looked",
    "ClassifiedBy": "Note: the model or the person",
    "Station": "Note",
    "Deployment": "Note",
    "Sequence": "Note: what one trigger took",
    "Event": "Counter",
    "Flagged": "Flag",
}


def timelapse_pieces(
    project: Project, folder: Path, columns: Sequence[str] = tuple(COLUMNS), selection: Selection = EVERYTHING
) -> Iterator[str]:
    """The table of a selection; ``folder`` is the one that Timelapse opens.

    Raises UsageError for a column that is none, and where a deployment's pictures lie outside the folder.
    """
    chosen = [column for column in columns if column not in KEYS]  # they are always there
    for column in chosen:
        if column not in COLUMNS:
            raise UsageError(f"there is no column {column}", hint=f"there are {', '.join(COLUMNS)}")
    return csv_pieces((*KEYS, *chosen), _rows(project, MediaFiles(project, folder), selection), exact=KEYS)


def _rows(project: Project, files: MediaFiles, selection: Selection) -> Iterator[dict[str, object]]:
    for deployment, sequence in chosen_sequences(project.connection, selection):
        said = _said(sequence)
        for media in sequence.media.values():
            file = PurePosixPath(files.name(deployment.row.root, media.path))
            yield {**said, **_place(file), **_of_media(media, deployment)}


def _place(file: PurePosixPath) -> dict[str, object]:
    return {"File": file.name, "RelativePath": "" if len(file.parts) == 1 else "\\".join(file.parent.parts)}


def _of_media(media: MediaRow, deployment: StoredDeployment) -> dict[str, object]:
    return {
        "DateTime": media.captured_at.strftime("%Y-%m-%d %H:%M:%S"),
        "DeleteFlag": False,
        "Station": deployment.row.station,
        "Deployment": deployment.row.deployment,
    }


def _said(sequence: ReadSequence) -> dict[str, object]:
    word = sequence.standing
    counts = {each.taxon: each.count for each in word.observations} if word else {}
    return {
        "Species": ",".join(sorted(counts)),
        "Count": max(counts.values(), default=0 if word else None),
        "Counts": "|".join(f"{taxon}={count}" for taxon, count in sorted(counts.items())),
        "Blank": word is not None and not counts,
        "Reviewed": word is not None and word.method == "human",
        "ClassifiedBy": word and word.classified_by,
        "Sequence": sequence.row.sequence,
        "Event": sequence.event,
        "Flagged": sequence.flagged,
    }
