"""A season in simulation: `tools/bench season [--days N] [--seed N] [--no-storms] [--no-cold]`.

A trap watches, photographs and counts made-up animals through storms of wind triggers, a camera that fails and cold
spells in which its battery sags, closes its days, seals and sends them over a modem of which every fifth session fails,
in every way that is documented, while its power is cut at random moments; it raises alerts and fetches what somebody
sends it. A gateway bills and delivers, some requests late or twice; a receiver takes them in. All of it but the
devices, the animals and the gateway is the code of a real trap and a real receiver; time is virtual.

What really happened is written down beside it, and reckoned a second time without any of the trap's code. Ends with 1
where the card, its tables or what was received disagree with that, where a day or an alert got lost, a credit has no
reason, or the modem took more energy than it may.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import tracemalloc
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from bench_season_agreement import Auditor
from bench_season_ground import Ground, arrival, explain
from bench_season_journal import Journal
from bench_season_life import Life
from bench_season_power import Fuse
from bench_season_reckoner import Reckoner
from bench_season_report import Result, Sizes, report
from bench_season_script import DAY_S, WATCHED, Script, Season
from bench_season_sensor import Moment, SeasonClock
from bench_season_sky import IMEI, Sky, SkyLedger
from bench_season_trap import Trap, World

from cameratrap.config.camera import LampSection
from cameratrap.config.ground import Ground as GroundSection
from cameratrap.config.modem import Modem
from cameratrap.config.power import BatterySection
from cameratrap.config.tree import Alerts, Config, Station, Summary
from cameratrap.config.trigger import TriggerSection
from cameratrap.ground.intake import open_intake
from cameratrap.replay.emulated_lines import VirtualClock
from cameratrap.replay.gateway import Gateway
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import make_card_folder
from cameratrap.store.keys import key_path, write_key
from cameratrap.store.outbox import ALERT, OutboxState
from cameratrap.store.receiver_keys import keep_receiver_key, receiver_keys
from cameratrap.wire.seal import KEY_BYTES, SealKey
from cameratrap.wiring import battery_policy, power_figures

STATION = "season"
START = datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=1)))
DAYS_AFTER = 10  # for what waits when the deployment ends
CALL_EVERY_DAYS = 20  # somebody sends the trap two messages; they mean nothing to it, but they must be fetched
CALLS = (b"somebody", b"is calling")
NOON_S = DAY_S / 2
MEMORY = Path("/dev/shm")  # noqa: S108 - a synchronisation costs nothing there, and is made all the same


def config_of(season: Season) -> Config:
    """The trap's configuration."""
    return Config(
        station=Station(id=STATION, utc_offset="+01:00", latitude=47.0, longitude=6.0),
        summary=Summary(every_days=season.every_days),
        alerts=Alerts(taxa=(WATCHED,)),
        modem=Modem(mailbox_every_days=2),
        battery=BatterySection(cells=3),
        lamp=LampSection(pin=18),
        trigger=TriggerSection(timelapse_minutes=240),
    )


def main(arguments: Sequence[str]) -> int:
    """Simulate a season and print what came of it."""
    season = _options(arguments)
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="cameratrap-season-", dir=memory) as folder:
        result = simulate(season, Path(folder))
    sys.stdout.write("\n".join(report(season, result)) + "\n")
    return 0 if result.sound else 1


