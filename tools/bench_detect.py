"""What detectors find on real camera-trap frames, at thresholds that other cameras chose.

Our own detector is measured by what tools/train left of cameras held out (--held-out); the published ones, or those
named with --model, run here on the same frames. No camera is in two folds, and no frame has a say in the threshold it
is read at. Figures are over frames and as the mean of cameras, with 95 % intervals for which cameras are drawn again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from detection import tables
from detection.card import card
from detection.record import Record, from_held_out, from_model
from detection.thresholds import RULES, USUAL_RULE
from trainer.dataset import Frame, read_frames, without_data
from trainer.held_out import read

from cameratrap.app.models import ModelFolder, find_model, load_folder
from cameratrap.errors import CameraTrapError
from cameratrap.resources import builtin_taxa

REPOSITORY = Path(__file__).parents[1]
DATA = Path(os.environ.get("CAMERATRAP_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
HELD_OUT = REPOSITORY / "tools" / "trainer" / "held-out.json"
OURS = REPOSITORY / "models" / "cameratrap-nano"
# Under the data folder.
PUBLISHED = (
    "models/Pawandeep-prog+realtime_object_detection/ssd_mobilenet_v1_1_metadata_1.tflite",
    "models/Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano_float16_quantize.tflite",
)


def main(arguments: Sequence[str]) -> int:
    """Print the tables as Markdown, or the model card's figures."""
    options = _options(arguments)
    try:
        text = "\n".join(_card(options) if options.card else _tables(options)) + "\n"
        if options.output:
            options.output.write_text(text, encoding="utf-8")
    except (ValueError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except CameraTrapError as error:
        sys.stderr.write(f"error: {error}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return error.exit_status
    sys.stdout.write(text)
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench detect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=DATA, help="the folder of real data (%(default)s)")
    add("--held-out", type=Path, default=HELD_OUT, help="what tools/train left (%(default)s)")
    add("--model", action="append", metavar="NAME", help="run this one instead of the published ones; may be repeated")
    add("--no-models", action="store_true", help="run none: only what was held out, in seconds")
    add("--rule", choices=RULES, default=USUAL_RULE, help="how alarms are counted to choose a threshold (%(default)s)")
    add("--doubt", type=float, metavar="SCORE", help="where doubt begins, instead of where each model says")
    add("--halves", type=int, default=0, metavar="N", help="try the rules on so many random halves of the cameras, too")
    add("--card", action="store_true", help="only our own figures, as model.toml's [card] has them")
    add("--output", type=Path, help="write what is printed to this file, too")
    options = parser.parse_args(arguments)
    if options.halves < 0 or not 0 <= (options.doubt or 0) <= 1:
        parser.error("--halves is a number of draws, --doubt a score from 0 to 1")
    if options.card and options.doubt is not None:
        parser.error("a card is of the model as it is shipped, without --doubt")
    if why := without_data(options.data):
        parser.error(why)
    return options


def _tables(options: argparse.Namespace) -> Iterator[str]:
    frames = read_frames(options.data)
    ours = _ours(options, frames)
    records = [ours, *_run(options, frames, {answer.frame.camera: answer.fold for answer in ours.answers})]
    measured = {record.name: record.only(lambda frame: frame.measured) for record in records}
    results = {name: tables.results(record, options.rule) for name, record in measured.items()}
    yield f"# Detectors on camera-trap frames\n\n{tables.frames_in_words(measured[ours.name])}"
    yield from tables.side_by_side([result for its in results.values() for result in its])
    for record in records:
        yield f"\n## {record.name}"
        yield from tables.readings(results[record.name])
        yield from tables.ladder(measured[record.name])
        if options.halves:
            yield from tables.halves(measured[record.name], options.halves)
        yield from tables.people_and_animals(record, results[record.name])
    yield from tables.raccoons(_photos(model, frames) for model in (our_model(), *other_models(options)))


def _card(options: argparse.Namespace) -> Iterator[str]:
    frames = read_frames(options.data)
    ours = _ours(options, frames)
    results = tables.results(ours.only(lambda frame: frame.measured), options.rule)
    yield from card(ours, results, _photos(our_model(), frames))


def _ours(options: argparse.Namespace, frames: Sequence[Frame]) -> Record:
    model = _doubting(our_model(), options.doubt)
    return from_held_out(read(options.held_out), frames, options.data, model)


def _run(options: argparse.Namespace, frames: Sequence[Frame], fold_of: Mapping[str, int]) -> Iterator[Record]:
    """The other detectors, on the frames of the cameras that ours was measured on."""
    wanted = [frame for frame in frames if frame.kind == "trap" and frame.camera in fold_of]
    for model in other_models(options):
        started = time.perf_counter()
        yield from_model(_doubting(model, options.doubt), wanted, fold_of)
        pace_ms = 1000 * (time.perf_counter() - started) / len(wanted)
        sys.stderr.write(f"{model.name}: {len(wanted)} frames, {pace_ms:.0f} ms a frame, all included\n")


def other_models(options: argparse.Namespace) -> list[ModelFolder]:
    """Those to be run here: the published ones, or those that are named. Raises ModelError, ValueError for our own."""
    if options.no_models:
        return []
    references = options.model or [str(options.data / path) for path in PUBLISHED]
    models = [find_model(reference, builtin_taxa()) for reference in references]
    for model in models:
        if model.manifest.sha256 == our_model().manifest.sha256:
            raise ValueError(f"{model.name} has learned from these frames: they measure it no more")
    return models


def our_model() -> ModelFolder:
    """The model that ships."""
    return load_folder(OURS, builtin_taxa())


def _photos(model: ModelFolder, frames: Sequence[Frame]) -> Record:
    """The model as it is shipped, on the photos that none has learned from."""
    return from_model(model, [frame for frame in frames if frame.source == "datitran/raccoon_dataset"], {})


def _doubting(model: ModelFolder, doubt: float | None) -> ModelFolder:
    if doubt is None:
        return model
    return replace(model, manifest=msgspec.structs.replace(model.manifest, doubt_threshold=doubt))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
