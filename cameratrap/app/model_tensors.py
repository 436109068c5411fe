"""What a manifest says of a model file's tensors, held against what a runtime finds in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from cameratrap.app.manifest import Manifest


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output of a model file, as the runtime reports it."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The inputs and outputs of a model file, in the file's order."""

    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]


Inspect = Callable[[Path], FileFacts]


def tensor_problems(manifest: Manifest, facts: FileFacts) -> list[str]:
    """What the manifest says of the tensors and the file does not bear out."""
    return [*_input_problems(manifest, facts), *_output_problems(manifest, facts)]


def _input_problems(manifest: Manifest, facts: FileFacts) -> Iterator[str]:
    if len(facts.inputs) != 1:
        yield f"the file takes {len(facts.inputs)} inputs; a detector takes one picture"
        return
    expected, found = manifest.input_spec, facts.inputs[0]
    if found.shape != expected.shape:
        yield f"input: the manifest says shape {list(expected.shape)}, the file has {list(found.shape)}"
    if found.dtype != expected.dtype:
        yield f"input.dtype: the manifest says {expected.dtype}, the file has {found.dtype}"


def _output_problems(manifest: Manifest, facts: FileFacts) -> Iterator[str]:
    by_role: dict[str, TensorFacts] = {}
    for role, reference in manifest.roles.items():
        tensor = output_tensor(facts, reference)
        if tensor is None:
            names = ", ".join(output.name for output in facts.outputs)
            yield f"output.tensors.{role}: the file has no output {reference} (it has {names})"
        else:
            by_role[role] = tensor
    if len(by_role) == len(manifest.roles):
        yield from _HEAD_PROBLEMS[manifest.output.head](manifest, by_role)


def output_tensor(facts: FileFacts, reference: int | str) -> TensorFacts | None:
    """The output of that name or place, None when the file has none."""
    if isinstance(reference, int):
        return facts.outputs[reference] if reference < len(facts.outputs) else None
    return next((output for output in facts.outputs if output.name == reference), None)


def _ssd_problems(_: Manifest, tensors: dict[str, TensorFacts]) -> Iterator[str]:
    boxes = tensors["boxes"].shape
    if len(boxes) != 3 or boxes[2] != 4:
        yield f"output boxes: the head ssd needs shape [1, n, 4], the file has {list(boxes)}"
        return
    for role in ("classes", "scores"):
        if tensors[role].shape != boxes[:2]:
            yield f"output {role}: the head ssd needs shape {list(boxes[:2])}, the file has {list(tensors[role].shape)}"


def _yolo_problems(manifest: Manifest, tensors: dict[str, TensorFacts]) -> Iterator[str]:
    spec, given, raw = manifest.output, manifest.input, tensors["raw"]
    if len(raw.shape) != 3:
        yield f"output raw: the head yolo needs three dimensions, the file has {list(raw.shape)}"
        return
    rows, columns = (raw.shape[2], raw.shape[1]) if spec.layout == "yolov8" else (raw.shape[1], raw.shape[2])
    yield from _label_problems(manifest, columns - (4 if spec.layout == "yolov8" else 5))
    cells = sum((given.height // stride) * (given.width // stride) for stride in spec.strides)
    if spec.layout == "yolox" and rows != cells:
        yield f"output raw: strides {spec.strides} make {cells} cells, the file has {rows}"


def _classifier_problems(manifest: Manifest, tensors: dict[str, TensorFacts]) -> Iterator[str]:
    scores = tensors["scores"].shape
    if not scores or prod(scores) != scores[-1]:
        yield f"output scores: the head classifier needs shape [1, n], the file has {list(scores)}"
        return
    yield from _label_problems(manifest, scores[-1])


def _label_problems(manifest: Manifest, classes: int) -> Iterator[str]:
    highest = max(entry.index for entry in manifest.labels)
    if highest >= classes:
        yield f"labels: index {highest} is listed, the file has {max(classes, 0)} classes"


_HEAD_PROBLEMS: Mapping[str, Callable[[Manifest, dict[str, TensorFacts]], Iterator[str]]] = {
    "ssd": _ssd_problems,
    "yolo": _yolo_problems,
    "classifier": _classifier_problems,
}
