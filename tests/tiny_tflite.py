"""Model files of a few hundred bytes, written here byte by byte, so that the runtime is tested in every clone.

FlatBuffers (flatbuffers.dev/internals) and TFLite's schema (schema_v3c.fbs) as far as two models need them: one
whose outputs are constants, and one that gives its input back in another shape.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

TYPES = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int8": 9}
RESHAPE = 22


class Byte(int):
    """A field of one byte; a plain int is one of four."""


def constant_model(
    shape: Sequence[int], dtype: str, outputs: Mapping[str, Any], *, quantisation: tuple[float, int] | None = None
) -> bytes:
    """A model that takes a picture of ``shape`` and answers ``outputs``, arrays by name, whatever it is shown."""
    arrays = {name: np.ascontiguousarray(values) for name, values in outputs.items()}
    tensors = [_tensor("image", shape, dtype, 0, quantisation)]
    buffers: list[dict[int, Any]] = [{}]
    for name, values in arrays.items():
        tensors.append(_tensor(name, values.shape, values.dtype.name, len(buffers)))
        buffers.append({0: values.tobytes()})
    return _model(tensors, [0], list(range(1, len(tensors))), buffers)


def echo_model(
    shape: Sequence[int], answer: Sequence[int], dtype: str, *, quantisation: tuple[float, int] | None = None
) -> bytes:
    """A model whose one output, ``echo``, is its input in the shape ``answer``."""
    tensors = [
        _tensor("image", shape, dtype, 0, quantisation),
        _tensor("shape", [len(answer)], "int32", 1),
        _tensor("echo", answer, dtype, 0, quantisation),
    ]
    buffers: list[dict[int, Any]] = [{}, {0: struct.pack(f"<{len(answer)}i", *answer)}]
    return _model(tensors, [0], [2], buffers, operators=[{0: 0, 1: [0, 1], 2: [2]}])


def _tensor(
    name: str, shape: Sequence[int], dtype: str, buffer: int, quantisation: tuple[float, int] | None = None
) -> dict[int, Any]:
    tensor: dict[int, Any] = {0: list(shape), 1: Byte(TYPES[dtype]), 2: buffer, 3: name}
    if quantisation is not None:
        tensor[4] = {2: array("f", [quantisation[0]]), 3: array("q", [quantisation[1]])}
    return tensor


def _model(
    tensors: list[Any], inputs: list[int], outputs: list[int], buffers: list[Any], operators: Sequence[Any] = ()
) -> bytes:
    graph = {0: tensors, 1: inputs, 2: outputs, 3: list(operators), 4: "main"}
    codes = [{0: Byte(RESHAPE), 2: 1, 3: RESHAPE}] if operators else []
    return flatbuffer({0: 3, 1: codes, 2: [graph], 3: "test", 4: buffers}, b"TFL3")


def flatbuffer(root: dict[int, Any], identifier: bytes) -> bytes:
    """Tables are dicts by field number, vectors are lists, arrays and bytes; parents come before their children."""
    out = bytearray(4) + identifier
    pending: list[tuple[int, Any]] = [(0, root)]
    while pending:
        reference, node = pending.pop(0)
        start = _table(out, node, pending) if isinstance(node, dict) else _vector(out, node, pending)
        struct.pack_into("<I", out, reference, start - reference)
    return bytes(out)


def _table(out: bytearray, fields: dict[int, Any], pending: list[tuple[int, Any]]) -> int:
    slots = max(fields, default=-1) + 1
    _align(out, 4, ahead=4 + 2 * slots)
    directory = len(out)
    out += bytes(4 + 2 * slots)
    start = len(out)
    out += struct.pack("<i", start - directory)
    for slot, value in sorted(fields.items(), key=lambda field: isinstance(field[1], Byte)):
        struct.pack_into("<H", out, directory + 4 + 2 * slot, len(out) - start)
        if isinstance(value, Byte):
            out += struct.pack("<B", value)
        elif isinstance(value, int):
            out += struct.pack("<i", value)
        else:
            pending.append((len(out), value))
            out += bytes(4)
    struct.pack_into("<HH", out, directory, 4 + 2 * slots, len(out) - start)
    return start


def _vector(out: bytearray, items: Any, pending: list[tuple[int, Any]]) -> int:
    if isinstance(items, str):
        items = items.encode() + b"\0"
        length = len(items) - 1
    else:
        length = len(items)
    _align(out, 16, ahead=4)
    start = len(out)
    out += struct.pack("<I", length)
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            pending.append((len(out), item))
        out += struct.pack("<i", 0 if isinstance(item, dict) else item)
    if not isinstance(items, list):
        out += bytes(items)
    return start


def _align(out: bytearray, size: int, *, ahead: int) -> None:
    out += bytes(-(len(out) + ahead) % size)
