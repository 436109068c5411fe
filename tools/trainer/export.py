"""From trained weights to a model folder: `tools/train export RUN FOLDER`.

RUN is where `tools/train --final` left weights.npz and probe.npz. FOLDER holds the model.toml that somebody wrote for
them; its file model.tflite and the manifest's sha256 are written here, after the file has said the same of real
frames as the network that was trained.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cameratrap.resources import builtin_taxa
from trainer.classes import ANIMAL_CLASSES, CLASSES
from trainer.shipped import LOCAL_CONTRAST, STRIDES

# The limit, so that a clone stays small and a Raspberry Pi loads it at once.
LARGEST_BYTES = 4 * 2**20
# Largest difference of a score, and of a box in strides, between the file and the network.
_SCORE_TOLERANCE, _BOX_TOLERANCE = 0.002, 0.02


def main(argv: Sequence[str] | None = None) -> int:
    """Convert, compare, write."""
    parser = argparse.ArgumentParser(
        prog="tools/train export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(argv)
    from trainer import tflite_graph

    probe = np.load(options.run / "probe.npz")
    pictures: NDArray[np.float32] = probe["pictures"]
    manifest = options.folder / "model.toml"
    complaints = disagreements(
        tomllib.loads(manifest.read_text(encoding="utf-8")), pictures.shape[2], pictures.shape[3]
    )
    if complaints:
        parser.error(f"{manifest} is not of this network: {'; '.join(complaints)}")
    trained = {name: value for name, value in np.load(options.run / "weights.npz").items() if name != "identity"}
    prefix = "published."
    published = {name.removeprefix(prefix): value for name, value in probe.items() if name.startswith(prefix)}
    kinds = [len(one.coco) for one in CLASSES]
    pair = tflite_graph.Pair(tflite_graph.Graph(trained, kinds), tflite_graph.Graph(published, kinds), ANIMAL_CLASSES)
    model = tflite_graph.to_tflite(pair, pictures.shape[2], pictures.shape[3])
    apart = np.abs(tflite_graph.run(model, pictures) - probe["cells"])
    box, score = float(apart[..., :4].max()), float(apart[..., 4:].max())
    sys.stderr.write(
        f"{len(model)} bytes; over {len(pictures)} frames scores differ by {score:.5f}, boxes by {box:.4f}\n"
    )
    if score > _SCORE_TOLERANCE or box > _BOX_TOLERANCE or len(model) > LARGEST_BYTES:
        sys.stderr.write("error: the file does not say what was trained, or is too large; nothing is written\n")
        return 1
    (options.folder / "model.tflite").write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    text = re.sub(
        r'^sha256 = "[^"]*"', f'sha256 = "{digest}"', manifest.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    manifest.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{digest}  {options.folder / 'model.tflite'}\n")
    return 0


def disagreements(manifest: dict[str, Any], height: int, width: int) -> list[str]:
    """In what a manifest is not that of a network trained here at this size; empty where it is."""
    wanted = {
        "height": height, "width": width, "dtype": "float32", "layout": "NHWC", "resize": "letterbox",
        "align": "top-left", "colour": "BGR", "scale": 1, "zero": 0, "pad": 114, "local_contrast": LOCAL_CONTRAST,
    }  # fmt: skip
    given = manifest.get("input", {})
    wrong = [f"input.{key} must be {value}" for key, value in wanted.items() if given.get(key) != value]
    output = manifest.get("output", {})
    if output.get("layout") != "yolox" or output.get("strides") != list(STRIDES):
        wrong.append(f"output must be yolox with strides {list(STRIDES)}")
    labels = {(label["index"], label["label"]) for label in manifest.get("labels", [])}
    ours = set(enumerate(trained.label for trained in CLASSES))
    wrong += [f"labels must be {sorted(ours)}"] * (labels != ours)
    return wrong + [
        f"{label['label']} cannot be {label['taxon']}"
        for label in manifest.get("labels", [])
        if (label["index"], label["label"]) in ours and label["taxon"] not in may_be_called(label["index"])
    ]


def may_be_called(index: int) -> set[str]:
    """What a class may honestly be reported as: its own taxon, or a wider one where it deserves no more."""
    return {taxon.name for taxon in builtin_taxa().lineage(CLASSES[index].taxon)}


if __name__ == "__main__":
    raise SystemExit(main())
