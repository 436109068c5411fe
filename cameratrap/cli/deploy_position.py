"""Where `deploy` keeps the position: in a file that does not go with the card, sealed on it, or open in the record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from cameratrap.app.deploy import Position, check_position, check_sealed, position_text, seal_position, write_position
from cameratrap.cli.context import Context
from cameratrap.errors import UsageError
from cameratrap.store.deployment import Deployment
from cameratrap.store.picture_keys import read_public_key

ON_CARD = "on-card"
_MOUNTS = ("/media", "/mnt", "/run/media")  # where a stick is looked for, also one that is not in


@dataclass(frozen=True, slots=True)
class Keeping:
    """A position and what becomes of it: at most one of ``file``, ``public`` (a key) and ``on_card``."""

    where: Position | None
    file: str | None = None
    public: bytes | None = None
    on_card: bool = False

    def in_record(self, deployment: Deployment) -> Deployment:
        """The record, with the position where that is wanted."""
        if self.where is None or not self.on_card:
            return deployment
        north, east = self.where.latitude, self.where.longitude
        setup = replace(
            deployment.setup, latitude=north, longitude=east, coordinate_uncertainty=self.where.uncertainty_m
        )
        return replace(deployment, setup=setup)

    def path(self, card: Path, deployment: Deployment) -> Path | None:
        """The file of its own, if it has one. Raises UsageError for one that would go with the card."""
        if self.where is None or self.public is not None or self.on_card:
            return None
        return _off_the_card(card, deployment, self.file)

    def check(self, card: Path, path: Path | None, deployment: Deployment) -> None:
        """Raises StoreError where another position is kept there already, before anything is written."""
        if self.where is None:
            return
        if self.public is not None:
            check_sealed(card)
        elif path is not None:
            check_position(path, deployment, self.where)

    def write(self, ctx: Context, path: Path | None, deployment: Deployment) -> str | None:
        """Keep it, and say where."""
        if self.where is None:
            return None
        if self.public is not None:
            return str(seal_position(ctx.data, deployment, self.where, self.public))
        if path is None:
            return ON_CARD
        if write_position(path, deployment, self.where):
            ctx.say(f"the position is in {path} and not on the card: take it home")
        if _medium(path.absolute()) == _medium(ctx.data.absolute()):
            ctx.say(f"{path} is on the same medium as the card: whoever takes that has the position; move it away")
        return str(path)

    def shown(self, path: Path | None, deployment: Deployment) -> str:
        """What would be kept, for --dry-run."""
        if self.where is None:
            return ""
        if path is None:
            return "would keep the position on the card" + (
                ", sealed" if self.public is not None else ", for all to read"
            )
        return f"would keep the position in {path}: {position_text(deployment, self.where).strip()}"


def keeping(
    position: tuple[float, float] | None, uncertainty: int | None, file: str | None, seal_to: Path | None
) -> Keeping:
    """What the options of the position ask for. Raises UsageError, StoreError for a key that cannot be read."""
    if position is None:
        if uncertainty is not None or file or seal_to:
            raise click.UsageError("--uncertainty, --position-file and --seal-position-to go with --position")
        return Keeping(None)
    if file and seal_to:
        raise click.UsageError("--position-file and --seal-position-to exclude each other")
    public = read_public_key(seal_to) if seal_to else None
    return Keeping(Position(*position, uncertainty), file, public, on_card=file == ON_CARD)


def _off_the_card(card: Path, deployment: Deployment, named: str | None) -> Path:
    path = Path(named) if named else Path(f"{deployment.deployment}.position.geojson")
    folder = path.absolute().parent
    if path.resolve().is_relative_to(card.resolve()):
        raise UsageError(f"{path} is on the card", hint=f"name another medium, or say --position-file {ON_CARD}")
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="mount the medium, or name another file")
    is_a_stick = any(folder.resolve().is_relative_to(place) for place in _MOUNTS)
    if (named is None or is_a_stick) and _medium(folder) == _medium(card.absolute()):
        raise UsageError(
            f"a file in {folder} would be on the same medium as the card",
            why="whoever takes that has the position",
            hint=f"name one on another medium with --position-file, or say --position-file {ON_CARD}",
        )
    return path


def _medium(path: Path) -> int:
    there = next(each for each in (path, *path.parents) if each.exists())
    return there.stat().st_dev
