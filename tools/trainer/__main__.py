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
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from cameratrap.vision.preprocess import pixel_table, prepare
from trainer import report
from trainer.classes import CLASSES
from trainer.dataset import Frame, for_training, read_frames
from trainer.folds import assign_cameras, split
from trainer.loop import Recipe, train
from trainer.measure import COCO_LABELS, OUR_LABELS, Judged, Network, input_spec, judge
from trainer.network import Deployed, Detector
from trainer.pretrained import load_published

_START = Path("models/Kazuhito00+YOLOX-ONNX-TFLite-Sample/yolox_nano.onnx")
_LISTS = ("images/truth.csv", "images/boxes.csv", "train/annotations.json")
_PROBES = 6


def main(argv: Sequence[str] | None = None) -> int:
    """Train and measure as the options say."""
    options = _options(argv)
    recipe = Recipe(
        height=options.height,
        width=options.width,
        epochs=options.epochs,
        epoch_pictures=options.pictures,
        batch=options.batch,
        rate=options.rate,
        seed=options.seed,
        compiled=options.compile,
        threads=options.threads,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    device = torch.device(options.device)
    frames = read_frames(options.data)
    start = options.start or options.data / _START
    facts = _facts(options.data, start, recipe, frames, device)
    sys.stderr.write(json.dumps(facts, indent=1) + "\n")
    results: list[report.Fold] = []
    if options.folds:
        held_out = assign_cameras(frames, options.folds, seed=recipe.seed)
        for fold in options.fold or range(options.folds):
            results.append(_one_fold(frames, held_out, fold, start, recipe, device, options))
            report.write(options.out, facts, results)
    if options.final:
        detector = train(for_training(frames), start, recipe, device, options.out / "final.pt")
        _save(detector, frames, recipe, options.out)
    if results:
        sys.stdout.write(report.text(results))
    return 0


def _one_fold(
    frames: Sequence[Frame],
    held_out: dict[str, int],
    fold: int,
    start: Path,
    recipe: Recipe,
    device: torch.device,
    options: argparse.Namespace,
) -> report.Fold:
    learn, away = split(frames, held_out, fold)
    sys.stderr.write(f"fold {fold}: learning from {len(for_training(learn))} frames, {len(away)} held out\n")
    detector = train(for_training(learn), start, recipe, device, options.out / f"fold{fold}.pt")
    measured = [frame for frame in away if frame.kind == "trap"]
    ours = judge(measured, _network(detector), input_spec(options.test_height, options.test_width), OUR_LABELS)
    return report.Fold(fold, ours, _published(measured, start))


def _published(frames: Sequence[Frame], start: Path) -> list[Judged]:
    """What the published detector that ours starts from finds on the same frames, at its own input size."""
    return judge(frames, _network(load_published(start)), input_spec(416, 416), COCO_LABELS)


def _network(detector: Detector) -> Network:
    deployed = Deployed(detector).eval()

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(deployed(torch.from_numpy(tensor)).numpy())

    return run


def _save(detector: Detector, frames: Sequence[Frame], recipe: Recipe, out: Path) -> None:
    """The weights for the export, and what they say of a few real frames, to check the exported file against."""
    np.savez(out / "weights.npz", **{name: value.numpy() for name, value in detector.state_dict().items()})
    spec = input_spec(recipe.height, recipe.width)
    table = pixel_table(spec, None)
    chosen = [frame for frame in frames if frame.measured][:: max(1, sum(f.measured for f in frames) // _PROBES)]
    pictures = [prepare(np.asarray(cv2.imread(str(frame.path)), np.uint8), spec, table)[0] for frame in chosen]
    network = _network(detector)
    np.savez(
        out / "probe.npz", pictures=np.concatenate(pictures), cells=np.concatenate([network(one) for one in pictures])
    )


def _facts(data: Path, start: Path, recipe: Recipe, frames: Sequence[Frame], device: torch.device) -> dict[str, object]:
    """What somebody needs to do this again: versions, hashes, seed, and how much of each source was used."""
    learned = for_training(frames)
    sources = sorted({(frame.source, frame.licence) for frame in learned})
    return {
        "recipe": dataclasses.asdict(recipe),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy", "opencv-python-headless", "onnx")},
        "classes": [trained.label for trained in CLASSES],
        "sha256": {name: _sha256(data / name) for name in _LISTS} | {start.name: _sha256(start)},
        "pictures_sha256": _pictures_sha256(learned),
        "learned_from": [
            {
                "source": source,
                "licence": licence,
                "frames": sum((f.source, f.licence) == (source, licence) for f in learned),
            }
            for source, licence in sources
        ],
        "left_out": sorted({f.source for f in frames} - {f.source for f in learned}),
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
    add("--threads", type=int, default=usual.threads, help="processor threads (%(default)s)")
    add("--height", type=int, default=usual.height, help="of the training pictures, a multiple of 32 (%(default)s)")
    add("--width", type=int, default=usual.width, help="the same (%(default)s)")
    add("--test-height", type=int, help="of the held-out pictures, if another")
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
    for name in _LISTS:
        if not (options.data / name).is_file():
            parser.error(f"there is no {options.data / name}; the real data are not part of the repository")
    options.test_height = options.test_height or options.height
    options.test_width = options.test_width or options.width
    return options


if __name__ == "__main__":
    raise SystemExit(main())
