"""The rows of a power forecast, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain
from cameratrap.domain.batteries import Battery
from cameratrap.domain.power_figures import Basis, Figure
from cameratrap.domain.power_plan import SLOW_TRIGGER_S, Design, Forecast, Load, forecast
from cameratrap.domain.power_sensitivity import changes

DAY_COLUMNS = (
    "design",
    "battery",
    "usable_wh",
    "wh_per_day",
    "wh_per_day_low",
    "wh_per_day_high",
    "days",
    "days_low",
    "days_high",
    "first_frame_s",
    "first_frame_s_low",
    "first_frame_s_high",
    "slow_trigger",
)
CHANGE_COLUMNS = ("design", "battery", "change", "to", "wh_per_day", "days", "days_low", "days_high")
FIGURE_COLUMNS = ("figure", "value", "low", "high", "unit", "basis", "source", "meaning", "used")
_BAR = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for: designs by name, what a day brings, the figures, the batteries and how cold they are."""

    designs: Mapping[str, Design]
    load: Load
    figures: Mapping[str, Figure]
    batteries: Sequence[Battery]
    temperature_c: float

    def forecasts(self) -> dict[str, Forecast]:
        """Each design's forecast."""
        return {name: forecast(design, self.load, self.figures) for name, design in self.designs.items()}

    def usable_wh(self, battery: Battery) -> float:
        """What a battery gives at the plan's temperature."""
        return battery.usable_wh(self.temperature_c)


def day_rows(asked: Plan) -> list[dict[str, object]]:
    return [
        {
            "design": name,
            "battery": battery.name,
            "usable_wh": _short(asked.usable_wh(battery)),
            "wh_per_day": _short(each.wh_per_day.likely),
            "wh_per_day_low": _short(each.wh_per_day.low),
            "wh_per_day_high": _short(each.wh_per_day.high),
            "days": _short(days.likely),
            "days_low": _short(days.low),
            "days_high": _short(days.high),
            "first_frame_s": _short(each.first_frame_s.likely),
            "first_frame_s_low": _short(each.first_frame_s.low),
            "first_frame_s_high": _short(each.first_frame_s.high),
            "slow_trigger": each.is_slow_trigger,
        }
        for name, each in asked.forecasts().items()
        for battery in asked.batteries
        for days in [each.days(asked.usable_wh(battery))]
    ]


def change_rows(asked: Plan) -> list[dict[str, object]]:
    battery = asked.batteries[0]
    return [
        {
            "design": name,
            "battery": battery.name,
            "change": each.what,
            "to": each.to,
            "wh_per_day": _short(changed.wh_per_day.likely),
            "days": _short(days.likely),
            "days_low": _short(days.low),
            "days_high": _short(days.high),
        }
        for name, design in asked.designs.items()
        for each in changes(design, asked.load, asked.figures)
        for changed in [forecast(each.design, each.load, each.figures)]
        for days in [changed.days(asked.usable_wh(battery))]
    ]


def figure_rows(asked: Plan) -> list[dict[str, object]]:
    used = {name for each in asked.forecasts().values() for name in each.used}
    return [
        {
            "figure": figure.name,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "unit": figure.unit,
            "basis": figure.basis.value,
            "source": figure.source,
            "meaning": figure.meaning,
            "used": figure.name in used,
        }
        for figure in asked.figures.values()
    ]


def explain(ctx: Context, asked: Plan) -> None:
    """Where the energy goes, what is only assumed, and whether animals wait so long; for the person watching."""
    load = asked.load
    ctx.say(
        f"\n{load.triggers:g} triggers a day ({load.events_per_day:g} animals, {load.false_ratio:g} false triggers for"
        f" each), {'infrared light by night' if load.lamp else 'no lamp'}, {asked.temperature_c:g} degrees"
    )
    forecasts = asked.forecasts()
    for name, each in forecasts.items():
        total = sum(each.joules.values())
        ctx.say(f"\n{plain(name)}: where the energy goes")
        for activity, joules in each.joules.items():
            bar = "#" * round(_BAR * joules / total)
            ctx.say(f"  {activity:<22} {joules / total:4.0%}  {bar}")
        ctx.say(f"  {_latency(each)}")
        if not asked.designs[name].modem_switched:
            ctx.say("  the modem is never switched off: wire its ON/OFF line and set modem.power_pin")
    used = {figure for each in forecasts.values() for figure in each.used}
    assumed = [figure.name for figure in asked.figures.values() if figure.name in used and _is_assumed(figure)]
    ctx.say(f"\nassumed, and worth measuring: {', '.join(assumed) or 'nothing'} (plan.figures takes what you measure)")
    ctx.say("what the batteries give, most of all in the cold, is assumed too")


def _is_assumed(figure: Figure) -> bool:
    return figure.basis is Basis.ASSUMED


def _latency(each: Forecast) -> str:
    seconds = each.first_frame_s
    told = f"first picture {seconds.likely:.2g} s after the trigger ({seconds.low:.2g} to {seconds.high:.2g} s)"
    if not each.is_slow_trigger:
        return told
    return (
        f"{told}: a slow trigger. Animals that pass are gone in 0.2 to {SLOW_TRIGGER_S:g} s; it is right where they"
        " stay (bait, carcass, den, nest, water, feeding place), and wrong on a trail"
    )


def _short(value: float) -> float:
    """Three digits: none of the figures has more."""
    return float(f"{value:.3g}")
