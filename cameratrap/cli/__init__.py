"""The command line. Each command lives in a module of its own and is imported only when it is called."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import click

import cameratrap
from cameratrap.cli.context import Context
from cameratrap.errors import CameraTrapError

# name -> (section of the help, "module:attribute", one line). The line stands here so that --help imports nothing.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("Start here", "cameratrap.cli.demo:demo", "The whole journey on this machine, with nothing attached."),
    "watch": (
        "In the field",
        "cameratrap.cli.watch:watch",
        "Wait for triggers, photograph, count, store; close each day.",
    ),
    "wake": ("In the field", "cameratrap.cli.wake:wake", "One power-on: photograph, do what is due, switch off again."),
    "transmit": ("In the field", "cameratrap.cli.transmit:transmit", "Send what is due over the satellite modem."),
    "deploy": ("In the field", "cameratrap.cli.deploy:deploy", "Write the deployment record, at the tree."),
    "close-day": ("In the field", "cameratrap.cli.close_day:close_day", "Close the days that are over."),
    "service": ("In the field", "cameratrap.cli.service:service", "Run the trap as a service of the system."),
    "power": ("In the field", "cameratrap.cli.power:power", "How long the battery will last."),
    "aim": ("In the field", "cameratrap.cli.aim:aim", "Walk-test: say live what PIR, motion and detector notice."),
    "doctor": ("In the field", "cameratrap.cli.doctor:doctor", "Look over the trap, or the receiver, once."),
    "process": ("With the card", "cameratrap.cli.process:process", "Find and count animals in a folder of pictures."),
    "import": ("With the card", "cameratrap.cli.import_cards:import_cards", "Take cards into a project, verified."),
    "project": ("With the card", "cameratrap.cli.project:project", "A project's deployments, and correcting them."),
    "events": ("With the card", "cameratrap.cli.tables:events", "The card's independent events."),
    "tally": ("With the card", "cameratrap.cli.tables:tally", "Events and individuals by day and taxon."),
    "effort": ("With the card", "cameratrap.cli.effort:effort_command", "For how long cameras could see."),
    "rates": ("With the card", "cameratrap.cli.rates:rates_command", "Events of each taxon in 100 camera-days (RAI)."),
    "history": ("With the card", "cameratrap.cli.history:history_command", "Detection histories for occupancy models."),
    "activity": (
        "With the card",
        "cameratrap.cli.activity:activity",
        "When in the day a taxon is active.",
    ),
    "accumulation": (
        "With the card",
        "cameratrap.cli.accumulation:accumulation_command",
        "How many species so many camera-days show.",
    ),
    "reconcile": (
        "With the card",
        "cameratrap.cli.reconcile:reconcile_command",
        "Compare the card with what the satellite told, and say why they differ.",
    ),
    "review": ("With the card", "cameratrap.cli.review:review", "Look at the events and correct them, in the browser."),
    "show": ("With the card", "cameratrap.cli.show:show", "An event or a picture with its boxes, in the terminal."),
    "label": ("With the card", "cameratrap.cli.label:label", "Say what events show, from a script; undo it."),
    "clock": ("With the card", "cameratrap.cli.clock:clock", "Correct the times that a wrong clock told."),
    "unseal": ("With the card", "cameratrap.cli.unseal:unseal", "Open the pictures that a trap has sealed."),
    "export": ("With the card", "cameratrap.cli.export:export", "Hand over what was seen, in the field's formats."),
    "report": ("With the card", "cameratrap.cli.report:report", "One page of what was found, to mail to a colleague."),
    "receive": ("At the receiver", "cameratrap.cli.receive:receive", "Take in messages the satellite delivered."),
    "inbox": ("At the receiver", "cameratrap.cli.inbox:inbox", "Received summaries, by message or by day."),
    "command": ("At the receiver", "cameratrap.cli.command:command", "Tell a trap something, for one credit."),
    "summary": ("Everywhere", "cameratrap.cli.summary:summary", "A day's summary to bytes and back."),
    "key": ("Everywhere", "cameratrap.cli.key:key", "The key that seals a trap's messages: make, hand over, revoke."),
    "models": ("Everywhere", "cameratrap.cli.models:models", "List, show, install, verify and measure models."),
    "config": ("Everywhere", "cameratrap.cli.config:config", "Write, show and check the configuration."),
    "completion": ("Everywhere", "cameratrap.cli.completion:completion", "Print a shell completion script."),
}

EPILOG = """\b
Exit status: 0 done, 1 it failed or a check found something, 2 wrong usage or
configuration, 3 partly done (what failed is named), 4 a device is missing or
does not answer, 130 interrupted.
"""


class Commands(click.Group):
    """Commands by name, loaded when asked for, listed by what the user is doing."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][1].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong line in COMMANDS, not a user's mistake
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"there is no command '{args[0]}'.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in dict.fromkeys(section for section, _, _ in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl([(name, line) for name, (where, _, line) in COMMANDS.items() if where == section])


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(path_type=Path), help="Configuration file to use instead of ./cameratrap.toml."
)
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="A project's, a card's or a receiver's folder."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and the data asked for.")
@click.option("-v", "--verbose", is_flag=True, help="Say more about what is done.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--no-color", is_flag=True, help="No colours (so does NO_COLOR).")
@click.version_option(cameratrap.__version__, prog_name="cameratrap")
@click.pass_context
def cli(
    ctx: click.Context,
    config: Path | None,
    data: Path | None,
    *,
    quiet: bool,
    verbose: bool,
    debug: bool,
    no_color: bool,
) -> None:
    """A wildlife camera trap that counts on the device and reports each day in one satellite message.

    \b
    Try it with nothing attached:   cameratrap demo
    Count what is on a card:        cameratrap process /media/CARD
    See what a trap has counted:    cameratrap --data /media/CARD tally
    """
    ctx.obj = Context(config_file=config, data_flag=data, quiet=quiet, verbose=verbose, debug=debug)
    if no_color:
        ctx.color = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be any bytes
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status; errors are one block on stderr."""
    if "_CAMERATRAP_COMPLETE" in os.environ:
        cli.main(args=list(arguments), prog_name="cameratrap")
    try:
        return _call(arguments)
    except CameraTrapError as error:
        return _report(arguments, error, str(error), error.hint, error.exit_status)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "cameratrap"
        return _report(arguments, error, error.format_message().rstrip("."), f"see `{command} --help`", 2)
    except click.ClickException as error:
        return _report(arguments, error, error.format_message().rstrip("."), "", error.exit_code)
    except BrokenPipeError:
        _abandon_stdout()
        return 0
    except MemoryError as error:
        hint = "what was said to be stored is stored; end other programs, or use a smaller model"
        return _report(arguments, error, "there is not enough memory", hint, 1)
    except (OSError, sqlite3.Error, UnicodeError) as error:
        # What no command has foreseen: a full disk under stdout, a card that is pulled. It is still not a riddle.
        where = getattr(error, "filename", None) or "reading or writing"
        why = getattr(error, "strerror", None) or str(error)
        hint = "is the disk full, or the card gone? --debug shows where it happened"
        _abandon_stdout()
        return _report(arguments, error, f"{where} failed: {why}", hint, 1)


def _abandon_stdout() -> None:
    """What is still buffered has nowhere to go, and must not fail once more when the interpreter closes it."""
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)


def _call(arguments: Sequence[str]) -> int:
    try:
        with cli.make_context("cameratrap", list(arguments)) as context:
            result = cli.invoke(context)
            sys.stdout.flush()
            return result if isinstance(result, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130


def _report(arguments: Sequence[str], error: Exception, what: str, hint: str, status: int) -> int:
    """One block: what, why, and what to do; the traceback before it where --debug asks for it."""
    if "--debug" in arguments:
        traceback.print_exception(error)
    plain = "--no-color" in arguments or os.environ.get("NO_COLOR")
    color = False if plain else None  # None: only where stderr is a terminal
    click.echo(click.style("error: ", fg="red", bold=True) + what, err=True, color=color)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return status
