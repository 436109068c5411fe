"""The alarm that deliveries were refused, said by every command that looks at the receiver's folder."""

from __future__ import annotations

import click

from cameratrap.store.refused import REVERIFY_HINT, RefusedLog


def say_refused(log: RefusedLog) -> None:
    """Say on stderr, also with --quiet, what waits in the refused log; nothing where it is empty."""
    alarm = log.alarm()
    if alarm is not None:
        click.echo(f"alarm: {alarm}\nhint: {REVERIFY_HINT}", err=True)
