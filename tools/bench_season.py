"""A season in simulation: `tools/bench season [--days N] [--seed N]`.

A trap counts made-up animals, closes its days, seals and sends them over a modem of which every fifth session fails, in
every way that is documented, while its power is cut at random moments; it raises alerts and fetches what somebody sends
it. A gateway bills and delivers, some requests late or twice; a receiver takes them in. All of it but the animals, the
modem and the gateway is the code of a real trap and a real receiver; time is virtual. Ends with 1 where a day or an
alert got lost, a day was told wrongly, a credit has no reason, or the modem took more energy than it may.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from bench_season_ground import Arrival, Credits, Ground, arrival, explain
from bench_season_life import WATCHED, Life, bursts_of
from bench_season_mishaps import GOOD
from bench_season_power import Fuse
from bench_season_sky import IMEI, Sky, SkyLedger
from bench_season_trap import SeasonClock, Trap, World

from cameratrap.config.tree import Alerts, Config, Modem, Station, Summary
from cameratrap.config.tree import Ground as GroundSection
from cameratrap.ground.intake import open_intake
from cameratrap.replay.emulated_lines import VirtualClock
from cameratrap.replay.gateway import Gateway
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import make_card_folder
from cameratrap.store.keys import key_path, write_key
from cameratrap.store.outbox import ALERT, OutboxState
from cameratrap.store.receiver_keys import keep_receiver_key, receiver_keys
from cameratrap.wire.seal import KEY_BYTES, SealKey
from cameratrap.wiring import power_figures

SEED = 20261122
STATION = "season"
START = datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=1)))
ROUNDING_J = 1e-6  # of sums of fractions
DAYS_AFTER = 10  # for what waits when the deployment ends
CALL_EVERY_DAYS = 20  # somebody sends the trap two messages; they mean nothing to it, but they must be fetched
CALLS = (b"somebody", b"is calling")


@dataclass(frozen=True, slots=True)
class Season:
    """What is simulated. ``failing``: the share of sessions that fail; ``cuts``: of the power, a day."""

    days: int = 180
    seed: int = SEED
    animals: int = 30
    blanks: int = 60
    failing: float = 0.2
    cuts: float = 0.3
    every_days: int = 1

    @property
    def config(self) -> Config:
        """The trap's configuration."""
        return Config(
            station=Station(id=STATION, utc_offset="+01:00", latitude=46.8, longitude=6.2),
            summary=Summary(every_days=self.every_days),
            alerts=Alerts(taxa=(WATCHED,)),
            modem=Modem(mailbox_every_days=2),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    ``joules`` is the most that the trap wrote down for a day, ``joules_in_sessions`` the most that sessions really took
    of it, ``joules_allowed`` what it may take. Of the ``alerts`` raised, ``alerts_received`` arrived, and
    ``alerts_refused`` were of those that the network takes under no circumstances: their day's summary tells of them.
    """

    arrival: Arrival
    credits: Credits
    sky: SkyLedger
    power_cuts: int
    duplicates: int
    alerts: int
    alerts_received: int
    alerts_refused: int
    calls: int
    joules: float
    joules_in_sessions: float
    joules_allowed: float
    failures: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing told wrongly, every credit explained, no more energy than allowed."""
        arrived = self.arrival
        wrong = arrived.missing or arrived.wrong or arrived.strange or self.failures or self.credits.unexplained
        told = self.alerts_received + self.alerts_refused
        return not wrong and told == self.alerts and self.joules <= self.joules_allowed + ROUNDING_J


def main(arguments: Sequence[str]) -> int:
    """Simulate a season and print what came of it."""
    season = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="cameratrap-season-") as folder:
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
    options = parser.parse_args(arguments)
    season = Season(**vars(options))
    if (
        min(season.days, season.every_days) < 1
        or min(season.animals, season.blanks) < 0
        or not 0 <= season.failing <= 1
    ):
        parser.error("a season has a day at least, no negative number of triggers, and a share of failures from 0 to 1")
    return season


