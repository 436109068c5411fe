"""`deploy`: the deployment record, written at the tree; and its end."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

import cameratrap
from cameratrap.app.deploy import Deployed, end, what_would_be
from cameratrap.app.deploy import deploy as make_deployment
from cameratrap.cli.context import Context
from cameratrap.cli.deploy_options import METRES_OFF, at_station, degrees, deployment_name, moment, setup_options
from cameratrap.cli.deploy_position import ON_CARD, keeping
from cameratrap.cli.output import Output, table_options
from cameratrap.config.keys import keys
from cameratrap.errors import UsageError
from cameratrap.store.deployment import RECORD, Deployment, MadeWith, Setup, read_record, record_text

if TYPE_CHECKING:
    from cameratrap.config import Resolved

COLUMNS = ("deployment", "station", "start", "end", "utc_offset_minutes", "setup", "model", "position", "what")
_PLACE = frozenset({"station.latitude", "station.longitude"})
_SAID = {
    Deployed.NEW: "the card of a new deployment",
    Deployed.SAME: "is there already, and left as it is",
    Deployed.CORRECTED: "corrected: nothing was recorded on it yet",
}


@click.command(short_help="Write the deployment record, at the tree.")
@click.option("--id", "name", type=deployment_name, metavar="NAME", help="Its name (default: STATION_YYYYMMDD).")
@click.option("--start", type=moment, metavar="TIME", help="When it began (default: now).")
@setup_options
@click.option("--position", type=degrees, metavar="LAT,LON", help="Degrees north and east, WGS 84.")
@click.option("--uncertainty", type=METRES_OFF, metavar="M", help="Within how many metres that is true.")
@click.option(
    "--position-file",
    metavar="FILE",
    help=f"Where the position is kept (default: NAME.position.geojson, here); {ON_CARD}: in the record itself.",
)
@click.option(
    "--seal-position-to",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="KEY",
    help="Keep it on the card, sealed to this public picture key.",
)
@click.option("--end", "ends", is_flag=True, help="The deployment has ended: write that down.")
@click.option("--at", type=moment, metavar="TIME", help="With --end: when (default: now). Said again, it is corrected.")
@click.option("--dry-run", is_flag=True, help="Show the record; write nothing.")
@table_options
@click.pass_obj
def deploy(
    ctx: Context,
    out: Output,
    name: str | None,
    start: datetime | None,
    position: tuple[float, float] | None,
    uncertainty: int | None,
    position_file: str | None,
    seal_position_to: Path | None,
    at: datetime | None,
    setup: Setup,
    *,
    ends: bool,
    dry_run: bool,
) -> None:
    """Make the card at --data CARD that of a new deployment of this station, and write how the camera hangs.

    A card that was used already is refused. The position is kept off the card, so that a stolen one tells nobody where
    it hung: in a file on another medium, for its owner to take home.

    \b
    cameratrap --data /media/CARD deploy --height 0.5 --heading 20 --feature trailGame \\
        --position 46.5123,7.4321 --position-file /media/STICK/ridge-1.geojson
    cameratrap --data /media/CARD deploy --end
    """
    if ends:
        if name or start or position or setup != Setup():
            raise click.UsageError("--end takes --at and nothing else: what was recorded at the beginning stays")
        _end(ctx, out, at, dry_run=dry_run)
        return
    if at is not None:
        raise click.UsageError("--at is for --end; a beginning is --start")
    kept = keeping(position, uncertainty, position_file, seal_position_to)
    wanted = kept.in_record(_wanted(ctx, name, start, setup))
    path = kept.path(ctx.data, wanted)
    outcome = what_would_be(ctx.data, wanted)  # a card that is refused leaves no position behind
    kept.check(ctx.data, path, wanted)
    if dry_run:
        click.echo(record_text(wanted), nl=False)
        ctx.say(f"{wanted.deployment}: {_SAID[outcome]}")
        if shown := kept.shown(path, wanted):
            ctx.say(shown)
        return
    outcome, written = make_deployment(ctx.data, wanted)
    told = kept.write(ctx, path, written)
    out.table(COLUMNS, [_row(written, told, _SAID[outcome])])


def _end(ctx: Context, out: Output, at: datetime | None, *, dry_run: bool) -> None:
    found = read_record(ctx.data / RECORD) if (ctx.data / RECORD).is_file() else None
    zone = found.zone if found else ctx.config.station.zone
    now = at_station(None, zone)
    wanted = None if at is None else at_station(at, zone)
    if dry_run and found is not None:
        would = f"would end {found.deployment} at {(wanted or now).isoformat()}"
        ctx.say("it has ended" if found.end and wanted in (None, found.end) else would)
        return
    deployment, before = end(ctx.data, wanted, now)
    is_corrected = found is not None and found.end not in (None, deployment.end)
    what = "had ended before" if before else "the end is corrected" if is_corrected else "ended"
    out.table(COLUMNS, [_row(deployment, None, what)])
    ctx.say("its last day is closed by `cameratrap close-day`, and sent by `cameratrap transmit`")


def _wanted(ctx: Context, name: str | None, start: datetime | None, setup: Setup) -> Deployment:
    station = ctx.config.station
    if not station.id:
        raise UsageError("the station has no name", hint="set station.id in the configuration")
    begins, now = at_station(start, station.zone), at_station(None, station.zone)
    if begins > now:
        raise UsageError(
            f"a deployment cannot have begun at {begins:%Y-%m-%d %H:%M}", why=f"it is {now:%Y-%m-%d %H:%M} by the clock"
        )
    named = name or f"{station.id}_{begins:%Y%m%d}"
    return Deployment(named, station.id, station.utc_offset_minutes, begins, setup=setup, made_with=_made_with(ctx))


def _made_with(ctx: Context) -> MadeWith:
    from cameratrap.app.models import find_model

    manifest = find_model(ctx.config.detector.model, ctx.taxa()).manifest
    return MadeWith(
        cameratrap.__version__, f"{manifest.name} {manifest.version}", manifest.sha256, config_sha256(ctx.resolved)
    )


def config_sha256(resolved: Resolved) -> str:
    """The same for the same settings, wherever the trap and its files are.

    It stands on the card, and who guesses settings can try them on it: the position and paths are no part of it.
    """
    lines = [
        f"{key.path} = {_last_part(resolved.value(key.path)) if key.may_be_path else resolved.value(key.path)!r}"
        for key in keys()
        if key.path not in _PLACE and not key.is_path
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _last_part(name_or_path: object) -> str:
    return repr(Path(str(name_or_path)).name)


def _row(deployment: Deployment, position: str | None, what: str) -> dict[str, object]:
    return {
        "deployment": deployment.deployment,
        "station": deployment.station,
        "start": deployment.start.isoformat(),
        "end": None if deployment.end is None else deployment.end.isoformat(),
        "utc_offset_minutes": deployment.utc_offset_minutes,
        "setup": deployment.setup.by_camtrap_dp(),
        "model": deployment.made_with.model if deployment.made_with else None,
        "position": position,
        "what": what,
    }
