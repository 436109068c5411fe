"""Putting a trap's units where systemd reads them, taking them away again, and saying how they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cameratrap.app.service_units import MARK, PREFIX, Unit
from cameratrap.errors import StoreError
from cameratrap.store.durable import remove_durably, write_durably


class ServiceManager(Protocol):
    """systemd, as far as it is needed here. Each raises DeviceError where it does not run."""

    def reload(self) -> None: ...
    def enable(self, names: Sequence[str]) -> None: ...
    def start(self, names: Sequence[str]) -> None: ...
    def disable(self, names: Sequence[str]) -> None: ...
    def show(self, names: Sequence[str]) -> list[dict[str, str]]: ...


@dataclass(frozen=True, slots=True)
class UnitState:
    """How a unit is. ``ok``: as it should be on a trap that works."""

    unit: str
    installed: bool
    enabled: str
    state: str
    result: str
    restarts: int | None
    ok: bool


def install(units: Sequence[Unit], folder: Path, manager: ServiceManager, *, start: bool = False) -> list[str]:
    """Write the units and have systemd start them at each boot; with ``start`` also now.

    Units of ours that this trap does not need any more are taken away. Returns their names. Raises StoreError where
    something of another hand is in the way, before anything is written, or where it cannot be written.
    """
    manager.reload()  # where systemd does not run, nothing is written
    for unit in units:
        path = folder / unit.name
        if path.exists() and not _is_ours(path):
            raise StoreError(f"{path} was not made by `service install`", hint="move it away, if it is not needed")
    needed = {unit.name for unit in units}
    stale = [name for name in installed(folder) if name not in needed]
    _take_away(stale, folder, manager)
    try:
        for unit in units:
            write_durably(folder / unit.name, unit.text.encode())
    except OSError as error:
        raise _cannot_write(folder, error) from error
    manager.reload()
    manager.enable([unit.name for unit in units if unit.enable])
    if start:
        manager.start([unit.name for unit in units if unit.start])
    return stale


def uninstall(folder: Path, manager: ServiceManager) -> list[str]:
    """Stop our units and take them away; returns their names, none where there are none. Raises StoreError."""
    names = installed(folder)
    _take_away(names, folder, manager)
    if names:
        manager.reload()
    return names


def installed(folder: Path) -> list[str]:
    """The names of our units in ``folder``."""
    found = (path for path in folder.glob(f"{PREFIX}*") if path.suffix in (".service", ".timer"))
    return sorted(path.name for path in found if _is_ours(path))


def _take_away(names: Sequence[str], folder: Path, manager: ServiceManager) -> None:
    manager.disable(names)
    try:
        for name in names:
            remove_durably(folder / name)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> StoreError:
    hint = "run it with sudo, if the folder is root's"
    return StoreError(f"{folder} cannot be written", why=error.strerror or str(error), hint=hint)


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\n") == MARK
    except (OSError, UnicodeDecodeError):
        return False


def states(units: Iterable[Unit], manager: ServiceManager) -> list[UnitState]:
    """How each unit is, in the same order."""
    wanted = {unit.name: unit for unit in units}
    shown = {properties.get("Id", ""): properties for properties in manager.show(list(wanted))}
    return [_state(unit, shown.get(name, {})) for name, unit in wanted.items()]


def _state(unit: Unit, found: Mapping[str, str]) -> UnitState:
    installed_here = found.get("LoadState") == "loaded"
    enabled = found.get("UnitFileState", "")
    active, result = found.get("ActiveState", "inactive"), found.get("Result", "")
    restarts = found.get("NRestarts", "")
    runs = active in ("active", "activating") if unit.start else active != "failed"
    good = installed_here and (enabled == "enabled" or not unit.enable) and runs and result in ("", "success")
    return UnitState(
        unit.name,
        installed_here,
        enabled,
        f"{active} ({found.get('SubState', 'dead')})",
        result,
        int(restarts) if restarts.isdecimal() else None,
        good,
    )
