"""`demo`: the whole journey on this machine, with nothing attached."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, plural
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.app.watch import Outcome
    from cameratrap.cli.demo_plays import OwnPictures, Play
    from cameratrap.cli.journey import Comparison, DayTallies, Journey
    from cameratrap.ports import Detector

MODEL = "cameratrap-nano"
REST = """\
   emulated: the modem and the satellite's gateway
   real:     the detector, and all else that a trap and a receiver run"""
COLUMNS = ("day", "taxon", "events", "individuals", "received_events", "received_individuals")


@click.command()
@click.argument(
    "folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--model", default=MODEL, show_default=True, help="Detector: a model's name, folder or published file.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object.")
@click.pass_obj
def demo(ctx: Context, folder: Path | None, model: str, *, as_json: bool) -> int:
    """The whole journey on this machine, from the trigger to the researcher's table.

    Without DIR the trap hangs at a waterhole for three days, drawn by this program. With DIR it takes the JPEG pictures
    in that folder instead, up to 200; nothing in it is changed, and the configuration's `people` holds for the copies.
    The detector runs for real, as does all that a trap and a receiver run; only the modem and the satellite's gateway
    are emulated. Exit status 1 if the researcher's table does not agree with the card, 3 if some pictures could not be
    used. Keep the pictures and databases with --data DIR.
    """
    from cameratrap.cli.journey import Journey
    from cameratrap.config import Config
    from cameratrap.resources import builtin_taxa
    from cameratrap.wiring import open_detector

    # By the defaults: what the machine's configuration says of thresholds may be of another model.
    detector = open_detector(Config(), builtin_taxa(), model)
    with closing(detector), _folder(ctx, folder) as kept:
        play, refused = _waterhole(ctx) if folder is None else _own_pictures(ctx, folder)
        journey = Journey(kept, play, None if folder is None else ctx.config.people)
        failures = _photograph(ctx, journey, detector)
        if journey.play.shown is not None:
            ctx.say(f"   {_accuracy(journey)}\n   For how it does on real ones see `cameratrap models show {model}`.")
        comparison = _send(ctx, journey)
        if as_json:
            click.echo(json.dumps(as_object(comparison), ensure_ascii=False))
        else:
            _show(comparison)
    if not comparison.agree:
        return 1
    return 3 if refused or failures else 0


def _waterhole(ctx: Context) -> tuple[Play, int]:
    from cameratrap.cli.demo_plays import waterhole

    ctx.say(
        "A camera trap at a waterhole, three days in June. Nothing is attached to this machine.\n"
        f"   drawn:    every animal, person and car, by this program\n{REST}"
    )
    return waterhole(), 0


def _own_pictures(ctx: Context, folder: Path) -> tuple[Play, int]:
    """The folder's pictures, and how many files of it are refused. Raises UsageError where nothing can be played."""
    from cameratrap.cli.demo_plays import look_through, of_pictures

    own = look_through(folder, ctx.config)
    for path, why in own.refused:
        click.echo(plain(f"{path}: {why}"), err=True)
    if not own.pictures:
        raise UsageError(f"no picture in {folder} can be shown to the trap", hint="name a folder with JPEG pictures")
    ctx.say(
        f"A camera trap that takes {plural(len(own.pictures), 'picture')} of {folder}.\n"
        f"   yours:    the pictures; nothing in their folder is changed\n{REST}"
    )
    if own.assumed:
        ctx.say(f"   assumed:  {_assumed(own)}")
    if own.left_out:
        ctx.say(f"   left out: {plural(own.left_out, 'file')} more; `cameratrap watch --replay DIR` plays any number")
    return of_pictures(own.pictures, ctx.config), len(own.refused)


def _assumed(own: OwnPictures) -> str:
    none = "their EXIF has none, or that of a clock that was not set"
    why = f"those in EXIF, {own.too_long}, are not of one deployment" if own.too_long else none
    many = plural(own.assumed, "picture")
    return f"the times of {many}, an hour apart from {own.assumed_from:%Y-%m-%d %H:%M} on, by name: {why}"


def _photograph(ctx: Context, journey: Journey, detector: Detector) -> int:
    """Take and look at the pictures; how many things failed."""
    ctx.say(f"\n1. The trap: triggers, pictures, counts by {detector.name} {detector.version} -> {journey.card}")
    report = journey.photograph(detector, _teller(ctx))
    ctx.say(
        f"   {plural(report.triggers, 'trigger')}, {plural(report.pictures, 'picture')},"
        f" {plural(report.days_closed, 'day')} closed"
    )
    return report.failures


def _accuracy(journey: Journey) -> str:
    """How right the model was, which says nothing of real animals."""
    from cameratrap.replay.footage_truth import compare
    from cameratrap.resources import builtin_taxa

    return f"On these drawings {compare(journey.play.shown or {}, journey.found(), builtin_taxa())}."


def _send(ctx: Context, journey: Journey) -> Comparison:
    ctx.say("\n2. The link: `cameratrap transmit` writes to a serial line; at its other end an emulated modem answers")
    ctx.say(_indented(journey.transmit()))
    journey.deliver_again()
    ctx.say("\n3. The receiver: `cameratrap receive import` takes in what the gateway delivered, one message twice")
    ctx.say(_indented(journey.receive()))
    ctx.say("\n4. The researcher's table, beside what the card says")
    return journey.compare()


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
    from cameratrap.domain.credits import CREDIT_BYTES

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
    sizes = [len(message) for message in comparison.messages]
    told = ", ".join(map(str, sizes)) if len(sizes) <= 5 else f"{min(sizes)} to {max(sizes)}"
    click.echo(f"\n{plural(len(sizes), 'message')} of {told} bytes; up to {CREDIT_BYTES} bytes cost one credit")
    click.echo(f"agree: {str(comparison.agree).lower()}")


def _teller(ctx: Context) -> Callable[[Outcome], None]:
    from cameratrap.cli.watch_report import progress_line

    def tell(what: Outcome) -> None:
        ctx.say(f"   {progress_line(what)}")

    return tell


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.strip().splitlines())


@contextmanager
def _folder(ctx: Context, pictures: Path | None) -> Iterator[Path]:
    """The folder asked for, which stays, or one that goes with the demonstration."""
    kept = ctx.data_flag
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="cameratrap-demo-") as folder:
            yield Path(folder)
        return
    if pictures is not None and kept.resolve().is_relative_to(pictures.resolve()):
        raise UsageError(f"{kept} is in the folder of the pictures", hint="keep the demonstration elsewhere")
    yield kept
    ctx.say(f"\nEverything is kept in {kept}. Look at card/DCIM and card/media.csv, or ask:")
    ctx.say(f"  {_program()} --data {kept / 'card'} events")


def _program() -> str:
    """How this program was called, so that the line can be copied."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "cameratrap" else "cameratrap"
