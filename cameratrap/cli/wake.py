"""`wake`: one power-on. The first frame is asked for before anything heavy is imported, and a test holds that: an
animal is gone in a second or two, and the Pi has already taken some to boot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context

if TYPE_CHECKING:
    from cameratrap.app.wake_plan import NextWake
    from cameratrap.config import Config
    from cameratrap.domain.capture import BurstProfile
    from cameratrap.domain.events import TriggerCause
    from cameratrap.errors import DeviceError
    from cameratrap.ports import Camera, Clock, Trigger

# Later than this after the boot somebody at a shell has started it, and the boot was not for an animal.
FRESH_S = 120.0


@dataclass(frozen=True, slots=True)
class PowerOn:
    """Why the trap is on, and its camera, at work where there is a ``trigger``, unless the ``plan`` rests.

    ``edge`` is what began it.
    """

    trigger: Trigger | None
    camera: Camera
    clock: Clock
    boot_id: str
    edge: datetime
    plan: NextWake | None
    profile: BurstProfile


@click.command()
@click.option(
    "--cause",
    type=click.Choice(["auto", "pir", "alarm"]),
    default="auto",
    show_default=True,
    help="What switched the trap on; auto asks wake.pin, else the time that the alarm was set to.",
)
@click.option("--stay", is_flag=True, help="Keep the power on: for a look at it by hand.")
@click.option("--existing", is_flag=True, help="Store nothing in a folder that is no card yet, as the service does.")
@click.option("--dry-run", is_flag=True, help="Say what this power-on would be taken for; open and write nothing.")
@click.pass_obj
def wake(ctx: Context, cause: str, *, stay: bool, existing: bool, dry_run: bool) -> int:
    """Do one power-on's work on the card at --data CARD: photograph, count, close days, send, switch off again.

    For a trap that its PIR switches on (power.controller). It photographs first, unless an alarm switched it on or the
    power-on before left word that schedule, sleep or battery allow no picture; then that is asked first. It looks
    at the pictures when wake.batch of them wait, closes the day and sends when that is due; then it sets the alarm for
    whatever comes next and hands the power back, also when something has failed. What triggers meanwhile is
    photographed too. Where the index is damaged its pictures are stored as files; where the deployment has ended
    nothing is stored. Exit status: 0 all done, 2 the configuration is wrong (the power is handed back if [power] is
    not), 3 something failed and is named, 4 the power could not be handed back.
    """
    if dry_run:
        return _say_what_it_is(ctx, cause)
    started = _start_or_switch_off(ctx, cause, stay=stay)
    from cameratrap.cli.wake_work import finish

    return finish(ctx, started, stay=stay, existing=existing)


def _start_or_switch_off(ctx: Context, cause: str, *, stay: bool) -> PowerOn:
    """A configuration that is wrong must not empty the battery. Raises ConfigError, UsageError."""
    from cameratrap.errors import ConfigError, UsageError

    try:
        return _start(ctx, cause)
    except (ConfigError, UsageError):
        if not stay:
            from cameratrap.cli.wake_failing import hand_back_alone

            hand_back_alone(ctx)
        raise


def _start(ctx: Context, cause: str) -> PowerOn:
    """Ask for the first frame, where the trap is not on for its alarm only, and does not rest by what was known."""
    from cameratrap.app.power_on import LateCamera, UnderWay
    from cameratrap.app.wake_plan import read_plan
    from cameratrap.drivers.clock import SystemClock, boot_id
    from cameratrap.ports import Trigger
    from cameratrap.wiring import burst_profile

    config, plan = ctx.config, read_plan(ctx.data)
    clock = SystemClock(config.station.zone)
    edge, edge_s = _edge(clock, config)
    profile = plan.profile if plan else burst_profile(config)
    why = _cause(config, cause, plan, edge)
    rests = plan is not None and plan.is_rest(edge)
    camera = LateCamera(lambda: _camera(config)) if why is None or rests else _camera(config)
    if why is not None and _asks_pin(config, cause) and not _is_high(ctx, config):
        why = _for_alarm(plan)
    boot = boot_id()
    if why is None:
        return PowerOn(None, camera, clock, boot, edge, plan, profile)
    trigger = Trigger(f"{boot}:{edge_s:.3f}", edge, why, edge_s)
    if not rests:
        camera = UnderWay(camera, trigger, profile)
    return PowerOn(trigger, camera, clock, boot, edge, plan, profile)


def _edge(clock: Clock, config: Config) -> tuple[datetime, float]:
    """When the power came on, and that on the monotonic clock, which starts with the kernel: so before its 0."""
    now_s = clock.monotonic_s()
    edge_s = -config.wake.firmware_s if now_s < FRESH_S else now_s
    return clock.now() - timedelta(seconds=now_s - edge_s), edge_s


def _asks_pin(config: Config, cause: str) -> bool:
    return cause == "auto" and config.wake.pin is not None


def _cause(config: Config, cause: str, plan: NextWake | None, edge: datetime) -> TriggerCause | None:
    """What a burst is taken for; None for none. Where only the pin knows, an animal is assumed until it was asked."""
    from cameratrap.app.wake_plan import is_alarm
    from cameratrap.domain.events import TriggerCause

    by_time = cause == "auto" and config.wake.pin is None and is_alarm(plan, edge)
    return _for_alarm(plan) if cause == "alarm" or by_time else TriggerCause.PIR


def _for_alarm(plan: NextWake | None) -> TriggerCause | None:
    from cameratrap.domain.events import TriggerCause

    return TriggerCause.TIMELAPSE if plan is not None and plan.is_timelapse else None


def _camera(config: Config) -> Camera:
    """The camera, its first frame asked for; where there is none, one that says why at each burst."""
    from cameratrap.app.power_on import NoCamera
    from cameratrap.errors import CameraTrapError, DeviceError
    from cameratrap.wiring import open_camera

    try:
        return open_camera(config, at_once=True, unlit=_say_unlit)
    except DeviceError as error:
        return NoCamera(error)
    except CameraTrapError as error:
        return NoCamera(DeviceError("the camera cannot be opened", device="camera", why=str(error)))


def _say_unlit(error: DeviceError) -> None:
    click.echo(f"failed: {error}; the burst is taken without the lamp", err=True)


def _is_high(ctx: Context, config: Config) -> bool:
    """Whether the PIR holds its pin; where nobody can tell, a picture too many is better than none."""
    from cameratrap.drivers.wake_pin import is_high
    from cameratrap.errors import DeviceError

    assert config.wake.pin is not None  # noqa: S101 - asked only where it is configured
    try:
        return is_high(config.wake.pin)
    except DeviceError as error:
        ctx.say(f"{error}; taken for the PIR")
        return True


def _say_what_it_is(ctx: Context, cause: str) -> int:
    from cameratrap.app.wake_plan import read_plan
    from cameratrap.drivers.clock import SystemClock

    config, plan = ctx.config, read_plan(ctx.data)
    edge, _ = _edge(SystemClock(config.station.zone), config)
    why = _cause(config, cause, plan, edge)
    what = "no burst, only what is due" if why is None else f"a burst ({why.value})"
    if why is not None and plan is not None and plan.is_rest(edge):
        what += ", if the card allows it: it rests"
    asked = f", unless pin {config.wake.pin} is low" if _asks_pin(config, cause) and why is not None else ""
    alarm = "none" if plan is None or plan.alarm_at is None else plan.alarm_at.isoformat(timespec="seconds")
    ctx.say(
        f"would take {what}{asked}; the alarm was set to: {alarm}; then {config.power.controller.value} switches off"
    )
    return 0
