"""`config`: write, show and check the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from cameratrap.app.models import find_model
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.config import FILE_NAME, keys, template
from cameratrap.errors import ConfigError, ConfigProblem, UsageError
from cameratrap.wiring import look_settings


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
    """Print every key and its value."""
    columns = ["key", "value", *(["origin"] if origin else [])]
    rows = [
        {"key": key.path, "value": ctx.resolved.value(key.path), "origin": ctx.resolved.origins[key.path]}
        for key in keys()
    ]
    out.table(columns, [{column: row[column] for column in columns} for row in rows])


@config.command("check", short_help="Check every file and variable that counts.")
@click.pass_obj
def check(ctx: Context) -> None:
    """Check every file and variable that counts, and the models they name.

    All problems of keys are listed at once. Exit status 2 if there are any, 1 if it is a model's.
    """
    problems = _missing_files(ctx)
    if problems:
        raise ConfigError(problems, hint="a path is taken as seen from the folder the program is started in")
    look_settings(ctx.config, ctx.taxa())
    for model in filter(None, (ctx.config.detector.model, ctx.config.detector.classifier)):
        find_model(model, ctx.taxa())
    used = sorted(set(ctx.resolved.origins.values()) - {"default"})
    ctx.say("the configuration is good" + (f" ({', '.join(used)})" if used else " (nothing is set)"))


def _missing_files(ctx: Context) -> list[ConfigProblem]:
    """The files that the configuration names and that are not there."""
    named = ("taxa", "ground.rockblock_public_key")
    paths = {key: str(ctx.resolved.value(key)) for key in named if ctx.resolved.value(key)}
    return [
        ConfigProblem(key, f'"{path}"', "there is no such file", ctx.resolved.origins[key])
        for key, path in paths.items()
        if not Path(path).expanduser().is_file()
    ]
