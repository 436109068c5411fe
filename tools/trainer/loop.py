"""The training loop: fixed seeds, cosine schedule, averaged weights, checkpoints to go on from."""

from __future__ import annotations

import copy
import hashlib
import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainer.classes import CLASSES
from trainer.dataset import Frame
from trainer.loss import Targets, loss
from trainer.network import Detector, grid
from trainer.plan import Plan, Planner
from trainer.pretrained import load_published, with_classes
from trainer.render import Cache, Renderer, load, relight


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what comes out, apart from the frames."""

    height: int = 384
    width: int = 512
    epochs: int = 60
    epoch_pictures: int = 2048
    batch: int = 16
    rate: float = 2e-3
    backbone_rate: float = 0.4
    weight_decay: float = 0.02
    warmup_steps: int = 60
    # The last part is trained on whole frames as the detector will see them, without mosaics.
    plain_epochs: float = 0.2
    seed: int = 20

    @property
    def steps(self) -> int:
        return max(1, self.epochs * self.epoch_pictures // self.batch)

    def identity(self, frames: Sequence[Frame]) -> str:
        """A hash of everything that decides the weights but the machine: this recipe, and each frame and its boxes."""
        learned = sorted((frame.path.name, frame.camera, frame.boxes) for frame in frames)
        return hashlib.sha256(repr((self, learned)).encode()).hexdigest()

    @property
    def averaging(self) -> float:
        """How much of the averaged weights each step keeps: they reach back over a few hundredths of the run."""
        return min(max(1 - 25 / self.steps, 0.95), 0.9998)


def train(
    frames: Sequence[Frame], start: Path, recipe: Recipe, device: torch.device, out: Path, *, compiled: bool = False
) -> Detector:
    """Train from the published weights at ``start``; returns the averaged detector, on the CPU.

    The weights are left in ``out`` (an .npz), and beside it what an interrupted run goes on from. Where ``out`` is
    already there from the same recipe and the same frames, nothing is trained.
    """
    identity = recipe.identity(frames)
    if (finished := _finished(out, identity)) is not None:
        sys.stderr.write(f"{out} is there already\n")
        return finished
    checkpoint = out.with_suffix(".pt")
    torch.manual_seed(recipe.seed)
    detector = begin(start).to(device).train()
    detector = detector.to(memory_format=torch.channels_last)
    run = _Run(detector, recipe, device, compiled=compiled)
    first = run.resume(checkpoint, identity)
    batches = _Batches(frames, load(frames).to(device), recipe, device)
    started, seen = time.monotonic(), 0.0
    for step, (pictures, targets) in batches.from_step(first):
        seen += run.step(step, pictures, targets)
        if (step + 1) % 25 == 0 or step + 1 == recipe.steps:
            pace = (time.monotonic() - started) / (step + 1 - first)
            sys.stderr.write(f"step {step + 1}/{recipe.steps}  loss {seen / 25:.3f}  {pace:.2f} s a step\n")
            seen = 0.0
        if (step + 1) % 200 == 0 or step + 1 == recipe.steps:
            run.save(checkpoint, identity, step + 1)
    detector = rounded(run.averaged.cpu().eval())
    np.savez(out, identity=identity, **{name: value.numpy() for name, value in detector.state_dict().items()})
    return detector


def _finished(path: Path, identity: str) -> Detector | None:
    if not path.is_file():
        return None
    weights = dict(np.load(path))
    if str(weights.pop("identity")) != identity:
        sys.stderr.write(f"{path} is of another recipe or other frames: training anew\n")
        return None
    detector = Detector([len(trained.coco) for trained in CLASSES])
    detector.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return detector.eval()


def begin(start: Path) -> Detector:
    """The published detector with our classes: what a run begins with."""
    return with_classes(load_published(start), [trained.coco for trained in CLASSES])


@torch.no_grad()
def rounded(detector: Detector) -> Detector:
    """The detector with its weights rounded to half precision: what is measured is what the file will hold."""
    for parameter in detector.parameters():
        parameter.copy_(parameter.half().float())
    return detector


class _Run:
    """The detector, its average and its optimiser."""

    def __init__(self, detector: Detector, recipe: Recipe, device: torch.device, *, compiled: bool) -> None:
        self._detector, self._recipe, self._device = detector, recipe, device
        self._forward = torch.compile(detector) if compiled else detector
        self.averaged = copy.deepcopy(detector)
        self._optimiser = torch.optim.AdamW(_groups(detector, recipe), fused=device.type == "cuda")
        self._cells = grid(recipe.height, recipe.width, device)

    def step(self, step: int, pictures: Tensor, targets: Targets) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = group["share"] * _rate(step, self._recipe)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            said = self._forward(pictures.contiguous(memory_format=torch.channels_last))
        cost = loss(said, self._cells, targets)
        self._optimiser.zero_grad(set_to_none=True)
        cost.backward()
        torch.nn.utils.clip_grad_norm_(self._detector.parameters(), 10.0)
        self._optimiser.step()
        self._average(step)
        return float(cost.detach())

    @torch.no_grad()
    def _average(self, step: int) -> None:
        keep = min(self._recipe.averaging, (step + 1) / (step + 10))
        for mean, now in zip(self.averaged.parameters(), self._detector.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)

    def save(self, path: Path, identity: str, step: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "identity": identity,
            "step": step,
            "detector": self._detector.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def resume(self, path: Path, identity: str) -> int:
        """The step to go on from: 0 where there is nothing to go on from."""
        if not path.is_file():
            return 0
        state = torch.load(path, map_location=self._device, weights_only=True)
        if state["identity"] != identity:
            sys.stderr.write(f"{path} is of another recipe or other frames: starting anew\n")
            return 0
        self._detector.load_state_dict(state["detector"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])


class _Batches:
    """Pictures and targets, step by step; each step draws from a generator of its own, so a resumed run is the same."""

    def __init__(self, frames: Sequence[Frame], cache: Cache, recipe: Recipe, device: torch.device) -> None:
        self._planner = Planner(frames, cache.extents, cache.grey, recipe.height, recipe.width)
        self._renderer = Renderer(cache, recipe.height, recipe.width, device)
        self._recipe, self._device = recipe, device

    def from_step(self, first: int) -> Iterator[tuple[int, tuple[Tensor, Targets]]]:
        """Makes the next batch while this one is learned from."""
        with ThreadPoolExecutor(1) as pool:
            ahead: Future[tuple[Tensor, Targets]] | None = None
            for step in range(first, self._recipe.steps):
                ready = (ahead or pool.submit(self._make, step)).result()
                ahead = pool.submit(self._make, step + 1)
                yield step, ready

    def _make(self, step: int) -> tuple[Tensor, Targets]:
        random = np.random.default_rng((self._recipe.seed, step))
        late = step >= self._recipe.steps * (1 - self._recipe.plain_epochs)
        mix = {"plain": 0.75, "mosaic": 0.1} if late else {}
        plans: list[Plan] = [self._planner.plan(random, **mix) for _ in range(self._recipe.batch)]
        with torch.no_grad():
            return relight(self._renderer.render(plans), plans, random), Targets.of(plans, self._device)


def _groups(detector: Detector, recipe: Recipe) -> list[dict[str, object]]:
    """One group a tensor, each moving in proportion to its own size; the backbone, which knows most, moves slower.

    With normalisation folded in, weights of one layer are a hundred times those of another. Steps of one length for
    all forget within minutes what the published weights know of people.
    """
    return [
        {
            "params": [tensor],
            "share": float(tensor.detach().square().mean().sqrt().clamp(min=1e-3))
            * (recipe.backbone_rate if name.startswith("backbone") else 1.0),
            "weight_decay": recipe.weight_decay if tensor.ndim > 1 else 0.0,
        }
        for name, tensor in detector.named_parameters()
    ]


def _rate(step: int, recipe: Recipe) -> float:
    if step < recipe.warmup_steps:
        return recipe.rate * (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(recipe.steps - recipe.warmup_steps, 1)
    return recipe.rate * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
