"""`watch`: the resident service, or a folder of pictures played through it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain, plural
from cameratrap.cli.watch_report import say_asleep, say_swept, teller
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.replay.folder import TimedPicture
    from cameratrap.store.card import Deployment


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
@click.option("--existing", is_flag=True, help="Refuse a folder that is no card yet, as services do: is it mounted?")
@click.option("--dry-run", is_flag=True, help="Say what would be played; write nothing.")
@click.pass_obj
def watch(ctx: Context, replay: Path | None, model: str | None, max_gap: int, *, existing: bool, dry_run: bool) -> int:
    """Wait for triggers, photograph, count and store on the card; close each day into a message.

    The card's folder is named before the command: cameratrap --data CARD watch. It runs until it is stopped (SIGTERM,
    Ctrl-C), and stores first what it is taking. A card that goes is waited for, and triggers are counted meanwhile.

    With --replay DIR the same path runs on recorded pictures. A picture that is already on the card is never added
    again, so that an interrupted replay is simply run once more.
    """
    if existing:
        from cameratrap.app.deploy import check_made

        check_made(ctx.data)
    if replay is None:
        return _watch_live(ctx, model, dry_run=dry_run)
    from cameratrap.app.watch import Watch
    from cameratrap.replay.clock import ReplayClock
    from cameratrap.replay.folder import FolderReplay
    from cameratrap.store.bursts import trigger_keys
    from cameratrap.store.card import make_card, make_card_folder, sole_writer
    from cameratrap.store.effort import REPLAY_BOOT_ID
    from cameratrap.wiring import alert_rules, card_keeper, closing_rules, look_settings, open_detector

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
        say_swept(ctx, card, settings)
        say_asleep(card, clock.now())
        player = FolderReplay(pictures, clock, trigger_keys(card.connection))
        trap = Watch(
            card,
            player,
            detector,
            clock,
            boot_id=REPLAY_BOOT_ID,
            serial="replay",
            settings=settings,
            keeper=card_keeper(config, card, clock, minds_room=False),
        )
        closing = closing_rules(config, ctx.taxa(), card)
        alerts = alert_rules(config, ctx.taxa(), closing.sealer)
        report = trap.run(player, closing, alerts=alerts, tell=teller(ctx), ended=True)
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


def _watch_live(ctx: Context, model: str | None, *, dry_run: bool) -> int:
    from cameratrap.app.deploy import check_lasts

    check_lasts(ctx.data)
    if dry_run:
        mode, camera = ctx.on_card.config.trigger.mode.value, ctx.on_card.config.camera.type.value
        ctx.say(f"would watch by {mode} and photograph by {camera} onto {ctx.data}; nothing was opened")
        return 0
    from cameratrap.cli.watch_live import watch_live

    return watch_live(ctx, model)


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