def simulate(season: Season, folder: Path) -> Result:
    """Live through it in ``folder``, which is empty."""
    card, receiver, taxa = folder / "card", folder / "receiver", builtin_taxa()
    key = SealKey(random.Random(f"{season.seed} key").randbytes(KEY_BYTES))
    make_card_folder(card)
    write_key(key_path("", card), key, START)
    keep_receiver_key(receiver, key, STATION, START)
    chance, virtual, fuse = random.Random(season.seed), VirtualClock(), Fuse()
    clock = SeasonClock(virtual, START)
    with open_intake(receiver, GroundSection(stations={IMEI: STATION}), taxa) as intake:
        ground = Ground(intake, taxa, receiver_keys(receiver), random.Random(f"{season.seed} web"))
        ground.connect(Gateway(ground.take, now=clock.now, fates=ground.fates()))
        sky_chance = random.Random(f"{season.seed} sky")
        sky = Sky(ground.accept, virtual, START, sky_chance, failing=season.failing, step=fuse.step)
        trap = Trap(card, World(season.config, taxa, clock, sky, fuse, chance))
        life = Life(trap, clock, fuse, random.Random(f"{season.seed} cuts"), cuts=season.cuts)
        try:
            _live(season, life, sky, chance)
            return _result(season, trap, sky.ledger, ground, fuse)
        finally:
            trap.power_off()


def _live(season: Season, life: Life, sky: Sky, chance: random.Random) -> None:
    for number in range(season.days):
        day = (START + timedelta(days=number)).date()
        if number % CALL_EVERY_DAYS == CALL_EVERY_DAYS // 2:
            for call in CALLS:
                sky.call(call)
        life.live(day, bursts_of(day, chance, START, animals=season.animals, blanks=season.blanks))
    life.end(DAYS_AFTER)


def _result(season: Season, trap: Trap, sky: SkyLedger, ground: Ground, fuse: Fuse) -> Result:
    received, messages, sessions = ground.received(), trap.messages(), trap.sessions()
    figures, alerts = power_figures(season.config), [message for message in messages if message.kind == ALERT]
    joules: defaultdict[date, float] = defaultdict(float)
    for session in sessions:
        joules[session.day] += session.joules
    return Result(
        arrival=arrival(trap.fold(), received, messages),
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
    )


def report(season: Season, result: Result) -> Iterator[str]:
    """The table, as Markdown."""
    arrived, spent, sky = result.arrival, result.credits, result.sky
    yield f"{season.days} days of {season.animals} animals and {season.blanks} false triggers, seed {season.seed}\n"
    yield "| | |"
    yield "| --- | ---: |"
    for what, count in (
        ("days that arrived in their own message", len(arrived.own)),
        ("days that arrived in another day's message only", len(arrived.carried)),
        ("days still waiting in the outbox", len(arrived.waiting)),
        ("days lost", len(arrived.missing)),
        ("days received with other tallies than the card's", len(arrived.wrong)),
        ("days received that the card has not", len(arrived.strange)),
        ("alerts raised", result.alerts),
        ("alerts received", result.alerts_received),
        ("alerts that the network refused for good", result.alerts_refused),
        ("messages to the trap that it received", result.calls),
        ("cuts of the power", result.power_cuts),
        ("sessions", sky.sessions),
        ("sessions that failed", sky.failed),
        ("sessions that a cut of the power ended", sky.cut),
        ("messages that came again and were recognised", result.duplicates),
        ("energy of the modem on its worst day, J", round(result.joules)),
        ("of it really taken by sessions, at most, J", round(result.joules_in_sessions)),
        ("energy it may take a day, J", round(result.joules_allowed)),
        ("credits that the gateway counted", spent.counted),
        ("for days", spent.days),
        ("for messages sent again, since nobody knew", spent.sent_again),
        ("for alerts", spent.alerts),
        ("for looks into the mailbox", spent.mailbox_checks),
        ("unexplained", spent.unexplained),
    ):
        yield f"| {what} | {count} |"
    happened = [f"{name} ({times})" for name, times in sorted(sky.mishaps.items()) if name != GOOD]
    yield f"\nWhat happened to sessions: {', '.join(happened) or 'nothing'}"
    for name, days in (("waiting", arrived.waiting), ("lost", arrived.missing), ("wrong", arrived.wrong)):
        if days:
            yield f"{name}: {', '.join(day.isoformat() for day in days)}"
    yield from (f"failed: {failure}" for failure in result.failures)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
