"""``cameratrap models``: the detector models of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from cameratrap.app.models import Installation, ModelFolder, check, find_model, install, load_folder, model_paths
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.detectors import inspector
from cameratrap.errors import ModelError

COLUMNS = ("name", "version", "origin", "head", "input", "taxa", "licence", "path", "problem")
VERIFY_COLUMNS = ("name", "version", "sha256", "tensors_checked", "ok", "problem")


@click.group()
def models() -> None:
    """List, show, install and verify detector models.

    A model is a folder with model.tflite and model.toml; models/README.md of the project describes it. Installed
    models live in the user's data folder, or where CAMERATRAP_MODELS says.
    """


@models.command("list")
@table_options
@click.pass_obj
def list_models(ctx: Context, out: Output) -> None:
    """The models that --model knows by name. One that is not sound is listed with what is wrong with it."""
    out.table(COLUMNS, list(_listed(ctx.taxa())))


@models.command()
@click.argument("model")
@table_options
@click.pass_obj
def show(ctx: Context, model: str, out: Output) -> None:
    """Everything a model's manifest says. MODEL is a name, a model folder or a published .tflite file."""
    found = find_model(model, ctx.taxa())
    facts: dict[str, Any] = msgspec.to_builtins(found.manifest)
    facts |= {"origin": str(found.origin), "path": str(found.weights)}
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


@models.command("install", short_help="Install a model folder, or a published .tflite file.")
@click.argument("source", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in the place of another model of that name.")
@click.option("--dry-run", is_flag=True, help="Check everything and copy nothing.")
@click.pass_obj
def install_model(ctx: Context, source: Path, *, replace: bool, dry_run: bool) -> None:
    """Install a model folder, or a published .tflite file that the catalogue describes."""
    model, outcome = install(source, ctx.taxa(), inspect=inspector(), replace=replace, dry_run=dry_run)
    done = f"would be {outcome}" if dry_run and outcome is not Installation.UNCHANGED else str(outcome)
    ctx.say(f"{model.name} {model.manifest.version}: {done} ({model.weights.parent})")


def _listed(taxa: TaxaTable) -> Iterator[dict[str, object]]:
    for path, origin in model_paths():
        row: dict[str, object] = {**dict.fromkeys(COLUMNS), "name": path.name, "origin": str(origin), "path": str(path)}
        try:
            row |= _summary(load_folder(path, taxa, origin))
        except ModelError as error:
            row["problem"] = " ".join(str(error).split())
        yield row


def _summary(model: ModelFolder) -> dict[str, object]:
    manifest = model.manifest
    given = manifest.input
    return {
        "version": manifest.version,
        "head": manifest.output.layout or manifest.output.head,
        "input": f"{given.width}x{given.height} {given.dtype}",
        "taxa": ", ".join(sorted({entry.taxon for entry in manifest.labels})),
        "licence": manifest.licence,
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
