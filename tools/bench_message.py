"""What a day costs in bytes, on the station-days of real studies, beside other encodings of the same facts."""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import cos, pi
from pathlib import Path
from typing import Any

import cbor2
import msgpack

from cameratrap.app.summary_json import summary_to_json
from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.resources import builtin_taxa, load_taxa
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.layout import EPOCH, MAX_BYTES
from cameratrap.wire.quantise import quantise

SEED = 20261121
SAMPLE = 400  # station-days a study, unless --all
WEEK = 6  # earlier days that make it
MOST_EARLIER = 30
SEAL_BYTES = 12  # what a seal is expected to take: a tag of 8 bytes and a counter of 4

Facts = dict[str, Any]
Encoding = Callable[[Facts], bytes]


@dataclass(frozen=True, slots=True)
class StationDay:
    """One station-day with effort and health filled in, and the days before it, newest first."""

    full: DailySummary
    earlier: tuple[EarlierDay, ...]

    @property
    def tallies_only(self) -> DailySummary:
        """The same with nothing but its day and its tallies."""
        return replace(self.full, sequence=0, effort=Effort(), health=Health())


def main(arguments: Sequence[str]) -> int:
    """Print the tables as Markdown."""
    options = _options(arguments)
    files = sorted(options.data.glob("*.daily.jsonl"))
    if not files:
        sys.stderr.write(
            f"error: there is no *.daily.jsonl in {options.data}\nhint: name the folder of tallies with --data\n"
        )
        return 1
    taxa = load_taxa(options.taxa) if options.taxa else builtin_taxa()
    studies = {file.name.removesuffix(".daily.jsonl"): _sampled(_study(file), options.all) for file in files}
    text = "\n".join(_report(studies, taxa, everything=options.all))
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench message", description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("CAMERATRAP_TEST_DATA", beside))
    parser.add_argument("--data", type=Path, default=data / "tallies", help="folder of *.daily.jsonl")
    parser.add_argument("--taxa", type=Path, help="another taxa table")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    parser.add_argument("--all", action="store_true", help=f"every station-day instead of {SAMPLE} a study")
    return parser.parse_args(arguments)


# The station-days ----------------------------------------------------------------------------------------------------


def _study(file: Path) -> list[StationDay]:
    """Every station-day of a study in order, with made-up effort and health that do not change from run to run."""
    by_station: dict[str, list[dict[str, Any]]] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            by_station.setdefault(entry["station"], []).append(entry)
    return [day for station, entries in by_station.items() for day in _station(f"{file.name} {station}", entries)]


def _station(name: str, entries: Iterable[dict[str, Any]]) -> Iterator[StationDay]:
    chance = random.Random(f"{SEED} {name}")
    battery_v = 13.2
    earlier: list[EarlierDay] = []
    for sequence, entry in enumerate(sorted(entries, key=lambda entry: entry["day"])):
        day = date.fromisoformat(entry["day"])
        tallies = tuple(Tally(each["taxon"], each["events"], each["individuals"]) for each in entry["tallies"])
        battery_v = 13.2 if battery_v < 11.8 else battery_v - chance.uniform(0, 0.03)
        effort = _effort(chance, day, sum(tally.events for tally in tallies))
        summary = DailySummary(day, sequence, tallies, effort, _health(chance, day, sequence, battery_v))
        yield StationDay(summary, tuple(reversed(earlier[-MOST_EARLIER:])))
        earlier.append(EarlierDay(day, sequence, effort.hours_armed, effort.hours_armed_night, tallies))


def _effort(chance: random.Random, day: date, events: int) -> Effort:
    """Armed all day on 19 days of 20; nights of a middle latitude; blanks by wind, a few days of many."""
    night = 12 + 3.5 * cos(2 * pi * day.timetuple().tm_yday / 365)
    armed = 24.0 if chance.random() < 0.95 else chance.uniform(1, 24)
    blank = int(chance.lognormvariate(2, 1))
    return Effort(armed, night * armed / 24, blank + events, blank, int(chance.expovariate(0.5)))


