"""Taxa as keywords in a picture, by XMP (ISO 16684-1): what digiKam, Lightroom, camtrapR and exiftool read.

Three properties, because programs differ in the one they read: ``lr:hierarchicalSubject`` (``Species|Vulpes vulpes``),
``digiKam:TagsList`` (the same by slashes) and ``dc:subject`` (taxa alone). The packet is spliced into a JPEG as a
segment of its own (XMP part 3, section 1.1.3); everything else is copied byte for byte, so the picture stays what it
was. A packet that the picture brings along is kept, and added to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from cameratrap.errors import ImageError
from cameratrap.store.exif import segments

_HEADER = b"http://ns.adobe.com/xap/1.0/\x00"
_EXIF = b"Exif\x00\x00"
_MOST_BYTES = 0xFFFF - 2
_X = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_LR = "http://ns.adobe.com/lightroom/1.0/"
_DIGIKAM = "http://www.digikam.org/ns/1.0/"
_PREFIXES = {"x": _X, "rdf": _RDF, "dc": _DC, "lr": _LR, "digiKam": _DIGIKAM}
_EMPTY = f'<x:xmpmeta xmlns:x="{_X}"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
# What XML 1.0 has no way to write, and what divides the levels of a keyword.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_LEVELS = re.compile(r"[|/\\]")
# A packet is written by programs, not by hand: what defines its own entities is there to do harm.
_ENTITIES = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)

SPECIES = "Species"  # the level above a taxon, as camtrapR and most keyword lists have it
Keyword = Sequence[str]  # its levels, the widest first: ("Species", "Vulpes vulpes")


def xmp_packet(keywords: Iterable[Keyword], existing: str = "") -> bytes:
    """A packet with these keywords, beside what ``existing`` says. Raises ImageError where that cannot be read."""
    for prefix, space in _PREFIXES.items():
        ET.register_namespace(prefix, space)
    root = _parsed(existing)
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f".//{{{_RDF}}}RDF")
    if rdf is None:
        raise ImageError("the picture's own keywords cannot be read", why="its XMP holds no RDF")
    description = rdf.find(f"{{{_RDF}}}Description")
    if description is None:
        description = ET.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    levels = [[_level(level) for level in keyword] for keyword in keywords]
    _add(rdf, description, f"{{{_LR}}}hierarchicalSubject", "Bag", ["|".join(each) for each in levels])
    _add(rdf, description, f"{{{_DIGIKAM}}}TagsList", "Seq", ["/".join(each) for each in levels])
    _add(rdf, description, f"{{{_DC}}}subject", "Bag", [each[-1] for each in levels if each[0] == SPECIES])
    body = ET.tostring(root, encoding="unicode")
    text = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{body}\n<?xpacket end="w"?>'
    return text.encode()


def with_keywords(jpeg: bytes, keywords: Iterable[Keyword]) -> bytes:
    """The same JPEG with keywords. Raises ImageError for no JPEG, and for keywords that do not fit into a segment."""
    parts = list(segments(jpeg))
    existing = next((part[4 + len(_HEADER) :] for part in parts if _is_xmp(part)), b"")
    packet = _HEADER + xmp_packet(keywords, existing.decode("utf-8", "replace"))
    if len(packet) > _MOST_BYTES:
        raise ImageError("the keywords do not fit into the picture", why=f"{len(packet)} bytes, {_MOST_BYTES} at most")
    segment = b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet
    kept = [part for part in parts if not _is_xmp(part)]
    # JFIF and EXIF want to be first (JFIF 1.02; EXIF 2.32 section 4.5.4).
    at = next((n for n, part in enumerate(kept) if part[1] != 0xE0 and part[4:10] != _EXIF), len(kept))
    return b"\xff\xd8" + b"".join([*kept[:at], segment, *kept[at:]])


def _is_xmp(part: bytes) -> bool:
    return part[1] == 0xE1 and part[4 : 4 + len(_HEADER)] == _HEADER


def _parsed(existing: str) -> ET.Element:
    if _ENTITIES.search(existing):
        raise ImageError("the picture's own keywords are not read", why="its XMP defines entities")
    try:
        return ET.fromstring(existing.strip("\ufeff\x00 \r\n\t") or _EMPTY)  # noqa: S314 - without entities it is only text
    except ET.ParseError as error:
        raise ImageError("the picture's own keywords cannot be read", why=f"XMP: {error}") from error


def _level(text: str) -> str:
    """One level of a keyword: what would divide it further is a space."""
    plain = _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return " ".join(_LEVELS.sub(" ", plain).split()) or "unnamed"


def _add(rdf: ET.Element, description: ET.Element, name: str, kind: str, values: Sequence[str]) -> None:
    """Add values to a list, which may be in any of the packet's descriptions."""
    found = rdf.find(f"{{{_RDF}}}Description/{name}")
    holder = ET.SubElement(description, name) if found is None else found
    items = next(iter(holder), None)
    if items is None:
        items = ET.SubElement(holder, f"{{{_RDF}}}{kind}")
    present = {item.text for item in items}
    for value in dict.fromkeys(values):
        if value not in present:
            ET.SubElement(items, f"{{{_RDF}}}li").text = value
