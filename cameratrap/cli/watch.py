"""`watch`: the resident service, or a folder of pictures played through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain, plural
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.app.close_day import ClosedDay, ClosingFailed, DayTold
    from cameratrap.app.look import LookSettings
    from cameratrap.app.watch import Outcome
    from cameratrap.replay.folder import TimedPicture
    from cameratrap.store.card import Card, Deployment


@click.command()
@click.option(
    "--replay",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Play this folder's pictures, by the times in their EXIF, as if the trap had taken them.",
)
@click.option("--model", help="Detector: an installed model, a model folder, or a published .tflite file.")
@click.option(
    "--max-gap",
    type=click.IntRange(1),
    default=60,
    metavar="DAYS",
    show_default=True,
    help="Refuse pictures with a longer gap between them: a clock was reset, or it was not one deployment.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be played; write nothing.")
@click.pass_obj
def watch(ctx: Context, replay: Path | None, model: str | None, max_gap: int, *, dry_run: bool) -> int:
    """Wait for triggers, photograph, count and store on the card; close each day into a message.

    The card's folder is named before the command: cameratrap --data CARD watch --replay DIR. This version plays
    recorded pictures; the drivers for a camera and a PIR are still to come.

    With --replay the same path runs on recorded pictures. A picture that is already on the card is never added again,
    so that an interrupted replay is simply run once more.
    """
    from cameratrap.app.watch import Watch
    from cameratrap.replay.clock import ReplayClock
    from cameratrap.replay.folder import FolderReplay
    from cameratrap.store.bursts import trigger_keys
    from cameratrap.store.card import make_card, make_card_folder, sole_writer
    from cameratrap.store.effort import REPLAY_BOOT_ID
    from cameratrap.wiring import alert_rules, closing_rules, look_settings, no_camera, open_detector

    if replay is None:
        raise no_camera()
    pictures, problems = _timed_pictures(replay, ctx.config.station.zone)
    for problem in problems:
        click.echo(problem, err=True)
    if not pictures:
        raise UsageError(f"no picture in {replay} can be played", hint="they must be JPEG with a time in their EXIF")
    _check_gaps(ctx.data, pictures, timedelta(days=max_gap))
    clock = ReplayClock(min(picture.captured_at for picture in pictures))
    if dry_run:
        player = FolderReplay(pictures, clock)
        triggers, frames = plural(player.triggers, "trigger"), plural(player.frames, "picture")
        ctx.say(f"would play {triggers} with {frames} onto {ctx.data}; those that are there already add nothing")
        return 3 if problems else 0
    config = ctx.on_card.config
    settings = look_settings(config, ctx.taxa())
    detector = open_detector(config, ctx.taxa(), model)
    make_card_folder(ctx.data)
    with sole_writer(ctx.data, "watch"), make_card(ctx.data, _deployment(ctx, pictures)) as card:
        _sweep(ctx, card, settings)
        _say_asleep(card, clock.now())
        player = FolderReplay(pictures, clock, trigger_keys(card.connection))
        trap = Watch(card, player, detector, clock, boot_id=REPLAY_BOOT_ID, serial="replay", settings=settings)
        closing = closing_rules(config, ctx.taxa(), card)
        alerts = alert_rules(config, ctx.taxa(), closing.sealer)
        report = trap.run(player, closing, alerts=alerts, tell=_teller(ctx), ended=True)
    ctx.say(
        f"{plural(report.triggers, 'trigger')}, {plural(report.pictures, 'new picture')},"
        f" {plural(report.days_closed, 'day')} closed on {ctx.data}"
    )
    if report.days_closed and closing.sealer is None:
        ctx.say("the messages are not sealed: anyone could read or forge them (`cameratrap key new` makes a key)")
    if settings.policy.changes_pictures and report.pictures < player.frames:
        ctx.say("pictures that were on the card before stay as they are: what `people` says holds for new ones")
    if copies := len(pictures) - player.frames:
        ctx.say(f"left out: {plural(copies, 'copy', 'copies')} of other pictures")
    return 3 if problems or report.failures else 0


def _say_asleep(card: Card, now: datetime) -> None:
    """A trap that a command has sent to sleep looks like one that is broken."""
    from cameratrap.app.command_effects import WAKE_HINT, asleep

    told = asleep(card.connection, now)
    if told is not None:
        click.echo(f"{told}\nhint: {WAKE_HINT}", err=True)


def _check_gaps(card: Path, pictures: Sequence[TimedPicture], most: timedelta) -> None:
    """One picture with a clock that was reset would make a deployment of decades, armed on every day of them."""
    from cameratrap.replay.folder import longest_gap

    before, after = longest_gap([*(picture.captured_at for picture in pictures), *_times_on(card)])
    if after - before > most:
        raise UsageError(
            f"no picture was taken between {before.date()} and {after.date()}",
            why="the camera's clock was reset, or these are several deployments",
            hint="play each period onto a card of its own; or allow it with --max-gap DAYS, if it is one deployment",
        )


def _times_on(folder: Path) -> list[datetime]:
    """When the pictures were taken that are on the card already."""
    from cameratrap.store.bursts import all_pictures
    from cameratrap.store.card import RECORD, open_card

    if not (folder / RECORD).is_file():
        return []
    with open_card(folder) as card:
        return [picture.captured_at for picture in all_pictures(card.connection)]


def _timed_pictures(folder: Path, zone: timezone) -> tuple[list[TimedPicture], list[str]]:
    """The pictures that can be played, and what is wrong with each of the others."""
    from cameratrap.app.find_files import find_images
    from cameratrap.replay.folder_pictures import read_pictures

    found = read_pictures(folder, find_images([folder]), zone)
    wrong = [*found.refused, *((each.path, each.why) for each in found.pictures if each.timed is None)]
    timed = [each.timed for each in found.pictures if each.timed is not None]
    return timed, [plain(f"{path}: {why}") for path, why in sorted(wrong)]


def _deployment(ctx: Context, pictures: Iterable[TimedPicture]) -> Deployment:
    from cameratrap.store.card import Deployment

    station = ctx.config.station
    start = min(picture.captured_at for picture in pictures)
    name = station.id or "unnamed"
    return Deployment(f"{name}_{start:%Y%m%d}", name, station.utc_offset_minutes, start)


def _sweep(ctx: Context, card: Card, settings: LookSettings) -> None:
    from cameratrap.app.sweep import sweep

    report = sweep(card, keep_partial=not settings.policy.changes_pictures)
    for path in report.indexed:
        ctx.say(f"{path} had no entry in the index and has one now")
    for path in report.set_aside:
        ctx.say(f"{path} was left half written and was set aside")
    for path in report.removed:
        ctx.say(f"{path} was left half written, could not be searched for people and was removed")


def _teller(ctx: Context) -> Callable[[Outcome], None]:
    """A line for each new trigger and each day; failures always."""
    from cameratrap.app.watch import BurstReport

    def tell(what: Outcome) -> None:
        failed = getattr(what, "error", None) is not None
        if failed:
            click.echo(progress_line(what), err=True)
        elif not isinstance(what, BurstReport) or what.new_pictures:
            ctx.say(progress_line(what))

    return tell


def progress_line(what: Outcome) -> str:
    """One trigger, one closed day or one alert in a line."""
    from cameratrap.app.alerts import AlertFailed, AlertRaised, AlertSuppressed
    from cameratrap.app.close_day import DayOutgrown
    from cameratrap.app.treat import TreatmentFailed
    from cameratrap.app.watch import BurstReport

    match what:
        case BurstReport():
            counts = ", ".join(f"{count} {taxon}" for taxon, count in what.counts.items()) or "nothing"
            failed = f"  failed: {what.error}" if what.error else ""
            return f"{what.at:%Y-%m-%d %H:%M:%S}  {plural(what.new_pictures, 'picture')}  {plain(counts + failed)}"
        case TreatmentFailed():
            return plain(
                f"{what.path}  shows what the policy for people does not keep, and is still as it was: {what.error}"
            )
        case AlertRaised(alert):
            return plain(f"{alert.at:%Y-%m-%d %H:%M}  alert {alert.sequence} to be sent: {alert.taxon}")
        case AlertSuppressed(incident, reason):
            return plain(f"{incident.start:%Y-%m-%d %H:%M}  no alert for {incident.taxon}: {reason}")
        case AlertFailed(incident, error):
            return plain(f"{incident.start:%Y-%m-%d %H:%M}  no alert for {incident.taxon} yet: {error}")
        case DayOutgrown():
            return f"{what.day}  has grown since its message; the next day's message will tell it anew"
        case _:
            return _day_line(what)


def _day_line(what: ClosedDay | ClosingFailed | DayTold) -> str:
    from cameratrap.app.close_day import ClosedDay, ClosingFailed

    if isinstance(what, ClosingFailed):
        return f"{what.day}  the day could not be closed: {what.error}"
    sizes = " + ".join(str(len(message)) for message in what.messages)
    if not isinstance(what, ClosedDay):
        return f"{what.day}  the day has a message of its own after all: {sizes} bytes"
    taxa = plural(len(what.summary.tallies), "taxon", "taxa")
    told = f"{taxa} in {sizes} bytes" if what.messages else f"{taxa}; a later day's message will carry it"
    return f"{what.summary.day}  day closed: {told}"
