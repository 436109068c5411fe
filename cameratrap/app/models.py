"""Model folders: find them and check them. Nothing here runs a model.

A model is ``model.tflite`` beside ``model.toml``. The project's own are shipped; ``model_install`` puts others beside
them in the user's folder. A published file whose manifest is in the catalogue needs no folder: its hash names it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    what, why = f"there is no model {reference}", "it is no installed model, no folder and no file"
    raise ModelError(what, why=why, hint=_hint(reference))


def load_folder(folder: Path, taxa: TaxaTable, origin: Origin = Origin.FOLDER) -> ModelFolder:
    """Read a model folder. Raises ModelError for a missing file, a wrong manifest or a wrong hash."""
    for name in (MANIFEST, WEIGHTS):
        if not (folder / name).is_file():
            what, why = f"{folder} is no model folder", f"it has no {name}"
            raise ModelError(what, why=why, hint="models/README.md describes one")
    manifest = read_manifest(folder / MANIFEST, taxa)
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
    for path in catalogue_paths():
        if found in path.read_text(encoding="utf-8") and (manifest := read_manifest(path, taxa)).sha256 == found:
            return ModelFolder(manifest, manifest.class_labels(taxa), path, weights, Origin.CATALOGUE)
    raise ModelError(
        f"{weights} is not in the catalogue of published models", why=f"its sha256 is {found}",
        hint=f"write a {MANIFEST} for it and give the folder that holds both",
    )  # fmt: skip


def catalogue_paths() -> list[Path]:
    """The manifests of published models, each named after its model."""
    return sorted((data_folder("models") / "catalogue").glob("*.toml"))


def check(model: ModelFolder, inspect: Inspect | None) -> None:
    """Compare manifest and file, where a runtime can open it. Raises ModelError listing every difference."""
    problems = tensor_problems(model.manifest, inspect(model.weights)) if inspect else []
    if problems:
        raise ModelError(f"the model {model.name} and its manifest disagree", why="\n  " + "\n  ".join(problems))


def sha256_of(path: Path) -> str:
    """A file's sha256. Raises ModelError for one that cannot be read or is far too large to be a model."""
    try:
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise ModelError(f"{path} is too large for a model", why=f"more than {MAX_MODEL_BYTES // 1_000_000} MB")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read", why=error.strerror or str(error)) from error


def read_manifest(path: Path, taxa: TaxaTable) -> Manifest:
    """Read a ``model.toml``, or a manifest of the catalogue. Raises ModelError naming everything wrong with it."""
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), taxa, origin=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read", why=str(error)) from error


def _hint(reference: str) -> str:
    """What the person who named a model that is not there may have meant."""
    if reference in {path.stem for path in catalogue_paths()}:
        return f"`cameratrap models install {reference}` fetches it from where it was published"
    known = [path.name for path, _ in model_paths()]
    near = get_close_matches(reference, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    known = list(dict.fromkeys(known))
    return f"installed: {', '.join(known)}" if known else "install one with `cameratrap models install PATH`"
