"""What a day costs in bytes, on the station-days of real studies, beside other encodings of the same facts.

Tallies, days and gaps are real; what a trap says of itself is made up with a fixed seed (bench_message_days.py says
how). Every message of ours is decoded again and compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench_message_bound import ideal_bytes
from bench_message_days import SEED, StationDay, sampled, studies
from bench_message_loss import certainty_table
from bench_message_measure import WEEK, Sizes, in_processes, measure
from bench_message_plot import Bar, draw
from priors import learn, weeks_by_study

from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.errors import CameraTrapError
from cameratrap.resources import builtin_taxa, load_taxa
from cameratrap.wire.priors import PRIORS, Priors

CHUNK = 100  # station-days that a process takes at once
SAMPLE = 400  # station-days a study, unless --all
NOT_DRAWN = frozenset({"CBOR, named", "MessagePack, named"})  # longer than all others: they would squeeze those
OURS, SEALED, WEEKLY = "cameratrap", "cameratrap, sealed", f"cameratrap, sealed, and the {WEEK} days before"
Measured = Mapping[str, Sequence[Sizes]]


def main(arguments: Sequence[str]) -> int:
    """Print the tables as Markdown."""
    options = _options(arguments)
    try:
        _measure(options)
    except CameraTrapError as error:
        sys.stderr.write(f"error: {error}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return 1
    return 0


def _measure(options: argparse.Namespace) -> None:
    days = studies(options.data)
    if not days:
        hint = "name the folder of tallies with --data"
        raise CameraTrapError(f"there is no *.daily.jsonl with a day in {options.data}", hint=hint)
    taxa = load_taxa(options.taxa) if options.taxa else builtin_taxa()
    size = None if options.all else options.sample
    priors = _priors(options.data)
    sizes = {}
    for study, each in days.items():
        weigh = partial(measure, taxa=taxa, priors=priors[study])
        sizes[study] = list(in_processes(weigh, sampled(each, size), jobs=options.jobs, chunk=CHUNK))
    lines = [*_report(sizes, size), *certainty_table(_stations(days, size), taxa, priors, jobs=options.jobs)]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    if options.plot:
        draw(_bars(sizes), options.plot)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench message", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("CAMERATRAP_TEST_DATA", beside))
    parser.add_argument("--data", type=Path, default=data / "tallies", help="folder of *.daily.jsonl")
    parser.add_argument("--taxa", type=Path, help="another taxa table")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    parser.add_argument("--plot", type=Path, help="draw the sizes into this PNG file")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"station-days a study ({SAMPLE})")
    parser.add_argument("--all", action="store_true", help="every station-day instead; takes minutes")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a processor)")
    options = parser.parse_args(arguments)
    if min(options.sample, options.jobs) < 1:
        parser.error("--sample and --jobs are at least 1")
    for file in (options.output, options.plot):
        if file is not None and not file.absolute().parent.is_dir():
            parser.error(f"there is no folder {file.absolute().parent}")
    return options


def _priors(folder: Path) -> dict[str, Priors]:
    """For each study what all the others teach of tallies; those that ship where there are no others."""
    studied = weeks_by_study(folder)
    if len(studied) == 1:
        return dict.fromkeys(studied, Priors(dict(PRIORS.contexts), PRIORS.taxa))  # such as other processes can take
    return {study: learn(studied, leave_out=study).priors() for study in studied}


def _stations(days: Mapping[str, Sequence[StationDay]], size: int | None) -> dict[str, list[list[StationDay]]]:
    """Each study's days by station; only the first ``size`` days of a study, unless that is None."""
    chosen: dict[str, list[list[StationDay]]] = {}
    for study, each in days.items():
        by_station: dict[str, list[StationDay]] = {}
        for day in each[:size]:
            by_station.setdefault(day.station, []).append(day)
        chosen[study] = list(by_station.values())
    return chosen


# The tables ----------------------------------------------------------------------------------------------------------


