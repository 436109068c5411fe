"""Names that are safe in a package of files and in an address, and that lead back to what they name."""

from __future__ import annotations

import re
from urllib.parse import quote

# What would lead out of a folder, what file systems refuse, and the sign that unsafe characters are written with.
_UNSAFE_IN_PATH = re.compile(r"[%\x00-\x1f\x7f\\:*?\"<>|]|(?<=\.)\.|(?:^|(?<=/))[./~]|[. ](?=/|$)")
_UNSAFE_IN_NAME = re.compile(_UNSAFE_IN_PATH.pattern + "|/")


def safe_path(path: str) -> str:
    """A relative path, each unsafe character as %XX: no two paths become one."""
    return _UNSAFE_IN_PATH.sub(_escaped, path)


def safe_name(name: str) -> str:
    """The same for the name of one file or folder, in which a slash is unsafe, too."""
    return _UNSAFE_IN_NAME.sub(_escaped, name)


def media_path(deployment: str, path: str) -> str:
    """Where a deployment's picture lies in a package, by its path in the deployment."""
    return f"media/{safe_name(deployment)}/{safe_path(path)}"


def slug(title: str) -> str:
    """A short name for a package in small letters, digits and dashes; empty where a title has none."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def address(prefix: str, path: str) -> str:
    """The web address of a safe path below a prefix."""
    return f"{prefix.rstrip('/')}/{quote(path)}"


def _escaped(found: re.Match[str]) -> str:
    return quote(found.group(), safe="") if found.group() not in {".", "~"} else f"%{ord(found.group()):02X}"
