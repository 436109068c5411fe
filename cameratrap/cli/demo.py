"""`demo`: the whole journey on this machine, with nothing attached."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output

if TYPE_CHECKING:
    from cameratrap.app.watch import Outcome
    from cameratrap.cli.journey import Comparison, DayTallies, Journey

COLUMNS = ("day", "taxon", "events", "individuals", "received_events", "received_individuals")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object.")
@click.pass_obj
def demo(ctx: Context, *, as_json: bool) -> int:
    """Three days of a camera trap at a waterhole, from the trigger to the researcher's table.

    The footage is drawn by this program and the detections were recorded from a real model on it; the modem and the
    satellite's gateway are emulated. All the rest is what a trap and a receiver run. Exit status 1 if the researcher's
    table does not agree with the card. Keep the pictures and the databases with --data DIR.
    """
    from cameratrap.cli.journey import Journey

    with _folder(ctx) as folder:
        journey = Journey(folder)
        comparison = _run(ctx, journey)
        if as_json:
            click.echo(json.dumps(as_object(comparison), ensure_ascii=False))
        else:
            _show(comparison)
    return 0 if comparison.agree else 1


def _run(ctx: Context, journey: Journey) -> Comparison:
    from cameratrap.replay.recorded_detector import RecordedDetector

    model = RecordedDetector()
    ctx.say(
        "A camera trap at a waterhole, three days in June. Nothing is attached to this machine: the footage is drawn\n"
        f"by this program, its detections were recorded from a real model ({model.name} {model.version}), and the\n"
        "modem and the satellite's gateway are emulated."
    )
    ctx.say(f"\n1. The trap: triggers, pictures, counts -> {journey.card}")
    report = journey.photograph(_teller(ctx))
    ctx.say(f"   {report.triggers} triggers, {report.pictures} pictures, {report.days_closed} days closed")
    ctx.say(f"   {_accuracy()}")
    ctx.say("\n2. The link: `cameratrap transmit` writes to a serial line; at its other end an emulated modem answers")
    ctx.say(_indented(journey.transmit()))
    journey.deliver_again()
    ctx.say("\n3. The receiver: `cameratrap receive import` takes in what the gateway delivered, one message twice")
    ctx.say(_indented(journey.receive()))
    ctx.say("\n4. The researcher's table, beside what the card says")
    return journey.compare()


def _accuracy() -> str:
    """How right the model was, which says nothing of real animals: these are drawn large and clear."""
    from cameratrap.replay.footage_story import demo_story
    from cameratrap.replay.footage_truth import compare
    from cameratrap.replay.recorded_detector import builtin_recording
    from cameratrap.resources import builtin_taxa

    agreement = compare(demo_story(), builtin_recording().frames, builtin_taxa())
    return (
        f"On this footage {agreement}.\n"
        "   Elephant, zebra and giraffe were named by family because nothing else comes to this waterhole.\n"
        "   Real animals are harder: of those on real camera-trap frames this model finds less than half."
    )


def as_object(comparison: Comparison) -> dict[str, object]:
    """The interface's JSON object."""
    from cameratrap.domain.credits import credits_for

    return {
        "events": comparison.events,
        "card": _days(comparison.card),
        "messages": [
            {"hex": message.hex(), "bytes": len(message), "credits": credits_for(len(message))}
            for message in comparison.messages
        ],
        "received": _days(comparison.received),
        "agree": comparison.agree,
    }


def _days(tallies: DayTallies) -> list[dict[str, object]]:
    from cameratrap.app.summary_json import tally_to_json

    return [
        {
            "day": day.isoformat(),
            "tallies": [tally_to_json(tally) for tally in tallies[day]],
        }
        for day in sorted(tallies)
    ]


def _show(comparison: Comparison) -> None:
    rows: list[dict[str, object]] = []
    for day in sorted(comparison.card.keys() | comparison.received.keys()):
        card = {tally.taxon: tally for tally in comparison.card.get(day, ())}
        received = {tally.taxon: tally for tally in comparison.received.get(day, ())}
        for taxon in sorted(card.keys() | received.keys()) or [""]:
            here, there = card.get(taxon), received.get(taxon)
            rows.append(
                {
                    "day": day.isoformat(),
                    "taxon": taxon,
                    "events": here.events if here else None,
                    "individuals": here.individuals if here else None,
                    "received_events": there.events if there else None,
                    "received_individuals": there.individuals if there else None,
                }
            )
    Output().table(COLUMNS, rows)
    sizes = ", ".join(str(len(message)) for message in comparison.messages)
    click.echo(f"\n{len(comparison.messages)} messages of {sizes} bytes; up to 50 bytes cost one credit")
    click.echo(f"agree: {str(comparison.agree).lower()}")


def _teller(ctx: Context) -> Callable[[Outcome], None]:
    from cameratrap.cli.watch import progress_line

    def tell(what: Outcome) -> None:
        ctx.say(f"   {progress_line(what)}")

    return tell


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.strip().splitlines())


@contextmanager
def _folder(ctx: Context) -> Iterator[Path]:
    """The folder asked for, which stays, or one that goes with the demonstration."""
    if ctx.data_flag is not None:
        yield ctx.data_flag
        ctx.say(f"\nEverything is kept in {ctx.data_flag}. Look at card/DCIM and card/media.csv, or ask:")
        ctx.say(f"  {_program()} --data {ctx.data_flag / 'card'} events")
        return
    with tempfile.TemporaryDirectory(prefix="cameratrap-demo-") as folder:
        yield Path(folder)


def _program() -> str:
    """How this program was called, so that the line can be copied."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "cameratrap" else "cameratrap"
