"""Whether a folder will be a trap's card when the machine starts by itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cameratrap.store.card import RECORD

FSTAB = Path("/etc/fstab")
UNITS = Path("/etc/systemd/system")


def card_doubts(card: Path, fstab: Path = FSTAB, units: Path = UNITS) -> Sequence[str]:
    """What a person should know before a service is left alone with this folder, an absolute path."""
    if not card.is_dir():
        return [f"there is no folder {card}: mount the card, and set it up with `cameratrap deploy`"]
    doubts = []
    if not (card / RECORD).is_file():
        doubts.append(f"{card} is no card yet: `cameratrap deploy` makes it one and says how the camera hangs")
    mount = mount_of(card)
    if mount != Path("/") and not _is_mounted_at_boot(mount, fstab, units):
        line = f"UUID=... {mount} ext4 defaults,noatime,nofail 0 2"
        doubts.append(f"nothing in {fstab} mounts {mount} at boot, and the service waits for it: add `{line}` there")
    return doubts


def mount_of(folder: Path) -> Path:
    """Where the medium is mounted that a folder is on."""
    return next(each for each in (folder.resolve(), *folder.resolve().parents) if os.path.ismount(each))


def _is_mounted_at_boot(mount: Path, fstab: Path, units: Path) -> bool:
    try:
        lines = [line.split() for line in fstab.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        lines = []
    named = {
        fields[1].replace("\\040", " ")
        for fields in lines
        if len(fields) >= 4 and not fields[0].startswith("#") and "noauto" not in fields[3].split(",")
    }
    # systemd names a mount's unit after its path; one whose name needs more than the slashes replaced is not found.
    unit = units / (str(mount).strip("/").replace("/", "-") + ".mount")
    return str(mount) in named or unit.is_file()
