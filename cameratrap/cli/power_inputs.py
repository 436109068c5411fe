"""What a power forecast is made from, as the configuration describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cameratrap.config import Config
from cameratrap.config.camera import Standby
from cameratrap.config.power import Controller, PinMode
from cameratrap.config.trigger import TriggerMode
from cameratrap.domain.batteries import BATTERIES, Battery
from cameratrap.domain.power_figures import FIGURES, Figure, fixed
from cameratrap.domain.power_plan import Design, Gating, Load
from cameratrap.errors import ConfigError, ConfigProblem


def figures_of(config: Config) -> dict[str, Figure]:
    """The figures, those of ``plan.figures`` and the modem's own among them. Raises ConfigError for a name unknown."""
    plan, modem = config.plan, config.modem
    expected = "no figure; `cameratrap power plan --figures` lists them"
    problems = [ConfigProblem("plan.figures", f'"{name}"', expected) for name in plan.figures if name not in FIGURES]
    expected = "says where a figure comes from that plan.figures does not have"
    problems += [
        ConfigProblem("plan.sources", f'"{name}"', expected) for name in plan.sources if name not in plan.figures
    ]
    problems += [
        ConfigProblem("plan.figures", f"{name} = {plan.figures[name]:g}", "a share, below 1")
        for name in ("converter_loss", "night_share")
        if plan.figures.get(name, 0) >= 1
    ]
    if problems:
        raise ConfigError(problems)
    most = max(modem.energy_j_per_day, FIGURES["satellite_j"].value)
    figures = {**FIGURES, "satellite_j": replace(FIGURES["satellite_j"], high=most)}
    if modem.idle_w != figures["modem_idle_w"].value:
        figures = fixed(figures, {"modem_idle_w": modem.idle_w}, {"modem_idle_w": "assumed: modem.idle_w"})
    return fixed(figures, plan.figures, plan.sources)


def load_of(config: Config, events: float | None = None, false_ratio: float | None = None) -> Load:
    """What a day brings: what is given, else what ``plan`` says."""
    plan = config.plan
    return Load(
        plan.events_per_day if events is None else events,
        plan.false_ratio if false_ratio is None else false_ratio,
        lamp=config.lamp.is_there,
    )


def design_of(config: Config) -> Design:
    """The trap that the configuration describes."""
    gating = _gating(config)
    return Design(
        gating,
        config.plan.boot,
        config.plan.board,
        on_hours=config.plan.on_hours,
        camera_open=config.camera.standby is Standby.OPEN,
        modem_switched=config.modem.power_pin is not None or gating is Gating.GATED,
        controller="timer_w" if _is_timer(config) else "controller_w",
    )


def _gating(config: Config) -> Gating:
    if config.trigger.mode is not TriggerMode.PIR:
        return Gating.MOTION
    return _GATING[config.power.controller]


_GATING: Mapping[Controller, Gating] = {
    Controller.NONE: Gating.ALWAYS_ON,
    Controller.SYSTEMD: Gating.HALTED,  # a Pi that shuts down keeps its 5 V
    Controller.HALT_PIN: Gating.GATED,
    Controller.WITTY_PI_4: Gating.GATED,
}


def losses_of(config: Config) -> dict[str, float]:
    """What ``app.power_watch.days_left`` adds to what was counted: the board that waits, and the converter."""
    figures, design = figures_of(config), design_of(config)
    standby_w = figures[design.controller].value if design.boots_per_trigger else 0.0
    return {"standby_w": standby_w, "converter_loss": figures["converter_loss"].value}


def batteries_of(config: Config) -> tuple[Battery, ...]:
    """The trap's own, where ``battery.usable_wh`` says what it gives; else common ones."""
    own = config.battery
    return BATTERIES if own.usable_wh is None else (Battery("the trap's own", own.chemistry, own.usable_wh), *BATTERIES)


def _is_timer(config: Config) -> bool:
    """A circuit that cuts at once and waits by itself: no microcontroller runs meanwhile."""
    return config.power.controller is Controller.HALT_PIN and config.power.pin_mode is PinMode.DONE
