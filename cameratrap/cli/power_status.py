"""`power status`: what the trap's energy went into, and how many days are left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.power_inputs import losses_of
from cameratrap.domain.activities import Activity, DaysLeft, Spent

COLUMNS = ("days_left", "wh_per_day", "from_days", "used_wh", "usable_wh")
ACTIVITY_COLUMNS = ("day", "activity", "seconds", "joules", "measured_s", "measured_j")


@click.command(short_help="Say what the energy went into, and how many days are left.")
@click.option("--activities", is_flag=True, help="What each activity took, day by day.")
@table_options
@click.pass_obj
def status(ctx: Context, out: Output, *, activities: bool) -> None:
    """Say how many days the battery of the trap whose card is at --data CARD lasts at the rate of its last week.

    The joules are seconds of each activity, times what the configuration says it takes; measured_j is what a gauge saw.
    It takes the battery as full on the card's first day, and needs battery.usable_wh and a whole day.
    """
    from cameratrap.app.power_watch import days_left
    from cameratrap.store.card import open_card
    from cameratrap.store.energy import spent_by_day
    from cameratrap.store.power_readings import newest

    usable_wh = ctx.config.battery.usable_wh
    with open_card(ctx.data) as card:
        spent = spent_by_day(card.connection)
        today = datetime.now(card.zone).date()
        left = days_left(card.connection, usable_wh, today, **losses_of(ctx.config))
        last = newest(card.connection)
    if activities:
        out.table(ACTIVITY_COLUMNS, _activity_rows(spent))
        return
    out.table(COLUMNS, [_row(left, usable_wh)])
    if left is None:
        ctx.say(_why_unknown(usable_wh))
    if last is not None and last.trouble:
        read_at = last.at.astimezone(card.zone).isoformat(timespec="seconds")
        ctx.say(f"battery gauge, read last at {read_at}: {last.trouble}")


def _why_unknown(usable_wh: float | None) -> str:
    if usable_wh is None:
        return "days left: battery.usable_wh does not say what a full battery gives"
    return "days left: nothing is written of a whole day yet; `cameratrap power plan` forecasts"


def _row(left: DaysLeft | None, usable_wh: float | None) -> dict[str, object]:
    return {
        "days_left": None if left is None else round(left.days, 1),
        "wh_per_day": None if left is None else round(left.wh_per_day, 3),
        "from_days": None if left is None else left.from_days,
        "used_wh": None if left is None else round(left.used_wh, 2),
        "usable_wh": usable_wh,
    }


def _activity_rows(spent: Mapping[date, Mapping[Activity, Spent]]) -> list[dict[str, object]]:
    return [
        {
            "day": day.isoformat(),
            "activity": activity.value,
            "seconds": round(each.seconds, 1),
            "joules": round(each.joules, 1),
            "measured_s": round(each.measured_s, 1),
            "measured_j": round(each.measured_j, 1),
        }
        for day, activities in spent.items()
        for activity, each in activities.items()
    ]
