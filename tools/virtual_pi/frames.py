"""Draws the pictures that the virtual camera plays: an empty scene, then an animal that walks through it, and again."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from cameratrap.replay.footage import draw, encoded
from cameratrap.replay.footage_script import demo_story

SIZE = (2304, 1296)


def main(folder: Path) -> None:
    """Numbered JPEG files; libcamera plays them in a loop."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes = [scene for burst in demo_story()[:4] for scene in burst.frames]
    for number, scene in enumerate(scenes):
        picture = cv2.imdecode(np.frombuffer(encoded(draw(scene)), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), cv2.resize(picture, SIZE))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
