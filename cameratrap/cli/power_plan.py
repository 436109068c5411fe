"""`power plan`: how long the battery will last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.params import Number
from cameratrap.cli.power_inputs import batteries_of, design_of, figures_of, load_of
from cameratrap.cli.power_rows import (
    CHANGE_COLUMNS,
    DAY_COLUMNS,
    FIGURE_COLUMNS,
    Plan,
    change_rows,
    day_rows,
    explain,
    figure_rows,
)
from cameratrap.domain.batteries import COLD, Battery, Chemistry
from cameratrap.domain.power_plan import DESIGNS, Boot, Design, busy_hours, forecast
from cameratrap.domain.power_sensitivity import changes
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.config import Config

CONFIGURED = "configured"
ALL = "all"


@click.command(short_help="Forecast the battery's life.")
@click.option(
    "--design",
    "names",
    multiple=True,
    type=click.Choice([CONFIGURED, ALL, *DESIGNS]),
    help="A design to compare, instead of what the configuration describes; may be given again.",
)
@click.option("--events", type=Number(0, 10000), metavar="N", help="Animals a day (default: plan.events_per_day).")
@click.option("--false-ratio", type=Number(0, 1000), metavar="R", help="Triggers without an animal for each with one.")
@click.option("--lamp/--no-lamp", default=None, help="With or without infrared light (default: as configured).")
@click.option("--battery", type=Number(0.1, 100000), metavar="WH", help="A battery of so many usable Wh at 20 degrees.")
@click.option(
    "--chemistry",
    type=click.Choice([each.value for each in Chemistry]),
    help=f"What that battery is made of: it decides what is left in the cold (default: {Chemistry.LITHIUM_ION}).",
)
@click.option("--temperature", type=Number(-60, 60), metavar="C", help="The battery's (default: plan.temperature_c).")
@click.option("--sensitivity", is_flag=True, help="What the days depend on, one change at a time.")
@click.option("--figures", "list_figures", is_flag=True, help="List every figure, its range and where it comes from.")
@click.option(
    "--chart", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg", help="Also draw the days, as SVG."
)
@table_options
@click.pass_obj
def plan(
    ctx: Context,
    out: Output,
    names: tuple[str, ...],
    events: float | None,
    false_ratio: float | None,
    battery: float | None,
    chemistry: str | None,
    temperature: float | None,
    chart: Path | None,
    *,
    lamp: bool | None,
    sensitivity: bool,
    list_figures: bool,
) -> None:
    """Forecast how many days a trap runs on common batteries, or on one of --battery WH.

    Each result has a range: every figure that it rests on at its worst, and at its best. `days` is for one set of
    cells, without the sun; first_frame_s is the time from the trigger to the first picture.
    """
    if sensitivity and list_figures:
        raise click.UsageError("--sensitivity and --figures exclude each other")
    if chemistry and not battery:
        raise click.UsageError("--chemistry says what --battery is made of: give both")
    config = ctx.config
    load = load_of(config, events, false_ratio)
    asked = Plan(
        _designs(config, names),
        load if lamp is None else replace(load, lamp=lamp),
        figures_of(config),
        [Battery(f"{battery:g} Wh", Chemistry(chemistry or Chemistry.LITHIUM_ION), battery)]
        if battery
        else batteries_of(config),
        config.plan.temperature_c if temperature is None else temperature,
    )
    _check_cold(asked)
    _check_day(asked)
    _check_energy(asked)
    if chart:
        _check_chart(chart)
    if list_figures:
        out.table(FIGURE_COLUMNS, figure_rows(asked))
    elif sensitivity:
        _check_changes(asked)
        out.table(CHANGE_COLUMNS, change_rows(asked))
    else:
        out.table(DAY_COLUMNS, day_rows(asked))
        explain(ctx, asked)
    if chart:
        _draw(ctx, asked, chart)


def _designs(config: Config, names: Sequence[str]) -> dict[str, Design]:
    """The designs asked for; one that boots for each trigger is shown with either boot."""
    if ALL in names:
        return dict(DESIGNS)
    chosen: dict[str, Design] = {}
    for name in names or (CONFIGURED,):
        if name != CONFIGURED:
            chosen[name] = DESIGNS[name]
            continue
        design = design_of(config)
        chosen[name] = design
        if design.boots_per_trigger:
            other = Boot.TUNED if design.boot is Boot.STOCK else Boot.STOCK
            chosen[f"{name}, {other} boot"] = replace(design, boot=other)
    return chosen


def _check_cold(asked: Plan) -> None:
    if any(asked.usable_wh(battery) > 0 for battery in asked.batteries):
        return
    hardiest = min((battery.chemistry for battery in asked.batteries), key=lambda each: COLD[each][-1][0])
    raise UsageError(
        f"no battery gives anything at {asked.temperature_c:g} degrees",
        hint=f"{hardiest.value} cells reach down to {COLD[hardiest][-1][0]:g} degrees, of those asked for",
    )


def _check_day(asked: Plan) -> None:
    load = asked.load
    for name, design in asked.designs.items():
        hours = busy_hours(design, load, asked.figures)
        if hours > design.on_hours:
            raise UsageError(
                f"no day holds {load.triggers:g} triggers",
                why=f"they keep {name} busy for {hours:.1f} of {design.on_hours:g} hours",
                hint="fewer --events, or a lower --false-ratio: triggers are the one, times one plus the other",
            )


def _check_energy(asked: Plan) -> None:
    """Figures may be set to 0: a sum of nothing lasts for ever."""
    for name, each in asked.forecasts().items():
        if each.wh_per_day.low <= 0:
            raise UsageError(f"{name} takes no energy by these figures", hint="look at plan.figures")


def _check_changes(asked: Plan) -> None:
    """What takes energy may be the very thing that a change leaves out."""
    for name, design in asked.designs.items():
        for each in changes(design, asked.load, asked.figures):
            if forecast(each.design, each.load, each.figures).wh_per_day.low <= 0:
                what = f"{name} takes no energy by these figures with {each.what}: {each.to}"
                raise UsageError(what, hint="look at plan.figures")


def _check_chart(path: Path) -> None:
    if path.suffix.lower() != ".svg":
        raise UsageError(f"{path} is not named as an SVG picture", hint="name a file that ends in .svg")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write to {path}", why=f"there is no folder {path.absolute().parent}")


def _draw(ctx: Context, asked: Plan, path: Path) -> None:
    from cameratrap.cli.power_chart import ChartRow, chart

    rows = [
        ChartRow(f"{name}, {battery.name}", each.days(asked.usable_wh(battery)))
        for name, each in asked.forecasts().items()
        for battery in asked.batteries
        if asked.usable_wh(battery) > 0
    ]
    load = asked.load
    title = f"Days on a battery at {load.triggers:g} triggers a day, {asked.temperature_c:g} \N{DEGREE SIGN}C"
    try:
        path.write_text(chart(title, rows), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {path}", why=error.strerror or str(error)) from error
    ctx.say(f"drew {path}")
