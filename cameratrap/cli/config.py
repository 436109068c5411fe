"""`config`: write, show and check the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import click

from cameratrap.app.models import find_model
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.power_inputs import figures_of
from cameratrap.config import FILE_NAME, keys, template
from cameratrap.config.overrides import overrides_on, resolved_with
from cameratrap.errors import ConfigError, ConfigProblem, UsageError
from cameratrap.store.card import DATABASE
from cameratrap.store.commands import Override, forget_override
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.wiring import alert_rules, check_all, check_wiring, look_settings, picture_key


@click.group()
def config() -> None:
    """Write, show and check the configuration.

    A value comes from, highest first: a flag, CAMERATRAP_SECTION_KEY in the environment, --config FILE or
    ./cameratrap.toml, the user's file, /etc/cameratrap/cameratrap.toml, the default.
    """


@config.command("init", short_help="Write a file with every key explained.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path(FILE_NAME))
@click.option("--dry-run", is_flag=True, help="Print it instead of writing it.")
@click.pass_obj
def init(ctx: Context, file: Path, *, dry_run: bool) -> None:
    """Write FILE (./cameratrap.toml) with every key explained, at its default. An existing file is never touched."""
    if dry_run:
        click.echo(template(), nl=False)
        return
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(template())
    except FileExistsError:
        raise UsageError(f"{file} exists", hint="remove it first, or name another file") from None
    except OSError as error:
        if file.is_file() and not file.stat().st_size:
            file.unlink()  # half a file would be in the way of the next try
        raise UsageError(f"cannot write {file}", why=error.strerror or str(error), hint="name another file") from error
    ctx.say(f"wrote {file}")


@config.command("show")
@click.option("--origin", is_flag=True, help="Also say where each value came from.")
@table_options
@click.pass_obj
def show(ctx: Context, out: Output, *, origin: bool) -> None:
    """Print every key and its value; with --data CARD, as commands to the trap have changed them."""
    columns = ["key", "value", *(["origin"] if origin else [])]
    standing = _standing(ctx)
    resolved = resolved_with(ctx.resolved, standing)
    rows = [
        {"key": key.path, "value": resolved.value(key.path), "origin": resolved.origins[key.path]} for key in keys()
    ]
    rows += [
        {"key": key, "value": each.value, "origin": each.origin}
        for key, each in standing.items()
        if key not in resolved.origins
    ]
    out.table(columns, [{column: row[column] for column in columns} for row in rows])


@config.command("reset", short_help="Take back what commands to the trap have set.")
@click.argument("names", nargs=-1, metavar="[KEY]...")
@click.option("--dry-run", is_flag=True, help="Say what would be taken back; write nothing.")
@click.pass_obj
def reset(ctx: Context, names: tuple[str, ...], *, dry_run: bool) -> None:
    """Take back what commands to the trap have set on the card at --data CARD: each KEY, or all of it.

    Then the configuration holds again.
    """
    standing = overrides_on(ctx.data / DATABASE)
    for name in names:
        if name not in standing:
            hint = f"what stands: {', '.join(standing)}" if standing else "nothing stands"
            raise UsageError(f"no command has set {name}", hint=hint)
    for name in names or tuple(standing):
        if not dry_run:
            with (
                closing(open_store(ctx.data / DATABASE, CARD_MIGRATIONS, create=False)) as connection,
                transaction(connection),
            ):
                forget_override(connection, name)
        ctx.say(f"{name} = {standing[name].value} ({standing[name].origin}) {'stands' if dry_run else 'is taken back'}")
    if not standing:
        ctx.say("nothing stands")


def _standing(ctx: Context) -> Mapping[str, Override]:
    """What commands have set on the card at --data, if one is named."""
    return overrides_on(ctx.data / DATABASE) if ctx.data_flag or ctx.config.data else {}


@config.command("check", short_help="Check every file and variable that counts.")
@click.pass_obj
def check(ctx: Context) -> None:
    """Check every file and variable that counts, and the models and the picture key they name.

    All problems of keys are listed at once. Exit status 2 if there are any, 1 if it is a model's or the picture key's.
    """
    check_settings(ctx)
    picture_key(ctx.config)
    for model in filter(None, (ctx.config.detector.model, ctx.config.detector.classifier)):
        find_model(model, ctx.taxa())
    used = sorted(set(ctx.resolved.origins.values()) - {"default"})
    if ctx.config.station.is_told_finer:
        ctx.say("station.latitude and station.longitude: only whole degrees are used, and more tells a thief the place")
    ctx.say("the configuration is good" + (f" ({', '.join(used)})" if used else " (nothing is set)"))


def check_settings(ctx: Context) -> None:
    """Check what no single key shows: the files that are named, the taxa. Raises ConfigError, TaxonError."""
    config = ctx.config
    checks: list[Callable[[], object]] = [
        partial(_check_files, ctx),
        partial(check_wiring, config),
        partial(figures_of, config),
    ]
    if not config.taxa or _is_file(config.taxa):
        checks.append(partial(_check_names, ctx))
    check_all(checks)


def _check_names(ctx: Context) -> None:
    """The taxa that the configuration names. Raises ConfigError, TaxonError."""
    taxa = ctx.taxa()
    check_all((partial(look_settings, ctx.config, taxa), partial(alert_rules, ctx.config, taxa)))


def _check_files(ctx: Context) -> None:
    """The files that the configuration names. Raises ConfigError that lists those that are not there."""
    named = [("taxa", ctx.config.taxa)] if ctx.config.taxa else []
    named += [("ground.rockblock_public_keys", path) for path in ctx.config.ground.rockblock_public_keys]
    problems = [
        ConfigProblem(key, f'"{path}"', "there is no such file", ctx.resolved.origins[key])
        for key, path in named
        if not _is_file(path)
    ]
    if problems:
        raise ConfigError(problems, hint="a path in a file is taken as seen from that file's folder")


def _is_file(path: str) -> bool:
    return Path(path).expanduser().is_file()
