"""Completing the name of a taxon from its beginning."""

from __future__ import annotations

from collections.abc import Collection

from cameratrap.domain.taxa import TaxaTable
from cameratrap.domain.taxon import name_key

MOST = 12


def completions(text: str, table: TaxaTable, own: Collection[str]) -> list[tuple[str, str]]:
    """Names that begin so, or have a word that does, each with its vernacular; at most ``MOST``, the best first.

    ``own`` are the taxa that stand somewhere already, of which the table need not have all. Nothing completes nothing.
    """
    typed = name_key(text)
    if not typed:
        return []
    found = {
        taxon.name: taxon.vernacular_en
        for taxon in table
        if any(_begins(name_key(name), typed) for name in taxon.names)
    }
    others = {name: "" for name in own if name not in table and _begins(name_key(name), typed)}
    return sorted((others | found).items(), key=lambda item: _rank(item, typed, own))[:MOST]


def _begins(key: str, typed: str) -> bool:
    return key.startswith(typed) or f" {typed}" in key


def _rank(item: tuple[str, str], typed: str, own: Collection[str]) -> tuple[bool, bool, bool, str]:
    """Exact names first, then what the project has, then what begins so as a whole."""
    keys = [name_key(name) for name in item if name]
    return typed not in keys, item[0] not in own, not any(key.startswith(typed) for key in keys), item[0]
