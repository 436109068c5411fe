"""One model file in a runtime: the upright picture goes in, what its output tensors hold comes out by role.

What the numbers mean is the manifest's and the heads' business (``vision/heads``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cameratrap.app.model_tensors import FileFacts, TensorFacts
from cameratrap.app.models import ModelFolder, check
from cameratrap.drivers.runtimes import AUTO, find_runtime
from cameratrap.errors import ModelError
from cameratrap.vision.preprocess import Pixels, Placement, pixel_table, prepare
from cameratrap.vision.specs import Quantisation


class TfliteModel:
    """A model folder, loaded. ``runtime`` is the one that runs it. Not for several threads at once."""

    def __init__(self, model: ModelFolder, *, runtime: str = AUTO, threads: int = 1, delegate: bool = True) -> None:
        """Raises ModelError when the runtime is missing, the file cannot be run or is not what the manifest says."""
        self.name = model.name
        self.runtime = find_runtime(runtime)
        self._spec = model.manifest.input_spec
        self._interpreter = self.runtime.interpreter(model.weights, threads=threads, delegate=delegate)
        check(model, lambda _: _facts(self._interpreter))
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = _outputs_by_role(model, self._interpreter)
        try:
            self._table = pixel_table(self._spec, _quantisation(self._input))
        except ValueError as error:
            raise ModelError(f"the model {model.name} cannot be fed", why=str(error)) from error

    def run(self, pixels: Pixels) -> tuple[dict[str, NDArray[Any]], Placement]:
        """The output tensors by role, as real numbers, and where the picture lay in the input. Raises ModelError."""
        tensor, placement = prepare(pixels, self._spec, self._table)
        try:
            self._interpreter.set_tensor(self._input["index"], tensor)
        except ValueError as error:
            raise ModelError(f"the model {self.name} failed on a picture", why=str(error)) from error
        self.invoke()
        return {role: self._output(details) for role, details in self._outputs.items()}, placement

    def invoke(self) -> None:
        """Run the model on what it was last given. Raises ModelError."""
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(f"the model {self.name} failed on a picture", why=str(error)) from error

    def close(self) -> None:
        """Give the model's memory back."""
        self._interpreter = None

    def _output(self, details: dict[str, Any]) -> NDArray[Any]:
        values: NDArray[Any] = self._interpreter.get_tensor(details["index"])
        quantisation = _quantisation(details)
        if quantisation is None:
            return values
        return (values.astype(np.float64) - quantisation.zero_point) * quantisation.scale


def inspect(weights: Path) -> FileFacts:
    """The tensors of a model file. Raises ModelError when no runtime is installed or the file is no model."""
    return _facts(find_runtime().interpreter(weights))


def _facts(interpreter: Any) -> FileFacts:
    return FileFacts(
        tuple(_tensor_facts(details) for details in interpreter.get_input_details()),
        tuple(_tensor_facts(details) for details in interpreter.get_output_details()),
    )


def _tensor_facts(details: dict[str, Any]) -> TensorFacts:
    shape = tuple(int(length) for length in details["shape"])
    return TensorFacts(details["name"], shape, np.dtype(details["dtype"]).name)


def _outputs_by_role(model: ModelFolder, interpreter: Any) -> dict[str, dict[str, Any]]:
    outputs = interpreter.get_output_details()
    by_name = {details["name"]: details for details in outputs}
    return {
        role: outputs[reference] if isinstance(reference, int) else by_name[reference]
        for role, reference in model.manifest.roles.items()
    }


def _quantisation(details: dict[str, Any]) -> Quantisation | None:
    """An integer tensor's quantisation; None for a tensor of real numbers or one that states none."""
    scale, zero_point = details["quantization"]
    return Quantisation(float(scale), int(zero_point)) if scale else None
