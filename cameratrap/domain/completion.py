"""Completing the name of a taxon from its beginning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cameratrap.domain.taxa import TaxaTable
from cameratrap.domain.taxon import name_key

MOST = 12


@dataclass(frozen=True, slots=True)
class Completable:
    """A name that can be completed, by any of its ``keys`` (``name_key``). ``is_own``: the taxon stands somewhere."""

    name: str
    vernacular: str
    keys: tuple[str, ...]
    is_own: bool


def completable(table: TaxaTable, own: Collection[str]) -> list[Completable]:
    """All names there are: those of the table, and of ``own``, the taxa that stand somewhere, what it has not."""
    known = [
        Completable(taxon.name, taxon.vernacular_en, tuple(map(name_key, taxon.names)), taxon.name in own)
        for taxon in table
    ]
    return known + [Completable(name, "", (name_key(name),), is_own=True) for name in own if name not in table]


def completions(text: str, table: TaxaTable, own: Collection[str]) -> list[tuple[str, str]]:
    """Names that begin so, or have a word that does, each with its vernacular; at most ``MOST``, the best first.

    The page ranks alike (web/static/taxa.js). Nothing completes nothing.
    """
    typed = name_key(text)
    if not typed:
        return []
    found = [each for each in completable(table, own) if any(_begins(key, typed) for key in each.keys)]
    return [(each.name, each.vernacular) for each in sorted(found, key=lambda each: _rank(each, typed))[:MOST]]


def _begins(key: str, typed: str) -> bool:
    return key.startswith(typed) or f" {typed}" in key


def _rank(each: Completable, typed: str) -> tuple[bool, bool, bool, str]:
    """Exact names first, then what the project has, then what begins so as a whole."""
    keys = [name_key(name) for name in (each.name, each.vernacular) if name]
    return typed not in keys, not each.is_own, not any(key.startswith(typed) for key in keys), each.name
