"""What `import` was asked, and what it tells of each path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.app.deploy import Position
    from cameratrap.app.import_card import Imported
    from cameratrap.app.positions_file import KeptPosition
    from cameratrap.store.project import Project

Problems = list[tuple[str, str]]
_OPTIONS = {"zone": "--timezone", "positions": "--position-file"}  # the others are called as they are here


@dataclass(frozen=True)
class Asked:
    """What `import` was asked to do with each path."""

    ctx: Context
    author: str
    deployment: str | None
    station: str | None
    session: str | None
    zone: timezone | None
    start: datetime | None
    end: datetime | None
    positions: list[KeptPosition]
    position: tuple[float, float] | None
    results: Path | None
    images: Path | None
    model: str | None
    classifier: str | None
    no_copy: bool
    no_detector: bool
    dry_run: bool

    @property
    def is_shown(self) -> bool:
        """Whether somebody looks at how far it is."""
        from cameratrap.cli.progress import is_shown

        return is_shown(hidden=self.ctx.quiet)

    def where(self, deployment: str, station: str) -> Position | None:
        """The position that was given for a deployment."""
        from cameratrap.app.deploy import Position
        from cameratrap.app.positions_file import position_of

        if self.position is not None:
            return Position(*self.position)
        return position_of(self.positions, deployment, station)


def refuse(asked: Asked, names: Sequence[str], what: str, *, hint: str) -> None:
    """Raises UsageError where an option was given that is not heard of such a source, rather than to drop it."""
    given = [_OPTIONS.get(name, f"--{name}") for name in names if getattr(asked, name)]
    if given:
        raise UsageError(what, why=f"{' and '.join(given)} would have no effect", hint=hint)


def row_of(project: Project, path: Path, imported: Imported) -> dict[str, object]:
    """One line of the table."""
    row = project.connection.execute("SELECT * FROM deployments WHERE id = ?", (imported.number,)).fetchone()
    media = project.connection.execute("SELECT COUNT(*) FROM media WHERE deployment = ?", (imported.number,))
    return {
        "deployment": row["deployment"],
        "station": row["station"],
        "from": str(path),
        "media": media.fetchone()[0],
        "new_media": imported.indexed.media,
        "new_sequences": len(imported.indexed.new),
        "new_words": imported.indexed.words + imported.human_words,
        "files": imported.files,
        "bytes": imported.size,
        "problems": len(imported.problems),
        "what": told(imported),
    }


def told(imported: Imported) -> str:
    """What came of it, in a word or two."""
    new = imported.indexed
    if not imported.is_known:
        return "new"
    if new.new or new.media or new.words or imported.human_words:
        return "continued"
    return "corrected" if new.moved else "nothing new"


def correct(project: Project, number: int, asked: Asked) -> None:
    """What the options say of a deployment stands over what its source says, as a correction of who imports it."""
    from cameratrap.app.project_corrections import Who, correct_deployment
    from cameratrap.cli.deploy_options import at_station
    from cameratrap.store.project_read import deployments

    stored = next(each for each in deployments(project.connection) if each.number == number)
    station = asked.station or stored.row.station
    where = asked.where(stored.row.deployment, station)
    given = {
        "station": asked.station,
        "session": asked.session,
        "start": asked.start and at_station(asked.start, stored.zone).isoformat(),
        "end": asked.end and at_station(asked.end, stored.zone).isoformat(),
        "latitude": where and where.latitude,
        "longitude": where and where.longitude,
        "coordinate_uncertainty": where and where.uncertainty_m,
    }
    detail = {name: value for name, value in given.items() if value is not None}
    correct_deployment(project, stored.row.deployment, detail, Who(asked.author, now()))


def now() -> datetime:
    """The moment an import is made, without what nobody can read."""
    return datetime.now(UTC).replace(microsecond=0)
