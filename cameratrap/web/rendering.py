"""Templates to HTML. Everything is escaped; what somebody else wrote goes through ``plain`` besides."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cameratrap.domain.taxa import TaxaTable
from cameratrap.domain.taxon import Taxon
from cameratrap.web.missing import why_missing
from cameratrap.web.text import plain

TEMPLATES = Path(__file__).with_name("templates")
_LATIN = frozenset({"genus", "species", "subspecies"})  # ranks whose names are set in italics
_STATES = {
    "unlooked": ("\u00b7", "nobody has looked"),
    "machine": ("\u25cb", "unverified: a model's word"),
    "partly": ("\u25d0", "partly verified"),
    "verified": ("\u2713", "verified"),
}


def make_environment(taxa: TaxaTable) -> Environment:
    """The templates, and what they say things with. ``taxa`` knows the common names."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "plain": plain,
        "moment": _moment,
        "minute": _minute,
        "day": lambda at: f"{at:%Y-%m-%d}",
        "units": lambda length: f"{length:.1f}",
        "percent": _percent,
        "state_sign": lambda state: _STATES[state][0],
        "state_words": lambda state: _STATES[state][1],
        "why_missing": why_missing,
        "event_url": event_url,
        "frame_url": frame_url,
        "vernacular": lambda name: vernacular(taxa, name),
    }
    environment.tests |= {
        "scientific": lambda name: is_latin(taxa, name),
        "missing": lambda frame: bool(why_missing(frame.state)),
        "clip": lambda frame: frame.mediatype.startswith("video/"),
    }
    return environment


def event_url(event: int, query: str) -> str:
    """Where an event is looked at, as one of a selection."""
    return f"/event/{event}" + (f"?{query}" if query else "")


def frame_url(media: int, event: int, query: str) -> str:
    """The same with that picture large."""
    return f"/event/{event}/{media}" + (f"?{query}" if query else "")


def vernacular(taxa: TaxaTable, name: str) -> str:
    """The common name, empty where there is none or it is the same."""
    taxon = _known(taxa, name)
    return "" if taxon is None or taxon.vernacular_en == name else taxon.vernacular_en


def is_latin(taxa: TaxaTable, name: str) -> bool:
    """Whether a name is one that is set in italics."""
    taxon = _known(taxa, name)
    return taxon is not None and taxon.rank in _LATIN


def _known(taxa: TaxaTable, name: str) -> Taxon | None:
    return taxa.resolve(name) if name in taxa else None


def _moment(at: datetime) -> str:
    """As the station's clock showed it: a reader compares it with the picture's own stamp."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _percent(fraction: float) -> str:
    return f"{100 * min(1.0, max(0.0, fraction)):.2f}%"
