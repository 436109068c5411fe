"""Opening a model with whatever runtime is here. numpy, OpenCV and the runtime are imported only here and only then."""

from __future__ import annotations

from cameratrap.app.model_tensors import Inspect
from cameratrap.app.models import ModelFolder
from cameratrap.errors import ModelError
from cameratrap.ports import Detector


def load_detector(model: ModelFolder, *, threads: int = 1, threshold: float | None = None) -> Detector:
    """A detector that runs the model. Raises ModelError when nothing here can run it or the file is another."""
    try:
        from cameratrap.drivers.tflite import TfliteDetector
    except ImportError as error:
        what = "what runs a model is not installed"
        raise ModelError(what, why=str(error), hint="pip install 'cameratrap[detect]'") from error
    return TfliteDetector(model, threads=threads, threshold=threshold)


def inspector() -> Inspect | None:
    """What reads the tensors of a model file, or None where no runtime is installed."""
    try:
        from cameratrap.drivers.tflite import inspect, interpreter_class

        interpreter_class()
    except (ImportError, ModelError):
        return None
    return inspect
