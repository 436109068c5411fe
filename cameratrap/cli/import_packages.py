"""What other programs hand over, into a project, for `import`: Camtrap DP packages and MegaDetector's results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.import_asked import Asked, Problems, correct, now, refuse
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.store.project import Project


_OF_DEPLOYMENTS = ("deployment", "station", "session", "zone", "start", "end", "position", "positions", "results",
                   "images", "model", "classifier")  # fmt: skip


def is_package(path: Path) -> bool:
    """Whether it is one that another program has written."""
    from cameratrap.app.import_camtrap_dp import is_camtrap_dp
    from cameratrap.app.import_megadetector import is_megadetector

    return is_camtrap_dp(path) or (path.is_file() and is_megadetector(path))


def import_one(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    """The lines of the table, and what belongs nowhere, each with why."""
    from cameratrap.app.import_camtrap_dp import is_camtrap_dp

    return (_camtrap_dp if is_camtrap_dp(path) else _megadetector)(project, path, asked)


def _megadetector(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    from cameratrap.app.import_megadetector import Placement, import_results
    from cameratrap.store.connection import transaction

    refuse(asked, ("results", "model", "classifier"), f"{path} is a MegaDetector file", hint="leave it out")
    placement = Placement(_minutes(asked), asked.deployment or "", asked.station or "", asked.session or "")
    images = asked.images or path.parent
    with transaction(project.connection):
        taken = import_results(project, path, images, placement, asked.ctx.taxa(), now=now())
        _correct(project, path, [*taken.deployments, *taken.known], asked)
    rows = [_row(project, name, path, "new") for name in taken.deployments]
    if rows:
        rows[0] |= {"new_media": taken.media, "new_sequences": taken.sequences, "new_words": taken.words}
    known = [_row(project, name, path, "nothing new") for name in taken.known]
    return [*rows, *known], list(taken.passed_over)


def _correct(project: Project, path: Path, names: Sequence[str], asked: Asked) -> None:
    from cameratrap.app.import_megadetector_own import told_before

    if asked.position and len(names) > 1:
        what = f"{path} has pictures of {len(names)} deployments, and --position is that of one"
        raise UsageError(what, hint="give their positions in a file: --position-file FILE")
    for stored in (told_before(project.connection, name) for name in names):
        if stored is not None:
            correct(project, stored.number, asked)


def _minutes(asked: Asked) -> int | None:
    offset = None if asked.zone is None else asked.zone.utcoffset(None)
    return None if offset is None else int(offset.total_seconds() // 60)


def _camtrap_dp(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    from cameratrap.app.import_camtrap_dp import import_package

    refuse(asked, _OF_DEPLOYMENTS, f"{path} is a Camtrap DP package", hint="correct it afterwards with `project set`")
    taken = import_package(
        project, path, asked.ctx.taxa(), imported_at=now(), copies=not asked.no_copy, dry_run=asked.dry_run
    )
    new = [_row(project, name, path, "new") for name in taken.deployments]
    if new:
        new[0] |= {"new_media": taken.media, "new_sequences": taken.sequences, "new_words": taken.words}
        new[0] |= {"files": taken.copied}
    return [*new, *(_row(project, name, path, "nothing new") for name in taken.known)], []


def _row(project: Project, name: str, path: Path, what: str) -> dict[str, object]:
    told = project.connection.execute(
        "SELECT d.*, (SELECT COUNT(*) FROM media m WHERE m.deployment = d.id) AS media FROM deployments d"
        " WHERE d.deployment = ?",
        (name,),
    ).fetchone()
    return {
        "deployment": name,
        "station": told["station"] if told else None,
        "from": str(path),
        "media": told["media"] if told else None,
        "new_media": None,
        "new_sequences": None,
        "new_words": None,
        "files": 0,
        "bytes": 0,
        "problems": 0,
        "what": what,
    }
