"""`service`: the trap as a service of systemd, with a watchdog, timers, and as few rights as it needs."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import click

from cameratrap.app.service_card import card_doubts
from cameratrap.app.service_install import UnitState, installed, states
from cameratrap.app.service_install import install as install_units
from cameratrap.app.service_install import uninstall as uninstall_units
from cameratrap.app.service_units import STAY_ON, ServiceSettings, units
from cameratrap.cli.config import check_settings
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.power_inputs import design_of
from cameratrap.config import ENVIRONMENT_PREFIX, FILE_NAME
from cameratrap.config.layers import NOT_KEYS
from cameratrap.drivers.systemctl import Systemctl
from cameratrap.errors import CameraTrapError, UsageError
from cameratrap.store.keys import key_path

UNIT_FOLDER = Path("/etc/systemd/system")
COLUMNS = ("unit", "installed", "enabled", "state", "result", "restarts", "ok")
GROUPS = ("gpio", "i2c", "video", "dialout")  # who may open which device on Raspberry Pi OS
_CHECK_WITHIN_S = 120

_unit_folder = click.option(
    "--unit-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=UNIT_FOLDER,
    show_default=True,
    help="Where systemd reads units of this machine.",
)


@click.group()
def service() -> None:
    """The trap as a service of the system: it starts at boot, is watched over, and has few rights.

    \b
    What it would be:   cameratrap --data CARD service install --dry-run
    What it is:         cameratrap --data CARD service status
    """


@service.command(short_help="Write the units and have them started at boot.")
@click.option("--user", metavar="NAME", help="Who runs it (default: who called sudo, else you).")
@click.option("--start", is_flag=True, help="Also start it now, instead of at the next boot.")
@click.option("--no-reboot", is_flag=True, help="Never reboot, however often the service fails.")
@_unit_folder
@click.option("--dry-run", is_flag=True, help="Print every file whole; write nothing.")
@click.pass_obj
def install(ctx: Context, user: str | None, unit_dir: Path, *, start: bool, no_reboot: bool, dry_run: bool) -> None:
    """Write the systemd units of the trap whose card is at --data CARD, as the configuration describes it.

    A trap that is always on runs `watch`, with timers for `transmit` and `close-day`. One whose PIR switches it on
    (power.controller) runs `wake` at boot, and nothing else. What fails five times in half an hour is followed by a
    reboot, at most once in each half hour that the machine is up. It may be run again after a change.
    """
    check_settings(ctx)
    settings = _settings(ctx, user, reboot=not no_reboot)
    made = units(settings)
    for doubt in card_doubts(settings.card):
        ctx.say(doubt)
    if dry_run:
        click.echo("\n".join(f"# {unit_dir / unit.name}\n{unit.text}" for unit in made), nl=False)
        return
    _check_writable(unit_dir)
    _check_runs(settings)
    for name in install_units(made, unit_dir, Systemctl(), start=start):
        ctx.say(f"took away {name}: this trap does not need it any more")
    ctx.say(f"wrote {', '.join(unit.name for unit in made)} to {unit_dir}")
    _advise(ctx, settings, start=start)


@service.command(short_help="Stop it, and take the units away.")
@_unit_folder
@click.option("--dry-run", is_flag=True, help="Say what would be taken away; change nothing.")
@click.pass_obj
def uninstall(ctx: Context, unit_dir: Path, *, dry_run: bool) -> None:
    """Stop the trap's service and take its units away. The card and the configuration stay as they are."""
    if dry_run:
        names = installed(unit_dir)
        ctx.say(f"would take away {', '.join(names)}" if names else f"nothing of ours is in {unit_dir}")
        return
    if installed(unit_dir):
        _check_writable(unit_dir)
    names = uninstall_units(unit_dir, Systemctl())
    ctx.say(f"took away {', '.join(names)}" if names else f"nothing of ours is in {unit_dir}")


