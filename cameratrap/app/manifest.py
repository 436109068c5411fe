"""``model.toml``: what a model is, takes, gives and means. Strict, and every problem is listed, not the first one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from cameratrap.app.manifest_problems import contradictions, unknown_taxa
from cameratrap.domain.taxa import TaxaTable, Taxon
from cameratrap.errors import ModelError
from cameratrap.vision.specs import ROLES, Dtype, InputSpec, Label, OutputSpec

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Text = Annotated[str, Meta(min_length=1)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Meta(ge=1, le=4096)]
Share = Annotated[float, Meta(ge=0, le=1)]
Channels = Annotated[list[float], Meta(min_length=3, max_length=3)]
# Only what is fetched over an authenticated line may be installed by name.
Url = Annotated[str, Meta(pattern=r"^https://[^\s/]+/\S+$")]
# A tensor of the file: its name, or its place among the file's outputs.
TensorRef = Annotated[int, Meta(ge=0, le=63)] | Text


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[input]``. A pixel p of 0..255 means ``(p - zero) * scale``, or by channel ``(p - mean) / std``.

    An integer tensor then takes that value by its own quantisation, which the file holds.
    """

    height: Side
    width: Side
    dtype: Dtype
    layout: Literal["NHWC", "NCHW"]
    resize: Literal["letterbox", "stretch"]
    colour: Literal["RGB", "BGR"]
    scale: float | None = None
    zero: float | None = None
    mean: Channels | None = None
    std: Channels | None = None
    align: Literal["centre", "top-left"] = "centre"
    pad: Annotated[int, Meta(ge=0, le=255)] = 114
    local_contrast: Annotated[float, Meta(ge=0, le=40)] = 0.0


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[output]``. ``tensors`` says which output plays which role, where the file's order is not the head's."""

    head: Literal["ssd", "yolo", "classifier"]
    layout: Literal["", "yolox", "yolov5", "yolov8"] = ""
    coordinates: Literal["pixels", "fractions"] = "pixels"
    strides: Annotated[list[Annotated[int, Meta(ge=1, le=256)]], Meta(min_length=1, max_length=8)] = msgspec.field(
        default_factory=lambda: [8, 16, 32]
    )
    tensors: dict[str, TensorRef] = {}
    nms_iou: Share = 0.5
    nms_across_labels: bool = False
    scores: Literal["probabilities", "logits"] = "probabilities"


class Classifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[classifier]``: which findings of a detector are cut out and named, by taxon or by the detector's own label.

    ``margins`` are what is cut out around a box, as shares of its width and height on each side; the scores of
    several crops are averaged.
    """

    applies_to: Annotated[list[Text], Meta(min_length=1)]
    applies_to_labels: list[Text] = []
    margins: Annotated[list[Annotated[float, Meta(ge=0, le=2)]], Meta(min_length=1, max_length=8)] = msgspec.field(
        default_factory=lambda: [0.1]
    )


class LabelEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[labels]]``: one class of the model that means something here. Classes that are not listed are ignored.

    ``taxon`` may be several names, finest first: the class is the first of them that the taxa table has.
    """

    index: Annotated[int, Meta(ge=0, le=65535)]
    label: Text
    taxon: Text | Annotated[list[Text], Meta(min_length=1)]
    score_threshold: Share | None = None

    def resolve(self, taxa: TaxaTable) -> Taxon:
        """The taxon of the class. Raises TaxonError where the table has none of its names."""
        names = [self.taxon] if isinstance(self.taxon, str) else self.taxon
        return taxa.resolve(next((name for name in names if name in taxa), names[-1]))


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[card]``: what the model may be trusted with, for the person who chooses it."""

    trained_on: Text
    measured_on: Text
    results: str = ""
    limits: str = ""
    labels: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole ``model.toml``."""

    name: Name
    version: Text
    sha256: Sha256
    licence: Text
    source: Text
    score_threshold: Share
    input: Input
    output: Output
    labels: Annotated[list[LabelEntry], Meta(min_length=1)]
    card: Card
    doubt_threshold: Share | None = None
    url: Url | None = None
    classifier: Classifier | None = None

    @property
    def input_spec(self) -> InputSpec:
        """``[input]`` as the arrays need it."""
        given = self.input
        mean, std = given.mean, given.std
        if given.scale is not None and given.zero is not None:
            mean, std = [given.zero] * 3, [1 / given.scale] * 3
        return InputSpec(
            given.height, given.width, given.dtype, given.layout, given.resize, given.colour,
            _triple(mean, 0.0), _triple(std, 1.0), given.align, given.pad, given.local_contrast,
        )  # fmt: skip

    @property
    def output_spec(self) -> OutputSpec:
        """``[output]`` as the arrays need it."""
        given = self.output
        return OutputSpec(
            given.head, given.layout, given.coordinates, tuple(given.strides), given.nms_iou, given.nms_across_labels,
            given.scores,
        )  # fmt: skip

    @property
    def roles(self) -> dict[str, int | str]:
        """Which output tensor plays each role of the head."""
        return {role: self.output.tensors.get(role, place) for place, role in enumerate(ROLES[self.output.head])}

    def class_labels(self, taxa: TaxaTable) -> dict[int, Label]:
        """The classes by index, with the taxa table's own names. Raises TaxonError."""
        return {
            entry.index: Label(
                entry.label,
                entry.resolve(taxa).name,
                self.score_threshold if entry.score_threshold is None else entry.score_threshold,
            )
            for entry in self.labels
        }


def parse_manifest(text: str, taxa: TaxaTable, *, origin: str) -> Manifest:
    """Read a ``model.toml``. Raises ModelError listing everything that is wrong with it; ``origin`` names the file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{origin} is not TOML", why=str(error)) from error
    problems = list(_struct_problems(Manifest, document, ""))
    if not problems:
        manifest = msgspec.convert(document, Manifest)
        problems = [*contradictions(manifest), *unknown_taxa(manifest, taxa)]
    if problems:
        what = f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {origin}"
        raise ModelError(what, why="\n  " + "\n  ".join(problems), hint="models/README.md describes every key")
    return manifest


def _triple(values: list[float] | None, default: float) -> tuple[float, float, float]:
    first, second, third = values or [default] * 3
    return first, second, third


def _struct_problems(struct: type[msgspec.Struct], found: object, path: str) -> Iterator[str]:
    if not isinstance(found, dict):
        yield f"{path.rstrip('.')}: must be a table"
        return
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    for key in found.keys() - fields.keys():
        near = get_close_matches(key, fields.keys() - found.keys(), n=1)
        yield f"{path}{key}: no such key" + (f"; did you mean {near[0]}?" if near else "")
    for name, field in fields.items():
        if name in found:
            yield from _value_problems(field.type, found[name], path + name)
        elif field.required:
            yield f"{path}{name}: is missing"


def _value_problems(kind: Any, found: object, path: str) -> Iterator[str]:
    inner = get_args(kind)[0] if get_origin(kind) is Annotated or isinstance(kind, UnionType) else kind
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        yield from _struct_problems(inner, found, path + ".")
        return
    if inner == list[LabelEntry] and isinstance(found, list) and found:
        for place, entry in enumerate(found):
            yield from _struct_problems(LabelEntry, entry, f"{path}[{place}].")
        return
    try:
        msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        yield f"{path}: {error}"
