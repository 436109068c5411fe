"""The trained network as a TensorFlow graph, channels last, and as a TFLite file with half-precision weights.

Written out by hand from the same weights, because a converted graph carries transpositions that cost time on a
Raspberry Pi. Whether it computes the same is checked on real frames by ``export``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]
Value = Any


class Graph:
    """The network's layers by the names that ``network.Detector`` gives them."""

    def __init__(self, weights: Weights, kinds: Sequence[int]) -> None:
        """``kinds`` as ``network.Detector`` has them."""
        self._weights = weights
        self.kinds = list(kinds)

    def __call__(self, picture: Value) -> Value:
        """``(1, height, width, 3)`` BGR 0..255 to ``(1, cells, 5 + classes)``, objectness and classes as 0..1."""
        fine, middle, coarse = self._backbone(picture)
        levels = self._neck(fine, middle, coarse)
        said = tf.concat([self._head(f"heads.{place}", level) for place, level in enumerate(levels)], axis=1)
        boxes, objectness, *classes = tf.split(said, [4, 1, *self.kinds], axis=2)
        likeliest = [tf.reduce_max(kinds, axis=2, keepdims=True) if kinds.shape[2] > 1 else kinds for kinds in classes]
        return tf.concat([boxes, tf.sigmoid(tf.concat([objectness, *likeliest], 2))], 2)

    def _backbone(self, x: Value) -> tuple[Value, Value, Value]:
        x = self._conv("backbone.stem", x, 2)
        x = self._stage("backbone.stage2", x, 1)
        fine = self._stage("backbone.stage3", x, 3)
        middle = self._stage("backbone.stage4", fine, 3)
        x = self._separable("backbone.stage5.0", middle, 2)
        x = self._pooling("backbone.stage5.1", x)
        return fine, middle, self._cross("backbone.stage5.2", x, 1, shortcut=False)

    def _neck(self, fine: Value, middle: Value, coarse: Value) -> tuple[Value, Value, Value]:
        narrow5 = self._conv("neck.narrow5", coarse)
        merged = self._cross("neck.down4", tf.concat([_double(narrow5), middle], 3), 1, shortcut=False)
        narrow4 = self._conv("neck.narrow4", merged)
        out3 = self._cross("neck.down3", tf.concat([_double(narrow4), fine], 3), 1, shortcut=False)
        step3 = self._separable("neck.step3", out3, 2)
        out4 = self._cross("neck.up4", tf.concat([step3, narrow4], 3), 1, shortcut=False)
        step4 = self._separable("neck.step4", out4, 2)
        return out3, out4, self._cross("neck.up5", tf.concat([step4, narrow5], 3), 1, shortcut=False)

    def _head(self, name: str, x: Value) -> Value:
        stem = self._conv(f"{name}.stem", x)
        of_class, of_box = (
            self._separable(f"{name}.{branch}.1", self._separable(f"{name}.{branch}.0", stem))
            for branch in ("of_class", "of_box")
        )
        box = self._plain(f"{name}.box", of_box)
        object_and_class = [self._plain(f"{name}.objectness", of_box), self._plain(f"{name}.classes", of_class)]
        said = tf.concat([box, *object_and_class], 3)
        _, rows, columns, channels = said.shape
        return tf.reshape(said, (1, rows * columns, channels))

    def _stage(self, name: str, x: Value, depth: int) -> Value:
        return self._cross(f"{name}.1", self._separable(f"{name}.0", x, 2), depth, shortcut=True)

    def _cross(self, name: str, x: Value, depth: int, *, shortcut: bool) -> Value:
        through, past = self._conv(f"{name}.through", x), self._conv(f"{name}.past", x)
        for place in range(depth):
            block = f"{name}.blocks.{place}"
            spread = self._separable(f"{block}.spread", self._conv(f"{block}.reduce", through))
            through = through + spread if shortcut else spread
        return self._conv(f"{name}.mix", tf.concat([through, past], 3))

    def _pooling(self, name: str, x: Value) -> Value:
        views = [self._conv(f"{name}.before", x)]
        for _ in range(3):
            views.append(tf.nn.max_pool2d(views[-1], 5, 1, "SAME"))
        return self._conv(f"{name}.after", tf.concat(views, 3))

    def _separable(self, name: str, x: Value, stride: int = 1) -> Value:
        return self._conv(f"{name}.1", self._conv(f"{name}.0", x, stride))

    def _conv(self, name: str, x: Value, stride: int = 1) -> Value:
        y = self._plain(f"{name}.conv", x, stride)
        return y * tf.sigmoid(y)

    def _plain(self, name: str, x: Value, stride: int = 1) -> Value:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        size = weight.shape[2]
        if size == 6:
            return self._sorted(x, weight) + tf.constant(bias)
        padding = "SAME"
        if stride == 2 and size == 3:
            # Where SAME pads below and to the right, the network was trained with the padding above and to the left.
            x, padding = tf.pad(x, [[0, 0], [1, 0], [1, 0], [0, 0]]), "VALID"
        if weight.shape[1] == 1 and x.shape[3] > 1:
            kernel = tf.constant(weight.transpose(2, 3, 0, 1))
            return tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], padding) + tf.constant(bias)
        return tf.nn.conv2d(x, tf.constant(weight.transpose(2, 3, 1, 0)), stride, padding) + tf.constant(bias)

    @staticmethod
    def _sorted(x: Value, weight: NDArray[np.float32]) -> Value:
        """6 x 6 with stride two as the published weights have it: pixels sorted into four groups, then 3 x 3.

        The runtime keeps 13 MB less for it.
        """
        outputs, inputs = weight.shape[:2]
        parts = weight.reshape(outputs, inputs, 3, 2, 3, 2).transpose(2, 4, 3, 5, 1, 0)
        kernel = tf.constant(parts.reshape(3, 3, 4 * inputs, outputs))
        return tf.nn.conv2d(tf.nn.space_to_depth(x, 2), kernel, 1, "SAME")


class Pair:
    """Two networks over one picture, as ``network.Pair``."""

    def __init__(self, first: Graph, second: Graph, of_first: Sequence[int]) -> None:
        self._first, self._second = first, second
        self._answers = tf.constant([1.0] * 5 + [float(index in of_first) for index in range(len(first.kinds))])

    def __call__(self, picture: Value) -> Value:
        half = tf.nn.avg_pool2d(picture, 2, 2, "VALID")
        return tf.concat([self._first(picture) * self._answers, self._second(half)], 1)


def to_tflite(network: Pair, height: int, width: int) -> bytes:
    """The file: float32 in and out, weights in half precision."""
    signature = [tf.TensorSpec((1, height, width, 3), tf.float32, name="picture")]

    def cells(picture: Value) -> dict[str, Value]:
        return {"cells": network(picture)}

    function = tf.function(cells, input_signature=signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def run(model: bytes, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the file says of pictures ``(n, 3, height, width)``, ``(n, cells, 5 + classes)``."""
    interpreter = tf.lite.Interpreter(model_content=model)
    interpreter.allocate_tensors()
    place, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    said = []
    for picture in pictures:
        interpreter.set_tensor(place, picture.transpose(1, 2, 0)[None])
        interpreter.invoke()
        said.append(interpreter.get_tensor(out)[0].copy())
    return np.stack(said)


def _double(x: Value) -> Value:
    return tf.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]), method="nearest")
