"""`watch`: the resident service, or a folder of pictures played through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.errors import ImageError, UsageError

if TYPE_CHECKING:
    from cameratrap.app.close_day import ClosedDay
    from cameratrap.app.watch import BurstReport
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
@click.option("--dry-run", is_flag=True, help="Say what would be played; write nothing.")
@click.pass_obj
def watch(ctx: Context, replay: Path | None, model: str | None, *, dry_run: bool) -> int:
    """Wait for triggers, photograph, count and store on the card at --data DIR; close each day into a message.

    With --replay the same path runs on recorded pictures. A picture that is already on the card is never added again,
    so that an interrupted replay is simply run once more.
    """
    from cameratrap.app.watch import Watch
    from cameratrap.replay.clock import ReplayClock
    from cameratrap.replay.folder import FolderReplay
    from cameratrap.store.card import make_card, sole_writer
    from cameratrap.wiring import closing_rules, no_camera, open_detector

    if replay is None:
        raise no_camera()
    zone = ctx.config.station.zone
    pictures, problems = _timed_pictures(replay, zone)
    for problem in problems:
        click.echo(problem, err=True)
    if not pictures:
        raise UsageError(
            f"no picture in {replay} can be played",
            hint="a replay needs JPEG pictures whose EXIF says when they were taken",
        )
    player = FolderReplay(pictures, clock := ReplayClock(min(picture.captured_at for picture in pictures)))
    if dry_run:
        ctx.say(f"would play {player.triggers} triggers with {player.frames} pictures onto {ctx.data}")
        return 3 if problems else 0
    detector = open_detector(ctx.config, ctx.taxa(), model)
    with make_card(ctx.data, _deployment(ctx, pictures)) as card, sole_writer(ctx.data, "watch"):
        _sweep(ctx, card)
        trap = Watch(card, player, detector, clock, boot_id="replay", serial="replay")
        report = trap.run(player, closing_rules(ctx.config, ctx.taxa()), tell=_teller(ctx), ended=True)
    new = sum(burst.new_pictures for burst in report.bursts)
    ctx.say(f"{len(report.bursts)} triggers, {new} new pictures, {len(report.closed)} days closed on {ctx.data}")
    if copies := len(pictures) - player.frames:
        ctx.say(f"{copies} pictures are copies of others and were taken once")
    return 3 if problems or report.failures else 0


def _timed_pictures(folder: Path, zone: timezone) -> tuple[list[TimedPicture], list[str]]:
    """The pictures that can be played, and what is wrong with each of the others."""
    from cameratrap.app.images import find_images, read_image
    from cameratrap.replay.folder import TimedPicture
    from cameratrap.store.media import sha256_of

    pictures, problems = [], []
    for path in find_images([folder]):
        try:
            still = read_image(path).at(zone)
        except ImageError as error:
            problems.append(f"{path}: {error}")
            continue
        if still.format != "JPEG":
            problems.append(f"{path}: it is a {still.format}, and a trap takes JPEG pictures")
        elif still.taken is None:
            problems.append(f"{path}: its EXIF does not say when it was taken")
        else:
            name = path.relative_to(folder).as_posix()
            taken = still.taken.astimezone(zone)
            pictures.append(TimedPicture(path, name, taken, sha256_of(still.data), still.serial or ""))
    return pictures, problems


def _deployment(ctx: Context, pictures: Iterable[TimedPicture]) -> Deployment:
    from cameratrap.store.card import Deployment

    station = ctx.config.station
    start = min(picture.captured_at for picture in pictures)
    name = station.id or "unnamed"
    return Deployment(f"{name}_{start:%Y%m%d}", name, station.utc_offset_minutes, start)


def _sweep(ctx: Context, card: Card) -> None:
    from cameratrap.app.sweep import sweep

    report = sweep(card)
    for path in report.indexed:
        ctx.say(f"{path} had no entry in the index and has one now")
    for path in report.set_aside:
        ctx.say(f"{path} was left half written and was set aside")


def _teller(ctx: Context) -> Callable[[BurstReport | ClosedDay], None]:
    """A line for each new trigger and each day; failures always."""
    from cameratrap.app.watch import BurstReport

    def tell(what: BurstReport | ClosedDay) -> None:
        if isinstance(what, BurstReport) and what.error:
            click.echo(progress_line(what), err=True)
        elif not isinstance(what, BurstReport) or what.new_pictures:
            ctx.say(progress_line(what))

    return tell


def progress_line(what: BurstReport | ClosedDay) -> str:
    """One trigger or one closed day in a line."""
    from cameratrap.app.watch import BurstReport

    if not isinstance(what, BurstReport):
        sizes = " + ".join(str(len(message)) for message in what.messages)
        return f"{what.summary.day}  day closed: {len(what.summary.tallies)} taxa in {sizes} bytes"
    counts = ", ".join(f"{count} {taxon}" for taxon, count in what.counts.items()) or "nothing"
    failed = f"  failed: {what.error}" if what.error else ""
    return f"{what.at:%Y-%m-%d %H:%M:%S}  {what.new_pictures} pictures  {counts}{failed}"
