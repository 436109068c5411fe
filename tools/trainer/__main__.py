"""Train our own detector and measure it on cameras it has never seen.

With --folds K the measured frames are split by camera into K parts; K detectors are trained, each measured on the
part it has not seen, at a threshold fixed on the other parts. With --final one more is trained on everything. Web
photos are only ever learned from; frames whose licence does not let us ship the weights are left out of all of it.

What comes out lies under --out: report.json and report.txt, and for the final detector weights.npz and probe.npz,
which `tools/train export` makes a model folder of.
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
from trainer import report
from trainer.classes import CLASSES
from trainer.dataset import LISTS, Frame, for_training, read_frames
from trainer.folds import assign_cameras, split
from trainer.loop import Recipe, train
from trainer.measure import COCO_LABELS, OUR_LABELS, Judged, Network, input_spec, judge
from trainer.network import Deployed, Detector
from trainer.pretrained import START, load_published

_PROBES = 6


@dataclass(frozen=True, slots=True)
class _Task:
    """What one run of this program works on."""

    frames: Sequence[Frame]
    start: Path
    recipe: Recipe
    device: torch.device
    compiled: bool
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
    results: list[report.Fold] = []
    if options.folds:
        held_out = assign_cameras(task.frames, options.folds, seed=task.recipe.seed)
        for fold in options.fold or range(options.folds):
            results.append(_one_fold(task, held_out, fold))
            report.write(task.out, facts, results)
    if options.final:
        _probe(task, task.detector(task.frames, "weights.npz"))
    if results:
        sys.stdout.write(report.text(results))
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
        blend=options.blend,
    )
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    return _Task(
        frames=read_frames(options.data),
        start=options.start or options.data / START,
        recipe=recipe,
        device=torch.device(options.device),
        compiled=options.compile,
        out=options.out,
        height=options.test_height or options.height,
        width=options.test_width or options.width,
    )


def _one_fold(task: _Task, held_out: dict[str, int], fold: int) -> report.Fold:
    learn, away = split(task.frames, held_out, fold)
    detector = task.detector(learn, f"fold{fold}.npz")
    measured = [frame for frame in away if frame.kind == "trap"]
    ours = judge(measured, _network(detector), input_spec(task.height, task.width), OUR_LABELS)
    return report.Fold(fold, ours, _published(measured, task.start))


def _published(frames: Sequence[Frame], start: Path) -> list[Judged]:
    """What the published detector that ours starts from finds on the same frames, at its own input size."""
    return judge(frames, _network(load_published(start)), input_spec(416, 416), COCO_LABELS)


def _network(detector: Detector) -> Network:
    deployed = Deployed(detector).eval()

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(deployed(torch.from_numpy(tensor)).numpy())

    return run


def _probe(task: _Task, detector: Detector) -> None:
    """Leave what the detector says of a few real frames, to check the exported file against."""
    spec = input_spec(task.height, task.width)
    table = pixel_table(spec, None)
    measured = [frame for frame in task.frames if frame.measured]
    chosen = measured[:: max(1, len(measured) // _PROBES)]
    pictures = [prepare(np.asarray(cv2.imread(str(frame.path)), np.uint8), spec, table)[0] for frame in chosen]
    network = _network(detector)
    cells = np.concatenate([network(one) for one in pictures])
    np.savez(task.out / "probe.npz", pictures=np.concatenate(pictures), cells=cells)


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
    add("--test-height", type=int, help="of the held-out pictures, if another")
    add("--test-width", type=int, help="the same")
    add("--epochs", type=int, default=usual.epochs, help="(%(default)s)")
    add("--pictures", type=int, default=usual.epoch_pictures, help="pictures drawn for an epoch (%(default)s)")
    add("--batch", type=int, default=usual.batch, help="(%(default)s)")
    add("--rate", type=float, default=usual.rate, help="peak learning rate (%(default)s)")
    add("--blend", type=float, default=usual.blend, help="how much of what is learned is kept (%(default)s)")
    add("--seed", type=int, default=usual.seed, help="(%(default)s)")
    options = parser.parse_args(argv)
    if not (options.folds or options.final):
        parser.error("nothing to do: give --folds K, --final or both")
    if options.folds == 1 or any(side % 32 for side in (options.height, options.width)):
        parser.error("at least two folds, and sides that are multiples of 32")
    for name in LISTS:
        if not (options.data / name).is_file():
            parser.error(f"there is no {options.data / name}; the real data are not part of the repository")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
