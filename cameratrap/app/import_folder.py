"""A folder of another maker's camera as one deployment of a project: copied, placed in time, grouped by trigger."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cameratrap.app.card_copy import CopiedFile, check_room, copy_files, digest_on_disk, missing_bytes
from cameratrap.app.foreign_files import ForeignFile, sequences
from cameratrap.app.import_card import Imported
from cameratrap.app.project_nights import night_of
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.package_names import safe_name
from cameratrap.errors import StoreError, UsageError
from cameratrap.store.connection import transaction
from cameratrap.store.project import CARDS, Project
from cameratrap.store.project_clock import follow, offsets
from cameratrap.store.project_deployments import is_taken_name, settle_deployment, tell, told_as
from cameratrap.store.project_events import regroup
from cameratrap.store.project_rows import DeploymentRow, MediaRow, SequenceRow, add_media, add_sequence


@dataclass(frozen=True)
class FolderImport:
    """A folder on its way into a project, and what was found in it. ``name`` is what its deployment is to be called."""

    project: Project
    folder: Path
    name: str
    files: Sequence[ForeignFile]
    in_place: bool = False
    _hashes: dict[str, str] = field(default_factory=dict)

    def plan(self) -> Imported:
        """Where it goes. Raises UsageError where the name is another deployment's, or its clock is read otherwise."""
        is_known = is_taken_name(self.project.connection, self.name)
        if is_known:
            self._check_same()
            self._check_zone()
        copy = f"{CARDS}/{safe_name(self.name)}"
        is_copied = not self.in_place or (self.project.folder / copy).is_dir()
        root = copy if is_copied else str(self.folder.resolve())
        return Imported(self.name, root, is_known=is_known, is_copied=is_copied)

    def room(self, planned: Imported) -> int:
        """How many bytes are still to be copied. Raises StoreError where there is no room for them."""
        target = self.project.folder / planned.root
        needed = missing_bytes(self.folder, target, [file.path for file in self.files])
        check_room(target, needed)
        return needed

    def copy(self, planned: Imported) -> Iterator[CopiedFile]:
        """Copy what is not there yet, one file after the other."""
        target = self.project.folder / planned.root
        held: dict[str, str | None] = {row["path"]: row["sha256"] for row in self._held_media()}
        expected = {path: sha256 for path, sha256 in held.items() if sha256 is not None}
        for copied in copy_files(self.folder, target, [file.path for file in self.files], expected):
            if copied.sha256 is not None:
                self._hashes[copied.path] = copied.sha256
            elif copied.is_sound and copied.path not in held:  # an interrupted import has copied it
                self._hashes[copied.path] = digest_on_disk(target / copied.path)
            yield copied

    def take(self, planned: Imported, now: datetime) -> None:
        """Take over every file but those that could not be copied, all of it or nothing.

        Raises StoreError where none could. What the project has already still says which trigger new files belong to.
        """
        held = {row["path"] for row in self._held_media()}
        unread = {problem.path for problem in planned.problems} - held
        files = [file for file in self.files if file.path not in unread]
        connection = self.project.connection
        if not files:
            raise StoreError(f"no file of {self.folder} could be copied", why=planned.problems[0].why)
        with transaction(connection):
            planned.number = tell(connection, self._row(files, planned.root, now), identity=_IDENTITY)
            taking = _Taking(connection, planned, self._hashes)
            for group in sequences(files):
                taking.take(group)
            follow(connection, planned.number, planned.indexed.new)
            settle_deployment(connection, planned.number)
            if planned.indexed.regroups:
                regroup(connection, planned.number, is_night=night_of(connection, planned.number))

    def _row(self, files: Sequence[ForeignFile], root: str, now: datetime) -> DeploymentRow:
        times = [file.taken for file in files]
        offset = min(times).utcoffset()
        assert offset is not None  # noqa: S101 - read_files gives aware times only
        serials = Counter(file.serial for file in files if file.serial)
        return DeploymentRow(
            deployment=self.name,
            station=self.name,
            utc_offset_minutes=int(offset.total_seconds() // 60),
            start=min(times),
            end=max(times),
            source="folder",
            root=root,
            imported_at=now,
            setup={"cameraID": next(iter(serials))} if len(serials) == 1 else {},
        )

    def _check_same(self) -> None:
        """The folder that was imported as this deployment has grown; another one of the same name is another camera."""
        held = {str(row["path"]): row["bytes"] for row in self._held_media()}
        same = [file for file in self.files if held.get(file.path) == file.size]
        differ = [file for file in self.files if held.get(file.path, file.size) != file.size]
        if differ or not same:
            raise UsageError(
                f"the project has another deployment called {self.name!r}",
                why=f"its {differ[0].path} is another" if differ else "it has none of these files",
                hint="give this one a name of its own with --deployment NAME",
            )

    def _check_zone(self) -> None:
        """With another --timezone than the first time the new files would lie hours from the others."""
        number = self._number()
        moved = {} if number is None else offsets(self.project.connection, number)
        taken = {file.path: file.taken for file in self.files}
        for row in self._held_media():
            told = datetime.fromisoformat(row["captured_at"]) - moved.get(row["sequence"], timedelta(0))
            now = taken.get(row["path"], told)
            if abs(now - told) >= timedelta(seconds=1):
                raise UsageError(
                    f"{self.name} was imported with its clock read otherwise",
                    why=f"its {row['path']} is of {told.isoformat()} in the project, and would be of {now.isoformat()}",
                    hint="give the --timezone that it was imported with",
                )

    def _held_media(self) -> list[sqlite3.Row]:
        return self.project.connection.execute(
            "SELECT path, bytes, sha256, sequence, captured_at FROM media WHERE deployment = ?", (self._number(),)
        ).fetchall()

    def _number(self) -> int | None:
        known = told_as(self.project.connection, _IDENTITY)
        return next((number for number, name in known if name == self.name), None)


_IDENTITY = "folder"


class _Taking:
    """One reading of a folder; what the project has already is known by its path."""

    def __init__(self, connection: sqlite3.Connection, planned: Imported, hashes: Mapping[str, str]) -> None:
        self._connection, self._planned, self._hashes = connection, planned, hashes
        rows = connection.execute("SELECT path, sequence FROM media WHERE deployment = ?", (planned.number,))
        self._held = {str(row["path"]): int(row["sequence"]) for row in rows}
        self._offsets = offsets(connection, planned.number)

    def take(self, group: Sequence[ForeignFile]) -> None:
        """Take the files of one trigger; those that come late join the others, which are then looked at anew."""
        new = [file for file in group if file.path not in self._held]
        if not new:
            return
        known = next((self._held[file.path] for file in group if file.path in self._held), None)
        sequence = self._begin(group) if known is None else self._reopen(known, group)
        for file in new:
            self._add(sequence, file)

    def _begin(self, group: Sequence[ForeignFile]) -> int:
        cause = next((file.note.cause for file in group if file.note is not None), TriggerCause.PIR)
        row = SequenceRow(group[0].path, cause, group[0].taken, group[-1].taken, status="captured")
        sequence = add_sequence(self._connection, self._planned.number, row)
        self._planned.indexed.new.append(sequence)
        return sequence

    def _reopen(self, sequence: int, group: Sequence[ForeignFile]) -> int:
        moved = self._offsets.get(sequence)
        start, end = (time + moved if moved else time for time in (group[0].taken, group[-1].taken))
        self._connection.execute(
            "UPDATE sequences SET status = 'captured', start = ?, start_s = ?, end_s = ? WHERE id = ?",
            (start.isoformat(), start.timestamp(), end.timestamp(), sequence),
        )
        return sequence

    def _add(self, sequence: int, file: ForeignFile) -> None:
        moved = self._offsets.get(sequence)
        row = MediaRow(
            media=f"{self._planned.deployment}/{file.path}",
            path=file.path,
            captured_at=file.taken + moved if moved else file.taken,
            mediatype=file.mediatype,
            width=file.width,
            height=file.height,
            size=file.size,
            sha256=self._hashes.get(file.path),
            infrared=None if file.note is None else file.note.infrared,
        )
        add_media(self._connection, self._planned.number, sequence, row)
        self._planned.indexed.media += 1
