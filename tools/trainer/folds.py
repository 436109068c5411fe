"""Splitting frames so that no camera is on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from trainer.dataset import JURA, Frame


def assign_cameras(frames: Iterable[Frame], folds: int, *, seed: int) -> dict[str, int]:
    """The fold in which each measured camera is held out, the Jura station included.

    Large cameras first, each to the fold that then has least of what it brings: frames with animals and frames
    without are evened out separately. Equal choices fall by a hash of the seed, not by the order of the files.
    """
    if folds < 2:
        raise ValueError(f"at least two folds, not {folds}")
    cameras: dict[str, list[Frame]] = {}
    for frame in frames:
        if frame.measured or frame.camera == JURA:
            cameras.setdefault(frame.camera, []).append(frame)
    load = [[0.0, 0.0] for _ in range(folds)]
    sizes = [0] * folds
    held_out: dict[str, int] = {}
    for camera in sorted(cameras, key=lambda name: (-len(cameras[name]), _lot(seed, name))):
        measured = [frame for frame in cameras[camera] if frame.measured]
        animals = sum(frame.has_animal for frame in measured)
        brings = (animals, len(measured) - animals)
        fold = min(range(folds), key=lambda fold: (_burden(load[fold], brings), sizes[fold]))
        held_out[camera] = fold
        sizes[fold] += len(cameras[camera])
        for side in (0, 1):
            load[fold][side] += brings[side]
    return held_out


def split(frames: Sequence[Frame], held_out: dict[str, int], fold: int) -> tuple[list[Frame], list[Frame]]:
    """Frames to learn from and frames held out in this fold. Web photos are always on the first side."""
    away = {camera for camera, its in held_out.items() if its == fold}
    learn = [frame for frame in frames if frame.camera not in away]
    return learn, [frame for frame in frames if frame.camera in away]


def _burden(load: Sequence[float], brings: tuple[int, int]) -> float:
    return sum(have * add for have, add in zip(load, brings, strict=True))


def _lot(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