def _options(arguments: Sequence[str]) -> Season:
    parser = argparse.ArgumentParser(
        prog="tools/bench season", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Season()
    parser.add_argument("--days", type=int, default=default.days, help="length of the season (180)")
    parser.add_argument("--seed", type=int, default=default.seed, help="another season of the same kind")
    parser.add_argument("--animals", type=int, default=default.animals, help="triggers with an animal a day (30)")
    parser.add_argument("--blanks", type=int, default=default.blanks, help="false triggers a day (60)")
    parser.add_argument("--failing", type=float, default=default.failing, help="share of sessions that fail (0.2)")
    parser.add_argument("--cuts", type=float, default=default.cuts, help="cuts of the power a day (0.3)")
    parser.add_argument("--every-days", type=int, default=default.every_days, help="days that share a message (1)")
    parser.add_argument("--storm", type=int, default=default.storm, help="wind triggers of a storm (5000)")
    parser.add_argument(
        "--no-storms",
        action="store_const",
        const=0,
        default=default.storm_every_days,
        dest="storm_every_days",
        help="the wind never blows up",
    )
    parser.add_argument(
        "--no-cold",
        action="store_const",
        const=0,
        default=default.cold_every_days,
        dest="cold_every_days",
        help="the battery never sags",
    )
    parser.add_argument("--trace-memory", action="store_true", help="see what Python's objects take; twice as slow")
    options = vars(parser.parse_args(arguments))
    if options.pop("trace_memory"):
        tracemalloc.start()
    season = Season(**options)
    if (
        min(season.days, season.every_days) < 1
        or min(season.animals, season.blanks, season.storm, season.cuts) < 0
        or not 0 <= season.failing <= 1
    ):
        parser.error("a season has a day at least, no negative number of triggers or cuts, and failures from 0 to 1")
    return season


def simulate(season: Season, folder: Path) -> Result:
    """Live through it in ``folder``, which is empty."""
    card, receiver, taxa, config = folder / "card", folder / "receiver", builtin_taxa(), config_of(season)
    key = SealKey(random.Random(f"{season.seed} key").randbytes(KEY_BYTES))
    make_card_folder(card)
    write_key(key_path("", card), key, START)
    keep_receiver_key(receiver, key, STATION, START)
    chance, sky_time, fuse, script = random.Random(season.seed), VirtualClock(), Fuse(), Script(season)
    clock, sky_clock = SeasonClock(VirtualClock(), START), SeasonClock(sky_time, START)
    sizes = Sizes()
    with (
        closing(Journal(folder / "journal.jsonl")) as journal,
        open_intake(receiver, GroundSection(stations={IMEI: STATION}), taxa) as intake,
    ):
        ground = Ground(intake, taxa, receiver_keys(receiver), random.Random(f"{season.seed} web"))
        ground.connect(Gateway(ground.take, now=sky_clock.now, fates=ground.fates()))
        sky_chance = random.Random(f"{season.seed} sky")
        sky = Sky(ground.accept, sky_time, START, sky_chance, failing=season.failing, step=fuse.step)
        trap = Trap(card, World(config, taxa, script, clock, sky_clock, sky, fuse, journal, chance))

        def extras(day: int) -> list[Moment]:
            calls = CALLS if day % CALL_EVERY_DAYS == CALL_EVERY_DAYS // 2 else ()
            noon_s = day * DAY_S + NOON_S
            return [
                Moment(noon_s, partial(sizes.take, day, card)),
                *(Moment(noon_s, partial(sky.call, call)) for call in calls),
            ]

        life = Life(trap, script, clock, sky_clock, fuse, journal, extras)
        try:
            life.live()
            life.end(DAYS_AFTER)
            return _result(config, trap, sky.ledger, ground, fuse, journal, sizes)
        finally:
            trap.power_off()


def _result(
    config: Config, trap: Trap, sky: SkyLedger, ground: Ground, fuse: Fuse, journal: Journal, sizes: Sizes
) -> Result:
    received, messages, sessions = ground.received(), trap.messages(), trap.sessions()
    figures, alerts = power_figures(config), [message for message in messages if message.kind == ALERT]
    joules: defaultdict[date, float] = defaultdict(float)
    for session in sessions:
        joules[session.day] += session.joules
    folded, policy = trap.fold(), battery_policy(config)
    reckoning = Reckoner(config, policy.steps_v, policy.hysteresis_v, policy.cold_v_per_c).read(journal.entries())
    return Result(
        arrival=arrival(folded, received, messages),
        credits=explain(ground.ledger, messages, sessions),
        sky=sky,
        power_cuts=fuse.blown,
        duplicates=ground.duplicates,
        alerts=len(alerts),
        alerts_refused=sum(message.state is OutboxState.FAILED for message in alerts),
        alerts_received=len(ground.alerts),
        calls=len(trap.received),
        joules=max(joules.values(), default=0.0),
        joules_in_sessions=figures.session_w * max(sky.on_s.values(), default=0.0),
        joules_allowed=figures.day_j,
        failures=tuple(str(failure) for failure in trap.failures),
        agreement=Auditor(reckoning, trap.card, folded, config, START).audit(received, builtin_taxa()),
        levels=reckoning.levels,
        pictures=sum(len(burst.pictures) for burst in reckoning.bursts.values()),
        restarts=sum(folded.restarts.values()),
        sizes=sizes,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
