"""Taxa that a project knows by another program's word, or better than the built-in table does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping


def told_taxa(connection: sqlite3.Connection) -> dict[str, dict[str, object]]:
    """Scientific name -> what was told of it, by Camtrap DP's names of the list of taxa."""
    rows = connection.execute("SELECT taxon, attributes FROM taxa ORDER BY taxon")
    return {row["taxon"]: json.loads(row["attributes"]) for row in rows}


def tell_taxa(connection: sqlite3.Connection, taxa: Mapping[str, Mapping[str, object]]) -> None:
    """Remember what was told, within the caller's transaction. Who told first is not contradicted."""
    connection.executemany(
        "INSERT INTO taxa (taxon, attributes) VALUES (?, ?) ON CONFLICT (taxon) DO NOTHING",
        [(name, json.dumps(dict(told), ensure_ascii=False, sort_keys=True)) for name, told in taxa.items()],
    )


def standing_taxa(connection: sqlite3.Connection) -> set[str]:
    """Every taxon that stands anywhere, found by stepping through the index from one to the next."""
    rows = connection.execute(
        """WITH RECURSIVE own (taxon) AS (
            SELECT MIN(taxon) FROM event_taxa UNION ALL
            SELECT (SELECT MIN(taxon) FROM event_taxa e WHERE e.taxon > own.taxon) FROM own WHERE own.taxon IS NOT NULL)
        SELECT taxon FROM own WHERE taxon IS NOT NULL"""
    )
    return {row["taxon"] for row in rows}
