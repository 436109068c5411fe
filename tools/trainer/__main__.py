"""Train our own detector and measure it on cameras it has never seen.

With --folds K the measured frames are split by camera into K parts; K detectors are trained, each measured on the
part it has not seen. With --final one more is trained on everything. Web photos are only ever learned from; frames
whose licence does not let us ship the weights are left out of all of it.

What comes out lies under --out: held-out.json, everything found on the parts not seen, which `tools/bench detect
--held-out` measures; and for the final detector weights.npz and probe.npz, which `tools/train export` makes a model
folder of.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from cameratrap.vision.preprocess import pixel_table, prepare
from trainer import held_out
from trainer.classes import ANIMAL_CLASSES, CLASSES
from trainer.dataset import LISTS, Frame, for_training, read_frames, without_data
from trainer.folds import assign_cameras, split
from trainer.loop import Recipe, begin, rounded, train
from trainer.measure import LEAST_SCORE, Network, input_spec, judge
from trainer.network import Detector, Pair
from trainer.pretrained import START

_PROBES = 6


@dataclass(frozen=True, slots=True)
class _Task:
    """What one run of this program works on."""

    frames: Sequence[Frame]
    start: Path
    recipe: Recipe
    device: torch.device
    compiled: bool
    data: Path
    out: Path
    height: int
    width: int

    def detector(self, frames: Sequence[Frame], name: str) -> Detector:
        """A detector that has learned from those of the frames that may be learned from."""
        learned = for_training(frames)
        sys.stderr.write(f"{name}: learning from {len(learned)} frames\n")
        return train(learned, self.start, self.recipe, self.device, self.out / name, compiled=self.compiled)


def main(argv: Sequence[str] | None = None) -> int:
    """Train and measure as the options say."""
    options = _options(argv)
    task = _task(options)
    facts = _facts(options.data, task)
    sys.stderr.write(json.dumps(facts, indent=1) + "\n")
    if options.folds:
        _cross_validate(task, facts, options.folds, options.fold or range(options.folds))
    if options.final:
        _probe(task, task.detector(task.frames, "weights.npz"))
    return 0


def _task(options: argparse.Namespace) -> _Task:
    recipe = Recipe(
        height=options.height,
        width=options.width,
        epochs=options.epochs,
        epoch_pictures=options.pictures,
        batch=options.batch,
        rate=options.rate,
        seed=options.seed,
    )
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    return _Task(
        frames=read_frames(options.data),
        start=options.start or options.data / START,
        recipe=recipe,
        device=torch.device(options.device),
        compiled=options.compile,
        data=options.data,
        out=options.out,
        height=options.test_height or options.height,
        width=options.test_width or options.width,
    )


def _cross_validate(task: _Task, facts: dict[str, object], folds: int, chosen: Sequence[int]) -> None:
    """Train the chosen folds and leave what each finds on the cameras it has not seen."""
    away_in = assign_cameras(task.frames, folds, seed=task.recipe.seed)
    recipes: dict[int, str] = {}
    answers: list[held_out.Answer] = []
    for fold in chosen:
        learn, away = split(task.frames, away_in, fold)
        recipes[fold] = task.recipe.identity(for_training(learn))
        answers += _answers(task, task.detector(learn, f"fold{fold}.npz"), away, fold)
        result = held_out.HeldOut({**facts, "weights_of_folds": recipes}, LEAST_SCORE, tuple(answers))
        held_out.write(task.out / "held-out.json", result)
    sys.stdout.write(f"tools/bench detect --held-out {task.out / 'held-out.json'} measures what was found\n")


def _answers(task: _Task, detector: Detector, away: Sequence[Frame], fold: int) -> list[held_out.Answer]:
    """What the detector says of the camera-trap frames among those it has not seen, at the size it is shipped for."""
    frames = [frame for frame in away if frame.kind == "trap"]
    found = judge(frames, _network(task, detector), input_spec(task.height, task.width))
    return [
        held_out.Answer(frame.path.relative_to(task.data).as_posix(), frame.camera, fold, its)
        for frame, its in zip(frames, found, strict=True)
    ]


def _network(task: _Task, detector: Detector) -> Network:
    """What is shipped: the detector, for animals, and the published weights at half the size for all classes.

    The frames we may learn from show too few people and vehicles, and what learned the animals of some cameras took
    people of others for animals. At half the size the published weights cost a quarter, and still know large animals
    better.
    """
    shipped = Pair(detector, _published(task), ANIMAL_CLASSES).eval()

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(shipped(torch.from_numpy(tensor)).numpy())

    return run


def _published(task: _Task) -> Detector:
    return rounded(begin(task.start))


def _probe(task: _Task, detector: Detector) -> None:
    """Leave what is needed for the exported file: the published weights, and what both say of a few real frames."""
    spec = input_spec(task.height, task.width)
    table = pixel_table(spec, None)
    measured = [frame for frame in task.frames if frame.measured]
    chosen = measured[:: max(1, len(measured) // _PROBES)]
    pictures = [prepare(np.asarray(cv2.imread(str(frame.path)), np.uint8), spec, table)[0] for frame in chosen]
    network = _network(task, detector)
    cells = np.concatenate([network(one) for one in pictures])
    published = {f"published.{name}": value.numpy() for name, value in _published(task).state_dict().items()}
    np.savez(task.out / "probe.npz", pictures=np.concatenate(pictures), cells=cells, **published)


def _facts(data: Path, task: _Task) -> dict[str, object]:
    """What somebody needs to do this again: versions, hashes, seed, and how much of each source was used."""
    learned = for_training(task.frames)
    used = Counter((frame.source, frame.licence) for frame in learned)
    versions = {name: version(name) for name in ("torch", "numpy", "opencv-python-headless", "onnx")}
    gpu = task.device.type == "cuda"
    return {
        "recipe": dataclasses.asdict(task.recipe),
        "measured_at": [task.height, task.width],
        "device": torch.cuda.get_device_name(task.device) if gpu else platform.machine(),
        "versions": {"python": platform.python_version()} | versions,
        "classes": [trained.label for trained in CLASSES],
        "sha256": {name: _sha256(data / name) for name in LISTS} | {task.start.name: _sha256(task.start)},
        "pictures_sha256": _pictures_sha256(learned),
        "learned_from": [{"source": s, "licence": its, "frames": used[s, its]} for s, its in sorted(used)],
        "left_out": sorted({f.source for f in task.frames} - {f.source for f in learned}),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pictures_sha256(frames: Sequence[Frame]) -> str:
    """One hash over the hashes of all pictures learned from, in the order of their names."""
    return hashlib.sha256("".join(sorted(_sha256(frame.path) for frame in frames)).encode()).hexdigest()


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    usual = Recipe()
    parser = argparse.ArgumentParser(
        prog="tools/train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="the folder of real data: images/, train/, models/")
    add("--out", type=Path, default=Path("build/train"), help="where results and checkpoints go (%(default)s)")
    add("--start", type=Path, help="yolox_nano.onnx, if it is not under the data folder")
    add("--folds", type=int, default=0, metavar="K", help="measure by K-fold cross-validation over cameras")
    add("--fold", type=int, action="append", help="only this fold of them; may be repeated")
    add("--final", action="store_true", help="train on everything, for the export")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--compile", action="store_true", help="compile the network: 2.5 times as fast on a CPU; needs a C++ compiler")
    add("--threads", type=int, default=2, help="processor threads (%(default)s)")
    add("--height", type=int, default=usual.height, help="of the training pictures, a multiple of 32 (%(default)s)")
    add("--width", type=int, default=usual.width, help="the same (%(default)s)")
    add("--test-height", type=int, help="of the held-out pictures, if another; a multiple of 64")
    add("--test-width", type=int, help="the same")
    add("--epochs", type=int, default=usual.epochs, help="(%(default)s)")
    add("--pictures", type=int, default=usual.epoch_pictures, help="pictures drawn for an epoch (%(default)s)")
    add("--batch", type=int, default=usual.batch, help="(%(default)s)")
    add("--rate", type=float, default=usual.rate, help="peak learning rate (%(default)s)")
    add("--seed", type=int, default=usual.seed, help="(%(default)s)")
    options = parser.parse_args(argv)
    if not (options.folds or options.final):
        parser.error("nothing to do: give --folds K, --final or both")
    if options.folds == 1 or any(side % 32 for side in (options.height, options.width)):
        parser.error("at least two folds, and sides that are multiples of 32")
    if any(side % 64 for side in (options.test_height or options.height, options.test_width or options.width)):
        parser.error("held-out pictures are also seen at half their size: their sides must be multiples of 64")
    if why := without_data(options.data):
        parser.error(why)
    return options


if __name__ == "__main__":
    raise SystemExit(main())