def _report(studies_sizes: Measured, size: int | None) -> Iterator[str]:
    everything = [each for sizes in studies_sizes.values() for each in sizes]
    which = "every station-day" if size is None else f"at most {size} station-days a study, drawn with a fixed seed"
    yield f"Bytes a message: {which}, {len(everything):,} in all. The tallies are real, effort and health made up"
    yield f"(seed {SEED}). Every message of ours was decoded again and compared. What it expects of tallies was learned"
    yield "from the other studies each time; as shipped, from all of them."
    ours = {OURS: [s.plain for s in everything], SEALED: [s.sealed for s in everything]}
    yield from _sizes_table("The full day", ours | _others([s.others for s in everything]))
    yield from _sizes_table(
        "Day and tallies only", {OURS: [s.bare for s in everything]} | _others([s.others_bare for s in everything])
    )
    for title, chosen in (("unsealed", "plain"), ("sealed", "sealed")):
        rows = {study: [int(getattr(s, chosen)) for s in sizes] for study, sizes in studies_sizes.items()}
        yield from _sizes_table(f"The full day, {title}, study by study", rows)
    yield from _week_table(studies_sizes)
    yield from _bound_table(studies_sizes)


def _others(each: Iterable[Mapping[str, int]]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for sizes in each:
        for name, size in sizes.items():
            columns.setdefault(name, []).append(size)
    return columns


def _sizes_table(title: str, rows: Mapping[str, Sequence[int]]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield f"| | mean | median | 99 % | largest | within {CREDIT_BYTES} bytes |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for name, sizes in rows.items():
        mean, median = statistics.fmean(sizes), statistics.median(sizes)
        yield f"| {name} | {mean:.2f} | {median:g} | {percentile(sizes)} | {max(sizes)} | {_share(sizes):.2%} |"


def _share(sizes: Sequence[int]) -> float:
    """How many of them fit into one credit."""
    return sum(size <= CREDIT_BYTES for size in sizes) / len(sizes)


def percentile(sizes: Sequence[float]) -> float:
    """The smallest size that 99 of 100 do not exceed."""
    return sorted(sizes)[-(-99 * len(sizes) // 100) - 1]


def _week_table(studies_sizes: Measured) -> Iterator[str]:
    yield f"\n## The full day and the {WEEK} days before it, sealed, in {CREDIT_BYTES} bytes\n"
    yield f"Of station-days with {WEEK} or more on record before them. Carried: days before it that one message tells."
    yield "\n| study | station-days | a week fits | as shipped | mean | 99 % | largest | carried, mean |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for study, sizes in studies_sizes.items():
        weeks = [each.week for each in sizes if each.week is not None]
        if not weeks:
            yield f"| {study} | 0 | - | - | - | - | - | - |"
            continue
        fits = f"{_share(weeks):.2%} | {_share([s.week_as_shipped for s in sizes if s.week_as_shipped]):.2%}"
        carried = statistics.fmean(each.carried for each in sizes if each.week is not None)
        sizes_cells = f"{statistics.fmean(weeks):.1f} | {percentile(weeks)} | {max(weeks)}"
        yield f"| {study} | {len(weeks)} | {fits} | {sizes_cells} | {carried:.1f} |"


def _bound_table(studies_sizes: Measured) -> Iterator[str]:
    yield "\n## What the tallies alone add to a full day, in bytes, beside a code made for the same study\n"
    yield "The bound knows the study's own frequencies, fractions of bits included; a message is whole bytes."
    yield "\n| study | empty days | ours, mean | ours, 99 % | bound, mean | bound, 99 % |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for study, sizes in studies_sizes.items():
        ours = [each.plain - each.empty for each in sizes]
        bound = ideal_bytes([each.rounded for each in sizes])
        empty = sum(not each.rounded.tallies for each in sizes) / len(sizes)
        yield (
            f"| {study} | {empty:.0%} | {statistics.fmean(ours):.2f} | {percentile(ours)} "
            f"| {statistics.fmean(bound):.2f} | {percentile(bound):.1f} |"
        )


# The plot ------------------------------------------------------------------------------------------------------------


def _bars(studies_sizes: Measured) -> list[Bar]:
    everything = [each for sizes in studies_sizes.values() for each in sizes]
    rows = {OURS: [s.plain for s in everything], SEALED: [s.sealed for s in everything]}
    rows |= {WEEKLY: [s.week for s in everything if s.week is not None]} | _others([s.others for s in everything])
    return [
        Bar(name, statistics.fmean(sizes), percentile(sizes), ours=name.startswith(OURS))
        for name, sizes in rows.items()
        if sizes and name not in NOT_DRAWN
    ]
