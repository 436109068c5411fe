"""`power`: how long the battery will last."""

from __future__ import annotations

import click

from cameratrap.cli.power_plan import plan
from cameratrap.cli.power_status import status


@click.group()
def power() -> None:
    """How long the battery will last."""


power.add_command(plan)
power.add_command(status)
