"""What needs torch: the network, the assignment and the loss. `tools/train test` runs it."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from trainer.classes import ANIMAL_CLASSES, CLASSES
from trainer.loss import Targets, assign, loss
from trainer.network import Deployed, Pair, decode, grid
from trainer.plan import Plan
from trainer.pretrained import load_published, with_classes
from trainer.shipped import STRIDES


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images and models, which is not part of the repository."""
    folder = Path(os.environ.get("CAMERATRAP_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the real data: lay it at ../shared/data or name its folder in CAMERATRAP_TEST_DATA")
    return folder


def test_our_network_is_the_published_one(shared_data: Path) -> None:
    """With the published weights our network says of a real frame what the published file says."""
    path = next((shared_data / "models").rglob("yolox_nano.onnx"))
    image = cv2.imread(str(shared_data / "images/agentmorris+MegaDetector/images/idaho-camera-traps.jpg"))
    assert image is not None
    picture = cv2.resize(image, (416, 416)).transpose(2, 0, 1)[None].astype(np.float32)
    with torch.no_grad():
        ours = Deployed(load_published(path)).eval()(torch.from_numpy(picture)).numpy()
    theirs = onnxruntime.InferenceSession(str(path)).run(None, {"images": picture})[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_a_perfect_answer_costs_least() -> None:
    """The loss of a detector that says exactly what is there is near nothing, and rises with each mistake."""
    cells = grid(64, 64)
    drawn = Plan(boxes=[(1, (8.0, 8.0, 40.0, 40.0))])
    targets = Targets.of([drawn], torch.device("cpu"))
    said = torch.full((1, len(cells), 5 + 4), -12.0)
    stride = cells[:, 2]
    said[..., :2] = (24 / stride)[:, None] - cells[:, :2]
    said[..., 2:4] = torch.log(32 / stride)[:, None]
    said[..., 6] = 12.0
    chosen, overlap = assign(decode(said[..., :4], cells), said[..., 4], said[..., 5:], cells, targets)
    assert (overlap[chosen >= 0] > 0.99).all()
    assert 1 <= int((chosen >= 0).sum()) <= 10
    said[..., 4] = torch.where(chosen >= 0, 12.0, -12.0)
    good = float(loss(said, cells, targets))
    assert good < 0.01
    blind = said.clone()
    blind[..., 4] = -12.0
    assert float(loss(blind, cells, targets)) > good + 5


def test_regions_in_doubt_cost_nothing() -> None:
    """An animal seen where nobody is sure there is none is no mistake."""
    cells = grid(64, 64)
    said = torch.full((1, len(cells), 9), -12.0)
    said[0, 0, 4] = 12.0
    sure = Targets.of([Plan()], torch.device("cpu"))
    unsure = Targets.of([Plan(ignored=[(0.0, 0.0, 16.0, 16.0)])], torch.device("cpu"))
    assert float(loss(said, cells, sure)) > 10
    assert float(loss(said, cells, unsure)) < 0.01


def test_new_classes_start_from_old_ones(shared_data: Path) -> None:
    """Before any training a class says what the likeliest of its COCO classes said, and boxes do not change."""
    published = load_published(next((shared_data / "models").rglob("yolox_nano.onnx"))).eval()
    ours = with_classes(published, [trained.coco for trained in CLASSES]).eval()
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1)) * 255
    with torch.no_grad():
        before, after = published(picture), ours(picture)
    torch.testing.assert_close(after[..., :5], before[..., :5])
    for place, trained in enumerate(CLASSES):
        theirs = before[..., [5 + index for index in trained.coco]].amax(dim=-1)
        torch.testing.assert_close(after[..., 5 + place], theirs)


def test_of_a_pair_the_first_answers_for_animals_and_the_second_for_all_at_half_the_size(shared_data: Path) -> None:
    """With one network twice: the first half of the cells is what it says alone, but for people and vehicles."""
    published = with_classes(
        load_published(next((shared_data / "models").rglob("yolox_nano.onnx"))), [one.coco for one in CLASSES]
    )
    picture = torch.rand(1, 3, 128, 192) * 255
    with torch.no_grad():
        said = Pair(published, published, ANIMAL_CLASSES)(picture)[0]
        alone = Deployed(published)(picture)[0]
        half = Deployed(published)(torch.nn.functional.avg_pool2d(picture, 2))[0]
    first, second = said[: len(alone)], said[len(alone) :]
    assert torch.equal(first[:, :7], alone[:, :7])
    assert not first[:, 7:].any()
    assert torch.equal(second, half)
    assert sum((128 // stride) * (192 // stride) for stride in STRIDES) == len(said)
