"""`tools/bench message` measures any folder of daily tallies, and every figure can be counted by hand."""

from __future__ import annotations

import importlib
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import ClockQuality, DailySummary, Health
from cameratrap.domain.tallies import Tally
from cameratrap.resources import builtin_taxa
from cameratrap.wire.priors import PRIORS
from cameratrap.wire.quantise import quantise

TOOLS = Path(__file__).parents[2] / "tools"
TAXA = builtin_taxa()
Tool = Callable[[str], ModuleType]
DAYS = """{"station":"A","day":"2026-06-01","tallies":[{"taxon":"red fox","events":2,"individuals":2}]}
{"station":"A","day":"2026-06-02","tallies":[]}
"""
FULL = DailySummary(
    date(2026, 6, 1),
    17,
    (Tally("Vulpes vulpes", 2, 3),),
    Effort(24.0, 8.5, 31, 22, 4),
    Health(12.4, -3, 14, 87, 0, ClockQuality.OK, ("lamp",)),
)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark as a person would."""
    return subprocess.run(  # noqa: PLW1510 - its exit status is what the tests look at
        [sys.executable, str(TOOLS / "bench.py"), *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Imports one of the bench's modules by the last part of its name."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name: importlib.import_module(f"bench_message_{name}")


def study(folder: Path, name: str, days: int) -> Path:
    """A study of one station, with foxes on every other day."""
    tallies = ("[]", '[{"taxon":"Vulpes vulpes","events":1,"individuals":2}]')
    lines = [
        f'{{"station":"A","day":"{date(2026, 1, 1) + timedelta(days=n)}","tallies":{tallies[n % 2]}}}\n'
        for n in range(days)
    ]
    file = folder / f"{name}.daily.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def sent(tool: Tool, days: int, sent_on: Sequence[int], told: Sequence[set[int]]) -> object:
    """What a station sent, as the loss module has it."""
    return tool("loss").Sent(days, tuple(sent_on), tuple(frozenset(each) for each in told))


def test_the_tables_are_the_same_every_time(tmp_path: Path) -> None:
    """Made-up effort and health come from a fixed seed, and --output holds what is printed."""
    (tmp_path / "two.daily.jsonl").write_text(DAYS, encoding="utf-8")
    given = ("message", "--data", str(tmp_path))
    first = bench(*given, "--output", str(tmp_path / "out.md"), "--plot", str(tmp_path / "plot.png"))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (tmp_path / "out.md").read_text(encoding="utf-8")
    assert first.stdout == bench(*given, "--jobs", "1").stdout
    assert "2 in all" in first.stdout
    with Image.open(tmp_path / "plot.png") as plot:
        assert (plot.format, plot.size) == ("PNG", (1600, 720))


def test_a_folder_without_tallies_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """Nothing to measure is said, not an empty table; nor is an empty study measured, or an unknown animal."""
    file = tmp_path / "one.daily.jsonl"
    for text, said in ((None, "hint: "), ("", "hint: "), (DAYS.replace("red fox", "jabberwock"), "jabberwock")):
        if text is not None:
            file.write_text(text, encoding="utf-8")
        result = bench("message", "--data", str(tmp_path), "--jobs", "1")
        assert (result.returncode, result.stdout) == (1, "")
        assert said in result.stderr
        assert "Traceback" not in result.stderr


def test_what_cannot_be_written_or_sampled_is_wrong_usage(tmp_path: Path) -> None:
    """Told before the minutes of measuring, not after."""
    for option in (("--sample", "0"), ("--jobs", "-1"), ("--plot", str(tmp_path / "none" / "plot.png"))):
        result = bench("message", "--data", str(tmp_path), *option)
        assert result.returncode == 2
        assert "error: " in result.stderr


def test_an_unknown_benchmark_lists_those_there_are() -> None:
    """Called wrongly, it says how to call it."""
    result = bench("nonsense")
    assert result.returncode == 2
    assert all(name in result.stderr for name in ("message", "season"))


def test_every_encoding_says_all_the_facts(tool: Tool) -> None:
    """Changing any one fact changes the bytes of every encoding, so that none is short because it leaves one out."""
    encodings = tool("encodings")
    effort, health = FULL.effort, FULL.health
    others = [
        replace(FULL, day=date(2026, 6, 2)),
        replace(FULL, sequence=18),
        replace(FULL, tallies=()),
        replace(FULL, tallies=(Tally("Vulpes vulpes", 1, 3),)),
        replace(FULL, tallies=(Tally("Vulpes vulpes", 2, 4),)),
        replace(FULL, tallies=(Tally("Meles meles", 2, 3),)),
        *(
            replace(FULL, effort=replace(effort, **{name: getattr(effort, name) - 1}))
            for name in ("hours_armed", "hours_armed_night", "triggers", "blank", "suppressed")
        ),
        *(
            replace(FULL, health=replace(health, **{name: getattr(health, name) + 1}))
            for name in ("battery_v", "temperature_min_c", "temperature_max_c", "disk_free_pct", "restarts")
        ),
        replace(FULL, health=replace(health, clock=ClockQuality.UNSET)),
        replace(FULL, health=replace(health, faults=())),
    ]
    for name, encoding in encodings.ENCODINGS.items():
        written = {encoding(encodings.facts_of(quantise(each, TAXA), TAXA)) for each in (FULL, *others)}
        assert len(written) == len(others) + 1, name


def test_other_encodings_are_what_their_libraries_read(tool: Tool) -> None:
    """Protocol Buffers by its own parser; the record of fixed width is as long as its fields."""
    encodings = tool("encodings")
    facts = encodings.facts_of(quantise(FULL, TAXA), TAXA)
    read = encodings._protobuf_message().FromString(encodings.protobuf(facts))
    assert (read.day, read.hours_armed, read.battery_v, read.temperature_min_c) == (9648, 240, 248, -3)
    assert list(read.tallies.individuals) == [3]
    assert len(encodings.fixed_width(facts)) == 21 + 4


def test_a_seal_weighs_what_the_real_one_weighs(tool: Tool) -> None:
    """A sealed message of the bench is as long as a sealed message of a trap, and is decoded again all the same."""
    wire = tool("wire")
    plain, told = wire.message_of(FULL, TAXA)
    sealed, told_too = wire.message_of(FULL, TAXA, sealed=True)
    assert told == told_too
    assert (
        len(sealed) - wire.SEAL.overhead
        == len(plain) - importlib.import_module("cameratrap.wire.layout").PLAIN_OVERHEAD
    )


def test_the_bound_is_the_entropy_of_what_was_counted(tool: Tool) -> None:
    """One taxon on one day of four costs 2 bits there and log2(4/3) on the others."""
    fox = replace(FULL, tallies=(Tally("Vulpes vulpes", 1, 1),))
    none = replace(FULL, tallies=())
    assert tool("bound").ideal_bytes([fox, none, none, none]) == pytest.approx([0.25, *([0.0519] * 3)], abs=1e-3)


def test_what_a_trap_says_of_itself_is_likely_and_never_changes(tool: Tool, tmp_path: Path) -> None:
    """Effort and health stay within what a trap can say; the same study gives the same days."""
    days = tool("days").study(study(tmp_path, "jura_fr", 200))
    assert days == tool("days").study(tmp_path / "jura_fr.daily.jsonl")
    for day in days:
        effort, health = day.full.effort, day.full.health
        assert 0 <= effort.hours_armed_night <= effort.hours_armed <= 24
        assert effort.blank <= effort.triggers
        assert health.temperature_min_c < health.temperature_max_c
    assert any(day.full.health.faults for day in days)
    assert any(day.full.effort.hours_armed < 24 for day in days)


def test_days_lost_at_random_are_those_that_no_message_told(tool: Tool) -> None:
    """A day told by n messages stays unknown with 0.2 to the n; of the last fortnight nothing is said."""
    loss = tool("loss")
    once = sent(tool, 114, range(114), [{n} for n in range(114)])
    thrice = sent(tool, 114, range(114), [{n, max(0, n - 1), max(0, n - 2)} for n in range(114)])
    assert loss.unknown_at_random([once], random.Random(1), rounds=200) == pytest.approx(0.2, abs=0.01)
    assert loss.unknown_at_random([thrice], random.Random(1), rounds=200) == pytest.approx(0.008, abs=0.002)
    assert loss.unknown_after_outage([once]) == 1
    assert loss.unknown_after_outage([thrice]) == pytest.approx(0.6)
    assert loss.credits_a_year([once]) == 365


def test_a_station_that_sends_seldom_still_tells_every_day(tool: Tool, tmp_path: Path) -> None:
    """Every second, third or seventh day there is a message, and each day of the record is in one."""
    days = tool("days").study(study(tmp_path, "one", 30))
    for every in tool("loss").EVERY_DAYS:
        told = tool("loss").send(days, TAXA, PRIORS, every=every)
        assert set().union(*told.told) == set(range(30))
        assert 30 // every <= len(told.told) <= 30 // every + 2
    alone = tool("loss").send(days, TAXA, PRIORS, every=1, carry=False)
    assert alone.told == tuple(frozenset({n}) for n in range(30))


def test_a_real_sample_of_each_study_is_measured(shared_data: Path) -> None:
    """Seven studies, a row each, and the week of at least 9 in 10 of their days in one sealed credit."""
    result = bench("message", "--data", str(shared_data / "tallies"), "--sample", "10", "--jobs", "1")
    assert (result.returncode, result.stderr) == (0, "")
    weeks = result.stdout.split("## The full day and the 6 days before it")[1].split("##")[0]
    rows = [line.split("|") for line in weeks.splitlines() if line.startswith("| ") and "%" in line.split("|")[3]]
    assert len(rows) == 7
    assert all(float(row[3].strip(" %")) >= 90 for row in rows)
