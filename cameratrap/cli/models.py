"""``cameratrap models``: the detector models of this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from cameratrap.app.model_install import Installation, find_published, install, install_published
from cameratrap.app.models import ModelFolder, catalogue_paths, check, find_model, load_folder, model_paths
from cameratrap.cli.context import Context
from cameratrap.cli.models_bench import bench
from cameratrap.cli.output import Output, table_options
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.detectors import inspector
from cameratrap.errors import ModelError

COLUMNS = ("name", "version", "origin", "head", "input", "taxa", "licence", "path", "problem", "url")
SHOWN_TAXA = 6
VERIFY_COLUMNS = ("name", "version", "sha256", "tensors_checked", "ok", "problem")


@click.group()
def models() -> None:
    """List, show, install, verify and measure models: detectors, and classifiers that name what one has found.

    A model is a folder with model.tflite and model.toml; models/README.md of the project describes it. Installed
    models live in the user's data folder, or where CAMERATRAP_MODELS says.
    """


models.add_command(bench)


@models.command("list")
@click.option("--available", is_flag=True, help="The catalogue of published models that can be installed by name.")
@table_options
@click.pass_obj
def list_models(ctx: Context, out: Output, *, available: bool) -> None:
    """The models that --model knows by name. One that is not sound is listed with what is wrong with it."""
    out.table(COLUMNS, list(_available(ctx.taxa()) if available else _listed(ctx.taxa())))


@models.command()
@click.argument("model")
@table_options
@click.pass_obj
def show(ctx: Context, model: str, out: Output) -> None:
    """Everything a model's manifest says. MODEL is a name, a model folder or a published .tflite file.

    A name may be one of the catalogue that is not installed yet.
    """
    found = _found(model, ctx.taxa())
    facts: dict[str, Any] = msgspec.to_builtins(found.manifest)
    facts |= {"origin": str(found.origin), "path": str(found.weights) if found.weights.is_file() else None}
    rows = [{"key": key, "value": value} for key, value in _flat(facts)]
    out.table(("key", "value"), rows, json_objects=[facts])


@models.command(short_help="Check manifests, hashes and tensors.")
@click.argument("model", nargs=-1)
@table_options
@click.pass_obj
def verify(ctx: Context, model: tuple[str, ...], out: Output) -> int:
    """Check models: the manifest, the file's hash, and where a runtime is installed the tensors.

    Without MODEL every model that is known by name is checked. The exit status is 1 if any is not sound.
    """
    references = list(model) or list(dict.fromkeys(path.name for path, _ in model_paths()))
    if not references:
        ctx.say("no model is installed")
    rows = [_verified(reference, ctx.taxa()) for reference in references]
    out.table(VERIFY_COLUMNS, rows)
    if any(row["ok"] and not row["tensors_checked"] for row in rows):
        ctx.say("no TFLite runtime here: the tensors were not checked (pip install 'cameratrap[detect]')")
    return 0 if all(row["ok"] for row in rows) else 1


@models.command("install", short_help="Install a model folder, a published .tflite file, or one by its name.")
@click.argument("source", metavar="PATH|NAME")
@click.option("--replace", is_flag=True, help="Put it in the place of another model of that name.")
@click.option("--dry-run", is_flag=True, help="Check everything; copy and fetch nothing.")
@click.pass_obj
def install_model(ctx: Context, source: str, *, replace: bool, dry_run: bool) -> None:
    """Install a model folder, a published .tflite file that the catalogue describes, or one of the catalogue by name.

    By name it is fetched from where it was published, over HTTPS, and kept only if it has the catalogue's sha256;
    `models list --available` shows the names, the licences and where they come from.
    """
    taxa, path = ctx.taxa(), Path(source).expanduser()
    if path.exists() or path.suffix == ".tflite" or len(path.parts) > 1:
        model, outcome = install(path, taxa, inspect=inspector(), replace=replace, dry_run=dry_run)
    else:
        model = find_published(source, taxa)
        ctx.say(f"{model.name} {model.manifest.version}, licence {model.manifest.licence}: {model.manifest.url}")
        outcome = install_published(model, taxa, _fetch, inspect=inspector(), replace=replace, dry_run=dry_run)
    done = f"would be {outcome}" if dry_run and outcome is not Installation.UNCHANGED else str(outcome)
    ctx.say(f"{model.name} {model.manifest.version}: {done} ({model.weights.parent})")


def _fetch(url: str, file: Path, sha256: str) -> None:
    """Download, with a bar on stderr where that is a terminal."""
    from cameratrap.drivers.download import download

    if not sys.stderr.isatty():
        download(url, file, sha256)
        return
    with click.progressbar(length=0, file=sys.stderr, label="fetching") as bar:

        def progress(done: int, whole: int | None) -> None:
            bar.length = whole
            bar.update(done - bar.pos)

        download(url, file, sha256, progress=progress)


def _found(reference: str, taxa: TaxaTable) -> ModelFolder:
    known = {path.name for path, _ in model_paths()}
    if reference not in known and reference in {path.stem for path in catalogue_paths()}:
        return find_published(reference, taxa)
    return find_model(reference, taxa)


def _listed(taxa: TaxaTable) -> Iterator[dict[str, object]]:
    for path, origin in model_paths():
        row: dict[str, object] = {**dict.fromkeys(COLUMNS), "name": path.name, "origin": str(origin), "path": str(path)}
        try:
            row |= _summary(load_folder(path, taxa, origin))
        except ModelError as error:
            row["problem"] = " ".join(str(error).split())
        yield row


def _available(taxa: TaxaTable) -> Iterator[dict[str, object]]:
    for path in catalogue_paths():
        row: dict[str, object] = {**dict.fromkeys(COLUMNS), "name": path.stem, "origin": "catalogue"}
        try:
            model = find_published(path.stem, taxa)
            row |= _summary(model) | {"path": str(model.weights.parent) if model.weights.is_file() else None}
        except ModelError as error:
            row["problem"] = " ".join(str(error).split())
        yield row


def _summary(model: ModelFolder) -> dict[str, object]:
    manifest = model.manifest
    given = manifest.input
    taxa = sorted({label.taxon for label in model.labels.values()})
    more = f" and {len(taxa) - SHOWN_TAXA} more" if len(taxa) > SHOWN_TAXA else ""
    return {
        "version": manifest.version,
        "head": manifest.output.layout or manifest.output.head,
        "input": f"{given.width}x{given.height} {given.dtype}",
        "taxa": ", ".join(taxa[:SHOWN_TAXA]) + more,
        "licence": manifest.licence,
        "url": manifest.url,
    }


def _verified(reference: str, taxa: TaxaTable) -> dict[str, object]:
    row: dict[str, object] = {**dict.fromkeys(VERIFY_COLUMNS), "name": reference, "ok": False, "tensors_checked": False}
    inspect = inspector()
    try:
        model = find_model(reference, taxa)
        row |= {"name": model.name, "version": model.manifest.version, "sha256": model.manifest.sha256}
        check(model, inspect)
    except ModelError as error:
        return {**row, "problem": " ".join(str(error).split())}
    return {**row, "ok": True, "tensors_checked": inspect is not None}


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value):
            yield path + f"[{place}]", ", ".join(f"{key} {item}" for key, item in inner.items() if item is not None)
    elif value is not None:
        yield path, value