@service.command(short_help="Say how its units are.")
@table_options
@click.pass_obj
def status(ctx: Context, out: Output) -> int:
    """Say how the units are that this trap needs. Exit status 1 if one is not as it should be."""
    found = unit_states(ctx)
    out.table(COLUMNS, [asdict(each) for each in found])
    if not any(each.installed for each in found):
        ctx.say("it is not installed: `cameratrap service install`")
    elif wrong := [each.unit for each in found if not each.ok]:
        ctx.say(f"not as it should be: {', '.join(wrong)}; `journalctl -u {wrong[0]}` says why")
    return 0 if all(each.ok for each in found) else 1


def unit_states(ctx: Context) -> list[UnitState]:
    """How the units are that this trap needs. Raises DeviceError where there is no systemd."""
    return states(units(_settings(ctx, None, reboot=True)), Systemctl())


def _settings(ctx: Context, user: str | None, *, reboot: bool) -> ServiceSettings:
    card = ctx.data.absolute()
    key = key_path(ctx.config.seal.key_file, card).absolute()
    writable = (card,) if key.is_relative_to(card) else (card, key.parent)
    return ServiceSettings(
        _command(ctx, card),
        card,
        writable,
        _user(user),
        tuple(name for name in GROUPS if _is_group(name)),
        gated=design_of(ctx.config).boots_per_trigger,
        alerts=bool(ctx.config.alerts.taxa),
        sets_clock=ctx.config.clock.correct,
        reboot=reboot,
    )


def _command(ctx: Context, card: Path) -> tuple[str, ...]:
    """This very interpreter, with absolute paths: a service starts in a folder of its own."""
    config = ctx.config_file or (Path(FILE_NAME) if Path(FILE_NAME).is_file() else None)
    named = ("--config", str(config.absolute())) if config else ()
    return (sys.executable, "-m", "cameratrap", *named, "--data", str(card))


def _user(name: str | None) -> str:
    chosen = name or os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    try:
        return pwd.getpwnam(chosen).pw_name
    except KeyError:
        raise UsageError(f"there is no user {chosen!r} on this machine", hint="name one with --user") from None


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise UsageError(
            f"you may not write to {folder}",
            hint=f"run the same command with sudo: sudo {sys.executable} -m cameratrap ...",
        )


def _check_runs(settings: ServiceSettings) -> None:
    """Try what the units will run, from another folder and without this shell's environment. Raises CameraTrapError."""
    if not settings.card.is_dir():
        raise UsageError(
            f"there is no folder {settings.card}", hint="mount the card, and set it up with `cameratrap deploy`"
        )
    words = (*settings.command, "config", "check")
    home = pwd.getpwnam(settings.user).pw_dir
    try:
        done = subprocess.run(
            words, cwd="/", env={"HOME": home}, capture_output=True, text=True, timeout=_CHECK_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CameraTrapError("what the service would run cannot be run", why=str(error)) from error
    if done.returncode:
        why = done.stderr.strip() or f"exit status {done.returncode}"
        hint = "install cameratrap into the environment that you call it from; write paths in full in the configuration"
        raise CameraTrapError("what the service would run does not work outside this shell", why=why, hint=hint)


def _advise(ctx: Context, settings: ServiceSettings, *, start: bool) -> None:
    if lost := [name for name in sorted(os.environ) if name.startswith(ENVIRONMENT_PREFIX) and name not in NOT_KEYS]:
        ctx.say(f"{', '.join(lost)}: set in this shell only; the service reads the configuration files")
    if missing := [name for name in GROUPS if name not in settings.groups]:
        ctx.say(f"this machine has no group {', '.join(missing)}: {settings.user} may not reach those devices")
    if settings.gated:
        ctx.say(f"from the next boot on it photographs and switches off; an empty file {STAY_ON} keeps it on")
    elif not start:
        ctx.say("it starts at the next boot, or now with --start")