def _health(chance: random.Random, day: date, sequence: int, battery_v: float) -> Health:
    coldest = round(8 - 9 * cos(2 * pi * day.timetuple().tm_yday / 365) + chance.gauss(0, 3))
    faults = ("modem",) if chance.random() < 0.03 else ()
    clock = ClockQuality.DRIFTING if chance.random() < 0.02 else ClockQuality.OK
    restarts = 1 if chance.random() < 0.03 else 0
    return Health(
        battery_v, coldest, coldest + chance.randint(3, 15), max(0, 99 - sequence // 7), restarts, clock, faults
    )


def _sampled(days: list[StationDay], everything: bool) -> list[StationDay]:
    return days if everything or len(days) <= SAMPLE else random.Random(SEED).sample(days, SAMPLE)


# The encodings -------------------------------------------------------------------------------------------------------


def _facts(summary: DailySummary, taxa: TaxaTable) -> Facts:
    """What every encoding is given: the quantised summary, taxa as wire codes, hours in tenths and volts in twentieths.

    Whole numbers, since every one of these formats stores them in fewer bytes than fractions; groups of which nothing
    is carried are left out.
    """
    named = summary_to_json(summary)
    facts: Facts = {"day": (summary.day - EPOCH).days, "sequence": summary.sequence}
    facts["tallies"] = [
        {"taxon": taxa.code_for_name(each["taxon"]), "events": each["events"], "individuals": each["individuals"]}
        for each in named["tallies"]
    ]
    if summary.effort != Effort():
        effort = named["effort"]
        hours = {key: round(effort[key] * 10) for key in ("hours_armed", "hours_armed_night")}
        facts["effort"] = effort | hours
        facts["health"] = named["health"] | {"battery_v": round(named["health"]["battery_v"] * 20)}
    return facts


def _unnamed(facts: Facts) -> list[Any]:
    """The same facts as arrays in a fixed order, which the receiver has to know."""
    groups = [list(facts[group].values()) for group in ("effort", "health") if group in facts]
    tallies = [[each["taxon"], each["events"], each["individuals"]] for each in facts["tallies"]]
    return [facts["day"], facts["sequence"], *groups, tallies]


def _json_zlib(value: object) -> bytes:
    """Compact JSON, deflated without a header where that is shorter."""
    text = json.dumps(value, separators=(",", ":")).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return min(text, deflate.compress(text) + deflate.flush(), key=len)


ENCODINGS: dict[str, Encoding] = {
    "JSON + zlib, named": _json_zlib,
    "JSON + zlib, arrays": lambda facts: _json_zlib(_unnamed(facts)),
    "CBOR, named": cbor2.dumps,
    "CBOR, arrays": lambda facts: cbor2.dumps(_unnamed(facts)),
    "MessagePack, named": msgpack.packb,
    "MessagePack, arrays": lambda facts: msgpack.packb(_unnamed(facts)),
}


# The tables ----------------------------------------------------------------------------------------------------------


def _report(studies: dict[str, list[StationDay]], taxa: TaxaTable, *, everything: bool) -> Iterator[str]:
    total = sum(len(days) for days in studies.values())
    which = "every station-day" if everything else f"at most {SAMPLE} station-days a study, drawn with a fixed seed"
    yield f"Bytes a message: {which}, {total:,} in all. The tallies are real, effort and health made up (seed {SEED})."
    yield "Every message was decoded again and compared.\n"
    full = {name: [day.full for day in days] for name, days in studies.items()}
    yield from _sizes_table("The full day", full, taxa)
    bare = {name: [day.tallies_only for day in days] for name, days in studies.items()}
    yield from _sizes_table("Day and tallies only", bare, taxa)
    yield from _earlier_table(studies, taxa)


def _sizes_table(title: str, studies: dict[str, list[DailySummary]], taxa: TaxaTable) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield f"| encoding | study | mean | median | 99 % | largest | within {CREDIT_BYTES} bytes |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    quantised = {name: [quantise(day, taxa) for day in days] for name, days in studies.items()}
    own = {name: [len(_checked(day, taxa)) for day in days] for name, days in quantised.items()}
    for name, sizes in own.items():
        yield _sizes_row("cameratrap", name, sizes)
    yield _sizes_row("**cameratrap**", "all", [size for sizes in own.values() for size in sizes])
    facts = [_facts(day, taxa) for days in quantised.values() for day in days]
    for encoding, function in ENCODINGS.items():
        yield _sizes_row(encoding, "all", [len(function(each)) for each in facts])


def _checked(day: DailySummary, taxa: TaxaTable) -> bytes:
    (message,) = encode(day, taxa, max_bytes=MAX_BYTES)
    if decode(message, taxa) != day:
        raise AssertionError(f"{day} comes back different from {message.hex()}")
    return message


def _sizes_row(encoding: str, study: str, sizes: list[int]) -> str:
    within = sum(size <= CREDIT_BYTES for size in sizes) / len(sizes)
    mean, median = statistics.fmean(sizes), statistics.median(sizes)
    return f"| {encoding} | {study} | {mean:.2f} | {median:g} | {_percentile(sizes)} | {max(sizes)} | {within:.2%} |"


def _percentile(sizes: list[int]) -> int:
    return sorted(sizes)[-(-99 * len(sizes) // 100) - 1]


def _earlier_table(studies: dict[str, list[StationDay]], taxa: TaxaTable) -> Iterator[str]:
    """How many of the days before fit beside the full day, whole, in one credit."""
    seals = (("", CREDIT_BYTES), (f", {SEAL_BYTES} kept for a seal", CREDIT_BYTES - SEAL_BYTES))
    yield f"\n## Earlier days carried again in {CREDIT_BYTES} bytes\n"
    yield f"Of station-days with {WEEK} or more on record before them, of which up to {MOST_EARLIER} are offered.\n"
    yield "| study | days |" + "".join(f" mean{what} | all of the {WEEK} before{what} |" for what, _ in seals)
    yield "| --- | ---: |" + " ---: | ---: |" * len(seals)
    for name, days in studies.items():
        with_week = [day for day in days if len(day.earlier) >= WEEK]
        cells = [_earlier_cells(with_week, taxa, max_bytes) for _, max_bytes in seals]
        yield f"| {name} | {len(with_week)} | " + " | ".join(cells) + " |"


def _earlier_cells(days: list[StationDay], taxa: TaxaTable, max_bytes: int) -> str:
    if not days:
        return "- | -"
    carried = [
        {each.day for each in decode(encode(day.full, taxa, max_bytes=max_bytes, earlier=day.earlier)[0], taxa).earlier}
        for day in days
    ]
    weeks = [{each.day for each in day.earlier[:WEEK]} <= told for day, told in zip(days, carried, strict=True)]
    return f"{statistics.fmean(len(told) for told in carried):.1f} | {statistics.fmean(weeks):.2%}"
