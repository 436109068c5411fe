"""Model folders: find them, check them, install them. Nothing here runs a model.

A model is ``model.tflite`` beside ``model.toml``. The project's own are shipped; ``install`` puts others beside
them in the user's folder. A published file whose manifest is in the catalogue needs no folder: its hash names it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from platformdirs import user_data_path

from cameratrap.app.manifest import Manifest, parse_manifest
from cameratrap.app.model_tensors import Inspect, tensor_problems
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import ModelError
from cameratrap.resources import data_folder
from cameratrap.vision.specs import Label

WEIGHTS = "model.tflite"
MANIFEST = "model.toml"
MAX_MODEL_BYTES = 500_000_000


class Origin(StrEnum):
    """Where a model was found."""

    BUILT_IN = "built-in"
    INSTALLED = "installed"
    FOLDER = "folder"
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model whose manifest is sound and whose file has the hash the manifest states.

    ``labels`` are the classes that mean something, by the model's own index, under the taxa table's names.
    """

    manifest: Manifest
    labels: Mapping[int, Label]
    manifest_path: Path
    weights: Path
    origin: Origin

    @property
    def name(self) -> str:
        return self.manifest.name


class Installation(StrEnum):
    """What ``install`` did, or with ``dry_run`` would do."""

    INSTALLED = "installed"
    REPLACED = "replaced"
    UNCHANGED = "already installed"


def installed_folder() -> Path:
    """Where ``models install`` puts models: ``CAMERATRAP_MODELS``, else the user's data folder."""
    override = os.environ.get("CAMERATRAP_MODELS")
    return Path(override).expanduser() if override else user_data_path("cameratrap") / "models"


def model_paths() -> Iterator[tuple[Path, Origin]]:
    """The folders of every model found by name, installed ones first: they go before built-in ones of that name."""
    for root, origin in ((installed_folder(), Origin.INSTALLED), (data_folder("models"), Origin.BUILT_IN)):
        if root.is_dir():
            for path in sorted(root.iterdir()):
                if (path / MANIFEST).is_file() and not path.name.startswith("."):
                    yield path, origin


def find_model(reference: str, taxa: TaxaTable) -> ModelFolder:
    """The model of that name, in that folder, or in that published file. Raises ModelError."""
    for path, origin in model_paths():
        if path.name == reference:
            return load_folder(path, taxa, origin)
    path = Path(reference).expanduser()
    if path.is_dir():
        return load_folder(path, taxa)
    if path.is_file():
        return from_catalogue(path, taxa)
    known = [path.name for path, _ in model_paths()]
    near = get_close_matches(reference, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"installed: {', '.join(known)}" if known else ""
    raise ModelError(
        f"there is no model {reference}", why="it is no installed model, no folder and no file",
        hint=hint or "install one with `cameratrap models install PATH`",
    )  # fmt: skip


def load_folder(folder: Path, taxa: TaxaTable, origin: Origin = Origin.FOLDER) -> ModelFolder:
    """Read a model folder. Raises ModelError for a missing file, a wrong manifest or a wrong hash."""
    for name in (MANIFEST, WEIGHTS):
        if not (folder / name).is_file():
            what, why = f"{folder} is no model folder", f"it has no {name}"
            raise ModelError(what, why=why, hint="models/README.md describes one")
    manifest = _read_manifest(folder / MANIFEST, taxa)
    found = sha256_of(folder / WEIGHTS)
    if found != manifest.sha256:
        raise ModelError(
            f"{folder / WEIGHTS} is not the file its manifest describes",
            why=f"its sha256 is {found}, {MANIFEST} says {manifest.sha256}",
            hint="copy the model again, or correct the manifest if the file is the right one",
        )
    return ModelFolder(manifest, manifest.class_labels(taxa), folder / MANIFEST, folder / WEIGHTS, origin)


def from_catalogue(weights: Path, taxa: TaxaTable) -> ModelFolder:
    """A published file that the catalogue describes. Raises ModelError when it does not."""
    found = sha256_of(weights)
    for path in sorted((data_folder("models") / "catalogue").glob("*.toml")):
        manifest = _read_manifest(path, taxa)
        if manifest.sha256 == found:
            return ModelFolder(manifest, manifest.class_labels(taxa), path, weights, Origin.CATALOGUE)
    raise ModelError(
        f"{weights} is not in the catalogue of published models", why=f"its sha256 is {found}",
        hint=f"write a {MANIFEST} for it and give the folder that holds both",
    )  # fmt: skip


def check(model: ModelFolder, inspect: Inspect | None) -> None:
    """Compare manifest and file, where a runtime can open it. Raises ModelError listing every difference."""
    problems = tensor_problems(model.manifest, inspect(model.weights)) if inspect else []
    if problems:
        raise ModelError(f"the model {model.name} and its manifest disagree", why="\n  " + "\n  ".join(problems))


def install(
    source: Path, taxa: TaxaTable, *, inspect: Inspect | None = None, replace: bool = False, dry_run: bool = False
) -> tuple[ModelFolder, Installation]:
    """Copy a model folder, or a file of the catalogue, to where models are found by name. Raises ModelError.

    What is there afterwards is whole or not there: the copy is made beside its place, checked, then renamed.
    """
    model = load_folder(source, taxa) if source.is_dir() else from_catalogue(_existing(source), taxa)
    check(model, inspect)
    target = installed_folder() / model.name
    outcome = _outcome(model, target, taxa, replace=replace)
    if outcome is not Installation.UNCHANGED and not dry_run:
        try:
            _copy(model, target)
        except OSError as error:
            raise ModelError(f"the model cannot be copied to {target}", why=error.strerror or str(error)) from error
    placed = replace_fields(model, manifest_path=target / MANIFEST, weights=target / WEIGHTS, origin=Origin.INSTALLED)
    return placed, outcome


def sha256_of(path: Path) -> str:
    """A file's sha256. Raises ModelError for one that cannot be read or is far too large to be a model."""
    try:
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise ModelError(f"{path} is too large for a model", why=f"more than {MAX_MODEL_BYTES // 1_000_000} MB")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read", why=error.strerror or str(error)) from error


def _read_manifest(path: Path, taxa: TaxaTable) -> Manifest:
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), taxa, origin=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read", why=str(error)) from error


def _existing(source: Path) -> Path:
    if not source.is_file():
        raise ModelError(f"there is no model at {source}", hint="give a model folder or a .tflite file")
    return source


def _outcome(model: ModelFolder, target: Path, taxa: TaxaTable, *, replace: bool) -> Installation:
    if not target.exists():
        return Installation.INSTALLED
    try:
        there = load_folder(target, taxa).manifest
    except ModelError:
        there = None
    if there == model.manifest:
        return Installation.UNCHANGED
    if replace:
        return Installation.REPLACED
    why = f"version {there.version}" if there else "and it is damaged"
    hint = "--replace puts this one in its place"
    raise ModelError(f"another model named {model.name} is installed", why=why, hint=hint)


def _copy(model: ModelFolder, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{model.name}-", dir=target.parent))
    try:
        new = temporary / "new"
        new.mkdir()
        for source, name in ((model.manifest_path, MANIFEST), (model.weights, WEIGHTS)):
            shutil.copyfile(source, new / name)
            _sync(new / name)
        if sha256_of(new / WEIGHTS) != model.manifest.sha256:
            raise OSError("what was written is not what was read")
        if target.exists():
            target.rename(temporary / "old")
        new.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
