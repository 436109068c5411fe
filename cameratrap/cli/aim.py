"""`aim`: the walk-test, live on a terminal and on an LED."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.aim_lines import json_object, line, status, summary_lines, summary_object
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.cli.params import Number
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.app.aim import Aim, Signal
    from cameratrap.config import Config
    from cameratrap.domain.detections import Detection
    from cameratrap.ports import Camera, Clock, Detector, Frame, TriggerSource

_CLEAR = "\r\x1b[K"


@click.command(short_help="Walk-test: say live what PIR, motion and detector notice.")
@click.option("--minutes", type=Number(0, 240), default=15, show_default=True, help="End after so long.")
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the newest picture with its boxes in this JPEG file, to look at on a telephone.",
)
@click.option("--no-detector", is_flag=True, help="Try sensor and camera alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Try it with this folder's pictures instead of the trap's sensor and camera.",
)
@click.pass_obj
def aim(
    ctx: Context, minutes: float, snapshot: Path | None, replay: Path | None, *, no_detector: bool, as_json: bool
) -> int:
    """Walk before the trap and read what it notices: each edge of the PIR, motion, the pictures, what is found in them.

    Nothing is stored, counted or sent, and the card is left alone. Ctrl-C ends it with a summary, as do the minutes. An
    LED on led.pin flashes once for the PIR, twice for motion and five times for an animal or a person.

    The camera serves one program: stop the service first. The PIR is deaf for trigger.settle_s after power-on.
    """
    from cameratrap.app.aim import Aim
    from cameratrap.wiring import burst_profile

    _check_snapshot(snapshot)
    config = ctx.on_card.config if ctx.data_flag or ctx.config.data else ctx.config
    with ExitStack() as stack:
        parts = _recorded(ctx, replay) if replay else _wired(config, stack)
        detector = None if no_detector else stack.enter_context(closing(_detector(ctx, config)))
        walk = Aim(
            parts.triggers,
            parts.camera,
            detector,
            parts.clock,
            profile=burst_profile(config),
            signal=_led(config, stack) if replay is None else None,
            show=_shows(snapshot),
        )
        _run(ctx, walk, None if replay else 60 * minutes, as_json=as_json)
    return 3 if walk.summary.failures else 0


@dataclass(frozen=True, slots=True)
class _Parts:
    triggers: TriggerSource
    camera: Camera
    clock: Clock


def _wired(config: Config, stack: ExitStack) -> _Parts:
    from cameratrap.drivers.clock import SystemClock, boot_id
    from cameratrap.wiring import open_camera, open_triggers

    clock = SystemClock(config.station.zone)
    camera = stack.enter_context(closing(open_camera(config)))
    triggers = stack.enter_context(closing(open_triggers(config, clock, boot_id(), camera)))
    return _Parts(triggers, camera, clock)


def _recorded(ctx: Context, folder: Path) -> _Parts:
    from cameratrap.app.find_files import find_images
    from cameratrap.replay.clock import ReplayClock
    from cameratrap.replay.folder import FolderReplay
    from cameratrap.replay.folder_pictures import read_pictures

    found = read_pictures(folder, find_images([folder]), ctx.config.station.zone)
    pictures = [each.timed for each in found.pictures if each.timed is not None]
    if not pictures:
        raise UsageError(f"no picture in {folder} can be played", hint="they must be JPEG with a time in their EXIF")
    if left_out := len(found.refused) + len(found.pictures) - len(pictures):
        ctx.say(f"{plural(left_out, 'file')} cannot be played: no JPEG with a time in its EXIF")
    clock = ReplayClock(pictures[0].captured_at)
    player = FolderReplay(pictures, clock)
    return _Parts(player, player, clock)


def _detector(ctx: Context, config: Config) -> Detector:
    from cameratrap.wiring import open_detector

    return open_detector(config, ctx.taxa())


def _led(config: Config, stack: ExitStack) -> Signal | None:
    from cameratrap.drivers.led import Led

    return None if config.led.pin is None else stack.enter_context(closing(Led(config.led.pin)))


def _check_snapshot(path: Path | None) -> None:
    if path is not None and path.suffix.lower() not in {".jpg", ".jpeg"}:
        raise UsageError(
            f"{path} is no name of a JPEG file", hint="the snapshot overwrites it each time: end it in .jpg"
        )
    if path is not None and not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write to {path}", why=f"there is no folder {path.absolute().parent}")


def _shows(path: Path | None) -> Callable[[Frame, tuple[Detection, ...]], None]:
    """What is done with each picture: nothing, or it takes the place of the one before, never half written."""
    if path is None:
        return lambda *_: None

    def show(frame: Frame, detections: tuple[Detection, ...]) -> None:
        from cameratrap.app.annotate import annotated
        from cameratrap.store.durable import write_durably

        write_durably(path, annotated(frame.jpeg, detections))

    return show


def _run(ctx: Context, walk: Aim, seconds: float | None, *, as_json: bool) -> None:
    """Print each thing as it happens; on a terminal a line below says how it stands. Ctrl-C is the usual end."""
    shows_status = not as_json and not ctx.quiet and sys.stderr.isatty()
    if shows_status:
        click.echo(status(walk.summary), err=True, nl=False)
    with suppress(KeyboardInterrupt):
        for happening in walk.happenings(seconds):
            if shows_status:
                click.echo(_CLEAR, err=True, nl=False)
            if happening is not None:
                click.echo(json.dumps(json_object(happening), ensure_ascii=False) if as_json else line(happening))
            if shows_status:
                click.echo(status(walk.summary), err=True, nl=False)
    if shows_status:
        click.echo(_CLEAR, err=True, nl=False)
    if as_json:
        click.echo(json.dumps({"what": "summary", **summary_object(walk.summary)}, ensure_ascii=False))
    else:
        click.echo("\n".join(summary_lines(walk.summary)))
