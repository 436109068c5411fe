"""Putting a model where it is found by name: a folder, a published file, or a model that is fetched by its name.

What is there afterwards is whole or not there: it is made beside its place, checked, then renamed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace as replace_fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from cameratrap.app.model_tensors import Inspect
from cameratrap.app.models import (
    MANIFEST,
    WEIGHTS,
    ModelFolder,
    Origin,
    catalogue_paths,
    check,
    from_catalogue,
    installed_folder,
    load_folder,
    read_manifest,
    sha256_of,
)
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import ModelError
from cameratrap.store.durable import sync

# Brings what is published at a URL into a file and checks its sha256. Raises ModelError.
Fetch = Callable[[str, Path, str], None]


class Installation(StrEnum):
    """What an installation did, or with ``dry_run`` would do."""

    INSTALLED = "installed"
    REPLACED = "replaced"
    UNCHANGED = "already installed"


def install(
    source: Path, taxa: TaxaTable, *, inspect: Inspect | None = None, replace: bool = False, dry_run: bool = False
) -> tuple[ModelFolder, Installation]:
    """Copy a model folder, or a file of the catalogue, to where models are found by name. Raises ModelError."""
    model = load_folder(source, taxa) if source.is_dir() else from_catalogue(_existing(source), taxa)
    check(model, inspect)
    placed = _placed(model)
    outcome = _outcome(model, placed.weights.parent, taxa, replace=replace)
    if outcome is not Installation.UNCHANGED and not dry_run:
        _copy(model, placed.weights.parent)
    return placed, outcome


def find_published(name: str, taxa: TaxaTable) -> ModelFolder:
    """The catalogue's model of that name; ``weights`` is where its file will be. Raises ModelError."""
    paths = {path.stem: path for path in catalogue_paths()}
    if name not in paths:
        near = get_close_matches(name, paths, n=1)
        raise ModelError(
            f"there is no model at {name}, nor one of that name in the catalogue",
            hint=f"did you mean {near[0]}?" if near else "`cameratrap models list --available` shows the catalogue",
        )
    manifest = read_manifest(paths[name], taxa)
    weights = installed_folder() / name / WEIGHTS
    return ModelFolder(manifest, manifest.class_labels(taxa), paths[name], weights, Origin.CATALOGUE)


def install_published(
    model: ModelFolder,
    taxa: TaxaTable,
    fetch: Fetch,
    *,
    inspect: Inspect | None = None,
    replace: bool = False,
    dry_run: bool = False,
) -> Installation:
    """Fetch the file of a model of ``find_published`` and install it; one that is there already is not fetched again.

    Raises ModelError.
    """
    if model.manifest.url is None:
        raise ModelError(
            f"the catalogue does not say where the file of {model.name} can be had",
            why=f"it is published as {model.manifest.source}",
            hint="fetch it and give its path: it is recognised by its sha256",
        )
    outcome = _outcome(model, model.weights.parent, taxa, replace=replace)
    if outcome is Installation.UNCHANGED or dry_run:
        return outcome
    with _beside(model.weights.parent) as folder:
        fetch(model.manifest.url, folder / WEIGHTS, model.manifest.sha256)
        install(folder / WEIGHTS, taxa, inspect=inspect, replace=replace)
    return outcome


def _existing(source: Path) -> Path:
    if not source.is_file():
        raise ModelError(f"there is no model at {source}", hint="give a model folder or a .tflite file")
    return source


def _placed(model: ModelFolder) -> ModelFolder:
    """The model as it is once it is installed."""
    folder = installed_folder() / model.name
    return replace_fields(model, manifest_path=folder / MANIFEST, weights=folder / WEIGHTS, origin=Origin.INSTALLED)


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
    with _beside(target) as temporary:
        new = temporary / "new"
        new.mkdir()
        for source, name in ((model.manifest_path, MANIFEST), (model.weights, WEIGHTS)):
            shutil.copyfile(source, new / name)
            sync(new / name)
        if sha256_of(new / WEIGHTS) != model.manifest.sha256:
            raise OSError("what was written is not what was read")
        if target.exists():
            target.rename(temporary / "old")
        new.rename(target)
        sync(target.parent)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder that is there for the moment, on the target's own file system. Raises ModelError for a full disk."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"the model cannot be copied to {target}", why=error.strerror or str(error)) from error
