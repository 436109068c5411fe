"""What `wake` does where its card's index or its configuration stands against the rest of its work."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import click

from cameratrap.app.hand_back import hand_back
from cameratrap.app.power_on import UnderWay
from cameratrap.app.rescue import rescue_burst
from cameratrap.app.wake_plan import AFTER_FAILURE
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.cli.wake import PowerOn
from cameratrap.config import resolve_alone
from cameratrap.drivers.board import board_serial
from cameratrap.errors import CameraTrapError
from cameratrap.store.card import Deployment
from cameratrap.wiring import open_power_controller


def rescue(ctx: Context, started: PowerOn, deployment: Deployment) -> None:
    """Make safe, as files, what is in the camera and no index takes in. Raises StoreError, DeviceError."""
    if started.trigger is None or not isinstance(started.camera, UnderWay) or not started.camera.waits:
        return
    saved = rescue_burst(
        ctx.data,
        started.camera,
        started.trigger,
        started.profile,
        started.clock,
        deployment=deployment,
        boot_id=started.boot_id,
        serial=board_serial(),
        last_path=started.plan.last_path if started.plan else None,
    )
    for path in saved:
        ctx.tell(f"stored without the index: {path}")
    pictures = plural(len(saved), "picture")
    click.echo(f"{pictures} stored as files in {ctx.data}; the index takes them in when there is one again", err=True)


def hand_back_alone(ctx: Context) -> None:
    """Without a configuration: have the power cut, where its [power] can be read. What fails is told."""
    config = resolve_alone("power", ctx.config_file)
    try:
        controller = None if config is None else open_power_controller(config)
        if controller is None:
            click.echo("what cuts the power cannot be known: the unit's FailureAction switches off", err=True)
            return
        with closing(controller):
            hand_back(controller, datetime.now(UTC) + AFTER_FAILURE)
    except CameraTrapError as error:
        click.echo(f"failed: {error}", err=True)
        return
    ctx.say("switching off")
