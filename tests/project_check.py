"""What follows from the words of a project, worked out a second time in plain Python from the rows that were added."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping


def derived(connection: sqlite3.Connection) -> dict[str, object]:
    """What ``sequences``, ``events`` and ``event_taxa`` say."""
    return {
        "sequences": [tuple(row) for row in connection.execute("SELECT id, standing, machine, flagged FROM sequences")],
        "events": [
            tuple(row)
            for row in connection.execute(
                "SELECT id, taxa, machine_taxa, count, score, state, is_blank, flagged FROM events"
            )
        ],
        "event_taxa": sorted(
            tuple(row)
            for row in connection.execute("SELECT event, taxon, count, state, flagged, is_night, hour FROM event_taxa")
        ),
    }


def worked_out(connection: sqlite3.Connection) -> dict[str, object]:
    """What they should say, by nothing but words, observations, flags and undos."""
    said, people, flagged = _said(connection)
    seen, scores = _seen(connection)
    sequences, members = [], defaultdict(list)
    for row in connection.execute("SELECT id, event FROM sequences"):
        machine = said[row["id"]].get("machine")
        sequences.append((row["id"], said[row["id"]].get("human", machine), machine, flagged.get(row["id"], 0)))
        members[row["event"]].append(sequences[-1])
    events, event_taxa = [], []
    for row in connection.execute("SELECT * FROM events"):
        of = members[row["id"]]
        taxa = _most(seen[standing] for _, standing, _, _ in of)
        machine_taxa = {taxon for _, _, machine, _ in of for taxon in seen[machine]}
        best = max((score for _, _, machine, _ in of for score in scores[machine]), default=None)
        state = _state([standing for _, standing, _, _ in of], people)
        is_blank = int(all(standing is not None for _, standing, _, _ in of) and not taxa)
        is_flagged, count = max(flag for *_, flag in of), max(taxa.values(), default=0)
        joined, by_machine = "|".join(sorted(taxa)), "|".join(sorted(machine_taxa))
        events.append((row["id"], joined, by_machine, count, best, state, is_blank, is_flagged))
        event_taxa += [(row["id"], t, n, state, is_flagged, row["is_night"], row["hour"]) for t, n in taxa.items()]
    return {"sequences": sequences, "events": events, "event_taxa": sorted(event_taxa)}


def _said(connection: sqlite3.Connection) -> tuple[defaultdict[int, dict[str, int]], set[int], dict[int, int]]:
    """The newest words of each sequence by method, which words are people's, and what flags stand."""
    undone = {row["action"]: row["undone"] for row in connection.execute("SELECT * FROM undos ORDER BY id")}
    words = connection.execute("SELECT * FROM words ORDER BY id").fetchall()
    said: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in words:
        if not undone.get(row["action"]):
            said[row["sequence"]][row["method"]] = row["id"]
    flags = connection.execute("SELECT * FROM flags ORDER BY id")
    flagged = {row["sequence"]: row["flagged"] for row in flags if not undone.get(row["action"])}
    return said, {row["id"] for row in words if row["method"] == "human"}, flagged


def _seen(
    connection: sqlite3.Connection,
) -> tuple[defaultdict[int | None, defaultdict[str, int]], defaultdict[int | None, list[float]]]:
    """How many of each taxon every word tells, and its scores."""
    seen: defaultdict[int | None, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    scores: defaultdict[int | None, list[float]] = defaultdict(list)
    for row in connection.execute("SELECT * FROM observations"):
        seen[row["word"]][row["taxon"]] += row["count"]
        scores[row["word"]] += [] if row["score"] is None else [row["score"]]
    return seen, scores


def _most(sequences: Iterable[Mapping[str, int]]) -> dict[str, int]:
    most: dict[str, int] = {}
    for counts in sequences:
        most |= {taxon: max(count, most.get(taxon, 0)) for taxon, count in counts.items()}
    return most


def _state(standing: list[int | None], people: set[int]) -> str:
    by_people = sum(word in people for word in standing)
    if by_people:
        return "verified" if by_people == len(standing) else "partly"
    return "unlooked" if set(standing) == {None} else "machine"
