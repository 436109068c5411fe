"""What a project says of its deployments: as they were told first, and every correction since on top of that."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timezone
from difflib import get_close_matches

from cameratrap.domain.events import standard_zone
from cameratrap.errors import StoreError, UsageError
from cameratrap.store.project_corrections import Correction, add_correction, corrections
from cameratrap.store.project_read import StoredDeployment, deployments
from cameratrap.store.project_rows import DeploymentRow, add_deployment

# What may be corrected of a deployment, by the columns' own names.
FIELDS = (
    "deployment", "station", "session", "start", "end", "latitude", "longitude", "coordinate_uncertainty", "setup",
)  # fmt: skip
Facts = Mapping[str, object]


def find_deployment(connection: sqlite3.Connection, name: str) -> StoredDeployment | None:
    """The deployment of this name."""
    return next((each for each in deployments(connection) if each.row.deployment == name), None)


def named_deployment(connection: sqlite3.Connection, name: str) -> StoredDeployment:
    """The same. Raises UsageError where there is none."""
    found = find_deployment(connection, name)
    if found is None:
        near = get_close_matches(name, [each.row.deployment for each in deployments(connection)], n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        hint = f"{meant}`cameratrap project show` lists them"
        raise UsageError(f"the project has no deployment {name!r}", hint=hint)
    return found


def tell(connection: sqlite3.Connection, row: DeploymentRow, *, identity: str = "") -> int:
    """Say what a deployment is, as its source has it, within the caller's transaction; returns its number.

    One that was told before, under the name it had then, is told anew: what was corrected in the project stays so.
    ``identity`` is what its source knows it by.
    """
    found = connection.execute(
        "SELECT o.deployment FROM origins o JOIN deployments d ON d.id = o.deployment"
        " WHERE ? IN (o.name, d.deployment) ORDER BY d.deployment = ? DESC",
        (row.deployment, row.deployment),
    ).fetchone()
    number = add_deployment(connection, row) if found is None else int(found["deployment"])
    connection.execute(
        "INSERT INTO origins (deployment, name, identity, facts) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (deployment) DO UPDATE SET facts = excluded.facts",
        (number, row.deployment, identity, json.dumps(facts(row), ensure_ascii=False)),
    )
    connection.execute(
        "UPDATE deployments SET root = ?, made_with = ? WHERE id = ?",
        (row.root, json.dumps(dict(row.made_with), ensure_ascii=False, sort_keys=True), number),
    )
    settle_deployment(connection, number)
    return number


def told_as(connection: sqlite3.Connection, identity: str) -> list[tuple[int, str]]:
    """Number and first name of the deployments that a source of this identity has told of."""
    rows = connection.execute(
        "SELECT deployment, name FROM origins WHERE identity = ? ORDER BY deployment", (identity,)
    )
    return [(int(row["deployment"]), str(row["name"])) for row in rows]


def is_taken_name(connection: sqlite3.Connection, name: str) -> bool:
    """Whether a deployment has, or had first, this name."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM deployments WHERE deployment = ?)"
        " OR EXISTS (SELECT 1 FROM origins WHERE name = ?)",
        (name, name),
    ).fetchone()
    return bool(row[0])


def facts(row: DeploymentRow) -> dict[str, object]:
    """What may be corrected of a row, as JSON has it.

    Nobody says when the deployment of a folder of pictures began: it is as long as its pictures, wherever they move.
    """
    told = {name: getattr(row, name) for name in FIELDS}
    span: tuple[str | None, str | None] = (row.start.isoformat(), row.end.isoformat())
    start, end = (None, None) if row.source == "folder" else span
    return {**told, "start": start, "end": end, "setup": dict(row.setup)}


def corrected(connection: sqlite3.Connection, number: int) -> dict[str, object]:
    """What stands of a deployment. A correction of the setup is of the names that it has."""
    told = _origin(connection, number)
    for each in corrections(connection, number):
        if each.kind == "deployment" and each.undone_at is None:
            told = with_correction(told, each.detail)
    return told


def _origin(connection: sqlite3.Connection, number: int) -> dict[str, object]:
    """What was told first; of a deployment that another program's package told of, what it says now."""
    found = connection.execute("SELECT facts FROM origins WHERE deployment = ?", (number,)).fetchone()
    if found is None:
        row = next(each.row for each in deployments(connection) if each.number == number)
        connection.execute(
            "INSERT INTO origins (deployment, name, identity, facts) VALUES (?, ?, '', ?)",
            (number, row.deployment, json.dumps(facts(row), ensure_ascii=False)),
        )
        return facts(row)
    told: dict[str, object] = json.loads(found["facts"])
    return told


def with_correction(told: Facts, detail: Facts) -> dict[str, object]:
    """The facts with one correction on top."""
    setup = {**_names(told["setup"]), **_names(detail.get("setup"))}
    return {**told, **detail, "setup": {name: value for name, value in setup.items() if value is not None}}


def correct(connection: sqlite3.Connection, number: int, detail: Facts, *, author: str, made_at: datetime) -> int:
    """Correct what a deployment is, within the caller's transaction; returns the correction's number."""
    made = add_correction(connection, number, "deployment", detail, author=author, made_at=made_at)
    settle_deployment(connection, number)
    return made


def take_back(connection: sqlite3.Connection, found: Correction, *, author: str, made_at: datetime) -> None:
    """What a deployment was before a correction, if nothing since has corrected the same; within a transaction."""
    add_correction(connection, found.deployment, "deployment", {}, author=author, made_at=made_at, undoes=found.number)
    settle_deployment(connection, found.deployment)


def settle_deployment(connection: sqlite3.Connection, number: int) -> None:
    """Write what stands into the deployment's row. Raises StoreError where it would end before it begins."""
    told = corrected(connection, number)
    row = connection.execute("SELECT * FROM deployments WHERE id = ?", (number,)).fetchone()
    first, last = _media_span(connection, number, standard_zone(row["utc_offset_minutes"]))
    told["start"] = told["start"] or first or row["start"]
    told["end"] = told["end"] or last or row["end"]
    if datetime.fromisoformat(str(told["end"])) < datetime.fromisoformat(str(told["start"])):
        raise StoreError(
            f"{told['deployment']} cannot end at {told['end']}",
            why=f"it begins at {told['start']}",
            hint="correct --start and --end together",
        )
    told["setup"] = json.dumps(told["setup"], ensure_ascii=False, sort_keys=True)
    marks = ", ".join(f"{name} = ?" for name in FIELDS)
    values = [told[name] for name in FIELDS]
    connection.execute(f"UPDATE deployments SET {marks} WHERE id = ?", (*values, number))


def _media_span(connection: sqlite3.Connection, number: int, zone: timezone) -> tuple[str | None, str | None]:
    row = connection.execute(
        "SELECT MIN(captured_s) AS first, MAX(captured_s) AS last FROM media WHERE deployment = ?", (number,)
    ).fetchone()
    if row["first"] is None:
        return None, None
    first, last = (datetime.fromtimestamp(row[name], zone) for name in ("first", "last"))
    return first.isoformat(), last.isoformat()


def _names(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}
