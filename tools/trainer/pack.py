"""A small copy of the data folder for a machine that nothing large can be brought to: `tools/train pack DATA OUT`.

It has the same shape, so that `tools/train --data OUT` reads it. It holds the frames that may be learned from, no
larger than training keeps them in memory, the lists, and the published weights to start from. What is measured on it
is measured on shrunk frames: for figures to publish, measure again on the originals.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from trainer.dataset import LISTS, Frame, for_training, read_frames
from trainer.plan import CANVAS_HEIGHT, CANVAS_WIDTH
from trainer.pretrained import START

_QUALITY = 80


def main(argv: Sequence[str] | None = None) -> int:
    """Copy the lists and shrink the pictures."""
    parser = argparse.ArgumentParser(
        prog="tools/train pack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(argv)
    frames = read_frames(options.data)
    wanted = for_training(frames) + [frame for frame in frames if frame.measured and not frame.located]
    total = sum(_shrink(frame, options.data, options.out) for frame in wanted)
    for name in (*LISTS, START):
        target = options.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(options.data / name, target)
    sys.stdout.write(f"{len(wanted)} frames, {total / 2**20:.1f} MiB, under {options.out}\n")
    return 0


def _shrink(frame: Frame, data: Path, out: Path) -> int:
    """Write the frame at its place under ``out``; returns its bytes. Raises ValueError where it cannot be read."""
    image = cv2.imread(str(frame.path))
    if image is None:
        raise ValueError(f"{frame.path} cannot be read")
    height, width = image.shape[:2]
    scale = min(CANVAS_WIDTH / width, CANVAS_HEIGHT / height, 1.0)
    small = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    target = out / frame.path.relative_to(data)
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return target.stat().st_size


if __name__ == "__main__":
    raise SystemExit(main())
